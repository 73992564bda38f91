//! Who makes the calls, and keeps what comes of them.

use std::time::Duration;

use latchwork_calls::Slot;
use latchwork_core::sync::thread::yield_now;

use super::*;

/// Under shuttle, the time does not pass by itself.
const TIMEOUT: Duration = if cfg!(latchwork = "shuttle") { Duration::ZERO } else { Duration::from_micros(1) };

/// A monitor of a number, and a condition of it.
pub(super) struct Shared {
    pub(super) monitor: Monitor<u32>,
    pub(super) condition: Condition,
}

impl Shared {
    pub(super) fn new() -> Self {
        let monitor = Monitor::new(0);
        Self { condition: monitor.condition(), monitor }
    }

    /// Nobody waits, for whatever.
    pub(super) fn assert_at_rest(&self, expected: u32) {
        assert_eq!(self.condition.notify_all(&self.monitor.enter()), 0, "nobody waits for the condition");
        assert_at_rest(&self.monitor, expected);
    }
}

type Guard<'a> = MonitorGuard<'a, u32>;

/// Makes calls.
pub(super) struct Caller<'a> {
    pub(super) shared: &'a Shared,
    pub(super) guard: Option<Guard<'a>>,
    pub(super) slots: [Option<Future<'a>>; SLOTS],
    pub(super) forgotten: Vec<Future<'a>>,
    /// By how much it has changed the number.
    sum: i32,
}

/// A future, and what it waits for.
pub(super) struct Future<'a> {
    pub(super) want: Want,
    pub(super) slot: Slot<'a, Guard<'a>>,
}

impl<'a> Caller<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        Self { shared, guard: None, slots: [const { None }; SLOTS], forgotten: Vec::new(), sum: 0 }
    }

    pub(super) fn call(&mut self, call: Call) -> Answer {
        let monitor = &self.shared.monitor;
        match call {
            // Whoever is inside would wait for itself.
            Call::Enter | Call::With(_) if self.guard.is_some() => Answer::Skipped,
            Call::Enter => self.take(Some(monitor.enter())),
            Call::TryEnter => self.take(monitor.try_enter()),
            Call::TryEnterFor => self.take(monitor.try_enter_for(TIMEOUT)),
            Call::EnterWhenFor(need) => {
                let guard = monitor.try_enter_when_for(move |number| need.holds(*number), TIMEOUT);
                assert!(guard.as_ref().is_none_or(|guard| need.holds(**guard)));
                self.take(guard)
            }
            Call::With(change) => {
                self.sum += monitor.with(|number| make(change, number));
                Answer::Done
            }
            Call::Future(slot, want, step) => self.step(slot, want, step),
            Call::LetTimePass => {
                let_time_pass();
                Answer::Done
            }
            _ => self.call_inside(call),
        }
    }

    fn call_inside(&mut self, call: Call) -> Answer {
        let condition = &self.shared.condition;
        let Some(guard) = &mut self.guard else { return Answer::Skipped };
        let in_time = |is_so| if is_so { Answer::Inside } else { Answer::Refused };
        match call {
            Call::Change(change) => {
                self.sum += make(change, guard);
                Answer::Done
            }
            Call::WaitUntilFor(need) => {
                let holds = guard.wait_until_for(move |number| need.holds(*number), TIMEOUT);
                assert_eq!(holds, need.holds(**guard));
                in_time(holds)
            }
            Call::WaitFor => in_time(!guard.wait_for(condition, TIMEOUT).timed_out()),
            Call::NotifyOne => Answer::Notified(condition.notify_one(guard)),
            Call::NotifyAll => Answer::Notified(condition.notify_all(guard)),
            _ => {
                self.guard = None;
                Answer::Done
            }
        }
    }

    /// Gives up everything. Returns by how much it has changed the number.
    pub(super) fn leave(self) -> i32 {
        self.sum
    }

    /// It is inside, or is not.
    pub(super) fn take(&mut self, guard: Option<Guard<'a>>) -> Answer {
        let Some(guard) = guard else { return Answer::Refused };
        assert!(self.guard.is_none(), "it is inside already");
        self.guard = Some(guard);
        Answer::Inside
    }

    /// The future in this place. If there is none, it is made; `None` where that needs a guard.
    pub(super) fn future(&mut self, slot: usize, want: Want) -> Option<Future<'a>> {
        if let Some(future) = self.slots[slot].take() {
            return Some(future);
        }
        let (monitor, condition) = (&self.shared.monitor, &self.shared.condition);
        let slot = match (want, self.guard.take()) {
            (Want::Entry, guard) => {
                self.guard = guard;
                Slot::new(monitor.enter_async())
            }
            (Want::Turn(need), None) => Slot::new(monitor.enter_when_async(move |number| need.holds(*number))),
            (Want::Turn(need), Some(guard)) => Slot::new(guard.wait_until_async(move |number| need.holds(*number))),
            (_, None) => return None,
            // Nobody notifies any more.
            (Want::Notice, Some(guard)) if *guard >= PLENTY => return None,
            (Want::Notice, Some(guard)) => Slot::new(guard.wait_async(condition)),
            (Want::Notices(need), Some(guard)) => {
                Slot::new(guard.wait_while_async(condition, move |number| !need.holds(*number)))
            }
        };
        Some(Future { want, slot })
    }

    fn step(&mut self, slot: usize, want: Want, step: Step) -> Answer {
        let was_inside = self.guard.is_some();
        let Some(mut future) = self.future(slot, want) else { return Answer::Skipped };
        let poll = match step {
            Step::Poll => future.slot.poll(),
            Step::PollElsewhere => future.slot.poll_by(&alarm()),
            // One that is inside, and is never polled, would stay there.
            Step::Forget if was_inside == self.guard.is_some() => {
                self.forgotten.push(future);
                return Answer::Done;
            }
            Step::Cancel | Step::Forget => return Answer::Done,
        };
        match poll {
            Poll::Ready(guard) => {
                assert!(future.want.is_met(*guard), "{:?} beside {}", future.want, *guard);
                self.take(Some(guard))
            }
            Poll::Pending => {
                self.slots[slot] = Some(future);
                Answer::Pending
            }
        }
    }
}

/// Changes the number, in two steps: somebody else beside it would lose one. Returns by how much.
fn make(change: Change, number: &mut u32) -> i32 {
    let before = *number;
    yield_now();
    *number = change.of(before);
    number.wrapping_sub(before).cast_signed()
}
