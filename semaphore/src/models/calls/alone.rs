//! What is promised to a caller that is alone: what comes of each call; and of whom it wakes, what is said below.
//!
//! - Permits add up, free, owed and out.
//! - Only who waits is woken, and once: the oldest first, and for what is free.
//! - Nobody waits for what is free, and neither gathers for an older one nor is promised to one that was woken.

use std::collections::VecDeque;

use latchwork_calls::alone;

use super::*;
use crate::BoundedSemaphore;

/// Where a future stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Queued,
    /// It has left the queue by a wake-up, which it passes on when it is dropped.
    Woken,
    /// It has ended.
    Done,
}

/// What is promised of a future.
#[derive(Debug)]
struct Task {
    asks_for: usize,
    stage: Stage,
    /// Wake-ups since it was last polled, its own among them.
    rings: u32,
    /// Whether it was woken and came too late: what is free may be reserved for it when it is woken next.
    came_too_late: bool,
    gave_way: bool,
    /// Whether it did when it was last polled. Whoever polled it before may be woken in place of its task, which has been.
    gives_way: bool,
}

/// What is promised. Tasks have the numbers of the order in which they were made.
#[derive(Debug)]
struct Reference {
    /// Below zero, what is owed.
    free: isize,
    is_closed: bool,
    /// Whether what is free may be reserved for somebody.
    is_reserved: bool,
    tasks: Vec<Task>,
    queue: VecDeque<usize>,
    slots: [Option<usize>; SLOTS],
    forgotten: Vec<usize>,
}

impl Reference {
    const NEW: Self = Self {
        free: PERMITS.cast_signed(),
        is_closed: false,
        is_reserved: false,
        tasks: Vec::new(),
        queue: VecDeque::new(),
        slots: [None; SLOTS],
        forgotten: Vec::new(),
    };

    /// Checks what came of a call.
    fn expect(&mut self, call: Call, answer: Answer, caller: &Caller<'_, impl Kind>) {
        match (call, answer) {
            (_, Answer::Skipped) => {}
            (Call::Acquire(permits, _), answer) => {
                assert_ne!(answer, Answer::NoPermits);
                self.expect_permits(permits, self.needed(permits, None), answer);
            }
            (Call::TryAcquire(permits, _) | Call::TryAcquireFor(permits, _), answer) => {
                self.expect_permits(permits, self.needed(permits, None), answer);
            }
            (Call::GiveBack | Call::Settle, Answer::Done(permits)) => self.free += permits.cast_signed(),
            (Call::Forget(permits), Answer::Done(forgotten)) => {
                assert_eq!(forgotten, permits.min(self.free.max(0).cast_unsigned()));
                self.free -= forgotten.cast_signed();
            }
            (Call::Reduce(permits), _) => self.free -= permits.cast_signed(),
            (Call::Close, _) => self.is_closed = true,
            (Call::Future(slot, step), answer) => self.expect_step(slot, step, answer, caller),
            (Call::Split(_) | Call::Merge | Call::ForgetPermit | Call::LetTimePass, _) => {}
            (call, answer) => unreachable!("{call:?}: {answer:?}"),
        }
    }

    /// As much has to be free as the oldest asks for, or else it gathers.
    fn needed(&self, asks_for: usize, task: Option<usize>) -> isize {
        let oldest = self.queue.front().filter(|oldest| Some(**oldest) != task);
        let is_promised = task.is_some_and(|task| self.tasks[task].stage == Stage::Woken);
        let oldest = oldest.filter(|_| !is_promised).map_or(0, |oldest| self.tasks[*oldest].asks_for);
        asks_for.max(oldest).cast_signed()
    }

    fn expect_permits(&mut self, asks_for: usize, needed: isize, answer: Answer) {
        let expected = match asks_for {
            _ if self.is_closed => Answer::Closed,
            0 => Answer::Done(0),
            _ if self.free >= needed => Answer::Done(asks_for),
            _ => Answer::NoPermits,
        };
        assert_eq!(answer, expected, "{needed} are needed of {}", self.free);
        if let Answer::Done(permits @ 1..) = answer {
            self.free -= permits.cast_signed();
            self.is_reserved = false;
        }
    }

    fn expect_step(&mut self, slot: usize, step: Step, answer: Answer, caller: &Caller<'_, impl Kind>) {
        let index = self.slots[slot].take().unwrap_or(self.tasks.len());
        if index == self.tasks.len() {
            let (asks_for, stage) = (REQUESTS[slot], Stage::Idle);
            self.tasks.push(Task {
                asks_for,
                stage,
                rings: 0,
                came_too_late: false,
                gave_way: false,
                gives_way: false,
            });
        }
        match step {
            Step::Poll | Step::PollElsewhere => {
                let rings = caller.slots[slot].as_ref().map_or(0, |future| future.rings());
                self.expect_poll(index, answer, rings);
                self.slots[slot] = Some(index).filter(|_| answer == Answer::Pending);
            }
            Step::Cancel => self.end(index),
            Step::Forget => self.forgotten.push(index),
        }
    }

