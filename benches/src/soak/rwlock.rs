//! The reader-writer lock, under each policy.

use std::sync::Arc;

use latchwork_rwlock::{Handle, Policy, ReadGuard, RwLock, UpgradableGuard, WriteGuard};

use super::audit::{Audit, Pair};
use super::call::Call;
use super::record::Record;
use super::subject::{Subject, Visit};

struct ReadersAndWriters {
    audit: Audit,
    lock: Arc<RwLock<Pair>>,
}

pub(super) fn make_writer_preferring(record: Arc<Record>) -> Arc<dyn Subject> {
    make(record, Policy::WriterPreferring)
}

pub(super) fn make_phase_fair(record: Arc<Record>) -> Arc<dyn Subject> {
    make(record, Policy::PhaseFair)
}

pub(super) fn make_reader_preferring(record: Arc<Record>) -> Arc<dyn Subject> {
    make(record, Policy::ReaderPreferring)
}

fn make(record: Arc<Record>, policy: Policy) -> Arc<dyn Subject> {
    let lock = Arc::new(RwLock::with_policy(Pair::default(), policy));
    Arc::new(ReadersAndWriters { audit: Audit::new(record), lock })
}

impl Subject for ReadersAndWriters {
    fn by_thread(&self, call: &mut Call) {
        call.meets(self.lock.is_write_locked());
        match call.pick(8) {
            0 => self.owned(call),
            1 | 2 => self.upgradable(call),
            3..=5 => self.reads(call),
            _ => self.writes(call),
        }
    }

    fn by_task(self: Arc<Self>, mut call: Call) -> Visit {
        Box::pin(async move {
            match call.pick(8) {
                0 => {
                    call.at("write_owned_async");
                    let guard = Arc::clone(&self.lock).write_owned_async().await;
                    self.audit.write_async(&guard, &mut call).await;
                    let guard = WriteGuard::downgrade(guard);
                    self.audit.read_async(&guard, &mut call).await;
                }
                1 => {
                    call.at("read_owned_async");
                    let guard = Arc::clone(&self.lock).read_owned_async().await;
                    self.audit.read_async(&ReadGuard::map(guard, |pair| pair), &mut call).await;
                }
                2 | 3 => self.upgradable_async(&mut call).await,
                4 | 5 => {
                    call.at("read_async");
                    let guard = self.lock.read_async().await;
                    self.audit.read_async(&guard, &mut call).await;
                }
                _ => {
                    call.at("write_async");
                    let guard = self.lock.write_async().await;
                    self.audit.write_async(&guard, &mut call).await;
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

impl ReadersAndWriters {
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
        if call.one_in(4) {
            call.at("read_recursive");
            self.audit.read(&self.lock.read_recursive(), call);
        }
        self.audit.read(&guard, call);
    }

    fn writes(&self, call: &mut Call) {
        let timeout = call.timeout();
        let guard = match call.pick(4) {
            0 => {
                call.at("try_write");
                self.lock.try_write()
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
        guard.into_iter().for_each(|guard| self.write(guard, call));
    }

    fn owned(&self, call: &mut Call) {
        let lock = Arc::clone(&self.lock);
        if call.one_in(2) {
            call.at("write_owned");
            self.write(lock.write_owned(), call);
        } else {
            call.at("read_owned");
            self.audit.read(&ReadGuard::map(lock.read_owned(), |pair| pair), call);
        }
    }

    /// Writes, and then may read what it wrote.
    fn write<H: Handle<Value = Pair>>(&self, guard: WriteGuard<H>, call: &mut Call) {
        self.audit.write(&guard, call);
        let version = self.audit.version(&guard);
        match call.pick(4) {
            0 => {
                call.at("downgrade");
                let guard = WriteGuard::downgrade(guard);
                self.audit.expect_version(&guard, version, "a downgrade");
                self.audit.read(&guard, call);
            }
            1 => {
                call.at("downgrade_to_upgradable");
                let guard = WriteGuard::downgrade_to_upgradable(guard);
                self.audit.expect_version(&guard, version, "a downgrade");
                self.upgrade(guard, call);
            }
            2 => self.audit.write(&WriteGuard::map(guard, |pair| pair), call),
            _ => {}
        }
    }

    fn upgradable(&self, call: &mut Call) {
        call.at("upgradable_read");
        let timeout = call.timeout();
        let guard = match call.pick(3) {
            0 => call.unless_late(self.lock.try_upgradable_read_for(timeout)),
            _ => Some(self.lock.upgradable_read()),
        };
        guard.into_iter().for_each(|guard| self.upgrade(guard, call));
    }

    /// Reads, and becomes the writer, or a plain reader.
    fn upgrade<H: Handle<Value = Pair>>(&self, guard: UpgradableGuard<H>, call: &mut Call) {
        self.audit.read(&guard, call);
        let version = self.audit.version(&guard);
        let timeout = call.timeout();
        let upgraded = match call.pick(4) {
            0 => {
                call.at("try_upgrade");
                UpgradableGuard::try_upgrade(guard)
            }
            1 => {
                call.at("try_upgrade_for");
                UpgradableGuard::try_upgrade_for(guard, timeout)
            }
            2 => {
                call.at("upgrade");
                Ok(UpgradableGuard::upgrade(guard))
            }
            _ => Err(guard),
        };
        match upgraded {
            Ok(guard) => {
                self.audit.expect_version(&guard, version, "an upgrade");
                self.audit.write(&guard, call);
            }
            Err(guard) => {
                self.audit.expect_version(&guard, version, "an upgrade that failed");
                self.audit.read(&UpgradableGuard::downgrade(guard), call);
            }
        }
    }

    async fn upgradable_async(&self, call: &mut Call) {
        call.at("upgradable_read_async");
        let mut guard = self.lock.upgradable_read_async().await;
        let _inside = call.inside();
        self.audit.read_async(&guard, call).await;
        let version = self.audit.version(&guard);
        {
            call.at("upgrade_async");
            let upgraded = UpgradableGuard::upgrade_async(&mut guard).await;
            self.audit.expect_version(&upgraded, version, "an upgrade");
            self.audit.write_async(&upgraded, call).await;
        }
        self.audit.read_async(&guard, call).await;
    }
}
