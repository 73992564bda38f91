//! Programs of random calls: see `latchwork_calls`.

#[cfg(not(latchwork = "shuttle"))]
mod alone;
mod caller;
#[cfg(latchwork = "shuttle")]
mod together;

use latchwork_calls::proptest::prelude::{Just, Strategy, prop_oneof};
use latchwork_calls::{Answer, SLOTS, Step, step};

use self::caller::Caller;
use super::*;

const POLICIES: [Policy; 3] = [Policy::WriterPreferring, Policy::PhaseFair, Policy::ReaderPreferring];

/// What the future in each place asks for. The last upgrades a guard, if its caller has one that can.
const REQUESTS: [Way; SLOTS] = [Way::Read, Way::Write, Way::Read, Way::Upgradable];

/// What a caller does.
#[derive(Clone, Copy, Debug)]
enum Call {
    Lock(Way),
    TryLock(Way),
    TryLockFor(Way),
    /// Of the guard that it has had for longest, here and below.
    Downgrade,
    DowngradeToUpgradable,
    TryUpgrade,
    TryUpgradeFor,
    Release,
    /// Gives up every guard.
    Settle,
    /// Where there is no future in that place, it is made.
    Future(usize, Step),
    LetTimePass,
}

/// How to lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Read,
    ReadAgain,
    Write,
    Upgradable,
}

fn call() -> impl Strategy<Value = Call> {
    let way = || {
        prop_oneof![
            3 => Just(Way::Read),
            1 => Just(Way::ReadAgain),
            2 => Just(Way::Write),
            2 => Just(Way::Upgradable),
        ]
    };
    prop_oneof![
        3 => way().prop_map(Call::Lock),
        5 => way().prop_map(Call::TryLock),
        2 => way().prop_map(Call::TryLockFor),
        1 => Just(Call::Downgrade),
        1 => Just(Call::DowngradeToUpgradable),
        2 => Just(Call::TryUpgrade),
        1 => Just(Call::TryUpgradeFor),
        6 => Just(Call::Release),
        3 => Just(Call::Settle),
        30 => (0..SLOTS, step()).prop_map(|(slot, step)| Call::Future(slot, step)),
        1 => Just(Call::LetTimePass),
    ]
}
