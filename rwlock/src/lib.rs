//! A reader-writer lock for threads and async tasks on the same instance.
//!
//! Use something else where readers are few or short: a mutex then costs less.
//!
//! ```
//! use latchwork_rwlock::{Policy, RwLock};
//!
//! static ROUTES: RwLock<Vec<&str>> = RwLock::with_policy(Vec::new(), Policy::PhaseFair);
//!
//! ROUTES.write().push("/");
//! futures_lite::future::block_on(async { assert_eq!(ROUTES.read_async().await.len(), 1) });
//! ```
//!
//! # How it works
//!
//! One word says who has the lock, how many read, and who waits. Where nobody waits, a reader counts itself by one addition and
//! leaves by one subtraction; a writer enters and leaves by one compare-exchange each. Whoever may not enter joins a queue of
//! parked threads and pending tasks, which live in their own stack frames and futures: no wait allocates. Its two lanes are of
//! those who enter together and of those who enter alone. Whoever leaves the lock to those who wait decides by the lock's
//! [`Policy`] who is next. A task is never given the lock, only woken, since it may never be polled again.
//!
//! Reading order: `state.rs` (the word, invariants, why no wake-up is lost), `request.rs`, `policy.rs`, `raw.rs` and `admit.rs` (the
//! algorithm; the contended paths of threads and of tasks are in `latchwork-core`, `wait/block.rs` and `wait/acquire.rs`),
//! `models/` (what is checked).
//!
//! # Features
//!
//! - `std`, on by default: whatever blocks a thread. Without it there are the forms that try, and the async ones.
//! - `alloc`, which `std` brings: guards and futures that own an `Arc`.
//! - `lock_api_05`, `lock_api_04`: modules of these names, in which the lock is a raw lock of that version of
//!   [`lock_api`](https://docs.rs/lock_api). Both may be on.
//! - `serde`: `Serialize` and `Deserialize` for the lock. It is its value alone, and locked for reading while that is written.
//! - `tracing`: waits are told to the subscribers of the crate of that name.
//!
//! Without either the crate is `no_std` and allocates nothing. Guards and futures are the same types. What is different then:
//!
//! - Nobody can be put to sleep: whoever finds the queue locked, for a few dozen instructions, turns. So the lock is of no use to an
//!   interrupt's handler, or to a thread that runs ahead of others on the same processor, where they may have been interrupted in the
//!   midst of that.
//! - There is no clock: a task is starved once it has been woken and has lost the race.
//! - A waker that panics ends the program.

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod admit;
mod contender;
mod future;
mod guard;
mod handle;
mod lock;
#[cfg(all(any(feature = "lock_api_04", feature = "lock_api_05"), not(any(latchwork = "loom", latchwork = "shuttle"))))]
mod lock_api;
mod mapped;
mod mode;
mod policy;
mod raw;
mod request;
#[cfg(feature = "serde")]
mod serde;
mod state;
mod ways;

/// Who holds what, and who waits for it, where `--cfg latchwork_deadlock` is set. See [`report`](deadlock::report).
#[cfg(feature = "std")]
pub mod deadlock {
    pub use latchwork_core::deadlock::{Hold, IS_ON, Named, Party, Report, Wait, report, with_name};
}

pub use future::{Acquire, Read, UpgradableRead, Upgrade, Write};
#[cfg(feature = "alloc")]
pub use guard::{OwnedRwLockReadGuard, OwnedRwLockUpgradableGuard, OwnedRwLockWriteGuard};
pub use guard::{
    ReadGuard, RwLockReadGuard, RwLockUpgradableGuard, RwLockWriteGuard, UpgradableGuard, UpgradedGuard, WriteGuard,
};
pub use handle::Handle;
pub use lock::RwLock;
#[cfg(all(feature = "lock_api_04", not(any(latchwork = "loom", latchwork = "shuttle"))))]
pub use lock_api::lock_api_04;
#[cfg(all(feature = "lock_api_05", not(any(latchwork = "loom", latchwork = "shuttle"))))]
pub use lock_api::lock_api_05;
pub use mapped::{MappedReadGuard, MappedRwLockReadGuard, MappedRwLockWriteGuard, MappedWriteGuard};
#[cfg(feature = "alloc")]
pub use mapped::{OwnedMappedRwLockReadGuard, OwnedMappedRwLockWriteGuard};
pub use policy::Policy;

/// What models of your own code are written with. In this one a thread and a task meet.
///
/// ```
/// use std::sync::Arc;
///
/// use latchwork_rwlock::model::{block_on, model, spawn};
/// use latchwork_rwlock::RwLock;
///
/// model(|| {
///     let count = Arc::new(RwLock::new(0));
///     let thread = spawn({
///         let count = Arc::clone(&count);
///         move || *count.write() += 1
///     });
///     block_on(async { *count.write_async().await += 1 });
///     thread.join();
///     assert_eq!(*count.read(), 2);
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

/// Guards that lend for writing are invariant in what they lend: no guard of a longer-lived part is one of a shorter-lived part.
/// What they borrow the lock for may be shorter.
///
/// ```
/// # use latchwork_rwlock::*;
/// fn borrow_0<'a>(guard: RwLockWriteGuard<'static, &'static str>) -> RwLockWriteGuard<'a, &'static str> {
///     guard
/// }
/// fn borrow_1<'a>(guard: RwLockUpgradableGuard<'static, &'static str>) -> RwLockUpgradableGuard<'a, &'static str> {
///     guard
/// }
/// fn borrow_2<'a>(guard: MappedRwLockWriteGuard<'static, u8, &'static str>) -> MappedRwLockWriteGuard<'a, u8, &'static str> {
///     guard
/// }
/// fn borrow_3<'a>(guard: OwnedMappedRwLockWriteGuard<u8, &'static str>) -> OwnedMappedRwLockWriteGuard<u8, &'static str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_rwlock::*;
/// fn part<'a>(guard: RwLockWriteGuard<'a, &'static str>) -> RwLockWriteGuard<'a, &'a str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_rwlock::*;
/// fn part<'a>(guard: RwLockUpgradableGuard<'a, &'static str>) -> RwLockUpgradableGuard<'a, &'a str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_rwlock::*;
/// fn part<'a>(guard: MappedRwLockWriteGuard<'a, u8, &'static str>) -> MappedRwLockWriteGuard<'a, u8, &'a str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_rwlock::*;
/// fn part<'a>(guard: OwnedMappedRwLockWriteGuard<u8, &'static str>) -> OwnedMappedRwLockWriteGuard<u8, &'a str> {
///     guard
/// }
/// ```
#[cfg(doctest)]
struct Invariant;
