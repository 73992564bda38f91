//! The counting semaphore. The algorithm is in `raw.rs`.

#[cfg(feature = "alloc")]
use alloc::sync::Arc;
use core::fmt;
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;
use latchwork_core::wait::Held;

use crate::acquire::acquire_methods;
use crate::any::{AnySemaphore, Raw};
#[cfg(feature = "std")]
use crate::error::Closed;
use crate::error::TryAcquireError;
use crate::future::Acquire;
#[cfg(feature = "alloc")]
use crate::future::AcquireOwned;
use crate::layout::{Counting, Layout};
#[cfg(feature = "alloc")]
use crate::permit::OwnedPermit;
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
/// - A task that is not polled owns nothing, and delays nobody who comes (`a_newcomer_passes_tasks_that_are_not_polled`), nor a
///   thread behind it (`a_thread_passes_tasks_that_are_not_polled`).
/// - A thread that is the oldest waiter, and has waited for 1 ms, is given its permits by the release that makes them enough
///   (`a_starved_thread_is_granted_its_permits`). For a task that was woken and came too late, for the first time 1 ms
///   ago, what is free is reserved: every other contender gives way once (`a_newcomer_gives_way_once_to_a_starved_task`). Without the
///   feature `std` there is no clock: what is free is reserved for any that has come too late
///   (`a_task_that_came_too_late_once_is_given_way_to`).
///
/// # Cancel safety
///
/// A future of [`acquire_async`](Self::acquire_async) that is dropped loses its place in the queue, and nothing else: a wake-up that it had
/// been sent is passed on, and what has gathered for it is there for those behind it. It owns its permits when it is ready, and none
/// before.
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
            Self { raw: RawSemaphore::new(Self::counted(permits)) }
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
        self.raw.release(Self::counted(permits)).expect("a semaphore has as many permits as it can hold");
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
        self.raw.forget((permits as u64).min(Counting::GREATEST as u64) as i64) as usize
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
        self.raw.reduce(Self::counted(permits)).expect("a semaphore owes as many permits as it can");
    }
}

acquire_methods!(Semaphore, Counting);

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Semaphore");
        debug.field("available_permits", &self.available_permits()).field("is_closed", &self.is_closed());
        debug.finish_non_exhaustive()
    }
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(size_of::<Semaphore>() <= 32);
