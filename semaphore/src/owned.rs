//! Permits that own a count of the semaphore's `Arc` instead of borrowing the semaphore.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::sync::Arc;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::time::Instant;
use latchwork_core::wait;
use pin_project_lite::pin_project;

use crate::error::{Closed, TryAcquireError};
use crate::permit::Permit;
use crate::semaphore::{Semaphore, counted};

/// With permits that own the `Arc`, and so may outlive every borrow.
impl Semaphore {
    /// As [`acquire`](Self::acquire), with a permit that owns the `Arc`.
    ///
    /// # Errors
    ///
    /// As for [`acquire`](Self::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(Semaphore::new(1));
    /// let permit = Arc::clone(&semaphore).acquire_owned().unwrap();
    /// std::thread::spawn(move || drop(permit)).join().unwrap();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// ```
    #[inline]
    pub fn acquire_owned(self: Arc<Self>) -> Result<OwnedPermit, Closed> {
        self.acquire_many_owned(1)
    }

    /// As [`acquire_many`](Self::acquire_many), with a permit that owns the `Arc`.
    ///
    /// # Errors
    ///
    /// As for [`acquire`](Self::acquire).
    ///
    /// # Panics
    ///
    /// As for [`acquire_many`](Self::acquire_many).
    #[inline]
    pub fn acquire_many_owned(self: Arc<Self>, permits: usize) -> Result<OwnedPermit, Closed> {
        self.acquire_many(permits)?.forget();
        Ok(OwnedPermit { semaphore: self, permits })
    }

    /// As [`try_acquire`](Self::try_acquire), with a permit that owns the `Arc`.
    ///
    /// # Errors
    ///
    /// Why it has not.
    #[inline]
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedPermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// As [`try_acquire_many`](Self::try_acquire_many), with a permit that owns the `Arc`.
    ///
    /// # Errors
    ///
    /// Why it has not.
    ///
    /// # Panics
    ///
    /// As for [`acquire_many`](Self::acquire_many).
    #[inline]
    pub fn try_acquire_many_owned(self: Arc<Self>, permits: usize) -> Result<OwnedPermit, TryAcquireError> {
        let acquired = self.try_acquire_many(permits).map(Permit::forget);
        acquired.map(|()| OwnedPermit { semaphore: self, permits })
    }

    /// As [`try_acquire_many_for`](Self::try_acquire_many_for), with a permit that owns the `Arc`.
    ///
    /// # Errors
    ///
    /// Why it has not.
    ///
    /// # Panics
    ///
    /// As for [`acquire_many`](Self::acquire_many).
    #[inline]
    pub fn try_acquire_many_owned_for(
        self: Arc<Self>,
        permits: usize,
        timeout: Duration,
    ) -> Result<OwnedPermit, TryAcquireError> {
        let acquired = self.try_acquire_many_for(permits, timeout).map(Permit::forget);
        acquired.map(|()| OwnedPermit { semaphore: self, permits })
    }

    /// As [`try_acquire_many_until`](Self::try_acquire_many_until), with a permit that owns the `Arc`.
    ///
    /// # Errors
    ///
    /// Why it has not.
    ///
    /// # Panics
    ///
    /// As for [`acquire_many`](Self::acquire_many).
    #[inline]
    pub fn try_acquire_many_owned_until(
        self: Arc<Self>,
        permits: usize,
        deadline: Instant,
    ) -> Result<OwnedPermit, TryAcquireError> {
        let acquired = self.try_acquire_many_until(permits, deadline).map(Permit::forget);
        acquired.map(|()| OwnedPermit { semaphore: self, permits })
    }

    const_unless_checked! {
        /// As [`acquire_async`](Self::acquire_async), with a future and a permit that own the `Arc`.
        ///
        /// # Cancel safety
        ///
        /// As for [`acquire_async`](Self::acquire_async).
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_semaphore::Semaphore;
        /// use std::sync::Arc;
        ///
        /// # futures_lite::future::block_on(async {
        /// let semaphore = Arc::new(Semaphore::new(1));
        /// let permit = Arc::clone(&semaphore).acquire_owned_async().await.unwrap();
        /// assert_eq!(semaphore.available_permits(), 0);
        /// # drop(permit);
        /// # });
        /// ```
        #[inline]
        pub const fn acquire_owned_async(self: Arc<Self>) -> AcquireOwned {
            AcquireOwned::new(self, 1)
        }
    }

