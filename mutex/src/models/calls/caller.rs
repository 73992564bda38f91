//! Who makes the calls, and keeps what comes of them.

use std::ops::DerefMut;
use std::time::Duration;

use latchwork_calls::Slot;

use super::*;
use crate::{MappedMutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard};

/// A guard of any kind.
pub(super) enum Guard<'a> {
    Borrowed(MutexGuard<'a, u32>),
    Mapped(MappedMutexGuard<'a, u32>),
    Owned(OwnedMutexGuard<u32>),
    OwnedMapped(OwnedMappedMutexGuard<u32, u32>),
}

impl Guard<'_> {
    fn value(&mut self) -> &mut u32 {
        match self {
            Self::Borrowed(guard) => guard.deref_mut(),
            Self::Mapped(guard) => guard.deref_mut(),
            Self::Owned(guard) => guard.deref_mut(),
            Self::OwnedMapped(guard) => guard.deref_mut(),
        }
    }

    fn map(self) -> Self {
        match self {
            Self::Borrowed(guard) => Self::Mapped(MutexGuard::map(guard, |value| value)),
            Self::Mapped(guard) => Self::Mapped(MappedMutexGuard::map(guard, |value| value)),
            Self::Owned(guard) => Self::OwnedMapped(OwnedMutexGuard::map(guard, |value| value)),
            Self::OwnedMapped(guard) => Self::OwnedMapped(OwnedMappedMutexGuard::map(guard, |value| value)),
        }
    }

    fn try_map(self, has_part: bool) -> Self {
        let part: fn(&mut u32) -> Option<&mut u32> = if has_part { |value| Some(value) } else { |_| None };
        match self {
            Self::Borrowed(guard) => MutexGuard::try_map(guard, part).map_or_else(Self::Borrowed, Self::Mapped),
            Self::Mapped(guard) => MappedMutexGuard::try_map(guard, part).map_or_else(Self::Mapped, Self::Mapped),
            Self::Owned(guard) => OwnedMutexGuard::try_map(guard, part).map_or_else(Self::Owned, Self::OwnedMapped),
            Self::OwnedMapped(guard) => {
                OwnedMappedMutexGuard::try_map(guard, part).map_or_else(Self::OwnedMapped, Self::OwnedMapped)
            }
        }
    }
}

/// Makes calls.
pub(super) struct Caller<'a> {
    mutex: &'a Arc<Mutex<u32>>,
    pub(super) guard: Option<Guard<'a>>,
    pub(super) slots: [Option<Slot<'a, Guard<'a>>>; SLOTS],
    pub(super) forgotten: Vec<Slot<'a, Guard<'a>>>,
    /// How often it has had the lock, and counted the value up.
    turns: u32,
}

impl<'a> Caller<'a> {
    pub(super) fn new(mutex: &'a Arc<Mutex<u32>>) -> Self {
        let slots = [const { None }; SLOTS];
        Self { mutex, guard: None, slots, forgotten: Vec::new(), turns: 0 }
    }

    pub(super) fn call(&mut self, call: Call) -> Answer {
        match call {
            // Whoever has the lock would wait for itself.
            Call::Lock(_) | Call::With if self.guard.is_some() => Answer::Skipped,
            Call::Lock(Way::Borrowed) => self.take(Some(Guard::Borrowed(self.mutex.lock()))),
            Call::Lock(Way::Owned) => self.take(Some(Guard::Owned(Arc::clone(self.mutex).lock_owned()))),
            Call::TryLock(Way::Borrowed) => self.take(self.mutex.try_lock().map(Guard::Borrowed)),
            Call::TryLock(Way::Owned) => self.take(Arc::clone(self.mutex).try_lock_owned().map(Guard::Owned)),
            Call::TryLockFor(way) => self.try_lock_for(way),
            Call::With => {
                self.mutex.with(|value| *value += 1);
                self.turns += 1;
                Answer::Locked
            }
            Call::Debug if format!("{:?}", self.mutex).contains("<locked>") => Answer::Refused,
            Call::Debug => Answer::Locked,
            Call::Map => self.change_guard(Guard::map),
            Call::TryMap(has_part) => self.change_guard(|guard| guard.try_map(has_part)),
            Call::Unlocked => self.unlocked(),
            Call::Bump => match &mut self.guard {
                Some(Guard::Borrowed(guard)) => {
                    MutexGuard::bump(guard);
                    Answer::Done
                }
                _ => Answer::Skipped,
            },
            Call::Unlock => self.guard.take().map_or(Answer::Skipped, |_| Answer::Done),
            Call::Future(slot, step) => self.step(slot, step),
            Call::LetTimePass => {
                let_time_pass();
                Answer::Done
            }
        }
    }

    /// Gives up everything. Returns how often it has had the lock.
    pub(super) fn leave(self) -> u32 {
        self.turns
    }

    /// It has the lock, or has not got it.
    pub(super) fn take(&mut self, guard: Option<Guard<'a>>) -> Answer {
        let Some(mut guard) = guard else { return Answer::Refused };
        assert!(self.guard.is_none(), "it has the lock already");
        *guard.value() += 1;
        self.turns += 1;
        self.guard = Some(guard);
        Answer::Locked
    }

    fn change_guard(&mut self, change: impl FnOnce(Guard<'a>) -> Guard<'a>) -> Answer {
        self.guard = self.guard.take().map(change);
        if self.guard.is_some() { Answer::Done } else { Answer::Skipped }
    }

    fn try_lock_for(&mut self, way: Way) -> Answer {
        // Under shuttle, the time does not pass by itself.
        let is_hopeless = cfg!(latchwork = "shuttle") && self.guard.is_some();
        let timeout = if is_hopeless { Duration::ZERO } else { Duration::from_micros(1) };
        let guard = match way {
            Way::Borrowed => self.mutex.try_lock_for(timeout).map(Guard::Borrowed),
            Way::Owned => Arc::clone(self.mutex).try_lock_owned_for(timeout).map(Guard::Owned),
        };
        self.take(guard)
    }

    fn unlocked(&mut self) -> Answer {
        let Some(Guard::Borrowed(guard)) = &mut self.guard else { return Answer::Skipped };
        let mutex = self.mutex;
        let has_locked = MutexGuard::unlocked(guard, || mutex.try_lock().map(|mut value| *value += 1).is_some());
        self.turns += u32::from(has_locked);
        if has_locked { Answer::Locked } else { Answer::Refused }
    }

    /// The future in this place. If there is none, it is made: by turns of either form.
    pub(super) fn future(&mut self, slot: usize) -> Slot<'a, Guard<'a>> {
        let mutex = self.mutex;
        self.slots[slot].take().unwrap_or_else(|| match slot % 2 {
            0 => Slot::new(async { Guard::Borrowed(mutex.lock_async().await) }),
            _ => Slot::new(async { Guard::Owned(Arc::clone(mutex).lock_owned_async().await) }),
        })
    }

    fn step(&mut self, slot: usize, step: Step) -> Answer {
        let mut future = self.future(slot);
        let poll = match step {
            Step::Poll => future.poll(),
            Step::PollElsewhere => future.poll_by(&Arc::default()),
            Step::Cancel => return Answer::Done,
            Step::Forget => {
                self.forgotten.push(future);
                return Answer::Done;
            }
        };
        match poll {
            Poll::Ready(guard) => self.take(Some(guard)),
            Poll::Pending => {
                self.slots[slot] = Some(future);
                Answer::Pending
            }
        }
    }
}
