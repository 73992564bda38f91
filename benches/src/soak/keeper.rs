//! Futures that are forgotten: neither polled nor dropped for a while.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use super::fate::Fated;

/// So many are kept at most.
const MOST: usize = 32;

/// None is kept longer.
pub(super) const LONGEST: Duration = Duration::from_millis(8);

/// Keeps forgotten futures. Nobody who might wait for what they owe has to drop them.
#[derive(Default)]
pub(super) struct Keeper {
    kept: Mutex<Vec<(Instant, Fated)>>,
}

impl Keeper {
    /// Keeps it for so long, [`LONGEST`] at most, or drops it if there are many.
    pub(super) fn keep(&self, fated: Fated, time: Duration) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST {
            kept.push((Instant::now() + time, fated));
            return;
        }
        drop(kept);
        drop(fated);
    }

    /// Drops those whose time has come.
    pub(super) fn sweep(&self) {
        self.sweep_before(Instant::now());
    }

    /// Drops all.
    pub(super) fn sweep_all(&self) {
        self.sweep_before(Instant::now() + LONGEST);
    }

    /// Drops what was to be kept until then, every other one after another poll: none of them is inside, or stays there.
    fn sweep_before(&self, end: Instant) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (due, early): (Vec<_>, Vec<_>) = kept.drain(..).partition(|(until, _)| *until <= end);
        *kept = early;
        drop(kept);
        for (index, (_, mut fated)) in due.into_iter().enumerate() {
            if index % 2 == 0 {
                let _ = Pin::new(&mut fated).poll(&mut Context::from_waker(Waker::noop()));
            }
        }
    }
}
