//! What is promised to a caller that is alone: who is notified and woken, and that nobody sleeps beside a free mutex.

use std::collections::VecDeque;

use latchwork_calls::alone;

use super::*;

/// Where a future stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It has not been polled.
    New,
    /// It waits to be notified.
    Waiting,
    /// It has been, and wants the mutex. Whether the notification was for it alone.
    Notified { is_to_one: bool },
    /// It wants the mutex.
    Locking,
}

/// What is promised of a future.
#[derive(Clone, Copy, Debug)]
struct Task {
    stage: Stage,
    /// How often it has to have been woken by this call.
    due: Option<u32>,
    /// It did when it was last polled. Whoever polled it before may be woken in place of its task, which has been.
    gives_way: bool,
}

/// What is promised. Tasks have the numbers of the order in which they were made.
#[derive(Debug, Default)]
struct Reference {
    is_locked: bool,
    tasks: Vec<Task>,
    /// Who waits to be notified.
    queue: VecDeque<usize>,
    slots: [Option<usize>; SLOTS],
    forgotten: Vec<usize>,
}

impl Reference {
    /// Checks what came of a call.
    fn expect(&mut self, call: Call, answer: Answer, caller: &Caller<'_>) {
        match call {
            _ if answer == Answer::Skipped => {}
            Call::Lock | Call::TryLock => {
                assert_eq!(answer, if self.is_locked { Answer::Refused } else { Answer::Locked });
                self.is_locked = true;
            }
            Call::NotifyOne => assert_eq!(answer, Answer::Notified(self.notify(1, true))),
            Call::NotifyAll => assert_eq!(answer, Answer::Notified(self.notify(usize::MAX, true))),
            Call::Future(slot, want, step) => self.expect_step(slot, want, step, answer, caller),
            Call::WaitFor | Call::WaitUntil => assert_eq!(answer, Answer::Refused, "nobody else notifies"),
            Call::Unlock => self.is_locked = false,
            Call::CountUp | Call::LetTimePass => {}
        }
    }

    /// Notifies the oldest, so many at most, who are woken at once, or when the mutex is unlocked. How many there were.
    fn notify(&mut self, most: usize, is_at_once: bool) -> usize {
        let count = most.min(self.queue.len());
        for task in self.queue.drain(..count) {
            let task = &mut self.tasks[task];
            task.stage = Stage::Notified { is_to_one: most == 1 };
            task.due = Some(u32::from(is_at_once));
        }
        count
    }

    fn expect_step(&mut self, slot: usize, want: Want, step: Step, answer: Answer, caller: &Caller<'_>) {
        let fresh = self.tasks.len();
        let index = self.slots[slot].take().unwrap_or(fresh);
        let takes_guard = index == fresh && want == Want::Notice;
        if index == fresh {
            self.tasks.push(Task { stage: Stage::New, due: None, gives_way: false });
        }
        self.is_locked &= !takes_guard;
        match step {
            Step::Poll | Step::PollElsewhere => {
                match self.tasks[index].stage {
                    Stage::New if takes_guard => {
                        self.tasks[index].stage = Stage::Waiting;
                        self.queue.push_back(index);
                    }
                    Stage::New => self.tasks[index].stage = Stage::Locking,
                    _ => {}
                }
                let gives_way = caller.slots[slot].as_ref().is_some_and(|future| future.slot.rings() > 0);
                self.expect_poll(index, answer, gives_way);
                self.slots[slot] = Some(index).filter(|_| answer == Answer::Pending);
            }
            Step::Forget if !takes_guard => self.forgotten.push(index),
            Step::Cancel | Step::Forget => self.cancel(index),
        }
    }

    /// Whoever is polled has a free mutex, unless it is still to be notified; but it may give way, and is woken at once then.
    fn expect_poll(&mut self, index: usize, answer: Answer, gives_way: bool) {
        let task = &mut self.tasks[index];
        task.gives_way = gives_way;
        if answer == Answer::Locked {
            assert!(task.stage != Stage::Waiting, "nobody has notified it");
            assert!(!self.is_locked, "somebody owns the mutex");
            self.is_locked = true;
        } else {
            let has_to_wait = task.stage == Stage::Waiting || self.is_locked;
            assert!(has_to_wait != gives_way, "{task:?} has to wait, or to give way");
        }
    }

    /// A notification that was for it alone is passed on: where somebody owns the mutex, to its queue.
    fn cancel(&mut self, index: usize) {
        self.queue.retain(|queued| *queued != index);
        if self.tasks[index].stage == (Stage::Notified { is_to_one: true }) {
            self.notify(1, !self.is_locked);
        }
    }

    /// Who has just been notified is woken once, and nobody before. Nobody sleeps who wants a free mutex, unless another is on its
    /// way.
    fn expect_wakes(&mut self, caller: &Caller<'_>) {
        let in_slots = self.slots.iter().zip(&caller.slots).filter_map(|(task, slot)| Some(((*task)?, slot.as_ref()?)));
        let all = in_slots.chain(self.forgotten.iter().copied().zip(&caller.forgotten));
        let (mut sleeps, mut is_somebody_woken) = (None, false);
        for (index, future) in all {
            let task = &mut self.tasks[index];
            let (rings, elsewhere) = (future.slot.rings(), future.slot.rings_elsewhere());
            assert!(task.gives_way || elsewhere == 0, "a task is woken whose future it is no longer");
            let due = task.due.take().or((task.stage == Stage::Waiting).then_some(0));
            assert!(due.is_none_or(|due| due == rings), "{task:?} is woken {rings} times, not {due:?}");
            let is_woken = rings + elsewhere > 0;
            is_somebody_woken |= is_woken;
            let wants_mutex = matches!(task.stage, Stage::Notified { .. } | Stage::Locking);
            if wants_mutex && !is_woken {
                sleeps = Some(*task);
            }
        }
        assert!(self.is_locked || is_somebody_woken || sleeps.is_none(), "{sleeps:?} sleeps: {self:?}");
    }
}

/// Whatever has happened, all who wait are notified, and the mutex can be had, also by a future that is polled.
const END: [Call; 7] = [
    Call::NotifyAll,
    Call::Unlock,
    Call::TryLock,
    Call::Unlock,
    Call::Future(0, Want::Lock, Step::Forget),
    Call::Future(0, Want::Lock, Step::Poll),
    Call::Future(0, Want::Lock, Step::Poll),
];

/// Breaks if anybody is notified out of turn, in vain or twice, if a cancelled wait keeps a notification, or if somebody sleeps who
/// could go on.
#[test]
fn random_calls_notify_whom_they_have_to() {
    alone(call(), |calls| {
        let shared = Shared { number: Mutex::new(0), changed: Condvar::new() };
        let (mut caller, mut reference) = (Caller::new(&shared), Reference::default());
        for &call in calls.iter().chain(&END) {
            let answer = caller.call(call);
            reference.expect(call, answer, &caller);
            // Or else the next that locks it would hang, and nothing be made shorter.
            assert_eq!(shared.number.is_locked(), reference.is_locked);
            reference.expect_wakes(&caller);
        }
        assert!(reference.is_locked, "a fresh future owns it, polled once, or twice where it gave way");
        let ups = caller.tally.ups;
        drop(caller);
        shared.assert_at_rest(ups);
    });
}
