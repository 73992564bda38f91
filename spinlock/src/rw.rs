//! The reader-writer spin lock. What its word means is in `rw/state.rs`, how one waits in `rw/raw.rs`.

#![expect(unsafe_code, reason = "a shared lock lends the value that it protects")]

mod raw;
mod read;
mod state;
mod upgradable;
mod write;

use core::fmt;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::cell::UnsafeCell;

use raw::{Reader, Upgradable, Writer};
pub use read::RwSpinLockReadGuard;
use state::State;
pub use upgradable::RwSpinLockUpgradableGuard;
pub use write::{MappedRwSpinLockWriteGuard, RwSpinLockWriteGuard};

use crate::lend::{Exclusive, Shared};
use crate::spin::fmt_lock;

/// A lock for many readers or one writer whose waiters spin, and in which writers go before readers.
///
/// Readers get a guard that lends `&T`, a writer one that lends `&mut T`; an *upgradable* reader, of which there is one at a
/// time beside any number of plain ones, can become the writer without anybody else writing in between. Threads and tasks use
/// the same instance; waiting threads relax by [`Backoff`](crate::Backoff).
///
/// It pays where sections that read are frequent, and long enough that their overlap is worth more than the second locked
/// instruction that leaving costs: otherwise [`SpinLock`](crate::SpinLock) is faster, also for reading.
///
/// # Fairness
///
/// Each sentence is asserted by the test or model named after it.
///
/// - A thread that waits to write, from its first pause on, holds back every reader that comes after it
///   (`a_waiting_writer_holds_back_new_readers`). Writers that follow one another can keep readers out for ever.
/// - Writers are in no order among themselves: the first to see the lock free has it
///   (`a_free_lock_goes_to_the_first_writer_that_comes`).
/// - An upgradable reader that waits to become the writer likewise holds back every reader that comes after it
///   (`an_upgrade_holds_back_new_readers`), and goes before every waiting writer, which waits for it to leave
///   (`an_upgrade_goes_before_a_waiting_writer`).
/// - A thread that waits to read, or for another upgradable reader to leave, holds back nobody
///   (`a_waiting_upgradable_reader_holds_back_nobody`).
/// - A task that waits to write holds readers back while it is being polled, and not between polls
///   (`a_writing_task_that_is_not_polled_holds_back_nobody`): readers whose sections overlap without a gap can keep it out.
/// - Whoever gives up, by turns, by time or by a drop, holds back nobody from then on
///   (`a_writer_that_gives_up_lets_readers_in`).
///
/// # Cancel safety
///
/// A future that is dropped loses nothing: it is queued nowhere, and owns nothing before it is ready. One that upgrades owns its guard, and
/// releases the lock as dropping the guard does.
///
/// # Deadlocks
///
/// Reading again what one reads waits for ever if a writer came in between. So does whoever reads and asks to write, or
/// the other way round; and two who wait for each other to leave. A thread that spins for a lock whose owner is a task may
/// keep that task from being polled: in async code use the async forms.
///
/// # Memory ordering
///
/// What was done before a release, a downgrade included, happens before what is done after every acquisition, or upgrade,
/// that it made possible.
///
/// # Panics
///
/// 2,097,152 readers may have the lock at a time. More, as of guards that were forgotten, are refused: [`try_read`] and
/// [`try_upgradable_read`] return `None`, all other forms panic, and nothing is changed.
///
/// [`try_read`]: Self::try_read
/// [`try_upgradable_read`]: Self::try_upgradable_read
///
/// # Poisoning
///
/// There is none: where a panic unwinds through a guard, the lock is released, and the next owner finds the value as it
/// was left.
///
/// # Size
///
/// 4 bytes and the value. Nothing is allocated, on any path.
///
/// # Examples
///
/// ```
/// use latchwork_spinlock::RwSpinLock;
///
/// static LIMITS: RwSpinLock<(u32, u32)> = RwSpinLock::new((0, 10));
///
/// assert_eq!(LIMITS.read().1, 10);
/// LIMITS.write().1 = 20;
/// assert_eq!(*LIMITS.read(), (0, 20));
/// ```
pub struct RwSpinLock<T: ?Sized> {
    state: State,
    value: UnsafeCell<T>,
}

impl<T> RwSpinLock<T> {
    const_unless_checked! {
        /// A free lock around `value`.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_spinlock::RwSpinLock;
        /// static NAMES: RwSpinLock<Vec<String>> = RwSpinLock::new(Vec::new());
        /// assert!(NAMES.read().is_empty());
        /// ```
        #[inline]
        pub const fn new(value: T) -> Self {
            Self { state: State::new(), value: UnsafeCell::new(value) }
        }
    }

