//! The guard of a monitor, and the ways to wait from inside.

#![expect(unsafe_code, reason = "the guard of the lock is given up for the length of a wait")]

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
#[cfg(feature = "std")]
use core::pin::pin;
#[cfg(feature = "std")]
use core::ptr::NonNull;
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::sync::cell::Claim;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;
use latchwork_core::trace::Site;
#[cfg(feature = "std")]
use latchwork_core::trace::silently;
use latchwork_mutex::MutexGuard;
#[cfg(feature = "std")]
use latchwork_mutex::internal::guard_of;
use latchwork_mutex::internal::{guard_with, into_claim, value_of};

use crate::condition::Condition;
#[cfg(feature = "std")]
use crate::condvar::{WaitTimeoutResult, wait_while};
use crate::future::{Wait, WaitWhile};
use crate::monitor::Monitor;
#[cfg(feature = "std")]
use crate::predicate::Subject;
#[cfg(feature = "std")]
use crate::raw::Locks;
use crate::when::When;

/// Being inside a [`Monitor`]: it derefs to the value, and dropping it leaves.
///
/// The value counts as changed once it has been borrowed mutably. While a method waits, its caller is outside: others may be inside
/// and change the value. When the method returns, or unwinds, its caller is inside again. The asynchronous twins take the guard, and
/// give it back when they are ready.
///
/// It may be sent to another thread and dropped there. Forgetting it leaves the monitor occupied for ever, and is otherwise safe.
#[must_use = "dropping the guard leaves the monitor"]
pub struct MonitorGuard<'a, T> {
    monitor: &'a Monitor<T>,
    // In place of the guard of the lock, which would be a second pointer.
    claim: Claim,
    lends: PhantomData<MutexGuard<'a, T>>,
}

// SAFETY: as the mutex's guard: who holds it owns the lock (M4 of the mutex), which may be freed in any thread.
unsafe impl<T: Send> Send for MonitorGuard<'_, T> {}
// SAFETY: it lends the value, which its holder alone reaches (M4 of the mutex), to whoever shares it; and the monitor.
unsafe impl<T: Send + Sync> Sync for MonitorGuard<'_, T> {}

impl<'a, T> MonitorGuard<'a, T> {
    #[inline]
    pub(crate) fn new(monitor: &'a Monitor<T>, guard: MutexGuard<'a, T>) -> Self {
        Self { monitor, claim: into_claim(guard), lends: PhantomData }
    }

