//! Models of the spin locks: what holds in every execution that loom and shuttle find.
//!
//! Each is named after its property and says what breaks it. `cargo loom -p latchwork-spinlock`,
//! `cargo shuttle -p latchwork-spinlock`; without either, the same bodies run on real threads. Under loom, two threads are
//! exhausted; a bound stands where three are needed, with what it costs to go without.
//!
//! The value of each lock is reached through a cell that the checkers watch, so that every model also checks that nobody
//! reads it while it is written, nor without having synchronized with the last writer.

mod spin;
mod ticket;

use std::sync::Arc;
use std::vec::Vec;

use latchwork_core::sync::model::{JoinHandle, THREADS, block_on, model, model_bounded, spawn};
use latchwork_core::sync::thread::yield_now;

use crate::{SpinLock, TicketLock};

/// Runs on a thread of its own, with the lock.
fn with<L: Send + Sync + 'static, T: Send + 'static>(
    lock: &Arc<L>,
    body: impl FnOnce(&L) -> T + Send + 'static,
) -> JoinHandle<T> {
    let lock = Arc::clone(lock);
    spawn(move || body(&lock))
}

/// Turns until the condition holds, which reads one word.
fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        yield_now();
    }
}

fn increment(lock: &SpinLock<u32>) {
    *lock.lock() += 1;
}

fn increment_async(lock: &SpinLock<u32>) {
    block_on(async { *lock.lock_async().await += 1 });
}
