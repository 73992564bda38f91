//! How a guard has its lock, and what it holds of it.

#[cfg(feature = "alloc")]
use alloc::sync::Arc;

use crate::lock::RwLock;
use crate::request::Request;

/// A way to a lock: a borrow of it, or a count of the `Arc` that it is in. Nothing else is one.
#[expect(private_bounds, reason = "sealed")]
pub trait Handle: Sealed {
    /// What the lock protects.
    type Value: ?Sized;

    /// The lock.
    fn lock(&self) -> &RwLock<Self::Value>;
}

trait Sealed {}

impl<T: ?Sized> Sealed for &RwLock<T> {}

impl<T: ?Sized> Handle for &RwLock<T> {
    type Value = T;

    #[inline]
    fn lock(&self) -> &RwLock<T> {
        self
    }
}

#[cfg(feature = "alloc")]
impl<T: ?Sized> Sealed for Arc<RwLock<T>> {}

#[cfg(feature = "alloc")]
impl<T: ?Sized> Handle for Arc<RwLock<T>> {
    type Value = T;

    #[inline]
    fn lock(&self) -> &RwLock<T> {
        self
    }
}

/// What a guard has got by a request; dropping it gives that up.
pub(crate) struct Held<H: Handle> {
    handle: H,
    request: Request,
}

impl<H: Handle> Held<H> {
    /// What the caller has got.
    #[inline]
    pub(crate) const fn new(handle: H, request: Request) -> Self {
        Self { handle, request }
    }

    #[inline]
    pub(crate) fn lock(&self) -> &RwLock<H::Value> {
        self.handle.lock()
    }

    /// Gives it up for what another request would get, which is less.
    #[inline]
    pub(crate) fn downgrade(&mut self, to: Request) {
        let from = core::mem::replace(&mut self.request, to);
        // From here on: the wake-up runs foreign code, and may panic.
        self.handle.lock().raw().downgrade(from, to);
    }

    /// Whether it is the writer's lock.
    #[inline]
    pub(crate) fn is_write(&self) -> bool {
        self.request == Request::Write
    }

    /// Has got the writer's lock for the upgradable share.
    #[inline]
    pub(crate) const fn upgraded(&mut self) {
        self.request = Request::Write;
    }
}

impl<H: Handle> Drop for Held<H> {
    #[inline]
    fn drop(&mut self) {
        self.handle.lock().raw().release(self.request);
    }
}
