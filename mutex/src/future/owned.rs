//! The future of [`Mutex::lock_owned_async`].

use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use latchwork_core::const_unless_checked;
use latchwork_core::wait::Acquire;
use pin_project_lite::pin_project;

use crate::contender::Alone;
use crate::mutex::Mutex;
use crate::owned::OwnedMutexGuard;

pin_project! {
    /// Future of [`Mutex::lock_owned_async`]: ready with the guard.
    ///
    /// It is not fused: polling it after it was ready panics. It is not `Unpin`, since the mutex's queue points into it:
    ///
    /// ```compile_fail
    /// fn needs_unpin<T: Unpin>(_: T) {}
    /// needs_unpin(std::sync::Arc::new(latchwork_mutex::Mutex::new(1)).lock_owned_async());
    /// ```
    #[must_use = "futures do nothing unless they are polled"]
    pub struct LockOwned<T: ?Sized> {
        // Taken by the guard.
        mutex: Option<Arc<Mutex<T>>>,
        #[pin]
        acquire: Acquire,
    }

    impl<T: ?Sized> PinnedDrop for LockOwned<T> {
        fn drop(this: Pin<&mut Self>) {
            // Without the mutex it is done. Otherwise idle: nothing is owed. Queued or woken: see `Acquire::cancel`.
            let this = this.project();
            if let Some(mutex) = this.mutex {
                mutex.raw().cancel_lock(this.acquire, Alone);
            }
        }
    }
}

impl<T: ?Sized> LockOwned<T> {
    const_unless_checked! {
        #[inline]
        #[track_caller]
        pub(crate) const fn new(mutex: Arc<Mutex<T>>) -> Self {
            Self { mutex: Some(mutex), acquire: Acquire::new() }
        }
    }
}

impl<T: ?Sized> Future for LockOwned<T> {
    type Output = OwnedMutexGuard<T>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mutex = this.mutex.as_ref().expect("a future is polled after it was ready");
        ready!(mutex.raw().poll_lock(this.acquire, Alone, cx));
        Poll::Ready(OwnedMutexGuard::new(this.mutex.take().expect("it was there to be polled")))
    }
}

impl<T: ?Sized> fmt::Debug for LockOwned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockOwned").finish_non_exhaustive()
    }
}
