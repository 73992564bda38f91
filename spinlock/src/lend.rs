//! What guards lend. All access to a protected value is here.
//!
//! L1. The protected value of a lock is reached through an [`Exclusive`] or a [`Shared`] alone, or by whoever has the lock
//!     to itself (`get_mut`, `into_inner`).
//! L2. While an `Exclusive` lives, no other of the same lock does, and no `Shared`. Whoever makes one holds the lock in
//!     that way, and gives it back after the end of the loan: a guard declares its loan before its hold, and so drops it
//!     first.

#![expect(unsafe_code, reason = "a guard lends the value that its lock protects")]

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use latchwork_core::sync::cell::{Claim, SharedClaim, UnsafeCell};

/// A value, or a part of one, lent to one guard alone.
pub(crate) struct Exclusive<'a, T: ?Sized> {
    value: NonNull<T>,
    /// Ends when it is dropped.
    claim: Claim,
    /// Lends `T` exclusively, and is invariant in it.
    lends: PhantomData<&'a mut T>,
}

impl<'a, T: ?Sized> Exclusive<'a, T> {
    /// Lends the value of a cell.
    ///
    /// # Safety
    ///
    /// The caller holds the lock that protects the cell exclusively, for as long as the loan, or what it becomes, lives.
    #[inline]
    pub(crate) unsafe fn new(cell: &'a UnsafeCell<T>) -> Self {
        let claim = cell.claim();
        // SAFETY: a cell's pointer is not null.
        let value = unsafe { NonNull::new_unchecked(cell.get()) };
        Self { value, claim, lends: PhantomData }
    }

    /// Lends a part of the value in its place.
    #[inline]
    pub(crate) fn map<U: ?Sized>(mut self, part: impl FnOnce(&mut T) -> &mut U) -> Exclusive<'a, U> {
        let value = NonNull::from(part(&mut *self));
        Exclusive { value, claim: self.claim, lends: PhantomData }
    }

    /// Lends a part of the value in its place, if there is such a part.
    #[inline]
    pub(crate) fn try_map<U: ?Sized>(
        mut self,
        part: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<Exclusive<'a, U>, Self> {
        match part(&mut *self).map(NonNull::from) {
            Some(value) => Ok(Exclusive { value, claim: self.claim, lends: PhantomData }),
            None => Err(self),
        }
    }

    /// Ends the loan.
    #[inline]
    pub(crate) fn end(mut self) {
        self.claim.release();
    }

    /// Lends the value for as long as the lock lives. The caller never gives the lock back.
    #[inline]
    pub(crate) fn leak(self) -> &'a mut T {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: the loan is exclusive (L2) and does not end.
        unsafe { this.value.as_mut() }
    }
}

impl<T: ?Sized> Deref for Exclusive<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: nobody else reaches the value (L2), and the loan is borrowed for as long as the reference lives.
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for Exclusive<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: nobody else reaches the value (L2), and the loan is borrowed exclusively.
        unsafe { self.value.as_mut() }
    }
}

/// A value, or a part of one, lent to a guard beside others that only read.
pub(crate) struct Shared<'a, T: ?Sized> {
    value: NonNull<T>,
    /// Ends when it is dropped.
    claim: SharedClaim,
    lends: PhantomData<&'a T>,
}

impl<'a, T: ?Sized> Shared<'a, T> {
    /// Lends the value of a cell.
    ///
    /// # Safety
    ///
    /// The caller holds the lock that protects the cell, at least for reading, for as long as the loan, or what it becomes,
    /// lives.
    #[inline]
    pub(crate) unsafe fn new(cell: &'a UnsafeCell<T>) -> Self {
        let claim = cell.claim_shared();
        // SAFETY: a cell's pointer is not null.
        let value = unsafe { NonNull::new_unchecked(cell.get()) };
        Self { value, claim, lends: PhantomData }
    }

    /// Lends a part of the value in its place.
    #[inline]
    pub(crate) fn map<U: ?Sized>(self, part: impl FnOnce(&T) -> &U) -> Shared<'a, U> {
        let value = NonNull::from(part(&*self));
        Shared { value, claim: self.claim, lends: PhantomData }
    }

    /// Lends a part of the value in its place, if there is such a part.
    #[inline]
    pub(crate) fn try_map<U: ?Sized>(self, part: impl FnOnce(&T) -> Option<&U>) -> Result<Shared<'a, U>, Self> {
        match part(&*self).map(NonNull::from) {
            Some(value) => Ok(Shared { value, claim: self.claim, lends: PhantomData }),
            None => Err(self),
        }
    }

    /// Ends the loan.
    #[inline]
    pub(crate) fn end(mut self) {
        self.claim.release();
    }

    /// Lends the value for as long as the lock lives. The caller never gives the lock back.
    #[inline]
    pub(crate) fn leak(self) -> &'a T {
        let this = ManuallyDrop::new(self);
        // SAFETY: nobody writes the value (L2), and the loan does not end.
        unsafe { this.value.as_ref() }
    }
}

impl<T: ?Sized> Deref for Shared<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: nobody writes the value (L2), and the loan is borrowed for as long as the reference lives.
        unsafe { self.value.as_ref() }
    }
}

// SAFETY: a loan that is sent lends `&mut T` to the other thread; no thread's identity is involved.
unsafe impl<T: ?Sized + Send> Send for Exclusive<'_, T> {}
// SAFETY: a shared loan lends `&T`.
unsafe impl<T: ?Sized + Sync> Sync for Exclusive<'_, T> {}

// SAFETY: it lends `&T`, wherever it is.
unsafe impl<T: ?Sized + Sync> Send for Shared<'_, T> {}
// SAFETY: it lends `&T`, wherever it is.
unsafe impl<T: ?Sized + Sync> Sync for Shared<'_, T> {}
