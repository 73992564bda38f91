//! The ways to lock: blocking, attempted, timed and asynchronous, with a guard that borrows the lock and with one that owns it.

#[cfg(feature = "alloc")]
use alloc::sync::Arc;
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;

use crate::future::Acquire;
use crate::guard::{Guard, ReadGuard, UpgradableGuard, WriteGuard};
use crate::handle::Held;
use crate::lock::RwLock;
use crate::request::Request;

/// The ways to one kind of guard, borrowed and owned.
macro_rules! ways {
    (
        $Guard:ident by $REQUEST:expr, $what:literal;
        fairness: $fairness:literal;
        deadlocks: $deadlocks:literal;
        $lock:ident, $try_lock:ident, $try_lock_for:ident, $try_lock_until:ident, $lock_async:ident;
        $lock_owned:ident, $try_lock_owned:ident, $try_lock_owned_for:ident, $try_lock_owned_until:ident,
        $lock_owned_async:ident
    ) => {
        impl<T: ?Sized> RwLock<T> {
            #[doc = concat!("Locks ", $what, ", blocking this thread until it may. Dropping the guard releases the lock.")]
            ///
            /// # Fairness
            ///
            #[doc = $fairness]
            ///
            /// # Deadlocks
            ///
            #[doc = $deadlocks]
            ///
            #[doc = concat!("In async code use [`", stringify!($lock_async), "`](Self::",
                stringify!($lock_async), ").")]
            ///
            /// # Panics
            ///
            /// If it is one reader more than [`MAX_READERS`](Self::MAX_READERS), upgradable or not; nothing has changed then. Writers
            /// are not counted.
            ///
            /// # Examples
            ///
            /// ```
            /// # use latchwork_rwlock::RwLock;
            /// let lock = RwLock::new(1);
            #[doc = concat!("assert_eq!(*lock.", stringify!($lock), "(), 1);")]
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn $lock(&self) -> $Guard<&Self> {
                self.raw().lock($REQUEST);
                Guard::new(Held::new(self, $REQUEST))
            }

            #[doc = concat!("Locks ", $what, ", if it may at once. Never blocks.")]
            ///
            #[doc = concat!("It passes by nobody whom [`", stringify!($lock), "`](Self::", stringify!($lock),
                ") would wait for, but takes a free lock that is reserved for a starved task.")]
            ///
            /// # Panics
            ///
            /// As [`read`](Self::read).
            ///
            /// # Examples
            ///
            /// ```
            /// # use latchwork_rwlock::RwLock;
            /// let lock = RwLock::new(1);
            #[doc = concat!("assert!(lock.", stringify!($try_lock), "().is_some());")]
            /// let guard = lock.write();
            #[doc = concat!("assert!(lock.", stringify!($try_lock), "().is_none());")]
            /// # drop(guard);
            /// ```
            #[inline]
            #[track_caller]
            pub fn $try_lock(&self) -> Option<$Guard<&Self>> {
                self.raw().try_lock($REQUEST).then(|| Guard::new(Held::new(self, $REQUEST)))
            }

            #[doc = concat!("Locks ", $what, ", blocking this thread for at most `timeout`.")]
            ///
            /// A timeout of zero makes one attempt. One that reaches beyond what the clock can tell, like [`Duration::MAX`], is
            /// no timeout.
            ///
            /// # Panics
            ///
            /// As [`read`](Self::read).
            ///
            /// # Examples
            ///
            /// ```
            /// # use latchwork_rwlock::RwLock;
            /// use std::time::Duration;
            ///
            /// let lock = RwLock::new(1);
            #[doc = concat!("assert!(lock.", stringify!($try_lock_for), "(Duration::MAX).is_some());")]
            /// let guard = lock.write();
            #[doc = concat!("assert!(lock.", stringify!($try_lock_for), "(Duration::from_millis(1)).is_none());")]
            /// # drop(guard);
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn $try_lock_for(&self, timeout: Duration) -> Option<$Guard<&Self>> {
                self.raw().try_lock_for($REQUEST, timeout).then(|| Guard::new(Held::new(self, $REQUEST)))
            }

            #[doc = concat!("Locks ", $what, ", blocking this thread until `deadline` at the latest.")]
            ///
            /// One attempt, where that has passed.
            ///
            /// # Panics
            ///
            /// As [`read`](Self::read).
            ///
            /// # Examples
            ///
            /// ```
            /// # use latchwork_rwlock::RwLock;
            /// use std::time::Instant;
            ///
            /// let lock = RwLock::new(1);
            #[doc = concat!("assert!(lock.", stringify!($try_lock_until), "(Instant::now()).is_some());")]
            /// let guard = lock.write();
            #[doc = concat!("assert!(lock.", stringify!($try_lock_until), "(Instant::now()).is_none());")]
            /// # drop(guard);
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn $try_lock_until(&self, deadline: Instant) -> Option<$Guard<&Self>> {
                self.raw().lock_until($REQUEST, Some(deadline)).then(|| Guard::new(Held::new(self, $REQUEST)))
            }

            const_unless_checked! {
                #[doc = concat!("Locks ", $what, ", waiting asynchronously until it may. Dropping the guard releases the lock.")]
                ///
                /// Nothing happens before the first poll. The future allocates nothing, works in any runtime, and may be polled
                /// by any task; it is not `Unpin`.
                ///
                /// # Fairness
                ///
                #[doc = $fairness]
                ///
                /// # Cancel safety
                ///
                /// Dropping the future loses its place in the queue, and nothing else: a wake-up that it had been sent is passed
                /// on, and whom it has held back may enter. A future that is neither polled nor dropped owns nothing.
                ///
                /// # Examples
                ///
                /// ```
                /// # use latchwork_rwlock::RwLock;
                /// # futures_lite::future::block_on(async {
                /// let lock = RwLock::new(1);
                #[doc = concat!("assert_eq!(*lock.", stringify!($lock_async), "().await, 1);")]
                /// # });
                /// ```
                #[inline]
                #[track_caller]
                pub const fn $lock_async(&self) -> Acquire<&Self, $Guard<&Self>> {
                    Acquire::new(self, $REQUEST)
                }
            }

            #[doc = concat!("As [`", stringify!($lock), "`](Self::", stringify!($lock), "), with a guard that owns the `Arc`.")]
            ///
            /// # Panics
            ///
            /// As [`read`](Self::read).
            ///
            /// # Examples
            ///
            /// ```
            /// # use latchwork_rwlock::RwLock;
            /// use std::sync::Arc;
            ///
            /// let lock = Arc::new(RwLock::new(1));
            #[doc = concat!("let guard = Arc::clone(&lock).", stringify!($lock_owned), "();")]
            /// std::thread::spawn(move || assert_eq!(*guard, 1)).join().unwrap();
            /// assert!(!lock.is_locked());
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn $lock_owned(self: Arc<Self>) -> $Guard<Arc<Self>> {
                self.raw().lock($REQUEST);
                Guard::new(Held::new(self, $REQUEST))
            }

            #[doc = concat!("As [`", stringify!($try_lock), "`](Self::", stringify!($try_lock),
                "), with a guard that owns the `Arc`.")]
            ///
            /// # Panics
            ///
            /// As [`read`](Self::read).
            ///
            /// # Examples
            ///
            /// ```
            /// # use latchwork_rwlock::RwLock;
            /// use std::sync::Arc;
            ///
            /// let lock = Arc::new(RwLock::new(1));
            /// let guard = lock.write();
            #[doc = concat!("assert!(Arc::clone(&lock).", stringify!($try_lock_owned), "().is_none());")]
            /// drop(guard);
            #[doc = concat!("assert!(lock.", stringify!($try_lock_owned), "().is_some());")]
            /// ```
            #[cfg(feature = "alloc")]
            #[inline]
            #[track_caller]
            pub fn $try_lock_owned(self: Arc<Self>) -> Option<$Guard<Arc<Self>>> {
                self.raw().try_lock($REQUEST).then(|| Guard::new(Held::new(self, $REQUEST)))
            }

            #[doc = concat!("As [`", stringify!($try_lock_for), "`](Self::", stringify!($try_lock_for),
                "), with a guard that owns the `Arc`.")]
            ///
            /// # Panics
            ///
            /// As [`read`](Self::read).
            ///
            /// # Examples
            ///
            /// ```
            /// # use latchwork_rwlock::RwLock;
            /// use std::sync::Arc;
            /// use std::time::Duration;
            ///
            /// let lock = Arc::new(RwLock::new(1));
            /// let guard = lock.write();
            #[doc = concat!("assert!(Arc::clone(&lock).", stringify!($try_lock_owned_for), "(Duration::from_millis(1)).is_none());")]
            /// # drop(guard);
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn $try_lock_owned_for(self: Arc<Self>, timeout: Duration) -> Option<$Guard<Arc<Self>>> {
                self.raw().try_lock_for($REQUEST, timeout).then(|| Guard::new(Held::new(self, $REQUEST)))
            }

            #[doc = concat!("As [`", stringify!($try_lock_until), "`](Self::", stringify!($try_lock_until),
                "), with a guard that owns the `Arc`.")]
            ///
            /// # Panics
            ///
            /// As [`read`](Self::read).
            ///
            /// # Examples
            ///
            /// ```
            /// # use latchwork_rwlock::RwLock;
            /// use std::sync::Arc;
            /// use std::time::Instant;
            ///
            /// let lock = Arc::new(RwLock::new(1));
            #[doc = concat!("assert!(lock.", stringify!($try_lock_owned_until), "(Instant::now()).is_some());")]
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn $try_lock_owned_until(self: Arc<Self>, deadline: Instant) -> Option<$Guard<Arc<Self>>> {
                self.raw().lock_until($REQUEST, Some(deadline)).then(|| Guard::new(Held::new(self, $REQUEST)))
            }

            const_unless_checked! {
                #[doc = concat!("As [`", stringify!($lock_async), "`](Self::", stringify!($lock_async),
                    "), with a future and a guard that own the `Arc`.")]
                ///
                /// # Cancel safety
                ///
                #[doc = concat!("As for [`", stringify!($lock_async), "`](Self::", stringify!($lock_async), ").")]
                ///
                /// # Examples
                ///
                /// ```
                /// # use latchwork_rwlock::RwLock;
                /// use std::sync::Arc;
                ///
                /// # futures_lite::future::block_on(async {
                /// let lock = Arc::new(RwLock::new(1));
                #[doc = concat!("let guard = Arc::clone(&lock).", stringify!($lock_owned_async), "().await;")]
                /// assert!(*guard == 1 && lock.is_locked());
                /// # });
                /// ```
                #[cfg(feature = "alloc")]
                #[inline]
                #[track_caller]
                pub const fn $lock_owned_async(self: Arc<Self>) -> Acquire<Arc<Self>, $Guard<Arc<Self>>> {
                    Acquire::new(self, $REQUEST)
                }
            }
        }
    };
}

