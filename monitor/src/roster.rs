//! Those who wait for a predicate: who asks them, and who is next.
//!
//! # States of one who waits
//!
//! ```text
//!   inside ──register, leave──▶ in the roster ◀──no── is asked, by whoever leaves ──yes, or panics──┐
//!     ▲                            │                                                                ▼
//!     │                            ├──out of time, or cancelled: gone                      out of the roster
//!     ├──enters by itself, asks itself ◀──yes──┘                                                    │
//!     │                                                                                             │
//!     ├──a thread that was passed before: it is granted the monitor ◀───────────────────────────────┤
//!     ├──any other thread: it is woken and has the turn; it enters, and asks itself ◀───────────────┤
//!     └──a task: it is woken; polled, it enters, and asks itself ◀──────────────────────────────────┘
//! ```
//!
//! Whoever has entered and finds that its predicate does not hold any more, since others have been inside meanwhile, is registered
//! again, with the place that it had.
//!
//! # Rounds
//!
//! A change of the value begins a *round*, in which all are to be asked once, the oldest first. Whoever leaves asks until the first
//! thread is found whose predicate holds: that one leaves in its turn, and goes on. A task that is found may never be polled, so that
//! whoever found it goes on, for a thread. At most [`MOST`] are asked by one that leaves. Where these were not all, one that has not
//! been asked is woken, and asks itself; and until all have been asked, a change does not begin a new round, but lets one follow: in
//! this way everybody's turn comes, however often the value changes.
//!
//! While a thread has the turn, nobody is asked: whoever leaves notes that the value has changed, without a look at the roster, and the
//! thread that has the turn takes the change for its own when it arrives. Where it does not arrive, a round begins.
//!
//! # Onlookers
//!
//! A thread whose predicate does not hold leaves, and looks on for some microseconds before it registers, where the [`Outlook`] says so:
//! it watches a count of the changes, enters again when there has been one, as anybody does, and asks itself. Whoever leaves does no more
//! for it than to count. In the end it enters once more, asks itself, and registers: so a change that it does not see costs it time, and
//! nothing else. It has no place meanwhile. It passes those who are registered; while one of them has the turn, onlookers do so
//! [`MOST_PASSINGS`] times at most, and register then without being asked, to be asked by the one that has the turn when it leaves.
//!
//! With more threads than cores, those who run go on in this way while those who were woken wait for a core: without, each change of
//! hands waits for a wake-up. Registered, they would be asked and woken by whoever leaves, of whose cache lines they take one after the
//! other meanwhile: a producer and a consumer with one slot, on two cores, pass half as many items so (`cargo run --release -p
//! latchwork-benches -- monitor --slots 1 --pairs 1:1`). There are [`MOST_ONLOOKERS`] at most, since each change calls all of them.
//!
//! # Wake-ups that are passed on
//!
//! A woken task that is cancelled passes its wake-up on, which it does without being inside. While the owner asks, it only says so, and
//! the owner goes on in its place: the roster is unlocked then, and whoever is being asked must find itself where it was.
//!
//! # State
//!
//! | bit       | meaning                                                             |
//! |-----------|---------------------------------------------------------------------|
//! | `WAITING` | somebody is in the roster                                           |
//! | `UNASKED` | somebody there may not have been asked in this round                |
//! | `TURN`    | a woken thread has the turn: it enters and leaves, or passes it on  |
//! | `CUT`     | this round is in parts, since more were to be asked than `MOST`     |
//! | `AGAIN`   | the value has changed since that: another round follows             |
//! | `ASKING`  | the owner asks, or is about to grant the monitor                    |
//! | `PASSED`  | a wake-up has been passed on since then                             |
//! | `ALERT`   | somebody looks on, or did; or the owner has notified somebody       |
//!
//! All change with the roster's lock held. The owner of the monitor reads them without it: `WAITING` and `ALERT` are set by owners alone,
//! and a bit that it sees too late costs it a look.
//!
//! # Invariants
//!
//! R1. The owner of the monitor registers and asks, and nobody else. While it asks others, nobody else sends a signal.
//! R2. Whoever is in the roster was asked in this round, and said no to the value as it is; or `UNASKED` is set; or a change has been
//!     noted.
//! R3. Where the monitor is free, and `UNASKED` is set or a change has been noted, `TURN` is set too, or nobody but tasks has been left
//!     unasked behind a task that was woken.
//! R4. All subjects of a roster are of its own type: they are registered by the monitor that has the roster.

#![expect(unsafe_code, reason = "those who wait are reached by their addresses")]

