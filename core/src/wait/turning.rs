//! The turns of one thread.

use super::pace::Pace;
use crate::spin::CHECKED;
use crate::sync::time::Instant;

/// A pause of so many pause hints is *long*: to look at the clock as well makes no difference.
const LONG: u32 = 64;

/// The turns of one thread before it queues, at a [pace](Pace).
#[derive(Debug)]
pub(super) struct Turning {
    pace: Pace,
    deadline: Option<Instant>,
    next: u32,
    /// When the first long pause began.
    begun: Option<Instant>,
}

impl Turning {
    /// None yet. There will be no long one after the deadline.
    pub(super) const fn new(pace: Pace, deadline: Option<Instant>) -> Self {
        Self { pace, deadline, next: pace.first, begun: None }
    }

    /// How long the next pause is, in pause hints; `None` where one has turned for long enough. Under a checker there are none: the slow
    /// path is what is being checked.
    pub(super) fn next(&mut self) -> Option<u32> {
        self.next_at(Instant::now)
    }

    fn next_at(&mut self, now: impl FnOnce() -> Instant) -> Option<u32> {
        if CHECKED || self.next >= LONG && self.is_over(now()) {
            return None;
        }
        let pause = self.next;
        self.next = (pause + pause / 2).min(self.pace.longest);
        Some(pause)
    }

    fn is_over(&mut self, now: Instant) -> bool {
        let begun = *self.begun.get_or_insert(now);
        now.saturating_duration_since(begun) >= self.pace.patience
            || self.deadline.is_some_and(|deadline| now >= deadline)
    }
}

#[cfg(all(test, not(any(latchwork = "loom", latchwork = "shuttle"))))]
mod tests {
    use core::time::Duration;

    use super::*;

    /// The pauses of one that finds that so many microseconds pass with each that is long, and has so many microseconds.
    fn pauses(pace: Pace, micros: u64, deadline: Option<u64>) -> Vec<u32> {
        let begun = Instant::now();
        let after = |micros| begun + Duration::from_micros(micros);
        let mut turning = Turning::new(pace, deadline.map(after));
        let mut moments = (0..).map(|looks| after(looks * micros));
        core::iter::from_fn(|| turning.next_at(|| moments.next().expect("there is always a later one"))).collect()
    }

    #[test]
    fn each_pause_is_half_as_long_again_up_to_the_longest() {
        let first = [4, 6, 9, 13, 19, 28, 42, 63, 94, 141, 211, 316, 474, 512, 512];
        assert_eq!(pauses(Pace::CLOSE, 1, None)[..15], first);
    }

    #[test]
    fn one_turns_until_its_patience_has_passed_since_its_first_long_pause() {
        assert_eq!(pauses(Pace::CLOSE, 10, None), [4, 6, 9, 13, 19, 28, 42, 63, 94, 141, 211]);
        assert_eq!(pauses(Pace::FAR, 1, None), [64, 96]);
        assert_eq!(pauses(Pace::FAR, 100, None), [64]);
    }

    #[test]
    fn one_does_not_turn_after_its_deadline() {
        assert_eq!(pauses(Pace::CLOSE, 10, Some(20)), [4, 6, 9, 13, 19, 28, 42, 63, 94, 141]);
        assert_eq!(pauses(Pace::FAR, 1, Some(0)), []);
        assert_eq!(pauses(Pace::FAR, 1, Some(1000)), [64, 96]);
    }
}
