//! The futures that acquire.

#[cfg(feature = "alloc")]
mod owned;

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use latchwork_core::const_unless_checked;
use latchwork_core::wait;
use pin_project_lite::pin_project;

use crate::any::AnySemaphore;
use crate::error::Closed;
use crate::permit::Permit;
use crate::semaphore::Semaphore;

#[cfg(feature = "alloc")]
pub use self::owned::AcquireOwned;

pin_project! {
    /// Future of [`Semaphore::acquire_async`] and its siblings: ready with the permits.
    ///
    /// It is not fused: polling it after it was ready panics. It is not `Unpin`, since the semaphore's queue points into it:
    ///
    /// ```compile_fail,E0277
    /// fn needs_unpin<T: Unpin>(_: T) {}
    /// needs_unpin(latchwork_semaphore::Semaphore::new(1).acquire_async());
    /// ```
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Acquire<'a, S: AnySemaphore = Semaphore> {
        semaphore: &'a S,
        permits: usize,
        #[pin]
        acquire: wait::Acquire,
    }

    impl<'a, S: AnySemaphore> PinnedDrop for Acquire<'a, S> {
        fn drop(this: Pin<&mut Self>) {
            // Idle or done: nothing is owed. Queued or woken: see `wait::Acquire::cancel`.
            let this = this.project();
            this.semaphore.raw().cancel_acquire(this.acquire, *this.permits as i64);
        }
    }
}

impl<'a, S: AnySemaphore> Acquire<'a, S> {
    const_unless_checked! {
        /// Of permits that are no more than there can be.
        #[inline]
        #[track_caller]
        pub(crate) const fn new(semaphore: &'a S, permits: usize) -> Self {
            Self { semaphore, permits, acquire: wait::Acquire::new() }
        }
    }
}

impl<'a, S: AnySemaphore> Future for Acquire<'a, S> {
    type Output = Result<Permit<'a, S>, Closed>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (semaphore, permits) = (*this.semaphore, *this.permits);
        let acquired = ready!(semaphore.raw().poll_acquire(this.acquire, permits as i64, cx));
        Poll::Ready(acquired.map(|()| Permit::new(semaphore, permits)))
    }
}

impl<S: AnySemaphore> fmt::Debug for Acquire<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquire").field("permits", &self.permits).finish_non_exhaustive()
    }
}
