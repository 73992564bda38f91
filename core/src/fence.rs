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
//! On Linux `heavy` is `membarrier(PRIVATE_EXPEDITED)`, and `light` a compiler fence. Elsewhere, and under the checkers,
//! both are `fence(SeqCst)`: what the checkers check is the pairing.
//!
//! The technique is the asymmetric Dekker synchronization of Dice, Huang and Yang (2001), used in the Linux kernel's RCU
//! and in folly's hazard pointers.

#[cfg(any(not(target_os = "linux"), latchwork = "loom", latchwork = "shuttle"))]
use crate::sync::atomic::{Ordering, fence};

/// The system refuses a process-wide fence: an old kernel, or a filter on system calls.
///
/// [`light`] is then no fence at all, and both sides have to use `fence(SeqCst)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// The side that runs often: orders the writes before it before the reads after it, against a [`heavy`] elsewhere.
#[inline]
pub fn light() {
    // ORDERING: SeqCst, paired with the fence in `heavy`: of two threads that write, pass their fence and read, at least
    // one sees the other's write. On Linux the compiler keeps the order, and the fence that `heavy` makes this processor
    // pass does the rest. Removing it fails `models::fences::light_and_heavy_fence_forbid_store_buffering`.
    #[cfg(any(not(target_os = "linux"), latchwork = "loom", latchwork = "shuttle"))]
    fence(Ordering::SeqCst);
    #[cfg(all(target_os = "linux", not(any(latchwork = "loom", latchwork = "shuttle"))))]
    core::sync::atomic::compiler_fence(core::sync::atomic::Ordering::SeqCst);
}

/// The side that runs rarely: a full fence here, and on Linux in every running thread of the process.
///
/// It is a system call that interrupts the other processors: for paths that are taken rarely.
///
/// # Errors
///
/// [`Refused`] where the system does not offer it; nothing has been ordered then.
#[inline]
pub fn heavy() -> Result<(), Refused> {
    // ORDERING: SeqCst, paired with `light`. Removing it fails `models::fences::light_and_heavy_fence_forbid_store_buffering`.
    #[cfg(any(not(target_os = "linux"), latchwork = "loom", latchwork = "shuttle"))]
    {
        fence(Ordering::SeqCst);
        Ok(())
    }
    #[cfg(all(target_os = "linux", not(any(latchwork = "loom", latchwork = "shuttle"))))]
    linux::membarrier()
}

#[cfg(all(target_os = "linux", not(any(latchwork = "loom", latchwork = "shuttle"))))]
mod linux {
    use rustix::thread::{MembarrierCommand, membarrier as call};

    use super::Refused;

    /// A full fence in every running thread of the process. The kernel keeps the process's registration, and refuses
    /// the first call of a process that has not registered: no state of our own is needed.
    pub(super) fn membarrier() -> Result<(), Refused> {
        call(MembarrierCommand::PrivateExpedited).or_else(|_| register_and_retry())
    }

    #[cold]
    fn register_and_retry() -> Result<(), Refused> {
        call(MembarrierCommand::RegisterPrivateExpedited)
            .and_then(|()| call(MembarrierCommand::PrivateExpedited))
            .map_err(|_| Refused)
    }
}
