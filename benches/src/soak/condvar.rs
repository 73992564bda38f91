//! The condition variable, with a mutex.

use std::sync::Arc;

use latchwork_monitor::Condvar;
use latchwork_mutex::Mutex;

use super::audit::Audit;
use super::call::Call;
use super::notices::Notices;
use super::record::Record;
use super::store::Store;
use super::subject::{Subject, Visit};

struct Varied {
    audit: Audit,
    mutex: Mutex<Store>,
    /// Waited for by those who take.
    filled: Condvar,
    /// Waited for by those who are counted.
    changed: Condvar,
    notices: Notices,
}

pub(super) fn make(record: Arc<Record>) -> Arc<dyn Subject> {
    let notices = Notices::new(Arc::clone(&record));
    let [filled, changed] = Default::default();
    Arc::new(Varied { audit: Audit::new(record), mutex: Mutex::default(), filled, changed, notices })
}

impl Subject for Varied {
    fn by_thread(&self, call: &mut Call) {
        call.meets(self.mutex.is_locked());
        match call.pick(8) {
            0 | 1 => self.takes(call),
            2 | 3 => self.waits_for_notice(call),
            4 | 5 => self.puts(call),
            _ => self.notifies(call),
        }
    }

    fn by_task(self: Arc<Self>, mut call: Call) -> Visit {
        Box::pin(async move {
            match call.pick(4) {
                0 => {
                    call.at("wait_while_async");
                    let guard = self.mutex.lock_async().await;
                    let mut guard = self.filled.wait_while_async(guard, |store| !store.may_take()).await;
                    guard.take(&self.audit);
                    self.audit.write_async(&guard.pair, &mut call).await;
                }
                1 => self.waits_for_notice_async(&mut call).await,
                2 => {
                    call.at("lock_async, to put");
                    self.put(&mut *self.mutex.lock_async().await);
                }
                _ => self.notifies(&mut call),
            }
        })
    }

    fn tick(&self) {
        self.mutex.lock().shift(&self.audit);
        self.filled.notify_one();
        self.notices.sent(self.changed.notify_one().into());
    }

    fn end(&self) {
        self.mutex.lock().is_over = true;
        self.filled.notify_all();
        self.notices.sent(self.changed.notify_all());
    }

    fn check(&self) {
        let guard = self.mutex.try_lock();
        self.audit.expect(guard.is_some(), || "its mutex is locked, and nobody has a guard".to_owned());
        guard.into_iter().for_each(|guard| {
            guard.check(&self.audit);
            self.audit.check(&guard.pair);
        });
        self.notices.check();
    }

    fn state(&self) -> String {
        format!("{:?}", self.mutex)
    }
}

impl Varied {
    /// Puts one, if there is room, and notifies one who takes.
    fn put(&self, store: &mut Store) {
        if store.may_put() {
            store.put(&self.audit);
            self.filled.notify_one();
        }
    }

    fn puts(&self, call: &mut Call) {
        call.at("lock, to put");
        let mut guard = self.mutex.lock();
        self.put(&mut guard);
        self.audit.write(&guard.pair, call);
    }

    fn takes(&self, call: &mut Call) {
        let timeout = call.timeout();
        let mut guard = self.mutex.lock();
        if call.one_in(2) {
            call.at("wait_while");
            self.filled.wait_while(&mut guard, |store| !store.may_take());
            guard.take(&self.audit);
        } else {
            call.at("wait_while_for");
            let result = self.filled.wait_while_for(&mut guard, |store| !store.may_take(), timeout);
            if call.unless_late((!result.timed_out()).then_some(())).is_some() {
                guard.take(&self.audit);
            }
        }
        self.audit.write(&guard.pair, call);
    }

    /// Notifies without the lock.
    fn notifies(&self, call: &mut Call) {
        call.at("notify");
        let all = call.one_in(4);
        let notified = if all { self.changed.notify_all() } else { self.changed.notify_one().into() };
        self.notices.sent(notified);
    }

    fn waits_for_notice(&self, call: &mut Call) {
        let timeout = call.timeout();
        let mut guard = self.mutex.lock();
        if guard.is_over {
            return;
        }
        let waiting = self.notices.wait();
        if call.one_in(2) {
            call.at("wait");
            self.changed.wait(&mut guard);
            waiting.ended(false);
        } else {
            call.at("wait_for");
            waiting.ended(self.changed.wait_for(&mut guard, timeout).timed_out());
        }
        self.audit.write(&guard.pair, call);
    }

    async fn waits_for_notice_async(&self, call: &mut Call) {
        call.at("wait_async");
        let guard = self.mutex.lock_async().await;
        if guard.is_over {
            return;
        }
        let waiting = self.notices.wait();
        let guard = self.changed.wait_async(guard).await;
        waiting.ended(false);
        self.audit.write_async(&guard.pair, call).await;
    }
}
