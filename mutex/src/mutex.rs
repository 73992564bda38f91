//! The mutex and its borrowed guards. The algorithm is in `raw.rs`.

#![expect(unsafe_code, reason = "guards lend the value that the lock protects")]

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
use core::time::Duration;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::cell::{Claim, UnsafeCell};
use latchwork_core::sync::time::Instant;

use crate::future::Lock;
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
/// - One woken thread at a time is on its way; until it has arrived, unlock wakes no other (`one_woken_thread_at_a_time`).
/// - A thread that is the oldest waiter, and has waited for 1 ms, is granted the lock by the next unlock
///   (`a_starved_thread_is_granted_the_lock`). A woken thread that finds the lock taken goes back to the front of the queue.
/// - For a task that was woken, lost the race, and has waited for 1 ms in all, the next unlock reserves the lock: every
///   other contender gives way once, a task by returning `Pending` and waking itself, a thread by yielding
///   (`a_starved_task_is_given_way_to`). [`try_lock`](Self::try_lock) does not give way.
/// - A task that is not polled owns nothing and delays nobody who is: a thread (`a_thread_passes_a_task_that_is_not_polled`),
///   a newcomer (`a_newcomer_passes_a_task_that_is_not_polled`), a queued task that is polled
///   (`a_queued_task_that_is_polled_passes_one_that_is_not`). A queued task behind it that is not polled either, since its
///   task was not woken, is woken by the next unlock, and not before
///   (`the_next_unlock_wakes_the_task_behind_one_that_is_not_polled`).
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
    /// A thread may lose the race for the lock to others for about 1 ms after it has queued; the first unlock after that
    /// which finds it the oldest waiter grants it the lock. See [`Mutex`](Self#fairness).
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
    #[inline]
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
    #[inline]
    pub fn try_lock_for(&self, timeout: Duration) -> Option<MutexGuard<'_, T>> {
        try_lock_raw_for(&self.raw, timeout).then(|| MutexGuard::new(self))
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
    #[inline]
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
    #[inline]
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

/// `try_lock_for`, for borrowed and owned guards.
#[inline]
pub(crate) fn try_lock_raw_for(raw: &RawMutex, timeout: Duration) -> bool {
    raw.try_lock()
        || match Instant::now().checked_add(timeout) {
            Some(deadline) => raw.try_lock_until(deadline),
            None => {
                raw.lock();
                true
            }
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

/// The lock of a [`Mutex`], which dropping it releases.
///
/// It may be sent to another thread and dropped there. Forgetting it leaves the mutex locked for ever, and is otherwise
/// safe.
#[must_use = "the mutex is unlocked when the guard is dropped"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    claim: Claim,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The guard of a lock that the caller owns.
    #[inline]
    pub(crate) fn new(mutex: &'a Mutex<T>) -> Self {
        Self { claim: mutex.claim(), mutex }
    }

    /// Narrows the guard to a part of the value.
    ///
    /// An associated function: `MutexGuard::map(guard, ...)`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Mutex, MutexGuard};
    /// let mutex = Mutex::new((1, 2));
    /// *MutexGuard::map(mutex.lock(), |pair| &mut pair.1) = 3;
    /// assert_eq!(*mutex.lock(), (1, 3));
    /// ```
    #[inline]
    pub fn map<U: ?Sized>(mut guard: Self, part: impl FnOnce(&mut T) -> &mut U) -> MappedMutexGuard<'a, U> {
        let value = NonNull::from(part(&mut *guard));
        MappedMutexGuard::new(guard, value)
    }

    /// Narrows the guard to a part of the value, if there is such a part.
    ///
    /// # Errors
    ///
    /// The guard, where there is not.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(vec![1]);
    /// let guard = MutexGuard::try_map(mutex.lock(), |values| values.get_mut(5)).unwrap_err();
    /// assert_eq!(guard.len(), 1);
    /// ```
    #[inline]
    pub fn try_map<U: ?Sized>(
        mut guard: Self,
        part: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<MappedMutexGuard<'a, U>, Self> {
        match part(&mut *guard).map(NonNull::from) {
            Some(value) => Ok(MappedMutexGuard::new(guard, value)),
            None => Err(guard),
        }
    }

    /// Unlocks the mutex for the length of a call, and blocks until it is locked again, also if the call panics.
    ///
    /// # Deadlocks
    ///
    /// As for [`Mutex::lock`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(1);
    /// let mut guard = mutex.lock();
    /// MutexGuard::unlocked(&mut guard, || *mutex.lock() += 1);
    /// assert_eq!(*guard, 2);
    /// ```
    #[inline]
    pub fn unlocked<R>(guard: &mut Self, run: impl FnOnce() -> R) -> R {
        guard.claim.release();
        guard.mutex.raw.unlock();
        let _relock = Relock(guard);
        run()
    }

    /// Lets those who wait have the lock once, and blocks until it is this guard's again. Does nothing where nobody waits.
    ///
    /// A thread that waits is granted the lock; for a task it is reserved.
    ///
    /// # Deadlocks
    ///
    /// As for [`Mutex::lock`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(0);
    /// let mut guard = mutex.lock();
    /// for step in 0..1_000 {
    ///     *guard += step;
    ///     MutexGuard::bump(&mut guard);
    /// }
    /// ```
    #[inline]
    pub fn bump(guard: &mut Self) {
        guard.claim.release();
        guard.mutex.raw.bump();
        guard.claim = guard.mutex.claim();
    }
}

