//! The reader-writer spin lock.

use std::sync::Arc;

use latchwork_spinlock::{RwSpinLock, RwSpinLockReadGuard, RwSpinLockUpgradableGuard, RwSpinLockWriteGuard};

use super::audit::{Audit, Pair};
use super::call::Call;
use super::record::Record;
use super::subject::{Subject, Visit};

struct Spinning {
    audit: Audit,
    lock: RwSpinLock<Pair>,
}

pub(super) fn make(record: Arc<Record>) -> Arc<dyn Subject> {
    Arc::new(Spinning { audit: Audit::new(record), lock: RwSpinLock::default() })
}

impl Subject for Spinning {
    fn by_thread(&self, call: &mut Call) {
        call.meets(self.lock.is_write_locked());
        match call.pick(8) {
            0 | 1 => {
                call.at("upgradable_read");
                self.upgrade(self.lock.upgradable_read(), call);
            }
            2..=5 => self.reads(call),
            _ => self.writes(call),
        }
    }

    fn by_task(self: Arc<Self>, mut call: Call) -> Visit {
        Box::pin(async move {
            match call.pick(4) {
                0 => {
                    call.at("upgradable_read_async");
                    let guard = self.lock.upgradable_read_async().await;
                    let _inside = call.inside();
                    let version = self.audit.version(&guard);
                    let guard = RwSpinLockUpgradableGuard::upgrade_async(guard).await;
                    self.audit.expect_version(&guard, version, "an upgrade");
                    self.audit.write_briefly(&guard, &mut call);
                }
                1 => {
                    call.at("write_async");
                    let guard = self.lock.write_async().await;
                    self.audit.write_briefly(&guard, &mut call);
                }
                _ => {
                    call.at("read_async");
                    let guard = self.lock.read_async().await;
                    self.audit.read_briefly(&guard, &mut call);
                }
            }
        })
    }

    fn check(&self) {
        self.audit.check_free(self.lock.try_write());
    }

    fn state(&self) -> String {
        format!("{:?}", self.lock)
    }
}

impl Spinning {
    fn reads(&self, call: &mut Call) {
        let timeout = call.timeout();
        let guard = match call.pick(4) {
            0 => {
                call.at("try_read");
                self.lock.try_read()
            }
            1 => {
                call.at("try_read_for");
                call.unless_late(self.lock.try_read_for(timeout))
            }
            _ => {
                call.at("read");
                Some(self.lock.read())
            }
        };
        let Some(guard) = guard else { return };
        if call.one_in(2) {
            self.audit.read_briefly(&RwSpinLockReadGuard::map(guard, |pair| pair), call);
        } else {
            self.audit.read_briefly(&guard, call);
        }
    }

    fn writes(&self, call: &mut Call) {
        let timeout = call.timeout();
        let guard = match call.pick(4) {
            0 => {
                call.at("try_write_spins");
                call.unless_late(self.lock.try_write_spins(20))
            }
            1 => {
                call.at("try_write_for");
                call.unless_late(self.lock.try_write_for(timeout))
            }
            _ => {
                call.at("write");
                Some(self.lock.write())
            }
        };
        let Some(guard) = guard else { return };
        self.audit.write_briefly(&guard, call);
        let version = self.audit.version(&guard);
        match call.pick(3) {
            0 => {
                let guard = RwSpinLockWriteGuard::downgrade(guard);
                self.audit.expect_version(&guard, version, "a downgrade");
            }
            1 => {
                let guard = RwSpinLockWriteGuard::downgrade_to_upgradable(guard);
                self.audit.expect_version(&guard, version, "a downgrade");
                self.upgrade(guard, call);
            }
            _ => {}
        }
    }

    /// Reads, and becomes the writer, or a plain reader.
    fn upgrade(&self, guard: RwSpinLockUpgradableGuard<'_, Pair>, call: &mut Call) {
        self.audit.read_briefly(&guard, call);
        let version = self.audit.version(&guard);
        let timeout = call.timeout();
        let upgraded = match call.pick(4) {
            0 => RwSpinLockUpgradableGuard::try_upgrade(guard),
            1 => RwSpinLockUpgradableGuard::try_upgrade_for(guard, timeout),
            2 => Ok(RwSpinLockUpgradableGuard::upgrade(guard)),
            _ => Err(guard),
        };
        match upgraded {
            Ok(guard) => {
                self.audit.expect_version(&guard, version, "an upgrade");
                self.audit.write_briefly(&guard, call);
            }
            Err(guard) => {
                self.audit.expect_version(&guard, version, "an upgrade that failed");
                self.audit.read_briefly(&RwSpinLockUpgradableGuard::downgrade(guard), call);
            }
        }
    }
}
