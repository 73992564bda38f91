//! Whoever gives up its wait leaves no trace, and passes on what it was sent.

use super::*;

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

/// The same where the cancelled task knows that it was woken, since it was polled and gave way.
#[test]
fn a_task_that_gave_way_and_is_cancelled_passes_the_wake_up_on() {
    model(|| {
        let mutex = mutex();
        let guard = mutex.lock();
        let mut starved = queued(&mutex);
        let mut courteous = queued(&mutex);
        let alarm = Arc::new(Alarm::default());
        let mut last = queued_with(&mutex, &alarm);

        // The first task is woken, loses the race, and runs out of patience; the second is woken meanwhile.
        drop(guard);
        let guard = mutex.lock();
        assert!(poll_once(starved.as_mut()).is_pending());
        let_time_pass();
        drop(guard);
        drop(mutex.try_lock().expect("nobody owns it"));
        let guard = mutex.try_lock().expect("nobody owns it");
        assert!(poll_once(starved.as_mut()).is_pending());
        drop(guard);

        // The lock is reserved for the first, which is not polled again. The second gives way, and is cancelled.
        assert!(poll_once(courteous.as_mut()).is_pending());
        assert_eq!(alarm.rings(), 0);
        drop(courteous);
        assert_eq!(alarm.rings(), 1);
        assert!(poll(last.as_mut(), &alarm).is_ready());
        drop((starved, last));
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if a task that takes a free lock while it is queued stays in the queue, or loses the wake-up of another.
#[test]
fn a_queued_task_that_barges_leaves_the_queue() {
    model(|| {
        let mutex = mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        let alarms = [(); 2].map(|()| Arc::new(Alarm::default()));
        let mut first = queued_with(&mutex, &alarms[0]);
        let mut barger = queued_with(&mutex, &alarms[1]);
        let unlocker = spawn(move || drop(guard));
        if poll(barger.as_mut(), &alarms[1]).is_ready() {
            assert_eq!(alarms[1].rings(), 0, "its own unlock does not find it in the queue");
        }
        drop(barger);
        alarms[0].wait(0);
        assert!(poll(first.as_mut(), &alarms[0]).is_ready());
        unlocker.join();
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if a thread asleep behind a task is forgotten when the task is cancelled, woken or not.
#[test]
fn a_cancelled_task_leaves_the_thread_behind_it_its_wake_up() {
    // Three threads: each preemption more takes about ten times as long.
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
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(4, || {
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
