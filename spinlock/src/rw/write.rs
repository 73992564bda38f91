//! Writing: the forms, and the guards.

#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;

use super::raw::Writer;
use super::{RwSpinLock, RwSpinLockReadGuard, RwSpinLockUpgradableGuard};
use crate::future::Write;
use crate::guard::{guard_traits, leak, narrowing_guard};
use crate::lend::Exclusive;
#[cfg(feature = "std")]
use crate::patience::Until;
use crate::patience::{Forever, Patience, Turns};
use crate::relax::Backoff;

impl<T: ?Sized> RwSpinLock<T> {
    /// Locks for writing, spinning until nobody else has the lock. Readers that come meanwhile wait. Dropping the guard
    /// unlocks it.
    ///
    /// # Fairness
    ///
    /// Goes before readers that come later, and in no order with other writers: see [`RwSpinLock`](Self#fairness).
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread has the lock, to read or to write, or if somebody who has it needs this thread to go on.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// let lock = RwSpinLock::new(1);
    /// *lock.write() += 1;
    /// assert_eq!(*lock.read(), 2);
    /// ```
    #[inline]
    pub fn write(&self) -> RwSpinLockWriteGuard<'_, T> {
        let Ok(guard) = self.attempt_write(Forever::<Backoff>::new());
        guard
    }

    /// Locks for writing if nobody has the lock, whoever waits for it. Never waits, and never fails while nobody has it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// let lock = RwSpinLock::new(1);
    /// assert!(lock.try_write().is_some());
    /// let guard = lock.read();
    /// assert!(lock.try_write().is_none());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn try_write(&self) -> Option<RwSpinLockWriteGuard<'_, T>> {
        Writer::try_enter(&self.state).map(|held| self.write_guard(held))
    }

    /// Locks for writing, looking at the lock at most once more after each of `turns` turns of [`Backoff`]. Readers that come
    /// meanwhile wait. With no turns it makes one attempt.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// let lock = RwSpinLock::new(1);
    /// let reader = lock.read();
    /// assert!(lock.try_write_spins(100).is_none());
    /// # drop(reader);
    /// ```
    #[inline]
    pub fn try_write_spins(&self, turns: u32) -> Option<RwSpinLockWriteGuard<'_, T>> {
        self.attempt_write(Turns::<Backoff>::new(turns)).ok()
    }

    /// Locks for writing, spinning for at most `timeout`, and for the length of one turn of [`Backoff`] beyond it. Readers
    /// that come meanwhile wait.
    ///
    /// A timeout of zero makes one attempt. One that reaches beyond what the clock can tell, like [`Duration::MAX`], is no
    /// timeout. Needs the feature `std`.
    ///
    /// # Deadlocks
    ///
    /// As for [`write`](Self::write), until the time runs out.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// use std::time::Duration;
    ///
    /// let lock = RwSpinLock::new(1);
    /// let guard = lock.read();
    /// assert!(lock.try_write_for(Duration::from_millis(1)).is_none());
    /// assert!(lock.try_read().is_some());
    /// # drop(guard);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn try_write_for(&self, timeout: Duration) -> Option<RwSpinLockWriteGuard<'_, T>> {
        self.try_write().or_else(|| self.attempt_write(Until::<Backoff>::after(timeout)).ok())
    }

    /// Locks for writing, spinning until `deadline` at the latest. A deadline that has passed makes one attempt. Otherwise as
    /// [`try_write_for`](Self::try_write_for).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// use std::time::Instant;
    ///
    /// let lock = RwSpinLock::new(1);
    /// assert!(lock.try_write_until(Instant::now()).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn try_write_until(&self, deadline: Instant) -> Option<RwSpinLockWriteGuard<'_, T>> {
        self.attempt_write(Until::<Backoff>::at(deadline)).ok()
    }

    const_unless_checked! {
        /// Locks for writing, waiting asynchronously. Dropping the guard unlocks it.
        ///
        /// A poll that cannot have the lock looks again a few times, for 15 pause hints in all, during which new readers wait;
        /// then it wakes its task and returns `Pending`, as [`SpinLock::lock_async`](crate::SpinLock::lock_async) does.
        /// Nothing is allocated.
        ///
        /// # Fairness
        ///
        /// It goes before readers that come while it is being polled. Between polls it holds back nobody, since it may never
        /// be polled again: readers whose sections overlap without a gap can keep it out.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing: it is queued nowhere.
        ///
        /// # Deadlocks
        ///
        /// Waits for ever if this task has the lock, to read or to write.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_spinlock::RwSpinLock;
        /// # futures_lite::future::block_on(async {
        /// let lock = RwSpinLock::new(1);
        /// *lock.write_async().await += 1;
        /// assert_eq!(lock.into_inner(), 2);
        /// # });
        /// ```
        #[inline]
        pub const fn write_async(&self) -> Write<'_, T> {
            Write::new(self)
        }
    }

    /// Locks for writing for the length of a call. See [`write`](Self::write).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// let lock = RwSpinLock::new(1);
    /// lock.with_write(|value| *value += 1);
    /// assert_eq!(*lock.read(), 2);
    /// ```
    #[inline]
    pub fn with_write<Output>(&self, run: impl FnOnce(&mut T) -> Output) -> Output {
        run(&mut *self.write())
    }

    #[inline]
    pub(crate) fn attempt_write<P: Patience>(&self, patience: P) -> Result<RwSpinLockWriteGuard<'_, T>, P::End> {
        Writer::enter(&self.state, patience).map(|held| self.write_guard(held))
    }
}

