//! The reentrant lock, held by threads and by owners.

use std::sync::Arc;

use latchwork_mutex::{Owner, ReentrantLock, ReentrantLockGuard};

use super::audit::{Audit, Pair};
use super::call::Call;
use super::record::Record;
use super::subject::{Subject, Visit};

struct Reentrant {
    audit: Audit,
    lock: Arc<ReentrantLock<Pair>>,
}

pub(super) fn make(record: Arc<Record>) -> Arc<dyn Subject> {
    Arc::new(Reentrant { audit: Audit::new(record), lock: Arc::default() })
}

impl Subject for Reentrant {
    fn by_thread(&self, call: &mut Call) {
        call.meets(self.lock.is_locked());
        match call.pick(4) {
            0 => self.owned(call),
            1 => self.by_owner(call),
            2 => self.unlocked(call),
            _ => self.nested(call),
        }
    }

    fn by_task(self: Arc<Self>, mut call: Call) -> Visit {
        Box::pin(async move {
            if call.one_in(3) {
                call.at("lock_owned_async");
                let owner = Arc::new(Owner::new());
                let guard = Arc::clone(&self.lock).lock_owned_async(Arc::clone(&owner)).await;
                self.audit.expect(self.lock.is_held_by(&owner), || "it is not held by its owner".to_owned());
                self.audit.write_async(&guard, &mut call).await;
            } else {
                call.at("lock_async");
                let owner = Owner::new();
                let outer = self.lock.lock_async(&owner).await;
                let _inside = call.inside();
                self.expect_holds(self.lock.hold_count_of(&owner), 1);
                {
                    let inner = self.lock.lock_async(&owner).await;
                    self.expect_holds(self.lock.hold_count_of(&owner), 2);
                    self.audit.write_async(&inner, &mut call).await;
                }
                self.audit.write_async(&outer, &mut call).await;
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

impl Reentrant {
    fn expect_holds(&self, found: u32, expected: u32) {
        self.audit.expect(found == expected, || format!("it is held {found} times by one who has {expected} guards"));
    }

    /// Enters, and enters again.
    fn nested(&self, call: &mut Call) {
        let outer = if call.one_in(2) {
            call.at("try_lock_for");
            let timeout = call.timeout();
            call.unless_late(self.lock.try_lock_for(timeout))
        } else {
            call.at("lock");
            Some(self.lock.lock())
        };
        let Some(outer) = outer else { return };
        let inner: Vec<_> = (0..call.pick(4)).map(|_| self.lock.lock()).collect();
        self.expect_holds(self.lock.hold_count(), 1 + inner.len() as u32);
        self.audit.write(&outer, call);
        drop(inner);
        self.expect_holds(self.lock.hold_count(), 1);
        self.audit.write(&ReentrantLockGuard::map(outer, |pair| pair), call);
    }

    fn owned(&self, call: &mut Call) {
        call.at("lock_owned");
        let guard = Arc::clone(&self.lock).lock_owned();
        self.expect_holds(self.lock.hold_count(), 1);
        self.audit.write(&guard, call);
    }

    fn by_owner(&self, call: &mut Call) {
        call.at("lock_as");
        let (owner, stranger) = (Owner::new(), Owner::new());
        let timeout = call.timeout();
        let outer = match call.pick(2) {
            0 => call.unless_late(self.lock.try_lock_as_for(&owner, timeout)),
            _ => Some(self.lock.lock_as(&owner)),
        };
        let Some(outer) = outer else { return };
        let inner = self.lock.try_lock_as(&owner);
        self.audit.expect(inner.is_some(), || "its owner cannot enter again".to_owned());
        self.audit.expect(self.lock.try_lock_as(&stranger).is_none(), || "two owners are inside".to_owned());
        self.expect_holds(self.lock.hold_count_of(&owner), 2);
        self.audit.write(&outer, call);
    }

    /// Lets others in for a while, and is in again; and writes by a loan.
    fn unlocked(&self, call: &mut Call) {
        call.at("unlocked");
        let mut guard = self.lock.lock();
        self.audit.write(&guard, call);
        if call.one_in(2) {
            ReentrantLockGuard::unlocked(&mut guard, || call.linger());
        } else {
            ReentrantLockGuard::bump(&mut guard);
        }
        let loan = ReentrantLockGuard::get_mut(&mut guard);
        self.audit.expect(loan.is_some(), || "the only guard lends nothing".to_owned());
        loan.into_iter().for_each(|loan| self.audit.write(&loan, call));
    }
}
