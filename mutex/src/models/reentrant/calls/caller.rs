//! Who makes the calls, and keeps what comes of them.

use std::time::Duration;

use latchwork_calls::Slot;
use latchwork_core::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// How many entries there are in each name: those of the owners first, then those of the threads.
pub(super) type Entries = [AtomicU32; OWNERS + 3];

/// A lock, and owners.
pub(super) struct Shared {
    pub(super) lock: Arc<ReentrantLock<Entries>>,
    pub(super) owners: [Arc<Owner>; OWNERS],
}

impl Shared {
    pub(super) fn new() -> Self {
        let entries = std::array::from_fn(|_| AtomicU32::new(0));
        Self { lock: Arc::new(ReentrantLock::new(entries)), owners: [owner(), owner()] }
    }

    /// Nobody is inside, nor waits.
    pub(super) fn assert_at_rest(&self) {
        assert!(self.lock.try_lock().is_some(), "nobody holds it now");
        assert!(self.lock.raw().mutex().is_at_rest(), "the queue is empty, and no mode is set");
        assert!(self.owners.iter().all(|owner| !owner.waiting().is_anybody()), "nobody waits in a name");
    }
}

/// A guard of any kind.
pub(super) enum Guard<'a> {
    ByThread(ReentrantLockGuard<'a, Entries>),
    ByOwner(ReentrantLockGuard<'a, Entries, ByOwner>),
    Owned(OwnedReentrantLockGuard<Entries, ByOwner>),
}

impl Guard<'_> {
    fn entries(&self) -> &Entries {
        match self {
            Self::ByThread(guard) => guard,
            Self::ByOwner(guard) => guard,
            Self::Owned(guard) => guard,
        }
    }
}

/// A guard, which is counted.
pub(super) struct Entry<'a> {
    pub(super) name: Name,
    guard: Guard<'a>,
    /// The place of the name among the numbers.
    place: usize,
}

impl<'a> Entry<'a> {
    /// Nobody is inside in another name.
    fn new(name: Name, guard: Guard<'a>, place: usize) -> Self {
        let entries = guard.entries();
        entries[place].fetch_add(1, Ordering::Relaxed);
        let others = entries.iter().enumerate().filter(|(other, _)| *other != place);
        assert_eq!(others.map(|(_, count)| count.load(Ordering::Relaxed)).sum::<u32>(), 0, "others are inside");
        Self { name, guard, place }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.guard.entries()[self.place].fetch_sub(1, Ordering::Relaxed);
    }
}

/// A future, and how it was polled last.
pub(super) struct Future<'a> {
    pub(super) name: Name,
    pub(super) slot: Slot<'a, Guard<'a>>,
    pub(super) is_polled: bool,
    /// It has woken itself, or whoever has polled it before.
    pub(super) gives_way: bool,
}

/// Makes calls.
pub(super) struct Caller<'a> {
    pub(super) shared: &'a Shared,
    thread: usize,
    /// All in the same name.
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) slots: [Option<Future<'a>>; SLOTS],
    pub(super) forgotten: Vec<Future<'a>>,
}

impl<'a> Caller<'a> {
    pub(super) fn new(shared: &'a Shared, thread: usize) -> Self {
        Self { shared, thread, entries: Vec::new(), slots: [const { None }; SLOTS], forgotten: Vec::new() }
    }

    /// In whose name it is inside.
    pub(super) fn name(&self) -> Option<Name> {
        self.entries.first().map(|entry| entry.name)
    }

    pub(super) fn call(&mut self, call: Call) -> Answer {
        match call {
            // Whoever is inside would wait for itself.
            Call::Lock(name) if self.name().is_some_and(|inside| inside != name) => Answer::Skipped,
            Call::Lock(name) => self.take(name, Some(self.lock(name))),
            Call::TryLock(name) => self.take(name, self.try_lock(name)),
            Call::TryLockFor(name) => self.take(name, self.try_lock_for(name)),
            Call::GetMut => match self.entries.first_mut().map(|entry| &mut entry.guard) {
                Some(Guard::ByThread(guard)) => match ReentrantLockGuard::get_mut(guard) {
                    Some(_) => Answer::Locked,
                    None => Answer::Refused,
                },
                _ => Answer::Skipped,
            },
            Call::Unlock if self.entries.is_empty() => Answer::Skipped,
            Call::Unlock => {
                self.entries.remove(0);
                Answer::Done
            }
            Call::Settle => {
                self.entries.clear();
                Answer::Done
            }
            Call::Future(slot, step) => self.step(slot, step),
            Call::LetTimePass => {
                let_time_pass();
                Answer::Done
            }
        }
    }

    /// It has entered, or has not.
    pub(super) fn take(&mut self, name: Name, guard: Option<Guard<'a>>) -> Answer {
        let Some(guard) = guard else { return Answer::Refused };
        let place = match name {
            Name::Owner(owner) => owner,
            Name::Thread => OWNERS + self.thread,
        };
        self.entries.push(Entry::new(name, guard, place));
        Answer::Locked
    }

    fn lock(&self, name: Name) -> Guard<'a> {
        let Shared { lock, owners } = self.shared;
        match name {
            Name::Thread => Guard::ByThread(lock.lock()),
            Name::Owner(owner) => Guard::ByOwner(lock.lock_as(&owners[owner])),
        }
    }

    fn try_lock(&self, name: Name) -> Option<Guard<'a>> {
        let Shared { lock, owners } = self.shared;
        match name {
            Name::Thread => lock.try_lock().map(Guard::ByThread),
            Name::Owner(owner) => lock.try_lock_as(&owners[owner]).map(Guard::ByOwner),
        }
    }

    fn try_lock_for(&self, name: Name) -> Option<Guard<'a>> {
        // Under shuttle, the time does not pass by itself.
        let is_hopeless = cfg!(latchwork = "shuttle") && !self.entries.is_empty();
        let timeout = if is_hopeless { Duration::ZERO } else { Duration::from_micros(1) };
        let Shared { lock, owners } = self.shared;
        match name {
            Name::Thread => lock.try_lock_for(timeout).map(Guard::ByThread),
            Name::Owner(owner) => lock.try_lock_as_for(&owners[owner], timeout).map(Guard::ByOwner),
        }
    }

    /// The future in this place. If there is none, it is made.
    pub(super) fn future(&mut self, slot: usize) -> Future<'a> {
        if let Some(future) = self.slots[slot].take() {
            return future;
        }
        let Shared { lock, owners } = self.shared;
        let owner = slot % OWNERS;
        let slot = if slot < OWNERS {
            Slot::new(async move { Guard::ByOwner(lock.lock_async(&owners[owner]).await) })
        } else {
            let future = Arc::clone(lock).lock_owned_async(Arc::clone(&owners[owner]));
            Slot::new(async { Guard::Owned(future.await) })
        };
        Future { name: Name::Owner(owner), slot, is_polled: false, gives_way: false }
    }

    fn step(&mut self, slot: usize, step: Step) -> Answer {
        let mut future = self.future(slot);
        let poll = match step {
            Step::Poll => future.slot.poll(),
            Step::PollElsewhere => future.slot.poll_by(&alarm()),
            Step::Cancel => return Answer::Done,
            Step::Forget => {
                self.forgotten.push(future);
                return Answer::Done;
            }
        };
        match poll {
            Poll::Ready(guard) => self.take(future.name, Some(guard)),
            Poll::Pending => {
                future.is_polled = true;
                future.gives_way = future.slot.rings() + future.slot.rings_elsewhere() > 0;
                self.slots[slot] = Some(future);
                Answer::Pending
            }
        }
    }
}
