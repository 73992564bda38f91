//! The lock among real threads: timeouts, panics, as many readers as can be counted.

use std::panic::{AssertUnwindSafe, catch_unwind};

use latchwork_rwlock::{RwLock, RwLockUpgradableGuard};

/// A count that ran over would let a writer in beside all these readers.
#[test]
fn readers_that_were_upgradable_are_counted() {
    let lock = RwLock::new(7);
    let first = lock.read();
    let downgraded = || lock.try_upgradable_read().map(RwLockUpgradableGuard::downgrade);
    let mut count = 1;
    // Twice as often as is possible.
    while count < 2 * (RwLock::<i32>::MAX_READERS + 1) {
        let Ok(Some(reader)) = catch_unwind(AssertUnwindSafe(downgraded)) else { break };
        std::mem::forget(reader);
        count += 1;
    }
    assert!(lock.try_write().is_none(), "{count} read");
    assert_eq!((*first, count), (7, RwLock::<i32>::MAX_READERS));
}
