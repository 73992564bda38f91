//! Waiting for a notification, with a lock released meanwhile.
//!
//! # States
//!
//! ```text
//!                                       notified, and the lock has an owner
//!   owns the lock ──join, release──▶ waits ─────────────────────────────▶ in the lock's queue ──▶ owns the lock
//!                                       │                                                             ▲
//!                                       ├─────── notified otherwise: invited, comes as a newcomer ────┤
//!                                       └─────── out of time: leaves, and comes as a newcomer ────────┘
//! ```
//!
//! Whoever is notified is moved, without being woken, to the queue of the lock that it has released: it could do nothing before the
//! notifier releases the lock in its turn, and whoever releases it wakes one after the other.
//!
//! A notifier that has the lock at hand moves threads and tasks. One that has not, and knows the lock only from those who wait, moves
//! threads alone, and invites tasks: their futures may have been forgotten, and their lock be gone.
//!
//! Where nobody else wants the lock, a notifier that owns it invites the first thread that it notifies, and wakes it when it has
//! released the lock ([`Notifier::Inside`]): there is no queue to be last in, and the lock learns of no waiter. If all are moved, one
//! producer and one consumer with one slot pass half as many items, and so do 16 producers with 1024 slots (`cargo run --release -p
//! latchwork-benches -- monitor --contenders Condition`).
//!
//! # Invariants
//!
//! N1. Whoever waits was queued while it owned the lock: a notification by a later owner finds it.
//! N2. All who are queued at a time wait with the same lock, or are forgotten futures. `lock` names that of the last to come, and
//!     is null while nobody is queued; it is written with the lock of this queue held. While a thread is queued, the lock that is named
//!     is alive: the thread borrows it, and leaves by a signal, or with the lock of this queue held.
//! N3. A waiter is moved with the locks of both queues held, this one's first. After its lock's queue is unlocked, nothing of it or
//!     of its lock is touched: it may have ended.
//! N4. A notification that was for one alone, and has reached a waiter that is cancelled, is passed on once.
//!
//! # When nobody waits
//!
//! A notifier looks at `lock` before it locks the queue, and finds it null where nobody waits, which for most conditions is most of the
//! time. It misses nobody whom it has to find: whoever waits was queued while it owned its lock (N1), so that each later owner sees what
//! it wrote, or what was written later. parking_lot's condition variables do the same.

#![expect(unsafe_code, reason = "a waiter is queued by its address, and a lock is remembered by its own")]

use core::num::NonZeroU8;
use core::pin::Pin;
#[cfg(feature = "std")]
use core::pin::pin;
use core::task::Waker;

use latchwork_core::const_unless_checked;
#[cfg(feature = "std")]
use latchwork_core::deadlock::Waiting;
use latchwork_core::sync::atomic::{AtomicPtr, Ordering};
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;
#[cfg(feature = "std")]
use latchwork_core::trace::{Outcome, Site, Told, silently};
use latchwork_core::wait::{
    Entrant, Kind, Moment, Outlook, PendingWake, Place, QueueGuard, Signal, WaitQueue, Waiter, Wake, WakeList,
};
use latchwork_mutex::internal::RawMutex;

/// To whom a notification is: the note with which a waiter is moved, and the signal with which it is invited.
type Address = (NonZeroU8, Signal);
const TO_ONE: Address = (NonZeroU8::MIN, Signal::Invited);
const TO_ALL: Address = (NonZeroU8::MAX, Signal::Woken);

/// What is waited for, for whoever is told of waits.
pub(crate) const WHAT: &str = "condition";

/// Those who wait for a notification.
pub(crate) struct RawCondition {
    queue: WaitQueue,
    lock: AtomicPtr<RawMutex>,
    outlook: Outlook,
}

/// Whether those who wait may do so with different locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locks {
    /// No: the caller has made sure that it is always the same.
    One,
    /// One after the other, but not at a time.
    Any,
}

/// By what means a notifier lets those whom it notifies have their lock.
#[derive(Clone, Copy)]
pub(crate) enum Notifier<'a> {
    /// It knows of no lock but that of those who wait.
    Anybody,
    /// It has the lock at hand.
    AtLock(&'a RawMutex),
    /// It owns the lock, and wakes when it releases that.
    Inside(&'a RawMutex, &'a PendingWake),
}

impl<'a> Notifier<'a> {
    const fn lock(self) -> Option<&'a RawMutex> {
        match self {
            Self::Anybody => None,
            Self::AtLock(lock) | Self::Inside(lock, _) => Some(lock),
        }
    }

    /// Where a thread that it notifies is put that it wakes when it releases the lock.
    fn later(self) -> Option<&'a PendingWake> {
        match self {
            Self::Inside(lock, later) if later.is_empty() && !lock.has_company() => Some(later),
            _ => None,
        }
    }
}

