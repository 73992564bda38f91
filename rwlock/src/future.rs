//! The futures that lock.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use latchwork_core::const_unless_checked;
use latchwork_core::wait;
use pin_project_lite::pin_project;

use crate::guard::{Guard, ReadGuard, UpgradableGuard, UpgradedGuard, WriteGuard};
use crate::handle::{Handle, Held};
use crate::lock::RwLock;
use crate::request::Request;

/// Future of [`RwLock::read_async`].
pub type Read<'a, T> = Acquire<&'a RwLock<T>, ReadGuard<&'a RwLock<T>>>;
/// Future of [`RwLock::write_async`].
pub type Write<'a, T> = Acquire<&'a RwLock<T>, WriteGuard<&'a RwLock<T>>>;
/// Future of [`RwLock::upgradable_read_async`].
pub type UpgradableRead<'a, T> = Acquire<&'a RwLock<T>, UpgradableGuard<&'a RwLock<T>>>;

pin_project! {
    /// A future that is ready with a guard.
    ///
    /// It is not fused: polling it after it was ready panics. It is not `Unpin`, since the lock's queue points into it:
    ///
    /// ```compile_fail,E0277
    /// fn needs_unpin<T: Unpin>(_: T) {}
    /// needs_unpin(latchwork_rwlock::RwLock::new(()).read_async());
    /// ```
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Acquire<H: Handle, G> {
        // Taken by the guard.
        handle: Option<H>,
        request: Request,
        #[pin]
        acquire: wait::Acquire,
        guard: PhantomData<fn() -> G>,
    }

    impl<H: Handle, G> PinnedDrop for Acquire<H, G> {
        fn drop(this: Pin<&mut Self>) {
            // Without the handle it is done. Otherwise idle: nothing is owed. Queued or woken: see `wait::Acquire::cancel`.
            let this = this.project();
            if let Some(handle) = this.handle {
                handle.lock().raw().cancel_lock(this.acquire, *this.request);
            }
        }
    }
}

impl<H: Handle, G> Acquire<H, G> {
    const_unless_checked! {
        #[inline]
        #[track_caller]
        pub(crate) const fn new(handle: H, request: Request) -> Self {
            Self { handle: Some(handle), request, acquire: wait::Acquire::new(), guard: PhantomData }
        }
    }
}

impl<H: Handle, G: Guard<H>> Future for Acquire<H, G> {
    type Output = G;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<G> {
        let this = self.project();
        let handle = this.handle.as_ref().expect("a future is polled after it was ready");
        ready!(handle.lock().raw().poll_lock(this.acquire, *this.request, cx));
        let handle = this.handle.take().expect("it was there to be polled");
        Poll::Ready(G::new(Held::new(handle, *this.request)))
    }
}

pin_project! {
    /// Future of [`UpgradableGuard::upgrade_async`]: ready with the writer's lock, for as long as the guard lends it.
    ///
    /// It is neither fused nor `Unpin`, as [`Acquire`].
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Upgrade<'g, H: Handle> {
        // Taken by the upgraded guard.
        guard: Option<&'g mut UpgradableGuard<H>>,
        #[pin]
        acquire: wait::Acquire,
    }

    impl<'g, H: Handle> PinnedDrop for Upgrade<'g, H> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(guard) = this.guard {
                guard.lock().raw().cancel_lock(this.acquire, Request::Upgrade);
            }
        }
    }
}

impl<'g, H: Handle> Upgrade<'g, H> {
    #[inline]
    #[track_caller]
    pub(crate) fn new(guard: &'g mut UpgradableGuard<H>) -> Self {
        Self { guard: Some(guard), acquire: wait::Acquire::new() }
    }
}

impl<'g, H: Handle> Future for Upgrade<'g, H> {
    type Output = UpgradedGuard<'g, H>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let guard = this.guard.as_ref().expect("a future is polled after it was ready");
        ready!(guard.lock().raw().poll_lock(this.acquire, Request::Upgrade, cx));
        let guard = this.guard.take().expect("it was there to be polled");
        Poll::Ready(guard.upgraded())
    }
}

impl<H: Handle, G> fmt::Debug for Acquire<H, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquire").finish_non_exhaustive()
    }
}

impl<H: Handle> fmt::Debug for Upgrade<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade").finish_non_exhaustive()
    }
}
