//! Models of the reader-writer lock: what holds in every execution that loom and shuttle find.
//!
//! Each is named after its property and says what breaks it. `cargo loom -p latchwork-rwlock`,
//! `cargo shuttle -p latchwork-rwlock`; without either, the same bodies run on real threads. Under loom, two threads are
//! exhausted, but where a writer on its way is passed; a bound stands there, and where three are needed, with what it costs to go
//! without.
//!
//! A *hand-polled* future is one that the body polls itself: it is queued, woken and dropped exactly when the body says.

mod acquire;
// The programs are too long for loom.
#[cfg(not(latchwork = "loom"))]
mod calls;
mod cancel;
mod fairness;
mod release;
#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
mod storms;
mod upgrade;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use latchwork_core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use latchwork_core::sync::model::{
    Alarm, Data, JoinHandle, THREADS, block_on, deadline, let_time_pass, model, model_bounded, poll_once, spawn,
};
use latchwork_core::sync::thread::yield_now;

use crate::{Policy, Read, RwLock, RwLockUpgradableGuard, RwLockWriteGuard, Write};

/// A lock and what it guards, for as long as the process lives: guards and futures borrow it, and are moved between threads.
struct Guarded {
    lock: RwLock<()>,
    data: Data,
}

fn guarded(policy: Policy) -> &'static Guarded {
    Box::leak(Box::new(Guarded { lock: RwLock::with_policy((), policy), data: Data::default() }))
}

fn preferring_writers() -> &'static Guarded {
    guarded(Policy::WriterPreferring)
}

impl Guarded {
    fn write(&self) {
        let _guard = self.lock.write();
        self.data.count_up();
    }

    fn write_async(&self) {
        let _guard = block_on(self.lock.write_async());
        self.data.count_up();
    }

    fn read(&self) -> u32 {
        let _guard = self.lock.read();
        self.data.get()
    }

    fn look(&self) {
        self.read();
    }

    fn read_async(&self) -> u32 {
        let _guard = block_on(self.lock.read_async());
        self.data.get()
    }

    /// Runs on a thread of its own.
    fn spawn<T: Send + 'static>(
        &'static self,
        body: impl FnOnce(&'static Self) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        spawn(move || body(self))
    }

    /// A hand-polled writer that has been polled once and is queued.
    fn queued_writer(&'static self, alarm: &Arc<Alarm>) -> Pin<Box<Write<'static, ()>>> {
        queued(self.lock.write_async(), alarm)
    }

    /// A hand-polled reader that has been polled once and is queued.
    fn queued_reader(&'static self, alarm: &Arc<Alarm>) -> Pin<Box<Read<'static, ()>>> {
        queued(self.lock.read_async(), alarm)
    }

    /// Turns until somebody is queued, where nobody was. The caller keeps it there.
    fn wait_for_company(&self) {
        while !self.lock.raw().has_company() {
            yield_now();
        }
    }

    /// Whatever has happened: nobody has the lock or waits for it, and the data was counted up so often.
    fn assert_at_rest(&self, count: u32) {
        let guard = self.lock.try_write().expect("nobody has the lock");
        assert_eq!(self.data.get(), count);
        drop(guard);
        assert!(!self.lock.is_locked());
        assert!(self.lock.raw().is_at_rest(), "the queue is empty, and no flag is set");
    }
}

fn queued<F: Future>(future: F, alarm: &Arc<Alarm>) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    assert!(poll(future.as_mut(), alarm).is_pending());
    future
}

fn alarm() -> Arc<Alarm> {
    Arc::new(Alarm::default())
}

/// Polls with a waker that counts.
fn poll<F: Future + ?Sized>(future: Pin<&mut F>, alarm: &Arc<Alarm>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&alarm.waker()))
}

/// Polls, and is ready.
fn take<F: Future>(future: &mut Pin<Box<F>>) -> F::Output {
    match poll_once(future.as_mut()) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it may enter"),
    }
}
