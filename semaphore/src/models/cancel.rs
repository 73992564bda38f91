//! Whoever gives up its wait leaves no trace, and passes on what it was sent.

use super::*;

/// Breaks if a future takes anything before it is polled, or gives back what it never had.
#[test]
fn a_future_that_is_never_polled_leaves_no_trace() {
    model(|| {
        let guarded = guarded(2);
        drop(guarded.semaphore.acquire_many_async(2));
        let waiting = guarded.queued(3, &alarm());
        drop(guarded.semaphore.acquire_async());
        drop(waiting);
        guarded.assert_at_rest(2, 0);
    });
}

/// Breaks if a queued waiter that is dropped stays in the queue, or takes permits with it.
#[test]
fn a_queued_task_that_is_cancelled_leaves_no_trace() {
    model(|| {
        let guarded = guarded(0);
        let waiting = guarded.queued(1, &alarm());
        let signal = guarded.spawn(|guarded| guarded.semaphore.add_permits(1));
        drop(waiting);
        signal.join();
        guarded.assert_at_rest(1, 0);
    });
}

/// Breaks if a cancelled task keeps the wake-up that it was sent.
#[test]
fn a_woken_task_that_is_cancelled_passes_the_wake_up_on() {
    model(|| {
        let guarded = guarded(0);
        let alarm = alarm();
        let first = guarded.queued(1, &Arc::new(Alarm::default()));
        let mut second = guarded.queued(1, &alarm);
        let signal = guarded.spawn(|guarded| guarded.semaphore.add_permits(1));
        drop(first);
        alarm.wait(0);
        take(&mut second).forget();
        signal.join();
        guarded.assert_at_rest(0, 0);
    });
}

/// Breaks if a task that takes beside the queue, and is woken before it has left, keeps the wake-up: it was not for what it has taken.
#[test]
fn a_wake_up_that_is_passed_on_to_one_that_has_taken_already_is_not_lost() {
    model(|| {
        let guarded = guarded(0);
        let alarm = alarm();
        let woken = guarded.queued(3, &Arc::new(Alarm::default()));
        let mut taker = guarded.queued(1, &Arc::new(Alarm::default()));
        let mut last = guarded.queued(3, &alarm);
        guarded.semaphore.add_permits(3);
        let taker = spawn(move || drop(take(&mut taker)));
        drop(woken);
        taker.join();
        alarm.wait(0);
        drop(take(&mut last));
        drop(last);
        guarded.assert_at_rest(3, 0);
    });
}

/// Breaks if what has gathered for a large request is not there for those behind it, when it is cancelled.
#[test]
fn a_cancelled_large_request_wakes_those_behind_it_that_now_fit() {
    model(|| {
        let guarded = guarded(2);
        let alarms = [(); 3].map(|()| alarm());
        let large = guarded.queued(3, &alarm());
        let mut small: Vec<_> = alarms.iter().map(|alarm| guarded.queued(1, alarm)).collect();
        drop(large);
        assert_eq!(alarms.each_ref().map(|alarm| alarm.rings()), [1, 1, 0]);
        let permits: Vec<_> = small.iter_mut().take(2).map(take).collect();
        drop(small);
        drop(permits);
        guarded.assert_at_rest(2, 0);
    });
}

/// The same for a thread that runs out of time before a large request is met.
#[test]
fn a_large_request_that_times_out_wakes_the_one_behind_it() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (guarded, deadline) = (guarded(1), deadline());
        let clock = spawn(let_time_pass);
        let large = guarded.spawn(move |guarded| guarded.semaphore.try_acquire_many_until(2, deadline).is_err());
        guarded.count_up_async();
        assert!(large.join());
        clock.join();
        guarded.assert_at_rest(1, 1);
    });
}

/// Breaks if the deadline and the release together lose a permit, or count it twice.
#[test]
fn a_deadline_racing_a_release_is_a_permit_or_a_timeout() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (guarded, deadline) = (guarded(0), deadline());
        let clock = spawn(let_time_pass);
        let signal = guarded.spawn(|guarded| guarded.semaphore.add_permits(1));
        let acquired = guarded.semaphore.try_acquire_until(deadline).map(Permit::forget).is_ok();
        clock.join();
        signal.join();
        guarded.assert_at_rest(usize::from(!acquired), 0);
    });
}

/// Breaks if a task that takes what is free while it is queued stays in the queue.
#[test]
fn a_queued_task_that_takes_what_is_free_leaves_the_queue() {
    model(|| {
        let guarded = guarded(0);
        let alarms = [(); 2].map(|()| alarm());
        let mut first = guarded.queued(1, &alarms[0]);
        let mut second = guarded.queued(1, &alarms[1]);
        guarded.semaphore.add_permits(1);
        // The first was woken, and owns nothing.
        take(&mut second).forget();
        assert!(poll(first.as_mut(), &alarms[0]).is_pending());
        drop((first, second));
        guarded.assert_at_rest(0, 0);
    });
}
