//! Guards that own a count of the mutex's `Arc` instead of borrowing the mutex.

#![expect(unsafe_code, reason = "guards lend the value that the lock protects")]

use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::cell::Claim;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;

use crate::future::LockOwned;
use crate::mutex::Mutex;

impl<T: ?Sized> Mutex<T> {
    /// As [`lock`](Self::lock), with a guard that owns the `Arc`, and so may outlive every borrow.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::Mutex;
    /// use std::sync::Arc;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let mut guard = Arc::clone(&mutex).lock_owned();
    /// std::thread::spawn(move || *guard += 1).join().unwrap();
    /// assert_eq!(*mutex.lock(), 2);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        self.raw().lock();
        OwnedMutexGuard::new(self)
    }

    /// As [`try_lock`](Self::try_lock), with a guard that owns the `Arc`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::Mutex;
    /// use std::sync::Arc;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = Arc::clone(&mutex).try_lock_owned().unwrap();
    /// assert!(mutex.try_lock_owned().is_none());
    /// # drop(guard);
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Option<OwnedMutexGuard<T>> {
        self.raw().try_lock().then(|| OwnedMutexGuard::new(self))
    }

    /// As [`try_lock_for`](Self::try_lock_for), with a guard that owns the `Arc`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::Mutex;
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = Arc::clone(&mutex).lock_owned();
    /// assert!(mutex.try_lock_owned_for(Duration::from_millis(1)).is_none());
    /// # drop(guard);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock_owned_for(self: Arc<Self>, timeout: Duration) -> Option<OwnedMutexGuard<T>> {
        self.raw().try_lock_for(timeout).then(|| OwnedMutexGuard::new(self))
    }

    /// As [`try_lock_until`](Self::try_lock_until), with a guard that owns the `Arc`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::Mutex;
    /// use std::sync::Arc;
    /// use std::time::Instant;
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// assert!(mutex.try_lock_owned_until(Instant::now()).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock_owned_until(self: Arc<Self>, deadline: Instant) -> Option<OwnedMutexGuard<T>> {
        self.raw().try_lock_until(deadline).then(|| OwnedMutexGuard::new(self))
    }

    const_unless_checked! {
        /// As [`lock_async`](Self::lock_async), with a future and a guard that own the `Arc`.
        ///
        /// # Cancel safety
        ///
        /// As for [`lock_async`](Self::lock_async).
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_mutex::Mutex;
        /// use std::sync::Arc;
        ///
        /// # futures_lite::future::block_on(async {
        /// let mutex = Arc::new(Mutex::new(1));
        /// let guard = Arc::clone(&mutex).lock_owned_async().await;
        /// assert!(mutex.is_locked());
        /// # drop(guard);
        /// # });
        /// ```
        #[inline]
        #[track_caller]
        pub const fn lock_owned_async(self: Arc<Self>) -> LockOwned<T> {
            LockOwned::new(self)
        }
    }
}

/// The lock of a [`Mutex`] in an `Arc`, which dropping it releases. Otherwise as [`MutexGuard`](crate::MutexGuard).
#[must_use = "the mutex is unlocked when the guard is dropped"]
pub struct OwnedMutexGuard<T: ?Sized> {
    mutex: Arc<Mutex<T>>,
    claim: Claim,
}

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// The guard of a lock that the caller owns.
    #[inline]
    pub(crate) fn new(mutex: Arc<Mutex<T>>) -> Self {
        Self { claim: mutex.claim(), mutex }
    }

    /// Narrows the guard to a part of the value.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Mutex, OwnedMutexGuard};
    /// use std::sync::Arc;
    ///
    /// let mutex = Arc::new(Mutex::new((1, 2)));
    /// *OwnedMutexGuard::map(Arc::clone(&mutex).lock_owned(), |pair| &mut pair.0) = 3;
    /// assert_eq!(*mutex.lock(), (3, 2));
    /// ```
    #[inline]
    pub fn map<U: ?Sized>(mut guard: Self, part: impl FnOnce(&mut T) -> &mut U) -> OwnedMappedMutexGuard<T, U> {
        let value = NonNull::from(part(&mut *guard));
        guard.narrow(value)
    }

    /// Narrows the guard to a part of the value, if there is such a part.
    ///
    /// # Errors
    ///
    /// The guard, where there is not.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Mutex, OwnedMutexGuard};
    /// use std::sync::Arc;
    ///
    /// let mutex = Arc::new(Mutex::new(vec![1]));
    /// let guard = OwnedMutexGuard::try_map(mutex.lock_owned(), |values| values.get_mut(5)).unwrap_err();
    /// assert_eq!(guard.len(), 1);
    /// ```
    #[inline]
    pub fn try_map<U: ?Sized>(
        mut guard: Self,
        part: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<OwnedMappedMutexGuard<T, U>, Self> {
        match part(&mut *guard).map(NonNull::from) {
            Some(value) => Ok(guard.narrow(value)),
            None => Err(guard),
        }
    }

    #[inline]
    fn narrow<U: ?Sized>(self, value: NonNull<U>) -> OwnedMappedMutexGuard<T, U> {
        let mut guard = ManuallyDrop::new(self);
        // SAFETY: the guard is never dropped, nor looked at again: its count moves out once.
        let mutex = unsafe { core::ptr::read(&raw const guard.mutex) };
        OwnedMappedMutexGuard { mutex, value, claim: guard.claim.hand_over(), lends: PhantomData }
    }
}

