//! Who asks for the lock.

use core::convert::Infallible;
use core::pin::Pin;
use core::task::Waker;

use latchwork_core::wait::{Contender, Entrant, Entry, Held, Progress, Signal, Turns, Waiter};

use crate::raw::RawRwLock;
use crate::request::Request;

/// Somebody who asks for a share or for the lock.
pub(crate) struct Asking<'a> {
    lock: &'a RawRwLock,
    request: Request,
}

impl<'a> Asking<'a> {
    #[inline]
    pub(crate) const fn new(lock: &'a RawRwLock, request: Request) -> Self {
        Self { lock, request }
    }
}

impl Contender for Asking<'_> {
    type Never = Infallible;

    /// Whoever waits may keep many from working: two readers at a time get twice as far as one. So waiting is worth more turns than
    /// for a mutex. Ratios to std's throughput with 1 % writes and sections of 1 us: with the default 1.1 for 2 threads and 0.6 for
    /// 16, with these 1.9 and 1.0. With one turn of a newcomer, empty sections and 50 % writes have a third of the throughput with
    /// 2 threads (`cargo run --release -p latchwork-benches -- rwlock --writes 1,50 --sections 0,1000`).
    ///
    /// Each attempt takes the word's cache line from the owner. With attempts that are not so far apart, empty sections and 50 % writes
    /// have a third of the throughput, with 2 threads and with 16; sections of 1 us are as good (same command).
    const TURNS: Turns = Turns { newcomer: 6, queued: 9, apart: 64, ..Turns::DEFAULT };

    const ASKS_WHO_IS_AWAKE: bool = true;

    fn request(&self) -> u64 {
        self.request.number()
    }

    fn try_take(&self, progress: Progress, reserved_too: bool) -> Result<(), Held<Infallible>> {
        self.lock.try_take(self.request, progress, reserved_too)
    }

    fn has_company(&self) -> bool {
        self.lock.has_company()
    }

    fn enqueue(&self, entrant: Entrant<'_>) -> Entry {
        self.lock.enqueue(entrant, self.request)
    }

    fn leave(&self, waiter: Pin<&Waiter>) -> Option<Signal> {
        self.lock.leave(waiter, self.request)
    }

    fn is_waiting_with(&self, waiter: Pin<&Waiter>, waker: &Waker) -> bool {
        self.lock.is_waiting_with(waiter, waker)
    }

    fn arrive(&self) {
        self.lock.arrive();
    }

    fn pass_on(&self) {
        self.lock.pass_on();
    }

    fn give_up(&self) {
        self.lock.release(self.request);
    }
}