/// What a waiter finds when it wants to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It was not notified, and is not queued any more.
    Waiting,
    /// It was notified, and is a contender of its lock.
    Moved,
    /// It was notified, and may come for its lock as a newcomer.
    Invited,
}

impl RawCondition {
    const_unless_checked! {
        pub(crate) const fn new() -> Self {
            Self { queue: WaitQueue::new(), lock: AtomicPtr::new(core::ptr::null_mut()), outlook: Outlook::new() }
        }
    }

    /// The owner of the lock joins those who wait. Whether it is the first.
    ///
    /// # Panics
    ///
    /// If others wait with another lock.
    pub(crate) fn join(&self, lock: &RawMutex, locks: Locks, waiter: Pin<&Waiter>, waker: Option<Waker>) -> bool {
        let kind = if waker.is_some() { Kind::Task } else { Kind::Thread };
        let entrant = Entrant::new(waiter, waker, Place::Back);
        let mut queue = self.queue.lock();
        let before = self.lock();
        let lock = core::ptr::from_ref(lock);
        if locks == Locks::Any && !before.is_null() && before != lock {
            drop(queue);
            panic!("a condition variable is used with two mutexes at a time");
        }
        self.set_lock(lock);
        // SAFETY: whoever waits looks here first, and goes to its lock's queue where it has moved.
        unsafe { queue.push(entrant, kind) };
        before.is_null()
    }

    /// The owner of the lock has it released, and blocks until it has been notified, or until `deadline`; then until it owns the lock
    /// again. Whether it was notified.
    #[cfg(feature = "std")]
    pub(crate) fn wait(
        &self,
        lock: &RawMutex,
        locks: Locks,
        deadline: Option<Instant>,
        site: Site,
        release: impl FnOnce(),
    ) -> bool {
        let told = Told::begin(WHAT, site);
        let waiter = pin!(Waiter::new());
        let waiter = waiter.as_ref();
        let is_first = self.join(lock, locks, waiter, None);
        let withdraw = Withdraw { condition: self, lock, waiter, site };
        // It wakes others, whose wakers are foreign code, and may panic.
        release();
        core::mem::forget(withdraw);
        let found = self.await_notification(lock, waiter, deadline, is_first, site);
        silently(|| acquire(lock, waiter, found, site));
        let outcome = if found == Found::Waiting { Outcome::TimedOut } else { Outcome::Acquired };
        told.end(outcome, lock.address(), true);
        found != Found::Waiting
    }

    /// How it was notified, until `deadline`.
    #[cfg(feature = "std")]
    fn await_notification(
        &self,
        lock: &RawMutex,
        waiter: Pin<&Waiter>,
        deadline: Option<Instant>,
        is_first: bool,
        site: Site,
    ) -> Found {
        let _waiting = Waiting::begin(lock.address(), WHAT, site, false);
        // Whoever is not the first has to wait for the others, too.
        let in_time = self.outlook.await_signal(waiter.parker(), deadline, is_first);
        if in_time.is_none() { self.leave(waiter).0 } else { found(waiter) }
    }

    /// Leaves, unless it was notified. Its waker is to be dropped.
    pub(crate) fn leave(&self, waiter: Pin<&Waiter>) -> (Found, Option<Waker>) {
        let mut queue = self.queue.lock();
        if waiter.moved().is_some() {
            return (Found::Moved, None);
        }
        match queue.remove(waiter) {
            Ok(waker) => {
                self.settle(&queue);
                (Found::Waiting, waker)
            }
            Err(_) => (Found::Invited, None),
        }
    }

    /// How a task was notified. Where it was not, it goes on waiting, with this waker.
    pub(crate) fn look(&self, waiter: Pin<&Waiter>, waker: &Waker) -> Found {
        // Cloned before the queue is locked, and dropped after it is released, the old one or the new.
        let waker = waker.clone();
        let mut queue = self.queue.lock();
        let (found, waker) = if waiter.moved().is_some() {
            (Found::Moved, Some(waker))
        } else {
            match queue.replace_waker(waiter, waker) {
                Ok(old) => (Found::Waiting, old),
                Err((_, new)) => (Found::Invited, Some(new)),
            }
        };
        drop(queue);
        drop(waker);
        found
    }

    /// Notifies the one who has waited longest. Whether there was one.
    #[inline]
    pub(crate) fn notify_one(&self, notifier: Notifier<'_>) -> bool {
        !self.lock().is_null() && self.notify_oldest(notifier)
    }

