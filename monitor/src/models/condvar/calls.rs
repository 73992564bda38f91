//! Programs of random calls: see `latchwork_calls`.

#[cfg(not(latchwork = "shuttle"))]
mod alone;
mod caller;
#[cfg(latchwork = "shuttle")]
mod together;

use latchwork_calls::proptest::prelude::{Just, Strategy, prop_oneof};
use latchwork_calls::{SLOTS, Step, step};

use self::caller::Caller;
use super::*;

/// With so much, nobody waits any more.
const PLENTY: u32 = 1000;

/// What a caller does. A wait that begins as an owner is none meanwhile.
#[derive(Clone, Copy, Debug)]
enum Call {
    Lock,
    TryLock,
    /// As an owner or not, here and below.
    NotifyOne,
    NotifyAll,
    /// Where there is no future in that place, it is made, for what is wanted.
    Future(usize, Want, Step),
    /// As an owner, here and below.
    CountUp,
    WaitFor,
    /// The time has run out before.
    WaitUntil,
    Unlock,
    LetTimePass,
}

/// What a future waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    Lock,
    /// To be notified. It takes the guard.
    Notice,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It was not called: nobody owns the mutex, or it would wait for its caller.
    Skipped,
    Done,
    /// The caller owns the mutex. Of a wait: it has ended in time.
    Locked,
    /// It does not. Of a wait: its time has run out.
    Refused,
    /// So many were notified.
    Notified(usize),
    /// A future waits.
    Pending,
}

fn call() -> impl Strategy<Value = Call> {
    let want = prop_oneof![1 => Just(Want::Lock), 3 => Just(Want::Notice)];
    prop_oneof![
        8 => Just(Call::Lock),
        2 => Just(Call::TryLock),
        5 => Just(Call::NotifyOne),
        2 => Just(Call::NotifyAll),
        30 => (0..SLOTS, want, step()).prop_map(|(slot, want, step)| Call::Future(slot, want, step)),
        2 => Just(Call::CountUp),
        1 => Just(Call::WaitFor),
        1 => Just(Call::WaitUntil),
        6 => Just(Call::Unlock),
        1 => Just(Call::LetTimePass),
    ]
}
