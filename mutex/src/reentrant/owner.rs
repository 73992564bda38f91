//! In whose name a lock is held.

use core::fmt;

use super::state::{Name, Waiting};

/// An owner of [`ReentrantLock`](crate::ReentrantLock)s that is no thread: whoever has it, enters the locks that it holds.
///
/// A task makes one, and passes it by reference to whatever it calls; it stays the same owner, on whichever thread the task
/// is polled. Threads or tasks that share one, by reference or in an `Arc`, are the same owner, and enter together.
///
/// Dropping it releases nothing: guards do. Nobody is ever given the same identity again, so that a lock whose guard was
/// forgotten stays locked.
///
/// Since those who share it are inside at the same time, a lock that is held as an `Owner` protects what is `Sync`:
///
/// ```compile_fail,E0599
/// # use latchwork_mutex::{Owner, ReentrantLock};
/// let lock = ReentrantLock::new(std::cell::Cell::new(7));
/// lock.lock_as(&Owner::new());
/// ```
///
/// # Size
///
/// 16 bytes.
///
/// # Examples
///
/// ```
/// use latchwork_mutex::{Owner, ReentrantLock};
///
/// let lock = ReentrantLock::new(7);
/// let (one, other) = (Owner::new(), Owner::new());
/// let guard = lock.lock_as(&one);
/// assert!(lock.try_lock_as(&one).is_some());
/// assert!(lock.try_lock_as(&other).is_none());
/// # drop(guard);
/// ```
pub struct Owner {
    name: Name,
    waiting: Waiting,
}

impl Owner {
    /// An owner like no other.
    ///
    /// # Panics
    ///
    /// If 2^46 owners and threads have been told apart in this process: at a million a second, after two years.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_mutex::{Owner, ReentrantLock};
    /// let lock = ReentrantLock::new(());
    /// assert!(!lock.is_held_by(&Owner::new()));
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { name: Name::fresh(), waiting: Waiting::new() }
    }

    #[inline]
    pub(crate) const fn name(&self) -> Name {
        self.name
    }

    #[inline]
    pub(crate) const fn waiting(&self) -> &Waiting {
        &self.waiting
    }
}

impl Default for Owner {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Owner").field(&self.name.number()).finish()
    }
}
