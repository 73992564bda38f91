//! What is counted of a primitive, over all rounds, and what is found wrong with it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::thread;

/// A primitive's name, and what was done with it so far.
pub(super) struct Record {
    pub(super) name: &'static str,
    pub(super) tally: Tally,
    /// Ends the program: see [`watch`](super::watch).
    faults: Sender<Fault>,
}

/// What was done with a primitive.
#[derive(Default)]
pub(super) struct Tally {
    /// Calls of threads, and futures.
    pub(super) operations: Count,
    /// Those that found it taken.
    pub(super) waits: Count,
    /// Those whose time ran out.
    pub(super) timeouts: Count,
    /// Futures that were dropped before they were ready.
    pub(super) cancellations: Count,
    /// Those that panicked, as they were meant to.
    pub(super) panics: Count,
    /// Futures that were neither polled nor dropped for a while.
    pub(super) forgotten: Count,
    /// How often something was looked at that has to hold.
    pub(super) checks: Count,
}

/// A number of events.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, events: u64) {
        self.0.fetch_add(events, Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What does not hold, and of which primitive.
pub(super) struct Fault {
    pub(super) name: &'static str,
    pub(super) what: String,
}

impl Record {
    pub(super) fn new(name: &'static str, faults: Sender<Fault>) -> Self {
        Self { name, tally: Tally::default(), faults }
    }

    /// Counts a check. Where it does not hold, the program ends, and says so.
    pub(super) fn expect(&self, holds: bool, what: impl FnOnce() -> String) {
        self.tally.checks.add(1);
        if !holds {
            self.fault(what());
        }
    }

    /// Waits for the end of the program: whatever comes next here would only hide what has been found.
    pub(super) fn fault(&self, what: String) -> ! {
        let _ = self.faults.send(Fault { name: self.name, what });
        loop {
            thread::park();
        }
    }
}
