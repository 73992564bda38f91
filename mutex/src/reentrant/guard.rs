//! The borrowed guards of a reentrant lock: of the whole value, of a part, and the loan for writing.

#![expect(unsafe_code, reason = "guards lend the value that the lock protects")]

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use latchwork_core::sync::cell::{Claim, SharedClaim};
#[cfg(feature = "std")]
use latchwork_core::trace::Site;

use super::raw::RawReentrant;
use super::{ByOwner, ByThread, Ownership, ReentrantLock};

/// One entry into a [`ReentrantLock`], which dropping it takes back; with the last one, the lock is released.
///
/// It lends the value for reading, since there may be others like it. What is to be written is in a cell, an atomic or a lock
/// of its own; or see [`get_mut`](Self::get_mut).
///
/// A guard [`ByThread`] stays on its thread:
///
/// ```compile_fail,E0277
/// use latchwork_mutex::ReentrantLock;
/// let lock = ReentrantLock::new(7);
/// let guard = lock.lock();
/// std::thread::scope(|scope| {
///     scope.spawn(move || drop(guard));
/// });
/// ```
///
/// One [`ByOwner`] may be sent to another thread and dropped there. Forgetting a guard leaves the lock locked in that name for
/// ever, and is otherwise safe.
#[must_use = "the lock is released when its guards are dropped"]
pub struct ReentrantLockGuard<'a, T: ?Sized, O: Ownership = ByThread> {
    lock: &'a ReentrantLock<T>,
    claim: SharedClaim,
    /// Neither `Send` nor `Sync` by itself: see below.
    ownership: PhantomData<*const O>,
}

impl<'a, T: ?Sized, O: Ownership> ReentrantLockGuard<'a, T, O> {
    /// The guard of an entry that the caller has made, in the name of such an owner.
    #[inline]
    pub(super) fn new(lock: &'a ReentrantLock<T>) -> Self {
        Self { claim: lock.claim(), lock, ownership: PhantomData }
    }

    /// Narrows the guard to a part of the value.
    ///
    /// An associated function: `ReentrantLockGuard::map(guard, ...)`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{ReentrantLock, ReentrantLockGuard};
    /// let lock = ReentrantLock::new((1, 2));
    /// assert_eq!(*ReentrantLockGuard::map(lock.lock(), |pair| &pair.1), 2);
    /// ```
    #[inline]
    pub fn map<U: ?Sized>(guard: Self, part: impl FnOnce(&T) -> &U) -> MappedReentrantLockGuard<'a, U, O> {
        let value = NonNull::from(part(&*guard));
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
    /// # use latchwork_mutex::{ReentrantLock, ReentrantLockGuard};
    /// let lock = ReentrantLock::new(vec![1]);
    /// let guard = ReentrantLockGuard::try_map(lock.lock(), |values| values.get(5)).unwrap_err();
    /// assert_eq!(guard.len(), 1);
    /// ```
    #[inline]
    pub fn try_map<U: ?Sized>(
        guard: Self,
        part: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<MappedReentrantLockGuard<'a, U, O>, Self> {
        match part(&*guard).map(NonNull::from) {
            Some(value) => Ok(guard.narrow(value)),
            None => Err(guard),
        }
    }

    #[inline]
    fn narrow<U: ?Sized>(self, value: NonNull<U>) -> MappedReentrantLockGuard<'a, U, O> {
        let mut guard = ManuallyDrop::new(self);
        MappedReentrantLockGuard {
            raw: guard.lock.raw(),
            value,
            claim: guard.claim.hand_over(),
            lends: PhantomData,
            ownership: PhantomData,
        }
    }
}

