//! What whoever has an [`Owner`] may do with a reentrant lock.

#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;

use super::future::LockAs;
use super::guard::ReentrantLockGuard;
use super::owner::Owner;
use super::{ByOwner, ReentrantLock};

/// Owned by an [`Owner`], who may be in several threads at once: `T` is `Send` and `Sync`, and is lent for reading only.
impl<T: ?Sized + Send + Sync> ReentrantLock<T> {
    const_unless_checked! {
        /// Enters the lock as `owner`, waiting asynchronously until it is free or held by that very owner. Dropping the guard
        /// takes the entry back.
        ///
        /// Nothing happens before the first poll. The future allocates nothing, works in any runtime, and may be polled by any
        /// task, on any thread; it is not `Unpin`.
        ///
        /// # Fairness
        ///
        /// An owner that holds the lock enters again at once. Otherwise as for
        /// [`Mutex::lock_async`](crate::Mutex::lock_async).
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses its place in the queue, and nothing else: a wake-up that it had been sent is passed on.
        /// A future that is neither polled nor dropped owns nothing.
        ///
        /// # Deadlocks
        ///
        /// The guard may be held across an `.await`; whoever locks meanwhile, other than as `owner`, waits for that task. Waits
        /// for ever if this task holds the lock as another owner, or by its thread.
        ///
        /// # Panics
        ///
        /// When it is polled, if `owner` holds the lock [`MAX_HOLDS`](Self::MAX_HOLDS) times; nothing has changed then.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_mutex::{Owner, ReentrantLock};
        /// # futures_lite::future::block_on(async {
        /// let lock = ReentrantLock::new(7);
        /// let owner = Owner::new();
        /// let outer = lock.lock_async(&owner).await;
        /// let inner = lock.lock_async(&owner).await;
        /// assert_eq!((*outer, *inner, lock.hold_count_of(&owner)), (7, 7, 2));
        /// # });
        /// ```
        #[inline]
        #[track_caller]
        pub const fn lock_async<'a>(&'a self, owner: &'a Owner) -> LockAs<'a, T> {
            LockAs::new(self, owner)
        }
    }

    /// Enters the lock as `owner`, blocking this thread until it is free or held by that very owner.
    ///
    /// # Fairness
    ///
    /// An owner that holds the lock enters again at once. Otherwise as for [`Mutex::lock`](crate::Mutex::lock).
    ///
    /// # Deadlocks
    ///
    /// As for [`lock`](Self::lock). Waits for ever if this thread holds the lock as another owner, or by itself.
    ///
    /// # Panics
    ///
    /// If `owner` holds the lock [`MAX_HOLDS`](Self::MAX_HOLDS) times; nothing has changed then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// let lock = ReentrantLock::new(7);
    /// let owner = Owner::new();
    /// let outer = lock.lock_as(&owner);
    /// let inner = lock.lock_as(&owner);
    /// assert_eq!((*outer, *inner), (7, 7));
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn lock_as(&self, owner: &Owner) -> ReentrantLockGuard<'_, T, ByOwner> {
        self.raw().lock_as(owner);
        ReentrantLockGuard::new(self)
    }

    /// Enters the lock as `owner` if it is free or held by that very owner. Never blocks.
    ///
    /// `None` too if `owner` holds it [`MAX_HOLDS`](Self::MAX_HOLDS) times.
    ///
    /// # Fairness
    ///
    /// As for [`Mutex::try_lock`](crate::Mutex::try_lock).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// let lock = ReentrantLock::new(7);
    /// let guard = lock.lock();
    /// assert!(lock.try_lock_as(&Owner::new()).is_none());
    /// # drop(guard);
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_lock_as(&self, owner: &Owner) -> Option<ReentrantLockGuard<'_, T, ByOwner>> {
        self.raw().try_lock_as(owner).then(|| ReentrantLockGuard::new(self))
    }

    /// Enters the lock as `owner`, blocking this thread for at most `timeout`.
    ///
    /// A timeout of zero makes one attempt. One that reaches beyond what the clock can tell, like [`Duration::MAX`], is no
    /// timeout. `None` at once if `owner` holds the lock [`MAX_HOLDS`](Self::MAX_HOLDS) times.
    ///
    /// # Fairness
    ///
    /// As for [`lock_as`](Self::lock_as). A thread that was woken and gives up passes the wake-up on.
    ///
    /// # Deadlocks
    ///
    /// As for [`lock_as`](Self::lock_as), until the time runs out.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// use std::time::Duration;
    ///
    /// let lock = ReentrantLock::new(7);
    /// let guard = lock.lock_as(&Owner::new());
    /// assert!(lock.try_lock_as_for(&Owner::new(), Duration::from_millis(1)).is_none());
    /// # drop(guard);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock_as_for(&self, owner: &Owner, timeout: Duration) -> Option<ReentrantLockGuard<'_, T, ByOwner>> {
        self.raw().try_lock_as_for(owner, timeout).then(|| ReentrantLockGuard::new(self))
    }

    /// Enters the lock as `owner`, blocking this thread until `deadline` at the latest.
    ///
    /// A deadline that has passed makes one attempt. Otherwise as [`try_lock_as_for`](Self::try_lock_as_for).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// use std::time::Instant;
    ///
    /// let lock = ReentrantLock::new(7);
    /// assert!(lock.try_lock_as_until(&Owner::new(), Instant::now()).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock_as_until(&self, owner: &Owner, deadline: Instant) -> Option<ReentrantLockGuard<'_, T, ByOwner>> {
        self.raw().try_lock_as_until(owner, Some(deadline)).then(|| ReentrantLockGuard::new(self))
    }

    /// Enters the lock as `owner` for the length of a call. See [`lock_as`](Self::lock_as).
    ///
    /// # Panics
    ///
    /// As for [`lock_as`](Self::lock_as).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// let lock = ReentrantLock::new(7);
    /// let owner = Owner::new();
    /// assert_eq!(lock.with_as(&owner, |outer| lock.with_as(&owner, |inner| inner + outer)), 14);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn with_as<R>(&self, owner: &Owner, run: impl FnOnce(&T) -> R) -> R {
        run(&*self.lock_as(owner))
    }
}

impl<T: ?Sized> ReentrantLock<T> {
    /// How often `owner` holds the lock at this moment; 0 if somebody else does, or nobody. The answer may be old when it
    /// arrives, where others have the same owner.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// let lock = ReentrantLock::new(7);
    /// let owner = Owner::new();
    /// let guard = lock.lock_as(&owner);
    /// assert_eq!((lock.hold_count_of(&owner), lock.hold_count()), (1, 0));
    /// # drop(guard);
    /// ```
    #[inline]
    #[must_use]
    pub fn hold_count_of(&self, owner: &Owner) -> u32 {
        self.raw().count(owner.name())
    }

    /// Whether `owner` holds the lock at this moment. The answer may be old when it arrives, where others have the same owner.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// let lock = ReentrantLock::new(7);
    /// let owner = Owner::new();
    /// let guard = lock.lock_as(&owner);
    /// assert!(lock.is_held_by(&owner) && !lock.is_held_by(&Owner::new()));
    /// # drop(guard);
    /// ```
    #[inline]
    #[must_use]
    pub fn is_held_by(&self, owner: &Owner) -> bool {
        self.hold_count_of(owner) != 0
    }
}
