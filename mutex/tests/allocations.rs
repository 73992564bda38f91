//! No path allocates: not an uncontended lock, not a wait, of a thread or of a task.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle", latchwork_deadlock)))]

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::{CountingAllocator, allocations};
use latchwork_mutex::{Mutex, MutexGuard, Owner, ReentrantLock, ReentrantLockGuard};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn an_uncontended_lock_allocates_nothing() {
    let mutex = Mutex::new(0);
    let mut cx = Context::from_waker(Waker::noop());
    let count = allocations(|| {
        *mutex.lock() += 1;
        assert!(mutex.try_lock().is_some());
        assert!(mutex.try_lock_for(Duration::from_secs(86_400)).is_some());
        assert!(pin!(mutex.lock_async()).poll(&mut cx).is_ready());
        MutexGuard::bump(&mut mutex.lock());
    });
    assert_eq!(count, 0);
}

/// Not the number of the thread either, which it is given with its first lock.
#[test]
fn a_reentrant_lock_allocates_nothing() {
    let lock = ReentrantLock::new(0);
    let mut cx = Context::from_waker(Waker::noop());
    let count = allocations(|| {
        let (outer, mut inner) = (lock.lock(), lock.lock());
        let (stranger, shared) = (Owner::new(), Owner::new());
        let mut first = pin!(lock.lock_async(&stranger));
        let (mut second, mut third) = (pin!(lock.lock_async(&shared)), pin!(lock.lock_async(&shared)));
        for waiting in [first.as_mut(), second.as_mut(), third.as_mut()] {
            assert!(waiting.poll(&mut cx).is_pending());
        }
        assert!(lock.try_lock_as_for(&stranger, Duration::from_millis(5)).is_none());
        drop(outer);
        assert!(ReentrantLockGuard::get_mut(&mut inner).is_some());
        ReentrantLockGuard::unlocked(&mut inner, || drop(lock.lock_as(&shared)));
        drop(inner);
        assert!(second.as_mut().poll(&mut cx).is_ready() && third.as_mut().poll(&mut cx).is_ready());
        assert!(first.as_mut().poll(&mut cx).is_ready());
    });
    assert_eq!(count, 0);
}

#[test]
fn a_waiting_task_allocates_nothing() {
    let mutex = Mutex::new(0);
    let mut cx = Context::from_waker(Waker::noop());
    let count = allocations(|| {
        let guard = mutex.lock();
        let (mut first, mut second) = (pin!(mutex.lock_async()), pin!(mutex.lock_async()));
        assert!(first.as_mut().poll(&mut cx).is_pending());
        assert!(second.as_mut().poll(&mut cx).is_pending());
        drop(guard);
        let guard = mutex.lock();
        assert!(first.as_mut().poll(&mut cx).is_pending());
        drop(guard);
        assert!(first.as_mut().poll(&mut cx).is_ready());
        assert!(second.as_mut().poll(&mut cx).is_ready());
    });
    assert_eq!(count, 0);
}

/// The first wait of a thread and of a lock, too.
#[test]
fn a_waiting_thread_allocates_nothing() {
    for timeout in [None, Some(Duration::from_secs(86_400))] {
        let mutex = Mutex::new(0);
        let is_waiting = AtomicBool::new(false);
        let guard = mutex.lock();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                allocations(|| {
                    is_waiting.store(true, Relaxed);
                    match timeout {
                        None => *mutex.lock() += 1,
                        Some(timeout) => *mutex.try_lock_for(timeout).expect("it is unlocked soon") += 1,
                    }
                })
            });
            while !is_waiting.load(Relaxed) {
                thread::yield_now();
            }
            // Long enough to go to sleep; too short a time makes the test weaker, not wrong.
            thread::sleep(Duration::from_millis(20));
            let unlock = allocations(|| drop(guard));
            assert_eq!((unlock, waiting.join().unwrap()), (0, 0));
        });
    }
}

#[test]
fn a_wait_that_times_out_allocates_nothing() {
    let mutex = Mutex::new(0);
    let guard = mutex.lock();
    assert_eq!(allocations(|| assert!(mutex.try_lock_for(Duration::from_millis(5)).is_none())), 0);
    drop(guard);
}
