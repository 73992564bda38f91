//! The future of [`Semaphore::acquire_async`].

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use latchwork_core::const_unless_checked;
use latchwork_core::wait;
use pin_project_lite::pin_project;

use crate::error::Closed;
use crate::permit::Permit;
use crate::semaphore::Semaphore;

pin_project! {
    /// Future of [`Semaphore::acquire_async`] and [`Semaphore::acquire_many_async`]: ready with the permits.
    ///
    /// It is not fused: polling it after it was ready panics. It is not `Unpin`, since the semaphore's queue points into it:
    ///
    /// ```compile_fail,E0277
    /// fn needs_unpin<T: Unpin>(_: T) {}
    /// needs_unpin(latchwork_semaphore::Semaphore::new(1).acquire_async());
    /// ```
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Acquire<'a> {
        semaphore: &'a Semaphore,
        permits: usize,
        #[pin]
        acquire: wait::Acquire,
    }

    impl<'a> PinnedDrop for Acquire<'a> {
        fn drop(this: Pin<&mut Self>) {
            // Idle or done: nothing is owed. Queued or woken: see `wait::Acquire::cancel`.
            let this = this.project();
            this.semaphore.cancel_acquire(this.acquire, *this.permits);
        }
    }
}

impl<'a> Acquire<'a> {
    const_unless_checked! {
        #[inline]
        pub(crate) const fn new(semaphore: &'a Semaphore, permits: usize) -> Self {
            Self { semaphore, permits, acquire: wait::Acquire::new() }
        }
    }
}

impl<'a> Future for Acquire<'a> {
    type Output = Result<Permit<'a>, Closed>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let acquired = ready!(this.semaphore.poll_acquire(this.acquire, *this.permits, cx));
        Poll::Ready(acquired.map(|()| Permit::new(this.semaphore, *this.permits)))
    }
}

impl fmt::Debug for Acquire<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquire").field("permits", &self.permits).finish_non_exhaustive()
    }
}
