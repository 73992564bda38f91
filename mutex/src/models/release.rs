//! Whoever releases the lock publishes what it did, and wakes whoever is to be woken.

use super::*;

/// Breaks if the Release in `free_busily`, or the Acquire in `try_take_free` or `try_take`, is weakened.
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

/// Breaks if a newcomer sleeps without confirming, if `confirm_locked` is not a release, if `free_busily` is not an acquire, if
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
    // More than one turn each: unbounded does not end in 100 s, and single turns run unbounded.
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
    // Three threads: each preemption more takes about ten times as long.
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
