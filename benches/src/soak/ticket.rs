//! The ticket lock. It has no form for tasks, which spin for its short sections.

use std::sync::Arc;

use latchwork_spinlock::{TicketLock, TicketLockGuard};

use super::audit::{Audit, Pair};
use super::call::Call;
use super::record::Record;
use super::subject::{Subject, Visit};

struct Ticketed {
    audit: Audit,
    lock: TicketLock<Pair>,
}

pub(super) fn make(record: Arc<Record>) -> Arc<dyn Subject> {
    Arc::new(Ticketed { audit: Audit::new(record), lock: TicketLock::default() })
}

impl Subject for Ticketed {
    fn by_thread(&self, call: &mut Call) {
        call.meets(self.lock.is_locked());
        let guard = if call.one_in(4) {
            call.at("try_lock");
            self.lock.try_lock()
        } else {
            call.at("lock");
            Some(self.lock.lock())
        };
        let Some(guard) = guard else { return };
        if call.one_in(2) {
            self.audit.write_briefly(&TicketLockGuard::map(guard, |pair| pair), call);
        } else {
            self.audit.write_briefly(&guard, call);
        }
    }

    fn by_task(self: Arc<Self>, mut call: Call) -> Visit {
        Box::pin(async move { self.by_thread(&mut call) })
    }

    fn check(&self) {
        self.audit.check_free(self.lock.try_lock());
    }

    fn state(&self) -> String {
        format!("{:?}", self.lock)
    }
}
