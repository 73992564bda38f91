//! The lock of a queue: three states on one futex word.
//!
//! | word        | meaning                               | set by                               |
//! |-------------|---------------------------------------|--------------------------------------|
//! | `FREE`      | nobody is inside                      | `unlock`                             |
//! | `HELD`      | somebody is inside, nobody sleeps     | `lock`, uncontended                  |
//! | `CONTENDED` | somebody is inside, some may sleep    | `lock`, after or before a sleep      |
//!
//! The critical sections of a queue are a few dozen instructions and run no foreign code, so that a short spin nearly
//! always does. A sleep covers the case where the holder has lost its processor: a pure spin lock would then burn what the
//! holder needs, and with priorities never give it back.
//!
//! Without the feature `std` nobody can be put to sleep: the wait for the futex word to change turns for as long as it takes.
//!
//! The algorithm is the third mutex of Drepper's "Futexes are tricky" (2011).

use crate::Spin;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::futex;

const FREE: u32 = 0;
const HELD: u32 = 1;
const CONTENDED: u32 = 2;

/// Turns before a thread sleeps: 191 pause hints. A holder that has its processor is out long before that; one that has not
/// needs ours.
const TURNS: u32 = 8;

pub(super) struct QueueLock(AtomicU32);

impl QueueLock {
    crate::const_unless_checked! {
        #[inline]
        pub(super) const fn new() -> Self {
            Self(AtomicU32::new(FREE))
        }
    }

    #[inline]
    pub(super) fn lock(&self) {
        if !self.try_lock() {
            self.lock_contended();
        }
    }

    #[inline]
    fn try_lock(&self) -> bool {
        // ORDERING: Acquire pairs with the Release in `unlock`: the list is seen as the last holder left it. Weakening
        // it fails `models::queue::the_queue_is_seen_as_the_last_holder_left_it`. Failure is Relaxed: nothing is read.
        self.0.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn lock_contended(&self) {
        let mut spin = Spin::new(TURNS);
        while spin.turn() {
            // ORDERING: Relaxed: the load only spares the others an exclusive access.
            if self.0.load(Ordering::Relaxed) == FREE && self.try_lock() {
                return;
            }
        }
        // ORDERING: Acquire, as in `try_lock`. Weakening it fails `models::queue::the_queue_is_seen_as_the_last_holder_left_it`.
        while self.0.swap(CONTENDED, Ordering::Acquire) != FREE {
            futex::wait(&self.0, CONTENDED);
        }
    }

    /// For models: as [`WaitQueue::end`](super::WaitQueue::end).
    #[cfg(latchwork = "loom")]
    pub(super) fn end(&mut self) {
        self.0.with_mut(|_| ());
    }

    #[inline]
    pub(super) fn unlock(&self) {
        // ORDERING: Release pairs with the Acquires above. Weakening it fails
        // `models::queue::the_queue_is_seen_as_the_last_holder_left_it`.
        if self.0.swap(FREE, Ordering::Release) == CONTENDED {
            futex::wake_one(&raw const self.0);
        }
    }
}
