//! The monitor, with predicates and with two conditions.

use std::sync::Arc;

use latchwork_monitor::{Condition, Monitor, MonitorGuard};

use super::audit::Audit;
use super::call::{Call, panic_as_intended};
use super::notices::Notices;
use super::record::Record;
use super::store::Store;
use super::subject::{Subject, Visit};

struct Monitored {
    audit: Audit,
    monitor: Monitor<Store>,
    /// Waited for by those who take.
    filled: Condition,
    /// Waited for by those who are counted.
    changed: Condition,
    notices: Notices,
}

pub(super) fn make(record: Arc<Record>) -> Arc<dyn Subject> {
    let monitor = Monitor::<Store>::default();
    let (filled, changed) = (monitor.condition(), monitor.condition());
    let notices = Notices::new(Arc::clone(&record));
    Arc::new(Monitored { audit: Audit::new(record), monitor, filled, changed, notices })
}

impl Subject for Monitored {
    fn by_thread(&self, call: &mut Call) {
        call.meets(self.monitor.is_entered());
        match call.pick(16) {
            0..=2 => self.enters(call),
            3..=5 => self.enters_when(call),
            6 | 7 => self.waits_until(call),
            8 | 9 => self.waits_while(call),
            10 | 11 => self.waits_for_notice(call),
            12 => self.meets_panic(call),
            _ => self.notifies(call),
        }
    }

    fn by_task(self: Arc<Self>, mut call: Call) -> Visit {
        Box::pin(async move {
            match call.pick(8) {
                0 => {
                    call.at("enter_async");
                    let guard = self.monitor.enter_async().await;
                    guard.check(&self.audit);
                    self.audit.write_async(&guard.pair, &mut call).await;
                }
                1 => {
                    call.at("enter_when_async, to put");
                    let mut guard = self.monitor.enter_when_async(Store::may_put).await;
                    self.put(&mut guard);
                    self.audit.write_async(&guard.pair, &mut call).await;
                }
                2 => {
                    call.at("enter_when_async, to take");
                    let mut guard = self.monitor.enter_when_async(Store::may_take).await;
                    guard.take(&self.audit);
                    self.audit.write_async(&guard.pair, &mut call).await;
                }
                3 => {
                    call.at("wait_until_async");
                    let guard = self.monitor.enter_async().await;
                    let mut guard = guard.wait_until_async(Store::may_take).await;
                    guard.take(&self.audit);
                }
                4 => {
                    call.at("wait_while_async");
                    let guard = self.monitor.enter_async().await;
                    let mut guard = guard.wait_while_async(&self.filled, |store| !store.may_take()).await;
                    guard.take(&self.audit);
                }
                5 => self.waits_for_notice_async(&mut call).await,
                _ => {
                    call.at("enter_async, to notify");
                    let mut guard = self.monitor.enter_async().await;
                    self.notify(&mut guard, &mut call);
                }
            }
        })
    }

    fn tick(&self) {
        let mut guard = self.monitor.enter();
        guard.shift(&self.audit);
        self.filled.notify_one(&guard);
        self.notices.sent(self.changed.notify_one(&guard));
    }

    fn end(&self) {
        let mut guard = self.monitor.enter();
        guard.is_over = true;
        self.filled.notify_all(&guard);
        self.notices.sent(self.changed.notify_all(&guard));
    }

    fn check(&self) {
        let guard = self.monitor.try_enter();
        self.audit.expect(guard.is_some(), || "it is occupied, and nobody has a guard".to_owned());
        guard.into_iter().for_each(|guard| {
            guard.check(&self.audit);
            self.audit.check(&guard.pair);
        });
        self.notices.check();
    }

    fn state(&self) -> String {
        format!("{:?}", self.monitor)
    }
}

impl Monitored {
    fn put(&self, guard: &mut MonitorGuard<'_, Store>) {
        guard.put(&self.audit);
        self.filled.notify_one(guard);
    }

