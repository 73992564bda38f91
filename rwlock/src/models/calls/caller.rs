//! Who makes the calls, and keeps what comes of them.

use std::time::Duration;

use latchwork_calls::Slot;

use super::*;
use crate::{OwnedRwLockReadGuard, OwnedRwLockUpgradableGuard, OwnedRwLockWriteGuard};

/// The numbers that a lock protects: the second follows the first.
pub(super) type Pair = (u32, u32);

/// A guard of any kind.
pub(super) enum Guard {
    Read(OwnedRwLockReadGuard<Pair>),
    Write(OwnedRwLockWriteGuard<Pair>),
    Upgradable(OwnedRwLockUpgradableGuard<Pair>),
}

use Guard::{Read, Upgradable, Write};

/// Makes calls.
pub(super) struct Caller {
    lock: Arc<RwLock<Pair>>,
    pub(super) guards: Vec<Guard>,
    pub(super) slots: [Option<Slot<'static, Guard>>; SLOTS],
    /// Whether the last place has an upgradable guard.
    pub(super) is_upgrading: bool,
    pub(super) forgotten: Vec<Slot<'static, Guard>>,
}

impl Caller {
    pub(super) fn new(lock: &Arc<RwLock<Pair>>) -> Self {
        let slots = [const { None }; SLOTS];
        Self { lock: Arc::clone(lock), guards: Vec::new(), slots, is_upgrading: false, forgotten: Vec::new() }
    }

    pub(super) fn call(&mut self, call: Call) -> Answer {
        match call {
            // Whoever has a guard may wait for itself.
            Call::Lock(_) if self.is_inside() => Answer::Skipped,
            Call::Lock(way) => self.take(Some(self.lock(way))),
            Call::TryLock(way) => self.take(self.try_lock(way)),
            Call::TryLockFor(way) => self.take(self.try_lock_for(way)),
            Call::Release if self.guards.is_empty() => Answer::Skipped,
            Call::Release => {
                self.guards.remove(0);
                Answer::Done
            }
            Call::Settle => {
                self.settle();
                Answer::Done
            }
            Call::Future(slot, step) => self.step(slot, step),
            Call::LetTimePass => {
                let_time_pass();
                Answer::Done
            }
            _ if self.guards.is_empty() => Answer::Skipped,
            _ => {
                let timeout = self.timeout();
                let (answer, guard) = change(call, self.guards.remove(0), timeout);
                self.guards.insert(0, guard);
                answer
            }
        }
    }

    /// Whether it has a guard.
    pub(super) fn is_inside(&self) -> bool {
        !self.guards.is_empty() || self.is_upgrading
    }

    pub(super) fn settle(&mut self) {
        self.guards.clear();
        if std::mem::take(&mut self.is_upgrading) {
            self.slots[SLOTS - 1] = None;
        }
    }

    /// Looks at the numbers, and writes them where it may.
    pub(super) fn take(&mut self, guard: Option<Guard>) -> Answer {
        let Some(mut guard) = guard else { return Answer::Refused };
        let pair = match &mut guard {
            Write(guard) => {
                guard.0 += 1;
                guard.1 += 1;
                **guard
            }
            Read(guard) => **guard,
            Upgradable(guard) => **guard,
        };
        assert_eq!(pair.0, pair.1);
        self.guards.push(guard);
        Answer::Locked
    }

    fn owned(&self) -> Arc<RwLock<Pair>> {
        Arc::clone(&self.lock)
    }

    fn lock(&self, way: Way) -> Guard {
        match way {
            Way::Read => Read(self.owned().read_owned()),
            Way::ReadAgain => Read(self.owned().read_recursive_owned()),
            Way::Write => Write(self.owned().write_owned()),
            Way::Upgradable => Upgradable(self.owned().upgradable_read_owned()),
        }
    }

    fn try_lock(&self, way: Way) -> Option<Guard> {
        match way {
            Way::Read => self.owned().try_read_owned().map(Read),
            Way::ReadAgain => self.owned().try_read_recursive_owned().map(Read),
            Way::Write => self.owned().try_write_owned().map(Write),
            Way::Upgradable => self.owned().try_upgradable_read_owned().map(Upgradable),
        }
    }

