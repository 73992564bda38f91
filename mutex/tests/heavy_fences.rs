//! How often a lock makes all threads of the process pass a fence. A program of its own, with one test: the fences are counted for all
//! locks.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use std::pin::pin;

use latchwork_core::fence;
use latchwork_core::sync::model::poll_once;
use latchwork_mutex::Mutex;

/// So many unlocks that meet nobody let a lock rely on the fence again.
const CALM: u32 = 1024;
const BURSTS: u32 = 50;
const WAITS: u32 = 20;

/// A task waits for the lock, so many times.
fn burst(mutex: &Mutex<u32>) {
    for _ in 0..WAITS {
        let guard = mutex.lock();
        let mut waiting = pin!(mutex.lock_async());
        assert!(poll_once(waiting.as_mut()).is_pending());
        drop(guard);
        assert!(poll_once(waiting.as_mut()).is_ready());
    }
}

/// How many heavy fences there are where some unlocks meet nobody between two bursts.
fn fences(calm: u32) -> u64 {
    let mutex = Mutex::new(0);
    let before = fence::heavy_count();
    for _ in 0..BURSTS {
        (0..calm).for_each(|_| *mutex.lock() += 1);
        burst(&mutex);
    }
    fence::heavy_count() - before
}

/// Breaks if a lock that nobody waits for does not ask, if each wait passes a fence, if the lock becomes quiet too soon, or never.
#[test]
fn heavy_fences_are_one_for_each_burst_of_waits_and_none_where_the_bursts_are_close() {
    let first = Mutex::new(0);
    (0..100).for_each(|_| *first.lock() += 1);
    assert!(fence::is_known(), "the system has been asked");
    let is_offered = u64::from(fence::is_offered());
    assert_eq!(fences(CALM), u64::from(BURSTS) * is_offered, "one of {WAITS} waits has passed a fence");
    assert_eq!(fences(CALM - WAITS), is_offered, "the first of all, as the lock was new");
}
