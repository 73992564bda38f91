//! Who holds what, and who waits for it: a diagnostic, which `--cfg latchwork_deadlock` switches on.
//!
//! ```sh
//! RUSTFLAGS="--cfg latchwork_deadlock" cargo run
//! ```
//!
//! Without that flag, without the feature `std`, and under the checkers, nothing is recorded, and a [`report`] is empty. No public type differs.
//!
//! # What is recorded
//!
//! Who holds a mutex, a reentrant lock, a monitor or a part of a reader-writer lock, and where that was asked for; who waits for one of
//! these or for permits of a semaphore, since when, and where that was asked for. Nobody holds permits: they may be given back by anybody.
//!
//! Whoever waits for a condition or a predicate waits for the mutex or the monitor, too, and is recorded as waiting for its holder: however
//! often it is notified, it goes on when that has left.
//!
//! Whoever has *acquired* a lock holds it, until it is released by whomever: guards may be sent, and this is not seen. Where several
//! hold parts of a reader-writer lock, one that is released is that of whoever releases it, or else the oldest.
//!
//! # Who is who
//!
//! A thread is itself. A task is whatever runs inside of [`with_name`]; without a name it is known by the waker that its future was polled
//! with, which is the same for all futures of a task, unless something between wraps it. What blocks inside of `with_name` is the task, too.
//!
//! # Invariants
//!
//! D1. A hold is recorded after the lock was acquired, and struck out before it is released: what is reported was held.
//! D2. Under the table's lock, which is the standard library's, no foreign code runs but the allocator. That may not wait for locks of
//!     these crates: one thread could have the allocator's lock, and want the table, while another has the table, and allocates.

#[cfg(all(latchwork_deadlock, feature = "std", not(any(latchwork = "loom", latchwork = "shuttle"))))]
#[path = "deadlock/on.rs"]
mod imp;
#[cfg(not(all(latchwork_deadlock, feature = "std", not(any(latchwork = "loom", latchwork = "shuttle")))))]
#[path = "deadlock/off.rs"]
mod imp;
#[cfg(feature = "std")]
mod known;
#[cfg(feature = "std")]
mod name;

pub use imp::{IS_ON, acquired, begin_task, end_task, released, site_of};
#[cfg(feature = "std")]
pub use imp::{Waiting, report};
#[cfg(feature = "std")]
pub use known::{Hold, Party, Report, Wait};
#[cfg(feature = "std")]
pub use name::{Named, with_name};

/// Whether others hold a lock beside one that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Nobody does.
    Whole,
    /// Others may.
    Part,
}
