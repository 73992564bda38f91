//! Who asks for the mutex.

use core::convert::Infallible;
use core::pin::Pin;
use core::task::Waker;

use latchwork_core::sync::hint::pause;
use latchwork_core::wait::{Contender, Entrant, Entry, Held, Pace, Progress, Signal, Waiter};

use crate::raw::RawMutex;

/// In whose name the lock is asked for: several who contend in one name may hold it together.
///
/// Those who stand for themselves are [`Alone`].
pub(crate) trait Party {
    /// The request of its waiters: the name, or 0.
    fn request(&self) -> u64;

    /// Somebody starts to wait in this name. From here on, whoever gets the lock in the same name lets it in.
    fn begin_waiting(&self);

    /// It waits no more.
    fn end_waiting(&self);

    /// Takes part in the hold of others in the same name, if there is one. Tried after it was queued: if that fails, whoever
    /// gets the lock in the same name later knows that it waits.
    fn join_from_queue(&self) -> bool;

    /// Gives up what it has just got, the lock or a part in it.
    fn give_up(&self, mutex: &RawMutex);
}

/// Nobody but the contender itself.
pub(crate) struct Alone;

impl Party for Alone {
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
    fn give_up(&self, mutex: &RawMutex) {
        mutex.unlock();
    }
}

/// Somebody who asks for a mutex.
pub(crate) struct Asking<'a, P> {
    pub(crate) mutex: &'a RawMutex,
    pub(crate) party: P,
}

impl<P: Party> Contender for Asking<'_, P> {
    type Never = Infallible;

    const WHAT: &'static str = "mutex";

    fn address(&self) -> *const () {
        self.mutex.address()
    }

    fn request(&self) -> u64 {
        self.party.request()
    }

    fn try_take(&self, _: Progress, reserved_too: bool) -> Result<(), Held<Infallible>> {
        self.mutex.try_take(reserved_too)
    }

    fn pace(&self) -> Pace {
        // With attempts that are always far apart at first, sections of 200 ns and 1 us, and as much time outside of them, have four fifths
        // of the throughput of std, with 2, 4 and 16 threads; with attempts that are always close at first, empty sections have half of
        // what they have (`cargo run --release -p latchwork-benches -- mutex --section 0,200,1000`).
        if self.mutex.is_brief() { Pace::FAR } else { Pace::CLOSE }
    }

    fn pause(&self, hints: u32) {
        self.mutex.watch(hints, || pause(hints));
    }

    fn is_to_queue_at_once(&self) -> bool {
        // Who waits has to be woken, which takes longer than a short section. Where newcomers queued at once, sixteen threads with sections
        // of 1 us and as much time outside of them had three quarters of the throughput (`cargo run --release -p latchwork-benches --
        // mutex --threads 16 --section 1000 --outside 50`).
        false
    }

    fn enqueue(&self, entrant: Entrant<'_>) -> Entry {
        self.mutex.enqueue(entrant, &self.party)
    }

    fn leave(&self, waiter: Pin<&Waiter>) -> Option<Signal> {
        self.mutex.leave(waiter)
    }

    fn is_waiting_with(&self, waiter: Pin<&Waiter>, waker: &Waker) -> bool {
        self.mutex.is_waiting_with(waiter, waker)
    }

    fn arrive(&self) {
        self.mutex.arrive();
    }

    fn pass_on(&self) {
        self.mutex.pass_on();
    }

    fn give_up(&self) {
        self.party.give_up(self.mutex);
    }

    fn begin_waiting(&self) {
        self.party.begin_waiting();
    }

    fn end_waiting(&self) {
        self.party.end_waiting();
    }
}

#[cfg(all(test, feature = "std", not(any(latchwork = "loom", latchwork = "shuttle"))))]
mod tests {
    use super::*;
    use crate::Mutex;

    /// The pace of newcomers after one has paused for so many pause hints, and seen so many unlocks meanwhile.
    fn pace_after(mutex: &Mutex<()>, hints: u32, unlocks: u32) -> Pace {
        mutex.raw().watch(hints, || (0..unlocks).for_each(|_| drop(mutex.lock())));
        mutex.raw().contender().pace()
    }

    #[test]
    fn a_newcomer_keeps_its_attempts_far_apart_where_sections_are_brief() {
        let mutex = Mutex::new(());
        assert_eq!(mutex.raw().contender().pace(), Pace::CLOSE);
        assert_eq!(pace_after(&mutex, 64, 6), Pace::FAR);
        assert_eq!(pace_after(&mutex, 64, 5), Pace::CLOSE);
        assert_eq!(pace_after(&mutex, 12, 2), Pace::FAR);
        assert_eq!(pace_after(&mutex, 12, 1), Pace::CLOSE, "one alone may be the end of a long section");
        assert_eq!(pace_after(&mutex, 64, 250), Pace::FAR, "the count begins anew after 256");
        assert_eq!(pace_after(&mutex, 64, 0), Pace::CLOSE);
    }

    #[test]
    fn a_newcomer_learns_nothing_from_a_pause_that_is_too_short_or_too_long() {
        let mutex = Mutex::new(());
        assert_eq!(pace_after(&mutex, 11, 2), Pace::CLOSE);
        assert_eq!(pace_after(&mutex, 65, 20), Pace::CLOSE);
        assert_eq!(pace_after(&mutex, 64, 20), Pace::FAR);
        assert_eq!(pace_after(&mutex, 11, 0), Pace::FAR);
        assert_eq!(pace_after(&mutex, 65, 0), Pace::FAR);
    }
}