impl<T: ?Sized> ReentrantLockGuard<'_, T> {
    /// Lends the value for writing, if this guard is the thread's only one. An associated function.
    ///
    /// As long as the loan lives, the thread cannot enter the lock again: what it would see there is being written. `lock`
    /// panics, and the forms with `try_` give `None`. Forgetting the loan leaves that so until the guard is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{ReentrantLock, ReentrantLockGuard};
    /// let lock = ReentrantLock::new(vec![1]);
    /// let mut outer = lock.lock();
    /// ReentrantLockGuard::get_mut(&mut outer).unwrap().push(2);
    ///
    /// let mut inner = lock.lock();
    /// assert!(ReentrantLockGuard::get_mut(&mut inner).is_none());
    /// assert_eq!(*inner, [1, 2]);
    /// ```
    #[inline]
    pub fn get_mut(guard: &mut Self) -> Option<ReentrantLockRefMut<'_, T>> {
        ReentrantLockRefMut::new(guard.lock, &mut guard.claim)
    }

    /// Releases the lock for the length of a call, and blocks until it is held again, also if the call panics.
    ///
    /// Where the thread has other guards of this lock, it stays locked: what they lend must not change.
    ///
    /// # Deadlocks
    ///
    /// As for [`ReentrantLock::lock`].
    ///
    /// # Panics
    ///
    /// Aborts the process if the thread has entered the lock again meanwhile, for good, in a way that this guard is
    /// refused (see [`ReentrantLock::lock`]).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{ReentrantLock, ReentrantLockGuard};
    /// let lock = ReentrantLock::new(1);
    /// let mut guard = lock.lock();
    /// ReentrantLockGuard::unlocked(&mut guard, || assert!(!lock.is_locked()));
    ///
    /// let inner = lock.lock();
    /// ReentrantLockGuard::unlocked(&mut guard, || assert!(lock.is_locked()));
    /// # drop(inner);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn unlocked<R>(guard: &mut Self, run: impl FnOnce() -> R) -> R {
        let raw = guard.lock.raw();
        if !raw.is_last() {
            return run();
        }
        guard.claim.release();
        // From here on: the wake-up runs foreign code, and may panic.
        let _relock = Relock(guard, Site::here());
        raw.leave();
        run()
    }

    /// Lets those who wait have the lock once, and blocks until it is this guard's again. Does nothing where nobody waits, or
    /// where the thread has other guards of this lock.
    ///
    /// A thread that waits is granted the lock; for a task it is reserved.
    ///
    /// # Deadlocks
    ///
    /// As for [`ReentrantLock::lock`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{ReentrantLock, ReentrantLockGuard};
    /// let lock = ReentrantLock::new(());
    /// let mut guard = lock.lock();
    /// for _step in 0..1_000 {
    ///     ReentrantLockGuard::bump(&mut guard);
    /// }
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn bump(guard: &mut Self) {
        let raw = guard.lock.raw();
        if raw.has_company() {
            guard.claim.release();
            // From here on: the wake-up runs foreign code, and may panic.
            let _relock = Relock(guard, Site::here());
            raw.leave_to_others();
        }
    }
}

/// Enters again when it is dropped, for a guard whose entry has been taken back.
#[cfg(feature = "std")]
struct Relock<'g, 'a, T: ?Sized>(&'g mut ReentrantLockGuard<'a, T>, Site);

#[cfg(feature = "std")]
impl<T: ?Sized> Drop for Relock<'_, '_, T> {
    fn drop(&mut self) {
        // A guard without an entry must not be seen again: its drop would take back that of another.
        let abort = AbortOnUnwind;
        self.0.lock.raw().lock_at(self.1);
        core::mem::forget(abort);
        self.0.claim = self.0.lock.claim();
    }
}

#[cfg(feature = "std")]
struct AbortOnUnwind;

#[cfg(feature = "std")]
impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        latchwork_core::panics::abort();
    }
}

impl<T: ?Sized, O: Ownership> Deref for ReentrantLockGuard<'_, T, O> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: nobody writes the value while a guard lives that is not lent from (H6), and this one is borrowed for as long
        // as the reference lives.
        unsafe { &*self.lock.value() }
    }
}

impl<T: ?Sized, O: Ownership> Drop for ReentrantLockGuard<'_, T, O> {
    #[inline]
    fn drop(&mut self) {
        self.claim.release();
        self.lock.raw().leave_by::<O>();
    }
}

impl<T: ?Sized + fmt::Debug, O: Ownership> fmt::Debug for ReentrantLockGuard<'_, T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display, O: Ownership> fmt::Display for ReentrantLockGuard<'_, T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// One entry into a [`ReentrantLock`], narrowed to a part of its value by [`ReentrantLockGuard::map`].
#[must_use = "the lock is released when its guards are dropped"]
pub struct MappedReentrantLockGuard<'a, U: ?Sized, O: Ownership = ByThread> {
    raw: &'a RawReentrant,
    value: NonNull<U>,
    claim: SharedClaim,
    lends: PhantomData<&'a U>,
    ownership: PhantomData<*const O>,
}

