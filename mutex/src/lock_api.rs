//! The mutex as a raw lock of [`lock_api`](https://docs.rs/lock_api), for its wrappers and for whatever is generic over them.
//!
//! One type implements the traits of both versions, by one macro. They differ in how it is written down that somebody has the lock: 0.5
//! has a value for that, 0.4 has none.
//!
//! A1. Whoever waits for a raw lock is a thread, since it offers nothing to tasks. So no unlock runs a waker, which is foreign code, and
//!     nothing here unwinds.
//!
//! Under the checkers there is none of this: `INIT` is a constant, and what they count as a lock is made at run time.

#![expect(unsafe_code, reason = "the traits are unsafe to implement")]

use core::fmt;
use core::num::NonZeroUsize;
use core::time::Duration;
use std::time::Instant;

use latchwork_core::sync::identity;

use crate::raw;

/// A lock of nothing in particular, for threads alone: [`Mutex`](crate::Mutex) as `lock_api` wants it.
///
/// # Fairness
///
/// That of [`Mutex`](crate::Mutex#fairness). `unlock_fair` grants the lock to the thread that has waited longest, if one waits, however
/// long it has done so; `bump` does the same, and blocks until the lock has come back.
///
/// # Size
///
/// 32 bytes.
pub struct RawMutex(pub(crate) raw::RawMutex);

impl RawMutex {
    /// The owner gives up the lock to whoever waits, if somebody does.
    #[inline]
    fn unlock_fair(&self) {
        if self.0.has_company() { self.0.hand_over() } else { self.0.unlock() }
    }

    /// The same, and then blocks this thread until it owns the lock again.
    #[inline]
    #[track_caller]
    fn bump(&self) {
        if self.0.has_company() {
            self.0.hand_over();
            self.0.lock();
        }
    }
}

impl fmt::Debug for RawMutex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Tells threads apart, for the reentrant mutex of `lock_api`: each has a number that no other thread of the process has, or had.
///
/// # Panics
///
/// Where a pointer has 32 bits, for a thread that comes after 2^32 others.
#[derive(Clone, Copy, Debug)]
pub struct RawThreadId(());

impl RawThreadId {
    #[inline]
    fn of_this_thread() -> NonZeroUsize {
        let number = usize::try_from(identity::of_this_thread()).ok();
        number.and_then(NonZeroUsize::new).expect("more threads have been told apart than there are numbers")
    }
}

