//! The sentences of the section on fairness of [`Mutex`].

use latchwork_core::wait::{Contender, Entrant, Entry, Place, Signal, Waiter};

use super::*;

/// Breaks if a woken task owns the lock that it was woken for.
#[test]
fn a_free_lock_goes_to_the_first_that_comes() {
    model(|| {
        let mutex = mutex();
        let guard = mutex.lock();
        let mut waiting = queued(&mutex);
        drop(guard);
        let guard = mutex.try_lock().expect("a woken task owns nothing");
        assert!(poll_once(waiting.as_mut()).is_pending());
        drop(guard);
        assert!(poll_once(waiting.as_mut()).is_ready());
    });
}

/// Breaks if the queue is not first in, first out, over threads and tasks together.
#[test]
fn waiters_are_woken_in_the_order_in_which_they_came() {
    // More than one turn each: unbounded does not end in 100 s, and single turns run unbounded.
    model_bounded(6, || {
        let mutex = mutex();
        let guard = mutex.lock();
        let alarms = [(); 2].map(|()| Arc::new(Alarm::default()));
        let mut first = queued_with(&mutex, &alarms[0]);
        let thread = with_mutex(&mutex, |mutex| Arc::clone(mutex).lock_owned());
        wait_for_queued_threads(&mutex, 1);
        let mut last = queued_with(&mutex, &alarms[1]);

        // The first task is woken, and the thread with it, which may be slow; the last task is not.
        drop(guard);
        assert_eq!(alarms.each_ref().map(|alarm| alarm.rings()), [1, 0]);
        // The thread has the lock sooner or later, and keeps it until the next line. Then the last task is woken.
        drop(thread.join());
        assert_eq!(alarms[1].rings(), 1);
        assert!(poll(first.as_mut(), &alarms[0]).is_ready());
        assert!(poll(last.as_mut(), &alarms[1]).is_ready());
    });
}

/// Breaks if unlock counts on the thread that is on its way, which may be slow, and leaves an older task asleep.
#[test]
fn a_thread_on_its_way_holds_back_no_older_task() {
    // More than one turn each: a bound of 6 takes 50 s.
    model_bounded(4, || {
        let mutex = mutex();
        let guard = mutex.lock();
        let alarm = Arc::new(Alarm::default());
        let mut task = queued_with(&mutex, &alarm);
        let thread = with_mutex(&mutex, increment);
        wait_for_queued_threads(&mutex, 1);
        // Both are woken, and may find the lock taken by a barger.
        drop(guard);
        if let Some(guard) = mutex.try_lock() {
            assert!(poll(task.as_mut(), &alarm).is_pending());
            assert_eq!(alarm.rings(), 1);
            drop(guard);
            assert_eq!(alarm.rings(), 2, "it is the oldest, wherever the thread is");
        }
        drop(task);
        thread.join();
        assert_at_rest(&mutex, 1);
    });
}

/// Breaks if unlock wakes a second thread while the first has not got the lock.
#[test]
fn one_woken_thread_at_a_time() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let mutex = mutex();
        let guard = mutex.lock();
        let own = |mutex: &Arc<Mutex<u32>>| Arc::clone(mutex).lock_owned();
        let first = with_mutex(&mutex, own);
        wait_for_a_queued_thread(&mutex);
        let second = with_mutex(&mutex, own);
        wait_for_queued_threads(&mutex, 2);
        drop(guard);
        // Whatever this unlock wakes up is on its way, or has the lock and keeps it.
        drop(mutex.try_lock());
        assert_eq!(mutex.raw().queued_threads(), 1, "the second thread is still asleep");
        drop(first.join());
        drop(second.join());
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if the clock is not looked at, or if the lock is free in between.
#[test]
fn a_starved_thread_is_granted_the_lock() {
    // Unbounded, the turns until it has come back do not end.
    model_bounded(4, || {
        let mutex = mutex();
        let guard = mutex.lock();
        let thread = with_mutex(&mutex, |mutex| Arc::clone(mutex).lock_owned());
        wait_for_a_queued_thread(&mutex);
        let_time_pass();
        drop(guard);
        if let Some(guard) = mutex.try_lock() {
            // The thread has been woken, and comes too late.
            wait_for_queued_threads(&mutex, 1);
            drop(guard);
            assert!(mutex.try_lock().is_none(), "it is the thread's, whether or not it runs");
        }
        drop(thread.join());
        assert_at_rest(&mutex, 0);
    });
}

/// A thread joins the queue there, and does not run. The caller owns the lock.
fn queue_thread(mutex: &Mutex<u32>, waiter: Pin<&Waiter>, place: Place) {
    let (was_on_its_way, now) = (place == Place::Front, Some(Instant::now()));
    let entrant = Entrant { was_on_its_way, now, ..Entrant::new(waiter, None, place) };
    assert!(matches!(mutex.raw().contender().enqueue(entrant), Entry::Queued));
}

