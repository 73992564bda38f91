//! The condition variable of [`latchwork_mutex::Mutex`].

#![cfg_attr(feature = "std", expect(unsafe_code, reason = "a lock is released under its guard"))]

use core::fmt;
#[cfg(feature = "std")]
use core::ops::DerefMut;
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;
use latchwork_core::trace::Site;
use latchwork_mutex::MutexGuard;
#[cfg(feature = "std")]
use latchwork_mutex::internal::{RawMutex, while_released};

use crate::future::{Wait, WaitWhile};
#[cfg(feature = "std")]
use crate::raw::Locks;
use crate::raw::{Notifier, RawCondition};

/// A condition variable for threads and tasks: the classic one, for [`latchwork_mutex::Mutex`].
///
/// Whoever has locked a mutex waits for a notification, with the mutex unlocked meanwhile: threads with [`wait`](Self::wait), tasks
/// with [`wait_async`](Self::wait_async), on the same instance. The methods have the names that they have in the standard library
/// and in parking_lot.
///
/// A wait ends when it was notified, and never for no reason. What it waited for may all the same be no longer so, since others
/// may have had the mutex in between: wait in a loop, or with [`wait_while`](Self::wait_while).
///
/// # Fairness
///
/// Notifications go to those who wait in the order in which they came, threads and tasks alike
/// (`those_who_wait_are_notified_in_the_order_in_which_they_came`). A thread that is notified while somebody owns the mutex joins the
/// end of the mutex's queue, without being woken; a task is woken, and comes for the mutex. See [the
/// mutex](latchwork_mutex::Mutex#fairness) for the rest.
///
/// # Cancel safety
///
/// A wait that is dropped leaves the mutex unlocked, since it has the guard. It loses its place; a notification that was for it alone is
/// passed on, once.
///
/// # Deadlocks
///
/// A wait that nobody ends by a notification lasts for ever. In async code use [`wait_async`](Self::wait_async): a thread that blocks
/// is one that polls nobody who might notify.
///
/// # Reentrant locks
///
/// A [`ReentrantLockGuard`](latchwork_mutex::ReentrantLockGuard) is refused by its type: its owner may have entered before, and would
/// wait for others to change what it keeps from them by its outer guards.
///
/// ```compile_fail
/// # use latchwork_monitor::Condvar;
/// let lock = latchwork_mutex::ReentrantLock::new(1);
/// Condvar::new().wait(&mut lock.lock());
/// ```
///
/// # Memory ordering
///
/// That of the mutex: who wakes up sees what was done before the mutex was unlocked the last time.
///
/// # Size
///
/// 40 bytes. Nothing is allocated, on any path.
///
/// # Processor time
///
/// A thread that waits alone turns before it sleeps as it does in a [`Monitor`](crate::Monitor#processor-time).
///
/// # Examples
///
/// ```
/// use latchwork_monitor::Condvar;
/// use latchwork_mutex::Mutex;
///
/// static JOBS: Mutex<Vec<u32>> = Mutex::new(Vec::new());
/// static NEW: Condvar = Condvar::new();
///
/// let worker = std::thread::spawn(|| {
///     let mut jobs = JOBS.lock();
///     NEW.wait_while(&mut jobs, |jobs| jobs.is_empty());
///     jobs.pop()
/// });
/// JOBS.lock().push(7);
/// NEW.notify_one();
/// assert_eq!(worker.join().unwrap(), Some(7));
/// ```
pub struct Condvar {
    raw: RawCondition,
}

/// Whether a wait ended since the time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(pub(crate) bool);

impl WaitTimeoutResult {
    /// Whether the time ran out before a notification came.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Condvar;
    /// # use latchwork_mutex::Mutex;
    /// use std::time::Duration;
    ///
    /// let (jobs, new) = (Mutex::new(vec![7]), Condvar::new());
    /// assert!(new.wait_for(&mut jobs.lock(), Duration::from_millis(1)).timed_out());
    /// ```
    #[inline]
    #[must_use]
    pub const fn timed_out(self) -> bool {
        self.0
    }
}

impl Condvar {
    const_unless_checked! {
        /// One that nobody waits for.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_monitor::Condvar;
        /// static NEW: Condvar = Condvar::new();
        /// assert!(!NEW.notify_one());
        /// ```
        #[inline]
        pub const fn new() -> Self {
            Self { raw: RawCondition::new() }
        }
    }

