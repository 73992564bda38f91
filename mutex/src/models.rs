//! Models of the mutex: what holds in every execution that loom and shuttle find.
//!
//! Each is named after its property and says what breaks it. `cargo loom -p latchwork-mutex`,
//! `cargo shuttle -p latchwork-mutex`; without either, the same bodies run on real threads. Under loom, two threads are
//! exhausted; a bound stands where three are needed, with what it costs to go without.
//!
//! A *hand-polled* future is one that the body polls itself: it is queued, woken and dropped exactly when the body says.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use latchwork_core::sync::model::{
    Alarm, THREADS, block_on, deadline, let_time_pass, model, model_bounded, poll_once, spawn, wake_spuriously,
};
use latchwork_core::sync::thread::yield_now;
use latchwork_core::sync::time::Instant;

use crate::{Lock, LockOwned, Mutex, MutexGuard};

fn mutex() -> Arc<Mutex<u32>> {
    Arc::new(Mutex::new(0))
}

/// Runs on a thread of its own, with the mutex.
fn with_mutex<T: Send + 'static>(
    mutex: &Arc<Mutex<u32>>,
    body: impl FnOnce(&Arc<Mutex<u32>>) -> T + Send + 'static,
) -> latchwork_core::sync::model::JoinHandle<T> {
    let mutex = Arc::clone(mutex);
    spawn(move || body(&mutex))
}

fn increment(mutex: &Arc<Mutex<u32>>) {
    *mutex.lock() += 1;
}

fn increment_async(mutex: &Arc<Mutex<u32>>) {
    block_on(async { *mutex.lock_async().await += 1 });
}

/// Polls with a waker that counts.
fn poll<F: Future + ?Sized>(future: Pin<&mut F>, alarm: &Arc<Alarm>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&alarm.waker()))
}

/// A hand-polled future that has been polled once and is queued.
fn queued(mutex: &Arc<Mutex<u32>>) -> Pin<Box<LockOwned<u32>>> {
    queued_with(mutex, &Arc::new(Alarm::default()))
}

fn queued_with(mutex: &Arc<Mutex<u32>>, alarm: &Arc<Alarm>) -> Pin<Box<LockOwned<u32>>> {
    let mut future = Box::pin(Arc::clone(mutex).lock_owned_async());
    assert!(poll(future.as_mut(), alarm).is_pending());
    future
}

/// Turns until somebody is queued, which nobody was before. The caller owns the lock.
fn wait_for_a_queued_thread(mutex: &Mutex<u32>) {
    while !mutex.raw().has_company() {
        yield_now();
    }
    // The mode is set a moment before the queue is unlocked.
    assert!(mutex.raw().queued_threads() > 0);
}

/// The same where others are queued already: until so many threads are. The caller owns the lock.
fn wait_for_queued_threads(mutex: &Mutex<u32>, count: usize) {
    while mutex.raw().queued_threads() < count {
        yield_now();
    }
}

/// The same for a thread that gives up at `deadline`, as it may have done already.
fn wait_for_a_queued_thread_until(mutex: &Mutex<u32>, deadline: Instant) {
    while !mutex.raw().has_company() && Instant::now() < deadline {
        yield_now();
    }
}

/// Whatever has happened: the lock is free for whoever tries, and nobody is queued.
fn assert_at_rest(mutex: &Mutex<u32>, value: u32) {
    assert_eq!(*mutex.try_lock().expect("nobody owns it now"), value);
    assert!(mutex.raw().is_at_rest(), "the queue is empty, and no mode is set");
}

// --------------------------------------------------------------------------------------------------------------- acquire

/// Breaks if the byte can be taken twice.
#[test]
fn two_threads_exclude_each_other() {
    model(|| {
        let mutex = mutex();
        let other = with_mutex(&mutex, increment);
        increment(&mutex);
        other.join();
        assert_at_rest(&mutex, 2);
    });
}

/// Breaks in the ways that take more than one turn: a mode that the first leaves behind for the second.
#[test]
fn a_thread_that_locks_again_excludes_the_other() {
    // More than one turn each: unbounded takes minutes, and single turns run unbounded above.
    model_bounded(6, || {
        let mutex = mutex();
        let other = with_mutex(&mutex, increment);
        increment(&mutex);
        increment(&mutex);
        other.join();
        assert_at_rest(&mutex, 3);
    });
}

