//! What is reported of those who hold a reader-writer lock, with `--cfg latchwork_deadlock`.

#![cfg(all(latchwork_deadlock, not(any(latchwork = "loom", latchwork = "shuttle"))))]

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use latchwork_core::sync::model::poll_once;
use latchwork_rwlock::deadlock::{report, with_name};
use latchwork_rwlock::{RwLock, RwLockUpgradableGuard};

/// What is reported is of the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn readers_and_writers_that_wait_for_each_other_are_reported() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (left, right) = (RwLock::new(0), RwLock::new(0));
    let mut reads = Box::pin(with_name("reads", async {
        let guard = left.read_async().await;
        *right.write_async().await += *guard;
    }));
    let mut upgrades = Box::pin(with_name("upgrades", async {
        let _guard = right.write_async().await;
        let mut guard = left.upgradable_read_async().await;
        *RwLockUpgradableGuard::upgrade_async(&mut guard).await += 1;
    }));
    let other = right.read();
    assert!(poll_once(reads.as_mut()).is_pending());
    assert!(poll_once(upgrades.as_mut()).is_pending());
    assert!(report(Duration::MAX).is_empty(), "both wait for this thread, which does not wait");
    assert_eq!(report(Duration::ZERO).long.len(), 2);
    drop(other);
    // It takes the lock, which was left to the first of two that wait, and upgrades the other one: a reader has that.
    assert!(poll_once(upgrades.as_mut()).is_pending());
    let report = report(Duration::MAX);
    let mut names: Vec<_> = report.cycles[0].iter().map(|wait| (wait.who.to_string(), wait.holders.len())).collect();
    names.sort();
    assert_eq!(names, [("task \"reads\"".to_owned(), 1), ("task \"upgrades\"".to_owned(), 1)]);
    drop(reads);
    assert!(poll_once(upgrades.as_mut()).is_ready());
    assert!(latchwork_rwlock::deadlock::report(Duration::ZERO).is_empty());
}

#[test]
fn whoever_has_left_is_not_a_holder() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let lock = RwLock::new(0);
    let holders = || report(Duration::ZERO).long.first().map(|wait| wait.holders.len());
    let (one, other, upgradable) = (lock.read(), lock.read_recursive(), lock.upgradable_read());
    let mut writes = Box::pin(with_name("writes", lock.write_async()));
    assert!(poll_once(writes.as_mut()).is_pending());
    assert_eq!(holders(), Some(3));
    drop((one, other));
    assert_eq!(holders(), Some(1));
    let writer = RwLockUpgradableGuard::upgrade(upgradable);
    assert_eq!(holders(), Some(1), "it is the same that has more");
    drop(writer);
    assert_eq!(holders(), Some(0));
    assert!(poll_once(writes.as_mut()).is_ready());
    assert_eq!(holders(), None);
}