    /// Unlocks the mutex, blocks this thread until it is notified, and locks the mutex again.
    ///
    /// A notification by somebody who locks the mutex after this has unlocked it is not lost.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if nobody notifies. In async code use [`wait_async`](Self::wait_async).
    ///
    /// # Panics
    ///
    /// If others wait with another mutex at this moment.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Condvar;
    /// # use latchwork_mutex::Mutex;
    /// let (jobs, new) = (Mutex::new(Vec::new()), Condvar::new());
    /// std::thread::scope(|scope| {
    ///     let mut guard = jobs.lock();
    ///     scope.spawn(|| {
    ///         jobs.lock().push(7);
    ///         new.notify_one();
    ///     });
    ///     new.wait(&mut guard); // unlocks, so that the other can lock
    ///     assert_eq!(guard.pop(), Some(7));
    /// });
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>) {
        self.wait_with(guard, None, Site::here());
    }

    /// Waits as [`wait`](Self::wait) does, for as long as `condition` holds. It is evaluated with the mutex locked.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait), and if `condition` does.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Condvar;
    /// # use latchwork_mutex::Mutex;
    /// let (jobs, new) = (Mutex::new(vec![7]), Condvar::new());
    /// let mut guard = jobs.lock();
    /// new.wait_while(&mut guard, |jobs| jobs.is_empty());
    /// assert_eq!(guard.pop(), Some(7));
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_while<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>, condition: impl FnMut(&mut T) -> bool) {
        let site = Site::here();
        wait_while(guard, condition, |guard| self.wait_with(guard, None, site));
    }

    /// Waits as [`wait`](Self::wait) does, for at most `timeout`, and then until the mutex is locked again.
    ///
    /// A timeout that reaches beyond what the clock can tell, like [`Duration::MAX`], is none.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Condvar;
    /// # use latchwork_mutex::Mutex;
    /// use std::time::Duration;
    ///
    /// let (jobs, new) = (Mutex::new(vec![7]), Condvar::new());
    /// let mut guard = jobs.lock();
    /// assert!(new.wait_for(&mut guard, Duration::from_millis(1)).timed_out());
    /// assert_eq!(guard.pop(), Some(7));
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_for<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>, timeout: Duration) -> WaitTimeoutResult {
        self.wait_with(guard, Instant::now().checked_add(timeout), Site::here())
    }

    /// Waits as [`wait`](Self::wait) does, until `deadline` at the latest, and then until the mutex is locked again.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Condvar;
    /// # use latchwork_mutex::Mutex;
    /// use std::time::Instant;
    ///
    /// let (jobs, new) = (Mutex::new(vec![7]), Condvar::new());
    /// assert!(new.wait_until(&mut jobs.lock(), Instant::now()).timed_out());
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_until<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>, deadline: Instant) -> WaitTimeoutResult {
        self.wait_with(guard, Some(deadline), Site::here())
    }

    /// Waits as [`wait_while`](Self::wait_while) does, for at most `timeout`. The time has run out only if `condition` still holds.
    ///
    /// # Panics
    ///
    /// As [`wait_while`](Self::wait_while).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Condvar;
    /// # use latchwork_mutex::Mutex;
    /// use std::time::Duration;
    ///
    /// let (jobs, new) = (Mutex::new(vec![7]), Condvar::new());
    /// let result = new.wait_while_for(&mut jobs.lock(), |jobs| jobs.len() < 2, Duration::from_millis(1));
    /// assert!(result.timed_out());
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_while_for<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        condition: impl FnMut(&mut T) -> bool,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        let (deadline, site) = (Instant::now().checked_add(timeout), Site::here());
        wait_while(guard, condition, |guard| self.wait_with(guard, deadline, site))
    }

    /// Waits as [`wait_while`](Self::wait_while) does, until `deadline` at the latest. The time has run out only if `condition` still
    /// holds.
    ///
    /// # Panics
    ///
    /// As [`wait_while`](Self::wait_while).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Condvar;
    /// # use latchwork_mutex::Mutex;
    /// use std::time::Instant;
    ///
    /// let (jobs, new) = (Mutex::new(vec![7]), Condvar::new());
    /// let result = new.wait_while_until(&mut jobs.lock(), |jobs| jobs.is_empty(), Instant::now());
    /// assert!(!result.timed_out());
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_while_until<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        condition: impl FnMut(&mut T) -> bool,
        deadline: Instant,
    ) -> WaitTimeoutResult {
        let site = Site::here();
        wait_while(guard, condition, |guard| self.wait_with(guard, Some(deadline), site))
    }

    /// Unlocks the mutex, waits asynchronously for a notification, and locks the mutex again.
    ///
    /// The mutex stays locked until the first poll. The future allocates nothing, works in any runtime, and may be polled by any
    /// task; it is not `Unpin`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the mutex unlocked, since it owns the guard. It loses its place among those who wait; a
    /// notification that was for it alone is passed on, once. A future that is neither polled nor dropped owns nothing once it has
    /// been polled, but keeps a notification that it has been sent.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Condvar;
    /// # use latchwork_mutex::Mutex;
    /// static JOBS: Mutex<Vec<u32>> = Mutex::new(Vec::new());
    /// static NEW: Condvar = Condvar::new();
    ///
    /// futures_lite::future::block_on(async {
    ///     let mut guard = JOBS.lock_async().await;
    ///     let thread = std::thread::spawn(|| {
    ///         JOBS.lock().push(7);
    ///         NEW.notify_one();
    ///     });
    ///     while guard.is_empty() {
    ///         guard = NEW.wait_async(guard).await;
    ///     }
    ///     assert_eq!(guard.pop(), Some(7));
    ///     thread.join().unwrap();
    /// });
    /// ```
    #[track_caller]
    pub fn wait_async<'a, T: ?Sized>(&'a self, guard: MutexGuard<'a, T>) -> Wait<'a, MutexGuard<'a, T>> {
        Wait::new(&self.raw, guard, Site::here())
    }

    /// Waits asynchronously as [`wait_while`](Self::wait_while) does. See [`wait_async`](Self::wait_async).
    ///
    /// # Cancel safety
    ///
    /// As for [`wait_async`](Self::wait_async).
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait), and if `condition` does.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Condvar;
    /// # use latchwork_mutex::Mutex;
    /// # futures_lite::future::block_on(async {
    /// let (jobs, new) = (Mutex::new(vec![7]), Condvar::new());
    /// let mut guard = new.wait_while_async(jobs.lock_async().await, |jobs| jobs.is_empty()).await;
    /// assert_eq!(guard.pop(), Some(7));
    /// # });
    /// ```
    #[track_caller]
    pub fn wait_while_async<'a, T: ?Sized, F: FnMut(&mut T) -> bool>(
        &'a self,
        guard: MutexGuard<'a, T>,
        condition: F,
    ) -> WaitWhile<'a, MutexGuard<'a, T>, F> {
        WaitWhile::new(&self.raw, guard, condition, Site::here())
    }

    /// Notifies the one who has waited longest, if somebody waits. Whether somebody did.
    ///
    /// Nothing is kept for those who come later.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Condvar;
    /// assert!(!Condvar::new().notify_one()); // nobody waits
    /// ```
    pub fn notify_one(&self) -> bool {
        self.raw.notify_one(Notifier::Anybody)
    }

    /// Notifies all who wait at this moment. Returns how many there were.
    ///
    /// If somebody owns the mutex, threads are woken one after the other, as it is unlocked; tasks are woken at once, and so are
    /// threads if nobody does.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Condvar;
    /// assert_eq!(Condvar::new().notify_all(), 0); // nobody waits
    /// ```
    pub fn notify_all(&self) -> usize {
        self.raw.notify_all(None)
    }

    #[cfg(feature = "std")]
    fn wait_with<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        deadline: Option<Instant>,
        site: Site,
    ) -> WaitTimeoutResult {
        let wait = |lock: &RawMutex| {
            let release = || {
                // SAFETY: the guard owns the lock, and has it again when `wait` ends.
                unsafe { lock.release_owned() };
            };
            self.raw.wait(lock, Locks::Any, deadline, site, release)
        };
        // SAFETY: `wait` ends with the lock; meanwhile the guard is borrowed, and lends nothing.
        let is_notified = unsafe { while_released(guard, wait) };
        WaitTimeoutResult(!is_notified)
    }
}

/// Waits, once and again, while the condition holds; until `wait` says that the time has run out, and it still holds.
#[cfg(feature = "std")]
pub(crate) fn wait_while<G: DerefMut>(
    guard: &mut G,
    mut condition: impl FnMut(&mut G::Target) -> bool,
    mut wait: impl FnMut(&mut G) -> WaitTimeoutResult,
) -> WaitTimeoutResult {
    let mut result = WaitTimeoutResult(false);
    while condition(&mut **guard) {
        if result.timed_out() {
            return result;
        }
        result = wait(guard);
    }
    WaitTimeoutResult(false)
}

impl Default for Condvar {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(size_of::<Condvar>() <= 40);
