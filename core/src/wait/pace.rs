//! How a thread turns before it queues.

use core::time::Duration;

/// How long it takes to wake a thread on another core: 22 to 34 us here, by a trace of the scheduler. As to why one turns for as long
/// before it sleeps, see [`Outlook`](super::Outlook).
pub(super) const A_WAKE_UP: Duration = Duration::from_micros(30);

/// How a thread turns before it queues: it tries, pauses, and tries again. Each pause is half as long again as the one before, up to the
/// longest.
///
/// Each attempt takes the cache line of the primitive from the owner, who needs it to leave. So they are to be few, and yet what is free
/// is to be found soon. With pauses that grow so, they are apart in proportion to how long the thread has waited: whoever waits for
/// 200 ns finds out within another 100 ns, and there are fewer than 20 attempts in 30 us. That is so for newcomers, and for those who have
/// been woken: with seven attempts in the first microsecond, after which a woken thread queues again, and is woken by the next unlock
/// without having slept, two threads with sections of 1 us and nothing outside have nine tenths of the throughput while both cores run
/// (`cargo run --release -p latchwork-benches -- mutex --threads 2 --section 1000 --outside 0`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Pause hints of the first pause: two or more, since one does not grow.
    pub first: u32,
    /// Pause hints of the longest: 64 or more, since one looks at the clock before such pauses alone.
    pub longest: u32,
    /// How long one turns.
    pub patience: Duration,
}

impl Pace {
    /// Attempts that are far apart from the first, and few: for sections that are shorter than the cache line takes to change hands, or
    /// where nobody knows. With 4 us, empty sections have 0.8 to 0.95 of the throughput, with 4 and 16 threads that are outside for half of
    /// their time (`cargo run --release -p latchwork-benches -- mutex --threads 4,16 --section 0 --outside 50`); with 8 us, 16 readers and
    /// writers with sections of 1 us, and one write in a hundred, have 0.95 (`cargo run --release -p latchwork-benches -- rwlock --threads
    /// 16 --writes 1 --section 1000`).
    pub const FAR: Self = Self { first: 64, longest: 144, patience: Duration::from_micros(2) };

    /// Attempts that are close to each other at first, for as long as to sleep and to be woken would take: for all others.
    pub const CLOSE: Self = Self { first: 4, longest: 512, patience: A_WAKE_UP };
}