    fn notify(&self, guard: &mut MonitorGuard<'_, Store>, call: &mut Call) {
        if guard.may_put() {
            self.put(guard);
        }
        let all = call.one_in(4);
        let notified = if all { self.changed.notify_all(guard) } else { self.changed.notify_one(guard) };
        self.notices.sent(notified);
    }

    fn enters(&self, call: &mut Call) {
        let timeout = call.timeout();
        let guard = match call.pick(3) {
            0 => {
                call.at("try_enter");
                self.monitor.try_enter()
            }
            1 => {
                call.at("try_enter_for");
                call.unless_late(self.monitor.try_enter_for(timeout))
            }
            _ => {
                call.at("enter");
                Some(self.monitor.enter())
            }
        };
        let Some(guard) = guard else { return };
        guard.check(&self.audit);
        self.audit.write(&guard.pair, call);
    }

    fn enters_when(&self, call: &mut Call) {
        let timeout = call.timeout();
        let (is_timed, puts) = (call.one_in(2), call.one_in(2));
        let predicate = if puts { Store::may_put } else { Store::may_take };
        let guard = if is_timed {
            call.at("try_enter_when_for");
            call.unless_late(self.monitor.try_enter_when_for(predicate, timeout))
        } else {
            call.at("enter_when");
            Some(self.monitor.enter_when(predicate))
        };
        let Some(mut guard) = guard else { return };
        if puts {
            self.put(&mut guard);
        } else {
            guard.take(&self.audit);
        }
        self.audit.write(&guard.pair, call);
    }

    fn waits_until(&self, call: &mut Call) {
        let timeout = call.timeout();
        let mut guard = self.monitor.enter();
        if call.one_in(2) {
            call.at("wait_until");
            guard.wait_until(Store::may_put);
            self.put(&mut guard);
        } else {
            call.at("wait_until_for");
            if call.unless_late(guard.wait_until_for(Store::may_take, timeout).then_some(())).is_some() {
                guard.take(&self.audit);
            }
        }
        self.audit.write(&guard.pair, call);
    }

    fn waits_while(&self, call: &mut Call) {
        let timeout = call.timeout();
        let mut guard = self.monitor.enter();
        if call.one_in(2) {
            call.at("wait_while");
            guard.wait_while(&self.filled, |store| !store.may_take());
            guard.take(&self.audit);
        } else {
            call.at("wait_while_for");
            let result = guard.wait_while_for(&self.filled, |store| !store.may_take(), timeout);
            if call.unless_late((!result.timed_out()).then_some(())).is_some() {
                guard.take(&self.audit);
            }
        }
        self.audit.write(&guard.pair, call);
    }

    fn waits_for_notice(&self, call: &mut Call) {
        let timeout = call.timeout();
        let mut guard = self.monitor.enter();
        if guard.is_over {
            return;
        }
        let waiting = self.notices.wait();
        if call.one_in(2) {
            call.at("wait");
            guard.wait(&self.changed);
            waiting.ended(false);
        } else {
            call.at("wait_for");
            waiting.ended(guard.wait_for(&self.changed, timeout).timed_out());
        }
        self.audit.write(&guard.pair, call);
    }

    async fn waits_for_notice_async(&self, call: &mut Call) {
        call.at("wait_async");
        let guard = self.monitor.enter_async().await;
        if guard.is_over {
            return;
        }
        let waiting = self.notices.wait();
        let guard = guard.wait_async(&self.changed).await;
        waiting.ended(false);
        self.audit.write_async(&guard.pair, call).await;
    }

    /// Waits by a predicate that panics before it holds, unless it holds soon.
    fn meets_panic(&self, call: &mut Call) {
        call.at("enter_when, and panics");
        let mut asked = 0;
        let mut guard = self.monitor.enter_when(|store| {
            asked += 1;
            if asked > 2 {
                panic_as_intended();
            }
            store.may_take()
        });
        guard.take(&self.audit);
    }

    fn notifies(&self, call: &mut Call) {
        call.at("enter, to notify");
        let mut guard = self.monitor.enter();
        self.notify(&mut guard, call);
        self.audit.write(&guard.pair, call);
    }
}
