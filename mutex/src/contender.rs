//! Who asks for the lock.

use crate::raw::RawMutex;

/// In whose name the lock is asked for: several who contend in one name may hold the lock together.
///
/// Those who stand for themselves alone are [`Anyone`].
pub(crate) trait Contender {
    /// The request of its waiters: the name, or 0.
    fn request(&self) -> u64;

    /// It starts to wait. From here on, whoever gets the lock in the same name lets it in.
    fn begin_waiting(&self);

    /// It waits no more.
    fn end_waiting(&self);

    /// Takes part in the hold of others in the same name, if there is one. Tried after it was queued: if that fails, whoever
    /// gets the lock in the same name later knows that it waits.
    fn join_from_queue(&self) -> bool;

    /// Gives up what it has just got, the lock or a part in it.
    fn give_up(&self, raw: &RawMutex);
}

/// A contender in nobody's name but its own.
pub(crate) struct Anyone;

impl Contender for Anyone {
    #[inline]
    fn request(&self) -> u64 {
        0
    }

    #[inline]
    fn begin_waiting(&self) {}

    #[inline]
    fn end_waiting(&self) {}

    #[inline]
    fn join_from_queue(&self) -> bool {
        false
    }

    #[inline]
    fn give_up(&self, raw: &RawMutex) {
        raw.unlock();
    }
}
