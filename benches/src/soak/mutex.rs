//! The mutex.

use std::sync::Arc;

use latchwork_mutex::{MappedMutexGuard, Mutex, MutexGuard, OwnedMutexGuard};

use super::audit::{Audit, Pair};
use super::call::Call;
use super::record::Record;
use super::subject::{Subject, Visit};

struct Mutual {
    audit: Audit,
    lock: Arc<Mutex<Pair>>,
}

pub(super) fn make(record: Arc<Record>) -> Arc<dyn Subject> {
    Arc::new(Mutual { audit: Audit::new(record), lock: Arc::default() })
}

impl Subject for Mutual {
    fn by_thread(&self, call: &mut Call) {
        call.meets(self.lock.is_locked());
        match call.pick(4) {
            0 => self.owned(call),
            1 => self.unlocked(call),
            _ => self.borrowed(call),
        }
    }

    fn by_task(self: Arc<Self>, mut call: Call) -> Visit {
        Box::pin(async move {
            match call.pick(4) {
                0 => {
                    call.at("lock_owned_async");
                    let guard = Arc::clone(&self.lock).lock_owned_async().await;
                    self.audit.write_async(&guard, &mut call).await;
                }
                1 => {
                    call.at("lock_async, map");
                    let guard = MutexGuard::map(self.lock.lock_async().await, |pair| pair);
                    self.audit.write_async(&guard, &mut call).await;
                }
                2 => {
                    call.at("try_lock");
                    if let Some(guard) = self.lock.try_lock() {
                        self.audit.write_async(&guard, &mut call).await;
                    }
                }
                _ => {
                    call.at("lock_async");
                    let guard = self.lock.lock_async().await;
                    self.audit.write_async(&guard, &mut call).await;
                }
            }
        })
    }

    fn check(&self) {
        self.audit.check_free(self.lock.try_lock());
    }

    fn state(&self) -> String {
        format!("{:?}", self.lock)
    }
}

impl Mutual {
    fn borrowed(&self, call: &mut Call) {
        let guard = match call.pick(3) {
            0 => {
                call.at("try_lock");
                self.lock.try_lock()
            }
            1 => {
                call.at("try_lock_for");
                let timeout = call.timeout();
                call.unless_late(self.lock.try_lock_for(timeout))
            }
            _ => {
                call.at("lock");
                Some(self.lock.lock())
            }
        };
        let Some(guard) = guard else { return };
        if call.one_in(2) {
            let guard = MappedMutexGuard::map(MutexGuard::map(guard, |pair| pair), |pair| pair);
            self.audit.write(&guard, call);
        } else {
            self.audit.write(&guard, call);
        }
    }

    fn owned(&self, call: &mut Call) {
        call.at("lock_owned");
        let lock = Arc::clone(&self.lock);
        let guard = if call.one_in(2) {
            let timeout = call.timeout();
            call.unless_late(lock.try_lock_owned_for(timeout))
        } else {
            Some(lock.lock_owned())
        };
        let Some(guard) = guard else { return };
        if call.one_in(2) {
            self.audit.write(&OwnedMutexGuard::map(guard, |pair| pair), call);
        } else {
            self.audit.write(&guard, call);
        }
    }

    /// Lets others in for a while, and is in again.
    fn unlocked(&self, call: &mut Call) {
        call.at("unlocked");
        let mut guard = self.lock.lock();
        self.audit.write(&guard, call);
        if call.one_in(2) {
            MutexGuard::unlocked(&mut guard, || call.linger());
        } else {
            MutexGuard::bump(&mut guard);
        }
        self.audit.write(&guard, call);
    }
}
