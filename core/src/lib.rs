//! Internal ground floor of the latchwork crates: its API is for them, and changes with them.
//!
//! Use `latchwork-mutex` and its siblings instead. What is here:
//!
//! - [`sync`]: the facade over the standard library, loom and shuttle. Nothing else in the workspace names an atomic. Beside
//!   it, [`sync::identity`]: numbers that tell owners apart.
//! - [`wait`]: the [`WaitQueue`](wait::WaitQueue), in which parked threads and pending tasks stand together, and the
//!   [`Parker`](wait::Parker) that blocks a thread.
//! - [`Spin`]: how long a thread turns before it parks.
//! - [`fence`]: an asymmetric pair of fences.
//!
//! Read in this order: `wait/parker.rs`, `wait/waiter.rs`, `wait/queue.rs`, `models.rs`, then `sync/mod.rs`.
//!
//! No path allocates, and none uses a thread-local or a global table.
//!
//! Without the feature `std`, what is left is `no_std`: atomics, cells, hints and [`Spin`].

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(any(feature = "std", latchwork = "loom", latchwork = "shuttle")), no_std)]

#[cfg(feature = "std")]
pub mod fence;
pub mod sync;
#[cfg(feature = "std")]
pub mod wait;

mod spin;

pub use spin::Spin;

#[cfg(all(test, feature = "std"))]
mod models;
