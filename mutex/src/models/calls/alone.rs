//! What is promised to a caller that is alone: what comes of each call, and whom it wakes.

use std::collections::VecDeque;

use latchwork_calls::alone;

use super::*;

/// Whether something is so. Where the clock decides, it may be until [`Call::LetTimePass`], and is after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sure {
    No,
    Maybe,
    Yes,
}

/// Where a future stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Queued,
    /// It has left the queue by a wake-up, which it passes on when it is dropped.
    Woken,
}

/// What is promised of a future.
#[derive(Debug)]
struct Task {
    stage: Stage,
    /// Wake-ups since it was last polled.
    rings: u32,
    /// Whether it was woken in vain long ago.
    is_starved: Sure,
    /// Whether the lock was reserved for it when it was woken.
    is_favoured: Sure,
    gave_way: bool,
    /// Whether it did when it was last polled. Whoever polled it before may be woken in place of its task, which has been.
    gives_way: bool,
}

impl Task {
    const NEW: Self = Self {
        stage: Stage::Idle,
        rings: 0,
        is_starved: Sure::No,
        is_favoured: Sure::No,
        gave_way: false,
        gives_way: false,
    };
}

/// What is promised. Tasks have the numbers of the order in which they were made.
#[derive(Debug, Default)]
struct Reference {
    is_locked: bool,
    /// Whether the lock is free and reserved.
    is_reserved: Option<Sure>,
    tasks: Vec<Task>,
    queue: VecDeque<usize>,
    slots: [Option<usize>; SLOTS],
    forgotten: Vec<usize>,
}

impl Reference {
    /// Checks what came of a call.
    fn expect(&mut self, call: Call, answer: Answer) {
        if answer == Answer::Skipped {
            return;
        }
        match call {
            Call::Lock(_) | Call::TryLock(_) | Call::TryLockFor(_) => self.expect_lock(answer),
            Call::With | Call::Debug => {
                self.expect_lock(answer);
                if answer == Answer::Locked {
                    self.unlock(Sure::No);
                }
            }
            Call::Unlocked => {
                self.unlock(Sure::No);
                self.expect_lock(answer);
                self.unlock(Sure::No);
                self.lock();
            }
            Call::Bump if self.queue.is_empty() => {}
            Call::Bump => {
                self.unlock(Sure::Yes);
                self.lock();
            }
            Call::Unlock => self.unlock(Sure::No),
            Call::Future(slot, step) => {
                let task = self.slots[slot].take().unwrap_or(self.tasks.len());
                if task == self.tasks.len() {
                    self.tasks.push(Task::NEW);
                }
                match step {
                    Step::Poll | Step::PollElsewhere => {
                        self.expect_poll(task, answer);
                        self.slots[slot] = Some(task).filter(|_| answer == Answer::Pending);
                    }
                    Step::Cancel => self.cancel(task),
                    Step::Forget => self.forgotten.push(task),
                }
            }
            Call::LetTimePass => {
                self.tasks.iter_mut().filter(|task| task.is_starved == Sure::Maybe).for_each(|task| {
                    task.is_starved = Sure::Yes;
                });
            }
            Call::Map | Call::TryMap(_) => {}
        }
    }

    /// A lock is had if, and only if, it is free.
    fn expect_lock(&mut self, answer: Answer) {
        assert_eq!(answer, if self.is_locked { Answer::Refused } else { Answer::Locked });
        self.is_locked = true;
    }

    fn lock(&mut self) {
        self.expect_lock(Answer::Locked);
    }

    /// The oldest is woken. The lock is reserved for it if that is asked for, or if it is starved.
    fn unlock(&mut self, is_reserved: Sure) {
        self.is_locked = false;
        self.is_reserved = None;
        if let Some(oldest) = self.queue.pop_front() {
            let oldest = &mut self.tasks[oldest];
            oldest.stage = Stage::Woken;
            oldest.rings += 1;
            oldest.is_favoured = if is_reserved == Sure::Yes { Sure::Yes } else { oldest.is_starved };
            self.is_reserved = Some(oldest.is_favoured);
        }
    }

    /// Whoever is polled has a free lock, but gives way once where it is reserved for somebody else. A newcomer queues last, and
    /// who was woken in vain queues first.
    fn expect_poll(&mut self, index: usize, answer: Answer) {
        let is_reserved = self.is_reserved.unwrap_or(Sure::No);
        let task = &mut self.tasks[index];
        (task.rings, task.gives_way) = (0, false);
        if self.is_locked {
            assert_eq!(answer, Answer::Pending, "somebody has the lock");
            match task.stage {
                Stage::Idle => self.queue.push_back(index),
                Stage::Queued => {}
                Stage::Woken => {
                    self.queue.push_front(index);
                    task.is_favoured = Sure::No;
                    if task.is_starved == Sure::No {
                        task.is_starved = Sure::Maybe;
                    }
                }
            }
            task.stage = Stage::Queued;
        } else if answer == Answer::Pending {
            let may_give_way = is_reserved != Sure::No && !task.gave_way && task.is_favoured != Sure::Yes;
            assert!(may_give_way, "the lock is free, and reserved for nobody else, or it has given way already");
            (task.gave_way, task.gives_way, task.rings) = (true, true, 1);
        } else {
            let has_to_give_way = is_reserved == Sure::Yes && !task.gave_way && task.is_favoured == Sure::No;
            assert!(!has_to_give_way, "the lock is reserved for another task");
            self.queue.retain(|queued| *queued != index);
            self.expect_lock(answer);
        }
    }

    /// A wake-up is passed on, if the lock is still free.
    fn cancel(&mut self, index: usize) {
        self.queue.retain(|queued| *queued != index);
        if self.tasks[index].stage == Stage::Woken && !self.is_locked && !self.queue.is_empty() {
            self.unlock(Sure::No);
        }
    }

    /// Checks who has been woken: so nobody sleeps beside a free lock.
    fn expect_wakes(&self, caller: &Caller<'_>) {
        let in_slots = self.slots.iter().zip(&caller.slots).filter_map(|(task, slot)| Some(((*task)?, slot.as_ref()?)));
        for (task, slot) in in_slots.chain(self.forgotten.iter().copied().zip(&caller.forgotten)) {
            let task = &self.tasks[task];
            let own = if task.gives_way { slot.rings() + slot.rings_elsewhere() } else { slot.rings() };
            assert_eq!(own, task.rings, "wake-ups of {task:?}");
            assert!(task.gives_way || slot.rings_elsewhere() == 0, "a task is woken whose future it is no longer");
        }
    }
}

/// Whatever has happened, the lock can be had, and by a future that is polled, too.
const END: [Call; 6] = [
    Call::Unlock,
    Call::TryLock(Way::Borrowed),
    Call::Unlock,
    Call::Future(0, Step::Forget),
    Call::Future(0, Step::Poll),
    Call::Future(0, Step::Poll),
];

/// Breaks if any call does anything else than its documentation says.
#[test]
fn random_calls_do_what_is_promised() {
    alone(call(), |calls| {
        let mutex = mutex();
        let (mut caller, mut reference) = (Caller::new(&mutex), Reference::default());
        for &call in calls.iter().chain(&END) {
            let answer = caller.call(call);
            reference.expect(call, answer);
            // Or else the next that waits would hang, and nothing be made shorter.
            assert_eq!(mutex.is_locked(), reference.is_locked);
            reference.expect_wakes(&caller);
        }
        assert!(reference.is_locked, "a fresh future has it, polled once, or twice where it gave way");
        assert_at_rest(&mutex, caller.leave());
    });
}
