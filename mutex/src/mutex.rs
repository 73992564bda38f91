//! The mutex. The algorithm is in `raw.rs`.

#![expect(unsafe_code, reason = "a shared mutex lends the value that it protects")]

use core::fmt;
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::cell::{Claim, UnsafeCell};
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;

use crate::future::Lock;
use crate::guard::MutexGuard;
use crate::raw::RawMutex;

/// A mutual exclusion lock for threads and tasks.
///
/// A value is protected by the lock and reached through a guard, of which there is one at a time. Threads get it with
/// [`lock`](Self::lock), tasks with [`lock_async`](Self::lock_async), on the same instance, in any async runtime or none.
///
/// # Fairness
///
/// Each sentence is asserted by the test or model named after it.
///
/// - A free lock goes to the first that comes, ahead of the queue (`a_free_lock_goes_to_the_first_that_comes`).
/// - Unlock wakes the waiter that has waited longest, thread or task (`waiters_are_woken_in_the_order_in_which_they_came`).
/// - One woken thread at a time is on its way; until it has arrived, unlock wakes no other (`one_woken_thread_at_a_time`),
///   but it wakes an older task (`a_thread_on_its_way_holds_back_no_older_task`).
/// - A woken thread that finds the lock taken goes back to the front of the queue. Where it has waited for 1 ms in all, the next unlock
///   grants it the lock (`a_starved_thread_is_granted_the_lock`). One that has not been woken is, first: nobody could have the lock
///   before it runs (`a_starved_thread_is_woken_before_it_is_granted_the_lock`).
/// - For a task that was woken and lost the race, for the first time 1 ms ago, the next unlock reserves the lock: every
///   other contender gives way once, a task by returning `Pending` and waking itself, a thread by yielding
///   (`a_starved_task_is_given_way_to`). [`try_lock`](Self::try_lock) does not give way. Without the feature `std` there is no
///   clock: the next unlock reserves the lock for any that has lost the race (`a_task_that_lost_the_race_once_is_given_way_to`).
/// - A task that is not polled owns nothing and delays nobody who is: a thread (`a_thread_passes_a_task_that_is_not_polled`),
///   a newcomer (`a_newcomer_passes_a_task_that_is_not_polled`), a queued task that is polled
///   (`a_queued_task_that_is_polled_passes_one_that_is_not`). A queued task behind it that is not polled either, since its
///   task was not woken, is woken by the next unlock, and not before
///   (`the_next_unlock_wakes_the_task_behind_one_that_is_not_polled`).
///
/// # Cancel safety
///
/// A future of [`lock_async`](Self::lock_async) that is dropped loses its place in the queue, and nothing else: a wake-up that it had been
/// sent is passed on. It owns the lock when it is ready, and not before.
///
/// # Deadlocks
///
/// Locking again what one has locked waits for ever. So does a thread that blocks for a lock whose owner, a task, can only
/// be polled by that very thread: in async code use [`lock_async`](Self::lock_async), above all on an executor with one
/// thread. A blocking call in async code does not panic.
///
/// # Memory ordering
///
/// What was done before an unlock happens before what is done after the next lock, in whichever way it was taken.
///
/// # Poisoning
///
/// There is none: where a panic unwinds through a guard, the lock is released, and the next owner finds the value as it
/// was left.
///
/// # Cost
///
/// Where nobody waits, lock and unlock take one locked instruction on Linux, and two elsewhere or with
/// `--cfg latchwork_no_membarrier`. The first wait for a lock after 1024 unlocks that met nobody takes a system call that interrupts all
/// processors which run threads of the process, for some microseconds. Once in a process an unlock takes some milliseconds, unless
/// [`prepare`](crate::prepare) has been called.
///
/// # Size
///
/// 32 bytes and the value. Nothing is allocated, on any path.
///
/// # Examples
///
/// ```
/// use latchwork_mutex::Mutex;
///
/// static TOTAL: Mutex<u64> = Mutex::new(0);
///
/// *TOTAL.lock() += 1;
/// futures_lite::future::block_on(async { *TOTAL.lock_async().await += 1 });
/// assert_eq!(*TOTAL.lock(), 2);
/// ```
pub struct Mutex<T: ?Sized> {
    raw: RawMutex,
    value: UnsafeCell<T>,
}

impl<T> Mutex<T> {
    const_unless_checked! {
        /// An unlocked mutex around `value`.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_mutex::Mutex;
        /// static NAMES: Mutex<Vec<String>> = Mutex::new(Vec::new());
        /// assert!(NAMES.lock().is_empty());
        /// ```
        #[inline]
        pub const fn new(value: T) -> Self {
            Self { raw: RawMutex::new(), value: UnsafeCell::new(value) }
        }
    }

