//! Models of the spin locks: what holds in every execution that loom and shuttle find.
//!
//! Each is named after its property and says what breaks it. `cargo loom -p latchwork-spinlock`,
//! `cargo shuttle -p latchwork-spinlock`; without either, the same bodies run on real threads. Under loom, two threads are
//! exhausted; a bound stands where three are needed, with what it costs to go without.
//!
//! The value of each lock is reached through a cell that the checkers watch, so that every model also checks that nobody
//! reads it while it is written, nor without having synchronized with the last writer.

#![expect(unsafe_code, reason = "a cell stands for what users protect by being the only upgradable reader")]

// The programs are too long for loom.
#[cfg(not(latchwork = "loom"))]
mod calls;
mod fairness;
mod rw;
mod spin;
mod ticket;
mod upgrade;
mod waits;

use std::boxed::Box;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec::Vec;

use latchwork_core::sync::model::{
    Alarm, JoinHandle, THREADS, block_on, deadline, let_time_pass, model, model_bounded, poll_once, spawn,
};
use latchwork_core::sync::thread::yield_now;

use crate::{RwSpinLock, RwSpinLockReadGuard, RwSpinLockUpgradableGuard, RwSpinLockWriteGuard, SpinLock, TicketLock};

/// Runs on a thread of its own, with the lock.
fn with<L: Send + Sync + 'static, T: Send + 'static>(
    lock: &Arc<L>,
    body: impl FnOnce(&L) -> T + Send + 'static,
) -> JoinHandle<T> {
    let lock = Arc::clone(lock);
    spawn(move || body(&lock))
}

/// Polls with a waker that counts.
fn poll<F: Future + ?Sized>(future: Pin<&mut F>, alarm: &Arc<Alarm>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&alarm.waker()))
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

fn write(lock: &RwSpinLock<u32>) {
    *lock.write() += 1;
}

fn write_async(lock: &RwSpinLock<u32>) {
    block_on(async { *lock.write_async().await += 1 });
}

fn read(lock: &RwSpinLock<u32>) -> u32 {
    *lock.read()
}

fn read_async(lock: &RwSpinLock<u32>) -> u32 {
    block_on(async { *lock.read_async().await })
}

/// Whatever has happened: nobody has the lock, nobody is counted or announced, and this is the value.
fn assert_at_rest(lock: &RwSpinLock<u32>, value: u32) {
    assert!(lock.is_at_rest(), "the word is as it was before anybody came");
    assert_eq!(*lock.try_write().expect("nobody has it now"), value);
}
