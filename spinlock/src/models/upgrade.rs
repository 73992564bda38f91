//! Upgrading and downgrading: nobody writes in between, and what was done is seen.

use latchwork_core::sync::cell::UnsafeCell;

use super::*;

/// What users may protect by being the only upgradable reader, though the lock lends it shared.
#[derive(Default)]
struct Beside(UnsafeCell<u32>);

// SAFETY: the models claim that upgradable readers exclude each other; the checkers hold them to it.
unsafe impl Sync for Beside {}

impl Beside {
    fn increment(&self) {
        // SAFETY: the caller is the only upgradable reader, which is what is being checked.
        self.0.with_mut(|value| unsafe { *value += 1 });
    }
}

/// Breaks if two upgradable readers enter, or if the Release of one, or the Acquire of the next, is weakened.
#[test]
fn an_upgradable_readers_release_publishes_to_the_next() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(Beside::default()));
        let visit = |lock: &RwSpinLock<Beside>| lock.upgradable_read().increment();
        let other = with(&lock, visit);
        visit(&lock);
        other.join();
    });
}

/// Breaks if the Release of the downgrade is weakened: the next upgradable reader enters while the first still reads.
#[test]
fn an_upgradable_readers_downgrade_publishes_to_the_next() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(Beside::default()));
        let other = with(&lock, |lock| lock.upgradable_read().increment());
        let guard = lock.upgradable_read();
        guard.increment();
        let guard = RwSpinLockUpgradableGuard::downgrade(guard);
        other.join();
        drop(guard);
        assert!(lock.is_at_rest());
    });
}

/// Breaks if the Release of the downgrade, or the Acquire of the reader, is weakened.
#[test]
fn a_downgrade_publishes_to_readers() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let reader = with(&lock, |lock| lock.try_read().map(|guard| *guard));
        let mut guard = lock.write();
        *guard = 1;
        let guard = RwSpinLockWriteGuard::downgrade(guard);
        assert!(reader.join().is_none_or(|value| value <= 1));
        assert_eq!(lock.try_read().as_deref(), Some(&1), "readers share it now");
        drop(guard);
        assert_at_rest(&lock, 1);
    });
}

/// Breaks if the lock is free for a moment.
#[test]
fn a_downgrade_lets_no_writer_in_between() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let writer = with(&lock, write);
        let mut guard = lock.write();
        *guard += 1;
        let written = *guard;
        let guard = RwSpinLockWriteGuard::downgrade(guard);
        assert_eq!(*guard, written);
        drop(guard);
        writer.join();
        assert_at_rest(&lock, 2);
    });
}

/// Breaks if the downgrade is a store, which loses the announcement that the writer takes out again.
#[test]
fn a_downgrade_keeps_the_announcements_of_others() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let guard = lock.write();
        let writer = with(&lock, write);
        wait_until(|| lock.waiting() == 1);
        let guard = RwSpinLockWriteGuard::downgrade(guard);
        assert_eq!(lock.waiting(), 1);
        drop(guard);
        writer.join();
        assert_at_rest(&lock, 1);
    });
}

/// Breaks if the writer enters beside a reader, or if either side's ordering is weakened.
#[test]
fn an_upgrade_waits_for_the_readers() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let reader = with(&lock, read);
        *RwSpinLockUpgradableGuard::upgrade(lock.upgradable_read()) += 1;
        assert!(reader.join() <= 1);
        assert_at_rest(&lock, 1);
    });
}

/// Breaks if the upgradable lock is given up before the writer's is there.
#[test]
fn an_upgrade_lets_no_writer_in_between() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let writer = with(&lock, write);
        let guard = lock.upgradable_read();
        let seen = *guard;
        let mut guard = RwSpinLockUpgradableGuard::upgrade(guard);
        assert_eq!(*guard, seen);
        *guard += 1;
        // And back, as far as it goes.
        let guard = RwSpinLockWriteGuard::downgrade_to_upgradable(guard);
        assert_eq!(*guard, seen + 1);
        drop(guard);
        writer.join();
        assert_at_rest(&lock, 2);
    });
}

/// Breaks if a task is not polled again, or loses its guard between polls.
#[test]
fn an_upgrading_task_waits_for_the_readers() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let reader = with(&lock, read_async);
        block_on(async {
            let guard = lock.upgradable_read_async().await;
            *RwSpinLockUpgradableGuard::upgrade_async(guard).await += 1;
        });
        assert!(reader.join() <= 1);
        assert_at_rest(&lock, 1);
    });
}

/// Breaks if a pending upgrade gives up the lock that it had, holds back readers between polls, or keeps anything when it is
/// dropped.
#[test]
fn an_upgrading_task_that_is_dropped_gives_its_guard_back() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let reader = lock.read();
        let mut upgrade = pin!(RwSpinLockUpgradableGuard::upgrade_async(lock.upgradable_read()));
        assert!(poll_once(upgrade.as_mut()).is_pending());
        assert!(lock.try_upgradable_read().is_none(), "it is still the upgradable reader");
        assert!(lock.try_read().is_some());
        drop(reader);
        let mut guard = match poll_once(upgrade.as_mut()) {
            Poll::Ready(guard) => guard,
            Poll::Pending => panic!("nobody else has the lock"),
        };
        *guard = 1;
        drop(guard);

        let reader = lock.read();
        let mut upgrade = Box::pin(RwSpinLockUpgradableGuard::upgrade_async(lock.upgradable_read()));
        assert!(poll_once(upgrade.as_mut()).is_pending());
        drop(upgrade);
        drop(reader);
        assert_at_rest(&lock, 1);
    });
}

/// Breaks if an upgrade and a waiting writer wait for each other.
#[test]
fn an_upgrade_goes_before_a_waiting_writer() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let guard = lock.upgradable_read();
        let writer = with(&lock, write);
        wait_until(|| lock.waiting() == 1);
        let mut guard = RwSpinLockUpgradableGuard::upgrade(guard);
        assert_eq!(*guard, 0);
        *guard += 1;
        drop(guard);
        writer.join();
        assert_at_rest(&lock, 2);
    });
}

/// Breaks if an attempt that does not wait announces itself all the same.
#[test]
fn an_attempt_without_a_turn_holds_back_nobody() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let (reader, guard) = (lock.read(), lock.upgradable_read());
        let other = with(&lock, |lock| lock.try_read().is_some());
        let guard = RwSpinLockUpgradableGuard::try_upgrade(guard).map(drop).expect_err("there is another reader");
        assert!(lock.try_write_spins(0).is_none());
        assert!(other.join(), "nobody writes or waits to write");
        drop((reader, guard));
        assert_at_rest(&lock, 0);
    });
}

/// Breaks if readers that keep coming delay an upgrade.
#[test]
fn an_upgrade_holds_back_new_readers() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let reader = lock.read();
        let upgrader = with(&lock, |lock| *RwSpinLockUpgradableGuard::upgrade(lock.upgradable_read()) += 1);
        wait_until(|| lock.waiting() == 1);
        assert!(lock.try_read().is_none());
        drop(reader);
        upgrader.join();
        assert_at_rest(&lock, 1);
    });
}
