//! Whoever acquires has permits that nobody else has.

use super::*;

/// Breaks if a permit can be taken twice, or if its taker does not see what was done with it before.
#[test]
fn two_threads_share_one_permit() {
    model(|| {
        let guarded = guarded(1);
        let other = guarded.spawn(Guarded::count_up);
        guarded.count_up();
        other.join();
        guarded.assert_at_rest(1, 2);
    });
}

#[test]
fn two_tasks_share_one_permit() {
    model(|| {
        let guarded = guarded(1);
        let other = guarded.spawn(Guarded::count_up_async);
        guarded.count_up_async();
        other.join();
        guarded.assert_at_rest(1, 2);
    });
}

#[test]
fn a_thread_and_a_task_share_one_permit() {
    model(|| {
        let guarded = guarded(1);
        let other = guarded.spawn(Guarded::count_up_async);
        guarded.count_up();
        other.join();
        guarded.assert_at_rest(1, 2);
    });
}

/// Breaks if a second waiter is forgotten while a first is on its way.
#[test]
#[cfg_attr(latchwork = "loom", ignore = "long: run by `--ignored`")]
fn threads_and_tasks_share_one_permit() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let guarded = guarded(1);
        let ways = [Guarded::count_up, Guarded::count_up_async];
        let others: Vec<_> = (0..THREADS).map(|index| guarded.spawn(ways[index % 2])).collect();
        guarded.count_up();
        others.into_iter().for_each(|other| other.join());
        guarded.assert_at_rest(1, THREADS as u32 + 1);
    });
}

/// Breaks if a request for many is served in parts, or with one too few.
#[test]
fn a_request_for_all_permits_excludes_those_for_one() {
    model(|| {
        let guarded = guarded(2);
        let other = guarded.spawn(|guarded| {
            let _both = guarded.semaphore.acquire_many(2).expect("it is open");
            guarded.data.count_up();
        });
        if let Ok(_one) = guarded.semaphore.try_acquire() {
            guarded.data.get();
        }
        other.join();
        guarded.assert_at_rest(2, 1);
    });
}

/// Breaks if no permits are waited for, or count.
#[test]
fn no_permits_are_had_at_once() {
    model(|| {
        // One gathers for somebody else, and then one is owed.
        let guarded = guarded(1);
        let waiting = guarded.queued(2, &alarm());
        drop(guarded.semaphore.try_acquire_many(0).expect("it is open"));
        guarded.semaphore.reduce_permits(2);
        drop(guarded.semaphore.acquire_many(0).expect("it is open"));
        drop(guarded.semaphore.try_acquire_many(0).expect("it is open"));
        assert!(poll_once(Box::pin(guarded.semaphore.acquire_many_async(0)).as_mut()).is_ready());
        drop(waiting);
        guarded.semaphore.add_permits(1);
        guarded.assert_at_rest(0, 0);
    });
}

/// Breaks if somebody takes more for a moment than it has asked for, or takes before it looks.
#[test]
fn an_attempt_never_fails_while_enough_is_free() {
    model(|| {
        let guarded = guarded(3);
        let one = |guarded: &'static Guarded| drop(guarded.semaphore.try_acquire().expect("two of three are free"));
        let other = guarded.spawn(one);
        assert!(guarded.semaphore.try_acquire_many(4).is_err());
        drop(guarded.semaphore.try_acquire_many(2).expect("two of three are free"));
        other.join();
        guarded.assert_at_rest(3, 0);
    });
}