    /// The value. Nobody can be holding or awaiting a lock that is given away.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// assert_eq!(RwSpinLock::new(7).into_inner(), 7);
    /// ```
    #[inline]
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> RwSpinLock<T> {
    /// The value, which nobody else can reach: no lock is needed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// let mut lock = RwSpinLock::new(1);
    /// *lock.get_mut() = 2;
    /// assert_eq!(lock.into_inner(), 2);
    /// ```
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Whether somebody has the lock at this moment, to read or to write. The answer may be old when it arrives.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// let lock = RwSpinLock::new(1);
    /// let guard = lock.read();
    /// assert!(lock.is_locked() && !lock.is_write_locked());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.state.is_locked()
    }

    /// Whether a writer has the lock at this moment. The answer may be old when it arrives.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_spinlock::RwSpinLock;
    /// let lock = RwSpinLock::new(1);
    /// let reader = lock.read();
    /// assert!(lock.is_locked() && !lock.is_write_locked());
    /// # drop(reader);
    /// ```
    #[inline]
    pub fn is_write_locked(&self) -> bool {
        self.state.is_write_locked()
    }

    #[inline]
    fn read_guard<'a>(&'a self, held: Reader<'a>) -> RwSpinLockReadGuard<'a, T> {
        // SAFETY: the guard holds this lock for reading (R1), and keeps the loan and the hold together (L2).
        let loan = unsafe { Shared::new(&self.value) };
        RwSpinLockReadGuard::new(loan, held)
    }

    #[inline]
    fn upgradable_guard<'a>(&'a self, held: Upgradable<'a>) -> RwSpinLockUpgradableGuard<'a, T> {
        // SAFETY: the guard holds this lock for reading (R1), and keeps the loan and the hold together (L2).
        let loan = unsafe { Shared::new(&self.value) };
        RwSpinLockUpgradableGuard::new(loan, held, self)
    }

    #[inline]
    fn write_guard<'a>(&'a self, held: Writer<'a>) -> RwSpinLockWriteGuard<'a, T> {
        // SAFETY: the guard holds this lock, which nobody else does (R1), and keeps the loan and the hold together (L2).
        let loan = unsafe { Exclusive::new(&self.value) };
        RwSpinLockWriteGuard::new(loan, held, self)
    }
}

#[cfg(all(any(feature = "lock_api_04", feature = "lock_api_05"), not(any(latchwork = "loom", latchwork = "shuttle"))))]
impl<T: ?Sized> RwSpinLock<T> {
    /// The reader's guard that was forgotten, again.
    ///
    /// # Safety
    ///
    /// There was one of this lock; it has not been dropped, nor been had again since.
    #[inline]
    pub(crate) unsafe fn read_again(&self) -> RwSpinLockReadGuard<'_, T> {
        self.read_guard(Reader(&self.state))
    }

    /// The upgradable guard that was forgotten, again.
    ///
    /// # Safety
    ///
    /// There was one of this lock; it has not been dropped, nor been had again since.
    #[inline]
    pub(crate) unsafe fn upgradable_again(&self) -> RwSpinLockUpgradableGuard<'_, T> {
        self.upgradable_guard(Upgradable(&self.state))
    }

    /// The writer's guard that was forgotten, again.
    ///
    /// # Safety
    ///
    /// There was one of this lock; it has not been dropped, nor been had again since.
    #[inline]
    pub(crate) unsafe fn write_again(&self) -> RwSpinLockWriteGuard<'_, T> {
        self.write_guard(Writer(&self.state))
    }
}

#[cfg(test)]
impl<T: ?Sized> RwSpinLock<T> {
    /// How many writers hold readers back.
    pub(crate) fn waiting(&self) -> u32 {
        (self.state.snapshot() & state::WAITING) / state::ONE_WAITING
    }

    /// As if as many writers waited as can be counted, and then no longer.
    pub(crate) fn be_waited_for_by_many(&self, meanwhile: impl FnOnce()) {
        let most = state::WAITING / state::ONE_WAITING;
        (0..most).for_each(|_| assert!(self.state.announce(), "nobody else waits"));
        meanwhile();
        assert_eq!(self.waiting(), most);
        (0..most).for_each(|_| self.state.withdraw());
    }

    /// Whether nobody has the lock, or waits for it.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.state.snapshot() == state::FREE
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwSpinLock<T> {
    /// Shows the value, or `<locked>` where a writer has the lock or waits for it. Never waits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_lock(f, "RwSpinLock", self.try_read().as_deref())
    }
}

impl<T: Default> Default for RwSpinLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for RwSpinLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(size_of::<RwSpinLock<()>>() == 4);

// SAFETY: a lock that is sent takes its value along, which is sending `T`.
unsafe impl<T: ?Sized + Send> Send for RwSpinLock<T> {}
// SAFETY: a shared lock lends `&mut T` to one thread at a time, which is sending `T` to and fro, and `&T` to many at a time
// (R1), which is sharing it.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwSpinLock<T> {}
