//! What a subscriber is told of waits.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::{poll_once, watchdog};
use latchwork_core::trace::collector::{adding, short};
use latchwork_monitor::{Condvar, Monitor};
use latchwork_mutex::{Mutex, MutexGuard};

/// For a wait that ends in vain.
const MOMENT: Duration = Duration::from_millis(2);

#[test]
fn a_thread_that_waits_for_a_predicate_is_told_of_once() {
    watchdog("a_thread_that_waits_for_a_predicate_is_told_of_once", || {
        let (monitor, waits, was_asked) = (Monitor::new(0), Arc::default(), AtomicBool::new(false));
        let is_one = |value: &i32| {
            was_asked.store(true, SeqCst);
            *value == 1
        };
        let line = line!() + 2;
        thread::scope(|scope| {
            scope.spawn(|| adding(&waits, || drop(monitor.enter_when(is_one))));
            while !was_asked.load(SeqCst) {
                thread::yield_now();
            }
            // It is asked inside, and does not leave before it waits.
            *monitor.enter() += 1;
        });
        assert_eq!(*waits.lock().unwrap(), [short("predicate", "thread", "acquired", line)]);
    });
}

#[test]
fn those_whose_time_runs_out_are_told_of() {
    let (monitor, waits) = (Monitor::new(0), Arc::default());
    let (mutex, condvar) = (Mutex::new(0), Condvar::new());
    let condition = monitor.condition();
    adding(&waits, || {
        assert!(monitor.try_enter_when_for(|value| *value == 1, MOMENT).is_none());
        let mut guard = monitor.enter();
        assert!(guard.wait_for(&condition, MOMENT).timed_out());
        assert!(!guard.wait_until_for(|value| *value == 1, MOMENT));
        drop(guard);
        let mut guard = mutex.lock();
        assert!(condvar.wait_for(&mut guard, MOMENT).timed_out());
        assert!(condvar.wait_while_for(&mut guard, |_| true, MOMENT).timed_out());
        drop(guard);
    });
    let line = line!() - 10;
    let expected = [
        short("predicate", "thread", "timed out", line),
        // It is inside, and told of when it leaves: for that it leaves, too.
        short("condition", "thread", "timed out", line + 2),
        short("predicate", "thread", "timed out", line + 3),
        short("condition", "thread", "timed out", line + 6),
        short("condition", "thread", "timed out", line + 7),
    ];
    assert_eq!(*waits.lock().unwrap(), expected);
}

#[test]
fn a_task_that_waits_for_a_predicate_is_told_of_once() {
    let (monitor, waits) = (Monitor::new(0), Arc::default());
    adding(&waits, || {
        let mut waiting = pin!(monitor.enter_when_async(|value| *value == 2));
        assert!(poll_once(waiting.as_mut()).is_pending());
        let mut cancelled = Box::pin(monitor.enter().wait_until_async(|value| *value == 3));
        assert!(poll_once(cancelled.as_mut()).is_pending());
        *monitor.enter() += 2;
        // It finds that others have been inside, and waits on.
        *monitor.enter() -= 1;
        assert!(poll_once(waiting.as_mut()).is_pending());
        *monitor.enter() += 1;
        drop(cancelled);
        let Poll::Ready(guard) = poll_once(waiting.as_mut()) else { panic!("its predicate holds") };
        assert_eq!(waits.lock().unwrap().len(), 1);
        drop(guard);
    });
    let line = line!() - 14;
    let expected = [short("predicate", "task", "cancelled", line + 2), short("predicate", "task", "acquired", line)];
    assert_eq!(*waits.lock().unwrap(), expected);
}

#[test]
fn a_task_that_waits_for_a_notification_is_told_of_once_for_each_wait() {
    let (monitor, waits) = (Monitor::new(0), Arc::default());
    let condition = monitor.condition();
    adding(&waits, || {
        let mut waiting = pin!(monitor.enter().wait_while_async(&condition, |value| *value < 2));
        assert!(poll_once(waiting.as_mut()).is_pending());
        let mut cancelled = Box::pin(monitor.enter().wait_async(&condition));
        assert!(poll_once(cancelled.as_mut()).is_pending());
        drop(cancelled);
        for _ in 0..2 {
            let mut guard = monitor.enter();
            *guard += 1;
            assert_eq!(condition.notify_one(&guard), 1);
            drop(guard);
            let _ = poll_once(waiting.as_mut()).map(drop);
        }
    });
    let line = line!() - 13;
    let expected = [
        short("condition", "task", "cancelled", line + 2),
        short("condition", "task", "acquired", line),
        short("condition", "task", "acquired", line),
    ];
    assert_eq!(*waits.lock().unwrap(), expected);
}

/// It comes for the mutex as a newcomer, once a notification that does not know the mutex has reached it.
#[test]
fn a_task_that_is_notified_from_outside_is_told_of_once_for_each_wait() {
    let (mutex, condvar, waits) = (Mutex::new(0), Condvar::new(), Arc::default());
    adding(&waits, || {
        let mut waiting = pin!(condvar.wait_while_async(mutex.lock(), |value| *value < 2));
        assert!(poll_once(waiting.as_mut()).is_pending());
        for _ in 0..2 {
            *mutex.lock() += 1;
            assert!(condvar.notify_one());
            let _ = poll_once(waiting.as_mut()).map(drop);
        }
    });
    let line = line!() - 8;
    let expected = [short("condition", "task", "acquired", line), short("condition", "task", "acquired", line)];
    assert_eq!(*waits.lock().unwrap(), expected);
}

#[test]
fn a_thread_that_has_to_wait_for_the_mutex_again_is_told_of_once() {
    watchdog("a_thread_that_has_to_wait_for_the_mutex_again_is_told_of_once", || {
        let (mutex, condvar, waits) = (Mutex::new(0), Condvar::new(), Arc::default());
        let is_locked = AtomicBool::new(false);
        let line = line!() + 5;
        let wait = || {
            let mut guard = mutex.lock();
            is_locked.store(true, SeqCst);
            adding(&waits, || {
                assert!(condvar.wait_for(&mut guard, MOMENT).timed_out());
                drop(guard);
            });
        };
        thread::scope(|scope| {
            let waiting = scope.spawn(wait);
            while !is_locked.load(SeqCst) {
                thread::yield_now();
            }
            // Had when the other begins to wait, and given up when it waits for it.
            let mut guard = mutex.lock();
            while !waiting.is_finished() {
                MutexGuard::bump(&mut guard);
                thread::yield_now();
            }
        });
        assert_eq!(*waits.lock().unwrap(), [short("condition", "thread", "timed out", line)]);
    });
}
