//! Whoever runs out of time has the lock or has not, and passes on what it was sent.

use super::*;

/// Breaks if a passed deadline queues, or fails on a free lock.
#[test]
fn a_passed_deadline_makes_one_attempt() {
    model(|| {
        let mutex = mutex();
        let deadline = deadline();
        let_time_pass();
        let guard = mutex.try_lock_until(deadline).expect("it is free");
        assert!(mutex.try_lock_until(deadline).is_none());
        assert!(mutex.try_lock_for(core::time::Duration::ZERO).is_none());
        assert_eq!(mutex.raw().queued_threads(), 0);
        drop(guard);
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if a passed deadline gives way: it cannot come back, and would fail on a lock that nobody owns.
#[test]
fn a_passed_deadline_takes_a_reserved_lock() {
    model(|| {
        let mutex = mutex();
        let deadline = deadline();
        let starved = starved(&mutex);
        assert!(mutex.try_lock_until(deadline).is_some());
        drop(starved);
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if a timed wait does not end by itself, or if it leaves its place behind.
#[test]
fn a_timed_out_thread_leaves_the_queue() {
    model(|| {
        let mutex = mutex();
        let deadline = deadline();
        let guard = mutex.lock();
        let clock = spawn(let_time_pass);
        assert!(mutex.try_lock_until(deadline).is_none());
        clock.join();
        drop(guard);
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if the deadline and the unlock together lose the lock, or count it twice.
#[test]
fn a_deadline_racing_unlock_is_a_lock_or_a_timeout() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(4, || {
        let mutex = mutex();
        let deadline = deadline();
        let guard = Arc::clone(&mutex).lock_owned();
        let clock = spawn(let_time_pass);
        let unlocker = spawn(move || drop(guard));
        let locked = mutex.try_lock_until(deadline).map(|mut guard| *guard += 1).is_some();
        clock.join();
        unlocker.join();
        assert_at_rest(&mutex, u32::from(locked));
    });
}

/// Breaks if a thread that times out on its way keeps the wake-up: the task behind it is never polled unless it is woken.
#[test]
fn a_woken_thread_that_times_out_passes_the_wake_up_on() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let mutex = mutex();
        let deadline = deadline();
        let guard = mutex.lock();
        let thread = with_mutex(&mutex, move |mutex| mutex.try_lock_until(deadline).is_some());
        wait_for_a_queued_thread_until(&mutex, deadline);
        let alarm = Arc::new(Alarm::default());
        let mut waiting = queued_with(&mutex, &alarm);
        let clock = spawn(let_time_pass);
        drop(guard);
        // A barger, who may make the woken thread lose the race and run out of time.
        drop(mutex.try_lock());
        alarm.wait(0);
        thread.join();
        clock.join();
        assert!(poll(waiting.as_mut(), &alarm).is_ready());
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if two threads that time out, or are woken, each leave the other asleep.
#[test]
fn a_timed_out_thread_leaves_the_thread_behind_it_its_wake_up() {
    // Four threads, the clock, the owner and two waiters: a bound of 3 takes half a minute.
    model_bounded(3, || {
        let mutex = mutex();
        let deadline = deadline();
        let guard = mutex.lock();
        let impatient =
            with_mutex(&mutex, move |mutex| mutex.try_lock_until(deadline).map(|mut guard| *guard += 1).is_some());
        wait_for_a_queued_thread_until(&mutex, deadline);
        let patient = with_mutex(&mutex, increment);
        let clock = spawn(let_time_pass);
        drop(guard);
        patient.join();
        clock.join();
        let value = 1 + u32::from(impatient.join());
        assert_at_rest(&mutex, value);
    });
}

/// Breaks if a task under a timeout, which drops its future at the deadline, loses the lock or keeps its place.
#[test]
fn a_task_under_a_timeout_locks_or_leaves_no_trace() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let mutex = mutex();
        let deadline = deadline();
        let guard = Arc::clone(&mutex).lock_owned();
        let alarm = Arc::new(Alarm::default());
        let clock = spawn({
            let waker = alarm.waker();
            move || {
                let_time_pass();
                waker.wake();
            }
        });
        let unlocker = spawn(move || drop(guard));
        let mut lock = Box::pin(mutex.lock_async());
        let locked = loop {
            let seen = alarm.rings();
            match poll(lock.as_mut(), &alarm) {
                Poll::Ready(mut guard) => {
                    *guard += 1;
                    break true;
                }
                Poll::Pending if Instant::now() >= deadline => break false,
                Poll::Pending => alarm.wait(seen),
            }
        };
        drop(lock);
        clock.join();
        unlocker.join();
        assert_at_rest(&mutex, u32::from(locked));
    });
}

/// Breaks if a task that is dropped at its deadline, as a timeout does, loses a wake-up or stays queued.
#[test]
fn a_task_that_is_dropped_at_its_deadline_passes_the_wake_up_on() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(4, || {
        let mutex = mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        let timed = queued(&mutex);
        let timeout = spawn(move || drop(timed));
        let unlocker = spawn(move || drop(guard));
        increment(&mutex);
        timeout.join();
        unlocker.join();
        assert_at_rest(&mutex, 1);
    });
}
