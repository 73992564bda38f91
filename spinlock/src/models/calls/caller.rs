//! Who makes the calls, and keeps what comes of them.

use std::time::Duration;

use latchwork_calls::Slot;

use super::*;
use crate::SpinLockGuard;

/// Under shuttle, the time does not pass by itself.
const TIMEOUT: Duration = if cfg!(latchwork = "shuttle") { Duration::ZERO } else { Duration::from_micros(1) };

/// What a lock protects: the second number follows the first.
pub(super) type Pair = (u32, u32);

/// A lock of either kind.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) spin: SpinLock<Pair>,
    pub(super) rw: RwSpinLock<Pair>,
}

impl Shared {
    /// Both are free, and have been written so often.
    pub(super) fn assert_at_rest(&self, writes: u32) {
        assert!(self.rw.is_at_rest(), "the word is as it was before anybody came");
        let (spin, rw) = (self.spin.try_lock().expect("it is free"), self.rw.try_read().expect("it is free"));
        assert_eq!((spin.0 + rw.0, spin.1 + rw.1), (writes, writes));
    }
}

/// A guard of any kind.
pub(super) enum Guard<'a> {
    Spin(SpinLockGuard<'a, Pair>),
    Read(RwSpinLockReadGuard<'a, Pair>),
    Write(RwSpinLockWriteGuard<'a, Pair>),
    Upgradable(RwSpinLockUpgradableGuard<'a, Pair>),
}

use Guard::{Read, Upgradable, Write};

/// A future, and what it waits for.
pub(super) struct Future<'a> {
    pub(super) want: Want,
    pub(super) slot: Slot<'a, Guard<'a>>,
}

/// Makes calls.
pub(super) struct Caller<'a> {
    shared: &'a Shared,
    pub(super) guards: Vec<Guard<'a>>,
    pub(super) slots: [Option<Future<'a>>; SLOTS],
    pub(super) forgotten: Vec<Future<'a>>,
    /// How often it has written.
    writes: u32,
}

impl<'a> Caller<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        Self { shared, guards: Vec::new(), slots: [const { None }; SLOTS], forgotten: Vec::new(), writes: 0 }
    }

    pub(super) fn call(&mut self, call: Call) -> Answer {
        match call {
            // Whoever has a guard may wait for itself.
            Call::Lock(_) if self.is_inside() => Answer::Skipped,
            Call::Lock(way) => self.take(Some(self.lock(way))),
            Call::TryLock(way) => self.take(self.try_lock(way)),
            Call::TryLockSpins(way) => self.take(self.try_lock_spins(way)),
            Call::TryLockFor(way) => self.take(self.try_lock_for(way)),
            Call::Release if self.guards.is_empty() => Answer::Skipped,
            Call::Release => {
                self.guards.remove(0);
                Answer::Done
            }
            Call::Settle => {
                self.guards.clear();
                Answer::Done
            }
            Call::Future(slot, want, step) => self.step(slot, want, step),
            _ if self.guards.is_empty() => Answer::Skipped,
            _ => {
                let guard = self.guards.remove(0);
                let (answer, guard) = self.change(call, guard);
                self.guards.insert(0, guard);
                answer
            }
        }
    }

    /// Gives up everything. Returns how often it has written.
    pub(super) fn leave(self) -> u32 {
        self.writes
    }

    fn change(&mut self, call: Call, guard: Guard<'a>) -> (Answer, Guard<'a>) {
        match (call, guard) {
            (Call::Downgrade, Write(guard)) => (Answer::Done, Read(RwSpinLockWriteGuard::downgrade(guard))),
            (Call::Downgrade, Upgradable(guard)) => (Answer::Done, Read(RwSpinLockUpgradableGuard::downgrade(guard))),
            (Call::DowngradeToUpgradable, Write(guard)) => {
                (Answer::Done, Upgradable(RwSpinLockWriteGuard::downgrade_to_upgradable(guard)))
            }
            (Call::TryUpgrade | Call::TryUpgradeFor, Upgradable(guard)) => {
                let before = *guard;
                let upgraded = match call {
                    Call::TryUpgrade => RwSpinLockUpgradableGuard::try_upgrade(guard),
                    _ => RwSpinLockUpgradableGuard::try_upgrade_for(guard, TIMEOUT),
                };
                match upgraded {
                    Ok(guard) => {
                        assert_eq!(*guard, before, "nobody else has written");
                        let mut guard = Write(guard);
                        self.visit(&mut guard);
                        (Answer::Locked, guard)
                    }
                    Err(guard) => (Answer::Refused, Upgradable(guard)),
                }
            }
            (_, guard) => (Answer::Skipped, guard),
        }
    }

    /// Whether it has a guard, or a future that has one.
    fn is_inside(&self) -> bool {
        !self.guards.is_empty() || self.slots.iter().flatten().any(|future| future.want == Want::Upgrade)
    }

    pub(super) fn take(&mut self, guard: Option<Guard<'a>>) -> Answer {
        let Some(mut guard) = guard else { return Answer::Refused };
        self.visit(&mut guard);
        self.guards.push(guard);
        Answer::Locked
    }

    /// Looks at the numbers, and writes them where it may, one after the other.
    fn visit(&mut self, guard: &mut Guard<'a>) {
        let pair = match guard {
            Guard::Spin(guard) => &mut **guard,
            Write(guard) => &mut **guard,
            Read(guard) => return assert_eq!(guard.0, guard.1),
            Upgradable(guard) => return assert_eq!(guard.0, guard.1),
        };
        assert_eq!(pair.0, pair.1);
        pair.0 += 1;
        yield_now();
        pair.1 += 1;
        self.writes += 1;
    }

    fn lock(&self, way: Way) -> Guard<'a> {
        let Shared { spin, rw } = self.shared;
        match way {
            Way::Spin => Guard::Spin(spin.lock()),
            Way::Read => Read(rw.read()),
            Way::Write => Write(rw.write()),
            Way::Upgradable => Upgradable(rw.upgradable_read()),
        }
    }

    fn try_lock(&self, way: Way) -> Option<Guard<'a>> {
        let Shared { spin, rw } = self.shared;
        match way {
            Way::Spin => spin.try_lock().map(Guard::Spin),
            Way::Read => rw.try_read().map(Read),
            Way::Write => rw.try_write().map(Write),
            Way::Upgradable => rw.try_upgradable_read().map(Upgradable),
        }
    }

    fn try_lock_spins(&self, way: Way) -> Option<Guard<'a>> {
        let Shared { spin, rw } = self.shared;
        match way {
            Way::Spin => spin.try_lock_spins(2).map(Guard::Spin),
            Way::Read => rw.try_read_spins(2).map(Read),
            Way::Write => rw.try_write_spins(2).map(Write),
            Way::Upgradable => rw.try_upgradable_read_spins(2).map(Upgradable),
        }
    }

    fn try_lock_for(&self, way: Way) -> Option<Guard<'a>> {
        let Shared { spin, rw } = self.shared;
        match way {
            Way::Spin => spin.try_lock_for(TIMEOUT).map(Guard::Spin),
            Way::Read => rw.try_read_for(TIMEOUT).map(Read),
            Way::Write => rw.try_write_for(TIMEOUT).map(Write),
            Way::Upgradable => rw.try_upgradable_read_for(TIMEOUT).map(Upgradable),
        }
    }

    /// The future in this place. If there is none, it is made; `None` where there is no guard to upgrade.
    pub(super) fn future(&mut self, slot: usize, want: Want) -> Option<Future<'a>> {
        if let Some(future) = self.slots[slot].take() {
            return Some(future);
        }
        let Shared { spin, rw } = self.shared;
        let slot = match want {
            Want::Lock(Way::Spin) => Slot::new(async { Guard::Spin(spin.lock_async().await) }),
            Want::Lock(Way::Read) => Slot::new(async { Read(rw.read_async().await) }),
            Want::Lock(Way::Write) => Slot::new(async { Write(rw.write_async().await) }),
            Want::Lock(Way::Upgradable) => Slot::new(async { Upgradable(rw.upgradable_read_async().await) }),
            Want::Upgrade => {
                let index = self.guards.iter().position(|guard| matches!(guard, Upgradable(_)))?;
                let Upgradable(guard) = self.guards.remove(index) else { return None };
                let before = *guard;
                Slot::new(async move {
                    let guard = RwSpinLockUpgradableGuard::upgrade_async(guard).await;
                    assert_eq!(*guard, before, "nobody else has written");
                    Write(guard)
                })
            }
        };
        Some(Future { want, slot })
    }

    fn step(&mut self, slot: usize, want: Want, step: Step) -> Answer {
        let Some(mut future) = self.future(slot, want) else { return Answer::Skipped };
        let poll = match step {
            Step::Poll => future.slot.poll(),
            Step::PollElsewhere => future.slot.poll_by(&Arc::new(Alarm::default())),
            // One that has a guard, and is never polled again, would keep it.
            Step::Forget if future.want != Want::Upgrade => {
                self.forgotten.push(future);
                return Answer::Done;
            }
            Step::Cancel | Step::Forget => return Answer::Done,
        };
        match poll {
            Poll::Ready(guard) => self.take(Some(guard)),
            Poll::Pending => {
                self.slots[slot] = Some(future);
                Answer::Pending
            }
        }
    }
}
