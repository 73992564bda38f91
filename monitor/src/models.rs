//! Models of the monitor crate: what holds in every execution that loom and shuttle find.
//!
//! Each is named after its property and says what breaks it. `cargo loom -p latchwork-monitor`,
//! `cargo shuttle -p latchwork-monitor`; without either, the same bodies run on real threads.
//!
//! A *hand-polled* future is one that the body polls itself: it is queued, woken and dropped exactly when the body says.

// The programs are too long for loom.
#[cfg(not(latchwork = "loom"))]
mod calls;
mod condition;
mod condvar;
mod order;
mod predicate;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};

use latchwork_core::sync::model::{
    Alarm, Data, JoinHandle, block_on, deadline, let_time_pass, model, model_bounded, poll_once, spawn,
};
use latchwork_mutex::{Mutex, MutexGuard};

use crate::roster::{MOST_ONLOOKERS, MOST_PASSINGS};
use crate::{Condition, Condvar, Monitor, MonitorGuard, Wait, When};

fn alarm() -> Arc<Alarm> {
    Arc::new(Alarm::default())
}

/// A waker that panics.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        resume_unwind(Box::new("on purpose"));
    }
}

/// Polls with a waker that counts.
fn poll<F: Future + ?Sized>(future: Pin<&mut F>, alarm: &Arc<Alarm>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&alarm.waker()))
}

/// Polls, and is ready.
fn take<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> F::Output {
    match poll_once(future.as_mut()) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it may go on"),
    }
}

/// For as long as the process lives: guards and futures borrow it, and are moved between threads.
fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn assert_at_rest<T: PartialEq + std::fmt::Debug>(monitor: &Monitor<T>, expected: T) {
    assert_eq!(*monitor.try_enter().expect("nobody is inside"), expected);
    assert!(monitor.roster().is_at_rest(), "nobody waits, or has the turn");
    assert!(!monitor.raw().has_company(), "nobody waits to enter");
}

/// Whether it panics.
fn panics(run: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(run)).is_err()
}
