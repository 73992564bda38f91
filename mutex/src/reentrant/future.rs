//! The futures of the reentrant lock.

#[cfg(feature = "alloc")]
mod owned;

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use latchwork_core::const_unless_checked;
use latchwork_core::wait::Acquire;
use pin_project_lite::pin_project;

use super::guard::ReentrantLockGuard;
use super::owner::Owner;
use super::{ByOwner, ReentrantLock};

#[cfg(feature = "alloc")]
pub use self::owned::LockOwnedAs;

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
        #[track_caller]
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
