//! Internal ground floor of the latchwork crates: its API is for them, and changes with them.
//!
//! Use `latchwork-mutex` and its siblings instead. What is here:
//!
//! - [`sync`]: the facade over the standard library, loom and shuttle. Nothing else in the workspace names an atomic. Beside
//!   it, [`sync::identity`]: numbers that tell owners apart.
//! - [`wait`]: the [`WaitQueue`](wait::WaitQueue), in which parked threads and pending tasks stand together, and the
//!   [`Parker`](wait::Parker) that blocks a thread.
//! - [`trace`]: contended waits as events. [`deadlock`]: who holds what, and who waits for it.
//! - [`Spin`]: how long a thread turns before it parks.
//! - [`fence`]: an asymmetric pair of fences.
//! - [`panics`]: foreign code that panics.
//! - [`model`]: what the other crates show of it, for models of your own.
//!
//! Read in this order: `wait/parker.rs`, `wait/waiter.rs`, `wait/queue.rs`, `models.rs`, then `sync/mod.rs`.
//!
//! No path allocates, and none uses a thread-local or a global table; but for [`trace`] and [`deadlock`], where they are
//! switched on.
//!
//! # Without the standard library
//!
//! Without the feature `std`, which is on by default, the crate is `no_std`. The queue, and the tasks in it, are the same; what is
//! different is in `sync/bare.rs`:
//!
//! - Nobody blocks but for the lock of a queue, which turns. So whoever locks a queue must not interrupt, or pass over by its priority,
//!   one that has it locked on the same processor: it would turn for ever. That is true of an interrupt's handler.
//! - There is no clock: whoever has waited at all has waited for long.
//! - A panic of foreign code, a waker for instance, ends the program where it would have been caught.
//! - [`fence`] is not offered.
//!
//! The processor needs a compare-exchange of 32 bits. Where it has none of 64 bits, portable-atomic stands in, with locks
//! that turn as well.

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(any(feature = "std", latchwork = "loom", latchwork = "shuttle")), no_std)]

pub mod deadlock;
pub mod fence;
#[cfg(any(feature = "std", latchwork = "loom", latchwork = "shuttle"))]
pub mod model;
pub mod panics;
pub mod sync;
pub mod trace;
pub mod wait;

#[cfg(all(
    any(feature = "tracing", all(latchwork_deadlock, feature = "std")),
    not(any(latchwork = "loom", latchwork = "shuttle"))
))]
mod busy;
mod site;
mod spin;

pub use spin::Spin;

#[cfg(all(test, feature = "std"))]
mod models;
