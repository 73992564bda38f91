//! The state of a [`TicketLock`](super::TicketLock): two counters.
//!
//! | word      | meaning                              | changed by                              |
//! |-----------|--------------------------------------|-----------------------------------------|
//! | `next`    | the ticket that the next to come has | whoever draws a ticket: one more        |
//! | `serving` | the ticket whose turn it is          | the owner, when it is done: one more    |
//!
//! Both wrap around, and are compared for equality alone.
//!
//! T1. Each ticket is drawn once on the way around, by a read-modify-write of `next`.
//! T2. Whoever drew the ticket that `serving` shows has the lock, until it stores the next ticket there. Nobody else writes
//!     `serving`. Nothing but this decides whose the lock is.
//! T3. Every ticket that is drawn is served: who draws one waits for its turn, and gives it up when it is done. There is no
//!     way to return a ticket, so no wait that may end earlier draws one.
//! T4. At no time do more than 2^32 - 1 wait, since each is a thread or a core that does nothing else. So two who wait, or
//!     have the lock, never hold the same number, and the wrap-around is a step like any other.
//!
//! With nobody waiting, `next` and `serving` are equal, and the lock is free.

use latchwork_core::const_unless_checked;
use latchwork_core::sync::atomic::{AtomicU32, Ordering};

use crate::relax::Proportional;

/// The counters. See the [module documentation](self).
pub(super) struct State {
    next: AtomicU32,
    serving: AtomicU32,
}

impl State {
    const_unless_checked! {
        /// The state of a free lock whose next ticket is `ticket`.
        pub(super) const fn at(ticket: u32) -> Self {
            Self { next: AtomicU32::new(ticket), serving: AtomicU32::new(ticket) }
        }
    }

    /// Draws a ticket, and waits for its turn.
    #[inline]
    pub(super) fn take(&self) -> Held<'_> {
        // ORDERING: Relaxed: the ticket says nothing of what the lock protects; `await_turn` does.
        let ticket = self.next.fetch_add(1, Ordering::Relaxed);
        self.await_turn(ticket)
    }

    /// Draws a ticket if it is served at once.
    #[inline]
    pub(super) fn try_take(&self) -> Option<Held<'_>> {
        let ticket = self.serving();
        // ORDERING: Relaxed, as in `take`. Strong: a spurious failure would call a free lock taken.
        match self.next.compare_exchange(ticket, ticket.wrapping_add(1), Ordering::Relaxed, Ordering::Relaxed) {
            // Its turn is now. Had everybody else drawn 2^32 tickets since the look at `serving`, its turn would come
            // later, and it would wait for it: nothing breaks (T2).
            Ok(_) => Some(self.await_turn(ticket)),
            Err(_) => None,
        }
    }

    /// How many have the lock or wait for it, at this moment.
    #[inline]
    pub(super) fn drawn(&self) -> u32 {
        let serving = self.serving();
        // ORDERING: Relaxed: the answer may be old when it arrives, whatever the ordering.
        self.next.load(Ordering::Relaxed).wrapping_sub(serving)
    }

    #[cfg(all(
        any(feature = "lock_api_04", feature = "lock_api_05"),
        not(any(latchwork = "loom", latchwork = "shuttle"))
    ))]
    /// The hold of the owner, whose ticket is being served (T2).
    #[inline]
    pub(super) fn held(&self) -> Held<'_> {
        Held { state: self, ticket: self.serving() }
    }

    #[inline]
    fn serving(&self) -> u32 {
        // ORDERING: Relaxed: a guess of the ticket that the compare-exchange will draw, a number to show, or the owner's own ticket.
        self.serving.load(Ordering::Relaxed)
    }

    #[inline]
    fn await_turn(&self, ticket: u32) -> Held<'_> {
        match self.ahead_of(ticket) {
            0 => Held { state: self, ticket },
            ahead => self.await_turn_contended(ticket, ahead),
        }
    }

    #[cold]
    fn await_turn_contended(&self, ticket: u32, mut ahead: u32) -> Held<'_> {
        let mut pauses = Proportional::default();
        while ahead != 0 {
            pauses.pause(ahead);
            ahead = self.ahead_of(ticket);
        }
        Held { state: self, ticket }
    }

    /// How many are served before the one with this ticket, who has not been.
    #[inline]
    fn ahead_of(&self, ticket: u32) -> u32 {
        // ORDERING: Acquire pairs with the Release in `Held::drop`: whoever sees its own ticket sees the section of the one
        // before it, and by way of that all earlier ones. Weakening it fails `models::ticket::unlock_publishes_the_section`.
        ticket.wrapping_sub(self.serving.load(Ordering::Acquire))
    }
}

/// The lock, held; dropping it serves the next ticket.
pub(crate) struct Held<'a> {
    state: &'a State,
    ticket: u32,
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        // ORDERING: Release publishes the section to the Acquire in `ahead_of`. A store will do (T2). Weakening it fails
        // `models::ticket::unlock_publishes_the_section`.
        self.state.serving.store(self.ticket.wrapping_add(1), Ordering::Release);
    }
}
