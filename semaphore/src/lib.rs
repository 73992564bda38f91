//! Semaphores for threads and async tasks on the same instance: counting, and with a limit.
//!
//! Use something else where that is not needed: a mutex where there is one permit and it protects a value; a channel where the
//! permits stand for messages.
//!
//! ```
//! use latchwork_semaphore::Semaphore;
//!
//! static CONNECTIONS: Semaphore = Semaphore::new(2);
//!
//! # fn main() -> Result<(), latchwork_semaphore::Closed> {
//! let first = CONNECTIONS.acquire()?;
//! let second = futures_lite::future::block_on(CONNECTIONS.acquire_async())?;
//! assert!(CONNECTIONS.try_acquire().is_err());
//! drop((first, second));
//! assert_eq!(CONNECTIONS.available_permits(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! One word says how many permits are free, and whether somebody is queued. Where nobody is, to acquire is one compare-exchange,
//! and to release is one addition. Whoever finds too few joins a first-in, first-out queue of parked threads and pending tasks, which
//! live in their own stack frames and futures: no wait allocates. While the oldest asks for more than is free, permits gather for
//! it. A task is never given permits, only woken, since it may never be polled again: it owns nothing until then.
//!
//! Reading order: `state.rs` (the word, invariants, why no wake-up is lost), `layout.rs` (the numbers in it), `raw.rs` (the
//! algorithm; the contended paths of threads and of tasks are in `latchwork-core`, `wait/block.rs` and `wait/acquire.rs`),
//! `models/` (what is checked), `acquire.rs` (the methods of both semaphores).
//!
//! # Features
//!
//! - `std`, on by default: whatever blocks a thread. Without it there are the forms that try, and the async ones.
//! - `alloc`, which `std` brings: permits and futures that own an `Arc`.
//! - `tracing`: waits are told to the subscribers of the crate of that name.
//!
//! Without either the crate is `no_std` and allocates nothing. Permits and futures are the same types. What is different then:
//!
//! - Nobody can be put to sleep: whoever finds the queue locked, for a few dozen instructions, turns. So a semaphore is of no use to an
//!   interrupt's handler, or to a thread that runs ahead of others on the same processor, where they may have been interrupted in the
//!   midst of that.
//! - There is no clock: a task is starved once it has been woken and has lost the race.
//! - A waker that panics ends the program.

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod acquire;
mod any;
mod bounded;
mod contender;
mod error;
mod future;
mod layout;
mod permit;
mod raw;
mod semaphore;
mod state;

/// Who holds what, and who waits for it, where `--cfg latchwork_deadlock` is set. See [`report`](deadlock::report).
#[cfg(feature = "std")]
pub mod deadlock {
    pub use latchwork_core::deadlock::{Hold, IS_ON, Named, Party, Report, Wait, report, with_name};
}

pub use any::AnySemaphore;
pub use bounded::BoundedSemaphore;
pub use error::{Closed, OverRelease, TryAcquireError};
pub use future::Acquire;
#[cfg(feature = "alloc")]
pub use future::AcquireOwned;
#[cfg(feature = "alloc")]
pub use permit::OwnedPermit;
pub use permit::Permit;
pub use semaphore::Semaphore;

/// What models of your own code are written with. In this one a thread and a task meet.
///
/// ```
/// use std::sync::Arc;
///
/// use latchwork_semaphore::model::{block_on, model, spawn};
/// use latchwork_semaphore::Semaphore;
///
/// model(|| {
///     let ready = Arc::new(Semaphore::new(0));
///     let thread = spawn({
///         let ready = Arc::clone(&ready);
///         move || ready.add_permits(1)
///     });
///     block_on(ready.acquire_async()).unwrap().forget();
///     thread.join();
///     assert_eq!(ready.available_permits(), 0);
/// });
/// ```
#[cfg(feature = "std")]
#[doc(inline)]
pub use latchwork_core::model;

#[cfg(test)]
mod models;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
