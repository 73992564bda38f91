//! The queue in which threads and tasks stand together.
//!
//! # Shape
//!
//! Two circular lists, linked through the waiters themselves: its lanes. What divides them is up to the queue's owner: threads
//! from tasks, for instance. The queue knows the youngest of each, whose `next` is the oldest. A waiter's `place`, taken when it
//! first came, says which of the two oldest is older, so that together they are one first-in, first-out queue, in which the first
//! of each lane and the oldest of all are found in two steps. (In a single list, the first thread behind a thousand tasks would be
//! a thousand steps away.)
//!
//! ```text
//!     ┌──────────────────┐                   ┌─────────────┐
//!     └▶ place 2 ⇄ 5 ⇄ 6 ┘                   └▶ place 3 ⇄ 4 ┘           oldest: the thread at 2
//!                      ▲                                 ▲
//!                   threads                            tasks
//! ```
//!
//! A waiter's memory was last written by another processor, and each look at it under the lock is waited for by all. So to queue
//! touches the youngest alone, and to take the oldest out touches that and the youngest, but not the next in turn.
//!
//! # Invariants
//!
//! Q1. Ends, links and `place` counter are read and written only by the holder of the queue's lock.
//! Q2. A waiter is linked if and only if its parker is armed, while the lock is free.
//! Q3. A linked waiter is alive and in its place: it is pinned, and its `Drop` aborts the process where it is still linked.
//! Q4. `next` of a linked waiter names the next younger one, of the youngest the oldest (itself, where it is alone). `previous`
//!     names the next older one; in the oldest it means nothing.
//! Q5. Under the lock nothing foreign runs: wakers are moved in and out, and neither cloned, woken nor dropped.
//!
//! # Memory ordering
//!
//! Everything but the signal is ordered by the queue's lock. The signal is released under the lock and acquired by the
//! waiter without it; from then on the waiter owns its link again.

#![expect(unsafe_code, reason = "the links of an intrusive list are pointers")]

use core::fmt;
use core::mem::replace;
use core::num::NonZeroU8;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::Waker;

use super::contend::{Entrant, Place};
use super::lock::QueueLock;
use super::parker::Signal;
use super::standing::{Kind, Lane, Moment, Standing, is_older};
use super::waiter::{Link, Waiter};
use super::wake_list::Wake;
use crate::sync::cell::UnsafeCell;
use crate::sync::time::Instant;

/// A first-in, first-out queue of threads and tasks. See the [module documentation](self).
pub struct WaitQueue {
    lock: QueueLock,
    /// The place of the next newcomer. It may wrap: only the difference of two places counts (see `is_older`).
    next_place: UnsafeCell<u32>,
    ends: UnsafeCell<Ends>,
}

/// The youngest waiter of each lane.
struct Ends {
    first: Option<NonNull<Waiter>>,
    second: Option<NonNull<Waiter>>,
}

impl Ends {
    const fn of(&mut self, lane: Lane) -> &mut Option<NonNull<Waiter>> {
        match lane {
            Lane::First => &mut self.first,
            Lane::Second => &mut self.second,
        }
    }
}

impl Default for WaitQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl WaitQueue {
    crate::const_unless_checked! {
        /// An empty queue.
        #[inline]
        pub const fn new() -> Self {
            Self {
                lock: QueueLock::new(),
                next_place: UnsafeCell::new(0),
                ends: UnsafeCell::new(Ends { first: None, second: None }),
            }
        }
    }

    /// For the models: an empty queue whose next newcomer has this place.
    #[cfg(test)]
    pub(crate) fn starting_at(place: u32) -> Self {
        Self { next_place: UnsafeCell::new(place), ..Self::new() }
    }

    /// Whether a queued task stays queued with this waker, which takes the place of the one it has; false where it has left.
    pub fn is_waiting_with(&self, waiter: Pin<&Waiter>, waker: &Waker) -> bool {
        if self.lock().wakes_same_task(waiter, waker) {
            return true;
        }
        let replaced = {
            // Cloned before the queue is locked, dropped after it is released (Q5).
            let waker = waker.clone();
            self.lock().replace_waker(waiter, waker)
        };
        replaced.is_ok()
    }

