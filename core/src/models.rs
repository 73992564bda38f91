//! Models of the ground floor: what holds in every execution that loom and shuttle find.
//!
//! Each is named after its property and says what breaks it. `cargo loom -p latchwork-core`,
//! `cargo shuttle -p latchwork-core`; without either, the same bodies run on real threads.

#![expect(unsafe_code, reason = "waiters are queued, and cells that stand for a user's data are read and written")]

mod facade;
mod fences;
mod parker;
mod queue;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, Waker};

use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::cell::UnsafeCell;
use crate::sync::model::{
    Alarm, THREADS, block_on, deadline, let_time_pass, model, model_bounded, spawn, wake_spuriously,
};
use crate::sync::time::Instant;
use crate::wait::{Kind, Parker, QueueGuard, Signal, WaitQueue, Waiter, Wake, WakeList};

/// Data that is reached by plain reads and writes; the checkers report a race on it.
#[derive(Default)]
struct Data(UnsafeCell<u32>);

// SAFETY: the models claim that their protocol orders all accesses; the checkers hold them to it.
unsafe impl Sync for Data {}

impl Data {
    fn set(&self, value: u32) {
        // SAFETY: ordered by the protocol under test.
        self.0.with_mut(|data| unsafe { *data = value });
    }

    fn get(&self) -> u32 {
        // SAFETY: ordered by the protocol under test.
        self.0.with(|data| unsafe { *data })
    }
}
