//! What a subscriber of the whole process may do: `tracing` does not keep such a one from being told while it is told.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use latchwork_core::trace::collector::telling_all;
use latchwork_mutex::Mutex;

static COUNT: AtomicU32 = AtomicU32::new(0);
static OTHER: Mutex<u32> = Mutex::new(0);

/// For a wait that ends without the lock.
const MOMENT: Duration = Duration::from_millis(2);

#[test]
fn what_a_subscriber_waits_for_is_not_told() {
    telling_all(|_| {
        COUNT.fetch_add(1, SeqCst);
        assert!(OTHER.try_lock_for(MOMENT).is_none());
    });
    let mutex = Mutex::new(0);
    let (_guard, _other) = (mutex.lock(), OTHER.lock());
    assert!(mutex.try_lock_for(MOMENT).is_none());
    assert_eq!(COUNT.load(SeqCst), 1);
    assert!(mutex.try_lock_for(MOMENT).is_none());
    assert_eq!(COUNT.load(SeqCst), 2);
}
