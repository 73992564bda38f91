//! Mutual exclusion for threads and async tasks on the same instance: a [`Mutex`], and a [`ReentrantLock`].
//!
//! Use something else where that is not needed: [`std::sync::Mutex`] where only threads lock, and nobody needs timeouts,
//! fairness or an unpoisoned value; a channel where the value has one natural owner. Take the reentrant lock last: see
//! [what it hides](ReentrantLock#what-it-hides). Whatever you take, the best critical section is a short one.
//!
//! ```
//! use latchwork_mutex::Mutex;
//! use std::sync::Arc;
//!
//! let counter = Arc::new(Mutex::new(0));
//! let thread = std::thread::spawn({
//!     let counter = Arc::clone(&counter);
//!     move || *counter.lock() += 1
//! });
//! futures_lite::future::block_on(async { *counter.lock_async().await += 1 });
//! thread.join().unwrap();
//! assert_eq!(*counter.lock(), 2);
//! ```
//!
//! # How it works
//!
//! The lock is one byte. Whoever finds it free takes it, in the order of arrival or not: that is where throughput comes
//! from. Whoever finds it taken spins for a moment, looking often or, where sections are brief, seldom: a look takes the cache line from
//! the owner. Then it joins a first-in, first-out queue of parked threads and pending tasks, which live in their own stack frames and
//! futures: no wait allocates. Unlock frees the byte first, and
//! wakes the oldest waiter, if one waits and none is on its way already. A thread that is woken, comes too late, and has waited for a
//! millisecond is given the lock without its being free in between. A task is never given the lock, only woken, since it may never be
//! polled again: it owns nothing until then, and stands in nobody's way.
//!
//! A lock that has met nobody for long is *quiet*: locking is one locked instruction, unlocking a plain store. Whoever waits for such
//! a lock makes up for it by a system call, `membarrier`, that makes all threads of the process pass a fence, and unlock takes a
//! second locked instruction from then on, until 1024 unlocks in a row have met nobody: there is at most one such call for so many
//! unlocks. Where the system has no such call, or refuses it, and with `--cfg latchwork_no_membarrier`, every unlock takes that
//! instruction. [`prepare`] says when the system is asked.
//!
//! The reentrant lock is the mutex and one word more, which says whose it is and how deep. Its owner is a thread, or an
//! [`Owner`] that several threads or tasks may share.
//!
//! Reading order: `state.rs` (what the bytes mean, invariants, why no wake-up is lost), `raw.rs` (the algorithm; the
//! contended paths of threads and of tasks are in `latchwork-core`, `wait/block.rs` and `wait/acquire.rs`),
//! `reentrant/state.rs`, `models/` (what is checked).
//!
//! # Features
//!
//! - `std`, on by default: whatever blocks a thread, or has to know which one it is. Without it there are the forms that try, the async
//!   ones, and reentrant locks that are an [`Owner`]'s.
//! - `alloc`, which `std` brings: guards and futures that own an `Arc`.
//! - `lock_api_05`, `lock_api_04`: modules of these names, in which the mutex is a raw lock of that version of
//!   [`lock_api`](https://docs.rs/lock_api). Both may be on.
//! - `serde`: `Serialize` and `Deserialize` for both locks. A lock is its value alone, and locked while that is written.
//! - `tracing`: waits are told to the subscribers of the crate of that name.
//!
//! Without either the crate is `no_std` and allocates nothing. Guards and futures are the same types. What is different then:
//!
//! - Nobody can be put to sleep: whoever finds the queue locked, for a few dozen instructions, turns. So the lock is of no use to an
//!   interrupt's handler, or to a thread that runs ahead of others on the same processor, where they may have been interrupted in the
//!   midst of that.
//! - There is no clock: a task is starved once it has been woken and has lost the race.
//! - A waker that panics ends the program.
//!
//! # Prior art
//!
//! The queue in the waiters' own frames is that of Mellor-Crummey and Scott's lock (1991). Barging with one *designated
//! waker* is nsync's and absl's [`Mutex`](https://abseil.io/docs/cpp/guides/synchronization); handing over after a bound is
//! [WebKit's `WTF::Lock`](https://webkit.org/blog/6161/locking-in-webkit/) and parking_lot's eventual fairness. That a lock
//! granted to a task may be taken back is folly's `fibers::TimedMutex`; here it is never granted in the first place.
//! To free a lock by a plain store where nobody waits is *asymmetric Dekker synchronization* (Dice, Huang and Yang, 2001), for which Linux
//! has [`membarrier`](https://man7.org/linux/man-pages/man2/membarrier.2.html), and folly its asymmetric fences.
//! The trouble with granting is described as [futurelock](https://rfd.shared.oxide.computer/rfd/0609).
//!
//! A reentrant lock that is a lock, an owner's number and a count is that of the standard library, after Java's monitors;
//! [numbers that never come back](https://github.com/rust-lang/rust/issues/123458) are its, too.

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod contender;
mod future;
mod guard;
#[doc(hidden)]
pub mod internal;
#[cfg(all(any(feature = "lock_api_04", feature = "lock_api_05"), not(any(latchwork = "loom", latchwork = "shuttle"))))]
mod lock_api;
mod mutex;
#[cfg(feature = "alloc")]
mod owned;
mod raw;
mod reentrant;
#[cfg(feature = "serde")]
mod serde;
mod state;

