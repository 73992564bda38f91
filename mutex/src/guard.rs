//! The borrowed guards: of the whole value, and of a part.

#![expect(unsafe_code, reason = "guards lend the value that the lock protects")]

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use latchwork_core::sync::cell::Claim;
#[cfg(feature = "std")]
use latchwork_core::trace::Site;

use crate::mutex::Mutex;
use crate::raw::RawMutex;

/// The lock of a [`Mutex`], which dropping it releases.
///
/// It may be sent to another thread and dropped there. Forgetting it leaves the mutex locked for ever, and is otherwise
/// safe.
#[must_use = "the mutex is unlocked when the guard is dropped"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    claim: Claim,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The guard of a lock that the caller owns.
    #[inline]
    pub(crate) fn new(mutex: &'a Mutex<T>) -> Self {
        Self::with(mutex, mutex.claim())
    }

    /// The same, with an access to the value that has begun.
    #[inline]
    pub(crate) const fn with(mutex: &'a Mutex<T>, claim: Claim) -> Self {
        Self { mutex, claim }
    }

    /// Gives up the guard, and neither the lock nor the access to the value.
    #[inline]
    pub(crate) fn into_claim(self) -> Claim {
        ManuallyDrop::new(self).claim.hand_over()
    }

    /// Narrows the guard to a part of the value.
    ///
    /// An associated function: `MutexGuard::map(guard, ...)`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Mutex, MutexGuard};
    /// let mutex = Mutex::new((1, 2));
    /// *MutexGuard::map(mutex.lock(), |pair| &mut pair.1) = 3;
    /// assert_eq!(*mutex.lock(), (1, 3));
    /// ```
    #[inline]
    pub fn map<U: ?Sized>(mut guard: Self, part: impl FnOnce(&mut T) -> &mut U) -> MappedMutexGuard<'a, U> {
        let value = NonNull::from(part(&mut *guard));
        MappedMutexGuard::new(guard, value)
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
    /// # use latchwork_mutex::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(vec![1]);
    /// let guard = MutexGuard::try_map(mutex.lock(), |values| values.get_mut(5)).unwrap_err();
    /// assert_eq!(guard.len(), 1);
    /// ```
    #[inline]
    pub fn try_map<U: ?Sized>(
        mut guard: Self,
        part: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<MappedMutexGuard<'a, U>, Self> {
        match part(&mut *guard).map(NonNull::from) {
            Some(value) => Ok(MappedMutexGuard::new(guard, value)),
            None => Err(guard),
        }
    }

    /// Unlocks the mutex for the length of a call, and blocks until it is locked again, also if the call panics.
    ///
    /// # Deadlocks
    ///
    /// As for [`Mutex::lock`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(1);
    /// let mut guard = mutex.lock();
    /// MutexGuard::unlocked(&mut guard, || *mutex.lock() += 1);
    /// assert_eq!(*guard, 2);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn unlocked<R>(guard: &mut Self, run: impl FnOnce() -> R) -> R {
        let raw = guard.mutex.raw();
        guard.claim.release();
        // From here on: the wake-up runs foreign code, and may panic.
        let _relock = Relock(guard, Site::here());
        raw.unlock();
        run()
    }

    /// Lets those who wait have the lock once, and blocks until it is this guard's again. Does nothing where nobody waits.
    ///
    /// A thread that waits is granted the lock; for a task it is reserved.
    ///
    /// # Deadlocks
    ///
    /// As for [`Mutex::lock`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(0);
    /// let mut guard = mutex.lock();
    /// for step in 0..1_000 {
    ///     *guard += step;
    ///     MutexGuard::bump(&mut guard);
    /// }
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn bump(guard: &mut Self) {
        let raw = guard.mutex.raw();
        if raw.has_company() {
            guard.claim.release();
            // From here on: the wake-up runs foreign code, and may panic.
            let _relock = Relock(guard, Site::here());
            raw.hand_over();
        }
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    #[inline]
    pub(crate) const fn mutex(&self) -> &'a Mutex<T> {
        self.mutex
    }

    /// Ends, and leaves the lock locked.
    #[inline]
    pub(crate) fn disown(self) {
        self.into_claim().release();
    }

    /// Runs `wait`, which gives up the lock, and returns or unwinds with it.
    #[inline]
    pub(crate) fn while_released<R>(&mut self, wait: impl FnOnce(&RawMutex) -> R) -> R {
        /// Claims the value again.
        struct Reclaim<'g, 'a, T: ?Sized>(&'g mut MutexGuard<'a, T>);

        impl<T: ?Sized> Drop for Reclaim<'_, '_, T> {
            fn drop(&mut self) {
                self.0.claim = self.0.mutex.claim();
            }
        }

        let raw = self.mutex.raw();
        self.claim.release();
        let _reclaim = Reclaim(self);
        wait(raw)
    }
}

