//! How long one goes on trying. Every wait of this crate, but a ticket's, is one loop with one of these.

use core::convert::Infallible;
use core::task::{Context, Poll};
#[cfg(feature = "std")]
use core::time::Duration;

#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;

use crate::relax::{Backoff, Relax};

/// Turns inside one poll. The first turns of [`Backoff`] are hints alone, here 15 of them: the executor's thread is never
/// given away. With none, two tasks had a tenth less throughput in empty sections; with 7, in sections of 1 us
/// (`cargo run --release -p latchwork-benches -- --tasks 2`). Under a checker one turn shows what more would.
const TURNS_PER_POLL: u32 = if cfg!(any(latchwork = "loom", latchwork = "shuttle")) { 1 } else { 4 };

/// Waits for what one has tried to get in vain: tries again after each pause, until patience is at an end.
#[cold]
pub(crate) fn wait<P: Patience, Held>(
    mut patience: P,
    mut try_once: impl FnMut() -> Option<Held>,
) -> Result<Held, P::End> {
    loop {
        patience.pause()?;
        if let Some(held) = try_once() {
            return Ok(held);
        }
    }
}

/// One poll of a future: an attempt of a few turns, and then the executor's turn.
///
/// The task wakes itself, so that the executor comes back to it after whatever else it has to run.
pub(crate) fn poll<Held>(
    cx: &Context<'_>,
    attempt: impl FnOnce(Turns<Backoff>) -> Result<Held, GivenUp>,
) -> Poll<Held> {
    match attempt(Turns::new(TURNS_PER_POLL)) {
        Ok(held) => Poll::Ready(held),
        Err(GivenUp) => {
            // Foreign code, which may do anything with the lock: nothing of the attempt is left by now.
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
}

/// What decides whether there is another try.
pub(crate) trait Patience {
    /// [`GivenUp`], or [`Infallible`] where there is no end.
    type End;

    /// Pauses before the next try, or says that there is to be none.
    fn pause(&mut self) -> Result<(), Self::End>;
}

/// Patience is at an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GivenUp;

/// Patience without end.
pub(crate) struct Forever<R: Relax>(R::Turns);

impl<R: Relax> Forever<R> {
    #[inline]
    pub(crate) fn new() -> Self {
        Self(R::Turns::default())
    }
}

impl<R: Relax> Patience for Forever<R> {
    type End = Infallible;

    #[inline]
    fn pause(&mut self) -> Result<(), Infallible> {
        R::relax(&mut self.0);
        Ok(())
    }
}

/// Patience for a number of turns.
pub(crate) struct Turns<R: Relax> {
    left: u32,
    turns: R::Turns,
}

impl<R: Relax> Turns<R> {
    #[inline]
    pub(crate) fn new(count: u32) -> Self {
        Self { left: count, turns: R::Turns::default() }
    }
}

impl<R: Relax> Patience for Turns<R> {
    type End = GivenUp;

    #[inline]
    fn pause(&mut self) -> Result<(), GivenUp> {
        self.left = self.left.checked_sub(1).ok_or(GivenUp)?;
        R::relax(&mut self.turns);
        Ok(())
    }
}

/// Patience until a moment, or without end where that moment is beyond what the clock can tell.
#[cfg(feature = "std")]
pub(crate) struct Until<R: Relax> {
    deadline: Option<Instant>,
    turns: R::Turns,
}

#[cfg(feature = "std")]
impl<R: Relax> Until<R> {
    pub(crate) fn at(deadline: Instant) -> Self {
        Self { deadline: Some(deadline), turns: R::Turns::default() }
    }

    pub(crate) fn after(timeout: Duration) -> Self {
        Self { deadline: Instant::now().checked_add(timeout), turns: R::Turns::default() }
    }
}

#[cfg(feature = "std")]
impl<R: Relax> Patience for Until<R> {
    type End = GivenUp;

    fn pause(&mut self) -> Result<(), GivenUp> {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(GivenUp);
        }
        R::relax(&mut self.turns);
        Ok(())
    }
}
