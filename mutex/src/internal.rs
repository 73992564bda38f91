//! For `latchwork-monitor`, whose waiters wait for the lock in the end: not a part of the public interface.

#![expect(unsafe_code, reason = "who owns a lock is the caller's to know")]

use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll};

#[cfg(feature = "std")]
use latchwork_core::deadlock::{Share, Waiting, acquired};
use latchwork_core::sync::cell::Claim;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;
#[cfg(feature = "std")]
use latchwork_core::trace::Site;
use latchwork_core::wait::{Acquire, Contender};
#[cfg(feature = "std")]
use latchwork_core::wait::{Signal, Waiter, resume};

use crate::contender::{Alone, Asking};
use crate::guard::MutexGuard;
use crate::mutex::Mutex;
pub use crate::raw::RawMutex;
pub use crate::state::NotLocked;

impl RawMutex {
    /// Whoever asks for this lock.
    #[inline]
    pub fn contender(&self) -> impl Contender<Never = Infallible> + '_ {
        Asking { mutex: self, party: Alone }
    }

    /// Blocks this thread until it owns the lock, which was asked for there.
    #[cfg(feature = "std")]
    #[inline]
    pub fn acquire(&self, site: Site) {
        self.lock_at(site);
    }

    /// The same until `deadline`. Whether it owns the lock.
    #[cfg(feature = "std")]
    #[inline]
    pub fn acquire_until(&self, deadline: Option<Instant>, site: Site) -> bool {
        self.lock_until(Alone, deadline, site)
    }

    /// As [`acquire`](Self::acquire), for one whose waiter has [moved](Self::adopt) to this lock's queue, and has left it with this signal.
    #[cfg(feature = "std")]
    pub fn acquire_with(&self, waiter: Pin<&Waiter>, signal: Signal, site: Site) {
        self.resume_wait(waiter, signal, site);
        self.note_acquired(site);
    }

    #[cfg(feature = "std")]
    fn resume_wait(&self, waiter: Pin<&Waiter>, signal: Signal, site: Site) {
        let contender = Asking { mutex: self, party: Alone };
        let _waiting = Waiting::begin(self.address(), Asking::<Alone>::WHAT, site, false);
        let Ok(()) = resume(&contender, waiter, signal);
    }

    /// For whoever has been left the lock: it is the holder from here on.
    #[cfg(feature = "std")]
    #[inline]
    pub fn note_acquired(&self, site: Site) {
        acquired(self.address(), Share::Whole, site, None);
    }

    /// Ready when it owns the lock: a task does as [`acquire`](Self::acquire), and cancels as a [contender](Self::contender).
    #[inline]
    pub fn poll_acquire(&self, acquire: Pin<&mut Acquire>, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_lock(acquire, Alone, cx)
    }

    /// The owner gives up the lock.
    ///
    /// # Safety
    ///
    /// The caller owns the lock, and nothing reaches the value in its name until it owns it again.
    #[inline]
    pub unsafe fn release_owned(&self) {
        self.unlock();
    }
}

/// The mutex of a guard.
#[inline]
pub const fn mutex_of<'a, T: ?Sized>(guard: &MutexGuard<'a, T>) -> &'a Mutex<T> {
    guard.mutex()
}

/// The lock of a mutex.
#[inline]
pub const fn raw<T: ?Sized>(mutex: &Mutex<T>) -> &RawMutex {
    mutex.raw()
}

/// The lock of a raw lock of `lock_api`.
#[cfg(all(feature = "lock_api_05", not(any(latchwork = "loom", latchwork = "shuttle"))))]
#[inline]
pub const fn raw_of(mutex: &crate::lock_api::RawMutex) -> &RawMutex {
    &mutex.0
}

/// For models of whoever frees a mutex: loom reports whoever reaches its lock beside this, or after it.
#[cfg(latchwork = "loom")]
pub fn end<T: ?Sized>(mutex: &mut Mutex<T>) {
    mutex.raw_mut().end();
}

/// The guard of a lock.
///
/// # Safety
///
/// The caller has got the lock, and there is no other guard of it.
#[inline]
pub unsafe fn guard_of<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    MutexGuard::new(mutex)
}

/// The access of a guard's owner to the value, by which the guard is [made again](guard_with).
#[inline]
pub fn into_claim<T: ?Sized>(guard: MutexGuard<'_, T>) -> Claim {
    guard.into_claim()
}

/// The guard of a lock, with the access to the value that an earlier one had.
///
/// # Safety
///
/// The caller owns the lock, there is no other guard of it, and the claim is one to its value.
#[inline]
pub const unsafe fn guard_with<T: ?Sized>(mutex: &Mutex<T>, claim: Claim) -> MutexGuard<'_, T> {
    MutexGuard::with(mutex, claim)
}

/// The value, which the owner of the lock may reach.
#[inline]
pub const fn value_of<T: ?Sized>(mutex: &Mutex<T>) -> *mut T {
    mutex.value()
}

/// Ends the guard, and leaves the lock locked: it is somebody else's from here on.
#[inline]
pub fn disown<T: ?Sized>(guard: MutexGuard<'_, T>) {
    guard.disown();
}

/// Runs `wait` while the guard lends nothing.
///
/// # Safety
///
/// `wait` may give up the lock, but returns or unwinds with it.
#[inline]
pub unsafe fn while_released<T: ?Sized, R>(guard: &mut MutexGuard<'_, T>, wait: impl FnOnce(&RawMutex) -> R) -> R {
    guard.while_released(wait)
}