/// Locks again when it is dropped, for a guard that has been unlocked.
#[cfg(feature = "std")]
struct Relock<'g, 'a, T: ?Sized>(&'g mut MutexGuard<'a, T>, Site);

#[cfg(feature = "std")]
impl<T: ?Sized> Drop for Relock<'_, '_, T> {
    fn drop(&mut self) {
        self.0.mutex.raw().lock_at(self.1);
        self.0.claim = self.0.mutex.claim();
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard owns the lock (M4), and is borrowed for as long as the reference lives.
        unsafe { &*self.mutex.value() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard owns the lock (M4), and is borrowed exclusively for as long as the reference lives.
        unsafe { &mut *self.mutex.value() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.claim.release();
        self.mutex.raw().unlock();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The lock of a [`Mutex`], narrowed to a part of its value by [`MutexGuard::map`].
#[must_use = "the mutex is unlocked when the guard is dropped"]
pub struct MappedMutexGuard<'a, U: ?Sized> {
    raw: &'a RawMutex,
    value: NonNull<U>,
    claim: Claim,
    /// Lends `U` exclusively, and is invariant in it.
    lends: PhantomData<&'a mut U>,
}

impl<'a, U: ?Sized> MappedMutexGuard<'a, U> {
    /// Takes the lock over from a guard, whose value `value` is a part of.
    #[inline]
    fn new<T: ?Sized>(guard: MutexGuard<'a, T>, value: NonNull<U>) -> Self {
        let mut guard = ManuallyDrop::new(guard);
        Self { raw: guard.mutex.raw(), value, claim: guard.claim.hand_over(), lends: PhantomData }
    }

    /// Narrows the guard to a part of its part.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{MappedMutexGuard, Mutex, MutexGuard};
    /// let mutex = Mutex::new((1, (2, 3)));
    /// let pair = MutexGuard::map(mutex.lock(), |value| &mut value.1);
    /// *MappedMutexGuard::map(pair, |pair| &mut pair.0) = 4;
    /// assert_eq!(*mutex.lock(), (1, (4, 3)));
    /// ```
    #[inline]
    pub fn map<V: ?Sized>(mut guard: Self, part: impl FnOnce(&mut U) -> &mut V) -> MappedMutexGuard<'a, V> {
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
    /// # use latchwork_mutex::{MappedMutexGuard, Mutex, MutexGuard};
    /// let mutex = Mutex::new((1, vec![2]));
    /// let part = MutexGuard::map(mutex.lock(), |pair| &mut pair.1);
    /// let part = MappedMutexGuard::try_map(part, |values| values.get_mut(5)).unwrap_err();
    /// assert_eq!(part.len(), 1);
    /// ```
    #[inline]
    pub fn try_map<V: ?Sized>(
        mut guard: Self,
        part: impl FnOnce(&mut U) -> Option<&mut V>,
    ) -> Result<MappedMutexGuard<'a, V>, Self> {
        match part(&mut *guard).map(NonNull::from) {
            Some(value) => Ok(guard.narrow(value)),
            None => Err(guard),
        }
    }

    #[inline]
    fn narrow<V: ?Sized>(self, value: NonNull<V>) -> MappedMutexGuard<'a, V> {
        let mut guard = ManuallyDrop::new(self);
        MappedMutexGuard { raw: guard.raw, value, claim: guard.claim.hand_over(), lends: PhantomData }
    }
}

impl<U: ?Sized> Deref for MappedMutexGuard<'_, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: this guard owns the lock (M4), and is borrowed for as long as the reference lives.
        unsafe { self.value.as_ref() }
    }
}

impl<U: ?Sized> DerefMut for MappedMutexGuard<'_, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        // SAFETY: this guard owns the lock (M4), and is borrowed exclusively for as long as the reference lives.
        unsafe { self.value.as_mut() }
    }
}

impl<U: ?Sized> Drop for MappedMutexGuard<'_, U> {
    #[inline]
    fn drop(&mut self) {
        self.claim.release();
        self.raw.unlock();
    }
}

impl<U: ?Sized + fmt::Debug> fmt::Debug for MappedMutexGuard<'_, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<U: ?Sized + fmt::Display> fmt::Display for MappedMutexGuard<'_, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

// SAFETY: a guard that is sent lends `&mut T` to the other thread, which unlocks there; no thread's identity is involved.
unsafe impl<T: ?Sized + Send> Send for MutexGuard<'_, T> {}
// SAFETY: a shared guard lends `&T`.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

// SAFETY: as for `MutexGuard`, with the part of the value that it lends.
unsafe impl<U: ?Sized + Send> Send for MappedMutexGuard<'_, U> {}
// SAFETY: a shared guard lends `&U`.
unsafe impl<U: ?Sized + Sync> Sync for MappedMutexGuard<'_, U> {}
