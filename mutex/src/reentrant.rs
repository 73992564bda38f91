//! The reentrant lock. What is its own is in `reentrant/state.rs`; the rest is the mutex.

mod by_owner;
mod future;
mod guard;
#[cfg(feature = "alloc")]
mod owned;
mod owner;
mod raw;
mod state;

pub use future::LockAs;
#[cfg(feature = "alloc")]
pub use future::LockOwnedAs;
pub use guard::{MappedReentrantLockGuard, ReentrantLockGuard, ReentrantLockRefMut};
#[cfg(feature = "alloc")]
pub use owned::OwnedReentrantLockGuard;
pub use owner::Owner;

use core::fmt;
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::cell::{Claim, SharedClaim, UnsafeCell};
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;

use self::raw::RawReentrant;

/// A mutual exclusion lock that its owner may lock again.
///
/// The owner is a thread ([`lock`](Self::lock)), or an [`Owner`] that a task carries with it
/// ([`lock_async`](Self::lock_async), [`lock_as`](Self::lock_as)), on the same instance; one keeps out the other, and all
/// others. Whoever holds the lock enters it again without waiting, and it is free when every guard has been dropped.
///
/// As there may be several guards at once, they lend the value for reading. A thread that has just one may write through
/// [`ReentrantLockGuard::get_mut`].
///
/// # What it hides
///
/// A lock that can be locked again says nothing when a function calls another one in the middle of its work, and the other one
/// finds the value half changed. A [`Mutex`](crate::Mutex) would wait for ever, and be noticed.
///
/// ```
/// use latchwork_mutex::ReentrantLock;
/// use std::cell::Cell;
///
/// /// Whoever locks it may rely on it: what is in both together is always 100.
/// struct Accounts {
///     mine: Cell<i32>,
///     yours: Cell<i32>,
/// }
///
/// fn total(accounts: &ReentrantLock<Accounts>) -> i32 {
///     let accounts = accounts.lock();
///     accounts.mine.get() + accounts.yours.get()
/// }
///
/// fn transfer(accounts: &ReentrantLock<Accounts>, sum: i32) -> i32 {
///     let inside = accounts.lock();
///     inside.mine.set(inside.mine.get() - sum);
///     let seen = total(accounts); // locks again, and sees neither the old state nor the new one
///     inside.yours.set(inside.yours.get() + sum);
///     seen
/// }
///
/// let accounts = ReentrantLock::new(Accounts { mine: Cell::new(60), yours: Cell::new(40) });
/// assert_eq!(transfer(&accounts, 10), 90);
/// assert_eq!(total(&accounts), 100);
/// ```
///
/// The cure is to lock once, outside, and to pass the locked value to functions that do not lock: `fn total(accounts:
/// &Accounts)`. Use this lock where callbacks or foreign code make that impossible, and keep the value whole at every call.
///
/// # Fairness
///
/// Each sentence is asserted by the test or model named after it.
///
/// - Whoever holds the lock enters it again at once, ahead of all who wait (`the_owner_enters_again_ahead_of_those_who_wait`).
/// - The last guard releases the lock, as a mutex is released: see [`Mutex`](crate::Mutex#fairness)
///   (`the_last_release_wakes_a_thread`, `the_last_release_wakes_a_task`).
/// - Who waits as an [`Owner`] is let in as soon as that owner has the lock, ahead of all others: a thread at once
///   (`a_thread_that_waits_is_let_in_with_its_owner`), a task when it is polled, which it is woken for
///   (`a_task_that_waits_is_woken_to_join_its_owner`). So an owner that never lets go of all its guards at the same time keeps
///   everybody else out.
///
/// # Cancel safety
///
/// A future of [`lock_async`](Self::lock_async) that is dropped loses its place in the queue, and nothing else: a wake-up that it had been
/// sent is passed on. It has entered when it is ready, and not before.
///
/// # Deadlocks
///
/// A thread, an `Owner`, and another `Owner` are three: a task that holds the lock as its `Owner` and calls
/// [`lock`](Self::lock) waits for ever. Otherwise as for [`Mutex`](crate::Mutex#deadlocks).
///
/// In async code, lock as an `Owner`. All tasks of a thread are the same to [`lock`](Self::lock): one would enter what another
/// has locked before an `.await`.
///
/// # Memory ordering
///
/// What was done before the release of a lock happens before what is done after the next lock. What was done before an owner
/// first locked happens before what is done by those who join it.
///
/// # Poisoning
///
/// There is none: where a panic unwinds through a guard, its entry is taken back.
///
/// # Size
///
/// 40 bytes and the value. Nothing is allocated, on any path.
///
/// # Examples
///
/// ```
/// use latchwork_mutex::ReentrantLock;
/// use std::cell::RefCell;
///
/// static LOG: ReentrantLock<RefCell<Vec<u32>>> = ReentrantLock::new(RefCell::new(Vec::new()));
///
/// fn log(entry: u32) {
///     LOG.lock().borrow_mut().push(entry);
/// }
///
/// let _both_or_none = LOG.lock();
/// log(1);
/// log(2);
/// assert_eq!(LOG.hold_count(), 1);
/// ```
pub struct ReentrantLock<T: ?Sized> {
    raw: RawReentrant,
    value: UnsafeCell<T>,
}

