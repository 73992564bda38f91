//! Programs of random calls: see `latchwork_calls`.

#[cfg(not(latchwork = "shuttle"))]
mod alone;
mod caller;
mod kind;
#[cfg(latchwork = "shuttle")]
mod together;

use latchwork_calls::proptest::prelude::{Just, Strategy, prop_oneof};
use latchwork_calls::{SLOTS, Step, step};

use self::caller::Caller;
use self::kind::Kind;
use super::*;

/// What the semaphore has to begin with.
const PERMITS: usize = 3;

/// What the future in each place asks for.
const REQUESTS: [usize; SLOTS] = [1, 2, 3, 1];

/// What a caller does. Numbers are of permits, and of a future's place.
#[derive(Clone, Copy, Debug)]
enum Call {
    Acquire(usize, Way),
    TryAcquire(usize, Way),
    TryAcquireFor(usize, Way),
    Split(usize),
    Merge,
    ForgetPermit,
    GiveBack,
    /// What is free, where the semaphore can.
    Forget(usize),
    /// Free or not: `reduce_permits`, `set_limit`.
    Reduce(usize),
    /// Gives everything back, and adds what has been taken away.
    Settle,
    Close,
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

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It was not called: there is no such permit, or it would wait for its caller.
    Skipped,
    /// So many permits are the caller's, or have been taken away, or given back.
    Done(usize),
    NoPermits,
    Closed,
    /// A future waits.
    Pending,
}

fn call() -> impl Strategy<Value = Call> {
    let way = || prop_oneof![Just(Way::Borrowed), Just(Way::Owned)];
    let some = || (0..=PERMITS, way());
    prop_oneof![
        8 => some().prop_map(|(permits, way)| Call::Acquire(permits, way)),
        8 => (0..=PERMITS + 1, way()).prop_map(|(permits, way)| Call::TryAcquire(permits, way)),
        4 => some().prop_map(|(permits, way)| Call::TryAcquireFor(permits, way)),
        4 => (0..=PERMITS).prop_map(Call::Split),
        4 => Just(Call::Merge),
        2 => Just(Call::ForgetPermit),
        16 => Just(Call::GiveBack),
        2 => (0..=PERMITS).prop_map(Call::Forget),
        2 => (0..=PERMITS).prop_map(Call::Reduce),
        12 => Just(Call::Settle),
        1 => Just(Call::Close),
        60 => (0..SLOTS, step()).prop_map(|(slot, step)| Call::Future(slot, step)),
        1 => Just(Call::LetTimePass),
    ]
}
