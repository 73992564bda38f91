//! The semaphore under hand-polled futures: wakers that re-enter, panic, or are replaced; futures that are never polled again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::{Foreign, poll_once, poll_with, watchdog};
use latchwork_semaphore::{AcquireOwned, BoundedSemaphore, Semaphore};

type Future = Pin<Box<AcquireOwned>>;

fn semaphore(permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits))
}

fn future(semaphore: &Arc<Semaphore>, permits: usize) -> Future {
    Box::pin(Arc::clone(semaphore).acquire_many_owned_async(permits))
}

fn queued(semaphore: &Arc<Semaphore>, permits: usize, waker: &Waker) -> Future {
    let mut future = future(semaphore, permits);
    assert!(poll_with(future.as_mut(), waker).is_pending());
    future
}

#[test]
fn a_waker_that_acquires_from_the_same_semaphore_finds_what_it_was_woken_for() {
    watchdog("a_waker_that_acquires_from_the_same_semaphore_finds_what_it_was_woken_for", || {
        let semaphore = semaphore(0);
        let foreign = Arc::new(Foreign::default());
        let _waiting = queued(&semaphore, 2, &foreign.waker());
        let (again, found) = (Arc::clone(&semaphore), Arc::new(AtomicBool::new(false)));
        let has_found = Arc::clone(&found);
        foreign.on_wake(move || {
            let permit = again.acquire_many(2).unwrap();
            assert!(again.try_acquire_for(Duration::from_millis(1)).is_err(), "it can be queued for, too");
            has_found.store(permit.count() == 2, Relaxed);
        });
        semaphore.add_permits(2);
        assert!(found.load(Relaxed));
    });
}

#[test]
fn a_waker_that_polls_inline_gets_its_permits() {
    watchdog("a_waker_that_polls_inline_gets_its_permits", || {
        let semaphore = semaphore(0);
        let foreign = Arc::new(Foreign::default());
        let mut waiting = queued(&semaphore, 1, &foreign.waker());
        let ready = Arc::new(AtomicBool::new(false));
        let was_ready = Arc::clone(&ready);
        foreign.on_wake(move || was_ready.store(poll_once(waiting.as_mut()).is_ready(), Relaxed));
        semaphore.add_permits(1);
        assert!(ready.load(Relaxed));
    });
}

/// The queue's lock is not held while a waker is cloned, woken or dropped: each may use the semaphore.
#[test]
fn a_waker_may_use_the_semaphore_when_it_is_cloned_or_dropped() {
    watchdog("a_waker_may_use_the_semaphore_when_it_is_cloned_or_dropped", || {
        let semaphore = semaphore(0);
        let (foreign, other) = (Arc::new(Foreign::default()), Arc::new(Foreign::default()));
        let touches = Arc::new(AtomicUsize::new(0));
        let touch = || {
            let (semaphore, touches) = (Arc::clone(&semaphore), Arc::clone(&touches));
            move || {
                assert!(semaphore.try_acquire_for(Duration::from_millis(1)).is_err(), "it can be queued for");
                touches.fetch_add(1, Relaxed);
            }
        };
        foreign.on_clone(touch());
        let mut waiting = queued(&semaphore, 1, &foreign.waker());
        // Polled with another waker, the first is dropped; cancelled, the second is.
        foreign.on_drop(touch());
        other.on_clone(touch());
        assert!(poll_with(waiting.as_mut(), &other.waker()).is_pending());
        other.on_drop(touch());
        drop(waiting);
        assert_eq!(touches.load(Relaxed), 4);
        semaphore.add_permits(1);
        assert_eq!(semaphore.available_permits(), 1);
    });
}

#[test]
fn a_waker_that_panics_when_woken_leaves_the_permits_free_and_the_others_woken() {
    watchdog("a_waker_that_panics_when_woken_leaves_the_permits_free_and_the_others_woken", || {
        let semaphore = semaphore(0);
        let foreign = [(); 12].map(|()| Arc::new(Foreign::default()));
        let mut waiting = foreign.each_ref().map(|foreign| queued(&semaphore, 1, &foreign.waker()));
        for index in [0, 5] {
            foreign[index].on_wake(|| panic!("woken"));
        }
        assert!(catch_unwind(AssertUnwindSafe(|| semaphore.add_permits(11))).is_err());
        assert_eq!(foreign.each_ref().map(|foreign| foreign.wakes()).iter().sum::<usize>(), 11);
        assert_eq!(semaphore.available_permits(), 11);
        let ready = waiting.iter_mut().filter_map(|future| match poll_once(future.as_mut()) {
            Poll::Ready(permit) => Some(permit.unwrap()),
            Poll::Pending => None,
        });
        assert_eq!(ready.collect::<Vec<_>>().len(), 11);
    });
}

