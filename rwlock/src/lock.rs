//! The reader-writer lock around a value. The ways to lock it are in `ways.rs`, the algorithm is in `raw.rs`.

#![expect(unsafe_code, reason = "a cell is shared by the rules of the lock")]

use core::fmt;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::cell::UnsafeCell;

use crate::policy::Policy;
use crate::raw::RawRwLock;
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
///   time 1 ms ago, the free lock is reserved: every other contender gives way once (`newcomers_give_way_once_to_a_starved_task`,
///   `a_starved_task_that_does_not_come_is_passed`). The `try_` methods do not give way. Without the feature `std` there is no
///   clock: the lock is reserved for any task that has come too late (`a_task_that_came_too_late_once_is_given_way_to`).
///
/// # Cancel safety
///
/// A future that is dropped loses its place in the queue, and nothing else: a wake-up that it had been sent is passed on, and whom it has
/// held back may enter. One that upgrades borrows its guard, which is an upgradable reader's again.
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

impl<T: ?Sized> RwLock<T> {
    /// How many readers can have the lock at a time, beside one that is upgradable, or was: 2^22 - 1.
    pub const MAX_READERS: usize = MAX_READERS as usize;

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
    #[cfg(feature = "std")]
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
    #[cfg(feature = "std")]
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
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::{Policy, RwLock};
    /// assert_eq!(RwLock::new(()).policy(), Policy::WriterPreferring);
    /// assert_eq!(RwLock::with_policy((), Policy::PhaseFair).policy(), Policy::PhaseFair);
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_rwlock::RwLock;
    /// let lock = RwLock::new(1);
    /// let reader = lock.read();
    /// assert!(lock.is_locked() && !lock.is_write_locked());
    /// # drop(reader);
    /// ```
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
