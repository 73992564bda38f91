//! Who makes the calls, and keeps what comes of them.

use std::time::Duration;

use latchwork_calls::Slot;

use super::kind::Kind;
use super::*;
use crate::OwnedPermit;

/// A permit of either kind.
pub(super) enum Held<'a, S: Kind> {
    Borrowed(Permit<'a, S>),
    Owned(OwnedPermit<S>),
}

impl<S: Kind> Held<'_, S> {
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Borrowed(permit) => permit.count(),
            Self::Owned(permit) => permit.count(),
        }
    }

    fn forget(self) {
        match self {
            Self::Borrowed(permit) => permit.forget(),
            Self::Owned(permit) => permit.forget(),
        }
    }

    fn split(&mut self, permits: usize) -> Option<Self> {
        match self {
            Self::Borrowed(permit) => permit.split(permits).map(Self::Borrowed),
            Self::Owned(permit) => permit.split(permits).map(Self::Owned),
        }
    }
}

/// A future of either kind.
type Waiting<'a, S> = Slot<'a, Result<Held<'a, S>, Closed>>;

/// Makes calls.
pub(super) struct Caller<'a, S: Kind> {
    semaphore: &'a Arc<S>,
    pub(super) permits: Vec<Held<'a, S>>,
    pub(super) slots: [Option<Waiting<'a, S>>; SLOTS],
    pub(super) forgotten: Vec<Waiting<'a, S>>,
    /// How many permits it has taken away for good: forgotten, or made fewer.
    pub(super) missing: [usize; 2],
}

impl<'a, S: Kind> Caller<'a, S> {
    pub(super) fn new(semaphore: &'a Arc<S>) -> Self {
        Self { semaphore, permits: Vec::new(), slots: [const { None }; SLOTS], forgotten: Vec::new(), missing: [0; 2] }
    }

    /// How many permits are its own.
    pub(super) fn count(&self) -> usize {
        self.permits.iter().map(Held::count).sum()
    }

    pub(super) fn call(&mut self, call: Call) -> Answer {
        let semaphore = self.semaphore;
        match call {
            Call::Acquire(..) if !self.is_settled() => Answer::Skipped,
            Call::Acquire(permits, way) => self.acquire(permits, way),
            Call::TryAcquire(permits, way) => self.try_acquire(permits, way),
            Call::TryAcquireFor(permits, way) => self.try_acquire_for(permits, way),
            Call::Split(permits) => {
                let split = self.permits.last_mut().and_then(|permit| permit.split(permits));
                split.map_or(Answer::Skipped, |permit| self.take(Ok(permit)))
            }
            Call::Merge => self.merge(),
            Call::ForgetPermit => self.permits.pop().map_or(Answer::Skipped, |permit| {
                self.missing[0] += permit.count();
                permit.forget();
                Answer::Done(0)
            }),
            Call::GiveBack if self.permits.is_empty() => Answer::Skipped,
            Call::GiveBack => Answer::Done(self.permits.remove(0).count()),
            Call::Forget(permits) => S::forget_permits(semaphore, permits).map_or(Answer::Skipped, |forgotten| {
                self.missing[0] += forgotten;
                Answer::Done(forgotten)
            }),
            Call::Reduce(permits) if S::reduce(semaphore, permits) => {
                self.missing[1] += permits;
                Answer::Done(permits)
            }
            Call::Reduce(_) => Answer::Skipped,
            Call::Settle => Answer::Done(self.settle()),
            Call::Close => {
                S::close(semaphore);
                Answer::Done(0)
            }
            Call::Future(slot, step) => self.step(slot, step),
            Call::LetTimePass => {
                let_time_pass();
                Answer::Done(0)
            }
        }
    }

    /// Whether nothing is missing that only it could give back.
    fn is_settled(&self) -> bool {
        self.count() == 0 && self.missing == [0; 2]
    }