    #[inline]
    pub(crate) const fn monitor(&self) -> &'a Monitor<T> {
        self.monitor
    }

    /// The guard of the lock, for one that leaves by other means.
    #[inline]
    pub(crate) fn into_inner(self) -> MutexGuard<'a, T> {
        // SAFETY: this guard is not used again, nor dropped.
        unsafe { ManuallyDrop::new(self).give_up() }
    }

    /// Leaves, blocks this thread until the condition is notified, and enters again.
    ///
    /// A notification by somebody who enters after this has left is not lost.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if nobody notifies. In async code use [`wait_async`](Self::wait_async).
    ///
    /// # Panics
    ///
    /// If the condition was made by another monitor; this thread has not left then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// let jobs = Monitor::new(Vec::new());
    /// let new = jobs.condition();
    /// std::thread::scope(|scope| {
    ///     let mut guard = jobs.enter();
    ///     scope.spawn(|| {
    ///         let mut guard = jobs.enter();
    ///         guard.push(7);
    ///         new.notify_one(&guard);
    ///     });
    ///     guard.wait(&new); // leaves, so that the other can enter
    ///     assert_eq!(guard.pop(), Some(7));
    /// });
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait(&mut self, condition: &Condition) {
        self.wait_notified(condition, None, Site::here());
    }

    /// Waits as [`wait`](Self::wait) does, for at most `timeout`, and then until this thread can enter.
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
    /// # use latchwork_monitor::Monitor;
    /// use std::time::Duration;
    ///
    /// let jobs = Monitor::new(vec![7]);
    /// let new = jobs.condition();
    /// let mut guard = jobs.enter();
    /// assert!(guard.wait_for(&new, Duration::from_millis(1)).timed_out());
    /// assert_eq!(guard.pop(), Some(7));
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_for(&mut self, condition: &Condition, timeout: Duration) -> WaitTimeoutResult {
        self.wait_notified(condition, Instant::now().checked_add(timeout), Site::here())
    }

    /// Waits as [`wait`](Self::wait) does, until `deadline` at the latest, and then until this thread can enter.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// use std::time::Instant;
    ///
    /// let jobs = Monitor::new(vec![7]);
    /// let new = jobs.condition();
    /// let mut guard = jobs.enter();
    /// assert!(guard.wait_deadline(&new, Instant::now()).timed_out());
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_deadline(&mut self, condition: &Condition, deadline: Instant) -> WaitTimeoutResult {
        self.wait_notified(condition, Some(deadline), Site::here())
    }

    /// Waits for the condition as [`wait`](Self::wait) does, for as long as `holds_back` holds. That is asked inside, by this thread.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait), and if `holds_back` does.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// let jobs = Monitor::new(vec![7]);
    /// let new = jobs.condition();
    /// let mut guard = jobs.enter();
    /// guard.wait_while(&new, |jobs| jobs.is_empty());
    /// assert_eq!(guard.pop(), Some(7));
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_while(&mut self, condition: &Condition, holds_back: impl FnMut(&mut T) -> bool) {
        let site = Site::here();
        wait_while(self, holds_back, |guard| guard.wait_notified(condition, None, site));
    }

    /// Waits as [`wait_while`](Self::wait_while) does, for at most `timeout`. The time has run out only if `holds_back` still holds.
    ///
    /// # Panics
    ///
    /// As [`wait_while`](Self::wait_while).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// use std::time::Duration;
    ///
    /// let jobs = Monitor::new(vec![7]);
    /// let new = jobs.condition();
    /// let mut guard = jobs.enter();
    /// assert!(guard.wait_while_for(&new, |jobs| jobs.len() < 2, Duration::from_millis(1)).timed_out());
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_while_for(
        &mut self,
        condition: &Condition,
        holds_back: impl FnMut(&mut T) -> bool,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        let (deadline, site) = (Instant::now().checked_add(timeout), Site::here());
        wait_while(self, holds_back, |guard| guard.wait_notified(condition, deadline, site))
    }

    /// Waits as [`wait_while`](Self::wait_while) does, until `deadline` at the latest. The time has run out only if `holds_back` still
    /// holds.
    ///
    /// # Panics
    ///
    /// As [`wait_while`](Self::wait_while).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// use std::time::Instant;
    ///
    /// let jobs = Monitor::new(vec![7]);
    /// let new = jobs.condition();
    /// let mut guard = jobs.enter();
    /// assert!(!guard.wait_while_deadline(&new, |jobs| jobs.is_empty(), Instant::now()).timed_out());
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_while_deadline(
        &mut self,
        condition: &Condition,
        holds_back: impl FnMut(&mut T) -> bool,
        deadline: Instant,
    ) -> WaitTimeoutResult {
        let site = Site::here();
        wait_while(self, holds_back, |guard| guard.wait_notified(condition, Some(deadline), site))
    }

    /// Leaves, waits asynchronously until the condition is notified, and enters again.
    ///
    /// The task stays inside until the first poll. The future allocates nothing, works in any runtime, and may be polled by any task;
    /// it is not `Unpin`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future holds nothing: the task is outside, since the future has the guard. It loses its place among those who
    /// wait; a notification that was for it alone is passed on, once. A future that is neither polled nor dropped owns nothing once it
    /// has been polled, but keeps a notification that it has been sent.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// let jobs = Monitor::new(Vec::new());
    /// let new = jobs.condition();
    /// std::thread::scope(|scope| {
    ///     let mut guard = jobs.enter();
    ///     scope.spawn(|| {
    ///         let mut guard = jobs.enter();
    ///         guard.push(7);
    ///         new.notify_one(&guard);
    ///     });
    ///     futures_lite::future::block_on(async {
    ///         while guard.is_empty() {
    ///             guard = guard.wait_async(&new).await;
    ///         }
    ///         assert_eq!(guard.pop(), Some(7));
    ///     });
    /// });
    /// ```
    #[track_caller]
    pub fn wait_async<'c>(self, condition: &'c Condition) -> Wait<'c, Self>
    where
        'a: 'c,
    {
        Wait::new(condition.raw_of(&self), self, Site::here())
    }

    /// Waits asynchronously as [`wait_while`](Self::wait_while) does. See [`wait_async`](Self::wait_async).
    ///
    /// # Cancel safety
    ///
    /// As for [`wait_async`](Self::wait_async).
    ///
    /// # Panics
    ///
    /// As [`wait_async`](Self::wait_async), and if `holds_back` does.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// # futures_lite::future::block_on(async {
    /// let jobs = Monitor::new(vec![7]);
    /// let new = jobs.condition();
    /// let mut guard = jobs.enter_async().await.wait_while_async(&new, |jobs| jobs.is_empty()).await;
    /// assert_eq!(guard.pop(), Some(7));
    /// # });
    /// ```
    #[track_caller]
    pub fn wait_while_async<'c, F: FnMut(&mut T) -> bool>(
        self,
        condition: &'c Condition,
        holds_back: F,
    ) -> WaitWhile<'c, Self, F>
    where
        'a: 'c,
    {
        WaitWhile::new(condition.raw_of(&self), self, holds_back, Site::here())
    }

    /// Leaves, blocks this thread until the predicate holds, and enters again. Where it holds already, this thread stays inside.
    ///
    /// The predicate holds when this returns. See [predicates](Monitor#predicates).
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if the predicate never holds. In async code use [`wait_until_async`](Self::wait_until_async).
    ///
    /// # Panics
    ///
    /// If the predicate does.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// let turns = Monitor::new(0);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| *turns.enter_when(|turn| *turn == 1) = 2);
    ///     let mut turn = turns.enter();
    ///     *turn = 1;
    ///     turn.wait_until(|turn| *turn == 2);
    ///     assert_eq!(*turn, 2);
    /// });
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_until(&mut self, predicate: impl FnMut(&T) -> bool + Send) {
        self.wait_turn(predicate, None);
    }

    /// Waits as [`wait_until`](Self::wait_until) does, for at most `timeout`, and then until this thread can enter. Whether the
    /// predicate holds.
    ///
    /// A timeout that reaches beyond what the clock can tell, like [`Duration::MAX`], is none.
    ///
    /// # Panics
    ///
    /// As [`wait_until`](Self::wait_until).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// use std::time::Duration;
    ///
    /// let turns = Monitor::new(1);
    /// assert!(!turns.enter().wait_until_for(|turn| *turn == 2, Duration::from_millis(1)));
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_until_for(&mut self, predicate: impl FnMut(&T) -> bool + Send, timeout: Duration) -> bool {
        self.wait_turn(predicate, Instant::now().checked_add(timeout))
    }

    /// Waits as [`wait_until`](Self::wait_until) does, until `deadline` at the latest, and then until this thread can enter. Whether
    /// the predicate holds.
    ///
    /// # Panics
    ///
    /// As [`wait_until`](Self::wait_until).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// use std::time::Instant;
    ///
    /// let turns = Monitor::new(1);
    /// assert!(turns.enter().wait_until_deadline(|turn| *turn == 1, Instant::now()));
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_until_deadline(&mut self, predicate: impl FnMut(&T) -> bool + Send, deadline: Instant) -> bool {
        self.wait_turn(predicate, Some(deadline))
    }

    /// Leaves, waits asynchronously until the predicate holds, and enters again. Ready with the guard; where the predicate holds
    /// already, at once.
    ///
    /// The task stays inside until the first poll. The predicate borrows nothing, since a future may be forgotten while others can
    /// still ask it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future holds nothing: the task is outside, since the future has the guard. Otherwise as for
    /// [`enter_when_async`](Monitor::enter_when_async).
    ///
    /// # Panics
    ///
    /// If the predicate does, when it is polled; the task is outside then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// # futures_lite::future::block_on(async {
    /// let monitor = Monitor::new(1);
    /// let guard = monitor.enter_async().await;
    /// let guard = guard.wait_until_async(|value| *value == 1).await;
    /// assert_eq!(*guard, 1);
    /// # });
    /// ```
    #[track_caller]
    pub fn wait_until_async<P: FnMut(&T) -> bool + Send + 'static>(self, predicate: P) -> When<'a, T, P> {
        When::inside(self, predicate)
    }

    /// Gives up the guard of the lock.
    ///
    /// # Safety
    ///
    /// The lock is got again, and [regained](Self::regain) here, before this guard is used again, or dropped.
    #[inline]
    unsafe fn give_up(&mut self) -> MutexGuard<'a, T> {
        // SAFETY: as the caller says: this one is none, until then.
        unsafe { guard_with(self.monitor.mutex(), self.claim.hand_over()) }
    }

    /// Takes the guard of the lock, after this one has been [given up](Self::give_up).
    #[cfg(feature = "std")]
    fn regain(&mut self, guard: MutexGuard<'a, T>) {
        self.claim = into_claim(guard);
    }

    #[cfg(feature = "std")]
    fn wait_notified(&mut self, condition: &Condition, deadline: Option<Instant>, site: Site) -> WaitTimeoutResult {
        let (monitor, condition) = (self.monitor, condition.raw_of(self));
        let regain = Regain(self);
        // SAFETY: `regain` puts another in its place.
        let guard = ManuallyDrop::new(unsafe { regain.0.give_up() });
        // The guard is not dropped otherwise: what returns or unwinds before `release` is called has not released the lock.
        let release = || monitor.leave(ManuallyDrop::into_inner(guard));
        WaitTimeoutResult(!condition.wait(monitor.raw(), Locks::One, deadline, site, release))
    }

    /// Whether the predicate holds.
    #[cfg(feature = "std")]
    #[track_caller]
    fn wait_turn(&mut self, mut predicate: impl FnMut(&T) -> bool + Send, deadline: Option<Instant>) -> bool {
        if predicate(&**self) {
            return true;
        }
        let monitor = self.monitor;
        let mut outside = Outside { guard: self, entered: None };
        // SAFETY: `outside` puts another in its place.
        let guard = unsafe { outside.guard.give_up() };
        {
            // SAFETY: the predicate stays where it is until `await_turn` has ended, and is reached by nobody but it.
            let subject = unsafe { Subject::new(NonNull::from(&mut predicate)) };
            let subject = pin!(subject);
            outside.entered = monitor.await_turn(guard, subject.into_ref(), deadline, Site::here());
        }
        let holds = outside.entered.is_some();
        drop(outside);
        holds || predicate(&**self)
    }
}

