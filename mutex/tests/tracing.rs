//! What a subscriber is told of waits, and what it may do.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex as StdMutex};
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::{poll_once, watchdog};
use latchwork_core::trace::collector::{Wait, telling};
use latchwork_mutex::{Mutex, MutexGuard, Owner, ReentrantLock};

/// For a wait that ends without the lock.
const MOMENT: Duration = Duration::from_millis(2);

/// Runs this on this thread, and returns what is told meanwhile.
fn told(run: impl FnOnce()) -> Vec<Wait> {
    let waits = Arc::new(StdMutex::new(Vec::new()));
    let collected = Arc::clone(&waits);
    telling(move |wait| collected.lock().unwrap().push(wait), run);
    let waits = waits.lock().unwrap();
    waits.clone()
}

/// Who has waited, what came of it, and in which line of this file it was asked for.
fn short(waits: &[Wait]) -> Vec<(&str, &str, u32)> {
    let line = |at: &str| {
        let (file, place) = at.split_once("rs:").unwrap();
        assert!(file.ends_with("tracing."), "{at}");
        place.split(':').next().unwrap().parse().unwrap()
    };
    waits.iter().map(|wait| (&*wait.who, &*wait.outcome, line(&wait.at))).collect()
}

/// Runs `wait` on a thread that begins while the mutex is locked, and lets it in whenever it waits, until it has ended.
fn contend<R: Send>(mutex: &Mutex<u32>, wait: impl FnOnce() -> R + Send) -> R {
    let mut guard = mutex.lock();
    thread::scope(|scope| {
        let waiting = scope.spawn(wait);
        while !waiting.is_finished() {
            MutexGuard::bump(&mut guard);
            thread::yield_now();
        }
        waiting.join().unwrap()
    })
}

#[test]
fn a_thread_that_has_waited_is_told_of_once() {
    watchdog("a_thread_that_has_waited_is_told_of_once", || {
        let mutex = Mutex::new(0);
        let line = line!() + 1;
        let waits = contend(&mutex, || told(|| *mutex.lock() += 1));
        assert_eq!(short(&waits), [("thread", "acquired", line)]);
        assert!(waits[0].what == "mutex" && waits[0].waited_ns > 0 && waits[0].lock.starts_with("0x"));
        assert_eq!(mutex.into_inner(), 1);
    });
}

#[test]
fn a_thread_is_told_of_by_the_place_of_its_call_in_whatever_form() {
    watchdog("a_thread_is_told_of_by_the_place_of_its_call_in_whatever_form", || {
        let mutex = Arc::new(Mutex::new(0));
        let line = line!();
        let waits = contend(&mutex, || {
            told(|| {
                mutex.with(|value| *value += 1);
                *mutex.try_lock_for(Duration::MAX).unwrap() += 1;
                *Arc::clone(&mutex).lock_owned() += 1;
            })
        });
        let waits = short(&waits);
        // Whoever comes a second time may find the lock free.
        assert_eq!(waits[0], ("thread", "acquired", line + 3));
        let lines = line + 3..=line + 5;
        assert!(
            waits.iter().all(|(who, outcome, at)| (*who, *outcome) == ("thread", "acquired") && lines.contains(at))
        );
    });
}

#[test]
#[cfg(feature = "lock_api_05")]
fn a_thread_that_waits_by_lock_api_is_told_of_by_the_place_of_its_call() {
    let mutex = latchwork_mutex::lock_api_05::Mutex::new(0);
    let guard = mutex.lock();
    let line = line!() + 1;
    let waits = told(|| assert!(mutex.try_lock_for(MOMENT).is_none()));
    assert_eq!(short(&waits), [("thread", "timed out", line)]);
    drop(guard);
}

