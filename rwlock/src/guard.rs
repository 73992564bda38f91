//! The guards.
//!
//! G1. A guard has what its type says of its lock, for as long as it lives: a share with which nobody writes, or the lock, with
//!     which nobody else reads or writes (W1 of [`state`](crate::state)). It declares its claim of the value before its hold, and so
//!     ends the one before the other.

#![expect(unsafe_code, reason = "guards lend the value that the lock protects")]

#[cfg(feature = "alloc")]
use alloc::sync::Arc;
use core::fmt;
use core::ops::{Deref, DerefMut};
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::sync::cell::{Claim, SharedClaim};
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;
#[cfg(feature = "std")]
use latchwork_core::trace::Site;

use crate::future::Upgrade;
use crate::handle::{Handle, Held};
use crate::lock::RwLock;
use crate::request::Request;

/// A guard that a request gets.
pub(crate) trait Guard<H: Handle> {
    /// The guard of what the caller has got.
    fn new(held: Held<H>) -> Self;
}

/// A reader's share of a lock, which dropping it releases.
///
/// [`RwLockReadGuard`] borrows the lock, [`OwnedRwLockReadGuard`] owns a count of its `Arc`. It may be sent to another thread and
/// dropped there. Forgetting it keeps writers out for ever, and is otherwise safe.
#[must_use = "the lock is released when the guard is dropped"]
pub struct ReadGuard<H: Handle> {
    // Ends first (G1).
    pub(crate) claim: SharedClaim,
    pub(crate) held: Held<H>,
}

/// A reader's share of a borrowed lock.
pub type RwLockReadGuard<'a, T> = ReadGuard<&'a RwLock<T>>;
/// A reader's share of a lock in an `Arc`.
#[cfg(feature = "alloc")]
pub type OwnedRwLockReadGuard<T> = ReadGuard<Arc<RwLock<T>>>;

/// The writer's lock, which dropping it releases. Otherwise as [`ReadGuard`].
#[must_use = "the lock is released when the guard is dropped"]
pub struct WriteGuard<H: Handle> {
    // Ends first (G1).
    pub(crate) claim: Claim,
    pub(crate) held: Held<H>,
}

/// The writer's lock of a borrowed lock.
pub type RwLockWriteGuard<'a, T> = WriteGuard<&'a RwLock<T>>;
/// The writer's lock of a lock in an `Arc`.
#[cfg(feature = "alloc")]
pub type OwnedRwLockWriteGuard<T> = WriteGuard<Arc<RwLock<T>>>;

/// The share that may become the writer's: beside it there are readers, but no other such share. Otherwise as [`ReadGuard`].
#[must_use = "the lock is released when the guard is dropped"]
pub struct UpgradableGuard<H: Handle> {
    // Ends first (G1).
    claim: SharedClaim,
    held: Held<H>,
}

/// The upgradable share of a borrowed lock.
pub type RwLockUpgradableGuard<'a, T> = UpgradableGuard<&'a RwLock<T>>;
/// The upgradable share of a lock in an `Arc`.
#[cfg(feature = "alloc")]
pub type OwnedRwLockUpgradableGuard<T> = UpgradableGuard<Arc<RwLock<T>>>;

/// The writer's lock for as long as an [`UpgradableGuard`] lends it, which is a reader again when this is dropped.
#[must_use = "the guard is a reader again when this is dropped"]
pub struct UpgradedGuard<'g, H: Handle> {
    guard: &'g mut UpgradableGuard<H>,
    claim: Claim,
}

impl<H: Handle> Guard<H> for ReadGuard<H> {
    #[inline]
    fn new(held: Held<H>) -> Self {
        Self { claim: held.lock().value().claim_shared(), held }
    }
}

impl<H: Handle> Guard<H> for WriteGuard<H> {
    #[inline]
    fn new(held: Held<H>) -> Self {
        Self { claim: held.lock().value().claim(), held }
    }
}

impl<H: Handle> Guard<H> for UpgradableGuard<H> {
    #[inline]
    fn new(held: Held<H>) -> Self {
        Self { claim: held.lock().value().claim_shared(), held }
    }
}

impl<H: Handle> WriteGuard<H> {
    /// Becomes a reader. Nobody else writes in between.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::{RwLock, RwLockWriteGuard};
    /// let lock = RwLock::new(1);
    /// let mut guard = lock.write();
    /// *guard += 1;
    /// let guard = RwLockWriteGuard::downgrade(guard);
    /// assert_eq!((*guard, *lock.read()), (2, 2));
    /// ```
    #[inline]
    pub fn downgrade(guard: Self) -> ReadGuard<H> {
        let Self { mut claim, mut held } = guard;
        claim.release();
        held.downgrade(Request::Read);
        Guard::new(held)
    }

