//! The future of permits that own the semaphore's `Arc`.

use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use latchwork_core::const_unless_checked;
use latchwork_core::wait;
use pin_project_lite::pin_project;

use crate::any::AnySemaphore;
use crate::error::Closed;
use crate::permit::OwnedPermit;
use crate::semaphore::Semaphore;

pin_project! {
    /// Future of [`Semaphore::acquire_owned_async`] and its siblings: ready with permits that own the `Arc`.
    ///
    /// It is not fused: polling it after it was ready panics. It is not `Unpin`, since the semaphore's queue points into it:
    ///
    /// ```compile_fail,E0277
    /// fn needs_unpin<T: Unpin>(_: T) {}
    /// needs_unpin(std::sync::Arc::new(latchwork_semaphore::Semaphore::new(1)).acquire_owned_async());
    /// ```
    #[must_use = "futures do nothing unless they are polled"]
    pub struct AcquireOwned<S: AnySemaphore = Semaphore> {
        // Taken by the permit.
        semaphore: Option<Arc<S>>,
        permits: usize,
        #[pin]
        acquire: wait::Acquire,
    }

    impl<S: AnySemaphore> PinnedDrop for AcquireOwned<S> {
        fn drop(this: Pin<&mut Self>) {
            // Without the semaphore it is done. Otherwise idle: nothing is owed. Queued or woken: see `wait::Acquire::cancel`.
            let this = this.project();
            if let Some(semaphore) = this.semaphore {
                semaphore.raw().cancel_acquire(this.acquire, *this.permits as i64);
            }
        }
    }
}

impl<S: AnySemaphore> AcquireOwned<S> {
    const_unless_checked! {
        /// Of permits that are no more than there can be.
        #[inline]
        #[track_caller]
        pub(crate) const fn new(semaphore: Arc<S>, permits: usize) -> Self {
            Self { semaphore: Some(semaphore), permits, acquire: wait::Acquire::new() }
        }
    }
}

impl<S: AnySemaphore> Future for AcquireOwned<S> {
    type Output = Result<OwnedPermit<S>, Closed>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let semaphore = this.semaphore.as_ref().expect("a future is polled after it was ready");
        let acquired = ready!(semaphore.raw().poll_acquire(this.acquire, *this.permits as i64, cx));
        let semaphore = this.semaphore.take().expect("it was there to be polled");
        Poll::Ready(acquired.map(|()| OwnedPermit::new(semaphore, *this.permits)))
    }
}

impl<S: AnySemaphore> fmt::Debug for AcquireOwned<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireOwned").field("permits", &self.permits).finish_non_exhaustive()
    }
}
