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

    const WHAT: &'static str = "rwlock";

    /// Whoever waits may keep many from working: two readers at a time get twice as far as one. So one that has queued is worth more
    /// turns before it sleeps. Without them sections of 1 us and 1 % writes have 0.61 of the throughput of the better of std and
    /// parking_lot with 2 threads and 0.58 with 16, with them 0.97 and 0.98 (`cargo run --release -p latchwork-benches -- rwlock
    /// --writes 1 --section 1000`).
    const TURNS: Turns = Turns { queued: 9, ..Turns::DEFAULT };

    const ASKS_WHO_IS_AWAKE: bool = true;

    fn address(&self) -> *const () {
        self.lock.address()
    }

    fn has_a_part(&self) -> bool {
        self.request == Request::Upgrade
    }

    fn request(&self) -> u64 {
        self.request.number()
    }

    fn try_take(&self, progress: Progress, reserved_too: bool) -> Result<(), Held<Infallible>> {
        self.lock.try_take(self.request, progress, reserved_too)
    }

    fn is_to_queue_at_once(&self) -> bool {
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
