//! The counting semaphore. The algorithm is in `raw.rs`.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::time::Instant;
use latchwork_core::wait::{self, Held};

use crate::error::{Closed, TryAcquireError};
use crate::future::Acquire;
use crate::layout::{Counting, Layout};
use crate::permit::Permit;
use crate::raw::RawSemaphore;

/// A counting semaphore for threads and tasks.
///
/// It has a number of permits, which are acquired and given back. Threads acquire with [`acquire`](Self::acquire), tasks with
/// [`acquire_async`](Self::acquire_async), on the same instance, in any async runtime or none.
///
/// A semaphore may start with no permits, and have them [added](Self::add_permits) by somebody else: then it is a signal.
///
/// # Fairness
///
/// Each sentence is asserted by the model named after it.
///
/// - Requests are queued in the order in which they came, and the oldest is woken first: a small one that came later is not
///   woken before a large one (`a_large_request_is_not_passed_in_the_queue`).
/// - While the oldest asks for more than is free, what is free gathers for it: whoever comes is queued behind it, and
///   [`try_acquire`](Self::try_acquire) fails, though [`available_permits`](Self::available_permits) shows what has gathered
///   (`permits_gather_for_a_large_request`).
/// - Otherwise what is free goes to the first that comes, ahead of those who have been woken and are not there yet
///   (`free_permits_go_to_the_first_that_comes`).
/// - A task that is not polled owns nothing, and delays nobody who comes (`a_newcomer_passes_a_task_that_is_not_polled`).
/// - A thread that is the oldest waiter, and has waited for 1 ms, is given its permits by the release that makes them enough
///   (`a_starved_thread_is_granted_its_permits`). For a task that was woken, came too late, and has waited for 1 ms, what is
///   free is reserved: every other contender gives way once.
///
/// # Deadlocks
///
/// A thread that waits for permits which only it could give back waits for ever; so does a thread that blocks for permits of a
/// task which can only be polled by that very thread. In async code use [`acquire_async`](Self::acquire_async).
///
/// # Memory ordering
///
/// What was done before permits were given back happens before what is done after any later acquisition.
///
/// # Size
///
/// 32 bytes. Nothing is allocated, on any path.
///
/// # Examples
///
/// A signal, from a thread to a task:
///
/// ```
/// use latchwork_semaphore::Semaphore;
///
/// static READY: Semaphore = Semaphore::new(0);
///
/// let thread = std::thread::spawn(|| READY.add_permits(1));
/// futures_lite::future::block_on(READY.acquire_async()).unwrap().forget();
/// thread.join().unwrap();
/// assert_eq!(READY.available_permits(), 0);
/// ```
pub struct Semaphore {
    raw: RawSemaphore<Counting>,
}

impl Semaphore {
    /// The most permits that can be free, or be asked for: 2^48 - 1, or what a `usize` can hold, if that is less.
    pub const MAX_PERMITS: usize = Counting::GREATEST as usize;

    const_unless_checked! {
        /// A semaphore with so many permits, all of them free.
        ///
        /// # Panics
        ///
        /// If they are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_semaphore::Semaphore;
        /// static SEMAPHORE: Semaphore = Semaphore::new(3);
        /// assert_eq!(SEMAPHORE.available_permits(), 3);
        /// ```
        #[inline]
        #[must_use]
        pub const fn new(permits: usize) -> Self {
            Self { raw: RawSemaphore::new(counted(permits)) }
        }
    }