    /// The value. Nobody can be holding or awaiting a lock that is given away.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::Mutex;
    /// assert_eq!(Mutex::new(7).into_inner(), 7);
    /// ```
    #[inline]
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks the mutex, blocking this thread until it is free. Dropping the guard unlocks it.
    ///
    /// # Fairness
    ///
    /// A thread may lose the race for the lock to others for about 1 ms after it has queued; once it has been woken as the oldest
    /// waiter, and lost one more, the next unlock grants it the lock. See [`Mutex`](Self#fairness).
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread holds the lock, or if its owner needs this thread to go on; a task on an executor
    /// with one thread does. In async code use [`lock_async`](Self::lock_async).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::Mutex;
    /// let mutex = Mutex::new(1);
    /// *mutex.lock() += 1;
    /// assert_eq!(*mutex.lock(), 2);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.raw.lock();
        MutexGuard::new(self)
    }

    /// Locks the mutex if nobody holds it. Never blocks, and never fails while nobody does.
    ///
    /// # Fairness
    ///
    /// It takes a free lock ahead of everybody who waits, even one that is reserved for a starved task: a program that only
    /// ever tries can starve tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::Mutex;
    /// let mutex = Mutex::new(1);
    /// let guard = mutex.try_lock().unwrap();
    /// assert!(mutex.try_lock().is_none());
    /// # drop(guard);
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.raw.try_lock().then(|| MutexGuard::new(self))
    }

    /// Locks the mutex, blocking this thread for at most `timeout`.
    ///
    /// A timeout of zero makes one attempt. One that reaches beyond what the clock can tell, like [`Duration::MAX`], is no
    /// timeout. A lock that is granted at the moment in which the time runs out is taken.
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
    /// # use latchwork_mutex::Mutex;
    /// use std::time::Duration;
    ///
    /// let mutex = Mutex::new(1);
    /// let guard = mutex.try_lock_for(Duration::MAX).unwrap();
    /// assert!(mutex.try_lock_for(Duration::from_millis(1)).is_none());
    /// # drop(guard);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock_for(&self, timeout: Duration) -> Option<MutexGuard<'_, T>> {
        self.raw.try_lock_for(timeout).then(|| MutexGuard::new(self))
    }

    /// Locks the mutex, blocking this thread until `deadline` at the latest.
    ///
    /// A deadline that has passed makes one attempt. Otherwise as [`try_lock_for`](Self::try_lock_for).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::Mutex;
    /// use std::time::Instant;
    ///
    /// let mutex = Mutex::new(1);
    /// assert!(mutex.try_lock_until(Instant::now()).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_lock_until(&self, deadline: Instant) -> Option<MutexGuard<'_, T>> {
        self.raw.try_lock_until(deadline).then(|| MutexGuard::new(self))
    }

    const_unless_checked! {
        /// Locks the mutex, waiting asynchronously until it is free. Dropping the guard unlocks it.
        ///
        /// Nothing happens before the first poll. The future allocates nothing, works in any runtime, and may be polled by any
        /// task; it is not `Unpin`.
        ///
        /// # Fairness
        ///
        /// A woken task may find the lock taken again. After about 1 ms of that, the next unlock reserves the lock for it. See
        /// [`Mutex`](Self#fairness).
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses its place in the queue, and nothing else: a wake-up that it had been sent is passed on.
        /// A future that is neither polled nor dropped owns nothing.
        ///
        /// # Deadlocks
        ///
        /// The guard may be held across an `.await`; whoever locks meanwhile waits for that task. Waits for ever if this task
        /// holds the lock.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_mutex::Mutex;
        /// # futures_lite::future::block_on(async {
        /// let mutex = Mutex::new(1);
        /// *mutex.lock_async().await += 1;
        /// assert_eq!(*mutex.lock_async().await, 2);
        /// # });
        /// ```
        #[inline]
        #[track_caller]
        pub const fn lock_async(&self) -> Lock<'_, T> {
            Lock::new(self)
        }
    }

    /// Locks the mutex for the length of a call. See [`lock`](Self::lock).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::Mutex;
    /// let mutex = Mutex::new(vec![1]);
    /// let len = mutex.with(|values| {
    ///     values.push(2);
    ///     values.len()
    /// });
    /// assert_eq!(len, 2);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
        run(&mut *self.lock())
    }

    /// The value, which nobody else can reach: no lock is needed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::Mutex;
    /// let mut mutex = Mutex::new(1);
    /// *mutex.get_mut() = 2;
    /// assert_eq!(mutex.into_inner(), 2);
    /// ```
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Whether somebody holds the lock at this moment. The answer may be old when it arrives.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::Mutex;
    /// let mutex = Mutex::new(1);
    /// let guard = mutex.lock();
    /// assert!(mutex.is_locked());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.raw.is_locked()
    }

    #[inline]
    pub(crate) const fn raw(&self) -> &RawMutex {
        &self.raw
    }

    #[cfg(latchwork = "loom")]
    pub(crate) fn raw_mut(&mut self) -> &mut RawMutex {
        &mut self.raw
    }

    /// The owner starts to reach the value.
    #[inline]
    pub(crate) fn claim(&self) -> Claim {
        self.value.claim()
    }

    /// The value, for the owner (M4).
    #[inline]
    pub(crate) const fn value(&self) -> *mut T {
        self.value.get()
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    /// Shows the value, or `<locked>` where somebody holds the lock. Never blocks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Mutex");
        match self.try_lock() {
            Some(guard) => debug.field("value", &&*guard),
            None => debug.field("value", &format_args!("<locked>")),
        };
        debug.finish_non_exhaustive()
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(size_of::<Mutex<()>>() <= 32);

// SAFETY: a mutex that is sent takes its value along, which is sending `T`; the rest may be reached from anywhere.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: a shared mutex lends `&mut T` to one thread at a time (M4), which is sending `T` to and fro; `T: Send` is enough
// and `T: Sync` is not needed.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
