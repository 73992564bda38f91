//! Who asks for permits.

use core::pin::Pin;
use core::task::Waker;

use latchwork_core::wait::{Contender, Entrant, Entry, Held, Progress, Signal, Waiter};

use crate::error::Closed;
use crate::layout::Layout;
use crate::raw::RawSemaphore;

/// Somebody who asks for so many permits.
pub(crate) struct Asking<'a, L> {
    semaphore: &'a RawSemaphore<L>,
    permits: i64,
}

impl<'a, L> Asking<'a, L> {
    #[inline]
    pub(crate) const fn new(semaphore: &'a RawSemaphore<L>, permits: i64) -> Self {
        Self { semaphore, permits }
    }
}

impl<L: Layout> Contender for Asking<'_, L> {
    type Never = Closed;

    const WHAT: &'static str = "semaphore";

    fn address(&self) -> *const () {
        self.semaphore.address()
    }

    fn request(&self) -> u64 {
        self.permits as u64
    }

    fn try_take(&self, progress: Progress, reserved_too: bool) -> Result<(), Held<Closed>> {
        self.semaphore.try_take(self.permits, progress, reserved_too)
    }

    fn is_to_queue_at_once(&self) -> bool {
        self.semaphore.has_company()
    }

    fn enqueue(&self, entrant: Entrant<'_>) -> Entry {
        self.semaphore.enqueue(entrant, self.permits)
    }

    fn leave(&self, waiter: Pin<&Waiter>) -> Option<Signal> {
        self.semaphore.leave(waiter)
    }

    fn leave_with_it(&self, waiter: Pin<&Waiter>) {
        if self.leave(waiter).is_some() {
            // Where it was woken after it had taken, it was promised as much again (S5). Where before, that is what it has taken, and somebody
            // may be woken in vain.
            self.pass_on();
        }
    }

    fn is_waiting_with(&self, waiter: Pin<&Waiter>, waker: &Waker) -> bool {
        self.semaphore.is_waiting_with(waiter, waker)
    }

    fn arrive(&self) {
        self.semaphore.arrive();
    }

    fn pass_on(&self) {
        self.semaphore.look_for_waiters(self.permits);
    }

    fn give_up(&self) {
        self.semaphore.give_back(self.permits).expect("they have just been taken");
    }
}