/// The writer's lock of a [`RwSpinLock`], which dropping it releases.
///
/// It may be sent to another thread and dropped there. Forgetting it leaves the lock taken for ever, and is otherwise safe.
#[must_use = "the lock is released when the guard is dropped"]
pub struct RwSpinLockWriteGuard<'a, T: ?Sized> {
    // Ends first (L2).
    loan: Exclusive<'a, T>,
    held: Writer<'a>,
    lock: &'a RwSpinLock<T>,
}

impl<'a, T: ?Sized> RwSpinLockWriteGuard<'a, T> {
    #[inline]
    pub(super) fn new(loan: Exclusive<'a, T>, held: Writer<'a>, lock: &'a RwSpinLock<T>) -> Self {
        Self { loan, held, lock }
    }

    /// Becomes a plain reader. Nobody writes in between; other readers may come.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::{RwSpinLock, RwSpinLockWriteGuard};
    /// let lock = RwSpinLock::new(1);
    /// let guard = RwSpinLockWriteGuard::downgrade(lock.write());
    /// assert_eq!(*lock.read(), *guard);
    /// ```
    #[inline]
    pub fn downgrade(guard: Self) -> RwSpinLockReadGuard<'a, T> {
        let Self { lock, held, loan } = guard;
        loan.end();
        lock.read_guard(held.downgrade())
    }

    /// Becomes the upgradable reader. Nobody writes in between; plain readers may come.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::{RwSpinLock, RwSpinLockWriteGuard};
    /// let lock = RwSpinLock::new(1);
    /// let guard = RwSpinLockWriteGuard::downgrade_to_upgradable(lock.write());
    /// assert!(lock.try_read().is_some());
    /// assert!(lock.try_upgradable_read().is_none());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn downgrade_to_upgradable(guard: Self) -> RwSpinLockUpgradableGuard<'a, T> {
        let Self { lock, held, loan } = guard;
        loan.end();
        lock.upgradable_guard(held.downgrade_to_upgradable())
    }

    /// Narrows the guard to a part of the value. The narrowed guard cannot be downgraded: a part may have been reached in a way
    /// in which only a writer may.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::{RwSpinLock, RwSpinLockWriteGuard};
    /// let lock = RwSpinLock::new((1, 2));
    /// *RwSpinLockWriteGuard::map(lock.write(), |pair| &mut pair.1) = 3;
    /// assert_eq!(*lock.read(), (1, 3));
    /// ```
    #[inline]
    pub fn map<U: ?Sized>(guard: Self, part: impl FnOnce(&mut T) -> &mut U) -> MappedRwSpinLockWriteGuard<'a, U> {
        // Where the call panics, the loan ends before the lock is released: the last declared is dropped first.
        let Self { lock: _, held, loan } = guard;
        MappedRwSpinLockWriteGuard::new(loan.map(part), held)
    }

    /// Narrows the guard to a part of the value, if there is such a part. Otherwise as [`map`](Self::map).
    ///
    /// # Errors
    ///
    /// The guard, where there is not.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::{RwSpinLock, RwSpinLockWriteGuard};
    /// let lock = RwSpinLock::new(vec![1]);
    /// let guard = RwSpinLockWriteGuard::try_map(lock.write(), |values| values.get_mut(5)).unwrap_err();
    /// assert_eq!(guard.len(), 1);
    /// ```
    #[inline]
    pub fn try_map<U: ?Sized>(
        guard: Self,
        part: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<MappedRwSpinLockWriteGuard<'a, U>, Self> {
        let Self { lock, held, loan } = guard;
        match loan.try_map(part) {
            Ok(loan) => Ok(MappedRwSpinLockWriteGuard::new(loan, held)),
            Err(loan) => Err(Self::new(loan, held, lock)),
        }
    }
}

guard_traits!(RwSpinLockWriteGuard, exclusive);
leak!(RwSpinLockWriteGuard, exclusive, RwSpinLock, "lock.write()");

narrowing_guard! {
    /// The writer's lock of a [`RwSpinLock`], narrowed to a part of its value by [`RwSpinLockWriteGuard::map`].
    pub struct MappedRwSpinLockWriteGuard: exclusive, lends Exclusive by [&mut], holds Writer;
    example: RwSpinLock, "RwSpinLockWriteGuard::map(lock.write(), |whole| whole)";
}
