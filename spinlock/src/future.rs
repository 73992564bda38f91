//! The futures. Each makes an attempt when it is polled, and has nothing to undo when it is dropped.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use latchwork_core::const_unless_checked;

use crate::patience;
use crate::relax::Backoff;
use crate::{
    RwSpinLock, RwSpinLockReadGuard, RwSpinLockUpgradableGuard, RwSpinLockWriteGuard, SpinLock, SpinLockGuard,
};

macro_rules! future {
    (
        $(#[$meta:meta])*
        pub struct $name:ident<T $(, $relax:ident)?> by $lock:ident::$attempt:ident, with $guard:ident
    ) => {
        $(#[$meta])*
        ///
        /// It is `Unpin`, and not fused: polling it after it was ready panics.
        #[must_use = "futures do nothing unless they are polled"]
        pub struct $name<'a, T: ?Sized $(, $relax = Backoff)?> {
            /// None once it was ready.
            lock: Option<&'a $lock<T $(, $relax)?>>,
        }

        impl<'a, T: ?Sized $(, $relax)?> $name<'a, T $(, $relax)?> {
            const_unless_checked! {
                #[inline]
                pub(crate) const fn new(lock: &'a $lock<T $(, $relax)?>) -> Self {
                    Self { lock: Some(lock) }
                }
            }
        }

        impl<'a, T: ?Sized $(, $relax)?> Future for $name<'a, T $(, $relax)?> {
            type Output = $guard<'a, T>;

            #[inline]
            fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let lock = self.lock.expect("a future is polled after it was ready");
                let polled = patience::poll(cx, |patience| lock.$attempt(patience));
                if polled.is_ready() {
                    self.lock = None;
                }
                polled
            }
        }

        impl<T: ?Sized $(, $relax)?> fmt::Debug for $name<'_, T $(, $relax)?> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

future! {
    /// Future of [`SpinLock::lock_async`]: ready with the guard.
    pub struct Lock<T, R> by SpinLock::attempt, with SpinLockGuard
}

future! {
    /// Future of [`RwSpinLock::read_async`]: ready with the guard.
    pub struct Read<T> by RwSpinLock::attempt_read, with RwSpinLockReadGuard
}

future! {
    /// Future of [`RwSpinLock::write_async`]: ready with the guard.
    pub struct Write<T> by RwSpinLock::attempt_write, with RwSpinLockWriteGuard
}

future! {
    /// Future of [`RwSpinLock::upgradable_read_async`]: ready with the guard.
    pub struct UpgradableRead<T> by RwSpinLock::attempt_upgradable_read, with RwSpinLockUpgradableGuard
}

/// Future of [`RwSpinLockUpgradableGuard::upgrade_async`]: ready with the writer's guard.
///
/// It owns the upgradable guard until then. It is `Unpin`, and not fused: polling it after it was ready panics.
#[must_use = "futures do nothing unless they are polled"]
pub struct Upgrade<'a, T: ?Sized> {
    /// None once it was ready.
    guard: Option<RwSpinLockUpgradableGuard<'a, T>>,
}

impl<'a, T: ?Sized> Upgrade<'a, T> {
    const_unless_checked! {
        #[inline]
        pub(crate) const fn new(guard: RwSpinLockUpgradableGuard<'a, T>) -> Self {
            Self { guard: Some(guard) }
        }
    }
}

impl<'a, T: ?Sized> Future for Upgrade<'a, T> {
    type Output = RwSpinLockWriteGuard<'a, T>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let guard = self.guard.take().expect("a future is polled after it was ready");
        patience::poll(cx, |patience| {
            guard.attempt_upgrade(patience).map_err(|(guard, end)| {
                self.guard = Some(guard);
                end
            })
        })
    }
}

impl<T: ?Sized> fmt::Debug for Upgrade<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade").finish_non_exhaustive()
    }
}
