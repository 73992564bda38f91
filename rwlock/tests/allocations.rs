//! No path allocates: not an uncontended lock, not a wait, of a thread or of a task.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle", latchwork_deadlock)))]

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::{CountingAllocator, allocations, poll_once};
use latchwork_rwlock::{RwLock, RwLockUpgradableGuard, RwLockWriteGuard};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn an_uncontended_lock_allocates_nothing() {
    let lock = RwLock::new(0);
    let count = allocations(|| {
        drop((lock.read(), lock.upgradable_read(), lock.read_recursive()));
        let guard = RwLockWriteGuard::downgrade_to_upgradable(lock.write());
        *RwLockUpgradableGuard::upgrade(guard) += 1;
        assert!(poll_once(pin!(lock.write_async())).is_ready() && lock.try_write().is_some());
    });
    assert_eq!(count, 0);
}

#[test]
fn a_waiting_task_allocates_nothing() {
    let lock = RwLock::new(0);
    let count = allocations(|| {
        let guard = lock.write();
        let (mut reader, mut writer) = (pin!(lock.read_async()), pin!(lock.write_async()));
        assert!(poll_once(reader.as_mut()).is_pending() && poll_once(writer.as_mut()).is_pending());
        drop(guard);
        assert!(poll_once(writer.as_mut()).is_ready());
        assert!(poll_once(reader.as_mut()).is_ready());
        let (mut guard, reader) = (lock.upgradable_read(), lock.read());
        let mut upgrade = pin!(RwLockUpgradableGuard::upgrade_async(&mut guard));
        assert!(poll_once(upgrade.as_mut()).is_pending());
        drop(reader);
        assert!(poll_once(upgrade.as_mut()).is_ready());
    });
    assert_eq!(count, 0);
}

/// The first wait of a thread and of a lock, too.
#[test]
fn waiting_threads_allocate_nothing() {
    let lock = RwLock::new(0);
    let is_waiting = AtomicBool::new(false);
    let guard = lock.write();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            allocations(|| {
                is_waiting.store(true, Relaxed);
                drop(lock.read());
                assert!(lock.try_write_for(Duration::from_secs(86_400)).is_some());
            })
        });
        while !is_waiting.load(Relaxed) {
            thread::yield_now();
        }
        // Long enough to go to sleep; too short a time makes the test weaker, not wrong.
        thread::sleep(Duration::from_millis(20));
        assert_eq!((allocations(|| drop(guard)), waiting.join().unwrap()), (0, 0));
    });
    let _guard = lock.read();
    assert_eq!(allocations(|| assert!(lock.try_write_for(Duration::from_millis(5)).is_none())), 0);
}