impl<T> ReentrantLock<T> {
    const_unless_checked! {
        /// An unlocked lock around `value`.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_mutex::ReentrantLock;
        /// static LOCK: ReentrantLock<()> = ReentrantLock::new(());
        /// assert!(!LOCK.is_locked());
        /// ```
        #[inline]
        pub const fn new(value: T) -> Self {
            Self { raw: RawReentrant::new(), value: UnsafeCell::new(value) }
        }
    }

    /// The value. Nobody can be holding or awaiting a lock that is given away.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// assert_eq!(ReentrantLock::new(7).into_inner(), 7);
    /// ```
    #[inline]
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

/// Owned by this thread.
impl<T: ?Sized> ReentrantLock<T> {
    /// How often one owner may hold the lock at a time: 262,142 times.
    pub const MAX_HOLDS: u32 = state::MAX as u32;

    /// Enters the lock, blocking this thread until it is free or held by this very thread. Dropping the guard takes the entry
    /// back.
    ///
    /// # Fairness
    ///
    /// A thread that holds the lock enters again at once. Otherwise as for [`Mutex::lock`](crate::Mutex::lock).
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread holds the lock as an [`Owner`], or if its owner needs this thread to go on; a task on an
    /// executor with one thread does. In async code use [`lock_async`](Self::lock_async).
    ///
    /// # Panics
    ///
    /// If this thread holds the lock [`MAX_HOLDS`](Self::MAX_HOLDS) times, or once and the value is lent for writing by
    /// [`ReentrantLockGuard::get_mut`]; nothing has changed then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// let lock = ReentrantLock::new(7);
    /// let outer = lock.lock();
    /// let inner = lock.lock();
    /// assert_eq!((*outer, *inner), (7, 7));
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> ReentrantLockGuard<'_, T> {
        self.raw.lock();
        ReentrantLockGuard::new(self)
    }

