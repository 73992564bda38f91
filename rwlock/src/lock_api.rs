//! The reader-writer lock as a raw lock of [`lock_api`](https://docs.rs/lock_api), for its wrappers and for whatever is generic over
//! them.
//!
//! One type implements the traits of both versions, by one macro. They differ in how it is written down that somebody has the lock: 0.5
//! has a value for that, 0.4 has none.
//!
//! A1. Whoever waits for a raw lock is a thread, since it offers nothing to tasks. So no release runs a waker, which is foreign code.
//!     Nothing here unwinds, but for one reader too many, which has nothing then.
//!
//! Under the checkers there is none of this: `INIT` is a constant, and what they count as a lock is made at run time.

#![expect(unsafe_code, reason = "the traits are unsafe to implement")]

use core::fmt;
use core::time::Duration;
use std::time::Instant;

use crate::policy::Policy;
use crate::raw;
use crate::request::Request::{Read, Upgradable, Upgrade, Write};

/// A lock of nothing in particular, for threads alone: [`RwLock`](crate::RwLock) as `lock_api` wants it.
///
/// # Fairness
///
/// As its [`Policy`] says. `RawRwLockFair` is not implemented: every release lets in whoever the policy says is next, and there is none
/// that does otherwise.
///
/// # Panics
///
/// One reader more than [`MAX_READERS`](crate::RwLock::MAX_READERS) panics, also one that tries, and changes nothing.
///
/// # Size
///
/// 32 bytes.
pub struct RawRwLock(raw::RawRwLock);

impl RawRwLock {
    /// A free lock with this policy; `INIT` prefers writers.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::Policy;
    /// use latchwork_rwlock::lock_api_05::{RawRwLock, RwLock};
    ///
    /// let lock = RwLock::from_raw(RawRwLock::with_policy(Policy::PhaseFair), 7);
    /// assert_eq!(*lock.read(), 7);
    /// ```
    #[inline]
    #[must_use]
    pub const fn with_policy(policy: Policy) -> Self {
        Self(raw::RawRwLock::new(policy))
    }

    /// Who is preferred.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::Policy;
    /// # use latchwork_rwlock::lock_api_05::RawRwLock;
    /// assert_eq!(RawRwLock::with_policy(Policy::PhaseFair).policy(), Policy::PhaseFair);
    /// ```
    #[inline]
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.0.policy()
    }
}

impl fmt::Debug for RawRwLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRwLock")
            .field("policy", &self.policy())
            .field("is_locked", &self.0.is_locked())
            .finish_non_exhaustive()
    }
}

