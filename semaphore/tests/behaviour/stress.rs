//! The semaphores among real threads and tasks: whatever they do, the arithmetic holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use futures_lite::future::block_on;
use latchwork_core::sync::model::{on_one_core, poll_once, watchdog};
use latchwork_semaphore::{BoundedSemaphore, OverRelease, Semaphore};
use tokio::runtime::Builder;

const OPERATIONS: usize = 20_000;
const PERMITS: usize = 5;
const MOST: usize = 8;

/// Six tasks and four threads, which wait, try, run out of time and are cancelled, for requests of every size, while `disturb`
/// runs on a thread of its own. Nobody is inside beyond what `most` says.
macro_rules! mixed_run {
    ($name:ident, $new:expr, $most:expr, $disturb:expr) => {
        #[test]
        fn $name() {
            watchdog(stringify!($name), || {
                let semaphore = Arc::new($new);
                let inside = Arc::new(AtomicUsize::new(0));
                let enter = |inside: &AtomicUsize, permits| {
                    assert!(inside.fetch_add(permits, Relaxed) + permits <= $most);
                };
                let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
                let task = |task| {
                    let (semaphore, inside) = (Arc::clone(&semaphore), Arc::clone(&inside));
                    async move {
                        for round in 0..OPERATIONS {
                            let permits = (task + round) % PERMITS + 1;
                            let acquire = semaphore.acquire_many_async(permits);
                            // Every other one is cancelled, if it takes too long.
                            let permit = if round % 2 == 0 {
                                acquire.await.unwrap()
                            } else {
                                match tokio::time::timeout(Duration::from_micros(round as u64 % 50), acquire).await {
                                    Ok(permit) => permit.unwrap(),
                                    Err(_) => continue,
                                }
                            };
                            enter(&inside, permits);
                            tokio::task::yield_now().await;
                            inside.fetch_sub(permits, Relaxed);
                            drop(permit);
                        }
                    }
                };
                let tasks: Vec<_> = (0..6).map(|index| runtime.spawn(task(index))).collect();
                thread::scope(|scope| {
                    for thread in 0..4 {
                        let (semaphore, inside) = (&semaphore, &inside);
                        scope.spawn(move || {
                            for round in 0..OPERATIONS {
                                let permits = (thread + round) % PERMITS + 1;
                                let timeout = Duration::from_micros(20);
                                let permit = match round % 3 {
                                    0 => semaphore.acquire_many(permits).ok(),
                                    1 => semaphore.try_acquire_many(permits).ok(),
                                    _ => semaphore.try_acquire_many_for(permits, timeout).ok(),
                                };
                                let Some(mut permit) = permit else { continue };
                                enter(inside, permits);
                                inside.fetch_sub(permits, Relaxed);
                                let part = permit.split(permits / 2).unwrap();
                                drop(permit);
                                drop(part);
                            }
                        });
                    }
                    scope.spawn(|| (0..OPERATIONS).for_each(|round| $disturb(&semaphore, round)));
                });
                runtime.block_on(async {
                    for task in tasks {
                        task.await.unwrap();
                    }
                });
                assert_eq!((semaphore.available_permits(), semaphore.debt()), (PERMITS, 0));
                drop(semaphore.try_acquire_many(PERMITS).unwrap());
            });
        }
    };
}

mixed_run!(
    a_mixed_run_ends_with_exactly_the_permits_that_it_should,
    Semaphore::new(PERMITS),
    PERMITS,
    |semaphore: &Semaphore, _| {
        // Takes away one permit, free or not, and gives it back; and what is free.
        semaphore.reduce_permits(1);
        thread::yield_now();
        semaphore.add_permits(1);
        let forgotten = semaphore.forget_permits(2);
        thread::yield_now();
        semaphore.add_permits(forgotten);
    }
);

mixed_run!(
    a_mixed_run_under_a_changing_limit_ends_with_exactly_the_limit,
    BoundedSemaphore::new(PERMITS),
    MOST,
    |semaphore: &BoundedSemaphore, round: usize| {
        // Never fewer than the largest request, but for the one moment that is looked at.
        semaphore.set_limit(if round % 100 == 0 { 0 } else { PERMITS + round % (MOST - PERMITS + 1) });
        thread::yield_now();
        let forgotten = semaphore.try_acquire().map(|permit| permit.forget());
        thread::yield_now();
        if forgotten.is_ok() {
            semaphore.release(1).unwrap();
        }
        assert!(semaphore.release(MOST + 1).is_err());
        semaphore.set_limit(PERMITS);
    }
);

#[test]
fn what_cannot_be_held_is_refused_and_nothing_changes() {
    let panics = |run: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err();
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    assert!(panics(&|| semaphore.add_permits(1)));
    assert!(panics(&|| semaphore.add_permits(usize::MAX)));
    assert!(panics(&|| drop(Semaphore::new(usize::MAX))));
    assert!(panics(&|| drop(semaphore.acquire_many(usize::MAX))));
    assert!(panics(&|| drop(semaphore.acquire_many_async(usize::MAX))));
    assert!(panics(&|| drop(Arc::new(Semaphore::new(0)).acquire_many_owned_async(usize::MAX))));
    assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);
    // From the most that can be free to the most that can be owed.
    semaphore.reduce_permits(Semaphore::MAX_PERMITS);
    semaphore.reduce_permits(Semaphore::MAX_PERMITS);
    assert!(panics(&|| semaphore.reduce_permits(1)));
    assert_eq!((semaphore.available_permits(), semaphore.debt()), (0, Semaphore::MAX_PERMITS));
    assert!(semaphore.try_acquire().is_err() && semaphore.try_acquire_many(0).is_ok());
    assert_eq!(semaphore.forget_permits(usize::MAX), 0);
}

