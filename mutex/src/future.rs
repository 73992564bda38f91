//! The futures of [`Mutex::lock_async`] and [`Mutex::lock_owned_async`].

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::sync::Arc;

use latchwork_core::const_unless_checked;
use latchwork_core::wait::Acquire;
use pin_project_lite::pin_project;

use crate::contender::Alone;
use crate::guard::MutexGuard;
use crate::mutex::Mutex;
use crate::owned::OwnedMutexGuard;

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
