//! Programs of random calls: see `latchwork_calls`.

#[cfg(not(latchwork = "shuttle"))]
mod alone;
mod caller;
#[cfg(latchwork = "shuttle")]
mod together;

use latchwork_calls::proptest::prelude::{Just, Strategy, prop_oneof};
use latchwork_calls::{SLOTS, Step, step};

use self::caller::{Caller, Shared};
use super::*;

/// With so much, every predicate holds.
const PLENTY: u32 = 1000;

/// What a caller does. A wait from inside is outside meanwhile.
#[derive(Clone, Copy, Debug)]
enum Call {
    Enter,
    TryEnter,
    TryEnterFor,
    EnterWhenFor(Need),
    With(Change),
    /// From inside, here and below.
    Change(Change),
    WaitUntilFor(Need),
    WaitFor,
    NotifyOne,
    NotifyAll,
    Leave,
    /// Where there is no future in that place, it is made, for what is wanted; from inside, it takes the guard.
    Future(usize, Want, Step),
    LetTimePass,
}

/// A predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    AtLeast(u32),
    Even,
    Odd,
}

impl Need {
    fn holds(self, number: u32) -> bool {
        number >= PLENTY
            || match self {
                Self::AtLeast(least) => number >= least,
                Self::Even => number % 2 == 0,
                Self::Odd => number % 2 == 1,
            }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Up,
    /// If it is not 0.
    Down,
}

impl Change {
    fn of(self, number: u32) -> u32 {
        match self {
            Self::Up => number + 1,
            Self::Down => number.saturating_sub(1),
        }
    }
}

/// What a future waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    Entry,
    Turn(Need),
    /// From inside only, here and below: to be notified.
    Notice,
    /// The same, while this does not hold.
    Notices(Need),
}

impl Want {
    /// Whether one that has got its notification, if it needs one, is content with the number.
    fn is_met(self, number: u32) -> bool {
        match self {
            Self::Entry | Self::Notice => true,
            Self::Turn(need) | Self::Notices(need) => need.holds(number),
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It was not called: nobody is inside, or it would wait for its caller.
    Skipped,
    Done,
    /// The caller is inside. Of a wait: it has ended in time.
    Inside,
    /// It is not. Of a wait: its time has run out.
    Refused,
    /// So many were notified.
    Notified(usize),
    /// A future waits.
    Pending,
}

fn need() -> impl Strategy<Value = Need> {
    prop_oneof![3 => (1..=3_u32).prop_map(Need::AtLeast), 1 => Just(Need::Even), 1 => Just(Need::Odd)]
}

fn call() -> impl Strategy<Value = Call> {
    let change = || prop_oneof![3 => Just(Change::Up), 2 => Just(Change::Down)];
    let want = prop_oneof![
        1 => Just(Want::Entry),
        4 => need().prop_map(Want::Turn),
        2 => Just(Want::Notice),
        2 => need().prop_map(Want::Notices),
    ];
    prop_oneof![
        6 => Just(Call::Enter),
        2 => Just(Call::TryEnter),
        1 => Just(Call::TryEnterFor),
        2 => need().prop_map(Call::EnterWhenFor),
        4 => change().prop_map(Call::With),
        4 => change().prop_map(Call::Change),
        1 => need().prop_map(Call::WaitUntilFor),
        1 => Just(Call::WaitFor),
        3 => Just(Call::NotifyOne),
        2 => Just(Call::NotifyAll),
        6 => Just(Call::Leave),
        30 => (0..SLOTS, want, step()).prop_map(|(slot, want, step)| Call::Future(slot, want, step)),
        1 => Just(Call::LetTimePass),
    ]
}
