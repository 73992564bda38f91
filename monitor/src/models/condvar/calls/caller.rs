//! Who makes the calls, and keeps what comes of them.

use std::time::Duration;

use latchwork_calls::Slot;
use latchwork_core::sync::thread::yield_now;
use latchwork_core::sync::time::Instant;

use super::*;

/// Under shuttle, the time does not pass by itself.
const TIMEOUT: Duration = if cfg!(latchwork = "shuttle") { Duration::ZERO } else { Duration::from_micros(1) };

type Guard<'a> = MutexGuard<'a, u32>;

/// What a caller has counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// By how much it has changed the number.
    pub(super) ups: u32,
    /// Whom it has notified.
    pub(super) notified: usize,
    /// Waits that have begun, and did not run out of time.
    pub(super) begun: usize,
    /// Of these, those that have ended with the mutex.
    pub(super) ended: usize,
}

/// A future, and what it waits for.
pub(super) struct Future<'a> {
    want: Want,
    pub(super) slot: Slot<'a, Guard<'a>>,
}

/// Makes calls.
pub(super) struct Caller<'a> {
    pub(super) shared: &'a Shared,
    pub(super) guard: Option<Guard<'a>>,
    pub(super) slots: [Option<Future<'a>>; SLOTS],
    pub(super) forgotten: Vec<Future<'a>>,
    pub(super) tally: Tally,
}

impl<'a> Caller<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        let slots = [const { None }; SLOTS];
        Self { shared, guard: None, slots, forgotten: Vec::new(), tally: Tally::default() }
    }

    pub(super) fn call(&mut self, call: Call) -> Answer {
        let Shared { number, changed } = self.shared;
        match call {
            // An owner would wait for itself.
            Call::Lock if self.guard.is_some() => Answer::Skipped,
            Call::Lock => self.take(Some(number.lock())),
            Call::TryLock => self.take(number.try_lock()),
            Call::NotifyOne => self.note(usize::from(changed.notify_one())),
            Call::NotifyAll => self.note(changed.notify_all()),
            Call::Future(slot, want, step) => self.step(slot, want, step),
            Call::LetTimePass => {
                let_time_pass();
                Answer::Done
            }
            _ => self.call_as_owner(call),
        }
    }

    fn call_as_owner(&mut self, call: Call) -> Answer {
        let changed = &self.shared.changed;
        let Some(guard) = &mut self.guard else { return Answer::Skipped };
        let result = match call {
            Call::CountUp => {
                // In two steps: somebody else beside it would lose one.
                let before = **guard;
                yield_now();
                **guard = before + 1;
                self.tally.ups += 1;
                return Answer::Done;
            }
            Call::WaitFor => changed.wait_for(guard, TIMEOUT),
            Call::WaitUntil => changed.wait_until(guard, Instant::now()),
            _ => {
                self.guard = None;
                return Answer::Done;
            }
        };
        if result.timed_out() {
            return Answer::Refused;
        }
        self.tally.begun += 1;
        self.tally.ended += 1;
        Answer::Locked
    }

    /// It owns the mutex, or does not.
    fn take(&mut self, guard: Option<Guard<'a>>) -> Answer {
        let Some(guard) = guard else { return Answer::Refused };
        assert!(self.guard.is_none(), "it owns the mutex already");
        self.guard = Some(guard);
        Answer::Locked
    }

    fn note(&mut self, notified: usize) -> Answer {
        self.tally.notified += notified;
        Answer::Notified(notified)
    }

    /// The future in this place. If there is none, it is made; `None` where that needs a guard.
    fn future(&mut self, slot: usize, want: Want) -> Option<Future<'a>> {
        if let Some(future) = self.slots[slot].take() {
            return Some(future);
        }
        let Shared { number, changed } = self.shared;
        let slot = match want {
            Want::Lock => Slot::new(number.lock_async()),
            Want::Notice => Slot::new(changed.wait_async(self.guard.take_if(|number| **number < PLENTY)?)),
        };
        Some(Future { want, slot })
    }

    fn step(&mut self, slot: usize, want: Want, step: Step) -> Answer {
        let was_owner = self.guard.is_some();
        let Some(future) = self.future(slot, want) else { return Answer::Skipped };
        let begins = was_owner && self.guard.is_none();
        match step {
            Step::Poll | Step::PollElsewhere => {
                self.tally.begun += usize::from(begins);
                let task = (step == Step::PollElsewhere).then(alarm);
                self.poll(slot, future, task.as_ref())
            }
            // One that owns the mutex, and is never polled, would keep it.
            Step::Forget if !begins => {
                self.forgotten.push(future);
                Answer::Done
            }
            Step::Cancel | Step::Forget => Answer::Done,
        }
    }

    /// The future is polled, by this task from here on, and put into its place where it waits.
    pub(super) fn poll(&mut self, slot: usize, mut future: Future<'a>, task: Option<&Arc<Alarm>>) -> Answer {
        let poll = match task {
            Some(task) => future.slot.poll_by(task),
            None => future.slot.poll(),
        };
        match poll {
            Poll::Ready(guard) => {
                self.tally.ended += usize::from(future.want == Want::Notice);
                self.take(Some(guard))
            }
            Poll::Pending => {
                self.slots[slot] = Some(future);
                Answer::Pending
            }
        }
    }
}
