//! How a newcomer turns before it queues.

use crate::spin::CHECKED;

/// How a newcomer turns before it queues: it tries, pauses, and tries again. Each pause is twice as long as the one before.
///
/// Each attempt takes the cache line of the primitive from the owner, who needs it to leave. So attempts are to be far apart where a
/// section is shorter than that takes, and as close as is fair to the owner where it is longer: what is free is to be found soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Pause hints of the next pause.
    pub next: u32,
    /// Pause hints of the longest.
    pub longest: u32,
    /// How many pauses there are.
    pub turns: u32,
}

impl Pace {
    /// Attempts that are far apart: for brief sections, or where nobody knows.
    pub const FAR: Self = Self { next: 64, longest: 64, turns: 7 };

    /// Attempts that are close to each other: for sections that are not brief. In all, they last about as long as to sleep and to be
    /// woken would.
    pub const CLOSE: Self = Self { next: 12, longest: 32, turns: 32 };

    /// How long the next pause is, in pause hints; `None` where there were enough. Under a checker there are none: the slow path is what
    /// is being checked.
    pub fn take(&mut self) -> Option<u32> {
        if CHECKED || self.turns == 0 {
            return None;
        }
        let pause = self.next;
        self.next = (2 * pause).min(self.longest);
        self.turns -= 1;
        Some(pause)
    }
}

#[cfg(all(test, not(any(latchwork = "loom", latchwork = "shuttle"))))]
mod tests {
    use super::*;

    fn pauses(mut pace: Pace) -> Vec<u32> {
        core::iter::from_fn(|| pace.take()).collect()
    }

    #[test]
    fn pauses_double_until_they_are_the_longest() {
        assert_eq!(pauses(Pace { next: 3, longest: 20, turns: 6 }), [3, 6, 12, 20, 20, 20]);
        assert_eq!(pauses(Pace { next: 3, longest: 20, turns: 0 }), []);
        assert_eq!(pauses(Pace::FAR), [64; 7]);
        let close = pauses(Pace::CLOSE);
        assert_eq!((&close[..3], close.len()), (&[12, 24, 32][..], 32));
        assert!(close[3..].iter().all(|pause| *pause == 32));
    }
}
