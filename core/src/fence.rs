//! An asymmetric pair of fences: [`light`] costs next to nothing, [`heavy`] makes up for it.
//!
//! In the store-buffering shape, two threads each write one word and then read the other's:
//!
//! ```text
//!   often:   a = 1;  light();  read b          rarely:   b = 1;  heavy();  read a
//! ```
//!
//! With a fence on each side, at least one of them reads the other's 1. With `fence(SeqCst)` on both, each pays for it.
//! Here `heavy` makes every running thread of the process pass a full fence, wherever it happens to be, so that the
//! other side's fence has only to stop the compiler.
//!
//! On Linux `heavy` is `membarrier(PRIVATE_EXPEDITED)`, and `light` a compiler fence. Under the checkers both are
//! `fence(SeqCst)`: what the checkers check is the pairing. `tests/litmus.rs` tries the pair on the processor itself.
//!
//! The technique is the asymmetric Dekker synchronization of Dice, Huang and Yang (2001), used in the Linux kernel's RCU
//! and in folly's hazard pointers.
//!
//! # Where it is refused
//!
//! Other systems do not have it, as far as this crate knows; an old kernel, or a filter on system calls, refuses it; and with
//! `--cfg latchwork_no_membarrier` it is not asked. [`is_offered`] says so, and whoever wants the pair has to do without it then.
//!
//! Where it was offered once and is refused later, for there is a filter now, `heavy` waits instead: a processor shows its writes to
//! the others within a microsecond, and a thread that stops running has shown all of its own; a millisecond is far beyond both. It is
//! not offered from then on.

use core::time::Duration;

use crate::sync::barrier;

/// How long a `heavy` that is refused waits.
const GRACE: Duration = Duration::from_millis(1);

/// Whether the system is known to offer the pair. Who has been told so may rely on every `light` and `heavy` of its own.
#[inline]
#[must_use]
pub fn is_offered() -> bool {
    barrier::is_offered()
}

/// Whether the system has said whether it offers the pair.
#[must_use]
pub fn is_known() -> bool {
    barrier::is_known()
}

/// Asks the system whether it offers the pair, unless somebody has: it registers the process. With more threads than one that takes some
/// ten milliseconds, since Linux waits until all processors have noticed; in a process of one thread some ten microseconds.
#[inline]
pub fn ask() {
    barrier::ask();
}

/// The side that runs often: orders the writes before it before the reads after it, against a [`heavy`] elsewhere.
#[inline]
pub fn light() {
    // ORDERING: SeqCst, paired with the fence in `heavy`: of two threads that write, pass their fence and read, at least
    // one sees the other's write. On Linux the compiler keeps the order, and the fence that `heavy` makes this processor
    // pass does the rest. Removing it fails `models::fences::light_and_heavy_fence_forbid_store_buffering`.
    barrier::light();
}

/// The side that runs rarely: a full fence here, and on Linux in every running thread of the process.
///
/// It is a system call that interrupts the other processors: for paths that are taken rarely.
#[cold]
pub fn heavy() {
    // ORDERING: SeqCst, paired with `light`. Removing it fails `models::fences::light_and_heavy_fence_forbid_store_buffering`.
    if barrier::heavy().is_err() {
        barrier::wait_out(GRACE);
    }
}

/// How many times [`heavy`] has run in this process, refused or not.
#[must_use]
pub fn heavy_count() -> u64 {
    barrier::heavy_count()
}