    pub(super) fn settle(&mut self) -> usize {
        let missing = std::mem::take(&mut self.missing);
        let permits = self.count() + missing.iter().sum::<usize>();
        self.permits.clear();
        S::restore(self.semaphore, missing);
        permits
    }

    pub(super) fn take(&mut self, permit: Result<Held<'a, S>, TryAcquireError>) -> Answer {
        match permit {
            Ok(permit) => {
                let permits = permit.count();
                self.permits.push(permit);
                Answer::Done(permits)
            }
            Err(TryAcquireError::NoPermits) => Answer::NoPermits,
            Err(TryAcquireError::Closed) => Answer::Closed,
        }
    }

    fn acquire(&mut self, permits: usize, way: Way) -> Answer {
        let permit = match way {
            Way::Borrowed => S::acquire_many(self.semaphore, permits).map(Held::Borrowed),
            Way::Owned => S::acquire_many_owned(Arc::clone(self.semaphore), permits).map(Held::Owned),
        };
        self.take(permit.map_err(TryAcquireError::from))
    }

    fn try_acquire(&mut self, permits: usize, way: Way) -> Answer {
        let permit = match way {
            Way::Borrowed => S::try_acquire_many(self.semaphore, permits).map(Held::Borrowed),
            Way::Owned => S::try_acquire_many_owned(Arc::clone(self.semaphore), permits).map(Held::Owned),
        };
        self.take(permit)
    }

    fn try_acquire_for(&mut self, permits: usize, way: Way) -> Answer {
        // Under shuttle, the time does not pass by itself.
        let is_hopeless = cfg!(latchwork = "shuttle") && !self.is_settled();
        let timeout = if is_hopeless { Duration::ZERO } else { Duration::from_micros(1) };
        let permit = match way {
            Way::Borrowed => S::try_acquire_many_for(self.semaphore, permits, timeout).map(Held::Borrowed),
            Way::Owned => S::try_acquire_many_owned_for(Arc::clone(self.semaphore), permits, timeout).map(Held::Owned),
        };
        self.take(permit)
    }

    /// Puts its last two permits together, if they are of one kind. None is left that is of no permits.
    fn merge(&mut self) -> Answer {
        let [.., into, from] = &mut *self.permits else { return Answer::Skipped };
        let all = from.split(from.count()).expect("it has as many as it has");
        match (into, all) {
            (Held::Borrowed(into), Held::Borrowed(all)) => into.merge(all).expect("they are of one semaphore"),
            (Held::Owned(into), Held::Owned(all)) => into.merge(all).expect("they are of one semaphore"),
            (_, all) => *from = all,
        }
        self.permits.retain(|permit| permit.count() > 0);
        Answer::Done(0)
    }

    /// The future in this place. If there is none, it is made: by turns of either form.
    pub(super) fn future(&mut self, slot: usize) -> Waiting<'a, S> {
        let (semaphore, permits) = (self.semaphore, REQUESTS[slot]);
        self.slots[slot].take().unwrap_or_else(|| match slot % 2 {
            0 => Slot::new(async move { S::acquire_many_async(semaphore, permits).await.map(Held::Borrowed) }),
            _ => {
                Slot::new(
                    async move { S::acquire_many_owned_async(Arc::clone(semaphore), permits).await.map(Held::Owned) },
                )
            }
        })
    }

    fn step(&mut self, slot: usize, step: Step) -> Answer {
        let mut future = self.future(slot);
        let poll = match step {
            Step::Poll => future.poll(),
            Step::PollElsewhere => future.poll_by(&Arc::default()),
            Step::Cancel => return Answer::Done(0),
            Step::Forget => {
                self.forgotten.push(future);
                return Answer::Done(0);
            }
        };
        match poll {
            Poll::Ready(permit) => self.take(permit.map_err(TryAcquireError::from)),
            Poll::Pending => {
                self.slots[slot] = Some(future);
                Answer::Pending
            }
        }
    }
}