    /// Becomes the upgradable reader. Nobody else writes in between.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::{RwLock, RwLockWriteGuard};
    /// let lock = RwLock::new(1);
    /// let guard = RwLockWriteGuard::downgrade_to_upgradable(lock.write());
    /// assert_eq!((*guard, *lock.read()), (1, 1));
    /// assert!(lock.try_write().is_none());
    /// ```
    #[inline]
    pub fn downgrade_to_upgradable(guard: Self) -> UpgradableGuard<H> {
        let Self { mut claim, mut held } = guard;
        claim.release();
        held.downgrade(Request::Upgradable);
        Guard::new(held)
    }
}

impl<H: Handle> UpgradableGuard<H> {
    /// Becomes the writer, blocking this thread until all readers have left. Nobody else writes in between, and readers that come
    /// meanwhile wait, whatever the policy.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread has another reader's guard, or if a reader needs this thread to go on.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::{RwLock, RwLockUpgradableGuard};
    /// let lock = RwLock::new(1);
    /// *RwLockUpgradableGuard::upgrade(lock.upgradable_read()) += 1;
    /// assert_eq!(lock.into_inner(), 2);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn upgrade(guard: Self) -> WriteGuard<H> {
        let site = Site::here();
        guard
            .upgrade_if(|lock| lock.raw().lock_until_at(Request::Upgrade, None, site))
            .unwrap_or_else(|_| unreachable!("there is no deadline"))
    }

    /// Becomes the writer if there is no reader beside it. Never blocks.
    ///
    /// # Errors
    ///
    /// The guard as it was, where there is.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::{RwLock, RwLockUpgradableGuard};
    /// let lock = RwLock::new(1);
    /// let reader = lock.read();
    /// let guard = RwLockUpgradableGuard::try_upgrade(lock.upgradable_read()).unwrap_err();
    /// drop(reader);
    /// assert!(RwLockUpgradableGuard::try_upgrade(guard).is_ok());
    /// ```
    #[inline]
    pub fn try_upgrade(guard: Self) -> Result<WriteGuard<H>, Self> {
        guard.upgrade_if(|lock| lock.raw().try_lock(Request::Upgrade))
    }

    /// Becomes the writer if all readers leave before `timeout` has passed. Readers that come meanwhile wait; those that were held
    /// back enter when the time has run out.
    ///
    /// # Errors
    ///
    /// The guard as it was, where the time ran out.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::{RwLock, RwLockUpgradableGuard};
    /// use std::time::Duration;
    ///
    /// let lock = RwLock::new(1);
    /// let reader = lock.read();
    /// let guard = lock.upgradable_read();
    /// let guard = RwLockUpgradableGuard::try_upgrade_for(guard, Duration::from_millis(1)).unwrap_err();
    /// assert_eq!(*guard, *reader);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_upgrade_for(guard: Self, timeout: Duration) -> Result<WriteGuard<H>, Self> {
        let site = Site::here();
        guard.upgrade_if(|lock| lock.raw().try_lock_for_at(Request::Upgrade, timeout, site))
    }

    /// Becomes the writer if all readers leave before `deadline`. Otherwise as [`try_upgrade_for`](Self::try_upgrade_for).
    ///
    /// # Errors
    ///
    /// The guard as it was, where the time ran out.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::{RwLock, RwLockUpgradableGuard};
    /// use std::time::Instant;
    ///
    /// let lock = RwLock::new(1);
    /// let guard = RwLockUpgradableGuard::try_upgrade_until(lock.upgradable_read(), Instant::now());
    /// *guard.unwrap() += 1;
    /// assert_eq!(*lock.read(), 2);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_upgrade_until(guard: Self, deadline: Instant) -> Result<WriteGuard<H>, Self> {
        let site = Site::here();
        guard.upgrade_if(|lock| lock.raw().lock_until_at(Request::Upgrade, Some(deadline), site))
    }

    /// Becomes the writer for a while, waiting asynchronously until all readers have left. Nobody else writes in between.
    ///
    /// Readers that come while the future is queued wait.
    ///
    /// # Cancel safety
    ///
    /// The future borrows the guard, which is an upgradable reader's again when it is dropped; readers that were held back enter
    /// then.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this task has another reader's guard.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::{RwLock, RwLockUpgradableGuard};
    /// # futures_lite::future::block_on(async {
    /// let lock = RwLock::new(1);
    /// let mut guard = lock.upgradable_read_async().await;
    /// *RwLockUpgradableGuard::upgrade_async(&mut guard).await += 1;
    /// assert_eq!((*guard, *lock.read()), (2, 2));
    /// # });
    /// ```
    #[inline]
    #[track_caller]
    pub fn upgrade_async(guard: &mut Self) -> Upgrade<'_, H> {
        guard.restore();
        Upgrade::new(guard)
    }

    /// Becomes a plain reader, beside which there may be another upgradable one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::{RwLock, RwLockUpgradableGuard};
    /// let lock = RwLock::new(1);
    /// let guard = RwLockUpgradableGuard::downgrade(lock.upgradable_read());
    /// assert!(lock.try_upgradable_read().is_some());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn downgrade(guard: Self) -> ReadGuard<H> {
        let Self { mut held, mut claim } = guard;
        claim.release();
        held.downgrade(Request::Read);
        Guard::new(held)
    }

    /// Becomes the writer, if `attempt` upgrades the lock. A claim of the value is of another kind then.
    fn upgrade_if(mut self, attempt: impl FnOnce(&RwLock<H::Value>) -> bool) -> Result<WriteGuard<H>, Self> {
        self.restore();
        let Self { mut held, mut claim } = self;
        claim.release();
        if attempt(held.lock()) {
            held.upgraded();
            Ok(Guard::new(held))
        } else {
            Err(Guard::new(held))
        }
    }

    /// The lock, for a future that upgrades it.
    #[inline]
    pub(crate) fn lock(&self) -> &RwLock<H::Value> {
        self.held.lock()
    }

    /// The writer's guard of a lock that has been upgraded.
    #[inline]
    pub(crate) fn upgraded(&mut self) -> UpgradedGuard<'_, H> {
        self.claim.release();
        self.held.upgraded();
        UpgradedGuard { claim: self.held.lock().value().claim(), guard: self }
    }

    /// Is an upgradable reader's again, after it has lent the writer's lock: also where that guard was forgotten.
    #[inline]
    fn restore(&mut self) {
        if self.held.is_write() {
            self.held.downgrade(Request::Upgradable);
            self.claim = self.held.lock().value().claim_shared();
        }
    }
}