ways!(
    ReadGuard by Request::Read, "for reading";
    fairness: "See [`RwLock`](Self#fairness).";
    deadlocks: "See [`RwLock`](Self#deadlocks). One who may have a share already uses [`read_recursive`](Self::read_recursive).";
    read, try_read, try_read_for, try_read_until, read_async;
    read_owned, try_read_owned, try_read_owned_for, try_read_owned_until, read_owned_async
);
ways!(
    ReadGuard by Request::ReadAgain, "for reading, where this thread or task may have a share already,";
    fairness: "It passes by writers that wait, and so may starve them, whatever the policy.";
    deadlocks: "None with a share that this thread or task has: with [`read`](Self::read) it would wait for a writer that waits for \
        that very share. Otherwise see [`RwLock`](Self#deadlocks).";
    read_recursive, try_read_recursive, try_read_recursive_for, try_read_recursive_until, read_recursive_async;
    read_recursive_owned, try_read_recursive_owned, try_read_recursive_owned_for, try_read_recursive_owned_until,
    read_recursive_owned_async
);
ways!(
    WriteGuard by Request::Write, "for writing";
    fairness: "See [`RwLock`](Self#fairness).";
    deadlocks: "See [`RwLock`](Self#deadlocks).";
    write, try_write, try_write_for, try_write_until, write_async;
    write_owned, try_write_owned, try_write_owned_for, try_write_owned_until, write_owned_async
);
ways!(
    UpgradableGuard by Request::Upgradable, "for reading, with the right to become the writer,";
    fairness: "See [`RwLock`](Self#fairness).";
    deadlocks: "See [`RwLock`](Self#deadlocks).";
    upgradable_read, try_upgradable_read, try_upgradable_read_for, try_upgradable_read_until, upgradable_read_async;
    upgradable_read_owned, try_upgradable_read_owned, try_upgradable_read_owned_for, try_upgradable_read_owned_until,
    upgradable_read_owned_async
);
