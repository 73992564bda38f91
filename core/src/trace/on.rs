//! Waits are told.

use core::cell::Cell;
use core::fmt;
use core::mem::{forget, take};
use core::panic::Location;
use core::time::Duration;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::Level;
use tracing::level_filters::LevelFilter;

use super::Outcome;
use crate::busy::Busy;
use crate::site::Site;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::thread::local;
use crate::sync::time::Instant;

/// Whether waits are told.
pub const IS_ON: bool = true;

/// When a wait began, where somebody may want to know.
#[derive(Clone, Copy, Debug)]
pub struct Start(Option<Instant>);

impl Start {
    /// At this moment. No subscriber is asked: that is foreign code.
    #[inline]
    #[must_use]
    pub fn now() -> Self {
        Self((LevelFilter::current() >= Level::TRACE && !is_busy()).then(Instant::now))
    }
}

/// What is known of a wait from its begin.
#[derive(Clone, Copy, Debug)]
struct Begun {
    who: &'static str,
    what: &'static str,
    site: &'static Location<'static>,
    since: Instant,
}

impl Begun {
    /// Where it is to be told.
    fn new(who: &'static str, what: &'static str, site: Site, start: Start) -> Option<Self> {
        Some(Self { who, what, site: site.location()?, since: start.0? })
    }

    /// It has ended. It is told at once, unless whoever has waited has the lock (T1).
    fn end(self, outcome: Outcome, lock: *const (), is_held: bool) {
        let ended = Ended { begun: self, outcome, waited: self.since.elapsed(), lock: lock.addr() };
        let Some(_busy) = Busy::begin(&BUSY) else { return };
        if is_held {
            let mut kept = KEPT.lock();
            kept.push(ended);
            KEPT.note(1);
        } else {
            ended.tell();
        }
    }
}

/// A wait that has ended.
#[derive(Debug)]
struct Ended {
    begun: Begun,
    outcome: Outcome,
    waited: Duration,
    lock: usize,
}

impl Ended {
    /// Emits the event. The thread is busy (T2).
    fn tell(&self) {
        let Begun { who, what, site, .. } = self.begun;
        let outcome = match self.outcome {
            Outcome::Acquired => "acquired",
            Outcome::TimedOut => "timed out",
            Outcome::Cancelled => "cancelled",
            Outcome::Closed => "closed",
        };
        let waited_ns = u64::try_from(self.waited.as_nanos()).unwrap_or(u64::MAX);
        let told = catch_unwind(AssertUnwindSafe(|| {
            let lock = tracing::field::display(Address(self.lock));
            tracing::trace!(target: "latchwork", what, who, outcome, waited_ns, at = %site, lock, "waited");
        }));
        if let Err(panic) = told {
            // T3. Dropping a payload is foreign code too, and could panic in its turn.
            forget(panic);
        }
    }
}

/// An address, as it is shown.
struct Address(usize);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// The wait of a thread, which is told when it ends.
#[derive(Debug)]
pub struct Told(Option<Begun>);

impl Told {
    /// A wait that begins.
    #[inline]
    #[must_use]
    pub fn begin(what: &'static str, site: Site) -> Self {
        Self(Begun::new("thread", what, site, Start::now()))
    }

    /// It has ended, `is_held` with the lock.
    #[inline]
    pub fn end(self, outcome: Outcome, lock: *const (), is_held: bool) {
        if let Some(begun) = self.0 {
            begun.end(outcome, lock, is_held);
        }
    }
}

/// A value, and how much there is in it, for whoever need not lock it where that is nothing.
struct Counted<T> {
    value: Mutex<T>,
    count: AtomicU32,
}

