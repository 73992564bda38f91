//! Free permits and those in use are the limit, whatever happens.

use super::*;
use crate::{BoundedSemaphore, OverRelease};

fn bounded(limit: usize) -> &'static BoundedSemaphore {
    Box::leak(Box::new(BoundedSemaphore::new(limit)))
}

/// Whatever has happened: nobody is queued, and this is the limit, of which so many are in use.
fn assert_at_rest(semaphore: &BoundedSemaphore, limit: usize, in_use: usize) {
    assert_eq!((semaphore.limit(), semaphore.in_use()), (limit, in_use));
    assert_eq!(semaphore.available_permits() + in_use, limit + semaphore.debt());
    assert!(semaphore.raw().is_at_rest(), "the queue is empty, and no flag is set");
}

/// Breaks if the look and the write of a release are two steps.
#[test]
fn of_two_releases_of_one_permit_one_is_refused() {
    model(|| {
        let semaphore = bounded(2);
        semaphore.acquire().expect("it is open").forget();
        let other = spawn(|| semaphore.release(1));
        let mine = semaphore.release(1);
        let refused = [mine, other.join()].iter().filter(|result| **result == Err(OverRelease)).count();
        assert_eq!(refused, 1);
        assert_at_rest(semaphore, 2, 0);
    });
}

/// Breaks if what grows is not there at once for those who wait.
#[test]
fn a_raised_limit_wakes_those_who_fit() {
    model(|| {
        let semaphore = bounded(1);
        let permit = semaphore.acquire().expect("it is open");
        let alarms = [(); 3].map(|()| alarm());
        let mut waiting = alarms.each_ref().map(|alarm| {
            let mut future = Box::pin(semaphore.acquire_async());
            assert!(poll(future.as_mut(), alarm).is_pending());
            future
        });
        semaphore.set_limit(3);
        assert_eq!(alarms.each_ref().map(|alarm| alarm.rings()), [1, 1, 0]);
        assert!(waiting.iter_mut().take(2).all(|future| poll_once(future.as_mut()).is_ready()));
        drop((permit, waiting));
        assert_at_rest(semaphore, 3, 0);
    });
}

/// Breaks if the limit is raised beside somebody who is about to sleep, and nobody looks, or if the Release of `set_limit` is
/// weakened.
#[test]
fn a_raised_limit_racing_a_thread_that_queues_wakes_it() {
    model(|| {
        let (semaphore, data) = (bounded(0), Arc::new(Data::default()));
        let raiser = spawn({
            let data = Arc::clone(&data);
            move || {
                data.count_up();
                semaphore.set_limit(1);
            }
        });
        let permit = semaphore.acquire().expect("it is open");
        data.count_up();
        raiser.join();
        drop(permit);
        assert_at_rest(semaphore, 1, 0);
    });
}

/// Breaks if the limit and what is free change in two steps: what is given back between them is counted against the wrong one.
#[test]
fn a_lowered_limit_racing_releases_and_takers_is_exact() {
    model(|| {
        let semaphore = bounded(2);
        let permit = semaphore.acquire_many(2).expect("it is open");
        let setter = spawn(|| semaphore.set_limit(1));
        drop(permit);
        let late = semaphore.try_acquire_many(2);
        setter.join();
        let in_use = late.as_ref().map_or(0, Permit::count);
        assert_eq!(semaphore.debt(), in_use.saturating_sub(1));
        assert_at_rest(semaphore, 1, in_use);
        drop(late);
        assert_at_rest(semaphore, 1, 0);
    });
}

/// Breaks if a debt is paid for twice, or is had by somebody.
#[test]
fn a_debt_is_paid_before_a_permit_is_free() {
    model(|| {
        let semaphore = bounded(3);
        let mut permit = semaphore.acquire_many(3).expect("it is open");
        semaphore.set_limit(1);
        let alarm = alarm();
        let mut waiting = Box::pin(semaphore.acquire_async());
        assert!(poll(waiting.as_mut(), &alarm).is_pending());
        for (debt, rings) in [(1, 0), (0, 0), (0, 1)] {
            drop(permit.split(1));
            assert_eq!((semaphore.debt(), alarm.rings()), (debt, rings));
        }
        assert!(poll_once(waiting.as_mut()).is_ready());
        drop(waiting);
        assert_at_rest(semaphore, 1, 0);
    });
}

/// Breaks if permits that somebody has given back before are given back once more.
#[test]
fn an_over_release_changes_nothing() {
    model(|| {
        let semaphore = bounded(2);
        let permit = semaphore.acquire().expect("it is open");
        assert_eq!(semaphore.release(2), Err(OverRelease));
        assert_at_rest(semaphore, 2, 1);
        semaphore.close();
        assert_eq!(semaphore.release(1), Ok(()));
        permit.forget();
        assert_eq!(semaphore.release(1), Err(OverRelease));
        semaphore.set_limit(1);
        assert!(semaphore.is_closed());
        assert_at_rest(semaphore, 1, 0);
    });
}