/// Breaks if a second waiter is forgotten while a first is on its way.
#[test]
fn many_threads_exclude_each_other() {
    // Three threads: unbounded takes minutes.
    model_bounded(3, || {
        let mutex = mutex();
        let others: Vec<_> = (0..THREADS).map(|_| with_mutex(&mutex, increment)).collect();
        increment(&mutex);
        others.into_iter().for_each(|other| other.join());
        assert_at_rest(&mutex, THREADS as u32 + 1);
    });
}

#[test]
fn two_tasks_exclude_each_other() {
    model(|| {
        let mutex = mutex();
        let other = with_mutex(&mutex, increment_async);
        increment_async(&mutex);
        other.join();
        assert_at_rest(&mutex, 2);
    });
}

/// Breaks if a task behind another is not woken by it.
#[test]
fn many_tasks_exclude_each_other() {
    // Three threads: unbounded takes minutes.
    model_bounded(3, || {
        let mutex = mutex();
        let others: Vec<_> = (0..THREADS).map(|_| with_mutex(&mutex, increment_async)).collect();
        increment_async(&mutex);
        others.into_iter().for_each(|other| other.join());
        assert_at_rest(&mutex, THREADS as u32 + 1);
    });
}

#[test]
fn a_thread_and_a_task_exclude_each_other() {
    model(|| {
        let mutex = mutex();
        let task = with_mutex(&mutex, increment_async);
        increment(&mutex);
        task.join();
        assert_at_rest(&mutex, 2);
    });
}

/// Breaks if a woken task and a thread on its way each leave the wake-up of the other to somebody else.
#[test]
fn threads_and_tasks_exclude_each_other() {
    // Three threads: unbounded takes minutes.
    model_bounded(3, || {
        let mutex = mutex();
        let others: Vec<_> = (0..THREADS)
            .map(|index| with_mutex(&mutex, if index % 2 == 0 { increment_async } else { increment }))
            .collect();
        increment_async(&mutex);
        others.into_iter().for_each(|other| other.join());
        assert_at_rest(&mutex, THREADS as u32 + 1);
    });
}

/// Breaks if `try_lock` fails on a free lock, whoever is queued or woken at that moment.
#[test]
fn try_lock_fails_only_while_somebody_owns_the_lock() {
    model(|| {
        let mutex = mutex();
        let guard = mutex.lock();
        let waiting = queued(&mutex);
        let unlocked = with_mutex(&mutex, |mutex| mutex.try_lock().is_some());
        drop(guard);
        let mine = mutex.try_lock().is_some();
        let theirs = unlocked.join();
        assert!(mine || theirs);
        drop(waiting);
        assert!(mutex.try_lock().is_some());
    });
}

/// Breaks if a wait ends without the lock when its futex returns for no reason.
#[test]
fn a_spurious_return_is_not_taken_for_the_lock() {
    // Three threads: unbounded takes minutes.
    model_bounded(3, || {
        let mutex = mutex();
        let disturber = spawn(wake_spuriously);
        let other = with_mutex(&mutex, increment);
        increment(&mutex);
        other.join();
        disturber.join();
        assert_at_rest(&mutex, 2);
    });
}

/// Breaks if any step of a contended lock or unlock depends on the clock standing still.
#[test]
fn time_passing_at_any_moment_changes_no_outcome() {
    // Three threads: unbounded takes minutes.
    model_bounded(3, || {
        let mutex = mutex();
        let clock = spawn(let_time_pass);
        let other = with_mutex(&mutex, increment);
        increment_async(&mutex);
        other.join();
        clock.join();
        assert_at_rest(&mutex, 2);
    });
}

// --------------------------------------------------------------------------------------------------------------- release

/// Breaks if the Release in `free`, or the Acquire in `try_take_free` or `try_take`, is weakened.
#[test]
fn unlock_publishes_the_critical_section() {
    model(|| {
        let mutex = mutex();
        let writer = with_mutex(&mutex, |mutex| *mutex.lock() = 7);
        let seen = mutex.try_lock().map(|guard| *guard);
        assert!(matches!(seen, None | Some(0 | 7)));
        writer.join();
    });
}

