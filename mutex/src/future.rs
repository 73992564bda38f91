//! The futures of the mutex.

#[cfg(feature = "alloc")]
mod owned;

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use latchwork_core::const_unless_checked;
use latchwork_core::wait::Acquire;
use pin_project_lite::pin_project;

use crate::contender::Alone;
use crate::guard::MutexGuard;
use crate::mutex::Mutex;

#[cfg(feature = "alloc")]
pub use self::owned::LockOwned;

pin_project! {
    /// Future of [`Mutex::lock_async`]: ready with the guard.
    ///
    /// It is not fused: polling it after it was ready panics. It is not `Unpin`, since the mutex's queue points into it:
    ///
    /// ```compile_fail
    /// fn needs_unpin<T: Unpin>(_: T) {}
    /// needs_unpin(latchwork_mutex::Mutex::new(1).lock_async());
    /// ```
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Lock<'a, T: ?Sized> {
        mutex: &'a Mutex<T>,
        #[pin]
        acquire: Acquire,
    }

    impl<'a, T: ?Sized> PinnedDrop for Lock<'a, T> {
        fn drop(this: Pin<&mut Self>) {
            // Idle or done: nothing is owed. Queued or woken: see `Acquire::cancel`.
            let this = this.project();
            this.mutex.raw().cancel_lock(this.acquire, Alone);
        }
    }
}

impl<'a, T: ?Sized> Lock<'a, T> {
    const_unless_checked! {
        #[inline]
        #[track_caller]
        pub(crate) const fn new(mutex: &'a Mutex<T>) -> Self {
            Self { mutex, acquire: Acquire::new() }
        }
    }
}

impl<'a, T: ?Sized> Future for Lock<'a, T> {
    type Output = MutexGuard<'a, T>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        ready!(this.mutex.raw().poll_lock(this.acquire, Alone, cx));
        Poll::Ready(MutexGuard::new(this.mutex))
    }
}

impl<T: ?Sized> fmt::Debug for Lock<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock").finish_non_exhaustive()
    }
}