    /// Acquires a permit, blocking this thread until one is free. Dropping it gives it back.
    ///
    /// # Fairness
    ///
    /// See [`Semaphore`](Self#fairness).
    ///
    /// # Deadlocks
    ///
    /// See [`Semaphore`](Self#deadlocks).
    ///
    /// # Errors
    ///
    /// [`Closed`], if the semaphore is, or is before a permit is free.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// let semaphore = Semaphore::new(1);
    /// let permit = semaphore.acquire().unwrap();
    /// assert_eq!(semaphore.available_permits(), 0);
    /// # drop(permit);
    /// ```
    #[inline]
    pub fn acquire(&self) -> Result<Permit<'_>, Closed> {
        self.acquire_many(1)
    }

    /// Acquires so many permits at once, blocking this thread until they are free. None are taken before all are.
    ///
    /// No permits are acquired at once, however many are free.
    ///
    /// # Errors
    ///
    /// As for [`acquire`](Self::acquire).
    ///
    /// # Panics
    ///
    /// If they are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[inline]
    pub fn acquire_many(&self, permits: usize) -> Result<Permit<'_>, Closed> {
        self.acquire_until(permits, None).map(|acquired| acquired.expect("there is no deadline"))
    }

    /// Acquires a permit if one is free, and gathers for nobody. Never blocks.
    ///
    /// # Errors
    ///
    /// Why it has not.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::{Semaphore, TryAcquireError};
    /// let semaphore = Semaphore::new(1);
    /// let permit = semaphore.try_acquire().unwrap();
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    /// # drop(permit);
    /// ```
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Acquires so many permits if they are free, and gather for nobody. Never blocks.
    ///
    /// # Errors
    ///
    /// Why it has not.
    ///
    /// # Panics
    ///
    /// If they are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[inline]
    pub fn try_acquire_many(&self, permits: usize) -> Result<Permit<'_>, TryAcquireError> {
        match self.raw.try_acquire(counted(permits)) {
            Ok(()) => Ok(Permit::new(self, permits)),
            Err(Held::Locked | Held::Reserved) => Err(TryAcquireError::NoPermits),
            Err(Held::Never(closed)) => Err(closed.into()),
        }
    }

    /// Acquires a permit, blocking this thread for at most `timeout`.
    ///
    /// A timeout of zero makes one attempt. One that reaches beyond what the clock can tell, like [`Duration::MAX`], is no
    /// timeout.
    ///
    /// # Errors
    ///
    /// Why it has not.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// use std::time::Duration;
    ///
    /// let semaphore = Semaphore::new(1);
    /// let permit = semaphore.try_acquire_for(Duration::MAX).unwrap();
    /// assert!(semaphore.try_acquire_for(Duration::from_millis(1)).is_err());
    /// # drop(permit);
    /// ```
    #[inline]
    pub fn try_acquire_for(&self, timeout: Duration) -> Result<Permit<'_>, TryAcquireError> {
        self.try_acquire_many_for(1, timeout)
    }

    /// Acquires so many permits at once, blocking this thread for at most `timeout`.
    ///
    /// # Errors
    ///
    /// Why it has not.
    ///
    /// # Panics
    ///
    /// If they are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    pub fn try_acquire_many_for(&self, permits: usize, timeout: Duration) -> Result<Permit<'_>, TryAcquireError> {
        match self.try_acquire_many(permits) {
            Err(TryAcquireError::NoPermits) => {
                let acquired = self.acquire_until(permits, Instant::now().checked_add(timeout))?;
                acquired.ok_or(TryAcquireError::NoPermits)
            }
            acquired => acquired,
        }
    }

    /// Acquires a permit, blocking this thread until `deadline` at the latest. One attempt, where that has passed.
    ///
    /// # Errors
    ///
    /// Why it has not.
    #[inline]
    pub fn try_acquire_until(&self, deadline: Instant) -> Result<Permit<'_>, TryAcquireError> {
        self.try_acquire_many_until(1, deadline)
    }

    /// Acquires so many permits at once, blocking this thread until `deadline` at the latest.
    ///
    /// # Errors
    ///
    /// Why it has not.
    ///
    /// # Panics
    ///
    /// If they are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[inline]
    pub fn try_acquire_many_until(&self, permits: usize, deadline: Instant) -> Result<Permit<'_>, TryAcquireError> {
        self.acquire_until(permits, Some(deadline))?.ok_or(TryAcquireError::NoPermits)
    }

    const_unless_checked! {
        /// Acquires a permit, waiting asynchronously until one is free. Dropping it gives it back.
        ///
        /// Nothing happens before the first poll. The future allocates nothing, works in any runtime, and may be polled by any
        /// task; it is not `Unpin`.
        ///
        /// # Fairness
        ///
        /// See [`Semaphore`](Self#fairness).
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses its place in the queue, and nothing else: a wake-up that it had been sent is passed on, and
        /// what has gathered for it is there for those behind it. A future that is neither polled nor dropped owns nothing.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_semaphore::Semaphore;
        /// # futures_lite::future::block_on(async {
        /// let semaphore = Semaphore::new(1);
        /// let permit = semaphore.acquire_async().await.unwrap();
        /// assert_eq!(semaphore.available_permits(), 0);
        /// # drop(permit);
        /// # });
        /// ```
        #[inline]
        pub const fn acquire_async(&self) -> Acquire<'_> {
            Acquire::new(self, 1)
        }
    }

    const_unless_checked! {
        /// Acquires so many permits at once, waiting asynchronously until they are free. Otherwise as
        /// [`acquire_async`](Self::acquire_async).
        ///
        /// # Panics
        ///
        /// If they are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
        #[inline]
        pub const fn acquire_many_async(&self, permits: usize) -> Acquire<'_> {
            counted(permits);
            Acquire::new(self, permits)
        }
    }

    /// Gives the semaphore so many permits more.
    ///
    /// # Panics
    ///
    /// If more than [`MAX_PERMITS`](Self::MAX_PERMITS) would be free; nothing has changed then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// let semaphore = Semaphore::new(1);
    /// semaphore.add_permits(2);
    /// assert_eq!(semaphore.available_permits(), 3);
    /// ```
    #[inline]
    pub fn add_permits(&self, permits: usize) {
        self.raw.release(counted(permits)).expect("a semaphore has as many permits as it can hold");
    }

    /// Takes permits that are free away for good, up to so many. Returns how many.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// let semaphore = Semaphore::new(3);
    /// let permit = semaphore.acquire().unwrap();
    /// assert_eq!(semaphore.forget_permits(5), 2);
    /// drop(permit);
    /// assert_eq!(semaphore.available_permits(), 1);
    /// ```
    pub fn forget_permits(&self, permits: usize) -> usize {
        self.raw.forget(counted(permits.min(Self::MAX_PERMITS))) as usize
    }

    /// Takes so many permits away for good, whether they are free or not. Those that are not are [owed](Self::debt): what is
    /// given back next pays for them first.
    ///
    /// # Panics
    ///
    /// If more than [`MAX_PERMITS`](Self::MAX_PERMITS) would be owed; nothing has changed then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// let semaphore = Semaphore::new(2);
    /// let (first, second) = (semaphore.acquire().unwrap(), semaphore.acquire().unwrap());
    /// semaphore.reduce_permits(1);
    /// drop(first);
    /// assert_eq!((semaphore.available_permits(), semaphore.debt()), (0, 0));
    /// drop(second);
    /// assert_eq!(semaphore.available_permits(), 1);
    /// ```
    pub fn reduce_permits(&self, permits: usize) {
        self.raw.reduce(counted(permits)).expect("a semaphore owes as many permits as it can");
    }

    /// How many permits are owed at this moment: so many of those that are given back next are not free. The answer may be old
    /// when it arrives.
    #[inline]
    #[must_use]
    pub fn debt(&self) -> usize {
        (-self.raw.free()).max(0) as usize
    }

    /// How many permits are free at this moment, those too that gather for somebody. The answer may be old when it arrives.
    #[inline]
    #[must_use]
    pub fn available_permits(&self) -> usize {
        self.raw.free().max(0) as usize
    }

    /// Closes the semaphore for good: whoever waits is woken with [`Closed`], and nobody acquires any more. Permits that are out
    /// may still be given back.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_semaphore::Semaphore;
    /// let semaphore = Semaphore::new(1);
    /// semaphore.close();
    /// assert!(semaphore.acquire().is_err());
    /// ```
    pub fn close(&self) {
        self.raw.close();
    }

    /// Whether the semaphore has been closed.
    #[inline]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.raw.is_closed()
    }

    #[inline]
    pub(crate) fn give_back(&self, permits: usize) {
        if permits > 0 {
            self.raw.give_back(permits as i64).expect("a semaphore has as many permits as it can hold");
        }
    }

    #[inline]
    pub(crate) fn poll_acquire(
        &self,
        acquire: Pin<&mut wait::Acquire>,
        permits: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Closed>> {
        self.raw.poll_acquire(acquire, counted(permits), cx)
    }

    #[inline]
    pub(crate) fn cancel_acquire(&self, acquire: Pin<&mut wait::Acquire>, permits: usize) {
        self.raw.cancel_acquire(acquire, counted(permits));
    }

    #[inline]
    fn acquire_until(&self, permits: usize, deadline: Option<Instant>) -> Result<Option<Permit<'_>>, Closed> {
        let is_in = self.raw.acquire_until(counted(permits), deadline)?;
        Ok(is_in.then(|| Permit::new(self, permits)))
    }

    #[cfg(test)]
    pub(crate) const fn raw(&self) -> &RawSemaphore<Counting> {
        &self.raw
    }
}

/// A number of permits as the word counts them.
#[inline]
pub(crate) const fn counted(permits: usize) -> i64 {
    assert!(permits <= Semaphore::MAX_PERMITS, "more permits than a semaphore can hold");
    permits as i64
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Semaphore");
        debug.field("available_permits", &self.available_permits()).field("is_closed", &self.is_closed());
        debug.finish_non_exhaustive()
    }
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(size_of::<Semaphore>() <= 32);
