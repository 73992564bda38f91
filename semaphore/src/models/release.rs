//! Whoever gives permits back wakes those who can have them.

use super::*;

/// Breaks if the Acquire of `take` or the Release of `put` is weakened.
#[test]
fn a_release_publishes_to_the_next() {
    model(|| {
        let guarded = guarded(1);
        let other =
            guarded.spawn(|guarded| guarded.semaphore.try_acquire().map(|_permit| guarded.data.count_up()).is_ok());
        let mine = guarded.semaphore.try_acquire().map(|_permit| guarded.data.count_up()).is_ok();
        let count = u32::from(mine) + u32::from(other.join());
        assert!(count > 0, "one of them comes first");
        guarded.assert_at_rest(1, count);
    });
}

/// The same where the release finds somebody queued, and whoever comes next does not: breaks if the Release of
/// `put_beside_queue` is weakened.
#[test]
fn a_contended_release_publishes_to_the_next() {
    model(|| {
        let guarded = guarded(1);
        let permit = guarded.semaphore.acquire().expect("it is open");
        let waiting = guarded.queued(1, &alarm());
        let other =
            guarded.spawn(|guarded| guarded.semaphore.try_acquire().map(|_permit| guarded.data.count_up()).is_ok());
        guarded.data.count_up();
        drop(permit);
        let count = 1 + u32::from(other.join());
        drop(waiting);
        guarded.assert_at_rest(1, count);
    });
}

/// Breaks if permits are added beside somebody who is about to sleep, and nobody looks.
#[test]
fn a_signal_racing_a_thread_that_queues_is_not_lost() {
    model(|| {
        let guarded = guarded(0);
        let signal = guarded.spawn(|guarded| guarded.semaphore.add_permits(1));
        guarded.semaphore.acquire().expect("it is open").forget();
        signal.join();
        guarded.assert_at_rest(0, 0);
    });
}

/// The same for a task.
#[test]
fn a_signal_racing_a_first_poll_is_not_lost() {
    model(|| {
        let guarded = guarded(0);
        let signal = guarded.spawn(|guarded| guarded.semaphore.add_permits(1));
        block_on(guarded.semaphore.acquire_async()).expect("it is open").forget();
        signal.join();
        guarded.assert_at_rest(0, 0);
    });
}

/// Breaks if one release wakes only one of those whom it is enough for.
#[test]
fn many_permits_wake_as_many_tasks() {
    model(|| {
        let guarded = guarded(0);
        let alarms = [(); 4].map(|()| alarm());
        let mut waiting: Vec<_> = alarms.iter().map(|alarm| guarded.queued(1, alarm)).collect();
        guarded.semaphore.add_permits(3);
        assert_eq!(alarms.each_ref().map(|alarm| alarm.rings()), [1, 1, 1, 0]);
        let permits: Vec<_> = waiting.iter_mut().take(3).map(take).collect();
        assert!(poll(waiting[3].as_mut(), &alarms[3]).is_pending());
        drop(permits);
        drop(waiting);
        guarded.assert_at_rest(3, 0);
    });
}

/// Breaks if a thread that arrives does not look for the next: the release has woken it alone.
#[test]
fn many_permits_wake_as_many_threads() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let guarded = guarded(0);
        let waiting: Vec<_> = (0..2)
            .map(|_| guarded.spawn(|guarded| guarded.semaphore.acquire().expect("it is open").forget()))
            .collect();
        guarded.semaphore.add_permits(2);
        waiting.into_iter().for_each(|thread| thread.join());
        guarded.assert_at_rest(0, 0);
    });
}

/// Breaks if parts of what a request asks for are not added up.
#[test]
fn parts_of_a_request_add_up() {
    model(|| {
        let guarded = guarded(1);
        let other = guarded.spawn(|guarded| {
            guarded.semaphore.add_permits(1);
            guarded.semaphore.add_permits(1);
        });
        let all = guarded.semaphore.acquire_many(3);
        other.join();
        drop(all.expect("it is open"));
        guarded.assert_at_rest(3, 0);
    });
}

/// Breaks if a permit that is owed is had by somebody, or paid for twice.
#[test]
fn a_reduction_racing_a_release_takes_exactly_so_many() {
    model(|| {
        let guarded = guarded(2);
        let permit = guarded.semaphore.acquire_many(2).expect("it is open");
        let reducer = guarded.spawn(|guarded| guarded.semaphore.reduce_permits(3));
        drop(permit);
        let free = guarded.semaphore.available_permits();
        assert!(free == 2 || free == 0, "all at once");
        reducer.join();
        assert_eq!((guarded.semaphore.available_permits(), guarded.semaphore.debt()), (0, 1));
        guarded.semaphore.add_permits(2);
        guarded.assert_at_rest(1, 0);
    });
}

/// Breaks if what is given back behind a woken task, which has not come yet, counts for nothing.
#[test]
fn what_is_given_back_behind_a_woken_task_adds_up() {
    model(|| {
        let guarded = guarded(0);
        let alarms = [(); 2].map(|()| alarm());
        let mut waiting = alarms.each_ref().map(|alarm| guarded.queued(3, alarm));
        let rings_after = |permits| {
            guarded.semaphore.add_permits(permits);
            alarms.each_ref().map(|alarm| alarm.rings())
        };
        assert_eq!(rings_after(3), [1, 0]);
        assert_eq!(rings_after(2), [1, 0]);
        assert_eq!(rings_after(1), [1, 1]);
        waiting.iter_mut().map(take).for_each(Permit::forget);
        guarded.assert_at_rest(0, 0);
    });
}

/// Breaks if a thread that was woken for more than it finds keeps what it finds from a task that is older.
#[test]
fn a_woken_thread_that_comes_too_late_wakes_an_older_task() {
    // Each preemption more takes about six times as long.
    model_bounded(3, || {
        let guarded = guarded(0);
        let alarm = alarm();
        let mut first = guarded.queued(2, &Arc::new(Alarm::default()));
        let mut second = guarded.queued(2, &alarm);
        let thread = guarded.spawn(|guarded| guarded.semaphore.acquire_many(3).expect("it is open").forget());
        guarded.semaphore.add_permits(2);
        // Three are free, two of them for the first: too few have gathered for the second, so that the thread is woken.
        guarded.semaphore.add_permits(1);
        if let Poll::Ready(permit) = poll_once(first.as_mut()) {
            permit.expect("it is open").forget();
            guarded.semaphore.add_permits(1);
            alarm.wait(0);
            take(&mut second).forget();
        }
        drop((first, second));
        guarded.semaphore.add_permits(3);
        thread.join();
        let free = guarded.semaphore.available_permits();
        guarded.assert_at_rest(free, 0);
    });
}

/// Breaks if the Release of `put_checked` is weakened.
#[test]
fn a_signal_publishes_to_whoever_waits_for_it() {
    model(|| {
        let guarded = guarded(0);
        let signal = guarded.spawn(|guarded| {
            guarded.data.count_up();
            guarded.semaphore.add_permits(1);
        });
        guarded.count_up();
        signal.join();
        guarded.assert_at_rest(1, 2);
    });
}
