//! A plain spin lock, as most people write it: test, test-and-set, pause.
//!
//! It stands for spinning in the comparison until the workspace has a crate for that.

use core::ops::{Deref, DerefMut};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};

/// A lock that never blocks.
#[derive(Debug, Default)]
pub struct SpinLock<T> {
    locked: AtomicBool,
    value: UnsafeCell<T>,
}

impl<T> SpinLock<T> {
    /// An unlocked lock around `value`.
    pub const fn new(value: T) -> Self {
        Self { locked: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Turns until the lock is free.
    #[inline]
    pub fn lock(&self) -> SpinLockGuard<'_, T> {
        // ORDERING: Acquire pairs with the Release in `drop`.
        while self.locked.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            while self.locked.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        }
        SpinLockGuard(self)
    }
}

/// The lock of a [`SpinLock`].
#[derive(Debug)]
pub struct SpinLockGuard<'a, T>(&'a SpinLock<T>);

impl<T> Deref for SpinLockGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: whoever took the byte from false to true has the value to itself until it stores false.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for SpinLockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the guard is borrowed exclusively.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for SpinLockGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // ORDERING: Release pairs with the Acquire in `lock`.
        self.0.locked.store(false, Ordering::Release);
    }
}

// SAFETY: a shared lock lends `&mut T` to one thread at a time, which is sending `T` to and fro.
unsafe impl<T: Send> Sync for SpinLock<T> {}