#[test]
fn a_waker_that_panics_when_cloned_queues_nobody() {
    let semaphore = semaphore(0);
    let foreign = Arc::new(Foreign::default());
    let waker = foreign.waker();
    let mut future = future(&semaphore, 1);
    foreign.on_clone(|| panic!("cloned"));
    assert!(catch_unwind(AssertUnwindSafe(|| poll_with(future.as_mut(), &waker).is_pending())).is_err());
    semaphore.add_permits(1);
    assert_eq!(foreign.wakes(), 0);
    assert!(poll_with(future.as_mut(), &waker).is_ready(), "the future can be polled on");
}

/// A queued future that takes what is free lets go of its waker: if that panics, there is no permit to give back.
#[test]
fn a_waker_that_panics_when_dropped_by_the_taker_leaves_the_permits_free() {
    let semaphore = semaphore(0);
    let (first, second) = (Arc::new(Foreign::default()), Arc::new(Foreign::default()));
    let waiting = queued(&semaphore, 1, &first.waker());
    let mut late = queued(&semaphore, 1, &second.waker());
    semaphore.add_permits(1);
    second.on_drop(|| panic!("dropped"));
    assert!(catch_unwind(AssertUnwindSafe(|| poll_once(late.as_mut()).is_ready())).is_err());
    assert_eq!(semaphore.available_permits(), 1);
    drop((waiting, late));
    assert!(semaphore.try_acquire().is_ok());
}

#[test]
fn a_future_polled_by_another_task_wakes_that_one() {
    let semaphore = semaphore(0);
    let (first, second) = (Arc::new(Foreign::default()), Arc::new(Foreign::default()));
    let mut waiting = queued(&semaphore, 1, &first.waker());
    assert!(poll_with(waiting.as_mut(), &second.waker()).is_pending());
    semaphore.add_permits(1);
    assert_eq!((first.wakes(), second.wakes()), (0, 1));
    assert!(poll_with(waiting.as_mut(), &second.waker()).is_ready());
}

#[test]
fn a_pending_future_is_woken_once_per_release_and_never_by_itself() {
    let semaphore = semaphore(0);
    let foreign = Arc::new(Foreign::default());
    let mut waiting = queued(&semaphore, 1, &foreign.waker());
    for round in 0..10 {
        assert!(poll_with(waiting.as_mut(), &foreign.waker()).is_pending());
        assert_eq!(foreign.wakes(), round);
        semaphore.add_permits(1);
        assert_eq!(foreign.wakes(), round + 1);
        semaphore.try_acquire().unwrap().forget();
    }
    semaphore.add_permits(1);
    assert!(poll_with(waiting.as_mut(), &foreign.waker()).is_ready());
}

/// Order of first polls, whatever is polled in between.
#[test]
fn futures_are_woken_in_the_order_of_their_first_polls() {
    let semaphore = semaphore(0);
    let foreign = [(); 6].map(|()| Arc::new(Foreign::default()));
    let mut waiting = [3, 1, 4, 0, 5, 2].map(|index| (index, future(&semaphore, 1)));
    waiting.sort_by_key(|(index, _)| *index);
    for (index, future) in &mut waiting {
        assert!(poll_with(future.as_mut(), &foreign[*index].waker()).is_pending());
    }
    for (index, future) in waiting.iter_mut().rev() {
        assert!(poll_with(future.as_mut(), &foreign[*index].waker()).is_pending());
    }
    for woken in 1..=foreign.len() {
        semaphore.add_permits(1);
        let wakes = foreign.each_ref().map(|foreign| foreign.wakes());
        assert!(wakes.iter().enumerate().all(|(index, wakes)| *wakes == usize::from(index < woken)), "{wakes:?}");
    }
}

/// The shape that has become known as futurelock, in one task.
#[test]
fn a_future_that_is_not_polled_cannot_hang_its_own_task() {
    watchdog("a_future_that_is_not_polled_cannot_hang_its_own_task", || {
        let semaphore = semaphore(1);
        let permit = semaphore.try_acquire().unwrap();
        let abandoned = [1, 1, 1].map(|permits| queued(&semaphore, permits, Waker::noop()));
        drop(permit);
        for _ in 0..3 {
            drop(futures_lite::future::block_on(semaphore.acquire_async()).unwrap());
            drop(semaphore.acquire().unwrap());
        }
        drop(abandoned);
        assert_eq!(semaphore.available_permits(), 1);
    });
}

