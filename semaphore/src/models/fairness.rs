//! The sentences of the section on fairness of [`Semaphore`].

use super::*;

/// Breaks if the queue is not first in, first out, or if a request is woken that is not met.
#[test]
fn a_large_request_is_not_passed_in_the_queue() {
    model(|| {
        let guarded = guarded(0);
        let alarms = [(); 3].map(|()| alarm());
        let rings = |alarms: &[Arc<Alarm>; 3]| alarms.each_ref().map(|alarm| alarm.rings());
        let mut large = guarded.queued(2, &alarms[0]);
        let mut small = [guarded.queued(1, &alarms[1]), guarded.queued(1, &alarms[2])];
        guarded.semaphore.add_permits(1);
        assert_eq!(rings(&alarms), [0, 0, 0]);
        guarded.semaphore.add_permits(2);
        assert_eq!(rings(&alarms), [1, 1, 0]);
        let permits = (take(&mut large), take(&mut small[0]));
        drop(permits);
        assert_eq!(alarms[2].rings(), 1);
        drop(take(&mut small[1]));
        guarded.assert_at_rest(3, 0);
    });
}

/// Breaks if somebody takes what gathers for another.
#[test]
fn permits_gather_for_a_large_request() {
    model(|| {
        let guarded = guarded(1);
        let mut large = guarded.queued(2, &alarm());
        assert_eq!(guarded.semaphore.available_permits(), 1);
        assert_eq!(guarded.semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
        let mut late = guarded.queued(1, &alarm());
        assert!(poll_once(late.as_mut()).is_pending());
        guarded.semaphore.add_permits(1);
        drop(take(&mut large));
        drop(take(&mut late));
        guarded.assert_at_rest(2, 0);
    });
}

/// Breaks if one that was woken counts as a newcomer, for whom nothing is free while it gathers for the next in the queue.
#[test]
fn a_woken_request_has_what_seems_to_gather_for_the_next() {
    model(|| {
        let guarded = guarded(0);
        let mut first = guarded.queued(2, &alarm());
        let mut second = guarded.queued(3, &alarm());
        guarded.semaphore.add_permits(2);
        assert!(guarded.semaphore.try_acquire().is_err());
        drop(take(&mut first));
        guarded.semaphore.add_permits(1);
        drop(take(&mut second));
        guarded.assert_at_rest(3, 0);
    });
}

/// Breaks if a woken task owns what it was woken for.
#[test]
fn free_permits_go_to_the_first_that_comes() {
    model(|| {
        let guarded = guarded(0);
        let mut waiting = guarded.queued(1, &alarm());
        guarded.semaphore.add_permits(1);
        let permit = guarded.semaphore.try_acquire().expect("a woken task owns nothing");
        assert!(poll_once(waiting.as_mut()).is_pending());
        drop(permit);
        drop(take(&mut waiting));
        guarded.assert_at_rest(1, 0);
    });
}

/// Breaks if tasks that are not polled, woken or not, keep permits from a thread behind them.
#[test]
fn a_thread_passes_tasks_that_are_not_polled() {
    // Without a bound 960 000 executions, which take a minute.
    model_bounded(7, || {
        let guarded = guarded(0);
        let waiting = [(); 2].map(|()| guarded.queued(1, &alarm()));
        let thread = guarded.spawn(|guarded| guarded.semaphore.acquire().expect("it is open").forget());
        guarded.semaphore.add_permits(1);
        thread.join();
        drop(waiting);
        guarded.assert_at_rest(0, 0);
    });
}

/// Breaks if tasks that are not polled, woken or not, keep permits from those who come.
#[test]
fn a_newcomer_passes_tasks_that_are_not_polled() {
    model(|| {
        let guarded = guarded(0);
        let waiting = [(); 2].map(|()| guarded.queued(1, &alarm()));
        guarded.semaphore.add_permits(1);
        guarded.count_up();
        guarded.count_up_async();
        drop(waiting);
        guarded.assert_at_rest(1, 2);
    });
}

/// Breaks if a thread that has waited for long is only woken.
#[test]
fn a_starved_thread_is_granted_its_permits() {
    model(|| {
        let guarded = guarded(0);
        let thread = guarded.spawn(|guarded| guarded.semaphore.acquire().expect("it is open").forget());
        guarded.wait_for_a_queued_thread();
        let_time_pass();
        guarded.semaphore.add_permits(1);
        assert!(guarded.semaphore.try_acquire().is_err(), "it is the thread's already");
        thread.join();
        guarded.assert_at_rest(0, 0);
    });
}

/// A task that was woken for the only permit, came too late, and has waited for long: the permit is reserved for it.
fn starved(guarded: &'static Guarded) -> Pin<Box<Acquire<'static>>> {
    let permit = guarded.semaphore.acquire().expect("it is open");
    let mut starved = guarded.queued(1, &alarm());
    drop(permit);
    let permit = guarded.semaphore.try_acquire().expect("a woken task owns nothing");
    assert!(poll_once(starved.as_mut()).is_pending());
    let_time_pass();
    drop(permit);
    starved
}

/// Breaks if what is free is not reserved for a task that was woken, came too late, and has waited for long, or if somebody
/// does not give way to it.
#[test]
fn a_newcomer_gives_way_once_to_a_starved_task() {
    model(|| {
        let guarded = guarded(1);
        let mut starved = starved(guarded);
        let alarm = alarm();
        let mut newcomer = guarded.queued(1, &alarm);
        assert_eq!(alarm.rings(), 1, "it is polled again");
        drop(take(&mut starved));
        drop(take(&mut newcomer));
        guarded.assert_at_rest(1, 0);
    });
}

/// Breaks if somebody gives way twice, where the starved task does not come.
#[test]
fn a_starved_task_that_does_not_come_is_passed() {
    for newcomer in [Guarded::count_up, Guarded::count_up_async] {
        model(move || {
            let guarded = guarded(1);
            let starved = starved(guarded);
            newcomer(guarded);
            drop(starved);
            guarded.assert_at_rest(1, 1);
        });
    }
}

/// Breaks if a second thread is woken while one is on its way.
#[test]
fn one_woken_thread_at_a_time() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let guarded = guarded(1);
        let permit = guarded.semaphore.acquire().expect("it is open");
        let threads = [1, 2].map(|count| {
            let thread = guarded.spawn(|guarded| guarded.semaphore.acquire().expect("it is open"));
            while guarded.semaphore.raw().queued_threads() < count {
                yield_now();
            }
            thread
        });
        drop(permit);
        // Looks at the queue again. Whoever was woken is on its way, or has the permit and keeps it.
        guarded.semaphore.add_permits(0);
        assert_eq!(guarded.semaphore.raw().queued_threads(), 1, "the second thread is still asleep");
        threads.into_iter().for_each(|thread| drop(thread.join()));
        guarded.assert_at_rest(1, 0);
    });
}
