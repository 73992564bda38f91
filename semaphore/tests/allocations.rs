//! No path allocates: not an uncontended acquisition, not a wait, of a thread or of a task.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle", latchwork_deadlock)))]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Waker;
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::{CountingAllocator, allocations, poll_once, poll_with};
use latchwork_semaphore::{BoundedSemaphore, Semaphore};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn what_nobody_waits_for_allocates_nothing() {
    let (semaphore, bounded) = (Arc::new(Semaphore::new(3)), BoundedSemaphore::new(3));
    let count = allocations(|| {
        let mut permit = semaphore.acquire_many(2).unwrap();
        let part = permit.split(1).unwrap();
        permit.merge(part).unwrap();
        drop(Arc::clone(&semaphore).try_acquire_owned().unwrap());
        assert!(poll_once(pin!(semaphore.acquire_async())).is_ready());
        semaphore.reduce_permits(2);
        drop(permit);
        bounded.acquire().unwrap().forget();
        bounded.set_limit(1);
        assert!(bounded.release(1).is_ok() && bounded.release(1).is_err());
    });
    assert_eq!(count, 0);
}

#[test]
fn a_waiting_task_allocates_nothing() {
    let semaphore = Semaphore::new(0);
    let count = allocations(|| {
        let (mut first, mut second) = (pin!(semaphore.acquire_many_async(2)), pin!(semaphore.acquire_async()));
        assert!(poll_with(first.as_mut(), Waker::noop()).is_pending());
        assert!(poll_with(second.as_mut(), Waker::noop()).is_pending());
        semaphore.add_permits(2);
        semaphore.try_acquire().unwrap().forget();
        assert!(poll_with(first.as_mut(), Waker::noop()).is_pending());
        semaphore.add_permits(2);
        assert!(poll_with(first.as_mut(), Waker::noop()).is_ready());
        assert!(poll_with(second.as_mut(), Waker::noop()).is_ready());
        semaphore.close();
    });
    assert_eq!(count, 0);
}

/// The first wait of a thread and of a semaphore, too.
#[test]
fn a_waiting_thread_allocates_nothing() {
    for timeout in [Duration::MAX, Duration::from_secs(86_400)] {
        let semaphore = BoundedSemaphore::new(0);
        let is_waiting = AtomicBool::new(false);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                allocations(|| {
                    is_waiting.store(true, Relaxed);
                    drop(semaphore.try_acquire_for(timeout).expect("there is a permit soon"));
                })
            });
            while !is_waiting.load(Relaxed) {
                thread::yield_now();
            }
            // Long enough to go to sleep; too short a time makes the test weaker, not wrong.
            thread::sleep(Duration::from_millis(20));
            let release = allocations(|| semaphore.set_limit(1));
            assert_eq!((release, waiting.join().unwrap()), (0, 0));
        });
    }
}

#[test]
fn a_wait_that_times_out_allocates_nothing() {
    let semaphore = Semaphore::new(1);
    let timed_out = || assert!(semaphore.try_acquire_many_for(2, Duration::from_millis(5)).is_err());
    assert_eq!(allocations(timed_out), 0);
}
