//! Models of the semaphores: what holds in every execution that loom and shuttle find.
//!
//! Each is named after its property and says what breaks it. `cargo loom -p latchwork-semaphore`,
//! `cargo shuttle -p latchwork-semaphore`; without either, the same bodies run on real threads. Under loom, two threads are
//! exhausted; a bound stands where three are needed, with what it costs to go without.
//!
//! A *hand-polled* future is one that the body polls itself: it is queued, woken and dropped exactly when the body says.

mod acquire;
mod bounded;
// The programs are too long for loom.
#[cfg(not(latchwork = "loom"))]
mod calls;
mod cancel;
mod close;
mod fairness;
mod release;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use latchwork_core::sync::model::{
    Alarm, Data, JoinHandle, THREADS, block_on, deadline, let_time_pass, model, model_bounded, poll_once, spawn,
};
use latchwork_core::sync::thread::yield_now;

use crate::any::Raw;
use crate::{Acquire, Closed, Permit, Semaphore, TryAcquireError};

/// A semaphore and what it guards, for as long as the process lives: permits and futures borrow it, and are moved between
/// threads.
struct Guarded {
    semaphore: Semaphore,
    data: Data,
}

fn guarded(permits: usize) -> &'static Guarded {
    Box::leak(Box::new(Guarded { semaphore: Semaphore::new(permits), data: Data::default() }))
}

impl Guarded {
    /// With the only permit.
    fn count_up(&self) {
        let _permit = self.semaphore.acquire().expect("it is open");
        self.data.count_up();
    }

    fn count_up_async(&self) {
        let _permit = block_on(self.semaphore.acquire_async()).expect("it is open");
        self.data.count_up();
    }

    /// Runs on a thread of its own.
    fn spawn<T: Send + 'static>(
        &'static self,
        body: impl FnOnce(&'static Self) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        spawn(move || body(self))
    }

    /// A hand-polled future that has been polled once and is queued.
    fn queued(&'static self, permits: usize, alarm: &Arc<Alarm>) -> Pin<Box<Acquire<'static>>> {
        let mut future = Box::pin(self.semaphore.acquire_many_async(permits));
        assert!(poll(future.as_mut(), alarm).is_pending());
        future
    }

    /// Turns until a thread is queued, where nobody was. The caller keeps it there.
    fn wait_for_a_queued_thread(&self) {
        while !self.semaphore.raw().has_company() {
            yield_now();
        }
        // The flag is set a moment before the queue is unlocked.
        assert_eq!(self.semaphore.raw().queued_threads(), 1);
    }

    /// Whatever has happened: so many permits are free, nobody is queued, and the data was counted up so often.
    fn assert_at_rest(&self, permits: usize, count: u32) {
        assert_eq!(self.semaphore.available_permits(), permits);
        let all = self.semaphore.try_acquire_many(permits).expect("they gather for nobody");
        assert_eq!(self.data.get(), count);
        drop(all);
        assert!(self.semaphore.raw().is_at_rest(), "the queue is empty, and no flag is set");
    }
}

fn alarm() -> Arc<Alarm> {
    Arc::new(Alarm::default())
}

/// Polls with a waker that counts.
fn poll<F: Future + ?Sized>(future: Pin<&mut F>, alarm: &Arc<Alarm>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&alarm.waker()))
}

/// Polls, and is ready with permits.
fn take(future: &mut Pin<Box<Acquire<'static>>>) -> Permit<'static> {
    match poll_once(future.as_mut()) {
        Poll::Ready(permit) => permit.expect("it is open"),
        Poll::Pending => panic!("the permits are free"),
    }
}
