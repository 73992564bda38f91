//! The futures of [`ReentrantLock::lock_async`] and [`ReentrantLock::lock_owned_async`].

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::sync::Arc;

use latchwork_core::const_unless_checked;
use latchwork_core::wait::Acquire;
use pin_project_lite::pin_project;

use super::guard::ReentrantLockGuard;
use super::owned::OwnedReentrantLockGuard;
use super::owner::Owner;
use super::{ByOwner, ReentrantLock};

pin_project! {
    /// Future of [`ReentrantLock::lock_async`]: ready with the guard.
    ///
    /// It is not fused: polling it after it was ready panics. It is not `Unpin`, since the lock's queue points into it:
    ///
    /// ```compile_fail,E0277
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// fn needs_unpin<T: Unpin>(_: T) {}
    /// needs_unpin(ReentrantLock::new(1).lock_async(&Owner::new()));
    /// ```
    #[must_use = "futures do nothing unless they are polled"]
    pub struct LockAs<'a, T: ?Sized> {
        lock: &'a ReentrantLock<T>,
        owner: &'a Owner,
        #[pin]
        acquire: Acquire,
    }

    impl<'a, T: ?Sized> PinnedDrop for LockAs<'a, T> {
        fn drop(this: Pin<&mut Self>) {
            // Idle or done: nothing is owed. Queued or woken: see `Acquire::cancel`.
            let this = this.project();
            this.lock.raw().cancel_as(this.owner, this.acquire);
        }
    }
}

impl<'a, T: ?Sized> LockAs<'a, T> {
    const_unless_checked! {
        #[inline]
        pub(super) const fn new(lock: &'a ReentrantLock<T>, owner: &'a Owner) -> Self {
            Self { lock, owner, acquire: Acquire::new() }
        }
    }
}

impl<'a, T: ?Sized> Future for LockAs<'a, T> {
    type Output = ReentrantLockGuard<'a, T, ByOwner>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        ready!(this.lock.raw().poll_lock_as(this.owner, this.acquire, cx));
        Poll::Ready(ReentrantLockGuard::new(this.lock))
    }
}

impl<T: ?Sized> fmt::Debug for LockAs<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockAs").field("owner", self.owner).finish_non_exhaustive()
    }
}

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
        pub(super) const fn new(lock: Arc<ReentrantLock<T>>, owner: Arc<Owner>) -> Self {
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