/// Locks again when it is dropped, for a guard that has been unlocked.
struct Relock<'g, 'a, T: ?Sized>(&'g mut MutexGuard<'a, T>);

impl<T: ?Sized> Drop for Relock<'_, '_, T> {
    fn drop(&mut self) {
        self.0.mutex.raw.lock();
        self.0.claim = self.0.mutex.claim();
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard owns the lock (M4), and is borrowed for as long as the reference lives.
        unsafe { &*self.mutex.value() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard owns the lock (M4), and is borrowed exclusively for as long as the reference lives.
        unsafe { &mut *self.mutex.value() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.claim.release();
        self.mutex.raw.unlock();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The lock of a [`Mutex`], narrowed to a part of its value by [`MutexGuard::map`].
#[must_use = "the mutex is unlocked when the guard is dropped"]
pub struct MappedMutexGuard<'a, U: ?Sized> {
    raw: &'a RawMutex,
    value: NonNull<U>,
    claim: Claim,
    /// Lends `U` exclusively, and is invariant in it.
    lends: PhantomData<&'a mut U>,
}

impl<'a, U: ?Sized> MappedMutexGuard<'a, U> {
    /// Takes the lock over from a guard, whose value `value` is a part of.
    #[inline]
    fn new<T: ?Sized>(guard: MutexGuard<'a, T>, value: NonNull<U>) -> Self {
        let mut guard = ManuallyDrop::new(guard);
        Self { raw: &guard.mutex.raw, value, claim: guard.claim.hand_over(), lends: PhantomData }
    }

    /// Narrows the guard to a part of its part.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{MappedMutexGuard, Mutex, MutexGuard};
    /// let mutex = Mutex::new((1, (2, 3)));
    /// let pair = MutexGuard::map(mutex.lock(), |value| &mut value.1);
    /// *MappedMutexGuard::map(pair, |pair| &mut pair.0) = 4;
    /// assert_eq!(*mutex.lock(), (1, (4, 3)));
    /// ```
    #[inline]
    pub fn map<V: ?Sized>(mut guard: Self, part: impl FnOnce(&mut U) -> &mut V) -> MappedMutexGuard<'a, V> {
        let value = NonNull::from(part(&mut *guard));
        guard.narrow(value)
    }

    /// Narrows the guard to a part of its part, if there is such a part.
    ///
    /// # Errors
    ///
    /// The guard, where there is not.
    #[inline]
    pub fn try_map<V: ?Sized>(
        mut guard: Self,
        part: impl FnOnce(&mut U) -> Option<&mut V>,
    ) -> Result<MappedMutexGuard<'a, V>, Self> {
        match part(&mut *guard).map(NonNull::from) {
            Some(value) => Ok(guard.narrow(value)),
            None => Err(guard),
        }
    }

    #[inline]
    fn narrow<V: ?Sized>(self, value: NonNull<V>) -> MappedMutexGuard<'a, V> {
        let mut guard = ManuallyDrop::new(self);
        MappedMutexGuard { raw: guard.raw, value, claim: guard.claim.hand_over(), lends: PhantomData }
    }
}

impl<U: ?Sized> Deref for MappedMutexGuard<'_, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: this guard owns the lock (M4), and is borrowed for as long as the reference lives.
        unsafe { self.value.as_ref() }
    }
}

impl<U: ?Sized> DerefMut for MappedMutexGuard<'_, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        // SAFETY: this guard owns the lock (M4), and is borrowed exclusively for as long as the reference lives.
        unsafe { self.value.as_mut() }
    }
}

impl<U: ?Sized> Drop for MappedMutexGuard<'_, U> {
    #[inline]
    fn drop(&mut self) {
        self.claim.release();
        self.raw.unlock();
    }
}

impl<U: ?Sized + fmt::Debug> fmt::Debug for MappedMutexGuard<'_, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<U: ?Sized + fmt::Display> fmt::Display for MappedMutexGuard<'_, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(size_of::<Mutex<()>>() <= 32);

// SAFETY: a mutex that is sent takes its value along, which is sending `T`; the rest may be reached from anywhere.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: a shared mutex lends `&mut T` to one thread at a time (M4), which is sending `T` to and fro; `T: Send` is enough
// and `T: Sync` is not needed.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

// SAFETY: a guard that is sent lends `&mut T` to the other thread, which unlocks there; no thread's identity is involved.
unsafe impl<T: ?Sized + Send> Send for MutexGuard<'_, T> {}
// SAFETY: a shared guard lends `&T`.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

// SAFETY: as for `MutexGuard`, with the part of the value that it lends.
unsafe impl<U: ?Sized + Send> Send for MappedMutexGuard<'_, U> {}
// SAFETY: a shared guard lends `&U`.
unsafe impl<U: ?Sized + Sync> Sync for MappedMutexGuard<'_, U> {}