use core::marker::PhantomData;
use core::pin::Pin;
use core::task::Waker;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use latchwork_core::wait::{Entrant, Kind, Lane, Outlook, Place, QueueGuard, Signal, Standing, WaitQueue, WakeList};

use crate::predicate::Subject;

const WAITING: u8 = 1;
const UNASKED: u8 = 1 << 1;
const TURN: u8 = 1 << 2;
const CUT: u8 = 1 << 3;
const AGAIN: u8 = 1 << 4;
const ASKING: u8 = 1 << 5;
const PASSED: u8 = 1 << 6;
const ALERT: u8 = 1 << 7;

/// How many are asked by one that leaves.
pub(crate) const MOST: usize = 32;
/// How often a thread that has the turn is passed by onlookers. With 64, 250, and without end, and 16 slots: four producers and four
/// consumers have 1.6, 3.4, 4.2 of std's throughput, 16 producers and one consumer 7, 11, 14; the last of these producers has 0.78, 0.47,
/// 0.21 of an equal share in 200 ms (`cargo run --release -p latchwork-benches -- monitor --slots 16 --pairs 4:4,16:1`).
#[cfg(feature = "std")]
pub(crate) const MOST_PASSINGS: u8 = 250;
/// How many look on at a time. With one, a producer and a consumer keep each other from it, and have a third to two thirds of the
/// throughput that they have with two and four, between which there is no difference beyond the spread (same command).
#[cfg(feature = "std")]
pub(crate) const MOST_ONLOOKERS: u8 = 4;

/// All are in one lane: who they are decides only how they are let in.
const LANE: Lane = Lane::First;

/// Those who wait for a predicate of a `T`.
pub(crate) struct Roster<T> {
    queue: WaitQueue,
    mode: AtomicU8,
    /// Whether the owner of the monitor has borrowed the value mutably. While nobody waits, it means nothing, and stays as it is: whoever is
    /// the first to register or to look on takes it. Not in the guard, which is one pointer so: more is moved in memory where it is borrowed
    /// once, and to enter and to leave takes half as long again, with a wait in between that need not wait.
    is_mutated: AtomicBool,
    /// Counts the rounds. Guarded by the queue's lock.
    round: AtomicU32,
    /// Whether the value has changed since a thread got the turn. The owner of the monitor reaches it, and nobody else.
    has_changed: AtomicBool,
    /// How many onlookers have gone in since a thread got the turn.
    passings: AtomicU8,
    onlookers: AtomicU8,
    /// Counts the changes, for the onlookers. The owner of the monitor writes it.
    changes: AtomicU32,
    outlook: Outlook,
    asks: PhantomData<fn(&T)>,
}

/// What came of a look.
pub(crate) struct Look<'a, T> {
    /// Who is to be [granted](Roster::grant) the monitor, in place of its being unlocked. It counts as being asked until then.
    pub(crate) heir: Option<Pin<&'a Subject<T>>>,
    /// Who was woken or granted. To be run after the monitor is unlocked.
    pub(crate) wakes: WakeList<2>,
}

impl<T> Roster<T> {
    const_unless_checked! {
        pub(crate) const fn new() -> Self {
            Self {
                queue: WaitQueue::new(),
                mode: AtomicU8::new(0),
                is_mutated: AtomicBool::new(false),
                round: AtomicU32::new(0),
                has_changed: AtomicBool::new(false),
                passings: AtomicU8::new(0),
                onlookers: AtomicU8::new(0),
                changes: AtomicU32::new(0),
                outlook: Outlook::new(),
                asks: PhantomData,
            }
        }
    }

    /// The owner of the monitor borrows the value mutably: it may not be what it was.
    #[inline]
    pub(crate) fn note_mutation(&self) {
        // ORDERING: Relaxed, here and below: it is the owner's, like the value.
        self.is_mutated.store(true, Ordering::Relaxed);
    }

    /// Whether it has, since it entered, or was asked this.
    pub(crate) fn take_mutation(&self) -> bool {
        let is_mutated = self.is_mutated.load(Ordering::Relaxed);
        self.is_mutated.store(false, Ordering::Relaxed);
        is_mutated
    }

