//! One use of a primitive, by a thread or by a task: what it decides by chance, and what it says of itself.

use std::any::Any;
use std::hint::spin_loop;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use futures_lite::future::yield_now;

use super::record::{Count, Record};

/// What a panic that is meant to happen carries.
pub(super) struct Intended;

/// Whether a panic was meant to happen.
pub(super) fn is_intended(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Intended>()
}

/// Unwinds without a call of the panic hook, which has nothing to print.
pub(super) fn panic_as_intended() -> ! {
    panic::resume_unwind(Box::new(Intended))
}

/// What a worker is doing.
pub(super) struct Post {
    /// Which thread or task it is.
    pub(super) worker: String,
    /// How many steps it has made.
    steps: Count,
    /// The primitive and the step; none when the worker has ended.
    step: Mutex<Option<(&'static str, &'static str)>>,
}

impl Post {
    pub(super) fn new(worker: String) -> Self {
        Self { worker, steps: Count::default(), step: Mutex::new(Some(("", "starts"))) }
    }

    /// Says what the worker does from here on.
    pub(super) fn at(&self, primitive: &'static str, step: &'static str) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = Some((primitive, step));
        self.steps.add(1);
    }

    pub(super) fn end(&self) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps.get()
    }

    /// The primitive and the step; none when the worker has ended.
    pub(super) fn step(&self) -> Option<(&'static str, &'static str)> {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One use of a primitive.
pub(super) struct Call {
    dice: Rng,
    pub(super) record: Arc<Record>,
    post: Arc<Post>,
    /// How many [`Inside`] live.
    inside: Arc<AtomicUsize>,
}

impl Call {
    pub(super) fn new(dice: Rng, record: Arc<Record>, post: Arc<Post>) -> Self {
        Self { dice, record, post, inside: Arc::default() }
    }

    /// Says what is done from here on.
    pub(super) fn at(&self, step: &'static str) {
        self.post.at(self.record.name, step);
    }

    /// A number below this.
    pub(super) fn pick(&mut self, end: usize) -> usize {
        self.dice.usize(..end)
    }

    /// Whether it is one of so many times.
    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.pick(times) == 0
    }

    /// None at all, some microseconds, or a few milliseconds.
    pub(super) fn timeout(&mut self) -> Duration {
        let most = [0, 20, 300, 3_000][self.pick(4)];
        Duration::from_micros(self.dice.u64(..=most))
    }

    /// Counts a wait, if this will be one.
    pub(super) fn meets(&self, is_taken: bool) {
        self.record.tally.waits.add(u64::from(is_taken));
    }

    /// Counts a timeout, if this is one.
    pub(super) fn unless_late<T>(&self, result: Option<T>) -> Option<T> {
        self.record.tally.timeouts.add(u64::from(result.is_none()));
        result
    }

    /// Stays for a moment, and panics now and then.
    pub(super) fn linger(&mut self) {
        match self.pick(256) {
            0 => panic_as_intended(),
            1 => thread::sleep(Duration::from_micros(50)),
            2..=9 => thread::yield_now(),
            _ => self.linger_briefly(),
        }
    }

    /// Stays for less than a microsecond, where others spin meanwhile, and panics now and then.
    pub(super) fn linger_briefly(&mut self) {
        match self.pick(256) {
            0 => panic_as_intended(),
            turns => (0..turns % 8).for_each(|_| spin_loop()),
        }
    }

    /// Stays for some polls, and panics now and then.
    pub(super) async fn linger_async(&mut self) {
        self.linger();
        if self.one_in(4) {
            for _ in 0..=self.pick(3) {
                yield_now().await;
            }
        }
        self.linger();
    }

    /// Whoever uses the primitive by this call is inside for as long as what this returns lives: it has what others wait for.
    pub(super) fn inside(&self) -> Inside {
        // ORDERING: Relaxed, here and below: whoever polls a future asks where it is.
        self.inside.fetch_add(1, Relaxed);
        Inside(Arc::clone(&self.inside))
    }

    /// Says later whether the call is inside.
    pub(super) fn whereabouts(&self) -> Whereabouts {
        Whereabouts(Arc::clone(&self.inside))
    }
}

/// See [`Call::inside`].
pub(super) struct Inside(Arc<AtomicUsize>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Whether a call is inside.
#[derive(Clone)]
pub(super) struct Whereabouts(Arc<AtomicUsize>);

impl Whereabouts {
    pub(super) fn is_inside(&self) -> bool {
        self.0.load(Relaxed) > 0
    }
}
