//! Permits that are values.

#[cfg(feature = "alloc")]
mod owned;

use core::fmt;

use latchwork_core::trace::Release;

use crate::any::AnySemaphore;
use crate::semaphore::Semaphore;

#[cfg(feature = "alloc")]
pub use self::owned::OwnedPermit;

/// Permits of a semaphore, which dropping it gives back.
///
/// It may be sent to another thread and dropped there.
///
/// # Panics
///
/// Dropping it panics if the semaphore has no room for its permits, since somebody has given them back before; nothing has
/// changed then.
#[must_use = "permits are given back when they are dropped"]
pub struct Permit<'a, S: AnySemaphore = Semaphore> {
    semaphore: &'a S,
    permits: usize,
}

impl<'a, S: AnySemaphore> Permit<'a, S> {
    /// Permits that the caller has acquired.
    #[inline]
    pub(crate) const fn new(semaphore: &'a S, permits: usize) -> Self {
        Self { semaphore, permits }
    }

    /// How many they are.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// let semaphore = Semaphore::new(3);
    /// assert_eq!(semaphore.acquire_many(2).unwrap().count(), 2);
    /// ```
    #[inline]
    #[must_use]
    pub const fn count(&self) -> usize {
        self.permits
    }

    /// Does not give them back. A [`Semaphore`] has so many less; those of a [`BoundedSemaphore`](crate::BoundedSemaphore) stay
    /// in use until they are [released](crate::BoundedSemaphore::release).
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
        let _told = Release::of(self.semaphore.raw().address());
        self.disown();
    }

    /// The permits are somebody else's from here on.
    #[inline]
    pub(crate) fn disown(mut self) {
        self.permits = 0;
    }

    /// Takes so many out as a permit of their own. `None`, and nothing has changed, if there are fewer.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// let semaphore = Semaphore::new(3);
    /// let mut permit = semaphore.try_acquire_many(3).unwrap();
    /// let one = permit.split(1).unwrap();
    /// assert_eq!((permit.count(), one.count()), (2, 1));
    /// drop(permit);
    /// assert_eq!(semaphore.available_permits(), 2);
    /// # drop(one);
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
        self.permits = sum(self.permits, other.permits);
        other.disown();
        Ok(())
    }
}

fn sum(these: usize, those: usize) -> usize {
    these.checked_add(those).expect("two permits are more than can be counted")
}

#[inline]
fn give_back<S: AnySemaphore>(semaphore: &S, permits: usize) {
    if permits > 0 {
        semaphore.raw().give_back(permits as i64).expect("permits are given back that somebody has given back before");
    }
}

impl<S: AnySemaphore> Drop for Permit<'_, S> {
    #[inline]
    fn drop(&mut self) {
        give_back(self.semaphore, self.permits);
    }
}

impl<S: AnySemaphore> fmt::Debug for Permit<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("count", &self.permits).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(any(latchwork = "loom", latchwork = "shuttle"))))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    /// Breaks if the sum wraps around, or if the permit that is merged is neither kept nor given back.
    #[test]
    fn permits_that_cannot_be_added_up_are_refused_and_given_back() {
        let semaphore = Semaphore::new(1);
        let mut many = Permit::new(&semaphore, usize::MAX);
        let one = semaphore.try_acquire().expect("it is free");
        assert!(catch_unwind(AssertUnwindSafe(|| many.merge(one).is_ok())).is_err());
        assert_eq!((many.count(), semaphore.available_permits()), (usize::MAX, 1));
        many.forget();
        assert_eq!(semaphore.available_permits(), 1);
    }
}