    /// The owner of the monitor is about to leave: whether there is nobody whom that concerns, but those who want to enter.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.mode() & (WAITING | TURN | ALERT) == 0
    }

    /// The owner of the monitor is to look, when it leaves, for those who look on, or whom it has notified.
    pub(crate) fn alert(&self) {
        let queue = self.queue.lock();
        self.set(ALERT, true);
        drop(queue);
    }

    /// The owner of the monitor is about to leave, and has looked for those whom it has notified.
    pub(crate) fn calm(&self) {
        // ORDERING: Relaxed: owners count up, whom the lock orders; who is counted no more is called in vain.
        if self.mode() & ALERT != 0 && self.onlookers.load(Ordering::Relaxed) == 0 {
            let queue = self.queue.lock();
            self.set(ALERT, false);
            drop(queue);
        }
    }

    /// The owner of the monitor is about to leave: whether it has nobody to ask. A change is noted for onlookers, and for the thread that
    /// has the turn.
    pub(crate) fn is_quiet(&self, is_changed: bool) -> bool {
        if is_changed {
            self.count_change();
        }
        let mode = self.mode();
        if mode & TURN == 0 {
            return mode & WAITING == 0 || !is_changed && mode & UNASKED == 0;
        }
        if is_changed {
            // ORDERING: Relaxed: it is the owner's, like the value.
            self.has_changed.store(true, Ordering::Relaxed);
        }
        true
    }

    /// The owner of the monitor registers one that has just said no, or was not asked.
    pub(crate) fn register(&self, subject: Pin<&Subject<T>>, waker: Option<Waker>, place: Place, was_asked: bool) {
        let waiter = subject.waiter();
        let entrant = Entrant::new(waiter, waker, place);
        let is_changed = self.take_mutation();
        let mut queue = self.queue.lock();
        if is_changed {
            self.count_change();
            self.begin_round();
        }
        // SAFETY: the subject's waiter is passed to this queue alone.
        unsafe { queue.push(entrant, LANE) };
        queue.attach(waiter, core::ptr::from_ref(subject.get_ref()).cast());
        // One that was not asked could not pass another, which has the turn: that was found while not all had been asked.
        debug_assert!(was_asked || self.mode() & UNASKED != 0, "somebody is to be asked, and nobody is to ask");
        subject.set_round(if was_asked { self.round() } else { self.round().wrapping_sub(1) });
        self.set(WAITING, true);
    }

    /// The owner of the monitor is about to leave, and asks those who wait.
    #[cold]
    pub(crate) fn look(&self, value: &T, is_changed: bool) -> Look<'_, T> {
        let mut look = Look { heir: None, wakes: WakeList::new() };
        let mut queue = self.queue.lock();
        if is_changed {
            self.begin_round();
        }
        let (mut asked, mut who) = (0, Who::Everybody);
        let mut next = if self.mode() & TURN == 0 { self.unasked(&queue, who) } else { None };
        self.set(ASKING, true);
        while let Some(standing) = next {
            if asked == MOST {
                self.set(CUT, true);
                self.hand_turn(&mut queue, who, &mut look.wakes);
                break;
            }
            asked += 1;
            // SAFETY: it is registered, and so alive (P1) until it has been asked.
            let subject = unsafe { subject(standing) };
            subject.begin_asking();
            drop(queue);
            // SAFETY: the caller owns the monitor.
            let holds = unsafe { subject.ask(value) };
            queue = self.queue.lock();
            if holds && standing.kind == Kind::Thread {
                // One that was passed before is not passed again.
                if standing.has_returned {
                    look.heir = Some(subject);
                } else {
                    subject.end_asking();
                    self.set(TURN, true);
                    self.take_out(&mut queue, subject, Signal::Woken, &mut look.wakes);
                }
                break;
            }
            subject.end_asking();
            next = if holds {
                who = Who::Threads;
                self.take_out(&mut queue, subject, Signal::Woken, &mut look.wakes);
                self.unasked(&queue, who)
            } else {
                subject.set_round(self.round());
                self.unasked_from(&queue, queue.behind(subject.waiter()), who)
            };
        }
        if look.heir.is_none() {
            if self.mode() & PASSED != 0 {
                self.hand_on(&mut queue, &mut look.wakes);
            }
            self.set(ASKING | PASSED, false);
        }
        look
    }

    /// The owner of the monitor leaves it to somebody. It has let go of the value before: the other may reach it from here on.
    pub(crate) fn grant(&self, heir: Pin<&Subject<T>>, wakes: &mut WakeList<2>) {
        let mut queue = self.queue.lock();
        // Where a wake-up has been passed on, the heir goes on when it leaves.
        self.set(ASKING | PASSED, false);
        heir.end_asking();
        self.take_out(&mut queue, heir, Signal::Granted, wakes);
    }

    /// A thread that has the turn has entered. Whether the value has changed meanwhile.
    pub(crate) fn arrive(&self) -> bool {
        let queue = self.queue.lock();
        self.end_turn();
        drop(queue);
        // ORDERING: Relaxed, as in `is_quiet`.
        let has_changed = self.has_changed.load(Ordering::Relaxed);
        self.has_changed.store(false, Ordering::Relaxed);
        has_changed
    }

    /// One that was woken does not enter, since somebody else is inside: who has not been asked in this round is woken in its place.
    pub(crate) fn pass_on(&self, has_turn: bool) -> WakeList<2> {
        let mut wakes = WakeList::new();
        let mut queue = self.queue.lock();
        if self.mode() & ASKING != 0 {
            debug_assert!(!has_turn, "nobody is asked while a thread has the turn");
            self.set(PASSED, true);
            return wakes;
        }
        if has_turn {
            self.end_turn();
            // Whoever is inside may have noted a change already, and not look any more.
            self.begin_round();
        }
        self.hand_on(&mut queue, &mut wakes);
        wakes
    }

    /// Leaves the roster. The signal, where it has been taken out before; it has to act on that then.
    pub(crate) fn leave(&self, subject: Pin<&Subject<T>>) -> Option<Signal> {
        loop {
            let mut queue = self.queue.lock();
            if subject.is_being_asked() {
                drop(queue);
                subject.await_end();
                continue;
            }
            return match queue.remove(subject.waiter()) {
                Ok(waker) => {
                    self.set(WAITING, !queue.is_empty());
                    // The roster is unlocked before the waker is dropped, which is foreign code.
                    drop(queue);
                    drop(waker);
                    None
                }
                Err(signal) => Some(signal),
            };
        }
    }

    /// Whether a task waits, with this waker from here on; false where it has been woken.
    pub(crate) fn is_waiting_with(&self, subject: Pin<&Subject<T>>, waker: &Waker) -> bool {
        self.queue.is_waiting_with(subject.waiter(), waker)
    }

    /// The owner of the monitor is about to leave, and looks on then. `None` where enough do.
    #[cfg(feature = "std")]
    pub(crate) fn look_on(&self) -> Option<Onlooker<'_, T>> {
        if self.onlookers.load(Ordering::Relaxed) == MOST_ONLOOKERS {
            return None;
        }
        let is_mutated = self.take_mutation();
        // For the others, if there are any. It is none for itself.
        let own = is_mutated && !self.is_idle();
        if own {
            self.note_mutation();
        }
        self.onlookers.fetch_add(1, Ordering::Relaxed);
        self.alert();
        Some(Onlooker { roster: self, seen: self.changes().wrapping_add(u32::from(own)) })
    }

    /// Whether an onlooker may go in, though somebody who has registered is on its way. The caller owns the monitor.
    #[cfg(feature = "std")]
    pub(crate) fn may_pass(&self) -> bool {
        self.mode() & TURN == 0 || self.passings() < MOST_PASSINGS
    }

    /// An onlooker goes in. It owns the monitor.
    #[cfg(feature = "std")]
    pub(crate) fn note_passing(&self) {
        if self.mode() & TURN != 0 {
            self.passings.store(self.passings() + 1, Ordering::Relaxed);
        }
    }

    /// For the onlookers.
    fn count_change(&self) {
        self.changes.store(self.changes().wrapping_add(1), Ordering::Relaxed);
    }

    fn changes(&self) -> u32 {
        // ORDERING: Relaxed, here and below: whoever acts on it enters, and looks at the value.
        self.changes.load(Ordering::Relaxed)
    }

    #[cfg(feature = "std")]
    pub(crate) const fn outlook(&self) -> &Outlook {
        &self.outlook
    }

    #[cfg(feature = "std")]
    fn passings(&self) -> u8 {
        // ORDERING: Relaxed: it is the owner's, but for the end of a turn that is passed on, which the roster's lock orders.
        self.passings.load(Ordering::Relaxed)
    }

    /// No thread is on its way any more.
    fn end_turn(&self) {
        self.set(TURN, false);
        self.passings.store(0, Ordering::Relaxed);
    }

    /// The value has changed: all are to be asked.
    fn begin_round(&self) {
        match self.mode() {
            mode if mode & WAITING == 0 => {}
            mode if mode & CUT != 0 => self.set(AGAIN, true),
            _ => self.next_round(),
        }
    }

    fn next_round(&self) {
        // ORDERING: Relaxed, as all that the roster's lock guards.
        self.round.store(self.round().wrapping_add(1), Ordering::Relaxed);
        self.set(UNASKED, true);
    }

    /// Somebody has passed its wake-up on: another is woken in its place, unless a thread is on its way, which asks all when it leaves.
    fn hand_on(&self, queue: &mut QueueGuard<'_>, wakes: &mut WakeList<2>) {
        if self.mode() & (UNASKED | TURN) == UNASKED {
            self.hand_turn(queue, Who::Everybody, wakes);
        }
    }

    /// Wakes the first that has not been asked, without asking it. Behind a task, the first thread, too.
    fn hand_turn(&self, queue: &mut QueueGuard<'_>, who: Who, wakes: &mut WakeList<2>) {
        let Some(standing) = self.unasked(queue, who) else { return };
        // SAFETY: it is registered, and the lock is held (P1).
        self.take_out(queue, unsafe { subject(standing) }, Signal::Woken, wakes);
        match standing.kind {
            Kind::Thread => self.set(TURN, true),
            Kind::Task => self.hand_turn(queue, Who::Threads, wakes),
        }
    }

    /// Sends a signal to one that is registered, which may be gone after that.
    fn take_out(&self, queue: &mut QueueGuard<'_>, subject: Pin<&Subject<T>>, signal: Signal, wakes: &mut WakeList<2>) {
        self.outlook.note_waker();
        wakes.extend(queue.pop_this(subject.waiter(), signal));
        self.set(WAITING, !queue.is_empty());
    }

    /// The oldest that has not been asked in this round.
    fn unasked(&self, queue: &QueueGuard<'_>, who: Who) -> Option<Standing> {
        self.unasked_from(queue, queue.first(LANE), who)
    }

    /// The same of these, which are followed by younger ones. Where all have been asked, the next round begins, or there is nothing to
    /// be done until the value changes.
    fn unasked_from(&self, queue: &QueueGuard<'_>, from: Option<Standing>, who: Who) -> Option<Standing> {
        let mut at = from;
        loop {
            while let Some(standing) = at {
                // SAFETY: it is registered, and the lock is held (P1).
                let subject = unsafe { subject::<T>(standing) };
                if subject.round() != self.round() && (who == Who::Everybody || standing.kind == Kind::Thread) {
                    return Some(standing);
                }
                at = queue.behind(subject.waiter());
            }
            if who == Who::Threads {
                return None;
            }
            let follows = self.mode() & AGAIN != 0;
            self.set(UNASKED | CUT | AGAIN, false);
            if !follows {
                return None;
            }
            self.next_round();
            at = queue.first(LANE);
        }
    }

    fn round(&self) -> u32 {
        // ORDERING: Relaxed, as all that the roster's lock guards.
        self.round.load(Ordering::Relaxed)
    }

    #[inline]
    fn mode(&self) -> u8 {
        // ORDERING: Relaxed: with the roster's lock it is the last; without, see the module's documentation.
        self.mode.load(Ordering::Relaxed)
    }

    /// Sets or clears bits, with the lock held.
    fn set(&self, bits: u8, is_set: bool) {
        let mode = self.mode();
        self.mode.store(if is_set { mode | bits } else { mode & !bits }, Ordering::Relaxed);
    }
}

