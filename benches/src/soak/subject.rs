//! What a primitive does in a soak.

use std::pin::Pin;
use std::sync::Arc;

use super::call::Call;
use super::record::Record;
use super::{broken, condvar, monitor, mutex, reentrant, rwlock, rwspin, semaphore, spin, ticket};

/// A task's use of a primitive.
pub(super) type Visit = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One instance of a primitive, used by all workers of a round.
pub(super) trait Subject: Send + Sync {
    /// One use by a thread, chosen by chance. It may block.
    fn by_thread(&self, call: &mut Call);

    /// One use by a task, chosen by chance. Whoever drops it, or does not poll it, has to find others undisturbed; but for one that is
    /// [inside](Call::inside), which may be dropped and is polled.
    fn by_task(self: Arc<Self>, call: Call) -> Visit;

    /// Called every millisecond, for those who wait for what nobody may do.
    fn tick(&self) {}

    /// The round ends: nobody is to wait for what others do.
    fn end(&self) {}

    /// What has to hold when all workers have ended.
    fn check(&self);

    /// What its `Debug` shows.
    fn state(&self) -> String;
}

/// Makes an instance.
pub(super) type Make = fn(Arc<Record>) -> Arc<dyn Subject>;

/// Every primitive.
pub(super) const SUBJECTS: [(&str, Make); 14] = [
    ("Mutex", mutex::make),
    ("ReentrantLock", reentrant::make),
    ("Semaphore", semaphore::make_counting),
    ("BoundedSemaphore", semaphore::make_bounded),
    ("RwLock-writers", rwlock::make_writer_preferring),
    ("RwLock-phases", rwlock::make_phase_fair),
    ("RwLock-readers", rwlock::make_reader_preferring),
    ("SpinLock", spin::make),
    ("SpinLock-pause", spin::make_pausing),
    ("SpinLock-yield", spin::make_yielding),
    ("TicketLock", ticket::make),
    ("RwSpinLock", rwspin::make),
    ("Monitor", monitor::make),
    ("Condvar", condvar::make),
];

/// Primitives that are broken on purpose, and used only where they are named.
pub(super) const BROKEN: [(&str, Make); 3] =
    [("lossy", broken::make_lossy), ("hanging", broken::make_hanging), ("leaky", broken::make_leaky)];