/// Breaks if the lock is granted to a thread that sleeps: nobody could have it until that one runs. Or if one that came too late is
/// only woken again.
#[test]
fn a_starved_thread_is_woken_before_it_is_granted_the_lock() {
    model(|| {
        let (mutex, waiter) = (mutex(), pin!(Waiter::new()));
        let guard = mutex.lock();
        queue_thread(&mutex, waiter.as_ref(), Place::Back);
        let_time_pass();
        drop(guard);
        assert_eq!(waiter.as_ref().signal(), Some(Signal::Woken));
        let guard = mutex.try_lock().expect("nobody has it before it runs");
        queue_thread(&mutex, waiter.as_ref(), Place::Front);
        drop(guard);
        assert_eq!(waiter.as_ref().signal(), Some(Signal::Granted));
        assert!(mutex.try_lock().is_none(), "it is the thread's, whether or not it runs");
        mutex.raw().contender().give_up();
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if the lock is granted to whoever comes too late.
#[test]
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))] // On real threads, time passes by itself.
fn a_thread_that_has_not_waited_for_long_may_come_too_late_again() {
    model(|| {
        let (mutex, waiter) = (mutex(), pin!(Waiter::new()));
        let mut guard = mutex.lock();
        queue_thread(&mutex, waiter.as_ref(), Place::Back);
        for _ in 0..2 {
            drop(guard);
            assert_eq!(waiter.as_ref().signal(), Some(Signal::Woken));
            guard = mutex.try_lock().expect("it is free, however often the thread comes too late");
            queue_thread(&mutex, waiter.as_ref(), Place::Front);
        }
        assert!(mutex.raw().leave(waiter.as_ref()).is_none(), "it is queued");
        drop(guard);
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if a starved task's lock is not reserved, or if it stays so for ever.
#[test]
fn a_starved_task_is_given_way_to() {
    model(|| {
        let mutex = mutex();
        let mut starved = starved(&mutex);
        let mut newcomer = Box::pin(mutex.lock_async());
        let alarm = Arc::new(Alarm::default());
        assert!(poll(newcomer.as_mut(), &alarm).is_pending());
        assert_eq!(alarm.rings(), 1, "it gives way, and wakes itself");
        assert!(poll_once(starved.as_mut()).is_ready());
        // It is polled after the starved task has had the lock.
        assert!(poll(newcomer.as_mut(), &alarm).is_ready());
    });
}

/// Breaks if a contender gives way twice, or a thread waits for a task that is never polled.
#[test]
fn a_contender_gives_way_once() {
    model(|| {
        let mutex = mutex();
        let starved = starved(&mutex);
        let mut newcomer = Box::pin(mutex.lock_async());
        assert!(poll_once(newcomer.as_mut()).is_pending());
        assert!(poll_once(newcomer.as_mut()).is_ready());
        drop(newcomer);
        drop(starved);
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if a thread sleeps beside a free lock, since a task was woken for it.
#[test]
fn a_thread_passes_a_task_that_is_not_polled() {
    model(|| {
        let mutex = mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        let waiting = queued(&mutex);
        let thread = with_mutex(&mutex, increment);
        drop(guard);
        thread.join();
        drop(waiting);
        assert_at_rest(&mutex, 1);
    });
}

/// Breaks if a lock is kept for a task that was woken.
#[test]
fn a_newcomer_passes_a_task_that_is_not_polled() {
    model(|| {
        let mutex = mutex();
        let guard = mutex.lock();
        let waiting = queued(&mutex);
        drop(guard);
        assert!(poll_once(pin!(mutex.lock_async())).is_ready());
        increment(&mutex);
        drop(waiting);
        assert_at_rest(&mutex, 1);
    });
}

/// Breaks if a queued task that is polled for some other reason does not look at the lock.
#[test]
fn a_queued_task_that_is_polled_passes_one_that_is_not() {
    model(|| {
        let mutex = mutex();
        let guard = mutex.lock();
        let (first, alarm) = (queued(&mutex), Arc::new(Alarm::default()));
        let mut second = queued_with(&mutex, &alarm);
        drop(guard);
        assert!(poll(second.as_mut(), &alarm).is_ready());
        assert_eq!(alarm.rings(), 0, "it was polled for a reason of its own");
        drop(second);
        drop(first);
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if a woken task stays at the head of the queue.
#[test]
fn the_next_unlock_wakes_the_task_behind_one_that_is_not_polled() {
    model(|| {
        let mutex = mutex();
        let guard = mutex.lock();
        let (first, alarm) = (queued(&mutex), Arc::new(Alarm::default()));
        let second = queued_with(&mutex, &alarm);
        drop(guard);
        assert_eq!(alarm.rings(), 0);
        increment(&mutex);
        assert_eq!(alarm.rings(), 1);
        drop(second);
        drop(first);
        assert_at_rest(&mutex, 1);
    });
}
