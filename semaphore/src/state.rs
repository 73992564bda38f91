//! The state of a semaphore: what the word means, and how it may change.
//!
//! # State
//!
//! | bits      | name       | meaning                                                        | set and cleared                        |
//! |-----------|------------|----------------------------------------------------------------|----------------------------------------|
//! | 0         | `CLOSED`   | nobody acquires any more                                       | set once                               |
//! | 1         | `QUEUED`   | somebody is in the queue: who takes or gives back looks there  | under the queue's lock, from the queue |
//! | 2         | `WAKING`   | a woken thread is on its way; no other is needed               | under the queue's lock                 |
//! | 3         | `RESERVED` | what is free is a starved task's first; others give way once   | set by a release, cleared by the next to take |
//! | 4 to 63   | numbers    | what is free or owed, and the limit: see [`layout`](crate::layout) | by whoever takes or gives back     |
//!
//! # Invariants
//!
//! S1. Free and the permits that are out add up to what was given: no transition changes the one without the other, and
//!     none is made that would take either beyond what the word can hold. (A permit that comes back where there is no room,
//!     since somebody has given it back before, is added and taken out again: sums wrap, and so are exact.)
//! S2. While the queue's lock is free, `QUEUED` agrees with the queue.
//! S3. While `QUEUED` is set, permits are taken under the queue's lock, but for those whom somebody was woken for.
//! S4. Nobody sleeps beside permits that it could have. Where somebody is queued, the queue's lock is free and what the oldest
//!     asks for is free, somebody has been woken for it who has neither come nor passed the wake-up on.
//! S5. What has gathered, which the queue keeps, is at least what is free, less what those ask for who were woken and have not
//!     come yet, less what was added by those who are about to look at the queue. So a task is woken as soon as S4 wants it; and
//!     not for what another has been woken for.
//!
//! # Why no wake-up is lost
//!
//! Everything is one word. A newcomer says that it is queued by the compare-exchange that finds too little free. Whoever gives
//! permits back adds them, finds in the same step whether somebody is queued, and looks at the queue then. One of the two comes
//! first.

use core::convert::Infallible;
use core::marker::PhantomData;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::Transition;
use latchwork_core::sync::atomic::{AtomicU64, Ordering};

use crate::layout::{Bounded, Counting, Layout, OutOfRange};

const CLOSED: u64 = 1;
const QUEUED: u64 = 2;
const WAKING: u64 = 4;
const RESERVED: u64 = 8;

/// Why permits could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Fewer are free.
    Short,
    /// Somebody is queued: see there.
    Queued,
    /// They are somebody else's first.
    Reserved,
    /// The semaphore is closed.
    Closed,
}

/// The word. See the [module documentation](self).
pub(crate) struct State<L> {
    word: AtomicU64,
    layout: PhantomData<L>,
}

impl State<Counting> {
    const_unless_checked! {
        /// So many permits, all of them free. They are at most `GREATEST`.
        pub(crate) const fn new(permits: i64) -> Self {
            Self { word: AtomicU64::new((permits as u64) << Counting::SHIFT), layout: PhantomData }
        }
    }
}

impl State<Bounded> {
    const_unless_checked! {
        /// With this limit, and so many permits free. It is at most `GREATEST`.
        pub(crate) const fn bounded(limit: i64) -> Self {
            Self { word: AtomicU64::new(Bounded::word(limit)), layout: PhantomData }
        }
    }

    /// Changes the limit, and what is free by as much. Returns by how much it has grown, and whether somebody is queued.
    pub(crate) fn set_limit(&self, limit: i64) -> (i64, bool) {
        // ORDERING: Release, as in `put`. Weakening it fails
        // `models::bounded::a_raised_limit_racing_a_thread_that_queues_wakes_it`.
        let Ok(before) =
            self.word.transition(Ordering::Release, |word| Ok::<_, Infallible>(Bounded::with_limit(word, limit)));
        (limit - Bounded::limit(before), before & QUEUED != 0)
    }

    /// The limit.
    pub(crate) fn limit(&self) -> i64 {
        Bounded::limit(self.load())
    }

    /// How many permits are out.
    pub(crate) fn in_use(&self) -> i64 {
        Bounded::in_use(self.load())
    }
}

impl<L: Layout> State<L> {
    /// Takes permits where nobody is queued: the fast path. What is reserved for somebody only if `reserved_too`.
    #[inline]
    pub(crate) fn try_take(&self, permits: i64, reserved_too: bool) -> Result<(), Refusal> {
        self.take(permits, permits, reserved_too, QUEUED)
    }

    /// The same whoever is queued, if as much as `needed` is free: under the queue's lock, or for somebody who was woken.
    pub(crate) fn take_if_free(&self, permits: i64, needed: i64, reserved_too: bool) -> Result<(), Refusal> {
        self.take(permits, needed, reserved_too, 0)
    }

    #[inline]
    fn take(&self, permits: i64, needed: i64, reserved_too: bool, look: u64) -> Result<(), Refusal> {
        // ORDERING: Acquire pairs with the Release in `put` and `put_checked`: what was done before permits were given back is
        // visible to whoever takes them. Weakening it fails `models::release::a_release_publishes_to_the_next`.
        let taken = self.word.transition(Ordering::Acquire, |word| match word & (CLOSED | look | RESERVED) {
            flags if flags & CLOSED != 0 => Err(Refusal::Closed),
            // Nothing is there whatever is owed, and gathers for nobody.
            _ if permits == 0 => Ok(word),
            _ if L::free(word) < needed => Err(Refusal::Short),
            // Before a look at the queue: whoever gives way does not join it.
            flags if flags & RESERVED != 0 && !reserved_too => Err(Refusal::Reserved),
            flags if flags & look != 0 => Err(Refusal::Queued),
            _ => Ok(L::add(word, -permits) & !RESERVED),
        });
        taken.map(|_| ())
    }