/// The same for the unlock that looks at the queue: breaks if the Release in `let_go` is weakened.
#[test]
fn contended_unlock_publishes_the_critical_section() {
    model(|| {
        let mutex = mutex();
        let mut guard = mutex.lock();
        let waiting = queued(&mutex);
        let barger = with_mutex(&mutex, |mutex| mutex.try_lock().map(|guard| *guard));
        *guard = 7;
        drop(guard);
        assert!(matches!(barger.join(), None | Some(7)));
        drop(waiting);
        assert_at_rest(&mutex, 7);
    });
}

/// The same for a lock that is handed over: breaks if the Release of the signal or the Acquire of its receiver is weakened.
#[test]
fn a_grant_publishes_the_critical_section() {
    model(|| {
        let mutex = mutex();
        let mut guard = mutex.lock();
        let other = with_mutex(&mutex, |mutex| *mutex.lock());
        *guard = 7;
        MutexGuard::bump(&mut guard);
        drop(guard);
        assert_eq!(other.join(), 7);
        assert_at_rest(&mutex, 7);
    });
}

/// Breaks if a newcomer sleeps without confirming, if `confirm_locked` is not a release, if `free` is not an acquire, if
/// the owner does not look again after it has freed the lock, or if it does not wake.
#[test]
fn unlock_racing_a_newcomer_loses_no_wake_up() {
    model(|| {
        let mutex = mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        let unlocker = spawn(move || drop(guard));
        increment(&mutex);
        unlocker.join();
        assert_at_rest(&mutex, 1);
    });
}

/// The same for a task.
#[test]
fn unlock_racing_a_first_poll_loses_no_wake_up() {
    model(|| {
        let mutex = mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        let unlocker = spawn(move || drop(guard));
        increment_async(&mutex);
        unlocker.join();
        assert_at_rest(&mutex, 1);
    });
}

