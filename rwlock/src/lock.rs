//! The reader-writer lock around a value. The algorithm is in `raw.rs`.

#![expect(unsafe_code, reason = "a cell is shared by the rules of the lock")]

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::cell::UnsafeCell;
use latchwork_core::sync::time::Instant;

use crate::future::Acquire;
use crate::guard::{Guard, ReadGuard, UpgradableGuard, WriteGuard};
use crate::handle::Held;
use crate::policy::Policy;
use crate::raw::RawRwLock;
use crate::request::Request;
use crate::state::MAX_READERS;

/// A reader-writer lock for threads and tasks.
///
/// Many read at a time, or one writes. Threads lock with [`read`](Self::read) and [`write`](Self::write), tasks with
/// [`read_async`](Self::read_async) and [`write_async`](Self::write_async), on the same instance, in any async runtime or none. One
/// reader at a time may be [upgradable](Self::upgradable_read): it can become the writer, with nobody else writing in between.
///
/// # Fairness
///
/// As its [`Policy`] says; by default, writers are preferred. Whatever the policy:
///
/// - Those who wait are let in in the order in which they came, among readers and among writers
///   (`those_who_wait_are_woken_in_the_order_in_which_they_came`).
/// - A thread that is awake when its turn comes is granted what it waits for. One that sleeps is woken, and may be passed by writers
///   until it has come; if it comes too late, it is granted the lock the next time
///   (`a_writer_that_came_too_late_is_granted_the_lock`, `a_reader_that_came_too_late_is_granted_its_share`): it is passed once.
/// - A task that is not polled owns nothing, and delays nobody who comes (`a_newcomer_passes_a_writer_that_is_not_polled`), nor a
///   thread behind it (`a_thread_passes_a_writer_that_is_not_polled`). For a task that was woken and came too late, for the first
///   time 1 ms ago, the free lock is reserved: every other contender gives way once.
///
/// # Deadlocks
///
/// A thread that waits for a lock which only it could release waits for ever. So does one that reads, and reads again while a
/// writer waits: see [`read_recursive`](Self::read_recursive).
///
/// # Memory ordering
///
/// What was done before a release happens before what is done after any later acquisition that it let in: a writer sees what
/// readers and writers did before it, a reader what writers did.
///
/// # Size
///
/// 32 bytes and the value. Nothing is allocated, on any path.
///
/// # Examples
///
/// ```
/// use latchwork_rwlock::RwLock;
///
/// static NAMES: RwLock<Vec<String>> = RwLock::new(Vec::new());
///
/// NAMES.write().push("a thread".into());
/// futures_lite::future::block_on(async { NAMES.write_async().await.push("a task".into()) });
/// assert_eq!(NAMES.read().len(), 2);
/// ```
pub struct RwLock<T: ?Sized> {
    raw: RawRwLock,
    value: UnsafeCell<T>,
}

impl<T> RwLock<T> {
    const_unless_checked! {
        /// A free lock around `value`, which prefers writers.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_rwlock::RwLock;
        /// static LIMITS: RwLock<(u32, u32)> = RwLock::new((1, 10));
        /// assert_eq!(LIMITS.read().1, 10);
        /// ```
        #[inline]
        pub const fn new(value: T) -> Self {
            Self::with_policy(value, Policy::WriterPreferring)
        }
    }

    const_unless_checked! {
        /// A free lock around `value`, with this policy.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_rwlock::{Policy, RwLock};
        /// static LIMITS: RwLock<(u32, u32)> = RwLock::with_policy((1, 10), Policy::PhaseFair);
        /// assert_eq!(LIMITS.policy(), Policy::PhaseFair);
        /// ```
        #[inline]
        pub const fn with_policy(value: T, policy: Policy) -> Self {
            Self { raw: RawRwLock::new(policy), value: UnsafeCell::new(value) }
        }
    }