    fn try_lock_for(&self, way: Way) -> Option<Guard> {
        let timeout = self.timeout();
        match way {
            Way::Read => self.owned().try_read_owned_for(timeout).map(Read),
            Way::ReadAgain => self.owned().try_read_recursive_owned_for(timeout).map(Read),
            Way::Write => self.owned().try_write_owned_for(timeout).map(Write),
            Way::Upgradable => self.owned().try_upgradable_read_owned_for(timeout).map(Upgradable),
        }
    }

    /// Under shuttle, the time does not pass by itself.
    fn timeout(&self) -> Duration {
        let is_hopeless = cfg!(latchwork = "shuttle") && self.is_inside();
        if is_hopeless { Duration::ZERO } else { Duration::from_micros(1) }
    }

    /// The future in this place. If there is none, it is made.
    pub(super) fn future(&mut self, slot: usize) -> Slot<'static, Guard> {
        if let Some(future) = self.slots[slot].take() {
            return future;
        }
        let lock = self.owned();
        match REQUESTS[slot] {
            Way::Read | Way::ReadAgain => Slot::new(async { Read(lock.read_owned_async().await) }),
            Way::Write => Slot::new(async { Write(lock.write_owned_async().await) }),
            Way::Upgradable => {
                let guard = self.guards.iter().position(|guard| matches!(guard, Upgradable(_)));
                match guard.map(|index| self.guards.remove(index)) {
                    Some(Upgradable(guard)) => {
                        self.is_upgrading = true;
                        Slot::new(upgrade(guard))
                    }
                    _ => Slot::new(async { Upgradable(lock.upgradable_read_owned_async().await) }),
                }
            }
        }
    }

    fn step(&mut self, slot: usize, step: Step) -> Answer {
        let mut future = self.future(slot);
        let is_upgrading = self.is_upgrading && slot == SLOTS - 1;
        let poll = match step {
            Step::Poll => future.poll(),
            Step::PollElsewhere => future.poll_by(&alarm()),
            // One that has the lock, and is never polled again, would keep it.
            Step::Forget if !is_upgrading => {
                self.forgotten.push(future);
                return Answer::Done;
            }
            Step::Cancel | Step::Forget => {
                self.is_upgrading &= slot != SLOTS - 1;
                return Answer::Done;
            }
        };
        match poll {
            Poll::Ready(guard) => {
                self.is_upgrading &= slot != SLOTS - 1;
                self.take(Some(guard))
            }
            Poll::Pending => {
                self.slots[slot] = Some(future);
                Answer::Pending
            }
        }
    }
}

/// What comes of a call that changes a guard.
fn change(call: Call, guard: Guard, timeout: Duration) -> (Answer, Guard) {
    match (call, guard) {
        (Call::Downgrade, Write(guard)) => (Answer::Done, Read(OwnedRwLockWriteGuard::downgrade(guard))),
        (Call::Downgrade, Upgradable(guard)) => (Answer::Done, Read(OwnedRwLockUpgradableGuard::downgrade(guard))),
        (Call::DowngradeToUpgradable, Write(guard)) => {
            (Answer::Done, Upgradable(OwnedRwLockWriteGuard::downgrade_to_upgradable(guard)))
        }
        (Call::TryUpgrade, Upgradable(guard)) => upgraded(OwnedRwLockUpgradableGuard::try_upgrade(guard)),
        (Call::TryUpgradeFor, Upgradable(guard)) => {
            upgraded(OwnedRwLockUpgradableGuard::try_upgrade_for(guard, timeout))
        }
        (_, guard) => (Answer::Skipped, guard),
    }
}

fn upgraded(result: Result<OwnedRwLockWriteGuard<Pair>, OwnedRwLockUpgradableGuard<Pair>>) -> (Answer, Guard) {
    result.map_or_else(|guard| (Answer::Refused, Upgradable(guard)), |guard| (Answer::Locked, Write(guard)))
}

/// Writes, and reads again after that: nobody else writes in between.
async fn upgrade(mut guard: OwnedRwLockUpgradableGuard<Pair>) -> Guard {
    let before = *guard;
    {
        let mut writer = OwnedRwLockUpgradableGuard::upgrade_async(&mut guard).await;
        assert_eq!(*writer, before);
        writer.0 += 1;
        writer.1 += 1;
    }
    Upgradable(guard)
}
