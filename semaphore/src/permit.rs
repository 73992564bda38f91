//! Permits that are values.

use core::fmt;

use crate::semaphore::Semaphore;

/// Permits of a [`Semaphore`], which dropping it gives back.
///
/// It may be sent to another thread and dropped there.
#[must_use = "permits are given back when they are dropped"]
pub struct Permit<'a> {
    semaphore: &'a Semaphore,
    permits: usize,
}

impl<'a> Permit<'a> {
    /// Permits that the caller has acquired.
    #[inline]
    pub(crate) const fn new(semaphore: &'a Semaphore, permits: usize) -> Self {
        Self { semaphore, permits }
    }

    /// How many they are.
    #[inline]
    #[must_use]
    pub const fn count(&self) -> usize {
        self.permits
    }

    /// Never gives them back: the semaphore has so many less.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// let semaphore = Semaphore::new(3);
    /// semaphore.try_acquire_many(2).unwrap().forget();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// ```
    #[inline]
    pub fn forget(self) {
        core::mem::forget(self);
    }

    /// Takes so many out as a permit of their own. `None`, and nothing has changed, if there are fewer.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// let semaphore = Semaphore::new(3);
    /// let mut all = semaphore.try_acquire_many(3).unwrap();
    /// let one = all.split(1).unwrap();
    /// assert_eq!((all.count(), one.count()), (2, 1));
    /// assert!(all.split(3).is_none());
    /// ```
    #[inline]
    pub fn split(&mut self, permits: usize) -> Option<Self> {
        self.permits = self.permits.checked_sub(permits)?;
        Some(Self::new(self.semaphore, permits))
    }

    /// Puts those of another permit to these.
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
    /// let (semaphore, other) = (Semaphore::new(2), Semaphore::new(1));
    /// let mut permit = semaphore.try_acquire().unwrap();
    /// assert!(permit.merge(semaphore.try_acquire().unwrap()).is_ok());
    /// assert!(permit.merge(other.try_acquire().unwrap()).is_err());
    /// assert_eq!(permit.count(), 2);
    /// ```
    pub fn merge(&mut self, other: Self) -> Result<(), Self> {
        if !core::ptr::eq(self.semaphore, other.semaphore) {
            return Err(other);
        }
        self.permits = self.permits.checked_add(other.permits).expect("two permits are more than can be counted");
        other.forget();
        Ok(())
    }
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.give_back(self.permits);
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("count", &self.permits).finish_non_exhaustive()
    }
}
