//! Programs of random calls: see `latchwork_calls`.

#[cfg(not(latchwork = "shuttle"))]
mod alone;
mod caller;
#[cfg(latchwork = "shuttle")]
mod together;

// `prop_oneof` needs it.
use std::vec;

use latchwork_calls::proptest::prelude::{Just, Strategy, prop_oneof};
use latchwork_calls::{Answer, SLOTS, Step, step};

use self::caller::{Caller, Shared};
use super::*;

/// What a caller does, with a [`SpinLock`] and a [`RwSpinLock`].
#[derive(Clone, Copy, Debug)]
enum Call {
    Lock(Way),
    TryLock(Way),
    TryLockSpins(Way),
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
    Future(usize, Want, Step),
}

/// How to lock, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The [`SpinLock`]. All others are those of the other.
    Spin,
    Read,
    Write,
    Upgradable,
}

/// What a future waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    Lock(Way),
    /// To become the writer: it takes an upgradable guard, and releases it where it is dropped.
    Upgrade,
}

fn call() -> impl Strategy<Value = Call> {
    let way = || {
        prop_oneof![
            2 => Just(Way::Spin),
            3 => Just(Way::Read),
            2 => Just(Way::Write),
            2 => Just(Way::Upgradable),
        ]
    };
    let want = prop_oneof![4 => way().prop_map(Want::Lock), 1 => Just(Want::Upgrade)];
    prop_oneof![
        3 => way().prop_map(Call::Lock),
        5 => way().prop_map(Call::TryLock),
        1 => way().prop_map(Call::TryLockSpins),
        1 => way().prop_map(Call::TryLockFor),
        1 => Just(Call::Downgrade),
        1 => Just(Call::DowngradeToUpgradable),
        2 => Just(Call::TryUpgrade),
        1 => Just(Call::TryUpgradeFor),
        6 => Just(Call::Release),
        3 => Just(Call::Settle),
        25 => (0..SLOTS, want, step()).prop_map(|(slot, want, step)| Call::Future(slot, want, step)),
    ]
}