#[test]
fn a_guard_that_locks_again_is_told_of_by_the_place_of_that_call() {
    watchdog("a_guard_that_locks_again_is_told_of_by_the_place_of_that_call", || {
        let mutex = Mutex::new(0);
        let (has_been_in, is_back) = (AtomicBool::new(false), AtomicBool::new(false));
        let guest = || {
            let mut guard = mutex.lock();
            has_been_in.store(true, SeqCst);
            while !is_back.load(SeqCst) {
                MutexGuard::bump(&mut guard);
                thread::yield_now();
            }
        };
        let line = line!() + 6;
        let waits = thread::scope(|scope| {
            told(|| {
                let mut guard = mutex.lock();
                scope.spawn(guest);
                while !has_been_in.load(SeqCst) {
                    MutexGuard::bump(&mut guard);
                    thread::yield_now();
                }
                is_back.store(true, SeqCst);
            })
        });
        assert_eq!(short(&waits), [("thread", "acquired", line)]);
    });
}

#[test]
fn a_task_that_has_waited_is_told_of_when_it_has_unlocked() {
    let mutex = Mutex::new(0);
    let waits = told(|| {
        let guard = mutex.lock();
        let mut waiting = pin!(mutex.lock_async());
        assert!(poll_once(waiting.as_mut()).is_pending() && poll_once(waiting.as_mut()).is_pending());
        drop(guard);
        assert!(poll_once(waiting.as_mut()).is_ready());
    });
    assert_eq!(short(&waits), [("task", "acquired", line!() - 5)]);
    assert!(waits[0].waited_ns > 0);
}

#[test]
fn nobody_is_told_of_before_it_has_unlocked() {
    let mutex = Mutex::new(0);
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    telling(
        move |_| _ = counted.fetch_add(1, SeqCst),
        || {
            let guard = mutex.lock();
            let mut waiting = Box::pin(mutex.lock_async());
            assert!(poll_once(waiting.as_mut()).is_pending());
            drop(guard);
            let guard = pin!(waiting);
            let std::task::Poll::Ready(guard) = poll_once(guard) else { panic!("the lock is free") };
            assert_eq!(count.load(SeqCst), 0);
            drop(guard);
            assert_eq!(count.load(SeqCst), 1);
            drop(mutex.lock());
            assert_eq!(count.load(SeqCst), 1, "it is told once");
        },
    );
}

#[test]
fn a_thread_whose_time_runs_out_is_told_of_at_once() {
    let mutex = Mutex::new(0);
    let _guard = mutex.lock();
    let waits = told(|| assert!(mutex.try_lock_for(MOMENT).is_none()));
    assert_eq!(short(&waits), [("thread", "timed out", line!() - 1)]);
    assert!(u128::from(waits[0].waited_ns) >= MOMENT.as_nanos());
}

#[test]
fn a_task_that_is_cancelled_is_told_of_whether_it_was_woken_or_not() {
    let mutex = Mutex::new(0);
    let waits = told(|| {
        let guard = mutex.lock();
        let mut queued = Box::pin(mutex.lock_async());
        let mut woken = Box::pin(mutex.lock_async());
        assert!(poll_once(woken.as_mut()).is_pending() && poll_once(queued.as_mut()).is_pending());
        drop(queued);
        drop(guard);
        drop(woken);
    });
    let line = line!() - 7;
    assert_eq!(short(&waits), [("task", "cancelled", line), ("task", "cancelled", line + 1)]);
}

#[test]
fn nobody_is_told_of_who_does_not_wait() {
    let (mutex, owner) = (Mutex::new(0), Owner::new());
    let waits = told(|| {
        drop(mutex.lock());
        assert!(mutex.try_lock_for(MOMENT).is_some() && poll_once(pin!(mutex.lock_async())).is_ready());
        drop(mutex.lock_async());
        let _guard = mutex.lock();
        assert!(mutex.try_lock().is_none() && mutex.try_lock_for(Duration::ZERO).is_none());
        let lock = ReentrantLock::new(0);
        let outer = lock.lock();
        drop(lock.lock());
        drop(outer);
        drop(lock.lock_as(&owner));
    });
    assert_eq!(waits, []);
}