    /// For models of whoever frees a queue: loom reports whoever reaches it beside this, or after it.
    #[cfg(latchwork = "loom")]
    pub fn end(&mut self) {
        self.lock.end();
        self.next_place.get_mut();
        self.ends.get_mut();
    }

    /// Locks the queue. What is done under the lock must be short, and nothing foreign (Q5).
    #[inline]
    pub fn lock(&self) -> QueueGuard<'_> {
        self.lock.lock();
        QueueGuard { queue: self }
    }
}

impl fmt::Debug for WaitQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitQueue").finish_non_exhaustive()
    }
}

/// The locked queue. Dropping it unlocks.
pub struct QueueGuard<'a> {
    queue: &'a WaitQueue,
}

impl Drop for QueueGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        self.queue.lock.unlock();
    }
}

impl fmt::Debug for QueueGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueGuard").field("oldest", &self.oldest()).finish_non_exhaustive()
    }
}

impl QueueGuard<'_> {
    /// Queues a waiter: a newcomer behind everybody; one that has been here before ahead of all others in the lane, with the place
    /// that it first had.
    ///
    /// # Safety
    ///
    /// Until the waiter has left this queue, by a signal or by [`remove`](Self::remove), it is passed to no method of another
    /// queue. (It may be leaked, and the queue then be moved or dropped: queue and waiters point to waiters only.)
    pub unsafe fn push(&mut self, entrant: Entrant<'_>, lane: impl Into<Lane>) {
        let waiter = entrant.waiter;
        debug_assert!(!waiter.parker().is_armed(), "a waiter is queued twice");
        self.link(waiter.get_ref(), entrant.waker, entrant.place, lane.into());
        with_link(waiter.get_ref(), |link| link.is_asked = entrant.is_asked);
        match entrant.place {
            Place::Back => {
                waiter.set_moved(None);
                self.number(waiter.get_ref(), entrant.now);
            }
            Place::Front => with_link(waiter.get_ref(), |link| {
                link.since = link.since.or(entrant.now);
                link.has_returned = true;
            }),
        }
        waiter.parker().arm();
    }

    /// Moves the oldest waiter of a lane to the end of the same lane of another queue, if it came before a moment. It is sent no
    /// signal, and does not notice, but for the note. `now` is what the clock says, where its [patience](Standing::since) begins.
    /// Returns whether there was one.
    ///
    /// Queues are always moved between in the same direction: the lock of the one is taken with that of the other held.
    ///
    /// # Safety
    ///
    /// Until it has left by a signal or by [`remove`](Self::remove), a waiter that [has moved](Waiter::moved) is passed to no
    /// method of a queue but the other.
    pub unsafe fn move_oldest(
        &mut self,
        lane: impl Into<Lane>,
        to: &mut QueueGuard<'_>,
        moment: Moment,
        note: NonZeroU8,
        now: Option<Instant>,
    ) -> bool {
        let lane = lane.into();
        let oldest = self.oldest_of(lane).filter(|oldest| is_older(place(*oldest), moment.0));
        let Some(oldest) = oldest else { return false };
        // SAFETY: the oldest is linked (Q4) and so alive (Q3). It stays so: it is linked again before the lock is released under which
        // its owner sees that it has moved.
        let waiter = unsafe { oldest.as_ref() };
        let waker = self.unlink(waiter);
        waiter.set_moved(Some(note));
        to.link(waiter, waker, Place::Back, lane);
        to.number(waiter, now);
        true
    }

    /// The newcomer's place, and when its patience begins.
    fn number(&mut self, waiter: &Waiter, now: Option<Instant>) {
        let number = self.queue.next_place.with_mut(|next| {
            // SAFETY: the pointer is the cell's, and the lock is held (Q1).
            let next = unsafe { &mut *next };
            replace(next, next.wrapping_add(1))
        });
        with_link(waiter, |link| {
            link.place = number;
            link.since = now;
            link.has_returned = false;
        });
    }

    /// Links the waiter in as the youngest of the lane or as the oldest.
    fn link(&mut self, waiter: &Waiter, waker: Option<Waker>, place: Place, lane: Lane) {
        let node = NonNull::from(waiter);
        let youngest = self.with_ends(|ends| match place {
            Place::Back => ends.of(lane).replace(node),
            Place::Front => ends.of(lane).or_else(|| ends.of(lane).replace(node)),
        });
        let next = match youngest {
            None => node,
            Some(youngest) => {
                let oldest = next_of(youngest);
                set_next(youngest, node);
                if place == Place::Front {
                    set_previous(oldest, node);
                }
                oldest
            }
        };
        with_link(waiter, |link| {
            link.previous = youngest;
            link.next = Some(next);
            link.lane = lane;
            // The slot is empty: the waker of an earlier stay was moved out when it ended (Q5).
            debug_assert!(link.waker.is_none());
            *link.waker = waker;
        });
    }

    /// Takes a waiter out, wherever it stands, and returns its waker to be dropped after the lock is released.
    ///
    /// # Errors
    ///
    /// The signal, where it has left by one before; nothing has changed then.
    ///
    /// # Panics
    ///
    /// If it has not been queued since it last left.
    pub fn remove(&mut self, waiter: Pin<&Waiter>) -> Result<Option<Waker>, Signal> {
        if let Some(signal) = waiter.signal() {
            return Err(signal);
        }
        let waker = self.unlink(waiter.get_ref());
        waiter.parker().disarm();
        Ok(waker)
    }

    /// Takes out the oldest waiter of a lane and sends it `signal`. `None` where nobody waits there.
    #[inline]
    pub fn pop(&mut self, lane: impl Into<Lane>, signal: Signal) -> Option<Wake> {
        let oldest = self.oldest_of(lane.into())?;
        Some(self.send(oldest, signal))
    }

    /// Takes out the oldest waiter of a lane that is `met`, and sends it the signal that this says.
    ///
    /// `met` is asked about each in turn until it gives a signal, and may do then what it gives it for: the waiter is certain to
    /// be taken out. `None` where it never does. Takes as many steps as it asks.
    pub fn pop_if(&mut self, lane: impl Into<Lane>, mut met: impl FnMut(Standing) -> Option<Signal>) -> Option<Wake> {
        let oldest = self.oldest_of(lane.into())?;
        let mut node = oldest;
        loop {
            if let Some(signal) = met(standing(node)) {
                return Some(self.send(node, signal));
            }
            node = Some(next_of(node)).filter(|next| *next != oldest)?;
        }
    }

    /// Takes out a linked waiter and sends it `signal`.
    fn send(&mut self, node: NonNull<Waiter>, signal: Signal) -> Wake {
        // SAFETY: the node is linked (Q4) and so alive (Q3), until the signal is sent.
        let waiter = unsafe { node.as_ref() };
        let waker = self.unlink(waiter);
        // The waiter may be gone from here on (P2 of the parker): `waker` has been moved out of it before.
        let unpark = waiter.parker().send(signal);
        match (waker, unpark) {
            (Some(waker), _) => Wake::Task(waker),
            (None, Some(unpark)) => Wake::Thread(unpark),
            (None, None) => Wake::Nothing,
        }
    }

    /// Replaces a queued task's waker, and returns the old one to be dropped after the lock is released.
    ///
    /// # Errors
    ///
    /// The signal and the new waker, where the waiter has left; nothing has changed then.
    pub fn replace_waker(&mut self, waiter: Pin<&Waiter>, waker: Waker) -> Result<Option<Waker>, (Signal, Waker)> {
        match waiter.signal() {
            Some(signal) => Err((signal, waker)),
            None => Ok(with_link(waiter.get_ref(), |link| link.waker.replace(waker))),
        }
    }

    /// Whether the waiter is queued with a waker that wakes the same task as this one.
    pub fn wakes_same_task(&self, waiter: Pin<&Waiter>, waker: &Waker) -> bool {
        // `will_wake` compares two pointers each, and runs nothing of the waker's (Q5).
        waiter.signal().is_none()
            && with_link(waiter.get_ref(), |link| link.waker.as_ref().is_some_and(|own| own.will_wake(waker)))
    }

    /// Whether nobody waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.with_ends(|ends| ends.first.is_none() && ends.second.is_none())
    }

    /// Whether somebody waits in this lane.
    #[inline]
    pub fn has(&self, lane: impl Into<Lane>) -> bool {
        self.with_ends(|ends| ends.of(lane.into()).is_some())
    }

    /// How many wait in this lane. Walks the list: for models and diagnostics.
    pub fn len(&self, lane: impl Into<Lane>) -> usize {
        let Some(oldest) = self.oldest_of(lane.into()) else { return 0 };
        let mut len = 1;
        let mut node = next_of(oldest);
        while node != oldest {
            node = next_of(node);
            len += 1;
        }
        len
    }

    /// The waiter that came first.
    #[inline]
    pub fn oldest(&self) -> Option<Standing> {
        self.oldest_node().map(standing)
    }

    /// What the owner of the queue has [set](Self::set_gathered), and not taken out since.
    #[inline]
    pub fn take_gathered(&mut self) -> usize {
        let Some(oldest) = self.oldest_node() else { return 0 };
        // SAFETY: the oldest is linked (Q4) and so alive (Q3); the lock is held (Q1).
        with_link(unsafe { oldest.as_ref() }, |link| {
            // Not written in vain, as in `set_gathered`.
            if link.word.is_null() { 0 } else { replace(&mut link.word, core::ptr::null()).addr() }
        })
    }

    /// Keeps a number for the owner of the queue with the oldest waiter, so that an empty queue needs no room for it. It is to
    /// be taken out before the oldest leaves, or is no longer the oldest. An owner that does this [attaches](Self::attach) nothing.
    #[inline]
    pub fn set_gathered(&mut self, gathered: usize) {
        // The waiter's memory is another's, and not touched in vain.
        if let Some(oldest) = self.oldest_node().filter(|_| gathered > 0) {
            // SAFETY: the oldest is linked (Q4) and so alive (Q3); the lock is held (Q1).
            with_link(unsafe { oldest.as_ref() }, |link| link.word = core::ptr::without_provenance(gathered));
        }
    }

    /// Keeps a pointer for the owner of the queue with a queued waiter: the [subject](Standing::subject) of its standing.
    ///
    /// # Panics
    ///
    /// If it is not queued.
    pub fn attach(&mut self, waiter: Pin<&Waiter>, subject: *const ()) {
        assert!(waiter.signal().is_none(), "it has left");
        with_link(waiter.get_ref(), |link| link.word = subject);
    }

    /// The one behind a queued waiter in its lane.
    ///
    /// # Panics
    ///
    /// If the waiter is not queued.
    pub fn behind(&self, waiter: Pin<&Waiter>) -> Option<Standing> {
        assert!(waiter.signal().is_none(), "it has left");
        let (next, lane) = with_link(waiter.get_ref(), |link| (link.next.expect("it is queued"), link.lane));
        (self.oldest_of(lane) != Some(next)).then(|| standing(next))
    }

    /// Takes out this very waiter, wherever it stands, and sends it `signal`. `None` where it has left by one before.
    ///
    /// # Panics
    ///
    /// If it has not been queued since it last left.
    pub fn pop_this(&mut self, waiter: Pin<&Waiter>, signal: Signal) -> Option<Wake> {
        waiter.signal().is_none().then(|| self.send(NonNull::from(waiter.get_ref()), signal))
    }

    #[inline]
    fn oldest_node(&self) -> Option<NonNull<Waiter>> {
        match (self.oldest_of(Lane::First), self.oldest_of(Lane::Second)) {
            (Some(first), Some(second)) if is_older(place(second), place(first)) => Some(second),
            (Some(first), _) => Some(first),
            (None, second) => second,
        }
    }

    /// The waiter of this lane that came first.
    #[inline]
    pub fn first(&self, lane: impl Into<Lane>) -> Option<Standing> {
        self.oldest_of(lane.into()).map(standing)
    }

    /// This moment: whoever has come so far [came before](Standing::came_before) it.
    pub fn moment(&self) -> Moment {
        Moment(self.queue.next_place.with_mut(|next| {
            // SAFETY: the pointer is the cell's, and the lock is held (Q1).
            unsafe { *next }
        }))
    }

    #[inline]
    fn oldest_of(&self, lane: Lane) -> Option<NonNull<Waiter>> {
        self.with_ends(|ends| *ends.of(lane)).map(next_of)
    }

    /// Takes the waiter out of its list and its waker out of it.
    fn unlink(&mut self, waiter: &Waiter) -> Option<Waker> {
        let node = NonNull::from(waiter);
        let (previous, next, lane) = with_link(waiter, |link| (link.previous, link.next, link.lane));
        let next = next.expect("it is linked");
        let youngest = self.with_ends(|ends| *ends.of(lane)).expect("its list has a youngest");
        let is_oldest = next_of(youngest) == node;
        let before = if is_oldest { youngest } else { previous.expect("it is not the oldest") };
        set_next(before, next);
        if youngest == node {
            self.with_ends(|ends| *ends.of(lane) = (!is_oldest).then_some(before));
        } else if !is_oldest {
            set_previous(next, before);
        }
        with_link(waiter, |link| {
            (link.previous, link.next) = (None, None);
            link.waker.take()
        })
    }

    #[inline]
    fn with_ends<R>(&self, look: impl FnOnce(&mut Ends) -> R) -> R {
        self.queue.ends.with_mut(|ends| {
            // SAFETY: the pointer is the cell's, and the lock is held (Q1); `look` calls back into no queue.
            look(unsafe { &mut *ends })
        })
    }
}

