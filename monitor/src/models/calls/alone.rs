//! What is promised to a caller that is alone: what comes of each call, who is woken, and that nobody sleeps who could go on.

use std::collections::VecDeque;

use latchwork_calls::{Slot, alone};

use super::*;

/// Where a future stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It has not been polled.
    New,
    /// It wants to enter.
    Entering,
    /// It waits for its predicate to hold.
    Registered,
    /// It waits to be notified.
    Waiting,
    /// It has been, and wants to enter. Whether the notification was for it alone.
    Notified { is_to_one: bool },
}

/// What is promised of a future.
#[derive(Clone, Copy, Debug)]
struct Task {
    want: Want,
    stage: Stage,
    /// Since it was last polled.
    is_woken: bool,
    /// It did when it was last polled. Whoever polled it before may be woken in place of its task, which has been.
    gives_way: bool,
}

/// What is promised. Tasks have the numbers of the order in which they were made.
#[derive(Debug, Default)]
struct Reference {
    number: u32,
    is_inside: bool,
    tasks: Vec<Task>,
    /// Who waits for the condition.
    queue: VecDeque<usize>,
    slots: [Option<usize>; SLOTS],
    forgotten: Vec<usize>,
}

impl Reference {
    /// Checks what came of a call.
    fn expect(&mut self, call: Call, answer: Answer, caller: &Caller<'_>) {
        let inside = |is_so| if is_so { Answer::Inside } else { Answer::Refused };
        match call {
            _ if answer == Answer::Skipped => {}
            Call::Enter | Call::TryEnter | Call::TryEnterFor => {
                assert_eq!(answer, inside(!self.is_inside));
                self.is_inside = true;
            }
            Call::EnterWhenFor(need) => {
                assert_eq!(answer, inside(!self.is_inside && need.holds(self.number)));
                self.is_inside |= answer == Answer::Inside;
            }
            Call::With(change) | Call::Change(change) => self.number = change.of(self.number),
            Call::WaitUntilFor(need) => assert_eq!(answer, inside(need.holds(self.number))),
            Call::WaitFor => assert_eq!(answer, Answer::Refused, "nobody else notifies"),
            Call::NotifyOne => assert_eq!(answer, Answer::Notified(self.notify(1))),
            Call::NotifyAll => assert_eq!(answer, Answer::Notified(self.notify(usize::MAX))),
            Call::Leave => self.is_inside = false,
            Call::Future(slot, want, step) => self.expect_step(slot, want, step, answer, caller),
            Call::LetTimePass => {}
        }
    }

    /// Notifies the oldest, so many at most. How many there were.
    fn notify(&mut self, most: usize) -> usize {
        let count = most.min(self.queue.len());
        for task in self.queue.drain(..count) {
            self.tasks[task].stage = Stage::Notified { is_to_one: most == 1 };
        }
        count
    }

    fn expect_step(&mut self, slot: usize, want: Want, step: Step, answer: Answer, caller: &Caller<'_>) {
        let fresh = self.tasks.len();
        let index = self.slots[slot].take().unwrap_or(fresh);
        let takes_guard = index == fresh && self.is_inside && want != Want::Entry;
        if index == fresh {
            self.tasks.push(Task { want, stage: Stage::New, is_woken: false, gives_way: false });
        }
        self.is_inside &= !takes_guard;
        match step {
            Step::Poll | Step::PollElsewhere => {
                let gives_way = caller.slots[slot].as_ref().is_some_and(|future| future.slot.rings() > 0);
                self.expect_poll(index, takes_guard, answer, gives_way);
                self.slots[slot] = Some(index).filter(|_| answer == Answer::Pending);
            }
            Step::Forget if !takes_guard => self.forgotten.push(index),
            Step::Cancel | Step::Forget => self.cancel(index),
        }
    }

