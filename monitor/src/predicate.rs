//! A waiter with a predicate, which others ask.
//!
//! # Invariants
//!
//! P1. Between its registration and the moment at which it has left the roster, a subject is alive and in its place: it is pinned, and
//!     [`Roster::leave`](crate::roster::Roster::leave), without which its owner does not end, waits while it is being asked.
//! P2. It is asked by the owner of the monitor alone: so one at a time.
//! P3. What the predicate borrows is alive for as long as it may be asked: a thread that waits does not end, and a future may be
//!     forgotten, but its predicate borrows nothing.

#![expect(unsafe_code, reason = "predicates of all types are asked through one pointer")]

use core::pin::Pin;
use core::ptr::NonNull;

use latchwork_core::panics::{self, Payload};
use latchwork_core::sync::atomic::{AtomicU32, Ordering};
use latchwork_core::sync::cell::UnsafeCell;
use latchwork_core::sync::futex;
use latchwork_core::wait::Waiter;
use pin_project_lite::pin_project;

/// What is waited for, for whoever is told of waits.
pub(crate) const WHAT: &str = "predicate";

/// Nobody asks it.
const QUIET: u32 = 0;
/// It is being asked.
const ASKED: u32 = 1;
/// The same, and somebody waits for the end of that.
const AWAITED: u32 = 2;

pin_project! {
    /// One wait for a predicate, in the stack frame or the pinned future of whoever waits.
    pub(crate) struct Subject<T> {
        #[pin]
        waiter: Waiter,
        ask: unsafe fn(NonNull<()>, &T) -> bool,
        predicate: NonNull<()>,
        // In which round it was last asked. Guarded by the roster's lock.
        round: AtomicU32,
        // Whether it is being asked. Written with the roster's lock held.
        asking: AtomicU32,
        // What the predicate has panicked with. Written by whoever asks, before the signal; then its owner's.
        panic: UnsafeCell<Option<Payload>>,
    }
}

impl<T> Subject<T> {
    /// A waiter that is not registered.
    ///
    /// # Safety
    ///
    /// `predicate` points to a `P`, which nobody reaches by other means until the last call of [`ask`](Self::ask) has ended, and
    /// which stays as P3 says.
    pub(crate) unsafe fn new<P: FnMut(&T) -> bool + Send>(predicate: NonNull<P>) -> Self {
        Self {
            waiter: Waiter::new(),
            ask: ask::<P, T>,
            predicate: predicate.cast(),
            round: AtomicU32::new(0),
            asking: AtomicU32::new(QUIET),
            panic: UnsafeCell::new(None),
        }
    }

    pub(crate) fn waiter(self: Pin<&Self>) -> Pin<&Waiter> {
        self.project_ref().waiter
    }

    /// In which round it was last asked.
    pub(crate) fn round(&self) -> u32 {
        // ORDERING: Relaxed, as in `set_round`: the roster's lock orders them.
        self.round.load(Ordering::Relaxed)
    }

    pub(crate) fn set_round(&self, round: u32) {
        self.round.store(round, Ordering::Relaxed);
    }

    /// Asks the predicate. One that panics has to be woken as if it held: its owner [meets](Self::meet_panic) the panic.
    ///
    /// # Safety
    ///
    /// The caller owns the monitor whose value this is.
    pub(crate) unsafe fn ask(&self, value: &T) -> bool {
        // SAFETY: it is the predicate that the subject was made with, is alive (P1, P3), and asked by nobody else (P2).
        let answer = panics::catch(|| unsafe { (self.ask)(self.predicate, value) });
        answer.unwrap_or_else(|payload| {
            self.panic.with_mut(|panic| {
                // SAFETY: the pointer is the cell's; the owner of the subject looks here when it has its signal.
                unsafe { *panic = Some(payload) };
            });
            true
        })
    }

    /// Panics where the predicate has.
    ///
    /// # Safety
    ///
    /// The caller owns the subject, which is not registered.
    pub(crate) unsafe fn meet_panic(&self) {
        let payload = self.panic.with_mut(|panic| {
            // SAFETY: the pointer is the cell's, and nobody else looks here, as the caller says.
            unsafe { (*panic).take() }
        });
        if let Some(payload) = payload {
            panics::resume(payload);
        }
    }

    /// Is about to be asked. The roster's lock is held.
    pub(crate) fn begin_asking(&self) {
        // ORDERING: Relaxed, here and below: the roster's lock orders the accesses.
        self.asking.store(ASKED, Ordering::Relaxed);
    }

    /// Has been asked. The roster's lock is held.
    pub(crate) fn end_asking(&self) {
        if self.asking.swap(QUIET, Ordering::Relaxed) == AWAITED {
            futex::wake_all(&raw const self.asking);
        }
    }

    /// Whether it is being asked; who is told so will [await](Self::await_end) the end. The roster's lock is held.
    pub(crate) fn is_being_asked(&self) -> bool {
        let is_asked = self.asking.load(Ordering::Relaxed) != QUIET;
        if is_asked {
            self.asking.store(AWAITED, Ordering::Relaxed);
        }
        is_asked
    }

    /// Blocks until it has been asked.
    pub(crate) fn await_end(&self) {
        while self.asking.load(Ordering::Relaxed) == AWAITED {
            futex::wait(&self.asking, AWAITED);
        }
    }
}

/// Calls a predicate.
///
/// # Safety
///
/// `predicate` points to a `P` that is alive, and that nobody else reaches.
unsafe fn ask<P: FnMut(&T) -> bool, T>(predicate: NonNull<()>, value: &T) -> bool {
    // SAFETY: as the caller says.
    let predicate = unsafe { predicate.cast::<P>().as_mut() };
    predicate(value)
}

// SAFETY: the predicate is `Send`, and asked by one thread at a time (P2); the rest may be reached from any thread.
unsafe impl<T> Send for Subject<T> {}
// SAFETY: a shared subject is asked by the owner of the monitor alone (P2); its owner takes a panic out when it is not registered.
unsafe impl<T> Sync for Subject<T> {}
