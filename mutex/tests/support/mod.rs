//! What the tests of futures share: a waker that is as foreign as can be.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex as StdMutex};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

/// A waker that counts, and runs something of the test's when it is cloned, woken or dropped.
#[derive(Default)]
pub(crate) struct Foreign {
    wakes: AtomicUsize,
    pub(crate) on_clone: StdMutex<Option<Action>>,
    pub(crate) on_wake: StdMutex<Option<Action>>,
    pub(crate) on_drop: StdMutex<Option<Action>>,
}

pub(crate) type Action = Box<dyn FnMut() + Send>;

impl Foreign {
    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        // SAFETY: the table keeps to the contract of `RawWaker`: the pointer is a count of the `Arc`.
        unsafe { Waker::from_raw(raw(Arc::clone(self))) }
    }

    pub(crate) fn wakes(&self) -> usize {
        self.wakes.load(Relaxed)
    }

    fn run(slot: &StdMutex<Option<Action>>) {
        // Taken out while it runs: it may come back here.
        let action = slot.lock().unwrap().take();
        if let Some(mut action) = action {
            action();
        }
    }
}

fn raw(foreign: Arc<Foreign>) -> RawWaker {
    RawWaker::new(Arc::into_raw(foreign).cast(), &TABLE)
}

static TABLE: RawWakerVTable = RawWakerVTable::new(
    |pointer| {
        // SAFETY: the pointer is a count of the `Arc`, which is only looked at.
        let foreign = std::mem::ManuallyDrop::new(unsafe { Arc::from_raw(pointer.cast::<Foreign>()) });
        Foreign::run(&foreign.on_clone);
        raw(Arc::clone(&foreign))
    },
    |pointer| {
        // SAFETY: the pointer is a count of the `Arc`, which is used up.
        let foreign = unsafe { Arc::from_raw(pointer.cast::<Foreign>()) };
        foreign.wakes.fetch_add(1, Relaxed);
        Foreign::run(&foreign.on_wake);
    },
    |pointer| {
        // SAFETY: the pointer is a count of the `Arc`, which is only looked at.
        let foreign = std::mem::ManuallyDrop::new(unsafe { Arc::from_raw(pointer.cast::<Foreign>()) });
        foreign.wakes.fetch_add(1, Relaxed);
        Foreign::run(&foreign.on_wake);
    },
    |pointer| {
        // SAFETY: the pointer is a count of the `Arc`, which is used up.
        let foreign = unsafe { Arc::from_raw(pointer.cast::<Foreign>()) };
        Foreign::run(&foreign.on_drop);
    },
);

/// What the waker does next in that place.
pub(crate) fn set(slot: &StdMutex<Option<Action>>, action: impl FnMut() + Send + 'static) {
    *slot.lock().unwrap() = Some(Box::new(action));
}

/// Polls with this waker.
pub(crate) fn poll<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}