#[test]
fn those_who_wait_for_a_reentrant_lock_are_told_of() {
    let (lock, owner) = (ReentrantLock::new(0), Owner::new());
    let waits = told(|| {
        let guard = lock.lock();
        assert!(lock.try_lock_as_for(&owner, MOMENT).is_none());
        let mut waiting = pin!(lock.lock_async(&owner));
        assert!(poll_once(waiting.as_mut()).is_pending());
        drop(guard);
        assert!(poll_once(waiting.as_mut()).is_ready());
    });
    let line = line!() - 6;
    assert_eq!(short(&waits), [("thread", "timed out", line), ("task", "acquired", line + 1)]);
}

#[test]
fn a_subscriber_may_lock_the_lock_that_has_been_waited_for() {
    watchdog("a_subscriber_may_lock_the_lock_that_has_been_waited_for", || {
        let mutex = Arc::new(Mutex::new(0));
        let locked = Arc::clone(&mutex);
        let locks = move |_| *locked.lock() += 1;
        let (waiting, to_cancel) = (Arc::clone(&mutex), Arc::clone(&mutex));
        contend(&mutex, move || telling(locks, || drop(waiting.lock())));
        let told = *mutex.lock();
        assert!(told > 0);

        let locked = Arc::clone(&mutex);
        telling(
            move |_| *locked.lock() += 1,
            || {
                let guard = mutex.lock();
                let mut acquired = Box::pin(Arc::clone(&mutex).lock_owned_async());
                let mut cancelled = Box::pin(to_cancel.lock_owned_async());
                assert!(poll_once(acquired.as_mut()).is_pending() && poll_once(cancelled.as_mut()).is_pending());
                drop(guard);
                drop(cancelled);
                assert!(poll_once(acquired.as_mut()).is_ready());
            },
        );
        assert_eq!(*mutex.lock(), told + 2);
    });
}

/// The subscriber waits in the queue, for a guard that is dropped once it has been told.
#[test]
fn a_subscriber_may_wait_for_the_lock_that_was_not_had() {
    watchdog("a_subscriber_may_wait_for_the_lock_that_was_not_had", || {
        let mutex = Arc::new(Mutex::new(0));
        let guard = mutex.lock();
        let is_told = Arc::new(AtomicBool::new(false));
        let (locked, tells) = (Arc::clone(&mutex), Arc::clone(&is_told));
        thread::scope(|scope| {
            scope.spawn(|| {
                let lock = move |_| {
                    tells.store(true, SeqCst);
                    *locked.lock() += 1;
                };
                telling(lock, || assert!(mutex.try_lock_for(MOMENT).is_none()));
            });
            while !is_told.load(SeqCst) {
                thread::yield_now();
            }
            drop(guard);
        });
        assert_eq!(*mutex.lock(), 1);
    });
}

#[test]
fn a_subscriber_that_panics_loses_nothing() {
    watchdog("a_subscriber_that_panics_loses_nothing", || {
        let mutex = Mutex::new(0);
        telling(
            |_| panic!("in the subscriber"),
            || {
                contend(&mutex, || telling(|_| panic!("in the subscriber"), || *mutex.lock() += 1));
                let guard = mutex.lock();
                assert!(mutex.try_lock_for(MOMENT).is_none());
                let (mut cancelled, mut waiting) = (Box::pin(mutex.lock_async()), Box::pin(mutex.lock_async()));
                assert!(poll_once(cancelled.as_mut()).is_pending() && poll_once(waiting.as_mut()).is_pending());
                drop(guard);
                // It passes its wake-up on.
                drop(cancelled);
                assert!(poll_once(waiting.as_mut()).is_ready());
                assert_eq!(*mutex.try_lock().expect("nobody has it"), 1);
            },
        );
    });
}
