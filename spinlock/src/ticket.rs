//! The ticket lock. Its state is in `ticket/state.rs`.

#![expect(unsafe_code, reason = "a shared lock lends the value that it protects")]

mod state;

use core::fmt;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::cell::UnsafeCell;

use state::{Held, State};

use crate::guard::narrowing_guard;
use crate::lend::Exclusive;
use crate::spin::fmt_lock;

/// A mutual exclusion lock whose waiters spin, and are served in the order in which they came.
///
/// Whoever comes draws a ticket, and waits until it is called up. The further back one stands, the longer the pauses between
/// its looks at the number that is being served: 2 hints for each one before it. With the feature `std`, a waiter that has
/// paused for 128 hints yields to the scheduler at each turn from then on.
///
/// # What it does not offer
///
/// There is no `try_lock_for`, no `try_lock_spins` and no `lock_async`. Each of them may give up, or be dropped, and a
/// ticket that was drawn cannot be returned: everybody behind it would wait for ever.
/// [`try_lock`](Self::try_lock) draws a ticket only when it is its turn, and can be repeated, without a place in the order.
/// [`SpinLock`](crate::SpinLock) has all these forms, and no order.
///
/// # Fairness
///
/// First come, first served (`threads_are_served_in_the_order_in_which_they_came`); nobody passes one who waits
/// (`try_lock_passes_nobody_who_waits`).
///
/// That has a price: where the next in line has lost its core, everybody waits for it, though others could run. With more
/// threads than cores each change of owner may take a switch of threads, or several.
///
/// # Deadlocks
///
/// Locking again what one has locked waits for ever. A thread that blocks for a lock whose owner is a task may keep that task
/// from being polled.
///
/// # Memory ordering
///
/// What was done before an unlock happens before what is done after every later lock, in whichever way it was taken.
///
/// # Poisoning
///
/// There is none: where a panic unwinds through a guard, the lock is released, and the next owner finds the value as it
/// was left.
///
/// # Size
///
/// 8 bytes and the value. Nothing is allocated, on any path.
///
/// # Examples
///
/// ```
/// use latchwork_spinlock::TicketLock;
///
/// static TOTAL: TicketLock<u64> = TicketLock::new(0);
///
/// *TOTAL.lock() += 1;
/// assert_eq!(*TOTAL.lock(), 1);
/// ```
pub struct TicketLock<T: ?Sized> {
    state: State,
    value: UnsafeCell<T>,
}

impl<T> TicketLock<T> {
    const_unless_checked! {
        /// A free lock around `value`.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_spinlock::TicketLock;
        /// static NAMES: TicketLock<Vec<String>> = TicketLock::new(Vec::new());
        /// assert!(NAMES.lock().is_empty());
        /// ```
        #[inline]
        pub const fn new(value: T) -> Self {
            Self::at(0, value)
        }
    }

    const_unless_checked! {
        /// A free lock whose next ticket is `ticket`: one that has been locked so often.
        #[inline]
        pub(crate) const fn at(ticket: u32, value: T) -> Self {
            Self { state: State::at(ticket), value: UnsafeCell::new(value) }
        }
    }

    /// The value. Nobody can be holding or awaiting a lock that is given away.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::TicketLock;
    /// assert_eq!(TicketLock::new(7).into_inner(), 7);
    /// ```
    #[inline]
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> TicketLock<T> {
    /// Locks, spinning until it is this one's turn. Dropping the guard unlocks it.
    ///
    /// # Fairness
    ///
    /// First come, first served.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread holds the lock, or if its owner needs this thread to go on.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::TicketLock;
    /// let lock = TicketLock::new(1);
    /// *lock.lock() += 1;
    /// assert_eq!(*lock.lock(), 2);
    /// ```
    #[inline]
    pub fn lock(&self) -> TicketLockGuard<'_, T> {
        self.guard(self.state.take())
    }

    /// Locks if nobody holds the lock or waits for it. Never waits, and never fails while nobody does.
    ///
    /// (If it loses its core between two instructions for so long that the lock is taken 2^32 times meanwhile, it may find
    /// itself with a ticket for a turn to come, and then waits for it.)
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::TicketLock;
    /// let lock = TicketLock::new(1);
    /// let guard = lock.try_lock().unwrap();
    /// assert!(lock.try_lock().is_none());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn try_lock(&self) -> Option<TicketLockGuard<'_, T>> {
        self.state.try_take().map(|held| self.guard(held))
    }

    /// Locks for the length of a call. See [`lock`](Self::lock).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::TicketLock;
    /// let lock = TicketLock::new([1, 2]);
    /// assert_eq!(lock.with(|values| values.iter().sum::<i32>()), 3);
    /// ```
    #[inline]
    pub fn with<Output>(&self, run: impl FnOnce(&mut T) -> Output) -> Output {
        run(&mut *self.lock())
    }

    /// The value, which nobody else can reach: no lock is needed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::TicketLock;
    /// let mut lock = TicketLock::new(1);
    /// *lock.get_mut() = 2;
    /// assert_eq!(lock.into_inner(), 2);
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
    /// # use latchwork_spinlock::TicketLock;
    /// let lock = TicketLock::new(1);
    /// let guard = lock.lock();
    /// assert!(lock.is_locked());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.state.drawn() != 0
    }

    #[inline]
    fn guard<'a>(&'a self, held: Held<'a>) -> TicketLockGuard<'a, T> {
        // SAFETY: the guard holds this lock, which nobody else does (T2), and keeps the loan and the hold together (L2).
        let loan = unsafe { Exclusive::new(&self.value) };
        TicketLockGuard::new(loan, held)
    }
}

#[cfg(all(any(feature = "lock_api_04", feature = "lock_api_05"), not(any(latchwork = "loom", latchwork = "shuttle"))))]
impl<T: ?Sized> TicketLock<T> {
    /// The guard that was forgotten, again.
    ///
    /// # Safety
    ///
    /// There was one of this lock; it has not been dropped, nor been had again since.
    #[inline]
    pub(crate) unsafe fn guard_again(&self) -> TicketLockGuard<'_, T> {
        self.guard(self.state.held())
    }
}

#[cfg(test)]
impl<T: ?Sized> TicketLock<T> {
    /// How many have the lock or wait for it.
    pub(crate) fn drawn(&self) -> u32 {
        self.state.drawn()
    }
}

narrowing_guard! {
    /// The lock of a [`TicketLock`], which dropping it releases.
    ///
    /// It may be sent to another thread and dropped there. Forgetting it leaves the lock taken for ever, and is otherwise
    /// safe.
    pub struct TicketLockGuard: exclusive, lends Exclusive by [&mut], holds Held;
    example: TicketLock, "lock.lock()";
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for TicketLock<T> {
    /// Shows the value, or `<locked>` where somebody holds the lock. Never waits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_lock(f, "TicketLock", self.try_lock().as_deref())
    }
}

impl<T: Default> Default for TicketLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for TicketLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(size_of::<TicketLock<()>>() == 8);

// SAFETY: a lock that is sent takes its value along, which is sending `T`.
unsafe impl<T: ?Sized + Send> Send for TicketLock<T> {}
// SAFETY: a shared lock lends `&mut T` to one thread at a time (T2), which is sending `T` to and fro; `T: Send` is enough
// and `T: Sync` is not needed.
unsafe impl<T: ?Sized + Send> Sync for TicketLock<T> {}
