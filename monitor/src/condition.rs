//! The named conditions of a monitor.

use core::fmt;

use crate::guard::MonitorGuard;
use crate::raw::RawCondition;

/// A condition of one [`Monitor`](crate::Monitor), by a name of the program's: "not empty", "not full".
///
/// It is made by [`Monitor::condition`](crate::Monitor::condition). Whoever is inside waits for it with
/// [`MonitorGuard::wait`](crate::MonitorGuard::wait) and its siblings; whoever makes it true says so with
/// [`notify_one`](Self::notify_one) or [`notify_all`](Self::notify_all), and leaves the monitor sooner or later.
///
/// A wait ends when it was notified, and never for no reason. What it waited for may all the same be no longer so, since others may
/// have been inside in between: wait in a loop, or with [`wait_while`](crate::MonitorGuard::wait_while). Where a predicate of the
/// value says all there is to say, [`wait_until`](crate::MonitorGuard::wait_until) needs no condition, and nobody who notifies.
///
/// # Fairness
///
/// Notifications go to those who wait in the order in which they came, threads and tasks alike. Whoever is notified joins the end of
/// those who wait to enter, without being woken (`whoever_is_notified_is_woken_when_the_notifier_leaves`,
/// `one_that_is_notified_comes_behind_those_who_want_to_enter`). Where nobody waits to enter, the first thread that is notified does not
/// join them: it is woken when the notifier leaves, and comes as anybody does
/// (`threads_that_are_notified_from_inside_are_woken_when_the_notifier_leaves`).
///
/// # Cancel safety
///
/// A wait that is dropped has the guard: its task is outside then. It loses its place; a notification that was for it alone is passed
/// on, once.
///
/// # Deadlocks
///
/// A wait that nobody ends by a notification lasts for ever. In async code use [`wait_async`](crate::MonitorGuard::wait_async): a thread
/// that blocks is one that polls nobody who might notify.
///
/// # Memory ordering
///
/// That of the monitor: who wakes up sees what was done inside before.
///
/// # Size
///
/// 48 bytes. Nothing is allocated, on any path.
///
/// # Processor time
///
/// A thread that waits alone turns before it sleeps: see [`Monitor`](crate::Monitor#processor-time).
///
/// # Examples
///
/// ```
/// use latchwork_monitor::Monitor;
///
/// let jobs = Monitor::new(Vec::new());
/// let new = jobs.condition();
/// std::thread::scope(|scope| {
///     let worker = scope.spawn(|| {
///         let mut jobs = jobs.enter();
///         jobs.wait_while(&new, |jobs| jobs.is_empty());
///         jobs.pop()
///     });
///     let mut guard = jobs.enter();
///     guard.push(7);
///     new.notify_one(&guard);
///     drop(guard);
///     assert_eq!(worker.join().unwrap(), Some(7));
/// });
/// ```
pub struct Condition {
    raw: RawCondition,
    /// The number of its monitor.
    monitor: u64,
}

impl Condition {
    pub(crate) fn of(monitor: u64) -> Self {
        Self { raw: RawCondition::new(), monitor }
    }

    /// Notifies the one who has waited longest, if somebody waits. Returns how many were notified: 1 or 0.
    ///
    /// It is somebody who is inside that notifies; who is notified is woken when the notifier leaves. Nothing is kept for those who come
    /// later.
    ///
    /// # Panics
    ///
    /// If the condition was made by another monitor; nobody is notified then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// let jobs = Monitor::new(1);
    /// let new = jobs.condition();
    /// assert_eq!(new.notify_one(&jobs.enter()), 0); // nobody waits
    /// ```
    pub fn notify_one<T>(&self, guard: &MonitorGuard<'_, T>) -> usize {
        let (condition, monitor) = (self.raw_of(guard), guard.monitor());
        let is_notified = condition.notify_one(monitor.notifier());
        if is_notified {
            monitor.note_notified();
        }
        usize::from(is_notified)
    }

    /// Notifies all who wait at this moment. Returns how many there were.
    ///
    /// Threads are woken one after the other, by each that leaves; tasks, as each can enter.
    ///
    /// # Panics
    ///
    /// As [`notify_one`](Self::notify_one).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// let jobs = Monitor::new(1);
    /// let new = jobs.condition();
    /// assert_eq!(new.notify_all(&jobs.enter()), 0); // nobody waits
    /// ```
    pub fn notify_all<T>(&self, guard: &MonitorGuard<'_, T>) -> usize {
        self.raw_of(guard).notify_all(Some(guard.monitor().raw()))
    }

    /// What waits and notifies, for a guard of the condition's own monitor.
    ///
    /// # Panics
    ///
    /// If it is another's.
    pub(crate) fn raw_of<T>(&self, guard: &MonitorGuard<'_, T>) -> &RawCondition {
        assert!(guard.monitor().has_number(self.monitor), "a condition is used with another monitor than its own");
        &self.raw
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").finish_non_exhaustive()
    }
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(size_of::<Condition>() <= 48);