impl<T: ?Sized> Deref for OwnedMutexGuard<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard owns the lock (M4), and is borrowed for as long as the reference lives.
        unsafe { &*self.mutex.value() }
    }
}

impl<T: ?Sized> DerefMut for OwnedMutexGuard<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard owns the lock (M4), and is borrowed exclusively for as long as the reference lives.
        unsafe { &mut *self.mutex.value() }
    }
}

impl<T: ?Sized> Drop for OwnedMutexGuard<T> {
    #[inline]
    fn drop(&mut self) {
        self.claim.release();
        self.mutex.raw().unlock();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for OwnedMutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for OwnedMutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The lock of a [`Mutex`] in an `Arc`, narrowed to a part of its value by [`OwnedMutexGuard::map`].
#[must_use = "the mutex is unlocked when the guard is dropped"]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized> {
    mutex: Arc<Mutex<T>>,
    value: NonNull<U>,
    claim: Claim,
    /// Lends `U` exclusively, and is invariant in it.
    lends: PhantomData<*mut U>,
}

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    /// Narrows the guard to a part of its part.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
    /// use std::sync::Arc;
    ///
    /// let mutex = Arc::new(Mutex::new((1, (2, 3))));
    /// let pair = OwnedMutexGuard::map(Arc::clone(&mutex).lock_owned(), |value| &mut value.1);
    /// *OwnedMappedMutexGuard::map(pair, |pair| &mut pair.0) = 4;
    /// assert_eq!(*mutex.lock(), (1, (4, 3)));
    /// ```
    #[inline]
    pub fn map<V: ?Sized>(mut guard: Self, part: impl FnOnce(&mut U) -> &mut V) -> OwnedMappedMutexGuard<T, V> {
        let value = NonNull::from(part(&mut *guard));
        guard.narrow(value)
    }

    /// Narrows the guard to a part of its part, if there is such a part.
    ///
    /// # Errors
    ///
    /// The guard, where there is not.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
    /// use std::sync::Arc;
    ///
    /// let mutex = Arc::new(Mutex::new((1, vec![2])));
    /// let part = OwnedMutexGuard::map(mutex.lock_owned(), |pair| &mut pair.1);
    /// let part = OwnedMappedMutexGuard::try_map(part, |values| values.get_mut(5)).unwrap_err();
    /// assert_eq!(part.len(), 1);
    /// ```
    #[inline]
    pub fn try_map<V: ?Sized>(
        mut guard: Self,
        part: impl FnOnce(&mut U) -> Option<&mut V>,
    ) -> Result<OwnedMappedMutexGuard<T, V>, Self> {
        match part(&mut *guard).map(NonNull::from) {
            Some(value) => Ok(guard.narrow(value)),
            None => Err(guard),
        }
    }

    #[inline]
    fn narrow<V: ?Sized>(self, value: NonNull<V>) -> OwnedMappedMutexGuard<T, V> {
        let mut guard = ManuallyDrop::new(self);
        // SAFETY: the guard is never dropped, nor looked at again: its count moves out once.
        let mutex = unsafe { core::ptr::read(&raw const guard.mutex) };
        OwnedMappedMutexGuard { mutex, value, claim: guard.claim.hand_over(), lends: PhantomData }
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedMappedMutexGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: this guard owns the lock (M4), and is borrowed for as long as the reference lives.
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized, U: ?Sized> DerefMut for OwnedMappedMutexGuard<T, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        // SAFETY: this guard owns the lock (M4), and is borrowed exclusively for as long as the reference lives.
        unsafe { self.value.as_mut() }
    }
}

impl<T: ?Sized, U: ?Sized> Drop for OwnedMappedMutexGuard<T, U> {
    #[inline]
    fn drop(&mut self) {
        self.claim.release();
        self.mutex.raw().unlock();
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Debug> fmt::Debug for OwnedMappedMutexGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Display> fmt::Display for OwnedMappedMutexGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

// SAFETY: a guard that is sent lends `&mut T` to the other thread, and may drop the value there with the last count.
unsafe impl<T: ?Sized + Send> Send for OwnedMutexGuard<T> {}
// SAFETY: a shared guard lends `&T`; it does not lend the `Arc`.
unsafe impl<T: ?Sized + Send + Sync> Sync for OwnedMutexGuard<T> {}

// SAFETY: as for `OwnedMutexGuard`: it lends the part, and may drop the whole.
unsafe impl<T: ?Sized + Send, U: ?Sized + Send> Send for OwnedMappedMutexGuard<T, U> {}
// SAFETY: a shared guard lends `&U`; it does not lend the `Arc`.
unsafe impl<T: ?Sized + Send, U: ?Sized + Sync> Sync for OwnedMappedMutexGuard<T, U> {}