/// A thread that looks on. See the [module documentation](self).
#[cfg(feature = "std")]
pub(crate) struct Onlooker<'a, T> {
    roster: &'a Roster<T>,
    /// How many changes there had been when it was inside.
    seen: u32,
}

#[cfg(feature = "std")]
impl<T> Onlooker<'_, T> {
    /// Whether the value has been changed since it was inside. The answer may be old when it arrives.
    pub(crate) fn has_seen_change(&self) -> bool {
        self.roster.changes() != self.seen
    }

    /// It is inside.
    pub(crate) fn catch_up(&mut self) {
        self.seen = self.roster.changes();
    }
}

#[cfg(feature = "std")]
impl<T> Drop for Onlooker<'_, T> {
    fn drop(&mut self) {
        self.roster.onlookers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Who is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Everybody,
    /// Behind a task that was woken, and may never be polled.
    Threads,
}

/// The subject of one that is registered.
///
/// # Safety
///
/// It is registered in a roster of this type, and stays so for as long as the reference is used.
unsafe fn subject<'a, T>(standing: Standing) -> Pin<&'a Subject<T>> {
    // SAFETY: `register` has attached it (R4), and it is alive (P1).
    let subject = unsafe { &*standing.subject.cast::<Subject<T>>() };
    // SAFETY: it was registered pinned.
    unsafe { Pin::new_unchecked(subject) }
}

#[cfg(test)]
impl<T> Roster<T> {
    /// For the models: nobody waits, has the turn, or asks.
    pub(crate) fn is_at_rest(&self) -> bool {
        let is_empty = self.queue.lock().is_empty();
        is_empty
            && self.onlookers.load(Ordering::Relaxed) == 0
            && self.mode() & (WAITING | TURN | ASKING | PASSED | ALERT) == 0
            && self.passings() == 0
    }

    /// For the models: whether a woken thread is on its way.
    pub(crate) fn has_turn(&self) -> bool {
        self.mode() & TURN != 0
    }
}
