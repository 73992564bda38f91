//! Reading: the forms, and the guard.

#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;

use super::RwSpinLock;
use super::raw::Reader;
use crate::future::Read;
use crate::guard::narrowing_guard;
#[cfg(feature = "std")]
use crate::patience::Until;
use crate::patience::{Forever, Patience, Turns};
use crate::relax::Backoff;

impl<T: ?Sized> RwSpinLock<T> {
    /// Locks for reading, spinning while a writer has the lock or waits for it. Dropping the guard unlocks it.
    ///
    /// # Fairness
    ///
    /// Writers go first: see [`RwSpinLock`](Self#fairness).
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread writes, if it reads and a writer has come since, or if a writer needs this thread to go
    /// on.
    ///
    /// # Panics
    ///
    /// If there are too many readers: see [`RwSpinLock`](Self#panics).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// let lock = RwSpinLock::new(1);
    /// let (first, second) = (lock.read(), lock.read());
    /// assert_eq!(*first + *second, 2);
    /// ```
    #[inline]
    pub fn read(&self) -> RwSpinLockReadGuard<'_, T> {
        let Ok(guard) = self.attempt_read(Forever::<Backoff>::new());
        guard
    }

    /// Locks for reading if no writer has the lock or waits for it. Never waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// let lock = RwSpinLock::new(1);
    /// assert!(lock.try_read().is_some());
    /// let guard = lock.write();
    /// assert!(lock.try_read().is_none());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn try_read(&self) -> Option<RwSpinLockReadGuard<'_, T>> {
        Reader::try_enter(&self.state).ok().map(|held| self.read_guard(held))
    }

    /// Locks for reading, looking at the lock at most once more after each of `turns` turns of
    /// [`Backoff`]. With no turns it makes one attempt.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// let lock = RwSpinLock::new(1);
    /// let writer = lock.write();
    /// assert!(lock.try_read_spins(100).is_none());
    /// # drop(writer);
    /// ```
    #[inline]
    pub fn try_read_spins(&self, turns: u32) -> Option<RwSpinLockReadGuard<'_, T>> {
        self.attempt_read(Turns::<Backoff>::new(turns)).ok()
    }

    /// Locks for reading, spinning for at most `timeout`, and for the length of one turn of [`Backoff`] beyond it.
    ///
    /// A timeout of zero makes one attempt. One that reaches beyond what the clock can tell, like [`Duration::MAX`], is no
    /// timeout. Needs the feature `std`.
    ///
    /// # Deadlocks
    ///
    /// As for [`read`](Self::read), until the time runs out.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// use std::time::Duration;
    ///
    /// let lock = RwSpinLock::new(1);
    /// let guard = lock.write();
    /// assert!(lock.try_read_for(Duration::from_millis(1)).is_none());
    /// # drop(guard);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn try_read_for(&self, timeout: Duration) -> Option<RwSpinLockReadGuard<'_, T>> {
        self.try_read().or_else(|| self.attempt_read(Until::<Backoff>::after(timeout)).ok())
    }

    /// Locks for reading, spinning until `deadline` at the latest. A deadline that has passed makes one attempt. Otherwise as
    /// [`try_read_for`](Self::try_read_for).
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// use std::time::Instant;
    ///
    /// let lock = RwSpinLock::new(1);
    /// assert!(lock.try_read_until(Instant::now()).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn try_read_until(&self, deadline: Instant) -> Option<RwSpinLockReadGuard<'_, T>> {
        self.attempt_read(Until::<Backoff>::at(deadline)).ok()
    }

    const_unless_checked! {
        /// Locks for reading, waiting asynchronously. Dropping the guard unlocks it.
        ///
        /// A poll that cannot have the lock looks again a few times, for 15 pause hints in all, and then wakes its task and
        /// returns `Pending`, as [`SpinLock::lock_async`](crate::SpinLock::lock_async) does. Nothing is allocated.
        ///
        /// # Fairness
        ///
        /// Writers go first, as for [`read`](Self::read). A future that is not polled stands in nobody's way.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing: it is queued nowhere.
        ///
        /// # Deadlocks
        ///
        /// Waits for ever if this task writes, or reads and a writer has come since.
        ///
        /// # Panics
        ///
        /// When it is polled, as [`read`](Self::read).
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_spinlock::RwSpinLock;
        /// # futures_lite::future::block_on(async {
        /// let lock = RwSpinLock::new(1);
        /// assert_eq!(*lock.read_async().await, 1);
        /// # });
        /// ```
        #[inline]
        pub const fn read_async(&self) -> Read<'_, T> {
            Read::new(self)
        }
    }

    /// Locks for reading for the length of a call. See [`read`](Self::read).
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// let lock = RwSpinLock::new(1);
    /// assert_eq!(lock.with_read(|value| value + 1), 2);
    /// ```
    #[inline]
    pub fn with_read<Output>(&self, run: impl FnOnce(&T) -> Output) -> Output {
        run(&*self.read())
    }

    #[inline]
    pub(crate) fn attempt_read<P: Patience>(&self, patience: P) -> Result<RwSpinLockReadGuard<'_, T>, P::End> {
        Reader::enter(&self.state, patience).map(|held| self.read_guard(held))
    }
}

narrowing_guard! {
    /// A reader's lock of a [`RwSpinLock`], which dropping it releases.
    ///
    /// It may be sent to another thread and dropped there. Forgetting it keeps writers out for ever, and is otherwise safe.
    pub struct RwSpinLockReadGuard: shared, lends Shared by [&], holds Reader;
    example: RwSpinLock, "lock.read()";
}
