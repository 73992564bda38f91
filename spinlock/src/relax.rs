//! What a thread does between two looks at a lock that is taken.

use latchwork_core::sync::hint;
#[cfg(feature = "std")]
use latchwork_core::sync::thread;

/// A strategy for the time between two looks at a lock that is taken.
///
/// It is a type, not a value: a lock with it is no larger, and the choice costs nothing at run time. What a turn of each costs
/// on a machine: `cargo bench -p latchwork-benches --bench spinlock -- relax`, in the repository.
///
/// | strategy    | what a turn is                                | right where                                   |
/// |-------------|-----------------------------------------------|-----------------------------------------------|
/// | [`Backoff`] | hints, twice as many each time; later a yield | nothing is known of the cores and the threads |
/// | [`Pause`]   | one hint                                      | each thread has a core, and is never preempted |
/// | [`Yield`]   | a yield to the scheduler                      | there are more threads than cores             |
///
/// # Examples
///
/// A strategy of one's own, for a system that has a scheduler and no `std`:
///
/// ```
/// use latchwork_spinlock::{Relax, SpinLock};
/// # mod scheduler { pub fn run_others() {} }
///
/// struct Reschedule;
///
/// impl Relax for Reschedule {
///     /// Turns so far.
///     type Turns = u32;
///
///     fn relax(turns: &mut u32) {
///         *turns = turns.saturating_add(1);
///         if *turns < 32 { core::hint::spin_loop() } else { scheduler::run_others() }
///     }
/// }
///
/// let lock = SpinLock::<_, Reschedule>::with_relax(1);
/// assert_eq!(*lock.lock(), 1);
/// ```
pub trait Relax {
    /// What one wait remembers from turn to turn.
    type Turns: Default;

    /// Lets some time pass. Each wait begins with `Turns::default()`.
    ///
    /// It must come back by itself: nobody wakes it.
    fn relax(turns: &mut Self::Turns);
}

/// One hint to the processor that this is a spin loop, `core::hint::spin_loop`.
///
/// A turn costs what the processor makes of a hint, 13 ns where it was measured, and all of the core: nothing else runs on it
/// until the scheduler takes it away. It is the first to see that the lock is free, and where the owner has lost its core, the
/// last to give the owner one back. Many waiters at this pace slow the owner down, whose cache line they all read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pause;

impl Relax for Pause {
    type Turns = ();

    #[inline]
    fn relax((): &mut ()) {
        hint::spin_loop();
    }
}

/// Hints, twice as many from turn to turn, and then, where there is a scheduler, a yield at each turn.
///
/// The turns have 1, 2, 4, ... 64 hints; after these 127, 1.5 us where it was measured, each turn is a yield to the scheduler
/// with the feature `std`, and without it up to 1024 hints. The end of a wait is seen late by up to the length of the last
/// turn; for that, waiters disturb the owner less and less, and where the owner has lost its core they give theirs up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff;

impl Relax for Backoff {
    type Turns = BackoffTurns;

    #[inline]
    fn relax(turns: &mut BackoffTurns) {
        turns.0.snooze();
    }
}

/// How far a wait with [`Backoff`] has come.
#[derive(Debug, Default)]
pub struct BackoffTurns(hint::Backoff);

/// A yield to the operating system's scheduler at each turn.
///
/// A turn costs a system call, 0.2 us where it was measured and nobody else wanted the core, and a switch of threads where
/// somebody does; the end of a wait is then seen when the scheduler comes back to it.
///
/// Needs the feature `std`.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Yield;

#[cfg(feature = "std")]
impl Relax for Yield {
    type Turns = ();

    #[inline]
    fn relax((): &mut ()) {
        thread::yield_now();
    }
}

/// The pauses of one that knows how many are before it: longer the further back it stands.
///
/// Proportional backoff is from Mellor-Crummey and Scott, [Algorithms for scalable synchronization on shared-memory
/// multiprocessors](https://doi.org/10.1145/103727.103729) (1991).
#[derive(Debug, Default)]
pub(crate) struct Proportional {
    hints: u32,
}

impl Proportional {
    /// Hints for each one before it. With 2 and not 8, two threads on two cores had half as much throughput again, and sixteen
    /// a tenth to a third more (`cargo run --release -p latchwork-benches -- --threads 2,16`).
    const HINTS: u32 = 2;
    /// So far back that it makes no difference how far: the longest pause leaves four looks before the first yield.
    const FAR: u32 = 16;
    /// Hints before it yields at each turn: as many as [`Backoff`] has. With 800 and not 128, four threads on one core took
    /// six times as long; with 8, two threads on two cores took twice as long (`fixed-work` in `benches/benches/spinlock.rs`,
    /// and the comparison with sections of 1 us).
    #[cfg(feature = "std")]
    const PATIENCE: u32 = 128;

    /// Pauses, with so many before it.
    pub(crate) fn pause(&mut self, ahead: u32) {
        #[cfg(feature = "std")]
        if self.hints >= Self::PATIENCE {
            return thread::yield_now();
        }
        let hints = ahead.min(Self::FAR) * Self::HINTS;
        self.hints = self.hints.saturating_add(hints);
        hint::pause(hints);
    }
}