#[test]
fn what_comes_back_where_there_is_no_room_is_refused_and_nothing_changes() {
    let panics = |run: &mut dyn FnMut()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err();
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    let mut permit = Some(semaphore.acquire().unwrap());
    semaphore.add_permits(1);
    assert!(panics(&mut || drop(permit.take())));
    assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);

    let semaphore = BoundedSemaphore::new(BoundedSemaphore::MAX_PERMITS);
    let mut permit = Some(semaphore.acquire_many(BoundedSemaphore::MAX_PERMITS).unwrap());
    semaphore.release(1).unwrap();
    assert!(panics(&mut || drop(permit.take())));
    assert_eq!((semaphore.available_permits(), semaphore.limit()), (1, BoundedSemaphore::MAX_PERMITS));
    semaphore.set_limit(0);
    assert_eq!(
        (semaphore.debt(), semaphore.in_use()),
        (BoundedSemaphore::MAX_PERMITS - 1, BoundedSemaphore::MAX_PERMITS - 1)
    );
    assert_eq!(semaphore.release(BoundedSemaphore::MAX_PERMITS), Err(OverRelease));
    assert_eq!(semaphore.release(usize::MAX), Err(OverRelease));
    assert!(panics(&mut || semaphore.set_limit(BoundedSemaphore::MAX_PERMITS + 1)));
    assert!(panics(&mut || drop(BoundedSemaphore::new(usize::MAX))));
    assert!(panics(&mut || drop(semaphore.acquire_many(BoundedSemaphore::MAX_PERMITS + 1))));
    assert_eq!(semaphore.release(BoundedSemaphore::MAX_PERMITS - 1), Ok(()));
    assert_eq!((semaphore.debt(), semaphore.in_use(), semaphore.limit()), (0, 0, 0));
}

/// A deadline that the clock cannot tell is none, and one that has passed makes one attempt.
#[test]
fn timeouts_may_be_anything() {
    watchdog("timeouts_may_be_anything", || {
        let (semaphore, past) = (Semaphore::new(1), Instant::now());
        let permit = semaphore.try_acquire_for(Duration::ZERO).unwrap();
        assert!(semaphore.try_acquire_for(Duration::ZERO).is_err() && semaphore.try_acquire_until(past).is_err());
        thread::scope(|scope| {
            for permits in [1, 2] {
                let semaphore = &semaphore;
                scope.spawn(move || {
                    drop(semaphore.try_acquire_many_for(permits, Duration::MAX).expect("it waits as long as it takes"));
                });
            }
            // Long enough to queue; too short a time makes the test weaker, not wrong.
            thread::sleep(Duration::from_millis(5));
            drop(permit);
            semaphore.add_permits(1);
        });
        assert_eq!(semaphore.available_permits(), 2);
        let start = Instant::now();
        assert!(semaphore.try_acquire_many_for(3, Duration::from_millis(20)).is_err());
        assert!(start.elapsed() >= Duration::from_millis(20), "it is not cut short");
    });
}

/// The last of those who have it, or wait for it, frees it: threads and tasks, whose permits own counts of the `Arc`, cancelled or
/// not.
#[test]
fn a_semaphore_may_end_with_the_last_of_its_permits_and_futures() {
    watchdog("a_semaphore_may_end_with_the_last_of_its_permits_and_futures", || {
        for _ in 0..2_000 {
            let semaphore = Arc::new(Semaphore::new(1));
            let weak = Arc::downgrade(&semaphore);
            let guard = Arc::clone(&semaphore).acquire_owned().unwrap();
            let mut first = Box::pin(Arc::clone(&semaphore).acquire_owned_async());
            let mut second = Box::pin(Arc::clone(&semaphore).acquire_owned_async());
            assert!(poll_once(first.as_mut()).is_pending() && poll_once(second.as_mut()).is_pending());
            let threads = [
                thread::spawn(move || drop(guard)),
                thread::spawn(move || drop(first)),
                thread::spawn(move || drop(block_on(second))),
                thread::spawn(move || drop(semaphore.acquire_owned().unwrap())),
            ];
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert_eq!(weak.strong_count(), 0);
        }
    });
}

/// The owner of a permit loses its core while it has it, in every section.
#[test]
fn whoever_waits_lets_the_owner_run_on_one_core() {
    watchdog("whoever_waits_lets_the_owner_run_on_one_core", || {
        let (semaphore, sections) = (Semaphore::new(2), AtomicUsize::new(0));
        on_one_core(|| {
            thread::scope(|scope| {
                for permits in [1, 1, 2, 2] {
                    let (semaphore, sections) = (&semaphore, &sections);
                    scope.spawn(move || {
                        for _ in 0..1_000 {
                            let _permit = semaphore.acquire_many(permits).unwrap();
                            thread::yield_now();
                            sections.fetch_add(1, Relaxed);
                        }
                    });
                }
            });
        });
        assert_eq!((semaphore.available_permits(), sections.load(Relaxed)), (2, 4_000));
    });
}
