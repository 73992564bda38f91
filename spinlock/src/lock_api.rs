//! The spin locks as raw locks of [`lock_api`](https://docs.rs/lock_api), for its wrappers and for whatever is generic over them.
//!
//! A raw lock is a lock of nothing, whose guard is forgotten and later [had again](SpinLock::guard_again). One type implements the traits
//! of both versions, by one macro. They differ in how it is written down that somebody has the lock: 0.5 has a value for that, 0.4 has
//! none.
//!
//! A1. Whoever has locked a raw lock has forgotten one guard, of that lock and of the kind that it has locked; and has it again just once.
//! A2. No foreign code runs while somebody has the lock: a strategy relaxes for one that has not got it yet. Nothing unwinds but a
//!     strategy, and one reader too many, which have nothing then.
//!
//! Under the checkers there is none of this: `INIT` is a constant, and what they count as a lock is made at run time.

#![expect(unsafe_code, reason = "the traits are unsafe to implement")]

use core::fmt;
use core::mem::forget;
#[cfg(feature = "std")]
use core::time::Duration;

#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;

use crate::relax::{Backoff, Relax};
use crate::rw::{RwSpinLock, RwSpinLockUpgradableGuard as UpgradableGuard, RwSpinLockWriteGuard as WriteGuard};
use crate::spin::SpinLock;
use crate::ticket::TicketLock;

/// A lock of nothing in particular, for threads alone: [`SpinLock`](crate::SpinLock) as `lock_api` wants it, of one byte.
///
/// # Fairness
///
/// None, and no fair unlock.
pub struct RawSpinLock<R = Backoff>(SpinLock<(), R>);

/// A lock of nothing in particular, for threads alone: [`TicketLock`](crate::TicketLock) as `lock_api` wants it, of 8 bytes.
///
/// # Fairness
///
/// First come, first served. Each unlock is a fair one. There are no timeouts, for the reasons that
/// [`TicketLock`](crate::TicketLock#what-it-does-not-offer) gives.
pub struct RawTicketLock(TicketLock<()>);

/// A lock of nothing in particular, for threads alone: [`RwSpinLock`](crate::RwSpinLock) as `lock_api` wants it, of 4 bytes.
///
/// # Fairness
///
/// That of [`RwSpinLock`](crate::RwSpinLock#fairness), and no fair unlock. A reader that reads again may wait for a writer that has come
/// in between: there is no recursive form.
pub struct RawRwSpinLock(RwSpinLock<()>);

impl<R> fmt::Debug for RawSpinLock<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawSpinLock").field("is_locked", &self.0.is_locked()).finish_non_exhaustive()
    }
}

impl fmt::Debug for RawTicketLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawTicketLock").field("is_locked", &self.0.is_locked()).finish_non_exhaustive()
    }
}

impl fmt::Debug for RawRwSpinLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRwSpinLock").field("is_locked", &self.0.is_locked()).finish_non_exhaustive()
    }
}

/// Whether there is a guard, which is forgotten.
#[inline]
fn forgotten<Guard>(guard: Option<Guard>) -> bool {
    guard.map(forget).is_some()
}

/// Whether a guard has become the writer's. It is forgotten, as what it is now.
#[inline]
fn forgotten_upgrade(upgraded: Result<WriteGuard<'_, ()>, UpgradableGuard<'_, ()>>) -> bool {
    upgraded.map(forget).map_err(forget).is_ok()
}

