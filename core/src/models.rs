//! Models of the ground floor: what holds in every execution that loom and shuttle find.
//!
//! Each is named after its property and says what breaks it. `cargo loom -p latchwork-core`,
//! `cargo shuttle -p latchwork-core`; without either, the same bodies run on real threads.

#![expect(unsafe_code, reason = "waiters are queued")]

mod facade;
mod fences;
mod orderings;
mod parker;
mod queue;

use std::num::NonZeroU8;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, Waker};

use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::model::{
    Alarm, Data, THREADS, block_on, deadline, let_time_pass, model, model_bounded, spawn, wake_spuriously,
};
use crate::sync::time::Instant;
use crate::wait::{Entrant, Kind, Parker, PendingWake, Place, QueueGuard, Signal, WaitQueue, Waiter, Wake, WakeList};
