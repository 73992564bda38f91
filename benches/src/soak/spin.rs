//! The spin lock, with each way to relax.

use std::sync::Arc;

use latchwork_spinlock::{Backoff, Pause, Relax, SpinLock, SpinLockGuard, Yield};

use super::audit::{Audit, Pair};
use super::call::Call;
use super::record::Record;
use super::subject::{Subject, Visit};

struct Spinning<R> {
    audit: Audit,
    lock: SpinLock<Pair, R>,
}

pub(super) fn make(record: Arc<Record>) -> Arc<dyn Subject> {
    make_relaxed::<Backoff>(record)
}

pub(super) fn make_pausing(record: Arc<Record>) -> Arc<dyn Subject> {
    make_relaxed::<Pause>(record)
}

pub(super) fn make_yielding(record: Arc<Record>) -> Arc<dyn Subject> {
    make_relaxed::<Yield>(record)
}

fn make_relaxed<R: Relax + Send + Sync + 'static>(record: Arc<Record>) -> Arc<dyn Subject> {
    Arc::new(Spinning::<R> { audit: Audit::new(record), lock: SpinLock::default() })
}

impl<R: Relax + Send + Sync + 'static> Subject for Spinning<R> {
    fn by_thread(&self, call: &mut Call) {
        call.meets(self.lock.is_locked());
        let timeout = call.timeout();
        let guard = match call.pick(6) {
            0 => {
                call.at("try_lock");
                self.lock.try_lock()
            }
            1 => {
                call.at("try_lock_for");
                call.unless_late(self.lock.try_lock_for(timeout))
            }
            2 => {
                call.at("try_lock_spins");
                call.unless_late(self.lock.try_lock_spins(20))
            }
            _ => {
                call.at("lock");
                Some(self.lock.lock())
            }
        };
        let Some(guard) = guard else { return };
        if call.one_in(2) {
            self.audit.write_briefly(&SpinLockGuard::map(guard, |pair| pair), call);
        } else {
            self.audit.write_briefly(&guard, call);
        }
    }

    fn by_task(self: Arc<Self>, mut call: Call) -> Visit {
        Box::pin(async move {
            call.at("lock_async");
            let guard = self.lock.lock_async().await;
            self.audit.write_briefly(&guard, &mut call);
        })
    }

    fn check(&self) {
        self.audit.check_free(self.lock.try_lock());
    }

    fn state(&self) -> String {
        format!("{:?}", self.lock)
    }
}
