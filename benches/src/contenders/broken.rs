//! Contenders that are broken on purpose, to see what becomes of them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use super::{Blocking, Contender, work};

/// They are measured where they are named, and not otherwise.
pub const BROKEN: [Contender<dyn Blocking>; 2] =
    [("lossy", || Box::new(Lossy::default())), ("hanging", || Box::new(Hanging))];

/// Forgets one time.
#[derive(Debug, Default)]
pub struct Lossy(AtomicU64);

impl Blocking for Lossy {
    fn enter(&self, units: u32, _: bool) -> Duration {
        work(units);
        self.0.fetch_add(1, Relaxed);
        Duration::ZERO
    }

    fn count(&self) -> u64 {
        self.0.load(Relaxed).wrapping_sub(1)
    }
}

/// Lets nobody in.
struct Hanging;

impl Blocking for Hanging {
    fn enter(&self, _: u32, _: bool) -> Duration {
        loop {
            thread::park();
        }
    }

    fn count(&self) -> u64 {
        0
    }
}
