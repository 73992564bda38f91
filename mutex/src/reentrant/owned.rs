//! Guards that own a count of the reentrant lock's `Arc` instead of borrowing the lock.

#![expect(unsafe_code, reason = "guards lend the value that the lock protects")]

use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::cell::SharedClaim;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;

use super::future::LockOwnedAs;
use super::guard::ReentrantLockRefMut;
use super::owner::Owner;
use super::{ByOwner, ByThread, Ownership, ReentrantLock};

/// Owned by this thread, with guards that own the `Arc`.
impl<T: ?Sized> ReentrantLock<T> {
    /// As [`lock`](Self::lock), with a guard that owns the `Arc`, and so may outlive every borrow.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(ReentrantLock::new(1));
    /// let outer = Arc::clone(&lock).lock_owned();
    /// let inner = lock.lock();
    /// assert_eq!((*outer, *inner, lock.hold_count()), (1, 1, 2));
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> OwnedReentrantLockGuard<T> {
        self.raw().lock();
        OwnedReentrantLockGuard::new(self)
    }

    /// As [`try_lock`](Self::try_lock), with a guard that owns the `Arc`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(ReentrantLock::new(1));
    /// let outer = lock.lock();
    /// assert_eq!(*Arc::clone(&lock).try_lock_owned().unwrap(), *outer);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Option<OwnedReentrantLockGuard<T>> {
        self.raw().try_lock().then(|| OwnedReentrantLockGuard::new(self))
    }

    /// As [`try_lock_for`](Self::try_lock_for), with a guard that owns the `Arc`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// let lock = Arc::new(ReentrantLock::new(1));
    /// let guard = lock.lock();
    /// let theirs = Arc::clone(&lock);
    /// let thread = std::thread::spawn(move || theirs.try_lock_owned_for(Duration::from_millis(1)).is_some());
    /// assert!(!thread.join().unwrap());
    /// # drop(guard);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock_owned_for(self: Arc<Self>, timeout: Duration) -> Option<OwnedReentrantLockGuard<T>> {
        self.raw().try_lock_for(timeout).then(|| OwnedReentrantLockGuard::new(self))
    }

    /// As [`try_lock_until`](Self::try_lock_until), with a guard that owns the `Arc`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// use std::sync::Arc;
    /// use std::time::Instant;
    ///
    /// let lock = Arc::new(ReentrantLock::new(1));
    /// assert!(lock.try_lock_owned_until(Instant::now()).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock_owned_until(self: Arc<Self>, deadline: Instant) -> Option<OwnedReentrantLockGuard<T>> {
        self.raw().try_lock_until(Some(deadline)).then(|| OwnedReentrantLockGuard::new(self))
    }
}

/// Owned by an [`Owner`], with guards that own the `Arc`.
impl<T: ?Sized + Send + Sync> ReentrantLock<T> {
    /// As [`lock_as`](Self::lock_as), with a guard that owns the `Arc`, and so may outlive every borrow.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(ReentrantLock::new(1));
    /// let owner = Owner::new();
    /// let guard = Arc::clone(&lock).lock_owned_as(&owner);
    /// std::thread::spawn(move || assert_eq!(*guard, 1)).join().unwrap();
    /// assert!(!lock.is_held_by(&owner));
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn lock_owned_as(self: Arc<Self>, owner: &Owner) -> OwnedReentrantLockGuard<T, ByOwner> {
        self.raw().lock_as(owner);
        OwnedReentrantLockGuard::new(self)
    }

    /// As [`try_lock_as`](Self::try_lock_as), with a guard that owns the `Arc`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(ReentrantLock::new(1));
    /// let guard = Arc::clone(&lock).try_lock_owned_as(&Owner::new()).unwrap();
    /// assert!(lock.try_lock_owned_as(&Owner::new()).is_none());
    /// # drop(guard);
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_lock_owned_as(self: Arc<Self>, owner: &Owner) -> Option<OwnedReentrantLockGuard<T, ByOwner>> {
        self.raw().try_lock_as(owner).then(|| OwnedReentrantLockGuard::new(self))
    }