    fn notify_oldest(&self, notifier: Notifier<'_>) -> bool {
        let mut wakes = WakeList::<1>::new();
        let mut queue = self.queue.lock();
        let Some(oldest) = queue.oldest() else { return false };
        self.outlook.note_waker();
        if let Some(later) = notifier.later().filter(|_| oldest.kind == Kind::Thread) {
            let wake = queue.pop(Kind::Thread, TO_ONE.1);
            self.settle(&queue);
            drop(queue);
            wake.into_iter().for_each(|wake| later.put_off(wake));
            return true;
        }
        let lock = notifier.lock();
        let moment = queue.moment();
        let may_move = lock.is_some() || oldest.kind == Kind::Thread;
        if !(may_move && self.move_some(&mut queue, lock, moment, TO_ONE.0, 1) == 1) {
            wakes.extend(queue.pop(oldest.kind, TO_ONE.1));
        }
        self.settle(&queue);
        drop(queue);
        wakes.wake_all();
        true
    }

    /// Notifies all who wait at this moment, by the lock, where the caller has it at hand. How many there were.
    #[inline]
    pub(crate) fn notify_all(&self, lock: Option<&RawMutex>) -> usize {
        if self.lock().is_null() { 0 } else { self.notify_present(lock) }
    }

    fn notify_present(&self, lock: Option<&RawMutex>) -> usize {
        let (mut count, mut moment) = (0, None);
        self.outlook.note_waker();
        WakeList::<8>::wake_in_batches(|wakes| {
            let mut queue = self.queue.lock();
            let moment = *moment.get_or_insert_with(|| queue.moment());
            let moved = self.move_some(&mut queue, lock, moment, TO_ALL.0, 8);
            // As many as a list holds at a time: the queue is not locked for long.
            (0..moved).for_each(|_| wakes.push(Wake::Nothing));
            while !wakes.is_full() {
                let Some(oldest) = queue.oldest().filter(|oldest| oldest.came_before(moment)) else { break };
                wakes.extend(queue.pop(oldest.kind, TO_ALL.1));
                count += 1;
            }
            self.settle(&queue);
            count += moved;
        });
        count
    }

    /// The lock of those who wait; null where nobody does.
    #[inline]
    fn lock(&self) -> *const RawMutex {
        // ORDERING: Relaxed, here and below. With the queue's lock it is the last; without it, see the module's documentation: the lock
        // that is named orders it.
        self.lock.load(Ordering::Relaxed)
    }

    fn set_lock(&self, lock: *const RawMutex) {
        self.lock.store(lock.cast_mut(), Ordering::Relaxed);
    }

    /// Some may have left: names no lock where nobody waits (N2).
    fn settle(&self, queue: &QueueGuard<'_>) {
        if queue.is_empty() {
            self.set_lock(core::ptr::null());
        }
    }

    /// Moves up to so many who came before a moment to the queue of their lock: threads alone, where the lock is not at hand. How many;
    /// nobody, where nobody owns the lock.
    fn move_some(
        &self,
        queue: &mut QueueGuard<'_>,
        lock: Option<&RawMutex>,
        moment: Moment,
        note: NonZeroU8,
        most: usize,
    ) -> usize {
        let threads_only = lock.is_none();
        let lock = match lock {
            Some(lock) => lock,
            None if !queue.has(Kind::Thread) => return 0,
            // SAFETY: a thread is queued, so that the lock is alive (N2), until its queue is unlocked (N3).
            None => unsafe { &*self.lock() },
        };
        // SAFETY: `wait` and `Wait` look at this queue first, and go to their lock's where they have moved (N3).
        let moved = unsafe { lock.adopt(queue, threads_only, moment, note, most) };
        moved.unwrap_or(0)
    }
}

/// How a waiter was notified that has got a signal.
#[cfg(feature = "std")]
fn found(waiter: Pin<&Waiter>) -> Found {
    if waiter.moved().is_some() { Found::Moved } else { Found::Invited }
}

/// Whether the notification that it has got was for it alone: somebody else is to have it, where this one is cancelled (N4).
pub(crate) fn is_to_one(waiter: Pin<&Waiter>) -> bool {
    match waiter.moved() {
        Some(note) => note == TO_ONE.0,
        None => waiter.signal() == Some(TO_ONE.1),
    }
}

/// A thread that waits no more blocks until it owns the lock again.
#[cfg(feature = "std")]
fn acquire(lock: &RawMutex, waiter: Pin<&Waiter>, found: Found, site: Site) {
    match found {
        Found::Waiting | Found::Invited => lock.acquire(site),
        Found::Moved => lock.acquire_with(waiter, waiter.parker().park(), site),
    }
}

/// Where the waiter unwinds before it has parked: it leaves, and owns the lock again.
#[cfg(feature = "std")]
struct Withdraw<'a> {
    condition: &'a RawCondition,
    lock: &'a RawMutex,
    waiter: Pin<&'a Waiter>,
    site: Site,
}

#[cfg(feature = "std")]
impl Drop for Withdraw<'_> {
    fn drop(&mut self) {
        let found = self.condition.leave(self.waiter).0;
        acquire(self.lock, self.waiter, found, self.site);
        if found != Found::Waiting && is_to_one(self.waiter) {
            self.condition.notify_one(Notifier::AtLock(self.lock));
        }
    }
}