    /// Gives back permits that were taken. Returns whether somebody is queued, who is to be looked for then.
    #[inline]
    pub(crate) fn put(&self, permits: i64) -> Result<bool, OutOfRange> {
        // ORDERING: Release publishes what was done before to the Acquire in `take`. Weakening it fails
        // `models::release::a_release_publishes_to_the_next`.
        let before = self.word.fetch_add(L::shifted(permits), Ordering::Release);
        if L::free(before) > L::limit(before) - permits {
            // ORDERING: Relaxed: it says nothing about any other memory.
            self.word.fetch_sub(L::shifted(permits), Ordering::Relaxed);
            return Err(OutOfRange);
        }
        Ok(before & QUEUED != 0)
    }

    /// As [`put`](Self::put), for any number of permits: what there is no room for is refused before the write.
    pub(crate) fn put_checked(&self, permits: i64) -> Result<bool, OutOfRange> {
        // ORDERING: Release, as in `put`. Weakening it fails `models::release::a_signal_publishes_to_whoever_waits_for_it`.
        let before = self.word.transition(Ordering::Release, |word| L::add_checked(word, permits))?;
        Ok(before & QUEUED != 0)
    }

    /// Takes what is free, under the queue's lock, up to so many. Returns how many.
    pub(crate) fn take_up_to(&self, permits: i64) -> i64 {
        let idle = |word| L::free(word).clamp(0, permits);
        // ORDERING: Relaxed: nobody uses what is taken here.
        let Ok(before) = self.word.transition(Ordering::Relaxed, |word| Ok::<_, Infallible>(L::add(word, -idle(word))));
        idle(before)
    }

    /// Takes so many away, under the queue's lock, free or not: what is not there is owed.
    pub(crate) fn owe(&self, permits: i64) -> Result<(), OutOfRange> {
        // ORDERING: Relaxed, as in `take_up_to`.
        self.word.transition(Ordering::Relaxed, |word| L::add_checked(word, -permits)).map(|_| ())
    }

    /// Says that somebody is queued, under the queue's lock, and that a thread which was on its way no longer is, unless there is
    /// as much free as `needed`, or nobody acquires any more. Returns what is free: whatever is added to it from now on finds
    /// somebody queued.
    pub(crate) fn mark_queued(&self, needed: i64, was_on_its_way: bool) -> Result<i64, NoNeedToWait> {
        // ORDERING: Relaxed: the queue's lock publishes the queue; which of this and a `put` comes first is a matter of one
        // word.
        let marked = self.word.transition(Ordering::Relaxed, |word| {
            if word & CLOSED != 0 || L::free(word) >= needed {
                Err(NoNeedToWait)
            } else {
                Ok(with_mode(word, true, word & WAKING != 0 && !was_on_its_way))
            }
        });
        marked.map(L::free)
    }

    /// Brings the flags into agreement with the queue, under its lock.
    pub(crate) fn set_mode(&self, queued: bool, waking: bool) {
        // ORDERING: Relaxed, as in `mark_queued`.
        let Ok(_) =
            self.word.transition(Ordering::Relaxed, |word| Ok::<_, Infallible>(with_mode(word, queued, waking)));
    }

    /// Lets everybody give way once, under the queue's lock, until somebody takes something.
    pub(crate) fn reserve(&self) {
        // ORDERING: Relaxed: it says nothing about any other memory.
        let Ok(_) = self.word.transition(Ordering::Relaxed, |word| Ok::<_, Infallible>(word | RESERVED));
    }

    /// Closes for good. Returns whether it was open.
    pub(crate) fn close(&self) -> bool {
        // ORDERING: Relaxed: the permits alone publish anything.
        let Ok(before) = self.word.transition(Ordering::Relaxed, |word| Ok::<_, Infallible>(word | CLOSED));
        before & CLOSED == 0
    }

    /// What is free at this moment; below zero, what is owed.
    pub(crate) fn free(&self) -> i64 {
        L::free(self.load())
    }

    /// Whether nobody acquires any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.load() & CLOSED != 0
    }

    /// Whether a woken thread is on its way, and what is free, at one moment.
    pub(crate) fn is_waking_and_free(&self) -> (bool, i64) {
        let word = self.load();
        (word & WAKING != 0, L::free(word))
    }

    /// Whether somebody is queued or on its way.
    pub(crate) fn has_company(&self) -> bool {
        self.load() & (QUEUED | WAKING) != 0
    }

    fn load(&self) -> u64 {
        // ORDERING: Relaxed: under the queue's lock the flags are the last; elsewhere the answer may be old in any case.
        self.word.load(Ordering::Relaxed)
    }
}

/// There is as much free as is asked for, or nobody acquires any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoNeedToWait;

const fn with_mode(word: u64, queued: bool, waking: bool) -> u64 {
    let mode = if queued { QUEUED } else { 0 } | if waking { WAKING } else { 0 };
    word & !(QUEUED | WAKING) | mode
}