/// Who holds what, and who waits for it, where `--cfg latchwork_deadlock` is set. See [`report`](deadlock::report).
#[cfg(feature = "std")]
pub mod deadlock {
    pub use latchwork_core::deadlock::{Hold, IS_ON, Named, Party, Report, Wait, report, with_name};
}

pub use future::Lock;
#[cfg(feature = "alloc")]
pub use future::LockOwned;
pub use guard::{MappedMutexGuard, MutexGuard};
#[cfg(all(feature = "lock_api_04", not(any(latchwork = "loom", latchwork = "shuttle"))))]
pub use lock_api::lock_api_04;
#[cfg(all(feature = "lock_api_05", not(any(latchwork = "loom", latchwork = "shuttle"))))]
pub use lock_api::lock_api_05;
pub use mutex::Mutex;
#[cfg(feature = "alloc")]
pub use owned::{OwnedMappedMutexGuard, OwnedMutexGuard};
pub use reentrant::{
    ByOwner, ByThread, LockAs, MappedReentrantLockGuard, Owner, Ownership, ReentrantLock, ReentrantLockGuard,
    ReentrantLockRefMut,
};
#[cfg(feature = "alloc")]
pub use reentrant::{LockOwnedAs, OwnedReentrantLockGuard};

/// Asks the system for what lets locks be [unlocked by a plain store](crate#how-it-works), before any lock needs it.
///
/// Linux has to be asked once by each process. Without this call the first thread does so that has unlocked a lock 32 times and met nobody,
/// when it has unlocked it; in a process with more threads than one it takes that thread some ten milliseconds, and until then locks take
/// one instruction more. At the beginning of `main`, before threads are started, it takes some ten microseconds.
///
/// # Examples
///
/// ```
/// latchwork_mutex::prepare();
/// // Threads and runtimes are started from here on.
/// let lock = latchwork_mutex::Mutex::new(0);
/// std::thread::scope(|scope| {
///     scope.spawn(|| *lock.lock() += 1);
/// });
/// ```
pub fn prepare() {
    latchwork_core::fence::ask();
}

/// What models of your own code are written with. In this one a thread and a task meet.
///
/// ```
/// use std::sync::Arc;
///
/// use latchwork_mutex::model::{block_on, model, spawn};
/// use latchwork_mutex::Mutex;
///
/// model(|| {
///     let count = Arc::new(Mutex::new(0));
///     let thread = spawn({
///         let count = Arc::clone(&count);
///         move || *count.lock() += 1
///     });
///     block_on(async { *count.lock_async().await += 1 });
///     thread.join();
///     assert_eq!(*count.lock(), 2);
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
/// # use latchwork_mutex::*;
/// fn borrow_0<'a>(guard: MutexGuard<'static, &'static str>) -> MutexGuard<'a, &'static str> {
///     guard
/// }
/// fn borrow_1<'a>(guard: MappedMutexGuard<'static, &'static str>) -> MappedMutexGuard<'a, &'static str> {
///     guard
/// }
/// fn borrow_2<'a>(guard: OwnedMappedMutexGuard<u8, &'static str>) -> OwnedMappedMutexGuard<u8, &'static str> {
///     guard
/// }
/// fn borrow_3<'a>(guard: ReentrantLockRefMut<'static, &'static str>) -> ReentrantLockRefMut<'a, &'static str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_mutex::*;
/// fn part<'a>(guard: MutexGuard<'a, &'static str>) -> MutexGuard<'a, &'a str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_mutex::*;
/// fn part<'a>(guard: MappedMutexGuard<'a, &'static str>) -> MappedMutexGuard<'a, &'a str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_mutex::*;
/// fn part<'a>(guard: OwnedMappedMutexGuard<u8, &'static str>) -> OwnedMappedMutexGuard<u8, &'a str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_mutex::*;
/// fn part<'a>(guard: ReentrantLockRefMut<'a, &'static str>) -> ReentrantLockRefMut<'a, &'a str> {
///     guard
/// }
/// ```
#[cfg(doctest)]
struct Invariant;