/// In every stage: never polled, queued, woken, ready; with requests of several sizes.
#[test]
fn futures_dropped_in_any_order_leave_every_permit() {
    const SIZES: [usize; 5] = [2, 1, 3, 1, 2];
    // Every order of five, by Lehmer's code.
    for code in 0..120 {
        for woken in 0..=4 {
            let semaphore = semaphore(0);
            let mut waiting: Vec<_> = SIZES.iter().map(|size| Some(future(&semaphore, *size))).collect();
            // The last is never polled.
            for future in waiting.iter_mut().take(SIZES.len() - 1).flatten() {
                assert!(poll_once(future.as_mut()).is_pending());
            }
            semaphore.add_permits(woken);
            if woken > 2 {
                let _ = poll_once(waiting[1].as_mut().unwrap().as_mut());
            }
            let mut rest: Vec<usize> = (0..SIZES.len()).collect();
            let mut code = code;
            for left in (1..=SIZES.len()).rev() {
                drop(waiting[rest.remove(code % left)].take());
                code /= left;
            }
            assert_eq!((semaphore.available_permits(), semaphore.debt()), (woken, 0));
            drop(semaphore.try_acquire_many(woken).unwrap());
        }
    }
}

#[test]
fn a_forgotten_future_leaves_a_semaphore_that_can_be_used_and_moved() {
    let semaphore = semaphore(0);
    std::mem::forget(queued(&semaphore, 2, Waker::noop()));
    assert!(semaphore.try_acquire().is_err());
    semaphore.add_permits(2);
    drop(semaphore.try_acquire_many(2).unwrap());
    let mut waiting = queued(&semaphore, 3, Waker::noop());
    semaphore.add_permits(1);
    assert!(poll_once(waiting.as_mut()).is_ready());
}

#[test]
fn a_future_is_not_fused() {
    let semaphore = semaphore(1);
    let mut acquired = future(&semaphore, 1);
    assert!(poll_once(acquired.as_mut()).is_ready());
    assert!(catch_unwind(AssertUnwindSafe(|| poll_once(acquired.as_mut()).is_ready())).is_err());
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn a_closed_semaphore_stays_closed_and_takes_permits_back() {
    let semaphore = semaphore(2);
    let permit = semaphore.try_acquire().unwrap();
    let mut waiting = queued(&semaphore, 2, Waker::noop());
    semaphore.close();
    assert!(matches!(poll_once(waiting.as_mut()), Poll::Ready(Err(_))));
    drop(permit);
    assert_eq!(semaphore.forget_permits(1), 1);
    semaphore.reduce_permits(2);
    semaphore.add_permits(4);
    assert_eq!((semaphore.available_permits(), semaphore.is_closed()), (3, true));
    assert!(semaphore.try_acquire().is_err());

    let bounded = BoundedSemaphore::new(2);
    let permit = bounded.acquire().unwrap();
    bounded.close();
    bounded.set_limit(1);
    drop(permit);
    assert_eq!((bounded.available_permits(), bounded.limit(), bounded.is_closed()), (1, 1, true));
}

/// A thread that acquires again as soon as it has released cannot keep another, or a task, from a permit.
#[test]
fn a_hot_thread_starves_neither_a_thread_nor_a_task() {
    watchdog("a_hot_thread_starves_neither_a_thread_nor_a_task", || {
        let (semaphore, stop) = (semaphore(1), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Relaxed) {
                    let _permit = semaphore.acquire().unwrap();
                    std::hint::spin_loop();
                }
            });
            for _ in 0..20 {
                drop(semaphore.acquire().unwrap());
                drop(futures_lite::future::block_on(semaphore.acquire_async()).unwrap());
            }
            stop.store(true, Relaxed);
        });
    });
}

/// Nor can many that ask for one keep one that asks for all from its permits.
#[test]
fn small_requests_do_not_starve_a_large_one() {
    watchdog("small_requests_do_not_starve_a_large_one", || {
        let (semaphore, stop) = (semaphore(3), AtomicBool::new(false));
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        let _permit = semaphore.acquire().unwrap();
                        thread::yield_now();
                    }
                });
            }
            for _ in 0..20 {
                drop(semaphore.acquire_many(3).unwrap());
                drop(futures_lite::future::block_on(semaphore.acquire_many_async(3)).unwrap());
            }
            stop.store(true, Relaxed);
        });
    });
}

/// As many threads as permits: no attempt may fail, whoever comes and goes.
#[test]
fn attempts_never_fail_while_enough_is_free() {
    let semaphore = semaphore(3);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    drop(semaphore.try_acquire().unwrap());
                }
            });
        }
        for _ in 0..20_000 {
            assert!(semaphore.try_acquire_many(4).is_err());
        }
    });
}