    /// The value. Nobody can be holding or awaiting a lock that is given away.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::RwLock;
    /// assert_eq!(RwLock::new(7).into_inner(), 7);
    /// ```
    #[inline]
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

/// The ways to one kind of guard, borrowed and owned.
macro_rules! ways {
    (
        $Guard:ident by $REQUEST:expr, $what:literal:
        $lock:ident, $try_lock:ident, $try_lock_for:ident, $try_lock_until:ident, $lock_async:ident,
        $lock_owned:ident, $try_lock_owned:ident, $lock_owned_async:ident
    ) => {
        impl<T: ?Sized> RwLock<T> {
            #[doc = concat!("Locks ", $what, ", blocking this thread until it may. Dropping the guard releases the lock.")]
            ///
            /// # Fairness
            ///
            /// See [`RwLock`](Self#fairness).
            ///
            /// # Deadlocks
            ///
            #[doc = concat!("See [`RwLock`](Self#deadlocks). In async code use [`", stringify!($lock_async), "`](Self::",
                stringify!($lock_async), ").")]
            ///
            /// # Panics
            ///
            /// If it is one reader more than [`MAX_READERS`](Self::MAX_READERS); nothing has changed then. Upgradable readers and
            /// writers are not counted.
            ///
            /// # Examples
            ///
            /// ```
            /// # use latchwork_rwlock::RwLock;
            /// let lock = RwLock::new(1);
            #[doc = concat!("assert_eq!(*lock.", stringify!($lock), "(), 1);")]
            /// ```
            #[inline]
            pub fn $lock(&self) -> $Guard<&Self> {
                self.raw.lock($REQUEST);
                Guard::new(Held::new(self, $REQUEST))
            }

            #[doc = concat!("Locks ", $what, ", if it may at once. Never blocks.")]
            ///
            /// It passes by nobody who is preferred, but takes a free lock that is reserved for a starved task.
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
            pub fn $try_lock(&self) -> Option<$Guard<&Self>> {
                self.raw.try_lock($REQUEST).then(|| Guard::new(Held::new(self, $REQUEST)))
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
            #[inline]
            pub fn $try_lock_for(&self, timeout: Duration) -> Option<$Guard<&Self>> {
                self.raw.try_lock_for($REQUEST, timeout).then(|| Guard::new(Held::new(self, $REQUEST)))
            }

            #[doc = concat!("Locks ", $what, ", blocking this thread until `deadline` at the latest.")]
            ///
            /// One attempt, where that has passed.
            ///
            /// # Panics
            ///
            /// As [`read`](Self::read).
            #[inline]
            pub fn $try_lock_until(&self, deadline: Instant) -> Option<$Guard<&Self>> {
                self.raw.lock_until($REQUEST, Some(deadline)).then(|| Guard::new(Held::new(self, $REQUEST)))
            }

            const_unless_checked! {
                #[doc = concat!("Locks ", $what, ", waiting asynchronously until it may. Dropping the guard releases the lock.")]
                ///
                /// Nothing happens before the first poll. The future allocates nothing, works in any runtime, and may be polled
                /// by any task; it is not `Unpin`.
                ///
                /// # Fairness
                ///
                /// See [`RwLock`](Self#fairness).
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
                pub const fn $lock_async(&self) -> Acquire<&Self, $Guard<&Self>> {
                    Acquire::new(self, $REQUEST)
                }
            }

            #[doc = concat!("As [`", stringify!($lock), "`](Self::", stringify!($lock), "), with a guard that owns the `Arc`.")]
            ///
            /// # Panics
            ///
            /// As [`read`](Self::read).
            #[inline]
            pub fn $lock_owned(self: Arc<Self>) -> $Guard<Arc<Self>> {
                self.raw.lock($REQUEST);
                Guard::new(Held::new(self, $REQUEST))
            }

            #[doc = concat!("As [`", stringify!($try_lock), "`](Self::", stringify!($try_lock),
                "), with a guard that owns the `Arc`.")]
            ///
            /// # Panics
            ///
            /// As [`read`](Self::read).
            #[inline]
            pub fn $try_lock_owned(self: Arc<Self>) -> Option<$Guard<Arc<Self>>> {
                self.raw.try_lock($REQUEST).then(|| Guard::new(Held::new(self, $REQUEST)))
            }