/// The holder of the queue's lock looks at a link (Q1).
#[inline]
fn with_link<R>(waiter: &Waiter, look: impl FnOnce(&mut Link) -> R) -> R {
    waiter.link.with_mut(|link| {
        // SAFETY: the pointer is the cell's, and the queue's lock is held (Q1), or the waiter is not queued and its owner
        // has lent it to a method of the guard; `look` calls back into no queue.
        look(unsafe { &mut *link })
    })
}

#[inline]
fn next_of(node: NonNull<Waiter>) -> NonNull<Waiter> {
    // SAFETY: the node is the youngest of a list, or follows it: it is linked (Q4) and so alive (Q3); the lock is held (Q1).
    with_link(unsafe { node.as_ref() }, |link| link.next.expect("it is linked"))
}

fn set_next(node: NonNull<Waiter>, next: NonNull<Waiter>) {
    // SAFETY: the node is the youngest of a list, or `previous` of one that is not the oldest: it is linked (Q4) and so alive
    // (Q3); the lock is held (Q1).
    with_link(unsafe { node.as_ref() }, |link| link.next = Some(next));
}

fn set_previous(node: NonNull<Waiter>, previous: NonNull<Waiter>) {
    // SAFETY: the node is `next` of a linked one: it is linked (Q4) and so alive (Q3); the lock is held (Q1).
    with_link(unsafe { node.as_ref() }, |link| link.previous = Some(previous));
}

