//! Programs of random calls: see `latchwork_calls`.

#[cfg(not(latchwork = "shuttle"))]
mod alone;
mod caller;
#[cfg(latchwork = "shuttle")]
mod together;

use latchwork_calls::proptest::prelude::{Just, Strategy, prop_oneof};
use latchwork_calls::{Answer, SLOTS, Step, step};

use self::caller::{Caller, Shared};
use super::*;

/// Owners that all callers have.
const OWNERS: usize = 2;

/// What a caller does.
#[derive(Clone, Copy, Debug)]
enum Call {
    Lock(Name),
    TryLock(Name),
    TryLockFor(Name),
    /// Borrows the value mutably, through the guard that it has had for longest.
    GetMut,
    /// Gives up the guard that it has had for longest.
    Unlock,
    /// Gives up every guard.
    Settle,
    /// Where there is no future in that place, it is made, in the name of the owners by turns.
    Future(usize, Step),
    LetTimePass,
}

/// In whose name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Thread,
    Owner(usize),
}

fn call() -> impl Strategy<Value = Call> {
    let name = || prop_oneof![Just(Name::Thread), (0..OWNERS).prop_map(Name::Owner)];
    prop_oneof![
        6 => name().prop_map(Call::Lock),
        4 => name().prop_map(Call::TryLock),
        2 => name().prop_map(Call::TryLockFor),
        1 => Just(Call::GetMut),
        4 => Just(Call::Unlock),
        5 => Just(Call::Settle),
        25 => (0..SLOTS, step()).prop_map(|(slot, step)| Call::Future(slot, step)),
        1 => Just(Call::LetTimePass),
    ]
}