/// The traits of one version, and its wrappers.
macro_rules! version {
    (
        $(#[$meta:meta])*
        $lock_api:ident;
        marked by $Marker:ident; readers and writers by $($RwMarker:ident),+; to be upgraded by $($UpgradableMarker:ident)?;
        a lock: $Held:ty;
        a try: $Tried:ty, $tried:expr;
        an upgrade: $Upgraded:ty, $upgraded:expr;
        a release is given [$($release:tt)*];
    ) => {
        $(#[$meta])*
        pub mod $lock_api {
            pub use ::$lock_api as lock_api;

            pub use super::{RawRwSpinLock, RawSpinLock, RawTicketLock};
            #[cfg(feature = "std")]
            use super::{Duration, Instant};
            use super::{
                Backoff, Relax, RwSpinLock as Rw, SpinLock as Spin, TicketLock as Ticket, UpgradableGuard, WriteGuard, forget,
                forgotten, forgotten_upgrade,
            };

            /// A mutex, of `lock_api`, that spins.
            pub type SpinLock<T, R = Backoff> = lock_api::Mutex<RawSpinLock<R>, T>;
            /// The lock of a [`SpinLock`].
            pub type SpinLockGuard<'a, T, R = Backoff> = lock_api::MutexGuard<'a, RawSpinLock<R>, T>;
            /// The lock of a [`SpinLock`], narrowed to a part of the value.
            pub type MappedSpinLockGuard<'a, T, R = Backoff> = lock_api::MappedMutexGuard<'a, RawSpinLock<R>, T>;
            /// A mutex, of `lock_api`, that spins, first come, first served.
            pub type TicketLock<T> = lock_api::Mutex<RawTicketLock, T>;
            /// The lock of a [`TicketLock`].
            pub type TicketLockGuard<'a, T> = lock_api::MutexGuard<'a, RawTicketLock, T>;
            /// The lock of a [`TicketLock`], narrowed to a part of the value.
            pub type MappedTicketLockGuard<'a, T> = lock_api::MappedMutexGuard<'a, RawTicketLock, T>;
            /// A reader-writer lock, of `lock_api`, that spins.
            pub type RwSpinLock<T> = lock_api::RwLock<RawRwSpinLock, T>;
            /// A reader's share of a [`RwSpinLock`].
            pub type RwSpinLockReadGuard<'a, T> = lock_api::RwLockReadGuard<'a, RawRwSpinLock, T>;
            /// The writer's lock of a [`RwSpinLock`].
            pub type RwSpinLockWriteGuard<'a, T> = lock_api::RwLockWriteGuard<'a, RawRwSpinLock, T>;
            /// The share of a [`RwSpinLock`] that may become the writer's.
            pub type RwSpinLockUpgradableGuard<'a, T> = lock_api::RwLockUpgradableReadGuard<'a, RawRwSpinLock, T>;
            /// A reader's share of a [`RwSpinLock`], narrowed to a part of the value.
            pub type MappedRwSpinLockReadGuard<'a, T> = lock_api::MappedRwLockReadGuard<'a, RawRwSpinLock, T>;
            /// The writer's lock of a [`RwSpinLock`], narrowed to a part of the value.
            pub type MappedRwSpinLockWriteGuard<'a, T> = lock_api::MappedRwLockWriteGuard<'a, RawRwSpinLock, T>;

            // SAFETY: whoever took the byte has the lock, alone, until it stores it free (S1), which an acquire of the next one sees. No
            // thread's identity is kept: a guard may be sent. What unwinds has nothing (A2). Nobody waits for a lock that somebody has
            // for itself, so that it may be moved or dropped, locked or not.
            unsafe impl<R: Relax> lock_api::RawMutex for RawSpinLock<R> {
                const INIT: Self = Self(Spin::with_relax(()));

                type $Marker = lock_api::GuardSend;

                #[inline]
                fn lock(&self) -> $Held {
                    forget(self.0.lock());
                    Default::default()
                }

                #[inline]
                fn try_lock(&self) -> $Tried {
                    $tried(forgotten(self.0.try_lock()))
                }

                #[inline]
                unsafe fn unlock(&self $($release)*) {
                    // SAFETY: the caller has locked, and so forgotten the guard (A1).
                    drop(unsafe { self.0.guard_again() });
                }

                #[inline]
                fn is_locked(&self) -> bool {
                    self.0.is_locked()
                }
            }

            // SAFETY: as above; whoever runs out of time has nothing.
            #[cfg(feature = "std")]
            unsafe impl<R: Relax> lock_api::RawMutexTimed for RawSpinLock<R> {
                type Duration = Duration;
                type Instant = Instant;

                #[inline]
                fn try_lock_for(&self, timeout: Duration) -> $Tried {
                    $tried(forgotten(self.0.try_lock_for(timeout)))
                }

                #[inline]
                fn try_lock_until(&self, deadline: Instant) -> $Tried {
                    $tried(forgotten(self.0.try_lock_until(deadline)))
                }
            }

            // SAFETY: whoever has the ticket that is served has the lock, alone, until it serves the next (T2), by a release that the
            // acquire of the next one sees. For the rest, as for the other.
            unsafe impl lock_api::RawMutex for RawTicketLock {
                const INIT: Self = Self(Ticket::new(()));

                type $Marker = lock_api::GuardSend;

                #[inline]
                fn lock(&self) -> $Held {
                    forget(self.0.lock());
                    Default::default()
                }

                #[inline]
                fn try_lock(&self) -> $Tried {
                    $tried(forgotten(self.0.try_lock()))
                }

                #[inline]
                unsafe fn unlock(&self $($release)*) {
                    // SAFETY: the caller has locked, and so forgotten the guard (A1).
                    drop(unsafe { self.0.guard_again() });
                }

                #[inline]
                fn is_locked(&self) -> bool {
                    self.0.is_locked()
                }
            }

            // SAFETY: as above; the next in line is served by each unlock (T3).
            unsafe impl lock_api::RawMutexFair for RawTicketLock {
                #[inline]
                unsafe fn unlock_fair(&self $($release)*) {
                    // SAFETY: the caller has locked, and so forgotten the guard (A1).
                    drop(unsafe { self.0.guard_again() });
                }
            }

            // SAFETY: while a writer has the lock, nobody else has it (R1), and the word orders it after whoever had the lock before,
            // and before whoever has it later. A reader too many has taken itself out (R4). For the rest, as for the others.
            unsafe impl lock_api::RawRwLock for RawRwSpinLock {
                const INIT: Self = Self(Rw::new(()));

                $(type $RwMarker = lock_api::GuardSend;)+

                #[inline]
                fn lock_shared(&self) -> $Held {
                    forget(self.0.read());
                    Default::default()
                }

                #[inline]
                fn try_lock_shared(&self) -> $Tried {
                    $tried(forgotten(self.0.try_read()))
                }

                #[inline]
                unsafe fn unlock_shared(&self $($release)*) {
                    // SAFETY: the caller has a share, and so forgotten a reader's guard (A1).
                    drop(unsafe { self.0.read_again() });
                }

                #[inline]
                fn lock_exclusive(&self) -> $Held {
                    forget(self.0.write());
                    Default::default()
                }

                #[inline]
                fn try_lock_exclusive(&self) -> $Tried {
                    $tried(forgotten(self.0.try_write()))
                }

                #[inline]
                unsafe fn unlock_exclusive(&self $($release)*) {
                    // SAFETY: the caller has the lock, and so forgotten the writer's guard (A1).
                    drop(unsafe { self.0.write_again() });
                }

                #[inline]
                fn is_locked(&self) -> bool {
                    self.0.is_locked()
                }

                #[inline]
                fn is_locked_exclusive(&self) -> bool {
                    self.0.is_write_locked()
                }
            }

            // SAFETY: as above; whoever runs out of time has nothing.
            #[cfg(feature = "std")]
            unsafe impl lock_api::RawRwLockTimed for RawRwSpinLock {
                type Duration = Duration;
                type Instant = Instant;

                #[inline]
                fn try_lock_shared_for(&self, timeout: Duration) -> $Tried {
                    $tried(forgotten(self.0.try_read_for(timeout)))
                }

                #[inline]
                fn try_lock_shared_until(&self, deadline: Instant) -> $Tried {
                    $tried(forgotten(self.0.try_read_until(deadline)))
                }

                #[inline]
                fn try_lock_exclusive_for(&self, timeout: Duration) -> $Tried {
                    $tried(forgotten(self.0.try_write_for(timeout)))
                }

                #[inline]
                fn try_lock_exclusive_until(&self, deadline: Instant) -> $Tried {
                    $tried(forgotten(self.0.try_write_until(deadline)))
                }
            }

            // SAFETY: the writer's part of the word becomes a reader's in one step, which releases what it wrote; nobody writes in
            // between (R1).
            unsafe impl lock_api::RawRwLockDowngrade for RawRwSpinLock {
                #[inline]
                unsafe fn downgrade(&self $($release)*) -> $Held {
                    // SAFETY: the caller has the lock, and so forgotten the writer's guard (A1).
                    forget(WriteGuard::downgrade(unsafe { self.0.write_again() }));
                    Default::default()
                }
            }

            // SAFETY: one share at a time may become the writer's, which it does in one step that finds no reader, and is ordered
            // after all of them (R1). Where it does not, the share is as it was.
            unsafe impl lock_api::RawRwLockUpgrade for RawRwSpinLock {
                $(type $UpgradableMarker = lock_api::GuardSend;)?

                #[inline]
                fn lock_upgradable(&self) -> $Held {
                    forget(self.0.upgradable_read());
                    Default::default()
                }

                #[inline]
                fn try_lock_upgradable(&self) -> $Tried {
                    $tried(forgotten(self.0.try_upgradable_read()))
                }

                #[inline]
                unsafe fn unlock_upgradable(&self $($release)*) {
                    // SAFETY: the caller has the upgradable share, and so forgotten its guard (A1).
                    drop(unsafe { self.0.upgradable_again() });
                }

                #[inline]
                unsafe fn upgrade(&self $($release)*) -> $Held {
                    // SAFETY: as for `unlock_upgradable`.
                    forget(UpgradableGuard::upgrade(unsafe { self.0.upgradable_again() }));
                    Default::default()
                }

                #[inline]
                unsafe fn try_upgrade(&self $($release)*) -> $Upgraded {
                    // SAFETY: as for `unlock_upgradable`.
                    let guard = unsafe { self.0.upgradable_again() };
                    $upgraded(forgotten_upgrade(UpgradableGuard::try_upgrade(guard)))
                }
            }

            // SAFETY: as for the other downgrade.
            unsafe impl lock_api::RawRwLockUpgradeDowngrade for RawRwSpinLock {
                #[inline]
                unsafe fn downgrade_upgradable(&self $($release)*) -> $Held {
                    // SAFETY: as for `unlock_upgradable`.
                    forget(UpgradableGuard::downgrade(unsafe { self.0.upgradable_again() }));
                    Default::default()
                }

                #[inline]
                unsafe fn downgrade_to_upgradable(&self $($release)*) -> $Held {
                    // SAFETY: the caller has the lock, and so forgotten the writer's guard (A1).
                    forget(WriteGuard::downgrade_to_upgradable(unsafe { self.0.write_again() }));
                    Default::default()
                }
            }

            // SAFETY: as for the other upgrades; whoever runs out of time has the share that it had.
            #[cfg(feature = "std")]
            unsafe impl lock_api::RawRwLockUpgradeTimed for RawRwSpinLock {
                #[inline]
                fn try_lock_upgradable_for(&self, timeout: Duration) -> $Tried {
                    $tried(forgotten(self.0.try_upgradable_read_for(timeout)))
                }

                #[inline]
                fn try_lock_upgradable_until(&self, deadline: Instant) -> $Tried {
                    $tried(forgotten(self.0.try_upgradable_read_until(deadline)))
                }

                #[inline]
                unsafe fn try_upgrade_for(&self $($release)*, timeout: Duration) -> $Upgraded {
                    // SAFETY: as for `unlock_upgradable`.
                    let guard = unsafe { self.0.upgradable_again() };
                    $upgraded(forgotten_upgrade(UpgradableGuard::try_upgrade_for(guard, timeout)))
                }

                #[inline]
                unsafe fn try_upgrade_until(&self $($release)*, deadline: Instant) -> $Upgraded {
                    // SAFETY: as for `unlock_upgradable`.
                    let guard = unsafe { self.0.upgradable_again() };
                    $upgraded(forgotten_upgrade(UpgradableGuard::try_upgrade_until(guard, deadline)))
                }
            }
        }
    };
}

version! {
    /// The spin locks as raw locks of `lock_api` 0.4, for threads alone.
    ///
    /// # Examples
    ///
    /// ```
    /// use latchwork_spinlock::Pause;
    /// use latchwork_spinlock::lock_api_04::{RwSpinLock, SpinLock, TicketLock};
    ///
    /// static TOTAL: SpinLock<u64, Pause> = SpinLock::new(0);
    /// static QUEUE: TicketLock<Vec<u8>> = TicketLock::new(Vec::new());
    /// static LIMIT: RwSpinLock<u64> = RwSpinLock::new(1);
    ///
    /// *TOTAL.lock() += 1;
    /// QUEUE.lock().push(1);
    /// assert_eq!(*TOTAL.lock(), *LIMIT.read());
    /// ```
    #[cfg(feature = "lock_api_04")]
    lock_api_04;
    marked by GuardMarker; readers and writers by GuardMarker; to be upgraded by;
    a lock: ();
    a try: bool, core::convert::identity;
    an upgrade: bool, core::convert::identity;
    a release is given [];
}

version! {
    /// The spin locks as raw locks of `lock_api` 0.5, which needs Rust 1.95, for threads alone.
    ///
    /// # Examples
    ///
    /// ```
    /// use latchwork_spinlock::Pause;
    /// use latchwork_spinlock::lock_api_05::{RwSpinLock, SpinLock, TicketLock};
    ///
    /// static TOTAL: SpinLock<u64, Pause> = SpinLock::new(0);
    /// static QUEUE: TicketLock<Vec<u8>> = TicketLock::new(Vec::new());
    /// static LIMIT: RwSpinLock<u64> = RwSpinLock::new(1);
    ///
    /// *TOTAL.lock() += 1;
    /// QUEUE.lock().push(1);
    /// assert_eq!(*TOTAL.lock(), *LIMIT.read());
    /// ```
    #[cfg(feature = "lock_api_05")]
    lock_api_05;
    marked by Guard; readers and writers by SharedGuard, ExclusiveGuard; to be upgraded by UpgradableGuard;
    a lock: lock_api::GuardSend;
    a try: Option<lock_api::GuardSend>, |locked: bool| locked.then(lock_api::GuardSend::new);
    an upgrade: Result<lock_api::GuardSend, lock_api::GuardSend>, |upgraded: bool| {
        let guard = lock_api::GuardSend::new();
        if upgraded { Ok(guard) } else { Err(guard) }
    };
    a release is given [, _: lock_api::GuardSend];
}
