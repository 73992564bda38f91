//! No path allocates: neither a notification nor a wait, of a thread or of a task.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle", latchwork_deadlock)))]

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::{CountingAllocator, allocations, poll_once};
use latchwork_monitor::{Condvar, Monitor};
use latchwork_mutex::Mutex;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn a_waiting_task_allocates_nothing() {
    let (mutex, condvar) = (Mutex::new(0), Condvar::new());
    let count = allocations(|| {
        let mut first = pin!(condvar.wait_async(mutex.lock()));
        assert!(poll_once(first.as_mut()).is_pending());
        let mut second = pin!(condvar.wait_async(mutex.lock()));
        assert!(poll_once(second.as_mut()).is_pending());
        let guard = mutex.lock();
        assert_eq!(condvar.notify_all(), 2);
        drop(guard);
        assert!(poll_once(first.as_mut()).is_ready());
        assert!(poll_once(second.as_mut()).is_ready());
    });
    assert_eq!(count, 0);
}

/// The first wait of a thread and of a condition variable, too.
#[test]
fn a_waiting_thread_allocates_nothing() {
    let (mutex, condvar, is_waiting) = (Mutex::new(false), Condvar::new(), AtomicBool::new(false));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            allocations(|| {
                let mut guard = mutex.lock();
                is_waiting.store(true, Relaxed);
                condvar.wait_while(&mut guard, |is_set| !*is_set);
                assert!(condvar.wait_for(&mut guard, Duration::from_millis(5)).timed_out());
            })
        });
        while !is_waiting.load(Relaxed) {
            thread::yield_now();
        }
        // Long enough to go to sleep; too short a time makes the test weaker, not wrong.
        thread::sleep(Duration::from_millis(20));
        let notifying = allocations(|| {
            *mutex.lock() = true;
            condvar.notify_one();
        });
        assert_eq!((notifying, waiting.join().unwrap()), (0, 0));
    });
}

#[test]
fn a_task_that_waits_for_a_predicate_allocates_nothing() {
    let monitor = Monitor::new(0);
    let condition = monitor.condition();
    let count = allocations(|| {
        let mut waits = pin!(monitor.enter_when_async(|number| *number == 1));
        assert!(poll_once(waits.as_mut()).is_pending());
        let mut notified = pin!(monitor.enter().wait_async(&condition));
        assert!(poll_once(notified.as_mut()).is_pending());
        {
            let mut cancelled = pin!(monitor.enter_when_async(|number| *number == 2));
            assert!(poll_once(cancelled.as_mut()).is_pending());
        }
        let mut guard = monitor.enter();
        *guard = 1;
        assert_eq!(condition.notify_all(&guard), 1);
        drop(guard);
        assert!(poll_once(waits.as_mut()).is_ready());
        assert!(poll_once(notified.as_mut()).is_ready());
    });
    assert_eq!(count, 0);
}

/// The first wait of a thread and of a monitor, too.
#[test]
fn a_thread_that_waits_for_a_predicate_allocates_nothing() {
    let (monitor, is_waiting) = (Monitor::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            allocations(|| {
                let mut guard = monitor.enter();
                is_waiting.store(true, Relaxed);
                guard.wait_until(|number| *number == 1);
                assert!(!guard.wait_until_for(|number| *number == 2, Duration::from_millis(5)));
            })
        });
        while !is_waiting.load(Relaxed) {
            thread::yield_now();
        }
        // Long enough to go to sleep; too short a time makes the test weaker, not wrong.
        thread::sleep(Duration::from_millis(20));
        let changing = allocations(|| *monitor.enter() = 1);
        assert_eq!((changing, waiting.join().unwrap()), (0, 0));
    });
}
