//! The semaphore with a limit. The algorithm is in `raw.rs`.

#[cfg(feature = "alloc")]
use alloc::sync::Arc;
use core::fmt;
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;
use latchwork_core::wait::Held;

use crate::acquire::acquire_methods;
use crate::any::{AnySemaphore, Raw};
#[cfg(feature = "std")]
use crate::error::Closed;
use crate::error::{OverRelease, TryAcquireError};
use crate::future::Acquire;
#[cfg(feature = "alloc")]
use crate::future::AcquireOwned;
use crate::layout::{Bounded, Layout};
#[cfg(feature = "alloc")]
use crate::permit::OwnedPermit;
use crate::permit::Permit;
use crate::raw::RawSemaphore;

/// A semaphore with a limit, for threads and tasks.
///
/// Its permits are free or in use, and both together are its limit. To give back more than are in use is an
/// [error](Self::release), and changes nothing. The limit may be [changed](Self::set_limit) at any time: it grows at once; where
/// it shrinks below what is in use, the difference is [owed](Self::debt), and what is given back next pays for it first. So
/// what is in use is never more than the limit, except for that debt.
///
/// # Fairness
///
/// As for [`Semaphore`](crate::Semaphore#fairness), whose sentences are asserted of the algorithm that both share. To raise the
/// limit is to give back as many permits (`a_raised_limit_wakes_those_who_fit`).
///
/// # Cancel safety
///
/// A future of [`acquire_async`](Self::acquire_async) that is dropped loses its place in the queue, and nothing else: a wake-up that it had
/// been sent is passed on, and what has gathered for it is there for those behind it. It owns its permits when it is ready, and none
/// before.
///
/// # Deadlocks
///
/// As for [`Semaphore`](crate::Semaphore#deadlocks). A request for more than the limit waits until the limit is raised, and so
/// does whoever comes behind it.
///
/// # Memory ordering
///
/// What was done before permits were given back happens before what is done after any later acquisition.
///
/// # Size
///
/// 32 bytes. Nothing is allocated, on any path.
///
/// # Examples
///
/// ```
/// use latchwork_semaphore::{BoundedSemaphore, OverRelease};
///
/// let semaphore = BoundedSemaphore::new(2);
/// semaphore.acquire_many(2).unwrap().forget(); // both stay in use
/// assert_eq!(semaphore.release(3), Err(OverRelease));
/// semaphore.set_limit(1);
/// assert_eq!((semaphore.in_use(), semaphore.debt()), (2, 1));
/// semaphore.release(1).unwrap();
/// assert_eq!((semaphore.in_use(), semaphore.debt()), (1, 0));
/// assert_eq!(semaphore.available_permits(), 0);
/// ```
pub struct BoundedSemaphore {
    raw: RawSemaphore<Bounded>,
}

impl BoundedSemaphore {
    /// The greatest limit, and the most permits that can be asked for: 2^29 - 1.
    pub const MAX_PERMITS: usize = Bounded::GREATEST as usize;

    const_unless_checked! {
        /// A semaphore with this limit, and so many permits free.
        ///
        /// # Panics
        ///
        /// If it is more than [`MAX_PERMITS`](Self::MAX_PERMITS).
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_semaphore::BoundedSemaphore;
        /// static SEMAPHORE: BoundedSemaphore = BoundedSemaphore::new(3);
        /// assert_eq!((SEMAPHORE.available_permits(), SEMAPHORE.limit()), (3, 3));
        /// ```
        #[inline]
        #[must_use]
        pub const fn new(limit: usize) -> Self {
            Self { raw: RawSemaphore::bounded(Self::counted(limit)) }
        }
    }

    /// Gives back permits that are in use and that no [`Permit`] will give back: those of one that was
    /// [forgotten](Permit::forget), by whoever likes.
    ///
    /// # Errors
    ///
    /// [`OverRelease`], if fewer are in use; nothing has changed then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::{BoundedSemaphore, OverRelease};
    /// let semaphore = BoundedSemaphore::new(1);
    /// semaphore.acquire().unwrap().forget();
    /// assert_eq!(semaphore.release(1), Ok(()));
    /// assert_eq!(semaphore.release(1), Err(OverRelease));
    /// ```
    pub fn release(&self, permits: usize) -> Result<(), OverRelease> {
        if permits > Self::MAX_PERMITS {
            return Err(OverRelease);
        }
        self.raw.release(permits as i64).map_err(|_| OverRelease)
    }

    /// Changes the limit. If it grows, so many permits more are free, at once. If it shrinks, so many less are; what is in use
    /// beyond the new limit is [owed](Self::debt).
    ///
    /// # Panics
    ///
    /// If it is more than [`MAX_PERMITS`](Self::MAX_PERMITS); nothing has changed then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::BoundedSemaphore;
    /// let semaphore = BoundedSemaphore::new(2);
    /// let permit = semaphore.acquire_many(2).unwrap();
    /// semaphore.set_limit(3);
    /// assert_eq!(semaphore.available_permits(), 1);
    /// semaphore.set_limit(1);
    /// assert_eq!((semaphore.available_permits(), semaphore.debt()), (0, 1));
    /// drop(permit);
    /// assert_eq!((semaphore.available_permits(), semaphore.debt()), (1, 0));
    /// ```
    pub fn set_limit(&self, limit: usize) {
        self.raw.set_limit(Self::counted(limit));
    }

    /// How many permits there are, free and in use, but for those that are owed. The answer may be old when it arrives.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::BoundedSemaphore;
    /// let semaphore = BoundedSemaphore::new(3);
    /// semaphore.set_limit(2);
    /// assert_eq!(semaphore.limit(), 2);
    /// ```
    #[inline]
    #[must_use]
    pub fn limit(&self) -> usize {
        self.raw.limit() as usize
    }

    /// How many permits are in use at this moment: acquired, and not given back. The answer may be old when it arrives.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::BoundedSemaphore;
    /// let semaphore = BoundedSemaphore::new(3);
    /// let permit = semaphore.acquire_many(2).unwrap();
    /// assert_eq!(semaphore.in_use(), 2);
    /// # drop(permit);
    /// ```
    #[inline]
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.raw.in_use() as usize
    }
}

acquire_methods!(BoundedSemaphore, Bounded);

impl fmt::Debug for BoundedSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("BoundedSemaphore");
        debug.field("limit", &self.limit()).field("in_use", &self.in_use()).field("is_closed", &self.is_closed());
        debug.finish_non_exhaustive()
    }
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(size_of::<BoundedSemaphore>() <= 32);
