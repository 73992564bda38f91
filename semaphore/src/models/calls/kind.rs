//! The two kinds of semaphores, and what they have by the same names.

use std::time::Duration;

use super::*;
use crate::any::AnySemaphore;
use crate::{AcquireOwned, BoundedSemaphore, OverRelease, OwnedPermit};

/// A semaphore of either kind.
pub(super) trait Kind: AnySemaphore + Send + Sync + Sized + 'static {
    fn new() -> Self;
    fn acquire_many(&self, permits: usize) -> Result<Permit<'_, Self>, Closed>;
    fn acquire_many_owned(self: Arc<Self>, permits: usize) -> Result<OwnedPermit<Self>, Closed>;
    fn try_acquire_many(&self, permits: usize) -> Result<Permit<'_, Self>, TryAcquireError>;
    fn try_acquire_many_owned(self: Arc<Self>, permits: usize) -> Result<OwnedPermit<Self>, TryAcquireError>;
    fn try_acquire_many_for(&self, permits: usize, timeout: Duration) -> Result<Permit<'_, Self>, TryAcquireError>;
    fn try_acquire_many_owned_for(
        self: Arc<Self>,
        permits: usize,
        timeout: Duration,
    ) -> Result<OwnedPermit<Self>, TryAcquireError>;
    fn acquire_many_async(&self, permits: usize) -> Acquire<'_, Self>;
    fn acquire_many_owned_async(self: Arc<Self>, permits: usize) -> AcquireOwned<Self>;
    fn close(&self);
    /// What is free; below zero, what is owed.
    fn free(&self) -> isize;

    /// Takes free permits away, up to so many. `None` where that cannot be done.
    fn forget_permits(&self, permits: usize) -> Option<usize>;
    /// Takes permits away, free or not. False where that cannot be done.
    fn reduce(&self, permits: usize) -> bool;
    /// Gives back so many that were forgotten, and so many that were taken away.
    fn restore(&self, missing: [usize; 2]);
    /// Checks what else is known, where so many are out, and so many missing.
    fn check(&self, out: usize, missing: [usize; 2]);
}

macro_rules! same_names {
    ($Semaphore:ident) => {
        fn new() -> Self {
            Self::new(PERMITS)
        }
        fn acquire_many(&self, permits: usize) -> Result<Permit<'_, Self>, Closed> {
            self.acquire_many(permits)
        }
        fn acquire_many_owned(self: Arc<Self>, permits: usize) -> Result<OwnedPermit<Self>, Closed> {
            $Semaphore::acquire_many_owned(self, permits)
        }
        fn try_acquire_many(&self, permits: usize) -> Result<Permit<'_, Self>, TryAcquireError> {
            self.try_acquire_many(permits)
        }
        fn try_acquire_many_owned(self: Arc<Self>, permits: usize) -> Result<OwnedPermit<Self>, TryAcquireError> {
            $Semaphore::try_acquire_many_owned(self, permits)
        }
        fn try_acquire_many_for(&self, permits: usize, timeout: Duration) -> Result<Permit<'_, Self>, TryAcquireError> {
            self.try_acquire_many_for(permits, timeout)
        }
        fn try_acquire_many_owned_for(
            self: Arc<Self>,
            permits: usize,
            timeout: Duration,
        ) -> Result<OwnedPermit<Self>, TryAcquireError> {
            $Semaphore::try_acquire_many_owned_for(self, permits, timeout)
        }
        fn acquire_many_async(&self, permits: usize) -> Acquire<'_, Self> {
            self.acquire_many_async(permits)
        }
        fn acquire_many_owned_async(self: Arc<Self>, permits: usize) -> AcquireOwned<Self> {
            $Semaphore::acquire_many_owned_async(self, permits)
        }
        fn close(&self) {
            self.close();
        }
        fn free(&self) -> isize {
            self.available_permits().cast_signed() - self.debt().cast_signed()
        }
    };
}

impl Kind for Semaphore {
    same_names!(Semaphore);

    fn forget_permits(&self, permits: usize) -> Option<usize> {
        Some(self.forget_permits(permits))
    }

    fn reduce(&self, permits: usize) -> bool {
        self.reduce_permits(permits);
        true
    }

    fn restore(&self, [forgotten, reduced]: [usize; 2]) {
        self.add_permits(forgotten + reduced);
    }

    fn check(&self, _: usize, _: [usize; 2]) {}
}

impl Kind for BoundedSemaphore {
    same_names!(BoundedSemaphore);

    fn forget_permits(&self, _: usize) -> Option<usize> {
        None
    }

    /// The limit is another's, too, where threads run together.
    fn reduce(&self, permits: usize) -> bool {
        let limit = self.limit().checked_sub(permits).filter(|_| cfg!(not(latchwork = "shuttle")));
        limit.inspect(|limit| self.set_limit(*limit)).is_some()
    }

    fn restore(&self, [forgotten, reduced]: [usize; 2]) {
        self.release(forgotten).expect("they are in use");
        if reduced > 0 {
            self.set_limit(self.limit() + reduced);
        }
    }

    fn check(&self, out: usize, [forgotten, reduced]: [usize; 2]) {
        assert_eq!((self.in_use(), self.limit()), (out + forgotten, PERMITS - reduced));
        assert_eq!(self.release(out + forgotten + 1), Err(OverRelease));
    }
}