    /// Whoever is polled goes in if it has been woken, nobody is inside, and the number is what it needs; but it may give way, and is
    /// woken at once then.
    fn expect_poll(&mut self, index: usize, has_guard: bool, answer: Answer, gives_way: bool) {
        let task = &mut self.tasks[index];
        let was_woken = std::mem::take(&mut task.is_woken);
        task.gives_way = false;
        match task.stage {
            Stage::Registered if !was_woken => return assert_eq!(answer, Answer::Pending, "nobody has woken it"),
            Stage::Waiting => return assert_eq!(answer, Answer::Pending, "nobody has notified it"),
            Stage::Registered => task.stage = Stage::Entering,
            Stage::New if !has_guard => task.stage = Stage::Entering,
            Stage::New | Stage::Entering | Stage::Notified { .. } => {}
        }
        let is_content = task.want.is_met(self.number) && !(has_guard && task.want == Want::Notice);
        if answer == Answer::Inside {
            assert!(is_content && !self.is_inside);
            self.is_inside = true;
        } else if self.is_inside {
            assert_eq!(answer, Answer::Pending, "somebody is inside");
        } else if gives_way {
            assert!(!has_guard, "it has nobody to give way to");
            task.gives_way = true;
        } else {
            assert!(!is_content, "it does not go in, nor give way");
            task.stage = match task.want {
                Want::Entry | Want::Turn(_) => Stage::Registered,
                Want::Notice | Want::Notices(_) => Stage::Waiting,
            };
            if task.stage == Stage::Waiting {
                self.queue.push_back(index);
            }
        }
    }

    /// A notification that was for it alone is passed on.
    fn cancel(&mut self, index: usize) {
        self.queue.retain(|queued| *queued != index);
        if self.tasks[index].stage == (Stage::Notified { is_to_one: true }) {
            self.notify(1);
        }
    }

    /// Nobody is woken in vain, and nobody sleeps who could go on, unless another is on its way. Where one that was woken is cancelled
    /// while somebody is inside, another is woken without being asked.
    fn expect_wakes(&mut self, caller: &Caller<'_>, is_cancelled: bool) {
        let in_slots = self.slots.iter().zip(&caller.slots).filter_map(|(task, slot)| Some(((*task)?, slot.as_ref()?)));
        let all = in_slots.chain(self.forgotten.iter().copied().zip(&caller.forgotten));
        let (mut sleeps, mut is_somebody_woken) = (None, false);
        for (index, future) in all {
            let task = &mut self.tasks[index];
            let was_woken = std::mem::replace(&mut task.is_woken, is_woken(&future.slot, task.gives_way));
            let has_need = match task.stage {
                Stage::Entering | Stage::Notified { .. } => true,
                Stage::Registered => task.want.is_met(self.number),
                Stage::New | Stage::Waiting => false,
            };
            let is_asked = task.stage != Stage::Registered || !is_cancelled;
            assert!(was_woken || !task.is_woken || has_need || !is_asked, "{task:?} is woken in vain");
            is_somebody_woken |= task.is_woken;
            if has_need && !task.is_woken {
                sleeps = Some(*task);
            }
        }
        assert!(self.is_inside || is_somebody_woken || sleeps.is_none(), "{sleeps:?} sleeps: {self:?}");
    }
}

fn is_woken<T>(slot: &Slot<'_, T>, gives_way: bool) -> bool {
    assert!(gives_way || slot.rings_elsewhere() == 0, "a task is woken whose future it is no longer");
    slot.rings() + slot.rings_elsewhere() > 0
}

/// Whatever has happened, one can enter, and so can a future that is polled.
const END: [Call; 6] = [
    Call::Leave,
    Call::TryEnter,
    Call::Leave,
    Call::Future(0, Want::Entry, Step::Forget),
    Call::Future(0, Want::Entry, Step::Poll),
    Call::Future(0, Want::Entry, Step::Poll),
];

/// Breaks if any call does anything else than its documentation says, or somebody sleeps who could go on.
#[test]
fn random_calls_do_what_is_promised() {
    alone(call(), |calls| {
        let shared = Shared::new();
        let (mut caller, mut reference) = (Caller::new(&shared), Reference::default());
        for &call in calls.iter().chain(&END) {
            let answer = caller.call(call);
            reference.expect(call, answer, &caller);
            // Or else the next that waits would hang, and nothing be made shorter.
            assert_eq!(shared.monitor.is_entered(), reference.is_inside);
            reference.expect_wakes(&caller, matches!(call, Call::Future(_, _, Step::Cancel)));
        }
        assert!(reference.is_inside, "a fresh future is, polled once, or twice where it gave way");
        caller.leave();
        shared.assert_at_rest(reference.number);
    });
}