#[inline]
fn standing(node: NonNull<Waiter>) -> Standing {
    // SAFETY: the node is the oldest of a list, or follows it: it is linked (Q4) and so alive (Q3); the lock is held (Q1).
    let waiter = unsafe { node.as_ref() };
    with_link(waiter, |link| {
        let kind = if link.waker.is_some() { Kind::Task } else { Kind::Thread };
        Standing {
            kind,
            since: link.since,
            has_returned: link.has_returned,
            has_moved: waiter.moved().is_some(),
            is_awake: link.is_asked && waiter.parker().is_awake(),
            request: waiter.request(),
            subject: link.word,
            place: link.place,
        }
    })
}

#[inline]
fn place(oldest: NonNull<Waiter>) -> u32 {
    // SAFETY: the oldest is linked (Q4) and so alive (Q3); the lock is held (Q1).
    with_link(unsafe { oldest.as_ref() }, |link| link.place)
}

// SAFETY: the waiters that the queue points to are reached only under its lock (Q1), and their contents (a waker, numbers,
// pointers) may be reached from any thread.
unsafe impl Send for WaitQueue {}
// SAFETY: as for `Send`: whatever is reached through `&WaitQueue` is reached under its lock (Q1).
unsafe impl Sync for WaitQueue {}

// SAFETY: a waiter's link is guarded by the queue's lock while it is queued, and reached by nobody else while it is not;
// its contents (a waker, numbers, pointers) may be reached from any thread.
unsafe impl Send for Waiter {}
// SAFETY: `&Waiter` gives access to the parker, which is atomic, and, through the queue's methods, to the link, under the
// queue's lock or by the one who waits (see `push`).
unsafe impl Sync for Waiter {}