impl<'a, U: ?Sized, O: Ownership> MappedReentrantLockGuard<'a, U, O> {
    /// Narrows the guard to a part of its part.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{MappedReentrantLockGuard, ReentrantLock, ReentrantLockGuard};
    /// let lock = ReentrantLock::new((1, (2, 3)));
    /// let pair = ReentrantLockGuard::map(lock.lock(), |value| &value.1);
    /// assert_eq!(*MappedReentrantLockGuard::map(pair, |pair| &pair.0), 2);
    /// ```
    #[inline]
    pub fn map<V: ?Sized>(guard: Self, part: impl FnOnce(&U) -> &V) -> MappedReentrantLockGuard<'a, V, O> {
        let value = NonNull::from(part(&*guard));
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
    /// # use latchwork_mutex::{MappedReentrantLockGuard, ReentrantLock, ReentrantLockGuard};
    /// let lock = ReentrantLock::new((1, vec![2]));
    /// let part = ReentrantLockGuard::map(lock.lock(), |pair| &pair.1);
    /// let part = MappedReentrantLockGuard::try_map(part, |values| values.get(5)).unwrap_err();
    /// assert_eq!(part.len(), 1);
    /// ```
    #[inline]
    pub fn try_map<V: ?Sized>(
        guard: Self,
        part: impl FnOnce(&U) -> Option<&V>,
    ) -> Result<MappedReentrantLockGuard<'a, V, O>, Self> {
        match part(&*guard).map(NonNull::from) {
            Some(value) => Ok(guard.narrow(value)),
            None => Err(guard),
        }
    }

    #[inline]
    fn narrow<V: ?Sized>(self, value: NonNull<V>) -> MappedReentrantLockGuard<'a, V, O> {
        let mut guard = ManuallyDrop::new(self);
        MappedReentrantLockGuard {
            raw: guard.raw,
            value,
            claim: guard.claim.hand_over(),
            lends: PhantomData,
            ownership: PhantomData,
        }
    }
}

impl<U: ?Sized, O: Ownership> Deref for MappedReentrantLockGuard<'_, U, O> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: nobody writes the value while a guard lives that is not lent from (H6), and this one is borrowed for as long
        // as the reference lives.
        unsafe { self.value.as_ref() }
    }
}

impl<U: ?Sized, O: Ownership> Drop for MappedReentrantLockGuard<'_, U, O> {
    #[inline]
    fn drop(&mut self) {
        self.claim.release();
        self.raw.leave_by::<O>();
    }
}

impl<U: ?Sized + fmt::Debug, O: Ownership> fmt::Debug for MappedReentrantLockGuard<'_, U, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<U: ?Sized + fmt::Display, O: Ownership> fmt::Display for MappedReentrantLockGuard<'_, U, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The value of a [`ReentrantLock`], lent for writing by [`ReentrantLockGuard::get_mut`].
#[must_use = "the thread cannot enter the lock again while the loan lives"]
pub struct ReentrantLockRefMut<'g, T: ?Sized> {
    lock: &'g ReentrantLock<T>,
    claim: Claim,
    /// The guard's, which has ended for as long as the loan lives.
    suspended: &'g mut SharedClaim,
    /// Lends `T` exclusively; stays on its thread.
    lends: PhantomData<*mut T>,
}

impl<'g, T: ?Sized> ReentrantLockRefMut<'g, T> {
    /// Lends what the guard with this claim protects, if it is the thread's only one.
    #[inline]
    pub(super) fn new(lock: &'g ReentrantLock<T>, claim: &'g mut SharedClaim) -> Option<Self> {
        if !lock.raw().lend() {
            return None;
        }
        claim.release();
        Some(Self { claim: lock.claim_mut(), lock, suspended: claim, lends: PhantomData })
    }
}

impl<T: ?Sized> Deref for ReentrantLockRefMut<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the loan is exclusive (H5, H6), and borrowed for as long as the reference lives.
        unsafe { &*self.lock.value() }
    }
}

impl<T: ?Sized> DerefMut for ReentrantLockRefMut<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the loan is exclusive (H5, H6), and borrowed exclusively for as long as the reference lives.
        unsafe { &mut *self.lock.value() }
    }
}

impl<T: ?Sized> Drop for ReentrantLockRefMut<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.claim.release();
        *self.suspended = self.lock.claim();
        self.lock.raw().end_loan();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for ReentrantLockRefMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for ReentrantLockRefMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

// SAFETY: a guard by an owner lends `&T`, wherever it is; its entry may be taken back by any thread (H4).
unsafe impl<T: ?Sized + Sync> Send for ReentrantLockGuard<'_, T, ByOwner> {}
// SAFETY: a shared guard lends `&T`, and does nothing else.
unsafe impl<T: ?Sized + Sync, O: Ownership> Sync for ReentrantLockGuard<'_, T, O> {}

// SAFETY: as for `ReentrantLockGuard`, with the part of the value that it lends.
unsafe impl<U: ?Sized + Sync> Send for MappedReentrantLockGuard<'_, U, ByOwner> {}
// SAFETY: a shared guard lends `&U`, and does nothing else.
unsafe impl<U: ?Sized + Sync, O: Ownership> Sync for MappedReentrantLockGuard<'_, U, O> {}

// SAFETY: a shared loan lends `&T`, and does nothing else.
unsafe impl<T: ?Sized + Sync> Sync for ReentrantLockRefMut<'_, T> {}