/// Breaks if a woken task that loses the race goes to sleep without confirming.
#[test]
fn unlock_racing_a_return_to_the_front_loses_no_wake_up() {
    model(|| {
        let mutex = mutex();
        let guard = mutex.lock();
        let alarm = Arc::new(Alarm::default());
        let mut waiting = queued_with(&mutex, &alarm);
        drop(guard);
        let guard = Arc::clone(&mutex).lock_owned();
        let unlocker = spawn(move || drop(guard));
        let seen = alarm.rings();
        if poll(waiting.as_mut(), &alarm).is_pending() {
            alarm.wait(seen);
            assert!(poll(waiting.as_mut(), &alarm).is_ready());
        }
        unlocker.join();
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if unlock wakes the task at the head and leaves the thread behind it asleep: the task is never polled again.
#[test]
fn unlock_wakes_the_task_at_the_head_and_the_thread_behind_it() {
    // More than one turn each: unbounded takes minutes, and single turns run unbounded above.
    model_bounded(6, || {
        let mutex = mutex();
        let guard = mutex.lock();
        let alarm = Arc::new(Alarm::default());
        let waiting = queued_with(&mutex, &alarm);
        let thread = with_mutex(&mutex, increment);
        wait_for_queued_threads(&mutex, 1);
        drop(guard);
        thread.join();
        assert_eq!(alarm.rings(), 1);
        drop(waiting);
        assert_at_rest(&mutex, 1);
    });
}

/// Breaks if a thread that has arrived does not look at the queue when it unlocks.
#[test]
fn a_thread_that_arrives_wakes_the_next() {
    // Three threads: unbounded takes minutes.
    model_bounded(3, || {
        let mutex = mutex();
        let guard = mutex.lock();
        let threads: Vec<_> = (0..2).map(|_| with_mutex(&mutex, increment)).collect();
        wait_for_a_queued_thread(&mutex);
        drop(guard);
        threads.into_iter().for_each(|thread| thread.join());
        assert_at_rest(&mutex, 2);
    });
}

/// Breaks if a waker is lost when a future is polled by another task while it is queued.
#[test]
fn a_task_that_moves_is_woken_where_it_is() {
    model(|| {
        let mutex = mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        let (before, after) = (Arc::new(Alarm::default()), Arc::new(Alarm::default()));
        let mut waiting = queued_with(&mutex, &before);
        let unlocker = spawn(move || drop(guard));
        if poll(waiting.as_mut(), &after).is_pending() {
            after.wait(0);
            assert!(poll(waiting.as_mut(), &after).is_ready());
        }
        unlocker.join();
        drop(waiting);
        assert_at_rest(&mutex, 0);
    });
}

// ---------------------------------------------------------------------------------------------------------------- cancel

/// Breaks if a future does anything before its first poll.
#[test]
fn a_future_that_was_never_polled_owes_nothing() {
    model(|| {
        let mutex = mutex();
        let other = with_mutex(&mutex, |mutex| {
            drop(mutex.lock_async());
            increment(mutex);
        });
        drop(mutex.lock_async());
        increment_async(&mutex);
        other.join();
        assert_at_rest(&mutex, 2);
    });
}

/// Breaks if a queued waiter that is dropped stays in the queue, or if it takes a wake-up with it.
#[test]
fn a_queued_task_that_is_cancelled_leaves_no_trace() {
    model(|| {
        let mutex = mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        let waiting = queued(&mutex);
        let unlocker = spawn(move || drop(guard));
        drop(waiting);
        unlocker.join();
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if a cancelled task keeps the wake-up that it was sent: the task behind it is never polled unless it is woken.
#[test]
fn a_woken_task_that_is_cancelled_passes_the_wake_up_on() {
    model(|| {
        let mutex = mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        let (first, alarm) = (queued(&mutex), Arc::new(Alarm::default()));
        let mut second = queued_with(&mutex, &alarm);
        let unlocker = spawn(move || drop(guard));
        drop(first);
        alarm.wait(0);
        assert!(poll(second.as_mut(), &alarm).is_ready());
        unlocker.join();
        assert_at_rest(&mutex, 0);
    });
}

/// The same where the cancelled task knows that it was woken, since it gave way.
#[test]
fn a_task_that_gave_way_and_is_cancelled_passes_the_wake_up_on() {
    model(|| {
        let mutex = mutex();
        let guard = mutex.lock();
        let favourite = Arc::new(Alarm::default());
        let mut starved = queued_with(&mutex, &favourite);
        let mut second = queued(&mutex);
        let alarm = Arc::new(Alarm::default());
        let mut third = queued_with(&mutex, &alarm);
        drop(guard);
        // The first task loses the race once, and the clock runs out.
        let guard = mutex.lock();
        assert!(poll(starved.as_mut(), &favourite).is_pending());
        let_time_pass();
        drop(guard);
        // The lock is reserved for the first task. The second is polled and gives way.
        assert!(poll_once(second.as_mut()).is_pending());
        drop(starved);
        drop(second);
        assert!(alarm.rings() > 0);
        assert!(poll(third.as_mut(), &alarm).is_ready());
        drop(third);
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if a task that takes a free lock while it is queued leaves its place behind, or loses another's wake-up.
#[test]
fn a_queued_task_that_barges_leaves_the_queue() {
    model(|| {
        let mutex = mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        let (mut first, alarm) = (queued(&mutex), Arc::new(Alarm::default()));
        let mut second = queued_with(&mutex, &alarm);
        let unlocker = spawn(move || drop(guard));
        match poll_once(first.as_mut()) {
            Poll::Ready(guard) => drop(guard),
            Poll::Pending => drop(first),
        }
        alarm.wait(0);
        assert!(poll(second.as_mut(), &alarm).is_ready());
        unlocker.join();
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if a thread asleep behind a task is forgotten when the task is cancelled, woken or not.
#[test]
fn a_cancelled_task_leaves_the_thread_behind_it_its_wake_up() {
    // Three threads: unbounded takes minutes.
    model_bounded(3, || {
        let mutex = mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        let waiting = queued(&mutex);
        let thread = with_mutex(&mutex, increment);
        let unlocker = spawn(move || drop(guard));
        drop(waiting);
        unlocker.join();
        thread.join();
        assert_at_rest(&mutex, 1);
    });
}

/// Breaks if two tasks that are cancelled at once each leave the wake-up to the other.
#[test]
fn two_cancelled_tasks_leave_the_third_its_wake_up() {
    // Three threads: unbounded takes minutes.
    model_bounded(3, || {
        let mutex = mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        let (first, second) = (queued(&mutex), queued(&mutex));
        let alarm = Arc::new(Alarm::default());
        let mut third = queued_with(&mutex, &alarm);
        let unlocker = spawn(move || drop(guard));
        let canceller = spawn(move || drop(first));
        drop(second);
        alarm.wait(0);
        assert!(poll(third.as_mut(), &alarm).is_ready());
        canceller.join();
        unlocker.join();
        assert_at_rest(&mutex, 0);
    });
}

// --------------------------------------------------------------------------------------------------------------- time out

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
    // Three threads: unbounded takes minutes.
    model_bounded(3, || {
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
    // Three threads: unbounded takes minutes.
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
    // Four threads: the clock, the owner and two waiters. Bound 3 takes minutes; three threads run at bound 3 above.
    model_bounded(2, || {
        let mutex = mutex();
        let deadline = deadline();
        let guard = mutex.lock();
        let impatient =
            with_mutex(&mutex, move |mutex| mutex.try_lock_until(deadline).map(|mut guard| *guard += 1).is_some());
        wait_for_a_queued_thread(&mutex);
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
    // Three threads: unbounded takes minutes.
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
    // Three threads: unbounded takes minutes.
    model_bounded(3, || {
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

// -------------------------------------------------------------------------------------------------------------- fairness
// The sentences of `Mutex`'s section on fairness.

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
    // More than one turn each: unbounded takes minutes, and single turns run unbounded above.
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

/// Breaks if unlock wakes a second thread while the first has not got the lock.
#[test]
fn one_woken_thread_at_a_time() {
    // Three threads: unbounded takes minutes.
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
    model(|| {
        let mutex = mutex();
        let guard = mutex.lock();
        let thread = with_mutex(&mutex, |mutex| Arc::clone(mutex).lock_owned());
        wait_for_a_queued_thread(&mutex);
        let_time_pass();
        drop(guard);
        assert!(mutex.try_lock().is_none(), "it is the thread's, whether or not it runs");
        drop(thread.join());
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if a starved task's lock is not reserved, or if it stays so for ever.
#[test]
fn a_starved_task_is_given_way_to() {
    model(|| {
        let mutex = mutex();
        let guard = mutex.lock();
        let mut starved = queued(&mutex);
        drop(guard);
        let guard = mutex.lock();
        assert!(poll_once(starved.as_mut()).is_pending());
        let_time_pass();
        drop(guard);

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
        let guard = mutex.lock();
        let mut starved = queued(&mutex);
        drop(guard);
        let guard = mutex.lock();
        assert!(poll_once(starved.as_mut()).is_pending());
        let_time_pass();
        drop(guard);

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
        let (first, mut second) = (queued(&mutex), queued(&mutex));
        drop(guard);
        assert!(poll_once(second.as_mut()).is_ready());
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

// ---------------------------------------------------------------------------------------------------------------- guards

/// Breaks if `bump` gives the lock to nobody, or does not come back.
#[test]
fn bump_lets_a_waiting_thread_in() {
    // More than one turn each: unbounded takes minutes, and single turns run unbounded above.
    model_bounded(6, || {
        let mutex = mutex();
        let mut guard = mutex.lock();
        let thread = with_mutex(&mutex, increment);
        let is_queued = mutex.raw().queued_threads() > 0;
        MutexGuard::bump(&mut guard);
        assert!(*guard == 1 || !is_queued, "the thread has had the lock");
        drop(guard);
        thread.join();
        assert_at_rest(&mutex, 1);
    });
}

/// Breaks if `bump` waits for a task that is not polled.
#[test]
fn bump_does_not_wait_for_a_task() {
    model(|| {
        let mutex = mutex();
        let mut guard = mutex.lock();
        let mut waiting = queued(&mutex);
        MutexGuard::bump(&mut guard);
        assert!(poll_once(waiting.as_mut()).is_pending());
        drop(guard);
        assert!(poll_once(waiting.as_mut()).is_ready());
    });
}

/// Breaks if the lock is not free while the call runs, or not held after it.
#[test]
fn unlocked_frees_the_lock_for_the_length_of_a_call() {
    model(|| {
        let mutex = mutex();
        let mut guard = mutex.lock();
        let thread = with_mutex(&mutex, increment);
        MutexGuard::unlocked(&mut guard, || thread.join());
        assert_eq!(*guard, 1);
        assert!(mutex.is_locked());
        drop(guard);
        assert_at_rest(&mutex, 1);
    });
}

/// Breaks if a future that is ready is taken for one that can be polled on.
#[test]
#[should_panic(expected = "polled after it was ready")]
fn polling_a_future_that_was_ready_panics() {
    model(|| {
        let mutex = mutex();
        let mut future: Pin<Box<Lock<'_, u32>>> = Box::pin(mutex.lock_async());
        assert!(poll_once(future.as_mut()).is_ready());
        let _ = poll_once(future.as_mut());
    });
}
