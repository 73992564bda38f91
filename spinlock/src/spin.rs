//! The test-and-set spin lock. Its state is in `spin/state.rs`.

#![expect(unsafe_code, reason = "a shared lock lends the value that it protects")]

mod state;

use core::fmt;
use core::marker::PhantomData;
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::cell::UnsafeCell;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;

use state::{Held, State};

use crate::future::Lock;
use crate::guard::narrowing_guard;
use crate::lend::Exclusive;
#[cfg(feature = "std")]
use crate::patience::Until;
use crate::patience::{Forever, Patience, Turns, wait};
use crate::relax::{Backoff, Relax};

/// A mutual exclusion lock of one byte whose waiters spin.
///
/// A value is protected by the lock and reached through a guard, of which there is one at a time. Threads get it with
/// [`lock`](Self::lock), tasks with [`lock_async`](Self::lock_async), on the same instance, in any async runtime or none.
/// `R` is what a waiting thread does between two looks at the lock: see [`Relax`]. When not to spin at all: see the
/// [crate](crate).
///
/// # Fairness
///
/// None. A free lock goes to whoever sees it first, however long others have waited
/// (`a_free_lock_goes_to_the_first_that_comes`): an owner that locks again at once may keep everybody else waiting for ever.
/// [`TicketLock`](crate::TicketLock) serves in the order of arrival.
///
/// # Cancel safety
///
/// A future that is dropped loses nothing: it is queued nowhere, and owns nothing before it is ready.
///
/// # Deadlocks
///
/// Locking again what one has locked waits for ever. So does a thread that spins for a lock whose owner, a task, can only be
/// polled by that very thread: in async code use [`lock_async`](Self::lock_async); and an interrupt handler that spins for
/// a lock of the code that it interrupts.
///
/// # Memory ordering
///
/// What was done before an unlock happens before what is done after the next lock, in whichever way it was taken.
///
/// # Poisoning
///
/// There is none: where a panic unwinds through a guard, the lock is released, and the next owner finds the value as it
/// was left.
///
/// # Size
///
/// One byte and the value. Nothing is allocated, on any path. Two locks that different threads use at the same time belong
/// on different cache lines: see crossbeam-utils' `CachePadded`.
///
/// # Examples
///
/// ```
/// use latchwork_spinlock::SpinLock;
///
/// static TOTAL: SpinLock<u64> = SpinLock::new(0);
///
/// *TOTAL.lock() += 1;
/// assert_eq!(*TOTAL.lock(), 1);
/// ```
pub struct SpinLock<T: ?Sized, R = Backoff> {
    state: State,
    relax: PhantomData<fn() -> R>,
    value: UnsafeCell<T>,
}

impl<T> SpinLock<T> {
    const_unless_checked! {
        /// A free lock around `value`, with [`Backoff`].
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_spinlock::SpinLock;
        /// static NAMES: SpinLock<Vec<String>> = SpinLock::new(Vec::new());
        /// assert!(NAMES.lock().is_empty());
        /// ```
        #[inline]
        pub const fn new(value: T) -> Self {
            Self::with_relax(value)
        }
    }
}

impl<T, R> SpinLock<T, R> {
    const_unless_checked! {
        /// A free lock around `value`, with the strategy `R`.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_spinlock::{Pause, SpinLock};
        /// static TOTAL: SpinLock<u64, Pause> = SpinLock::with_relax(0);
        /// assert_eq!(*TOTAL.lock(), 0);
        /// ```
        #[inline]
        pub const fn with_relax(value: T) -> Self {
            Self { state: State::new(), relax: PhantomData, value: UnsafeCell::new(value) }
        }
    }

    /// The value. Nobody can be holding or awaiting a lock that is given away.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::SpinLock;
    /// assert_eq!(SpinLock::new(7).into_inner(), 7);
    /// ```
    #[inline]
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized, R> SpinLock<T, R> {
    /// Locks if nobody holds the lock. Never waits, and never fails while nobody does.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::SpinLock;
    /// let lock = SpinLock::new(1);
    /// let guard = lock.try_lock().unwrap();
    /// assert!(lock.try_lock().is_none());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn try_lock(&self) -> Option<SpinLockGuard<'_, T>> {
        self.state.try_take().map(|held| self.guard(held))
    }

