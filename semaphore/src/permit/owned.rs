//! Permits that own the semaphore's `Arc`.

use alloc::sync::Arc;
use core::fmt;

use latchwork_core::trace::Release;

use super::{give_back, sum};
use crate::any::AnySemaphore;
use crate::semaphore::Semaphore;

/// Permits of a semaphore in an `Arc`, which dropping it gives back. Otherwise as [`Permit`](super::Permit).
///
/// # Panics
///
/// Dropping it panics as it does for [`Permit`](super::Permit).
#[must_use = "permits are given back when they are dropped"]
pub struct OwnedPermit<S: AnySemaphore = Semaphore> {
    semaphore: Arc<S>,
    permits: usize,
}

impl<S: AnySemaphore> OwnedPermit<S> {
    /// Permits that the caller has acquired.
    #[inline]
    pub(crate) const fn new(semaphore: Arc<S>, permits: usize) -> Self {
        Self { semaphore, permits }
    }

    /// How many they are.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// assert_eq!(semaphore.acquire_many_owned(2).unwrap().count(), 2);
    /// ```
    #[inline]
    #[must_use]
    pub const fn count(&self) -> usize {
        self.permits
    }

    /// As [`Permit::forget`](super::Permit::forget).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(Semaphore::new(1));
    /// Arc::clone(&semaphore).acquire_owned().unwrap().forget();
    /// assert_eq!(semaphore.available_permits(), 0);
    /// ```
    #[inline]
    pub fn forget(self) {
        let _told = Release::of(self.semaphore.raw().address());
        self.disown();
    }

    /// The permits are somebody else's from here on.
    #[inline]
    pub(crate) fn disown(mut self) {
        self.permits = 0;
    }

    /// As [`Permit::split`](super::Permit::split).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let mut permit = Arc::clone(&semaphore).acquire_many_owned(3).unwrap();
    /// drop(permit.split(2).unwrap());
    /// assert_eq!((permit.count(), semaphore.available_permits()), (1, 2));
    /// ```
    #[inline]
    pub fn split(&mut self, permits: usize) -> Option<Self> {
        self.permits = self.permits.checked_sub(permits)?;
        Some(Self::new(Arc::clone(&self.semaphore), permits))
    }

    /// As [`Permit::merge`](super::Permit::merge).
    ///
    /// # Errors
    ///
    /// The other permit, where it is of another semaphore.
    ///
    /// # Panics
    ///
    /// If both together are more than a `usize` can hold; nothing has changed then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(Semaphore::new(2));
    /// let mut permit = Arc::clone(&semaphore).acquire_owned().unwrap();
    /// assert!(permit.merge(Arc::clone(&semaphore).acquire_owned().unwrap()).is_ok());
    /// assert_eq!(permit.count(), 2);
    /// ```
    pub fn merge(&mut self, other: Self) -> Result<(), Self> {
        if !Arc::ptr_eq(&self.semaphore, &other.semaphore) {
            return Err(other);
        }
        self.permits = sum(self.permits, other.permits);
        other.disown();
        Ok(())
    }
}

impl<S: AnySemaphore> Drop for OwnedPermit<S> {
    #[inline]
    fn drop(&mut self) {
        give_back(&*self.semaphore, self.permits);
    }
}

impl<S: AnySemaphore> fmt::Debug for OwnedPermit<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").field("count", &self.permits).finish_non_exhaustive()
    }
}