    const_unless_checked! {
        /// As [`acquire_many_async`](Self::acquire_many_async), with a future and a permit that own the `Arc`.
        ///
        /// # Cancel safety
        ///
        /// As for [`acquire_async`](Self::acquire_async).
        ///
        /// # Panics
        ///
        /// As for [`acquire_many_async`](Self::acquire_many_async).
        #[inline]
        pub const fn acquire_many_owned_async(self: Arc<Self>, permits: usize) -> AcquireOwned {
            counted(permits);
            AcquireOwned::new(self, permits)
        }
    }
}

/// Permits of a [`Semaphore`] in an `Arc`, which dropping it gives back. Otherwise as [`Permit`].
#[must_use = "permits are given back when they are dropped"]
pub struct OwnedPermit {
    semaphore: Arc<Semaphore>,
    permits: usize,
}

impl OwnedPermit {
    /// How many they are.
    #[inline]
    #[must_use]
    pub const fn count(&self) -> usize {
        self.permits
    }

    /// Never gives them back: the semaphore has so many less.
    #[inline]
    pub fn forget(mut self) {
        self.permits = 0;
    }

    /// Takes so many out as a permit of their own. `None`, and nothing has changed, if there are fewer.
    #[inline]
    pub fn split(&mut self, permits: usize) -> Option<Self> {
        self.permits = self.permits.checked_sub(permits)?;
        Some(Self { semaphore: Arc::clone(&self.semaphore), permits })
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
    pub fn merge(&mut self, other: Self) -> Result<(), Self> {
        if !Arc::ptr_eq(&self.semaphore, &other.semaphore) {
            return Err(other);
        }
        self.permits = self.permits.checked_add(other.permits).expect("two permits are more than can be counted");
        other.forget();
        Ok(())
    }
}

impl Drop for OwnedPermit {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.give_back(self.permits);
    }
}

impl fmt::Debug for OwnedPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").field("count", &self.permits).finish_non_exhaustive()
    }
}

pin_project! {
    /// Future of [`Semaphore::acquire_owned_async`] and [`Semaphore::acquire_many_owned_async`]: ready with the permits.
    ///
    /// It is not fused: polling it after it was ready panics. It is not `Unpin`, since the semaphore's queue points into it:
    ///
    /// ```compile_fail,E0277
    /// fn needs_unpin<T: Unpin>(_: T) {}
    /// needs_unpin(std::sync::Arc::new(latchwork_semaphore::Semaphore::new(1)).acquire_owned_async());
    /// ```
    #[must_use = "futures do nothing unless they are polled"]
    pub struct AcquireOwned {
        // Taken by the permit.
        semaphore: Option<Arc<Semaphore>>,
        permits: usize,
        #[pin]
        acquire: wait::Acquire,
    }

    impl PinnedDrop for AcquireOwned {
        fn drop(this: Pin<&mut Self>) {
            // Without the semaphore it is done. Otherwise idle: nothing is owed. Queued or woken: see `wait::Acquire::cancel`.
            let this = this.project();
            if let Some(semaphore) = this.semaphore {
                semaphore.cancel_acquire(this.acquire, *this.permits);
            }
        }
    }
}

impl AcquireOwned {
    const_unless_checked! {
        #[inline]
        const fn new(semaphore: Arc<Semaphore>, permits: usize) -> Self {
            Self { semaphore: Some(semaphore), permits, acquire: wait::Acquire::new() }
        }
    }
}

impl Future for AcquireOwned {
    type Output = Result<OwnedPermit, Closed>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let semaphore = this.semaphore.as_ref().expect("a future is polled after it was ready");
        let acquired = ready!(semaphore.poll_acquire(this.acquire, *this.permits, cx));
        let semaphore = this.semaphore.take().expect("it was there to be polled");
        Poll::Ready(acquired.map(|()| OwnedPermit { semaphore, permits: *this.permits }))
    }
}

impl fmt::Debug for AcquireOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireOwned").field("permits", &self.permits).finish_non_exhaustive()
    }
}
