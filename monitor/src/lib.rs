//! Waiting for what others will make true, for threads and async tasks on the same instance: a [`Monitor`] with predicates and named
//! [`Condition`]s, and the classic [`Condvar`].
//!
//! Use something else where that is not needed: a channel where values are handed over, a
//! [semaphore](https://docs.rs/latchwork-semaphore) where only a number is waited for, a
//! [mutex](https://docs.rs/latchwork-mutex) where nobody waits for a value to change.
//!
//! ```
//! use latchwork_monitor::Monitor;
//!
//! static JOBS: Monitor<Vec<u32>> = Monitor::new(Vec::new());
//!
//! let thread = std::thread::spawn(|| JOBS.enter_when(|jobs| !jobs.is_empty()).pop());
//! futures_lite::future::block_on(async { JOBS.enter_async().await.push(7) });
//! assert_eq!(thread.join().unwrap(), Some(7));
//! ```
//!
//! # How it works
//!
//! A monitor is a [`Mutex`](latchwork_mutex::Mutex), which one at a time is inside of, and a roster of those who wait for a predicate.
//! Whoever leaves, and has borrowed the value mutably, asks those predicates, the oldest first, while it is still inside; the first
//! that holds decides who is let in: it is woken. So nobody has to notify, and nobody is woken whose predicate does not hold, but in
//! [two cases](Monitor#fairness): more than 32 wait, or one that was woken gives up while somebody is inside.
//!
//! Whoever waits for a condition is queued with it while it is inside, and leaves then. Whoever notifies moves it to the queue of those
//! who wait to enter; each that leaves then wakes one of them: before that it could do nothing. Where that queue is empty, the notifier
//! itself wakes the first, when it leaves. Waiters live in the stack frames of threads and in the futures of tasks: no wait allocates.
//!
//! Before it takes its place, a thread looks on for some microseconds, where others run on other cores, and comes back by itself.
//!
//! Reading order: `roster.rs` (who is asked, and who is next), `predicate.rs` (how others ask a predicate that may end), `monitor.rs`,
//! `when.rs`; `raw.rs` (the states of a wait for a notification, and why none is lost), `future.rs` (what a cancelled wait owes);
//! `models/` (what is checked).
//!
//! # Features
//!
//! - `std`, on by default: whatever blocks a thread. Without it there are the forms that try, the async ones, and all that notifies.
//! - `lock_api_05`: a module of this name, in which the condition variable is a raw one of [`lock_api`](https://docs.rs/lock_api) 0.5.
//! - `serde`: `Serialize` and `Deserialize` for [`Monitor`]. It is its value alone; whoever writes that is inside.
//! - `tracing`: waits are told to the subscribers of the crate of that name.
//!
//! Without it the crate is `no_std` and allocates nothing. Guards and futures are the same types. What is different then:
//!
//! - Nobody can be put to sleep: whoever finds the queue locked, for a few dozen instructions, turns. So a monitor is of no use to an
//!   interrupt's handler, or to a thread that runs ahead of others on the same processor, where they may have been interrupted in the
//!   midst of that.
//! - There is no clock: a task is starved once it has been woken and has lost the race for the monitor.
//! - A waker or a predicate that panics ends the program.
//!
//! # Prior art
//!
//! Monitors are Hoare's (1974) and Brinch Hansen's; that a woken waiter looks again is Mesa's (Lampson and Redell, 1980). Predicates
//! that the one who leaves evaluates are those of [absl's `Mutex`](https://abseil.io/docs/cpp/guides/synchronization) and of
//! [nsync](https://github.com/google/nsync). Moving whoever is notified to the lock's queue is *wait morphing*, of which nsync and
//! parking_lot (*requeueing*) have theirs.

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "std"), no_std)]

mod condition;
mod condvar;
mod future;
mod guard;
#[cfg(all(feature = "lock_api_05", not(any(latchwork = "loom", latchwork = "shuttle"))))]
pub mod lock_api_05;
mod monitor;
mod predicate;
mod raw;
mod roster;
#[cfg(feature = "serde")]
mod serde;
mod when;

/// Who holds what, and who waits for it, where `--cfg latchwork_deadlock` is set. See [`report`](deadlock::report).
#[cfg(feature = "std")]
pub mod deadlock {
    pub use latchwork_core::deadlock::{Hold, IS_ON, Named, Party, Report, Wait, report, with_name};
}

pub use condition::Condition;
pub use condvar::{Condvar, WaitTimeoutResult};
pub use future::{Lend, Wait, WaitWhile};
pub use guard::MonitorGuard;
#[doc(inline)]
pub use latchwork_mutex::prepare;
pub use monitor::Monitor;
pub use when::{Enter, When};

/// What models of your own code are written with. In this one a thread and a task meet.
///
/// ```
/// use std::sync::Arc;
///
/// use latchwork_monitor::model::{block_on, model, spawn};
/// use latchwork_monitor::Monitor;
///
/// model(|| {
///     let count = Arc::new(Monitor::new(0));
///     let thread = spawn({
///         let count = Arc::clone(&count);
///         move || *count.enter_when(|count| *count == 1) += 1
///     });
///     block_on(async { *count.enter_async().await += 1 });
///     thread.join();
///     assert_eq!(*count.enter(), 2);
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
/// # use latchwork_monitor::*;
/// fn borrow_0<'a>(guard: MonitorGuard<'static, &'static str>) -> MonitorGuard<'a, &'static str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_monitor::*;
/// fn part<'a>(guard: MonitorGuard<'a, &'static str>) -> MonitorGuard<'a, &'a str> {
///     guard
/// }
/// ```
#[cfg(doctest)]
struct Invariant;
