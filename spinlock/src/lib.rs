//! Spin locks for threads, tasks and bare metal: whoever waits keeps looking, and nobody is ever put to sleep.
//!
//! Use something else wherever an operating system can put a thread to sleep: `latchwork-mutex`, or [`std::sync::Mutex`].
//! Spinning is right where there is nothing to sleep with (a kernel, firmware), where sleeping is forbidden (an audio
//! callback, an allocator), and where sections of a few instructions are contended by threads that each have a core. It is
//! wrong:
//!
//! - *with more threads than cores*, above all with one core: a waiter spends its time slice looking at a lock whose owner
//!   cannot run. [`Backoff`] and [`Yield`] give the core up; [`Pause`] does not;
//! - *where the owner may lose its core*, which on a shared machine it may at any instruction: all waiters then burn their
//!   cores until it is back;
//! - *between priorities*: a waiter that outranks the owner keeps it off the core, for ever with one core. A yield does not
//!   help, since it lets only equals run. The same holds for an interrupt handler and the code that it interrupts: disable
//!   interrupts around each section;
//! - *for long sections*: the waiters' cores are lost for as long.
//!
//! ```
//! use latchwork_spinlock::SpinLock;
//!
//! static EVENTS: SpinLock<u64> = SpinLock::new(0);
//!
//! *EVENTS.lock() += 1; // a thread
//! futures_lite::future::block_on(async { *EVENTS.lock_async().await += 1 }); // a task
//! if let Some(mut events) = EVENTS.try_lock_spins(100) {
//!     *events += 1; // one that does not wait for ever
//! }
//! assert_eq!(*EVENTS.lock(), 3);
//! ```
//!
//! # Which one
//!
//! | | [`SpinLock`] | [`TicketLock`] | [`RwSpinLock`] |
//! |---|---|---|---|
//! | holders | one | one | one writer, or many readers |
//! | fairness | none: the first to see it free has it | first come, first served | a writer that waits holds new readers back |
//! | gives up after turns or time; waits as a task | yes | no: a ticket cannot be returned | yes |
//! | with more threads than cores | bearable | bad: the next in line may not be running | bearable |
//! | size around `()`, bytes | 1 | 8 | 4 |
//!
//! # How it works
//!
//! Each lock is one or two words that are looked at by plain loads while they are taken, so that waiters share a cache line
//! instead of fighting for it, and changed by one compare-exchange once they are free. Between two looks a waiter *relaxes*
//! by a [strategy](Relax). A task that finds the lock taken looks a few times inside one poll, and then wakes itself and
//! returns `Pending`: the executor runs whatever else is ready, an owner among it, before it looks again. So a future owns
//! nothing and is queued nowhere, and dropping it, or forgetting it, means nothing to anybody.
//!
//! Reading order: `spin/state.rs`, `spin.rs`; `ticket/state.rs`; `rw/state.rs` (what the word means, and why nothing has to
//! be undone), `rw/raw.rs`; `patience.rs` (every wait is one loop); `lend.rs` (all access to a value); `models/`.
//!
//! # Features
//!
//! - `std`, on by default: timed forms, [`Yield`], and yields in [`Backoff`] and [`TicketLock`]. Without it the crate is
//!   `no_std`, and needs nothing but a processor with compare-exchange.
//! - `lock_api_05`, `lock_api_04`: modules of these names, in which the locks are raw locks of that version of
//!   [`lock_api`](https://docs.rs/lock_api), with `std` or without. Both may be on.
//! - `serde`: `Serialize` and `Deserialize` for all three, with or without `std`. A lock is its value alone, and locked while that is
//!   written.
//!
//! # Prior art
//!
//! Test and test-and-set with exponential backoff is from Rudolph and Segall (1984) and
//! [Anderson (1990)](https://doi.org/10.1109/71.80120); tickets and proportional backoff from
//! [Mellor-Crummey and Scott (1991)](https://doi.org/10.1145/103727.103729). The [`spin`](https://docs.rs/spin) crate made
//! such locks common in Rust, with strategies as type parameters. Malte Skarupke's
//! [measurements](https://probablydance.com/2019/12/30/measuring-mutexes-spinlocks-and-how-bad-the-linux-scheduler-really-is/)
//! show what spinning costs under a scheduler.

