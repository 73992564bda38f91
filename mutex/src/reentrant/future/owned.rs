//! The future of [`ReentrantLock::lock_owned_async`].

use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use latchwork_core::const_unless_checked;
use latchwork_core::wait::Acquire;
use pin_project_lite::pin_project;

use super::super::owned::OwnedReentrantLockGuard;
use super::super::owner::Owner;
use super::super::{ByOwner, ReentrantLock};

pin_project! {
    /// Future of [`ReentrantLock::lock_owned_async`]: ready with the guard.
    ///
    /// It is not fused: polling it after it was ready panics. It is not `Unpin`, since the lock's queue points into it:
    ///
    /// ```compile_fail,E0277
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// # use std::sync::Arc;
    /// fn needs_unpin<T: Unpin>(_: T) {}
    /// needs_unpin(Arc::new(ReentrantLock::new(1)).lock_owned_async(Arc::new(Owner::new())));
    /// ```
    #[must_use = "futures do nothing unless they are polled"]
    pub struct LockOwnedAs<T: ?Sized> {
        // Taken by the guard.
        lock: Option<Arc<ReentrantLock<T>>>,
        owner: Arc<Owner>,
        #[pin]
        acquire: Acquire,
    }

    impl<T: ?Sized> PinnedDrop for LockOwnedAs<T> {
        fn drop(this: Pin<&mut Self>) {
            // Without the lock it is done. Otherwise idle: nothing is owed. Queued or woken: see `Acquire::cancel`.
            let this = this.project();
            if let Some(lock) = this.lock {
                lock.raw().cancel_as(this.owner, this.acquire);
            }
        }
    }
}

impl<T: ?Sized> LockOwnedAs<T> {
    const_unless_checked! {
        #[inline]
        #[track_caller]
        pub(in super::super) const fn new(lock: Arc<ReentrantLock<T>>, owner: Arc<Owner>) -> Self {
            Self { lock: Some(lock), owner, acquire: Acquire::new() }
        }
    }
}

impl<T: ?Sized> Future for LockOwnedAs<T> {
    type Output = OwnedReentrantLockGuard<T, ByOwner>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let lock = this.lock.as_ref().expect("a future is polled after it was ready");
        ready!(lock.raw().poll_lock_as(this.owner, this.acquire, cx));
        Poll::Ready(OwnedReentrantLockGuard::new(this.lock.take().expect("it was there to be polled")))
    }
}

impl<T: ?Sized> fmt::Debug for LockOwnedAs<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockOwnedAs").field("owner", &self.owner).finish_non_exhaustive()
    }
}