/// The traits of one version, and its wrappers.
macro_rules! version {
    (
        $(#[$meta:meta])*
        $lock_api:ident;
        marked by $($Marker:ident),+; to be upgraded by $($UpgradableMarker:ident)?;
        a lock: $Held:ty;
        a try: $Tried:ty, $tried:expr;
        an upgrade: $Upgraded:ty, $upgraded:expr;
        a release is given [$($release:tt)*];
        and $($more:item)*
    ) => {
        $(#[$meta])*
        pub mod $lock_api {
            pub use ::$lock_api as lock_api;

            pub use super::RawRwLock;
            use super::{Duration, Instant, Policy, Read, Upgradable, Upgrade, Write};

            /// A reader-writer lock, of `lock_api`.
            pub type RwLock<T> = lock_api::RwLock<RawRwLock, T>;
            /// A reader's share of a [`RwLock`].
            pub type RwLockReadGuard<'a, T> = lock_api::RwLockReadGuard<'a, RawRwLock, T>;
            /// The writer's lock of a [`RwLock`].
            pub type RwLockWriteGuard<'a, T> = lock_api::RwLockWriteGuard<'a, RawRwLock, T>;
            /// The share of a [`RwLock`] that may become the writer's.
            pub type RwLockUpgradableReadGuard<'a, T> = lock_api::RwLockUpgradableReadGuard<'a, RawRwLock, T>;
            /// A reader's share of a [`RwLock`], narrowed to a part of the value.
            pub type MappedRwLockReadGuard<'a, T> = lock_api::MappedRwLockReadGuard<'a, RawRwLock, T>;
            /// The writer's lock of a [`RwLock`], narrowed to a part of the value.
            pub type MappedRwLockWriteGuard<'a, T> = lock_api::MappedRwLockWriteGuard<'a, RawRwLock, T>;

            // SAFETY: while a writer has the lock, nobody else has it (W1), and the word orders it after whoever had the lock before,
            // and before whoever has it later. No thread's identity is kept: a guard may be sent. A reader too many that unwinds has
            // taken itself out (W4), and nothing else unwinds (A1). No waiter outlives its wait, so that a lock that somebody has for
            // itself is not waited for, and may be moved or dropped, locked or not.
            unsafe impl lock_api::RawRwLock for RawRwLock {
                const INIT: Self = Self::with_policy(Policy::WriterPreferring);

                $(type $Marker = lock_api::GuardSend;)+

                #[inline]
                #[track_caller]
                fn lock_shared(&self) -> $Held {
                    self.0.lock(Read);
                    Default::default()
                }

                #[inline]
                #[track_caller]
                fn try_lock_shared(&self) -> $Tried {
                    $tried(self.0.try_lock(Read))
                }

                #[inline]
                unsafe fn unlock_shared(&self $($release)*) {
                    self.0.release(Read);
                }

                #[inline]
                #[track_caller]
                fn lock_exclusive(&self) -> $Held {
                    self.0.lock(Write);
                    Default::default()
                }

                #[inline]
                #[track_caller]
                fn try_lock_exclusive(&self) -> $Tried {
                    $tried(self.0.try_lock(Write))
                }

                #[inline]
                unsafe fn unlock_exclusive(&self $($release)*) {
                    self.0.release(Write);
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
            unsafe impl lock_api::RawRwLockTimed for RawRwLock {
                type Duration = Duration;
                type Instant = Instant;

                #[inline]
                #[track_caller]
                fn try_lock_shared_for(&self, timeout: Duration) -> $Tried {
                    $tried(self.0.try_lock_for(Read, timeout))
                }

                #[inline]
                #[track_caller]
                fn try_lock_shared_until(&self, deadline: Instant) -> $Tried {
                    $tried(self.0.lock_until(Read, Some(deadline)))
                }

                #[inline]
                #[track_caller]
                fn try_lock_exclusive_for(&self, timeout: Duration) -> $Tried {
                    $tried(self.0.try_lock_for(Write, timeout))
                }

                #[inline]
                #[track_caller]
                fn try_lock_exclusive_until(&self, deadline: Instant) -> $Tried {
                    $tried(self.0.lock_until(Write, Some(deadline)))
                }
            }

            // SAFETY: the writer's part of the word becomes a reader's in one step, which releases what it wrote; nobody writes in
            // between (W1).
            unsafe impl lock_api::RawRwLockDowngrade for RawRwLock {
                #[inline]
                unsafe fn downgrade(&self $($release)*) -> $Held {
                    self.0.downgrade(Write, Read);
                    Default::default()
                }
            }

            // SAFETY: one share at a time may become the writer's, which it does in one step that finds no reader, and is ordered
            // after all of them (W1). Where it does not, the share is as it was.
            unsafe impl lock_api::RawRwLockUpgrade for RawRwLock {
                $(type $UpgradableMarker = lock_api::GuardSend;)?

                #[inline]
                #[track_caller]
                fn lock_upgradable(&self) -> $Held {
                    self.0.lock(Upgradable);
                    Default::default()
                }

                #[inline]
                #[track_caller]
                fn try_lock_upgradable(&self) -> $Tried {
                    $tried(self.0.try_lock(Upgradable))
                }

                #[inline]
                unsafe fn unlock_upgradable(&self $($release)*) {
                    self.0.release(Upgradable);
                }

                #[inline]
                #[track_caller]
                unsafe fn upgrade(&self $($release)*) -> $Held {
                    self.0.lock(Upgrade);
                    Default::default()
                }

                #[inline]
                #[track_caller]
                unsafe fn try_upgrade(&self $($release)*) -> $Upgraded {
                    $upgraded(self.0.try_lock(Upgrade))
                }
            }

            // SAFETY: as for the other downgrade.
            unsafe impl lock_api::RawRwLockUpgradeDowngrade for RawRwLock {
                #[inline]
                unsafe fn downgrade_upgradable(&self $($release)*) -> $Held {
                    self.0.downgrade(Upgradable, Read);
                    Default::default()
                }

                #[inline]
                unsafe fn downgrade_to_upgradable(&self $($release)*) -> $Held {
                    self.0.downgrade(Write, Upgradable);
                    Default::default()
                }
            }

            // SAFETY: as for the other upgrades; whoever runs out of time has the share that it had.
            unsafe impl lock_api::RawRwLockUpgradeTimed for RawRwLock {
                #[inline]
                #[track_caller]
                fn try_lock_upgradable_for(&self, timeout: Duration) -> $Tried {
                    $tried(self.0.try_lock_for(Upgradable, timeout))
                }

                #[inline]
                #[track_caller]
                fn try_lock_upgradable_until(&self, deadline: Instant) -> $Tried {
                    $tried(self.0.lock_until(Upgradable, Some(deadline)))
                }

                #[inline]
                #[track_caller]
                unsafe fn try_upgrade_for(&self $($release)*, timeout: Duration) -> $Upgraded {
                    $upgraded(self.0.try_lock_for(Upgrade, timeout))
                }

                #[inline]
                #[track_caller]
                unsafe fn try_upgrade_until(&self $($release)*, deadline: Instant) -> $Upgraded {
                    $upgraded(self.0.lock_until(Upgrade, Some(deadline)))
                }
            }

            $($more)*
        }
    };
}

version! {
    /// The reader-writer lock as a raw lock of `lock_api` 0.4.
    ///
    /// [`RawRwLock`] is what `lock_api` asks for: with timeouts, upgrades and downgrades, and shares for those who may have one already.
    /// Threads alone wait for it: take [`RwLock`](crate::RwLock) itself where tasks do.
    ///
    /// # Examples
    ///
    /// ```
    /// use latchwork_rwlock::Policy;
    /// use latchwork_rwlock::lock_api_04::{RawRwLock, RwLock, RwLockUpgradableReadGuard};
    ///
    /// static ROUTES: RwLock<Vec<&str>> = RwLock::from_raw(RawRwLock::with_policy(Policy::PhaseFair), Vec::new());
    ///
    /// RwLockUpgradableReadGuard::upgrade(ROUTES.upgradable_read()).push("/");
    /// let outer = ROUTES.read();
    /// assert_eq!(*outer, *ROUTES.read_recursive());
    /// ```
    #[cfg(feature = "lock_api_04")]
    lock_api_04;
    marked by GuardMarker; to be upgraded by;
    a lock: ();
    a try: bool, core::convert::identity;
    an upgrade: bool, core::convert::identity;
    a release is given [];
    and

    use crate::request::Request::ReadAgain;

    // SAFETY: as for other readers, whose release is the same. Such a one is kept out by a writer alone.
    unsafe impl lock_api::RawRwLockRecursive for RawRwLock {
        #[inline]
        #[track_caller]
        fn lock_shared_recursive(&self) {
            self.0.lock(ReadAgain);
        }

        #[inline]
        #[track_caller]
        fn try_lock_shared_recursive(&self) -> bool {
            self.0.try_lock(ReadAgain)
        }
    }

    // SAFETY: as above; whoever runs out of time has nothing more than it had.
    unsafe impl lock_api::RawRwLockRecursiveTimed for RawRwLock {
        #[inline]
        #[track_caller]
        fn try_lock_shared_recursive_for(&self, timeout: Duration) -> bool {
            self.0.try_lock_for(ReadAgain, timeout)
        }

        #[inline]
        #[track_caller]
        fn try_lock_shared_recursive_until(&self, deadline: Instant) -> bool {
            self.0.lock_until(ReadAgain, Some(deadline))
        }
    }
}

version! {
    /// The reader-writer lock as a raw lock of `lock_api` 0.5, which needs Rust 1.95.
    ///
    /// [`RawRwLock`] is what `lock_api` asks for, with timeouts, upgrades and downgrades. Threads alone wait for it: take
    /// [`RwLock`](crate::RwLock) itself where tasks do.
    ///
    /// # Examples
    ///
    /// ```
    /// use latchwork_rwlock::Policy;
    /// use latchwork_rwlock::lock_api_05::{RawRwLock, RwLock, RwLockUpgradableReadGuard};
    ///
    /// static ROUTES: RwLock<Vec<&str>> = RwLock::from_raw(RawRwLock::with_policy(Policy::PhaseFair), Vec::new());
    ///
    /// RwLockUpgradableReadGuard::upgrade(ROUTES.upgradable_read()).push("/");
    /// assert_eq!(*ROUTES.read(), ["/"]);
    /// ```
    #[cfg(feature = "lock_api_05")]
    lock_api_05;
    marked by SharedGuard, ExclusiveGuard; to be upgraded by UpgradableGuard;
    a lock: lock_api::GuardSend;
    a try: Option<lock_api::GuardSend>, |locked: bool| locked.then(lock_api::GuardSend::new);
    an upgrade: Result<lock_api::GuardSend, lock_api::GuardSend>, |upgraded: bool| {
        let guard = lock_api::GuardSend::new();
        if upgraded { Ok(guard) } else { Err(guard) }
    };
    a release is given [, _: lock_api::GuardSend];
    and
}