#![no_std]
#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, doctest, doc))]
extern crate std;

mod future;
mod guard;
mod lend;
#[cfg(all(any(feature = "lock_api_04", feature = "lock_api_05"), not(any(latchwork = "loom", latchwork = "shuttle"))))]
mod lock_api;
mod patience;
mod relax;
mod rw;
#[cfg(feature = "serde")]
mod serde;
mod spin;
mod ticket;

pub use future::{Lock, Read, UpgradableRead, Upgrade, Write};
#[cfg(all(feature = "lock_api_04", not(any(latchwork = "loom", latchwork = "shuttle"))))]
pub use lock_api::lock_api_04;
#[cfg(all(feature = "lock_api_05", not(any(latchwork = "loom", latchwork = "shuttle"))))]
pub use lock_api::lock_api_05;
#[cfg(feature = "std")]
pub use relax::Yield;
pub use relax::{Backoff, BackoffTurns, Pause, Relax};
pub use rw::{
    MappedRwSpinLockWriteGuard, RwSpinLock, RwSpinLockReadGuard, RwSpinLockUpgradableGuard, RwSpinLockWriteGuard,
};
pub use spin::{SpinLock, SpinLockGuard};
pub use ticket::{TicketLock, TicketLockGuard};

/// What models of your own code are written with. In this one a thread and a task meet.
///
/// ```
/// use std::sync::Arc;
///
/// use latchwork_spinlock::model::{block_on, model, spawn};
/// use latchwork_spinlock::SpinLock;
///
/// model(|| {
///     let count = Arc::new(SpinLock::<u32>::new(0));
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
/// # use latchwork_spinlock::*;
/// fn borrow_0<'a>(guard: SpinLockGuard<'static, &'static str>) -> SpinLockGuard<'a, &'static str> {
///     guard
/// }
/// fn borrow_1<'a>(guard: TicketLockGuard<'static, &'static str>) -> TicketLockGuard<'a, &'static str> {
///     guard
/// }
/// fn borrow_2<'a>(guard: RwSpinLockWriteGuard<'static, &'static str>) -> RwSpinLockWriteGuard<'a, &'static str> {
///     guard
/// }
/// fn borrow_3<'a>(guard: RwSpinLockUpgradableGuard<'static, &'static str>) -> RwSpinLockUpgradableGuard<'a, &'static str> {
///     guard
/// }
/// fn borrow_4<'a>(guard: MappedRwSpinLockWriteGuard<'static, &'static str>) -> MappedRwSpinLockWriteGuard<'a, &'static str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_spinlock::*;
/// fn part<'a>(guard: SpinLockGuard<'a, &'static str>) -> SpinLockGuard<'a, &'a str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_spinlock::*;
/// fn part<'a>(guard: TicketLockGuard<'a, &'static str>) -> TicketLockGuard<'a, &'a str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_spinlock::*;
/// fn part<'a>(guard: RwSpinLockWriteGuard<'a, &'static str>) -> RwSpinLockWriteGuard<'a, &'a str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_spinlock::*;
/// fn part<'a>(guard: RwSpinLockUpgradableGuard<'a, &'static str>) -> RwSpinLockUpgradableGuard<'a, &'a str> {
///     guard
/// }
/// ```
///
/// ```compile_fail
/// # use latchwork_spinlock::*;
/// fn part<'a>(guard: MappedRwSpinLockWriteGuard<'a, &'static str>) -> MappedRwSpinLockWriteGuard<'a, &'a str> {
///     guard
/// }
/// ```
#[cfg(doctest)]
struct Invariant;