    const_unless_checked! {
        /// Locks, waiting asynchronously until the lock is free. Dropping the guard unlocks it.
        ///
        /// A poll that finds the lock taken looks again a few times, for 15 pause hints in all, and then wakes its task and
        /// returns `Pending`: the executor runs what else is ready in between. It never yields the executor's thread; the
        /// strategy `R` plays no part. Nothing is allocated, and any task may poll it.
        ///
        /// A task that waits so is polled without pause: it burns what processor time the executor has left. Where sections
        /// are long, or the guard is held across an `.await`, use `latchwork-mutex`.
        ///
        /// # Fairness
        ///
        /// None, as for [`lock`](Self::lock). A future that is not polled stands in nobody's way.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing: it is queued nowhere.
        ///
        /// # Deadlocks
        ///
        /// The guard may be held across an `.await`; who waits as a *thread* meanwhile keeps that thread from its other
        /// tasks. Waits for ever if this task holds the lock, or where the executor polls nobody else before a task that
        /// wakes itself.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_spinlock::SpinLock;
        /// # futures_lite::future::block_on(async {
        /// let lock = SpinLock::new(1);
        /// *lock.lock_async().await += 1;
        /// assert_eq!(*lock.lock_async().await, 2);
        /// # });
        /// ```
        #[inline]
        pub const fn lock_async(&self) -> Lock<'_, T, R> {
            Lock::new(self)
        }
    }

    /// The value, which nobody else can reach: no lock is needed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::SpinLock;
    /// let mut lock = SpinLock::new(1);
    /// *lock.get_mut() = 2;
    /// assert_eq!(lock.into_inner(), 2);
    /// ```
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Whether somebody holds the lock at this moment. The answer may be old when it arrives.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::SpinLock;
    /// let lock = SpinLock::new(1);
    /// let guard = lock.lock();
    /// assert!(lock.is_locked());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.state.is_locked()
    }

    /// Locks if it can, before patience is at an end.
    #[inline]
    pub(crate) fn attempt<P: Patience>(&self, patience: P) -> Result<SpinLockGuard<'_, T>, P::End> {
        let held = match self.state.try_take() {
            Some(held) => held,
            None => wait(patience, || self.state.try_take_once_free())?,
        };
        Ok(self.guard(held))
    }

    #[inline]
    fn guard<'a>(&'a self, held: Held<'a>) -> SpinLockGuard<'a, T> {
        // SAFETY: the guard holds this lock, which nobody else does (S1), and keeps the loan and the hold together (L2).
        let loan = unsafe { Exclusive::new(&self.value) };
        SpinLockGuard::new(loan, held)
    }
}

#[cfg(all(any(feature = "lock_api_04", feature = "lock_api_05"), not(any(latchwork = "loom", latchwork = "shuttle"))))]
impl<T: ?Sized, R> SpinLock<T, R> {
    /// The guard that was forgotten, again.
    ///
    /// # Safety
    ///
    /// There was one of this lock; it has not been dropped, nor been had again since.
    #[inline]
    pub(crate) unsafe fn guard_again(&self) -> SpinLockGuard<'_, T> {
        self.guard(Held(&self.state))
    }
}

