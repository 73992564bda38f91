//! Reading with the right to write later: the forms, and the guard.

#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;

use super::raw::Upgradable;
use super::{RwSpinLock, RwSpinLockReadGuard, RwSpinLockWriteGuard};
use crate::future::{UpgradableRead, Upgrade};
use crate::guard::{guard_traits, leak};
use crate::lend::Shared;
#[cfg(feature = "std")]
use crate::patience::Until;
use crate::patience::{Forever, Patience, Turns};
use crate::relax::Backoff;

impl<T: ?Sized> RwSpinLock<T> {
    /// Locks for reading, with the right to become the writer; spins while a writer has the lock or waits for it, or another
    /// reader has that right. Dropping the guard unlocks it.
    ///
    /// # Fairness
    ///
    /// Writers go first. While it waits, it holds back nobody. See [`RwSpinLock`](Self#fairness).
    ///
    /// # Deadlocks
    ///
    /// As for [`read`](Self::read); and it waits for ever if this thread has an upgradable guard.
    ///
    /// # Panics
    ///
    /// If there are too many readers: see [`RwSpinLock`](Self#panics).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::{RwSpinLock, RwSpinLockUpgradableGuard};
    /// let lock = RwSpinLock::new(vec![]);
    /// let guard = lock.upgradable_read();
    /// if guard.is_empty() {
    ///     // Nobody has written since.
    ///     RwSpinLockUpgradableGuard::upgrade(guard).push(1);
    /// }
    /// assert_eq!(*lock.read(), [1]);
    /// ```
    #[inline]
    pub fn upgradable_read(&self) -> RwSpinLockUpgradableGuard<'_, T> {
        let Ok(guard) = self.attempt_upgradable_read(Forever::<Backoff>::new());
        guard
    }

    /// Locks for upgradable reading if no writer has the lock or waits for it, and nobody else reads so. Never waits.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// let lock = RwSpinLock::new(1);
    /// let guard = lock.upgradable_read();
    /// assert!(lock.try_upgradable_read().is_none() && lock.try_read().is_some());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn try_upgradable_read(&self) -> Option<RwSpinLockUpgradableGuard<'_, T>> {
        Upgradable::try_enter(&self.state).ok().map(|held| self.upgradable_guard(held))
    }

    /// Locks for upgradable reading, looking at the lock at most once more after each of `turns` turns of [`Backoff`].
    ///
    /// # Panics
    ///
    /// As [`upgradable_read`](Self::upgradable_read).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// let lock = RwSpinLock::new(1);
    /// let guard = lock.upgradable_read();
    /// assert!(lock.try_upgradable_read_spins(100).is_none());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn try_upgradable_read_spins(&self, turns: u32) -> Option<RwSpinLockUpgradableGuard<'_, T>> {
        self.attempt_upgradable_read(Turns::<Backoff>::new(turns)).ok()
    }

    /// Locks for upgradable reading, spinning for at most `timeout`. Otherwise as [`try_read_for`](Self::try_read_for).
    ///
    /// # Panics
    ///
    /// As [`upgradable_read`](Self::upgradable_read).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// use std::time::Duration;
    ///
    /// let lock = RwSpinLock::new(1);
    /// let guard = lock.upgradable_read();
    /// assert!(lock.try_upgradable_read_for(Duration::from_millis(1)).is_none());
    /// # drop(guard);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn try_upgradable_read_for(&self, timeout: Duration) -> Option<RwSpinLockUpgradableGuard<'_, T>> {
        self.try_upgradable_read().or_else(|| self.attempt_upgradable_read(Until::<Backoff>::after(timeout)).ok())
    }

    /// Locks for upgradable reading, spinning until `deadline` at the latest. Otherwise as
    /// [`try_read_for`](Self::try_read_for).
    ///
    /// # Panics
    ///
    /// As [`upgradable_read`](Self::upgradable_read).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// use std::time::Instant;
    ///
    /// let lock = RwSpinLock::new(1);
    /// assert!(lock.try_upgradable_read_until(Instant::now()).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn try_upgradable_read_until(&self, deadline: Instant) -> Option<RwSpinLockUpgradableGuard<'_, T>> {
        self.attempt_upgradable_read(Until::<Backoff>::at(deadline)).ok()
    }

    const_unless_checked! {
        /// Locks for upgradable reading, waiting asynchronously. Otherwise as [`read_async`](Self::read_async).
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing: it is queued nowhere.
        ///
        /// # Panics
        ///
        /// When it is polled, as [`upgradable_read`](Self::upgradable_read).
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_spinlock::RwSpinLock;
        /// let lock = RwSpinLock::new(1);
        /// futures_lite::future::block_on(async { assert_eq!(*lock.upgradable_read_async().await, 1) });
        /// ```
        #[inline]
        pub const fn upgradable_read_async(&self) -> UpgradableRead<'_, T> {
            UpgradableRead::new(self)
        }
    }

    #[inline]
    pub(crate) fn attempt_upgradable_read<P: Patience>(
        &self,
        patience: P,
    ) -> Result<RwSpinLockUpgradableGuard<'_, T>, P::End> {
        Upgradable::enter(&self.state, patience).map(|held| self.upgradable_guard(held))
    }
}

