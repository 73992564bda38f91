//! Contended waits as events of the crate [`tracing`](https://docs.rs/tracing), where the feature of that name is on.
//!
//! A wait is told once, when it has ended, by an event of the target `latchwork` and the level `TRACE`:
//!
//! | field       | what it says                                                                                      |
//! |-------------|---------------------------------------------------------------------------------------------------|
//! | `what`      | `mutex`, `rwlock`, `semaphore`, `condition` (a condition variable, too) or `predicate`             |
//! | `who`       | `thread` or `task`                                                                                |
//! | `outcome`   | `acquired`, `timed out`, `cancelled` or `closed`                                                  |
//! | `waited_ns` | how long it has waited, in nanoseconds: a thread from its call, a task from its first poll         |
//! | `at`        | where it was asked for: file, line and column of the call, of one that makes a future too          |
//! | `lock`      | the address of the lock                                                                           |
//!
//! Whoever finds what it asks for free has not waited, and is not told of.
//!
//! # Invariants
//!
//! A subscriber is foreign code: it may block, panic, or lock the very lock that it is told of.
//!
//! T1. No event is emitted under the lock of a queue, nor while whoever has waited has what it waited for. A wait that has succeeded is
//!     kept until that lock is [given back](Release), and told then, by whoever gives it back.
//! T2. What a thread waits for while it tells is not told: no event leads to another.
//! T3. A subscriber that panics is cut short, and nobody else is: the panic ends where the event was emitted.
//! T4. No type grows. A thread's wait is in its frame; a task's is in a table, by the address of its pinned future. The place of the
//!     call is in the future until that waits, where its [`Waiter`](crate::wait::Waiter) will be.
//! T5. The table and what is kept are behind mutexes of the standard library, under which no foreign code runs but the allocator. While
//!     there is a subscriber, that may not wait for locks of these crates: one thread could have the allocator's lock, and want the
//!     table, while another has the table, and allocates.
//!
//! Without the feature, and under the checkers, the types here are empty and the functions do nothing.

#[cfg(all(feature = "tracing", not(any(latchwork = "loom", latchwork = "shuttle"))))]
pub mod collector;
#[cfg(all(feature = "tracing", not(any(latchwork = "loom", latchwork = "shuttle"))))]
#[path = "trace/on.rs"]
mod imp;
#[cfg(not(all(feature = "tracing", not(any(latchwork = "loom", latchwork = "shuttle")))))]
#[path = "trace/off.rs"]
mod imp;

pub use crate::site::Site;
pub use imp::{Cancels, IS_ON, Release, Start, Told, begin_task, end_task, silently};

/// How a wait has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has got what it has waited for.
    Acquired,
    /// Its time has run out.
    TimedOut,
    /// Its future was dropped.
    Cancelled,
    /// It will never have it.
    Closed,
}