    /// As [`try_lock_as_for`](Self::try_lock_as_for), with a guard that owns the `Arc`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// let lock = Arc::new(ReentrantLock::new(1));
    /// let guard = Arc::clone(&lock).lock_owned_as(&Owner::new());
    /// assert!(lock.try_lock_owned_as_for(&Owner::new(), Duration::from_millis(1)).is_none());
    /// # drop(guard);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock_owned_as_for(
        self: Arc<Self>,
        owner: &Owner,
        timeout: Duration,
    ) -> Option<OwnedReentrantLockGuard<T, ByOwner>> {
        self.raw().try_lock_as_for(owner, timeout).then(|| OwnedReentrantLockGuard::new(self))
    }

    /// As [`try_lock_as_until`](Self::try_lock_as_until), with a guard that owns the `Arc`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// use std::sync::Arc;
    /// use std::time::Instant;
    ///
    /// let lock = Arc::new(ReentrantLock::new(1));
    /// assert!(lock.try_lock_owned_as_until(&Owner::new(), Instant::now()).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock_owned_as_until(
        self: Arc<Self>,
        owner: &Owner,
        deadline: Instant,
    ) -> Option<OwnedReentrantLockGuard<T, ByOwner>> {
        self.raw().try_lock_as_until(owner, Some(deadline)).then(|| OwnedReentrantLockGuard::new(self))
    }

    const_unless_checked! {
        /// As [`lock_async`](Self::lock_async), with a future and a guard that own the `Arc`; the future owns one of the
        /// `Owner`'s, too.
        ///
        /// # Cancel safety
        ///
        /// As for [`lock_async`](Self::lock_async).
        ///
        /// # Panics
        ///
        /// As for [`lock_async`](Self::lock_async).
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_mutex::{Owner, ReentrantLock};
        /// use std::sync::Arc;
        ///
        /// # futures_lite::future::block_on(async {
        /// let lock = Arc::new(ReentrantLock::new(1));
        /// let owner = Arc::new(Owner::new());
        /// let guard = Arc::clone(&lock).lock_owned_async(Arc::clone(&owner)).await;
        /// assert!(lock.is_held_by(&owner));
        /// # drop(guard);
        /// # });
        /// ```
        #[inline]
        #[track_caller]
        pub const fn lock_owned_async(self: Arc<Self>, owner: Arc<Owner>) -> LockOwnedAs<T> {
            LockOwnedAs::new(self, owner)
        }
    }
}

/// One entry into a [`ReentrantLock`] in an `Arc`. Otherwise as [`ReentrantLockGuard`](crate::ReentrantLockGuard).
#[must_use = "the lock is released when its guards are dropped"]
pub struct OwnedReentrantLockGuard<T: ?Sized, O: Ownership = ByThread> {
    lock: Arc<ReentrantLock<T>>,
    claim: SharedClaim,
    /// Neither `Send` nor `Sync` by itself: see below.
    ownership: PhantomData<*const O>,
}

impl<T: ?Sized, O: Ownership> OwnedReentrantLockGuard<T, O> {
    /// The guard of an entry that the caller has made, in the name of such an owner.
    #[inline]
    pub(super) fn new(lock: Arc<ReentrantLock<T>>) -> Self {
        Self { claim: lock.claim(), lock, ownership: PhantomData }
    }
}

impl<T: ?Sized> OwnedReentrantLockGuard<T> {
    /// As [`ReentrantLockGuard::get_mut`](crate::ReentrantLockGuard::get_mut).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{OwnedReentrantLockGuard, ReentrantLock};
    /// let lock = std::sync::Arc::new(ReentrantLock::new(1));
    /// let mut guard = lock.lock_owned();
    /// *OwnedReentrantLockGuard::get_mut(&mut guard).unwrap() += 1;
    /// assert_eq!(*guard, 2);
    /// ```
    #[inline]
    pub fn get_mut(guard: &mut Self) -> Option<ReentrantLockRefMut<'_, T>> {
        ReentrantLockRefMut::new(&guard.lock, &mut guard.claim)
    }
}

impl<T: ?Sized, O: Ownership> Deref for OwnedReentrantLockGuard<T, O> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: nobody writes the value while a guard lives that is not lent from (H6), and this one is borrowed for as long
        // as the reference lives.
        unsafe { &*self.lock.value() }
    }
}

impl<T: ?Sized, O: Ownership> Drop for OwnedReentrantLockGuard<T, O> {
    #[inline]
    fn drop(&mut self) {
        self.claim.release();
        self.lock.raw().leave_by::<O>();
    }
}

impl<T: ?Sized + fmt::Debug, O: Ownership> fmt::Debug for OwnedReentrantLockGuard<T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display, O: Ownership> fmt::Display for OwnedReentrantLockGuard<T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

// SAFETY: a guard by an owner lends `&T`, wherever it is; its entry may be taken back by any thread (H4), and the value dropped
// there with the last count.
unsafe impl<T: ?Sized + Send + Sync> Send for OwnedReentrantLockGuard<T, ByOwner> {}
// SAFETY: a shared guard lends `&T`; it does not lend the `Arc`.
unsafe impl<T: ?Sized + Sync, O: Ownership> Sync for OwnedReentrantLockGuard<T, O> {}