/// The traits of one version, and its wrappers.
macro_rules! version {
    (
        $(#[$meta:meta])*
        $lock_api:ident;
        marked by $Marker:ident;
        a lock: $Held:ty;
        a try: $Tried:ty, $tried:expr;
        an unlock is given [$($unlock:tt)*], a bump [$($bump:tt)*];
    ) => {
        $(#[$meta])*
        pub mod $lock_api {
            pub use ::$lock_api as lock_api;

            pub use super::{RawMutex, RawThreadId};
            use super::{Duration, Instant, NonZeroUsize};

            /// A mutex, of `lock_api`.
            pub type Mutex<T> = lock_api::Mutex<RawMutex, T>;
            /// The lock of a [`Mutex`].
            pub type MutexGuard<'a, T> = lock_api::MutexGuard<'a, RawMutex, T>;
            /// The lock of a [`Mutex`], narrowed to a part of the value.
            pub type MappedMutexGuard<'a, T> = lock_api::MappedMutexGuard<'a, RawMutex, T>;
            /// A mutex that its owner, a thread, may lock again, of `lock_api`: [`RawMutex`] with an owner and a count beside it, and
            /// not this crate's [`ReentrantLock`](crate::ReentrantLock), which no trait of `lock_api` describes.
            pub type ReentrantMutex<T> = lock_api::ReentrantMutex<RawMutex, RawThreadId, T>;
            /// The lock of a [`ReentrantMutex`].
            pub type ReentrantMutexGuard<'a, T> = lock_api::ReentrantMutexGuard<'a, RawMutex, RawThreadId, T>;
            /// The lock of a [`ReentrantMutex`], narrowed to a part of the value.
            pub type MappedReentrantMutexGuard<'a, T> =
                lock_api::MappedReentrantMutexGuard<'a, RawMutex, RawThreadId, T>;

            // SAFETY: whoever has locked owns the lock, alone, until it unlocks (M1). `State` orders the one after the other, and keeps
            // no thread's identity: a guard may be sent. Nothing unwinds (A1). No waiter outlives its wait, so that a lock that somebody
            // has for itself is not waited for, and may be moved or dropped, locked or not.
            unsafe impl lock_api::RawMutex for RawMutex {
                const INIT: Self = Self(crate::raw::RawMutex::new());

                type $Marker = lock_api::GuardSend;

                #[inline]
                #[track_caller]
                fn lock(&self) -> $Held {
                    self.0.lock();
                    Default::default()
                }

                #[inline]
                #[track_caller]
                fn try_lock(&self) -> $Tried {
                    $tried(self.0.try_lock())
                }

                #[inline]
                unsafe fn unlock(&self $($unlock)*) {
                    self.0.unlock();
                }

                #[inline]
                fn is_locked(&self) -> bool {
                    self.0.is_locked()
                }
            }

            // SAFETY: as above; `bump` returns with the lock.
            unsafe impl lock_api::RawMutexFair for RawMutex {
                #[inline]
                unsafe fn unlock_fair(&self $($unlock)*) {
                    self.unlock_fair();
                }

                #[inline]
                #[track_caller]
                unsafe fn bump(&self $($bump)*) {
                    self.bump();
                }
            }

            // SAFETY: as above; whoever runs out of time owns nothing.
            unsafe impl lock_api::RawMutexTimed for RawMutex {
                type Duration = Duration;
                type Instant = Instant;

                #[inline]
                #[track_caller]
                fn try_lock_for(&self, timeout: Duration) -> $Tried {
                    $tried(self.0.try_lock_for(timeout))
                }

                #[inline]
                #[track_caller]
                fn try_lock_until(&self, deadline: Instant) -> $Tried {
                    $tried(self.0.try_lock_until(deadline))
                }
            }

            // SAFETY: a number is given out once, and a thread keeps it until it ends.
            unsafe impl lock_api::GetThreadId for RawThreadId {
                const INIT: Self = Self(());

                #[inline]
                fn nonzero_thread_id(&self) -> NonZeroUsize {
                    Self::of_this_thread()
                }
            }
        }
    };
}

version! {
    /// The mutex as a raw lock of `lock_api` 0.4.
    ///
    /// [`RawMutex`] is what `lock_api` asks for, with timeouts and fair unlocking. Threads alone wait for it: take
    /// [`Mutex`](crate::Mutex) itself where tasks do.
    ///
    /// # Examples
    ///
    /// ```
    /// use latchwork_mutex::lock_api_04::{Mutex, MutexGuard, ReentrantMutex};
    ///
    /// static TOTAL: Mutex<u64> = Mutex::new(0);
    /// *TOTAL.lock() += 1;
    /// MutexGuard::unlock_fair(TOTAL.lock());
    ///
    /// static TWICE: ReentrantMutex<u64> = ReentrantMutex::new(7);
    /// assert_eq!(*TWICE.lock() + *TWICE.lock(), 14);
    /// ```
    #[cfg(feature = "lock_api_04")]
    lock_api_04;
    marked by GuardMarker;
    a lock: ();
    a try: bool, core::convert::identity;
    an unlock is given [], a bump [];
}

version! {
    /// The mutex as a raw lock of `lock_api` 0.5, which needs Rust 1.95.
    ///
    /// [`RawMutex`] is what `lock_api` asks for, with timeouts and fair unlocking. Threads alone wait for it: take
    /// [`Mutex`](crate::Mutex) itself where tasks do. Its condition variable is in `latchwork-monitor`, under the same feature.
    ///
    /// # Examples
    ///
    /// ```
    /// use latchwork_mutex::lock_api_05::{Mutex, MutexGuard, ReentrantMutex};
    ///
    /// static TOTAL: Mutex<u64> = Mutex::new(0);
    /// *TOTAL.lock() += 1;
    /// MutexGuard::unlock_fair(TOTAL.lock());
    ///
    /// static TWICE: ReentrantMutex<u64> = ReentrantMutex::new(7);
    /// assert_eq!(*TWICE.lock() + *TWICE.lock(), 14);
    /// ```
    #[cfg(feature = "lock_api_05")]
    lock_api_05;
    marked by Guard;
    a lock: lock_api::GuardSend;
    a try: Option<lock_api::GuardSend>, |locked: bool| locked.then(lock_api::GuardSend::new);
    an unlock is given [, _: lock_api::GuardSend], a bump [, _: &mut lock_api::GuardSend];
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use latchwork_core::sync::model::watchdog;

    use super::{RawMutex, raw};

    /// Breaks if `unlock_fair` unlocks as `unlock` does.
    #[test]
    fn a_fair_unlock_leaves_no_moment_for_others() {
        watchdog("a_fair_unlock_leaves_no_moment_for_others", || {
            for _ in 0..20 {
                let mutex = RawMutex(raw::RawMutex::new());
                let (let_go, is_to_let_go) = channel();
                mutex.0.lock();
                let mutex = &mutex;
                thread::scope(|scope| {
                    scope.spawn(move || {
                        mutex.0.lock();
                        is_to_let_go.recv().unwrap();
                        mutex.unlock_fair();
                    });
                    while mutex.0.queued_threads() == 0 {
                        core::hint::spin_loop();
                    }
                    mutex.unlock_fair();
                    let barged = mutex.0.try_lock();
                    if barged {
                        mutex.0.unlock();
                    }
                    let_go.send(()).unwrap();
                    assert!(!barged, "it was granted to the thread that waited");
                });
                assert!(mutex.0.try_lock(), "the last one leaves it free");
            }
        });
    }
}
