//! What the two contended paths, of a thread that [blocks](super::block) and of a task that [waits](super::Acquire), know of
//! the primitive that they contend for.

use core::pin::Pin;
use core::task::Waker;

use super::pace::Pace;
use super::parker::Signal;
use super::standing::Kind;
use super::waiter::Waiter;
use crate::sync::hint::pause;
use crate::sync::time::Instant;

/// Somebody who asks a primitive for something.
///
/// The promises of the primitive: whoever it wakes has left the queue, and owns nothing, unless it was `Granted` what it asked
/// for, which only threads are. Whoever is queued when `enqueue` returns is woken or granted when its turn comes.
pub trait Contender {
    /// Why nobody will ever get what is asked for. `Infallible` where there is no such case.
    type Never;

    /// What it is, for whoever is [told](crate::trace) of waits.
    const WHAT: &'static str;

    /// How long its threads turn once they are queued.
    const TURNS: Turns = Turns::DEFAULT;

    /// Whether it asks of its waiters whether they [are awake](super::Standing::is_awake). Whoever does not is spared the look.
    const ASKS_WHO_IS_AWAKE: bool = false;

    /// The address of the primitive, by which that is known to whoever is [told](crate::trace) of waits.
    fn address(&self) -> *const ();

    /// Whether it has a part of the primitive already while it asks.
    fn has_a_part(&self) -> bool {
        false
    }

    /// What its waiters [request](Waiter::request).
    fn request(&self) -> u64;

    /// Takes what is asked for, if it is free; what is reserved for somebody else only if `reserved_too`.
    ///
    /// # Errors
    ///
    /// Why it could not be had.
    fn try_take(&self, progress: Progress, reserved_too: bool) -> Result<(), Held<Self::Never>>;

    /// How a thread turns before it queues, or queues again.
    fn pace(&self) -> Pace {
        Pace::FAR
    }

    /// A thread pauses between two attempts. Whoever learns from what others do meanwhile looks before and after.
    fn pause(&self, hints: u32) {
        pause(hints);
    }

    /// Whether a newcomer queues without turning, since others wait.
    fn is_to_queue_at_once(&self) -> bool;

    /// Joins the queue, unless there turns out to be no need to wait.
    fn enqueue(&self, entrant: Entrant<'_>) -> Entry;

    /// Leaves the queue with nothing. Returns the signal where it has come before; the waiter has to act on it then.
    fn leave(&self, waiter: Pin<&Waiter>) -> Option<Signal>;

    /// Leaves the queue with what it has asked for, which it has taken beside it. It may be woken at this moment: where nothing is counted
    /// for whom somebody has been woken, that wake-up was for what it has just taken.
    fn leave_with_it(&self, waiter: Pin<&Waiter>) {
        let _ = self.leave(waiter);
    }

    /// Whether a queued task stays queued, with this waker; false where it has been woken.
    fn is_waiting_with(&self, waiter: Pin<&Waiter>, waker: &Waker) -> bool;

    /// The thread that was `Woken`, of which there is one at a time, is no longer on its way: it is in, or will never be.
    fn arrive(&self);

    /// Gives up a wake-up that was sent, for somebody else to have it.
    fn pass_on(&self);

    /// Gives up what it has just got.
    fn give_up(&self);

    /// It starts to wait.
    fn begin_waiting(&self) {}

    /// It waits no more.
    fn end_waiting(&self) {}
}

/// How long a queued thread turns before it sleeps; with `n` turns, it pauses for 2^n - 1 pause hints, up to 127 with 7, and 64 more with
/// each after that.
#[derive(Clone, Copy, Debug)]
pub struct Turns {
    /// Of a newcomer.
    pub queued: u32,
    /// Of one that has been woken, found nothing, and queued again.
    pub returned: u32,
}

impl Turns {
    /// For a lock that one has at a time: one that has been woken and lost the race is woken by the next unlock, which is spared the
    /// system call. Without, two threads with sections of 1 us lose a fifth of their throughput (`cargo run --release -p
    /// latchwork-benches -- mutex --threads 2`).
    pub const DEFAULT: Self = Self { queued: 0, returned: 7 };
}

/// Why something could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held<Never> {
    /// Others have it.
    Locked,
    /// Nobody has it, but somebody else is to have it first.
    Reserved,
    /// It will never be had.
    Never(Never),
}

/// How far somebody has come who tries to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has just come, and joins the queue if this fails: it need not look there before.
    New,
    /// It is queued already, or does not want to be.
    Waiting,
    /// It has been woken: nobody in the queue is before it.
    Woken,
}

/// Somebody who joins the queue.
#[derive(Debug)]
pub struct Entrant<'a> {
    /// Its waiter.
    pub waiter: Pin<&'a Waiter>,
    /// A task's waker. `None` for a thread.
    pub waker: Option<Waker>,
    /// Where it joins.
    pub place: Place,
    /// Whether it is a thread that was the one [on its way](Contender::arrive) until now.
    pub was_on_its_way: bool,
    /// Whether it is a thread that is asked whether it is awake.
    pub is_asked: bool,
    /// What the clock says, where its [patience](super::Standing::since) may begin.
    pub now: Option<Instant>,
    /// Whether it takes what is reserved for somebody else.
    pub reserved_too: bool,
}

impl<'a> Entrant<'a> {
    /// One that was not on its way, whose patience does not begin, and who takes nothing that is reserved.
    pub const fn new(waiter: Pin<&'a Waiter>, waker: Option<Waker>, place: Place) -> Self {
        Self { waiter, waker, place, was_on_its_way: false, is_asked: false, now: None, reserved_too: false }
    }

    /// Who it is.
    pub const fn kind(&self) -> Kind {
        if self.waker.is_some() { Kind::Task } else { Kind::Thread }
    }
}

/// Where a waiter joins the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A newcomer, behind all others.
    Back,
    /// One that has been woken and came too late, ahead of all others.
    Front,
}

/// What came of queueing. Where the waiter has left again, its waker is to be dropped, after the queue is unlocked.
#[derive(Debug)]
#[must_use]
pub enum Entry {
    /// It is queued.
    Queued,
    /// It is not: what it asks for may be free.
    NotQueued(Option<Waker>),
    /// It is not: it has been let in.
    Joined(Option<Waker>),
}