impl<H: Handle> Drop for UpgradedGuard<'_, H> {
    #[inline]
    fn drop(&mut self) {
        self.claim.release();
        self.guard.restore();
    }
}

macro_rules! lends {
    ($Guard:ty, [$($generics:tt)*], $lock:ident => $held:expr) => {
        impl<$($generics)*> Deref for $Guard {
            type Target = H::Value;

            #[inline]
            fn deref(&self) -> &H::Value {
                let $lock = self;
                // SAFETY: the guard has a share or the lock (G1), so that nobody writes the value but through this very guard,
                // which is borrowed for as long as the reference lives.
                unsafe { &*$held.lock().value().get() }
            }
        }

        impl<$($generics)*> fmt::Debug for $Guard
        where
            H::Value: fmt::Debug,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<$($generics)*> fmt::Display for $Guard
        where
            H::Value: fmt::Display,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }
    };
}

lends!(ReadGuard<H>, [H: Handle], guard => guard.held);
lends!(WriteGuard<H>, [H: Handle], guard => guard.held);
lends!(UpgradableGuard<H>, [H: Handle], guard => guard.held);
lends!(UpgradedGuard<'_, H>, [H: Handle], guard => guard.guard.held);

impl<H: Handle> DerefMut for WriteGuard<H> {
    #[inline]
    fn deref_mut(&mut self) -> &mut H::Value {
        // SAFETY: the guard has the lock (G1), so that nobody else reaches the value, and is borrowed exclusively.
        unsafe { &mut *self.held.lock().value().get() }
    }
}

impl<H: Handle> DerefMut for UpgradedGuard<'_, H> {
    #[inline]
    fn deref_mut(&mut self) -> &mut H::Value {
        // SAFETY: the guard that it borrows exclusively has the lock (G1), so that nobody else reaches the value.
        unsafe { &mut *self.guard.held.lock().value().get() }
    }
}

macro_rules! sends {
    ($($Guard:ident),*) => {$(
        // SAFETY: no thread's identity is involved: whoever has the guard releases the lock. It lends what the lock lends, which
        // may be reached from other threads where the handle may (the claim is a checker's, or nothing).
        unsafe impl<H: Handle + Send> Send for $Guard<H> {}
        // SAFETY: `&` of a guard lends `&T`, as `&` of its handle does.
        unsafe impl<H: Handle + Sync> Sync for $Guard<H> {}
    )*};
}

sends!(ReadGuard, WriteGuard, UpgradableGuard);