impl<T> Counted<T> {
    const fn new(value: T) -> Self {
        Self { value: Mutex::new(value), count: AtomicU32::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is nothing of this thread, or of one that has synchronized with it.
    fn is_empty(&self) -> bool {
        // ORDERING: Relaxed, here and below: whatever was added before, in the order of the program, and has not been taken out, is counted
        // in the value that is read.
        self.count.load(Ordering::Relaxed) == 0
    }

    fn note(&self, more: u32) {
        self.count.fetch_add(more, Ordering::Relaxed);
    }

    fn note_less(&self, less: u32) {
        self.count.fetch_sub(less, Ordering::Relaxed);
    }
}

/// Tasks that wait, by the addresses of their futures. Whoever forgets a future leaves its wait here, until another is at its address.
static TASKS: Counted<BTreeMap<usize, Begun>> = Counted::new(BTreeMap::new());

/// Waits that have succeeded, and are told when the lock is given back.
static KEPT: Counted<Vec<Ended>> = Counted::new(Vec::new());

/// The wait of a task begins, unless it has begun.
#[inline]
pub fn begin_task(task: *const (), what: &'static str, site: Site, start: Start) {
    let Some(begun) = Begun::new("task", what, site, start) else { return };
    let Some(_busy) = Busy::begin(&BUSY) else { return };
    if TASKS.lock().insert(task.addr(), begun).is_none() {
        TASKS.note(1);
    }
}

/// The wait of a task has ended, if it had begun; `is_held` with the lock. Returns where it was asked for.
#[inline]
pub fn end_task(task: *const (), outcome: Outcome, lock: *const (), is_held: bool) -> Site {
    if TASKS.is_empty() { Site::NOWHERE } else { end_of_some(task, outcome, lock, is_held) }
}

#[cold]
fn end_of_some(task: *const (), outcome: Outcome, lock: *const (), is_held: bool) -> Site {
    let begun = Busy::begin(&BUSY).and_then(|_busy| TASKS.lock().remove(&task.addr()));
    let Some(begun) = begun else { return Site::NOWHERE };
    TASKS.note_less(1);
    begun.end(outcome, lock, is_held);
    Site::at(begun.site)
}

/// Tells, when it is dropped, of the waits for a lock that have been kept until this was made.
#[derive(Debug)]
#[must_use]
pub struct Release(Vec<Ended>);

impl Release {
    /// Made by whoever is about to give the lock back, and dropped when it has; it holds the lock of no queue then.
    #[inline]
    pub fn of(lock: *const ()) -> Self {
        Self(if KEPT.is_empty() { Vec::new() } else { take_kept(lock) })
    }
}

impl Drop for Release {
    #[inline]
    fn drop(&mut self) {
        if !self.0.is_empty() {
            tell_all(&self.0);
        }
    }
}

#[cold]
fn take_kept(lock: *const ()) -> Vec<Ended> {
    let Some(_busy) = Busy::begin(&BUSY) else { return Vec::new() };
    let mut kept = KEPT.lock();
    let is_taken = |ended: &Ended| ended.lock == lock.addr();
    let (taken, left): (Vec<_>, _) = take(&mut *kept).into_iter().partition(is_taken);
    *kept = left;
    KEPT.note_less(u32::try_from(taken.len()).expect("it was counted"));
    taken
}

#[cold]
fn tell_all(waits: &[Ended]) {
    let Some(_busy) = Busy::begin(&BUSY) else { return };
    waits.iter().for_each(Ended::tell);
}

/// Runs what is a part of a longer wait: its own waits are not told.
#[inline]
pub fn silently<R>(run: impl FnOnce() -> R) -> R {
    let _busy = Busy::begin(&BUSY);
    run()
}

/// The wait of a task that is cancelled.
#[derive(Debug)]
pub struct Cancels {
    task: *const (),
    lock: *const (),
    is_held: bool,
}

impl Cancels {
    /// It is cancelled when this is dropped, `is_held` with the lock, unless it has ended before.
    #[inline]
    #[must_use]
    pub const fn when_dropped(task: *const (), lock: *const (), is_held: bool) -> Self {
        Self { task, lock, is_held }
    }
}

impl Drop for Cancels {
    #[inline]
    fn drop(&mut self) {
        end_task(self.task, Outcome::Cancelled, self.lock, self.is_held);
    }
}

local! {
    /// Whether this thread tells (T2).
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

fn is_busy() -> bool {
    // While the thread ends, too.
    BUSY.try_with(Cell::get).unwrap_or(true)
}
