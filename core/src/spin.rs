//! How long a thread turns before it parks.

use crate::sync::hint::Backoff;

/// Under a checker there are no turns: the slow path is what is being checked.
pub(crate) const CHECKED: bool = cfg!(any(latchwork = "loom", latchwork = "shuttle"));

/// Bounded spinning with growing pauses.
///
/// The pauses last 1, 2, 4, ... and at most 64 pause hints.
#[derive(Debug)]
pub struct Spin {
    backoff: Backoff,
    turns_left: u32,
}

impl Spin {
    /// At most `turns` turns.
    #[inline]
    pub fn new(turns: u32) -> Self {
        Self { backoff: Backoff::new(), turns_left: if CHECKED { 0 } else { turns } }
    }

    /// Pauses, or returns false where all turns are used up.
    #[inline]
    pub fn turn(&mut self) -> bool {
        if self.turns_left == 0 {
            return false;
        }
        self.turns_left -= 1;
        self.backoff.spin();
        true
    }
}