            const_unless_checked! {
                #[doc = concat!("As [`", stringify!($lock_async), "`](Self::", stringify!($lock_async),
                    "), with a future and a guard that own the `Arc`.")]
                ///
                /// # Cancel safety
                ///
                #[doc = concat!("As for [`", stringify!($lock_async), "`](Self::", stringify!($lock_async), ").")]
                #[inline]
                pub const fn $lock_owned_async(self: Arc<Self>) -> Acquire<Arc<Self>, $Guard<Arc<Self>>> {
                    Acquire::new(self, $REQUEST)
                }
            }
        }
    };
}

ways!(
    ReadGuard by Request::Read, "for reading":
    read, try_read, try_read_for, try_read_until, read_async, read_owned, try_read_owned, read_owned_async
);
ways!(
    WriteGuard by Request::Write, "for writing":
    write, try_write, try_write_for, try_write_until, write_async, write_owned, try_write_owned, write_owned_async
);
ways!(
    UpgradableGuard by Request::Upgradable, "for reading, with the right to become the writer":
    upgradable_read, try_upgradable_read, try_upgradable_read_for, try_upgradable_read_until, upgradable_read_async,
    upgradable_read_owned, try_upgradable_read_owned, upgradable_read_owned_async
);

impl<T: ?Sized> RwLock<T> {
    /// How many readers can have the lock at a time: 2^22 - 1.
    pub const MAX_READERS: usize = MAX_READERS as usize;

    /// Locks for reading beside any other reader, whoever waits: for code that may have a share already. Blocks this thread while a
    /// writer has the lock.
    ///
    /// # Fairness
    ///
    /// It passes by writers that wait, and so may starve them, whatever the policy.
    ///
    /// # Deadlocks
    ///
    /// None with a share that this thread has: with [`read`](Self::read) it would wait for a writer that waits for that very share.
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
    /// let (outer, inner) = (lock.read(), lock.read_recursive());
    /// assert_eq!(*outer + *inner, 2);
    /// ```
    #[inline]
    pub fn read_recursive(&self) -> ReadGuard<&Self> {
        self.raw.lock(Request::ReadAgain);
        Guard::new(Held::new(self, Request::Read))
    }

    /// Reads for the length of a call. See [`read`](Self::read).
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::RwLock;
    /// assert_eq!(RwLock::new([1, 2]).with_read(|values| values.len()), 2);
    /// ```
    #[inline]
    pub fn with_read<R>(&self, run: impl FnOnce(&T) -> R) -> R {
        run(&*self.read())
    }

    /// Writes for the length of a call. See [`write`](Self::write).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::RwLock;
    /// let lock = RwLock::new(1);
    /// lock.with_write(|value| *value += 1);
    /// assert_eq!(lock.into_inner(), 2);
    /// ```
    #[inline]
    pub fn with_write<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
        run(&mut *self.write())
    }

    /// The value, which nobody else can reach: no lock is needed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::RwLock;
    /// let mut lock = RwLock::new(1);
    /// *lock.get_mut() = 2;
    /// assert_eq!(lock.into_inner(), 2);
    /// ```
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Who is preferred.
    #[inline]
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.raw.policy()
    }

    /// Whether somebody has the lock at this moment. The answer may be old when it arrives.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::RwLock;
    /// let lock = RwLock::new(1);
    /// let guard = lock.read();
    /// assert!(lock.is_locked() && !lock.is_write_locked());
    /// # drop(guard);
    /// ```
    #[inline]
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.raw.is_locked()
    }

    /// Whether a writer has the lock at this moment. The answer may be old when it arrives.
    #[inline]
    #[must_use]
    pub fn is_write_locked(&self) -> bool {
        self.raw.is_write_locked()
    }

    #[inline]
    pub(crate) const fn raw(&self) -> &RawRwLock {
        &self.raw
    }

    #[inline]
    pub(crate) const fn value(&self) -> &UnsafeCell<T> {
        &self.value
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    /// Shows the value, or `<locked>` where it cannot be read at once. Never blocks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RwLock");
        match self.try_read() {
            Some(guard) => debug.field("value", &&*guard),
            None => debug.field("value", &format_args!("<locked>")),
        };
        debug.finish_non_exhaustive()
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

// SAFETY: a lock that is sent takes its value along; its queue and word may be reached from any thread.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: `&RwLock` lends `&T` to many threads at a time, and `&mut T` to one after the other (W1).
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(size_of::<RwLock<()>>() <= 32);