impl<T: ?Sized, R: Relax> SpinLock<T, R> {
    /// Locks, spinning until the lock is free. Dropping the guard unlocks it.
    ///
    /// # Fairness
    ///
    /// None: see [`SpinLock`](Self#fairness).
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread holds the lock, or if its owner needs this thread to go on; a task on an executor
    /// with one thread does. In async code use [`lock_async`](Self::lock_async).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::SpinLock;
    /// let lock = SpinLock::new(1);
    /// *lock.lock() += 1;
    /// assert_eq!(*lock.lock(), 2);
    /// ```
    #[inline]
    pub fn lock(&self) -> SpinLockGuard<'_, T> {
        let Ok(guard) = self.attempt(Forever::<R>::new());
        guard
    }

    /// Locks, looking at the lock at most once more after each of `turns` turns of the strategy `R`.
    ///
    /// With no turns it is [`try_lock`](Self::try_lock). How long a turn takes is the strategy's affair.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::SpinLock;
    /// let lock = SpinLock::new(1);
    /// let guard = lock.try_lock_spins(0).unwrap();
    /// assert!(lock.try_lock_spins(100).is_none());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn try_lock_spins(&self, turns: u32) -> Option<SpinLockGuard<'_, T>> {
        self.attempt(Turns::<R>::new(turns)).ok()
    }

    /// Locks, spinning for at most `timeout`, and for the length of one turn of the strategy `R` beyond it.
    ///
    /// A timeout of zero makes one attempt. One that reaches beyond what the clock can tell, like [`Duration::MAX`], is no
    /// timeout. Needs the feature `std`.
    ///
    /// # Deadlocks
    ///
    /// As for [`lock`](Self::lock), until the time runs out.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::SpinLock;
    /// use std::time::Duration;
    ///
    /// let lock = SpinLock::new(1);
    /// let guard = lock.try_lock_for(Duration::MAX).unwrap();
    /// assert!(lock.try_lock_for(Duration::from_millis(1)).is_none());
    /// # drop(guard);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn try_lock_for(&self, timeout: Duration) -> Option<SpinLockGuard<'_, T>> {
        self.try_lock().or_else(|| self.attempt(Until::<R>::after(timeout)).ok())
    }

    /// Locks, spinning until `deadline` at the latest.
    ///
    /// A deadline that has passed makes one attempt. Otherwise as [`try_lock_for`](Self::try_lock_for). Needs the feature
    /// `std`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::SpinLock;
    /// use std::time::Instant;
    ///
    /// let lock = SpinLock::new(1);
    /// assert!(lock.try_lock_until(Instant::now()).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn try_lock_until(&self, deadline: Instant) -> Option<SpinLockGuard<'_, T>> {
        self.attempt(Until::<R>::at(deadline)).ok()
    }

    /// Locks for the length of a call. See [`lock`](Self::lock).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::SpinLock;
    /// let lock = SpinLock::new([1, 2]);
    /// assert_eq!(lock.with(|values| values.iter().sum::<i32>()), 3);
    /// ```
    #[inline]
    pub fn with<Output>(&self, run: impl FnOnce(&mut T) -> Output) -> Output {
        run(&mut *self.lock())
    }
}

narrowing_guard! {
    /// The lock of a [`SpinLock`], which dropping it releases.
    ///
    /// It may be sent to another thread and dropped there. Forgetting it leaves the lock taken for ever, and is otherwise
    /// safe.
    pub struct SpinLockGuard: exclusive, lends Exclusive by [&mut], holds Held;
    example: SpinLock, "lock.lock()";
}

impl<T: ?Sized + fmt::Debug, R> fmt::Debug for SpinLock<T, R> {
    /// Shows the value, or `<locked>` where somebody holds the lock. Never waits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_lock(f, "SpinLock", self.try_lock().as_deref())
    }
}

/// How a lock shows itself, by the value that it could reach.
pub(crate) fn fmt_lock<T: ?Sized + fmt::Debug>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    value: Option<&T>,
) -> fmt::Result {
    let mut debug = f.debug_struct(name);
    match value {
        Some(value) => debug.field("value", &value),
        None => debug.field("value", &format_args!("<locked>")),
    };
    debug.finish_non_exhaustive()
}

impl<T: Default, R> Default for SpinLock<T, R> {
    fn default() -> Self {
        Self::with_relax(T::default())
    }
}

impl<T> From<T> for SpinLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(size_of::<SpinLock<()>>() == 1);

// SAFETY: a lock that is sent takes its value along, which is sending `T`.
unsafe impl<T: ?Sized + Send, R> Send for SpinLock<T, R> {}
// SAFETY: a shared lock lends `&mut T` to one thread at a time (S1), which is sending `T` to and fro; `T: Send` is enough
// and `T: Sync` is not needed.
unsafe impl<T: ?Sized + Send, R> Sync for SpinLock<T, R> {}