    /// Enters the lock if it is free or held by this very thread. Never blocks.
    ///
    /// `None` too where [`lock`](Self::lock) panics.
    ///
    /// # Fairness
    ///
    /// As for [`Mutex::try_lock`](crate::Mutex::try_lock).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// let lock = ReentrantLock::new(7);
    /// let guard = lock.lock();
    /// assert!(lock.try_lock().is_some());
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert!(lock.try_lock().is_none()));
    /// });
    /// # drop(guard);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock(&self) -> Option<ReentrantLockGuard<'_, T>> {
        self.raw.try_lock().then(|| ReentrantLockGuard::new(self))
    }

    /// Enters the lock, blocking this thread for at most `timeout`.
    ///
    /// A timeout of zero makes one attempt. One that reaches beyond what the clock can tell, like [`Duration::MAX`], is no
    /// timeout. `None` at once where [`lock`](Self::lock) panics.
    ///
    /// # Fairness
    ///
    /// As for [`lock`](Self::lock). A thread that was woken and gives up passes the wake-up on.
    ///
    /// # Deadlocks
    ///
    /// As for [`lock`](Self::lock), until the time runs out.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// use std::time::Duration;
    ///
    /// let lock = ReentrantLock::new(7);
    /// let guard = lock.try_lock_for(Duration::MAX).unwrap();
    /// assert!(lock.try_lock_for(Duration::ZERO).is_some());
    /// # drop(guard);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock_for(&self, timeout: Duration) -> Option<ReentrantLockGuard<'_, T>> {
        self.raw.try_lock_for(timeout).then(|| ReentrantLockGuard::new(self))
    }

    /// Enters the lock, blocking this thread until `deadline` at the latest.
    ///
    /// A deadline that has passed makes one attempt. Otherwise as [`try_lock_for`](Self::try_lock_for).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// use std::time::Instant;
    ///
    /// let lock = ReentrantLock::new(7);
    /// assert!(lock.try_lock_until(Instant::now()).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock_until(&self, deadline: Instant) -> Option<ReentrantLockGuard<'_, T>> {
        self.raw.try_lock_until(Some(deadline)).then(|| ReentrantLockGuard::new(self))
    }

    /// Enters the lock for the length of a call. See [`lock`](Self::lock).
    ///
    /// # Panics
    ///
    /// As for [`lock`](Self::lock).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// let lock = ReentrantLock::new(vec![1, 2]);
    /// assert_eq!(lock.with(|values| values.len() + lock.with(|values| values[0])), 3);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn with<R>(&self, run: impl FnOnce(&T) -> R) -> R {
        run(&*self.lock())
    }

    /// How often this thread holds the lock: 0 if somebody else does, or nobody.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// let lock = ReentrantLock::new(7);
    /// let (_outer, _inner) = (lock.lock(), lock.lock());
    /// assert_eq!(lock.hold_count(), 2);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[must_use]
    pub fn hold_count(&self) -> u32 {
        self.raw.count(state::Name::of_this_thread())
    }

    /// Whether this thread holds the lock, by itself and not as an [`Owner`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// let lock = ReentrantLock::new(7);
    /// let guard = lock.lock();
    /// assert!(lock.is_held_by_current_thread());
    /// # drop(guard);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[must_use]
    pub fn is_held_by_current_thread(&self) -> bool {
        self.hold_count() != 0
    }

    /// Whether somebody holds the lock at this moment. The answer may be old when it arrives.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// let lock = ReentrantLock::new(7);
    /// let guard = lock.lock();
    /// assert!(lock.is_locked());
    /// # drop(guard);
    /// ```
    #[inline]
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.raw.is_locked()
    }

    /// The value, which nobody else can reach: no lock is needed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::ReentrantLock;
    /// let mut lock = ReentrantLock::new(1);
    /// *lock.get_mut() = 2;
    /// assert_eq!(lock.into_inner(), 2);
    /// ```
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Enters it to show the value.
    #[cfg(feature = "std")]
    fn try_look(&self) -> Option<ReentrantLockGuard<'_, T>> {
        self.try_lock()
    }

    /// Enters it to show the value, as somebody who has not entered it before: no thread is known.
    #[cfg(not(feature = "std"))]
    fn try_look(&self) -> Option<ReentrantLockGuard<'_, T, ByOwner>> {
        self.raw.try_lock_as(&Owner::new()).then(|| ReentrantLockGuard::new(self))
    }

    #[inline]
    pub(crate) const fn raw(&self) -> &RawReentrant {
        &self.raw
    }

    /// A guard starts to reach the value.
    #[inline]
    fn claim(&self) -> SharedClaim {
        self.value.claim_shared()
    }

    /// A loan starts to reach the value.
    #[inline]
    fn claim_mut(&self) -> Claim {
        self.value.claim()
    }

    /// The value, for guards and loans (H6).
    #[inline]
    const fn value(&self) -> *mut T {
        self.value.get()
    }
}

/// In whose name a guard's entry was made: [`ByThread`] or [`ByOwner`].
pub trait Ownership: sealed::Sealed {
    /// Whether it is a thread, which takes the entry back itself.
    #[doc(hidden)]
    const BY_THREAD: bool;
}

/// Marks a guard that belongs to a thread, and stays there.
#[derive(Debug)]
pub enum ByThread {}

/// Marks a guard that belongs to an [`Owner`], on whichever thread it is.
#[derive(Debug)]
pub enum ByOwner {}

impl Ownership for ByThread {
    const BY_THREAD: bool = true;
}

impl Ownership for ByOwner {
    const BY_THREAD: bool = false;
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::ByThread {}
    impl Sealed for super::ByOwner {}
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for ReentrantLock<T> {
    /// Shows the value, or `<locked>` where this thread cannot enter at once. Never blocks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ReentrantLock");
        match self.try_look() {
            Some(guard) => debug.field("value", &&*guard),
            None => debug.field("value", &format_args!("<locked>")),
        };
        debug.finish_non_exhaustive()
    }
}

impl<T: Default> Default for ReentrantLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for ReentrantLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(size_of::<ReentrantLock<()>>() <= 40);

// Here and not at the top of the file, which is the parent of files that have none of it.
// SAFETY: a lock that is sent takes its value along, which is sending `T`; the rest may be reached from anywhere.
#[expect(unsafe_code, reason = "a shared lock lends the value that it protects")]
unsafe impl<T: ?Sized + Send> Send for ReentrantLock<T> {}
// SAFETY: threads that hold a shared lock are lent `&T` or `&mut T` one after the other (H1, H6), which is sending `T` to and
// fro. Only an `Owner` may be in several threads at once, and what it is lent `&T` by asks for `T: Sync` itself.
#[expect(unsafe_code, reason = "a shared lock lends the value that it protects")]
unsafe impl<T: ?Sized + Send> Sync for ReentrantLock<T> {}
