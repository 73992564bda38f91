//! What is promised to a caller that is alone: who is let in, and that somebody is woken where the lock is free.

use latchwork_calls::{Slot, alone};

use super::caller::{Guard, Pair};
use super::*;

/// Who is inside, and who waits. Of a future that waits: whether it has been woken since it was polled.
#[derive(Debug)]
struct Outlook {
    writers: usize,
    upgradables: usize,
    readers: usize,
    /// Of those in the places.
    waiting: [Option<Wait>; SLOTS],
    forgotten: Vec<Wait>,
    is_upgrading: bool,
}

/// How a future waits, as a task sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    /// It has not been polled.
    New,
    Asleep,
    Woken,
}

impl Outlook {
    fn of(caller: &Caller, was_polled: &[bool; SLOTS], forgotten: &[bool]) -> Self {
        let count = |which: fn(&Guard) -> bool| caller.guards.iter().filter(|guard| which(guard)).count();
        let wait = |slot: &Slot<'static, Guard>, was_polled: bool| match slot.rings() {
            _ if !was_polled => Wait::New,
            0 => Wait::Asleep,
            _ => Wait::Woken,
        };
        let mut waiting = [None; SLOTS];
        for (index, slot) in caller.slots.iter().enumerate() {
            waiting[index] = slot.as_ref().map(|slot| wait(slot, was_polled[index]));
        }
        Self {
            writers: count(|guard| matches!(guard, Guard::Write(_))),
            upgradables: count(|guard| matches!(guard, Guard::Upgradable(_))) + usize::from(caller.is_upgrading),
            readers: count(|guard| matches!(guard, Guard::Read(_))),
            waiting,
            forgotten: caller.forgotten.iter().zip(forgotten).map(|(slot, polled)| wait(slot, *polled)).collect(),
            is_upgrading: caller.is_upgrading,
        }
    }

    fn is_free(&self) -> bool {
        self.writers + self.upgradables + self.readers == 0
    }

    /// Whether a lock can be had, as far as those inside are concerned.
    fn may_enter(&self, way: Way) -> bool {
        match way {
            Way::Read | Way::ReadAgain => self.writers == 0,
            Way::Upgradable => self.writers + self.upgradables == 0,
            Way::Write => self.is_free(),
        }
    }

    /// Nobody is inside with whom somebody else may not be; one who waits is woken where the lock is free, and every reader where
    /// nobody holds it back.
    fn check(&self) {
        let inside = (self.writers, self.upgradables, self.readers);
        assert!(matches!(inside, (0, 0 | 1, _) | (1, 0, 0)), "{inside:?} are inside");
        let all = || self.waiting.iter().flatten().chain(&self.forgotten);
        if self.is_free() && all().any(|wait| *wait == Wait::Asleep) {
            assert!(all().any(|wait| *wait == Wait::Woken), "all sleep beside a free lock: {self:?}");
        }
        if self.is_upgrading && self.readers == 0 {
            assert_ne!(self.waiting[SLOTS - 1], Some(Wait::Asleep), "nobody is beside who upgrades: {self:?}");
        }
        let writer_waits = self.waiting[1].is_some_and(|wait| wait != Wait::New);
        if self.writers == 0 && !writer_waits && !self.is_upgrading && self.forgotten.is_empty() {
            let readers = self.waiting.iter().zip(REQUESTS).filter(|(_, way)| *way == Way::Read);
            let asleep = readers.filter(|(wait, _)| **wait == Some(Wait::Asleep)).count();
            assert_eq!(asleep, 0, "readers sleep whom nobody holds back: {self:?}");
        }
    }

    /// Checks what came of a call before which it was like this.
    fn expect(&self, call: Call, answer: Answer, policy: Policy) {
        match (call, answer) {
            (_, Answer::Skipped) => {}
            (Call::Lock(way) | Call::TryLock(way) | Call::TryLockFor(way), Answer::Locked) => {
                assert!(self.may_enter(way), "{way:?} beside {self:?}");
            }
            (Call::Lock(way) | Call::TryLock(way) | Call::TryLockFor(way), _) => {
                let is_held_back = self.is_upgrading || policy != Policy::ReaderPreferring && way != Way::ReadAgain;
                let may_be_held_back = !self.is_free() && is_held_back && self.somebody_waits();
                assert!(!self.may_enter(way) || may_be_held_back, "{way:?} is refused beside {self:?}");
            }
            (Call::TryUpgrade | Call::TryUpgradeFor, answer) => {
                let may = self.readers == 0;
                assert_eq!(answer, if may { Answer::Locked } else { Answer::Refused }, "beside {self:?}");
            }
            (Call::Future(..), Answer::Locked) => {
                assert_eq!(self.writers, 0, "a future is let in beside {self:?}");
            }
            _ => {}
        }
    }

    fn somebody_waits(&self) -> bool {
        self.waiting.iter().flatten().chain(&self.forgotten).any(|wait| *wait != Wait::New)
    }
}

/// Whatever has happened, the lock can be had in every way, and by a future that is polled, too.
const END: [Call; 9] = [
    Call::Settle,
    Call::TryLock(Way::Write),
    Call::Settle,
    Call::TryLock(Way::Read),
    Call::TryLock(Way::ReadAgain),
    Call::Settle,
    Call::Future(1, Step::Forget),
    Call::Future(1, Step::Poll),
    Call::Future(1, Step::Poll),
];

fn run(policy: Policy, calls: &[Call]) {
    let lock = Arc::new(RwLock::with_policy(Pair::default(), policy));
    let mut caller = Caller::new(&lock);
    let (mut was_polled, mut forgotten) = ([false; SLOTS], Vec::new());
    let mut outlook = Outlook::of(&caller, &was_polled, &forgotten);
    let mut gave_way = [false; SLOTS];
    for &call in calls.iter().chain(&END) {
        let was_forgotten = caller.forgotten.len();
        let answer = caller.call(call);
        outlook.expect(call, answer, policy);
        if let Call::Future(slot, step) = call {
            if caller.forgotten.len() > was_forgotten {
                forgotten.push(was_polled[slot]);
            }
            let is_polled = matches!(step, Step::Poll | Step::PollElsewhere);
            let gives_way = answer == Answer::Pending && outlook.is_free();
            assert!(!gives_way || !gave_way[slot] && is_woken(&caller, slot), "it waits for a free lock");
            gave_way[slot] = answer == Answer::Pending && (gave_way[slot] || gives_way);
            was_polled[slot] = answer == Answer::Pending && is_polled;
        }
        was_polled.iter_mut().zip(&caller.slots).for_each(|(was_polled, slot)| *was_polled &= slot.is_some());
        outlook = Outlook::of(&caller, &was_polled, &forgotten);
        outlook.check();
    }
    assert_eq!(outlook.writers, 1, "a fresh future has it, polled once, or twice where it gave way");
    drop(caller);
    assert!(!lock.is_locked() && lock.raw().is_at_rest(), "the queue is empty, and no flag is set");
}

/// It has woken itself.
fn is_woken(caller: &Caller, slot: usize) -> bool {
    caller.slots[slot].as_ref().is_some_and(|slot| slot.rings() > 0)
}

/// Breaks if anybody is let in beside a writer, is refused a free lock, or sleeps beside one.
#[test]
fn random_calls_are_let_in_as_promised() {
    for policy in POLICIES {
        alone(call(), |calls| run(policy, calls));
    }
}
