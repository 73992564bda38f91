//! Whether it is worth while to turn before one sleeps.
//!
//! A thread that sleeps is back many microseconds after it was woken: here about 25, where whoever woke it runs on another core. One
//! that turns for about as long before it sleeps loses at most as much again as it waits anyway, and where its signal comes meanwhile,
//! costs nobody a wake-up: Karlin, Li, Manasse and Owicki, "Empirical Studies of Competitive Spinning for a Shared-Memory
//! Multiprocessor" (1991).
//!
//! That supposes that the one who is to send the signal runs meanwhile. Two threads that share a core would only keep each other from
//! running, and change places there in a microsecond. So whoever wakes a thread notes on which core it runs; and the thread, once it is
//! awake, whether it runs on another. What this says of the next wait is a guess.
//!
//! | mood       | meaning                                                                       | what the next does         |
//! |------------|-------------------------------------------------------------------------------|----------------------------|
//! | 0 to 7     | the last was woken from another core, or none was; so many turned in vain     | turns                      |
//! | 8 to 23    | 8 have turned in vain, and some have slept without                            | counts on, sleeps at once  |
//! | 24         | 8 have turned in vain, and 16 have slept without                              | turns                      |
//! | `TOGETHER` | the last was woken from its own core, or the system does not tell             | sleeps at once             |
//!
//! All of it is a hint: whatever it says, whoever turns does no more than look, and sleeps after that. So its words are no part of a
//! model, and are written without regard to those who write them at the same time.

#![cfg_attr(
    any(latchwork = "loom", latchwork = "shuttle"),
    expect(clippy::disallowed_types, reason = "the hints are no part of a model: see above")
)]

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use super::pace::A_WAKE_UP;
use super::parker::{Parker, Signal};
use crate::spin::CHECKED;
use crate::sync::hint::spin_loop;
use crate::sync::thread::{CORES_ARE_KNOWN, current_core};
use crate::sync::time::Instant;

/// How long one turns. For less, whoever waits for a thread that it has just woken turns in vain, and has then to be woken in its turn:
/// with 13 us, 16 producers and one consumer with one slot, by conditions, have 0.7 of the throughput of the better of std and
/// parking_lot, with 20 us 0.9 to 1.1, with 30 us 1.3 to 1.5, with 45 us no more (`cargo run --release -p latchwork-benches -- monitor
/// --slots 1 --pairs 16:1`).
const PATIENCE: Duration = A_WAKE_UP;

/// So often one looks before it looks at the clock.
const LOOKS: u32 = if CHECKED { 1 } else { 32 };

/// So many turn in vain before most sleep at once.
const MOST_IN_VAIN: u32 = 8;
/// After so many that slept at once, one turns again.
const REST: u32 = 16;
const TOGETHER: u32 = u32::MAX;

/// No core has this number.
const NOWHERE: u32 = u32::MAX;

/// What is guessed of the next wait. See the beginning of this file.
pub struct Outlook {
    mood: AtomicU32,
    /// The core of the last who woke somebody.
    core: AtomicU32,
}

impl Outlook {
    /// Nobody has been woken.
    #[must_use]
    pub const fn new() -> Self {
        let mood = if CORES_ARE_KNOWN { 0 } else { TOGETHER };
        Self { mood: AtomicU32::new(mood), core: AtomicU32::new(NOWHERE) }
    }

    /// This thread is about to wake one.
    pub fn note_waker(&self) {
        // ORDERING: Relaxed, here and below: a hint, which says nothing of any other memory.
        self.core.store(current_core().unwrap_or(NOWHERE), Ordering::Relaxed);
    }

    /// This thread has slept, and been woken.
    pub fn note_woken(&self) {
        let (here, there) = (current_core().unwrap_or(NOWHERE), self.core.load(Ordering::Relaxed));
        if here == there || here == NOWHERE || there == NOWHERE {
            self.set_mood(TOGETHER);
        } else if self.mood() == TOGETHER {
            self.set_mood(0);
        }
    }

    /// The signal, or `None` at the deadline. Turns for it first, where that is worth while, and `may_turn` says so; sleeps then.
    pub fn await_signal(&self, parker: &Parker, deadline: Option<Instant>, may_turn: bool) -> Option<Signal> {
        let turned = if may_turn && self.is_good() { self.turn(deadline, || parker.signal()) } else { None };
        turned.or_else(|| self.sleep(parker, deadline))
    }

    /// The signal, or `None` at the deadline.
    pub fn sleep(&self, parker: &Parker, deadline: Option<Instant>) -> Option<Signal> {
        let signal = parker.await_signal(deadline);
        if signal.is_some() {
            self.note_woken();
        }
        signal
    }

    /// Looks again and again, until there is something or some microseconds have passed.
    pub fn turn<R>(&self, deadline: Option<Instant>, mut look: impl FnMut() -> Option<R>) -> Option<R> {
        let end = Instant::now().checked_add(PATIENCE);
        let end = deadline.into_iter().chain(end).min();
        loop {
            for _ in 0..LOOKS {
                spin_loop();
                let found = look();
                if found.is_some() {
                    self.set_mood(0);
                    return found;
                }
            }
            if CHECKED || end.is_none_or(|end| Instant::now() >= end) {
                self.set_mood(self.mood().saturating_add(1).min(MOST_IN_VAIN));
                return None;
            }
        }
    }

    /// Whether this one is to [turn](Self::turn).
    pub fn is_good(&self) -> bool {
        match self.mood() {
            TOGETHER => false,
            mood if (MOST_IN_VAIN..MOST_IN_VAIN + REST).contains(&mood) => {
                self.set_mood(mood + 1);
                false
            }
            _ => true,
        }
    }

    /// The next is not to turn: for models on real threads, of those who sleep at once.
    pub fn expect_late(&self) {
        self.set_mood(TOGETHER);
    }

    /// The next is to turn: for the models, where nobody is woken from another core.
    pub fn expect_soon(&self) {
        self.set_mood(0);
    }

    fn mood(&self) -> u32 {
        self.mood.load(Ordering::Relaxed)
    }

    fn set_mood(&self, mood: u32) {
        self.mood.store(mood, Ordering::Relaxed);
    }
}

impl Default for Outlook {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Outlook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlook").field("mood", &self.mood()).finish_non_exhaustive()
    }
}
