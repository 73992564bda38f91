//! Models of the mutex: what holds in every execution that loom and shuttle find.
//!
//! Each is named after its property and says what breaks it. `cargo loom -p latchwork-mutex`,
//! `cargo shuttle -p latchwork-mutex`; without either, the same bodies run on real threads. Under loom, two threads are
//! exhausted; a bound stands where three are needed, with what it costs to go without.
//!
//! A *hand-polled* future is one that the body polls itself: it is queued, woken and dropped exactly when the body says.

mod acquire;
// The programs are too long for loom.
#[cfg(not(latchwork = "loom"))]
mod calls;
mod cancel;
mod fairness;
mod guards;
mod quiet;
mod reentrant;
mod release;
mod timeout;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use latchwork_core::sync::model::{
    Alarm, THREADS, block_on, deadline, let_time_pass, model, model_bounded, poll_once, spawn, wake_spuriously,
};
use latchwork_core::sync::thread::yield_now;
use latchwork_core::sync::time::Instant;

use crate::{Lock, LockOwned, Mutex, MutexGuard};

fn mutex() -> Arc<Mutex<u32>> {
    Arc::new(Mutex::new(0))
}

/// Runs on a thread of its own, with the mutex.
fn with_mutex<T: Send + 'static>(
    mutex: &Arc<Mutex<u32>>,
    body: impl FnOnce(&Arc<Mutex<u32>>) -> T + Send + 'static,
) -> latchwork_core::sync::model::JoinHandle<T> {
    let mutex = Arc::clone(mutex);
    spawn(move || body(&mutex))
}

fn increment(mutex: &Arc<Mutex<u32>>) {
    *mutex.lock() += 1;
}

fn increment_async(mutex: &Arc<Mutex<u32>>) {
    block_on(async { *mutex.lock_async().await += 1 });
}

/// Polls with a waker that counts.
fn poll<F: Future + ?Sized>(future: Pin<&mut F>, alarm: &Arc<Alarm>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&alarm.waker()))
}

/// A hand-polled future that has been polled once and is queued.
fn queued(mutex: &Arc<Mutex<u32>>) -> Pin<Box<LockOwned<u32>>> {
    queued_with(mutex, &Arc::new(Alarm::default()))
}

fn queued_with(mutex: &Arc<Mutex<u32>>, alarm: &Arc<Alarm>) -> Pin<Box<LockOwned<u32>>> {
    let mut future = Box::pin(Arc::clone(mutex).lock_owned_async());
    assert!(poll(future.as_mut(), alarm).is_pending());
    future
}

/// A hand-polled future that was woken, lost the race, and has run out of patience: the lock is free, and reserved for it.
fn starved(mutex: &Arc<Mutex<u32>>) -> Pin<Box<LockOwned<u32>>> {
    let guard = mutex.lock();
    let mut starved = queued(mutex);
    drop(guard);
    let guard = mutex.lock();
    assert!(poll_once(starved.as_mut()).is_pending());
    let_time_pass();
    drop(guard);
    starved
}

/// Turns until somebody is queued, which nobody was before. The caller owns the lock.
fn wait_for_a_queued_thread(mutex: &Mutex<u32>) {
    while !mutex.raw().has_company() {
        yield_now();
    }
    // The mode is set a moment before the queue is unlocked.
    assert!(mutex.raw().queued_threads() > 0);
}

/// The same where others are queued already: until so many threads are. The caller owns the lock.
fn wait_for_queued_threads(mutex: &Mutex<u32>, count: usize) {
    while mutex.raw().queued_threads() < count {
        yield_now();
    }
}

/// The same for a thread that gives up at `deadline`, as it may have done already.
fn wait_for_a_queued_thread_until(mutex: &Mutex<u32>, deadline: Instant) {
    while !mutex.raw().has_company() && Instant::now() < deadline {
        yield_now();
    }
}

/// Whatever has happened: the lock is free for whoever tries, and nobody is queued.
fn assert_at_rest(mutex: &Mutex<u32>, value: u32) {
    assert_eq!(*mutex.try_lock().expect("nobody owns it now"), value);
    assert!(mutex.raw().is_at_rest(), "the queue is empty, and no mode is set");
}