/// The upgradable reader's lock of a [`RwSpinLock`], which dropping it releases.
///
/// It may be sent to another thread and dropped there. Forgetting it keeps writers out for ever, and is otherwise safe.
#[must_use = "the lock is released when the guard is dropped"]
pub struct RwSpinLockUpgradableGuard<'a, T: ?Sized> {
    // Ends first (L2).
    loan: Shared<'a, T>,
    held: Upgradable<'a>,
    lock: &'a RwSpinLock<T>,
}

impl<'a, T: ?Sized> RwSpinLockUpgradableGuard<'a, T> {
    #[inline]
    pub(super) fn new(loan: Shared<'a, T>, held: Upgradable<'a>, lock: &'a RwSpinLock<T>) -> Self {
        Self { loan, held, lock }
    }

    /// Becomes the writer, spinning until all other readers have left. Nobody else writes in between, and readers that come
    /// meanwhile wait.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread has another reader's guard, or if a reader needs this thread to go on.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::{RwSpinLock, RwSpinLockUpgradableGuard};
    /// let lock = RwSpinLock::new(1);
    /// *RwSpinLockUpgradableGuard::upgrade(lock.upgradable_read()) += 1;
    /// assert_eq!(lock.into_inner(), 2);
    /// ```
    #[inline]
    pub fn upgrade(guard: Self) -> RwSpinLockWriteGuard<'a, T> {
        let Ok(guard) = guard.attempt_upgrade(Forever::<Backoff>::new());
        guard
    }

    /// Becomes the writer if there is no other reader. Never waits.
    ///
    /// # Errors
    ///
    /// The guard as it was, where there is.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::{RwSpinLock, RwSpinLockUpgradableGuard};
    /// let lock = RwSpinLock::new(1);
    /// let reader = lock.read();
    /// let guard = RwSpinLockUpgradableGuard::try_upgrade(lock.upgradable_read()).unwrap_err();
    /// drop(reader);
    /// assert!(RwSpinLockUpgradableGuard::try_upgrade(guard).is_ok());
    /// ```
    #[inline]
    pub fn try_upgrade(guard: Self) -> Result<RwSpinLockWriteGuard<'a, T>, Self> {
        guard.attempt_upgrade(Turns::<Backoff>::new(0)).map_err(|(guard, _)| guard)
    }

    /// Becomes the writer if all other readers leave before `timeout` has passed. Readers that come meanwhile wait.
    ///
    /// A timeout of zero makes one attempt. One that reaches beyond what the clock can tell, like [`Duration::MAX`], is no
    /// timeout. Needs the feature `std`.
    ///
    /// # Errors
    ///
    /// The guard as it was, where the time ran out.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::{RwSpinLock, RwSpinLockUpgradableGuard};
    /// use std::time::Duration;
    ///
    /// let lock = RwSpinLock::new(1);
    /// let reader = lock.read();
    /// let guard = lock.upgradable_read();
    /// let guard = RwSpinLockUpgradableGuard::try_upgrade_for(guard, Duration::from_millis(1)).unwrap_err();
    /// assert_eq!(*guard, *reader);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn try_upgrade_for(guard: Self, timeout: Duration) -> Result<RwSpinLockWriteGuard<'a, T>, Self> {
        guard.attempt_upgrade(Until::<Backoff>::after(timeout)).map_err(|(guard, _)| guard)
    }

    /// Becomes the writer if all other readers leave before `deadline`. Otherwise as
    /// [`try_upgrade_for`](Self::try_upgrade_for).
    ///
    /// # Errors
    ///
    /// The guard as it was, where the time ran out.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::{RwSpinLock, RwSpinLockUpgradableGuard};
    /// use std::time::Instant;
    ///
    /// let lock = RwSpinLock::new(1);
    /// let guard = RwSpinLockUpgradableGuard::try_upgrade_until(lock.upgradable_read(), Instant::now());
    /// assert!(guard.is_ok());
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    pub fn try_upgrade_until(guard: Self, deadline: Instant) -> Result<RwSpinLockWriteGuard<'a, T>, Self> {
        guard.attempt_upgrade(Until::<Backoff>::at(deadline)).map_err(|(guard, _)| guard)
    }

    const_unless_checked! {
        /// Becomes the writer, waiting asynchronously until all other readers have left. Nobody else writes in between.
        ///
        /// Readers that come while the future is being polled wait; between polls it holds back no reader.
        ///
        /// # Cancel safety
        ///
        /// The future owns the guard: dropping it releases the lock as dropping the guard does, and nothing else is lost.
        ///
        /// # Deadlocks
        ///
        /// Waits for ever if this task has another reader's guard.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_spinlock::{RwSpinLock, RwSpinLockUpgradableGuard};
        /// # futures_lite::future::block_on(async {
        /// let lock = RwSpinLock::new(1);
        /// *RwSpinLockUpgradableGuard::upgrade_async(lock.upgradable_read()).await += 1;
        /// assert_eq!(lock.into_inner(), 2);
        /// # });
        /// ```
        #[inline]
        pub const fn upgrade_async(guard: Self) -> Upgrade<'a, T> {
            Upgrade::new(guard)
        }
    }

    /// Becomes a plain reader, beside which there may be another upgradable one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::{RwSpinLock, RwSpinLockUpgradableGuard};
    /// let lock = RwSpinLock::new(1);
    /// let guard = RwSpinLockUpgradableGuard::downgrade(lock.upgradable_read());
    /// assert!(lock.try_upgradable_read().is_some());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn downgrade(guard: Self) -> RwSpinLockReadGuard<'a, T> {
        let Self { lock, held, loan } = guard;
        loan.end();
        lock.read_guard(held.downgrade())
    }

    /// Becomes the writer, if it can before patience is at an end.
    #[inline]
    pub(crate) fn attempt_upgrade<P: Patience>(
        self,
        patience: P,
    ) -> Result<RwSpinLockWriteGuard<'a, T>, (Self, P::End)> {
        let Self { lock, held, loan } = self;
        match held.upgrade(patience) {
            Ok(held) => {
                loan.end();
                Ok(lock.write_guard(held))
            }
            Err((held, end)) => Err((Self::new(loan, held, lock), end)),
        }
    }
}

guard_traits!(RwSpinLockUpgradableGuard, shared);
leak!(RwSpinLockUpgradableGuard, shared, RwSpinLock, "lock.upgradable_read()");
