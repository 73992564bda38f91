//! Where threads and tasks wait.
//!
//! A [`Waiter`] is one wait of one thread or task; it lives in the thread's stack frame or in the task's future. A
//! [`WaitQueue`] links waiters in the order in which they came. Whoever takes a waiter out sends it a [`Signal`], and
//! gathers the [`Wake`] that goes with it in a [`WakeList`], to be run once the queue's lock is released.
//!
//! A primitive says what is free and who is next. The way of whoever finds it taken is written once: [`block`] for a thread,
//! [`Acquire`] for a task, both of a [`Contender`].

mod acquire;
#[cfg(feature = "std")]
mod block;
mod contend;
mod lock;
#[cfg(not(feature = "std"))]
mod no_outlook;
#[cfg(feature = "std")]
mod outlook;
mod pace;
pub mod parker;
pub mod queue;
mod standing;
#[cfg(feature = "std")]
mod turning;
mod waiter;
mod wake_list;

pub use acquire::Acquire;
#[cfg(feature = "std")]
pub use block::{block, resume};
pub use contend::{Contender, Entrant, Entry, Held, Place, Progress, Turns};
#[cfg(not(feature = "std"))]
pub use no_outlook::Outlook;
#[cfg(feature = "std")]
pub use outlook::Outlook;
pub use pace::Pace;
pub use parker::{Parker, Signal, Unpark};
pub use queue::{QueueGuard, WaitQueue};
pub use standing::{Kind, Lane, Moment, Standing};
pub use waiter::Waiter;
pub use wake_list::{PendingWake, Wake, WakeList};
