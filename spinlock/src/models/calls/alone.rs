//! What is promised to a caller that is alone: it has a lock if, and only if, its guards let it.

use latchwork_calls::alone;

use super::caller::Guard;
use super::*;

/// How many guards there are of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Inside {
    spin: usize,
    readers: usize,
    writers: usize,
    upgradables: usize,
}

impl Inside {
    /// Those of the caller, and of its futures that upgrade one.
    fn of(caller: &Caller<'_>) -> Self {
        let count = |way| caller.guards.iter().filter(|guard| way_of(guard) == way).count();
        let upgrading = caller.slots.iter().flatten().filter(|future| future.want == Want::Upgrade).count();
        Self {
            spin: count(Way::Spin),
            readers: count(Way::Read),
            writers: count(Way::Write),
            upgradables: count(Way::Upgradable) + upgrading,
        }
    }

    /// Those who wait hold nobody back, unless somebody polls them.
    fn admits(self, want: Want) -> bool {
        match want {
            Want::Lock(Way::Spin) => self.spin == 0,
            Want::Lock(Way::Read) => self.writers == 0,
            Want::Lock(Way::Upgradable) => self.writers + self.upgradables == 0,
            Want::Lock(Way::Write) => self.writers + self.upgradables + self.readers == 0,
            Want::Upgrade => self.readers == 0,
        }
    }

    /// Checks what came of a call before which these were inside.
    fn expect(self, caller: &Caller<'_>, call: Call, wanted: Option<Want>, answer: Answer) {
        let (want, otherwise) = match call {
            Call::Lock(way) | Call::TryLock(way) | Call::TryLockSpins(way) | Call::TryLockFor(way) => {
                (Want::Lock(way), Answer::Refused)
            }
            Call::TryUpgrade | Call::TryUpgradeFor => (Want::Upgrade, Answer::Refused),
            Call::Future(slot, want, Step::Poll | Step::PollElsewhere) => {
                let rings =
                    caller.slots[slot].as_ref().map(|future| (future.slot.rings(), future.slot.rings_elsewhere()));
                assert!(rings.is_none_or(|rings| rings == (1, 0)), "it wakes its task, and that one only");
                (wanted.unwrap_or(want), Answer::Pending)
            }
            _ => return,
        };
        if answer != Answer::Skipped {
            let expected = if self.admits(want) { Answer::Locked } else { otherwise };
            assert_eq!(answer, expected, "{want:?} beside {self:?}");
        }
    }
}

fn way_of(guard: &Guard<'_>) -> Way {
    match guard {
        Guard::Spin(_) => Way::Spin,
        Guard::Read(_) => Way::Read,
        Guard::Write(_) => Way::Write,
        Guard::Upgradable(_) => Way::Upgradable,
    }
}

/// Breaks if anybody is let in beside whom it may not be, or refused where it may, if a future leaves a trace, or if one that waits does
/// not wake its task, once.
#[test]
fn random_calls_are_let_in_where_they_can_be() {
    alone(call(), |calls| {
        let shared = Shared::default();
        let mut caller = Caller::new(&shared);
        for &call in calls.iter().chain([&Call::Settle]) {
            let inside = Inside::of(&caller);
            let wanted = match call {
                Call::Future(slot, ..) => caller.slots[slot].as_ref().map(|future| future.want),
                _ => None,
            };
            let answer = caller.call(call);
            inside.expect(&caller, call, wanted, answer);
            let Inside { spin, readers, writers, upgradables } = Inside::of(&caller);
            assert_eq!(shared.spin.is_locked(), spin > 0);
            assert_eq!(shared.rw.is_write_locked(), writers > 0);
            assert_eq!(shared.rw.is_at_rest(), readers + writers + upgradables == 0, "nobody is announced or counted");
        }
        shared.assert_at_rest(caller.leave());
    });
}