/// Puts a guard in the place of one that was given up, when it is dropped: its thread has got the lock again.
#[cfg(feature = "std")]
struct Regain<'g, 'a, T>(&'g mut MonitorGuard<'a, T>);

#[cfg(feature = "std")]
impl<T> Drop for Regain<'_, '_, T> {
    fn drop(&mut self) {
        // SAFETY: `wait_notified` drops this when its thread has the lock, and has given up the guard before.
        self.0.regain(unsafe { guard_of(self.0.monitor.mutex()) });
    }
}

/// Puts a guard in the place of one that was given up, when it is dropped: that of one that has entered, or else it enters.
#[cfg(feature = "std")]
struct Outside<'g, 'a, T> {
    guard: &'g mut MonitorGuard<'a, T>,
    entered: Option<MonitorGuard<'a, T>>,
}

#[cfg(feature = "std")]
impl<T> Drop for Outside<'_, '_, T> {
    fn drop(&mut self) {
        let entered = self.entered.take().unwrap_or_else(|| silently(|| self.guard.monitor.enter()));
        self.guard.regain(entered.into_inner());
    }
}

impl<T> Deref for MonitorGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the owner of the lock is the only one who reaches the value (M4 of the mutex), and the guard is borrowed.
        unsafe { &*value_of(self.monitor.mutex()) }
    }
}

impl<T> DerefMut for MonitorGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.monitor.roster().note_mutation();
        // SAFETY: as in `deref`, and the guard is borrowed mutably.
        unsafe { &mut *value_of(self.monitor.mutex()) }
    }
}

impl<T> Drop for MonitorGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard is dropped, and not used again.
        let guard = unsafe { self.give_up() };
        self.monitor.leave(guard);
    }
}

impl<T: fmt::Debug> fmt::Debug for MonitorGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for MonitorGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
