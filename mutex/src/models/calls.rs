//! Programs of random calls: see `latchwork_calls`.

#[cfg(not(latchwork = "shuttle"))]
mod alone;
mod caller;
#[cfg(latchwork = "shuttle")]
mod together;

use latchwork_calls::proptest::prelude::{Just, Strategy, any, prop_oneof};
use latchwork_calls::{Answer, SLOTS, Step, step};

use self::caller::Caller;
use super::*;

/// What a caller does. Futures are numbered by their places.
#[derive(Clone, Copy, Debug)]
enum Call {
    Lock(Way),
    TryLock(Way),
    TryLockFor(Way),
    With,
    Debug,
    Map,
    TryMap(bool),
    /// The value is locked and unlocked by somebody else for the length of the call, if it can be.
    Unlocked,
    Bump,
    Unlock,
    /// Where there is no future in that place, it is made.
    Future(usize, Step),
    LetTimePass,
}

/// Which of two forms is called.
#[derive(Clone, Copy, Debug)]
enum Way {
    Borrowed,
    Owned,
}

fn call() -> impl Strategy<Value = Call> {
    let way = || prop_oneof![Just(Way::Borrowed), Just(Way::Owned)];
    prop_oneof![
        4 => way().prop_map(Call::Lock),
        2 => way().prop_map(Call::TryLock),
        1 => way().prop_map(Call::TryLockFor),
        1 => Just(Call::With),
        1 => Just(Call::Debug),
        1 => Just(Call::Map),
        1 => any::<bool>().prop_map(Call::TryMap),
        1 => Just(Call::Unlocked),
        1 => Just(Call::Bump),
        6 => Just(Call::Unlock),
        20 => (0..SLOTS, step()).prop_map(|(slot, step)| Call::Future(slot, step)),
        1 => Just(Call::LetTimePass),
    ]
}