    fn end(&mut self, index: usize) {
        self.tasks[index].stage = Stage::Done;
        self.queue.retain(|queued| *queued != index);
    }

    /// `rings` is how often it has been woken in the poll: by itself, when it gave way.
    fn expect_poll(&mut self, index: usize, answer: Answer, rings: u32) {
        let asks_for = self.tasks[index].asks_for;
        let needed = self.needed(asks_for, Some(index));
        if answer != Answer::Pending {
            self.expect_permits(asks_for, needed, answer);
            return self.end(index);
        }
        let task = &mut self.tasks[index];
        assert!(!self.is_closed, "it waits for what will never come");
        (task.rings, task.gives_way) = (rings, rings > 0);
        if task.gives_way {
            assert!(self.is_reserved && !task.gave_way, "it gives way to nobody, or again");
            task.gave_way = true;
            return;
        }
        assert!(self.free < needed, "it waits for what is free: {needed} of {}", self.free);
        match std::mem::replace(&mut task.stage, Stage::Queued) {
            Stage::Idle => self.queue.push_back(index),
            Stage::Woken => {
                task.came_too_late = true;
                self.queue.push_front(index);
            }
            Stage::Queued | Stage::Done => {}
        }
    }

    /// Checks who has been woken by the last call.
    fn expect_wakes(&mut self, caller: &Caller<'_, impl Kind>) {
        let in_slots = self.slots.iter().zip(&caller.slots).filter_map(|(task, slot)| Some(((*task)?, slot.as_ref()?)));
        let forgotten = self.forgotten.iter().copied().zip(&caller.forgotten);
        let mut woken = Vec::new();
        for (index, slot) in in_slots.chain(forgotten) {
            let task = &mut self.tasks[index];
            assert!(task.gives_way || slot.rings_elsewhere() == 0, "a task is woken whose future it is no longer");
            let rings = slot.rings() + if task.gives_way { slot.rings_elsewhere() } else { 0 };
            if rings > task.rings {
                assert_eq!((task.stage, rings), (Stage::Queued, task.rings + 1), "{task:?} does not wait");
                (task.stage, task.rings) = (Stage::Woken, rings);
                self.is_reserved |= task.came_too_late;
                woken.push(index);
            }
        }
        let oldest: Vec<_> = self.queue.drain(..woken.len()).collect();
        assert!(woken.iter().all(|index| oldest.contains(index)), "{woken:?} are woken before {oldest:?}");
        let ask_for =
            |tasks: &mut dyn Iterator<Item = &Task>| tasks.map(|task| task.asks_for).sum::<usize>().cast_signed();
        if self.is_closed {
            assert!(self.queue.is_empty(), "all learn that it is closed");
            return;
        }
        let woken_for = ask_for(&mut woken.iter().map(|index| &self.tasks[*index]));
        assert!(woken.is_empty() || woken_for <= self.free, "{woken:?} are woken for what is not free");
        let promised = ask_for(&mut self.tasks.iter().filter(|task| task.stage == Stage::Woken));
        if let Some(oldest) = self.queue.front() {
            let asks_for = self.tasks[*oldest].asks_for.cast_signed();
            assert!(self.free - promised < asks_for, "{asks_for} are free, and promised to nobody: {self:?}");
        }
    }
}

/// Whatever has happened, all permits can be had.
const END: [Call; 3] = [Call::Settle, Call::TryAcquire(PERMITS, Way::Owned), Call::Settle];

fn run<S: Kind>(calls: &[Call]) {
    let semaphore = Arc::new(S::new());
    let (mut caller, mut reference) = (Caller::new(&semaphore), Reference::NEW);
    for &call in calls.iter().chain(&END) {
        let answer = caller.call(call);
        reference.expect(call, answer, &caller);
        reference.expect_wakes(&caller);
        let (free, missing) = (semaphore.free(), caller.missing.iter().sum::<usize>());
        assert_eq!(free, reference.free);
        assert_eq!(free + (caller.count() + missing).cast_signed(), PERMITS.cast_signed());
        semaphore.check(caller.count(), caller.missing);
    }
    drop(caller);
    assert!(semaphore.raw().is_at_rest(), "the queue is empty, and no flag is set");
}

/// Breaks if any call does anything else than its documentation says.
#[test]
fn random_calls_do_what_is_promised() {
    alone(call(), run::<Semaphore>);
}

/// The same where there is a limit: and if it is not kept, or permits are given back that are not in use.
#[test]
fn random_calls_keep_to_the_limit() {
    alone(call(), run::<BoundedSemaphore>);
}
