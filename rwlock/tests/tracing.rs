//! What a subscriber is told of waits.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use latchwork_core::sync::model::poll_once;
use latchwork_core::trace::collector::{self, Short, adding};
use latchwork_rwlock::{RwLock, RwLockUpgradableGuard};

/// For a wait that ends without the lock.
const MOMENT: Duration = Duration::from_millis(2);

fn short(who: &str, outcome: &str, line: u32) -> Short {
    collector::short("rwlock", who, outcome, line)
}

#[test]
fn readers_and_writers_who_have_waited_are_told_of() {
    let (lock, waits) = (RwLock::new(0), Arc::default());
    adding(&waits, || {
        drop((lock.read(), lock.upgradable_read()));
        let reader = lock.read();
        assert!(lock.try_write_for(MOMENT).is_none());
        let mut writer = pin!(lock.write_async());
        assert!(poll_once(writer.as_mut()).is_pending());
        let mut held_back = Box::pin(lock.read_async());
        assert!(poll_once(held_back.as_mut()).is_pending());
        drop(held_back);
        drop(reader);
        assert!(poll_once(writer.as_mut()).is_ready());
    });
    let line = line!() - 9;
    let expected =
        [short("thread", "timed out", line), short("task", "cancelled", line + 3), short("task", "acquired", line + 1)];
    assert_eq!(*waits.lock().unwrap(), expected);
}

/// It has a share while it waits, and a subscriber that writes would wait for it.
#[test]
fn one_that_upgrades_is_told_of_when_its_share_is_given_back() {
    let (lock, waits) = (RwLock::new(0), Arc::default());
    adding(&waits, || {
        let mut guard = lock.upgradable_read();
        let reader = lock.read();
        guard = RwLockUpgradableGuard::try_upgrade_for(guard, MOMENT).unwrap_err();
        let mut cancelled = Box::pin(RwLockUpgradableGuard::upgrade_async(&mut guard));
        assert!(poll_once(cancelled.as_mut()).is_pending());
        drop(cancelled);
        let mut waiting = Box::pin(RwLockUpgradableGuard::upgrade_async(&mut guard));
        assert!(poll_once(waiting.as_mut()).is_pending());
        assert_eq!(*waits.lock().unwrap(), []);
        drop(reader);
        // The reader's share was of this lock, too.
        assert_eq!(waits.lock().unwrap().len(), 2);
        drop(poll_once(waiting.as_mut()));
        drop(waiting);
        assert_eq!(waits.lock().unwrap().len(), 2);
        drop(guard);
    });
    let line = line!() - 15;
    let expected =
        [short("thread", "timed out", line), short("task", "cancelled", line + 1), short("task", "acquired", line + 4)];
    assert_eq!(*waits.lock().unwrap(), expected);
}
