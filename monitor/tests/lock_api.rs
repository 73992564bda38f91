//! lock_api's condition variable over the raw one.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use latchwork_core::sync::model::watchdog;
use latchwork_monitor::lock_api_05::{Condvar, RawCondvar};
use latchwork_mutex::lock_api_05::{Mutex, MutexGuard};
use static_assertions::assert_impl_all;

const WAITERS: usize = 4;

assert_impl_all!(RawCondvar: Send, Sync, Unpin);

/// Locks, when so many wait: each counts itself while it has the lock, and gives it up to wait.
fn lock_once<'a>(mutex: &'a Mutex<usize>, waiting: usize) -> MutexGuard<'a, usize> {
    loop {
        let guard = mutex.lock();
        if *guard == waiting {
            return guard;
        }
        drop(guard);
        thread::yield_now();
    }
}

#[test]
fn each_notification_ends_as_many_waits_as_it_says() {
    watchdog("each_notification_ends_as_many_waits_as_it_says", || {
        let (mutex, condvar) = (Mutex::new(0), Condvar::new());
        assert!(!condvar.notify_one());
        assert_eq!(condvar.notify_all(), 0);
        thread::scope(|scope| {
            for number in 0..WAITERS {
                let (mutex, condvar) = (&mutex, &condvar);
                scope.spawn(move || {
                    let mut guard = mutex.lock();
                    *guard += 1;
                    match number % 3 {
                        0 => condvar.wait(&mut guard),
                        1 => assert!(!condvar.wait_for(&mut guard, Duration::MAX).timed_out()),
                        _ => {
                            let late = Instant::now() + Duration::from_secs(100_000);
                            assert!(!condvar.wait_until(&mut guard, late).timed_out());
                        }
                    }
                    assert!(mutex.try_lock().is_none());
                    *guard -= 1;
                });
            }
            drop(lock_once(&mutex, WAITERS));
            assert!(condvar.notify_one(), "nobody holds the lock");
            let guard = lock_once(&mutex, WAITERS - 1);
            assert!(condvar.notify_one(), "somebody does");
            drop(guard);
            let guard = lock_once(&mutex, WAITERS - 2);
            assert_eq!(condvar.notify_all(), WAITERS - 2);
            drop(guard);
        });
        assert_eq!(mutex.into_inner(), 0);
    });
}

#[test]
fn a_wait_that_times_out_says_so_and_has_the_lock() {
    let (mutex, condvar) = (Mutex::new(0), Condvar::new());
    let mut guard = mutex.lock();
    assert!(condvar.wait_for(&mut guard, Duration::from_millis(1)).timed_out());
    assert!(condvar.wait_until(&mut guard, Instant::now()).timed_out());
    assert!(condvar.wait_while_for(&mut guard, |value| *value == 0, Duration::from_millis(1)).timed_out());
    assert!(!condvar.wait_while_for(&mut guard, |value| *value == 1, Duration::ZERO).timed_out());
    assert!(mutex.try_lock().is_none());
    assert!(!condvar.notify_one(), "those who have left are not notified");
    drop(guard);
    assert!(mutex.try_lock().is_some());
}

#[test]
fn items_that_are_passed_under_a_condition_arrive_once() {
    watchdog("items_that_are_passed_under_a_condition_arrive_once", || {
        static SLOT: Mutex<Option<u64>> = Mutex::new(None);
        static CHANGED: Condvar = Condvar::new();
        const ITEMS: u64 = 500;

        let total = thread::scope(|scope| {
            let takers: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        let take = |_| {
                            let mut slot = SLOT.lock();
                            CHANGED.wait_while(&mut slot, |slot| slot.is_none());
                            CHANGED.notify_all();
                            slot.take().expect("it was waited for")
                        };
                        (0..ITEMS).map(take).sum::<u64>()
                    })
                })
                .collect();
            for _ in 0..2 {
                scope.spawn(|| {
                    for item in 0..ITEMS {
                        let mut slot = SLOT.lock();
                        CHANGED.wait_while(&mut slot, |slot| slot.is_some());
                        *slot = Some(item);
                        CHANGED.notify_all();
                    }
                });
            }
            takers.into_iter().map(|taker| taker.join().unwrap()).sum::<u64>()
        });
        assert_eq!(total, ITEMS * (ITEMS - 1));
    });
}

#[test]
fn a_wait_with_a_second_mutex_panics_and_keeps_it_locked() {
    watchdog("a_wait_with_a_second_mutex_panics_and_keeps_it_locked", || {
        let (mutex, other, condvar) = (Mutex::new(0), Mutex::new(0), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut guard = mutex.lock();
                *guard += 1;
                condvar.wait(&mut guard);
            });
            drop(lock_once(&mutex, 1));
            let mut guard = other.lock();
            assert!(catch_unwind(AssertUnwindSafe(|| condvar.wait(&mut guard))).is_err());
            assert!(other.try_lock().is_none());
            drop(guard);
            assert!(condvar.notify_one());
        });
        assert!(other.try_lock().is_some());
    });
}
