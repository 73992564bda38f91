//! The state of a reader-writer lock: what the word means, and how it may change.
//!
//! # State
//!
//! | bits     | name         | meaning                                                    | set                        | cleared                     |
//! |----------|--------------|------------------------------------------------------------|----------------------------|-----------------------------|
//! | 0        | `WRITER`     | a writer has the lock                                      | by whoever takes it        | its release, or downgrade   |
//! | 1        | `UPGRADABLE` | a reader has the lock that may become the writer           | by whoever takes it        | its release, up- or downgrade |
//! | 2        | `QUEUED`     | somebody is in the queue: who releases looks there, unless a preferred writer is on its way | under the queue's lock, from the queue ||
//! | 3        | `HELD_BACK`  | readers do not enter: somebody who is preferred waits, or is on its way | as above ||
//! | 4        | `WAKING`     | a woken thread is on its way; no other is needed           | under the queue's lock     ||
//! | 5        | `WRITER_COMES` | it is one that asks for the lock exclusively             | as above                   ||
//! | 6        | `UPGRADING`  | whoever has the upgradable share is queued                 | as above                   ||
//! | 7        | `LEFT`       | the lock is free, and was left to tasks: to whoever comes first | under the queue's lock | by the next to take         |
//! | 8        | `RESERVED`   | what is free is a starved task's first; others give way once | by a release             | by the next to take         |
//! | 9 to 31  | readers      | how many have the lock, or are about to learn that they may not | by whoever enters, or lets one in | its release  |
//!
//! Beside the word, and never changed: the [`Policy`]. A word of 0 is a free lock for which nobody waits.
//!
//! A reader counts first and looks later, which is one instruction: it adds itself to the readers and learns what was there before.
//! Where that refuses it, it has to take itself out again.
//!
//! # Invariants
//!
//! W1. Where `WRITER` is set, nobody else has the lock: a writer enters only where there are no readers, and `UPGRADABLE` is its
//!     own or not set.
//! W2. A reader that counted itself has the lock as soon as nothing refuses it, and takes itself out only by a compare-exchange
//!     that finds it refused. So no reader is refused by a lock that is free.
//! W3. Everybody takes out of the word only what it put there, by a read-modify-write.
//! W4. At most `MAX_READERS` have the lock, half of what can be counted: beyond that a reader takes itself out again, and panics.
//!     For the count to run over, 2^22 threads would have to be about to at the same time. Whoever has the upgradable share may
//!     become one reader more: it is had only where there are fewer than `MAX_READERS`.
//! W5. While the queue's lock is free, `QUEUED` and `HELD_BACK` agree with the queue and with who is on its way.
//! W6. Nobody sleeps beside a lock that it could have. Where somebody is queued, the queue's lock is free and the policy would let
//!     it in, somebody has been woken who has neither come nor passed the wake-up on.
//!
//! # Why no wake-up is lost
//!
//! Everything is one word. Who queues says so by the compare-exchange that finds itself refused. Whoever releases, or takes its
//! count out, does so in one step, finds in the same step whether somebody is queued, and looks at the queue then. One of the two
//! comes first.
//!
//! # Why a writer leaves by a locked instruction
//!
//! The mutex is freed by a plain store where nobody waits. Here a reader counts itself also where a writer has the lock, and a store
//! would take its count away (W3). With the writer in a byte of its own, readers would need a second locked instruction.

use latchwork_core::const_unless_checked;
use latchwork_core::sync::Transition;
use latchwork_core::sync::atomic::{AtomicU32, Ordering};

use crate::mode::Mode;
use crate::policy::Policy;
use crate::request::{Refusal, Request, Rights, is_free};

pub(crate) const WRITER: u32 = 1;
pub(crate) const UPGRADABLE: u32 = 1 << 1;
pub(crate) const QUEUED: u32 = 1 << 2;
pub(crate) const HELD_BACK: u32 = 1 << 3;
pub(crate) const WAKING: u32 = 1 << 4;
pub(crate) const WRITER_COMES: u32 = 1 << 5;
pub(crate) const UPGRADING: u32 = 1 << 6;
pub(crate) const LEFT: u32 = 1 << 7;
pub(crate) const RESERVED: u32 = 1 << 8;
const MODE: u32 = QUEUED | HELD_BACK | WAKING | WRITER_COMES | UPGRADING | LEFT;
pub(crate) const READER: u32 = 1 << 9;
pub(crate) const READERS: u32 = !(READER - 1);

/// How many readers can have the lock at a time: 2^22 - 1.
pub(crate) const MAX_READERS: u32 = (1 << 22) - 1;

/// The word. See the [module documentation](self).
pub(crate) struct State {
    word: AtomicU32,
    policy: Policy,
}

impl State {
    const_unless_checked! {
        /// A free lock.
        pub(crate) const fn new(policy: Policy) -> Self {
            Self { word: AtomicU32::new(0), policy }
        }
    }

    /// A reader enters: the fast path.
    #[inline]
    pub(crate) fn try_read(&self) -> Result<(), Refusal> {
        // ORDERING: Acquire pairs with the Release in `release`: what earlier writers did is visible. Weakening it fails
        // `models::acquire::a_writer_publishes_to_readers`.
        let beside = self.word.fetch_add(READER, Ordering::Acquire);
        if beside & (WRITER | HELD_BACK | RESERVED) == 0 && beside / READER < MAX_READERS {
            return Ok(());
        }
        Err(Refusal::Held)
    }

    /// A reader that [counted itself](Self::try_read) in vain takes itself out, or has the lock after all (W2). Where it has not:
    /// why, and whether somebody is to be looked for.
    #[cold]
    pub(crate) fn take_back_read(&self, request: Request, rights: Rights) -> Result<(), (Refusal, bool)> {
        // ORDERING: Relaxed: guesses what the compare-exchange will find.
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let beside = word - READER;
            let (after, refused) = match request.refused(beside, rights) {
                Ok(()) => (word & !(RESERVED | LEFT), None),
                Err(refusal) => (beside, Some(refusal)),
            };
            // ORDERING: Acquire where it has the lock, as in `try_read`; where it has not, nothing was seen. Weakening it fails
            // `models::acquire::a_reader_that_is_refused_leaves_no_trace`.
            match self.word.compare_exchange(word, after, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return refused.map_or(Ok(()), |refusal| Err((refusal, is_to_look(after, READER)))),
                Err(now) => word = now,
            }
        }
    }

    /// A writer enters where nobody waits: the fast path.
    #[inline]
    pub(crate) fn try_write(&self) -> bool {
        // ORDERING: Acquire, as in `try_take`. Weakening it fails `models::acquire::a_writer_publishes_to_the_next`. Relaxed on
        // failure, which decides nothing by itself.
        self.word.compare_exchange(0, WRITER, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Takes what is asked for, if nothing refuses it.
    #[inline]
    pub(crate) fn try_take(&self, request: Request, rights: Rights) -> Result<(), Refusal> {
        // ORDERING: Acquire pairs with the Release in `release`: what earlier owners did is visible. Weakening it fails
        // `models::acquire::a_writer_publishes_to_the_next` and `models::acquire::readers_leave_before_a_writer_enters`.
        self.word
            .transition(Ordering::Acquire, |word| {
                request.refused(word, rights).map(|()| word.wrapping_add(request.gain()) & !(RESERVED | LEFT))
            })
            .map(|_| ())
    }

    /// Whether nothing refuses what is asked for. Under the queue's lock it stays so, but for those who do not queue.
    pub(crate) fn would_take(&self, request: Request, rights: Rights) -> bool {
        request.refused(self.load(), rights).is_ok()
    }

    /// Lets a reader in before the writer, who has the queue's lock, leaves.
    pub(crate) fn let_in(&self, request: Request) -> Result<(), Refusal> {
        // ORDERING: Relaxed: the signal publishes what the writer did to the reader.
        let let_in = self.word.transition(Ordering::Relaxed, |word| {
            request.refused(word & !WRITER, Rights { woken: true, reserved_too: true }).map(|()| word + request.gain())
        });
        let_in.map(|_| ())
    }

    /// The writer leaves, where nobody waits: the fast path.
    #[inline]
    pub(crate) fn release_write(&self) -> bool {
        // ORDERING: Release, as in `release`. Weakening it fails `models::acquire::a_writer_publishes_to_the_next`. Relaxed on
        // failure, which decides nothing by itself.
        self.word.compare_exchange(WRITER, 0, Ordering::Release, Ordering::Relaxed).is_ok()
    }

    /// Gives up what was got by a request. Returns whether somebody is to be looked for.
    #[inline]
    pub(crate) fn release(&self, request: Request) -> bool {
        self.exchange(request.gain(), 0)
    }

    /// Gives up what was got by one request for what another would get, which is less.
    #[inline]
    pub(crate) fn downgrade(&self, from: Request, to: Request) -> bool {
        self.exchange(from.gain(), to.gain())
    }

    #[inline]
    fn exchange(&self, loss: u32, gain: u32) -> bool {
        let change = gain.wrapping_sub(loss);
        // ORDERING: Release publishes what was done to the Acquire in `try_take` and `try_read`. Weakening it fails
        // `models::acquire::a_writer_publishes_to_readers` and `models::acquire::readers_leave_before_a_writer_enters`.
        let before = self.word.fetch_add(change, Ordering::Release);
        let word = before.wrapping_add(change);
        is_to_look(word, loss) && !self.is_left_to_a_writer(word)
    }

    /// Whether a writer that is on its way will look in the place of whoever releases: nobody passes it who has to be woken, but
    /// for an upgrade.
    const fn is_left_to_a_writer(&self, word: u32) -> bool {
        matches!(self.policy, Policy::WriterPreferring)
            && word & (WAKING | WRITER_COMES | UPGRADING) == WAKING | WRITER_COMES
    }

    /// Whether whoever releases [leaves the look](Self::release) to a writer on its way. The answer may be old when it arrives.
    pub(crate) fn writer_comes(&self) -> bool {
        self.is_left_to_a_writer(self.load())
    }

    /// Says that somebody is queued, under the queue's lock, unless nothing refuses what it asks for. `mode` follows from the mode
    /// that is found.
    pub(crate) fn mark_queued(
        &self,
        request: Request,
        rights: Rights,
        mode: impl Fn(Mode) -> Mode,
    ) -> Result<(), NoNeedToWait> {
        // ORDERING: Relaxed: the queue's lock publishes the queue; which of this and a release comes first is a matter of one
        // word.
        let marked = self.word.transition(Ordering::Relaxed, |word| match request.refused(word, rights) {
            Err(Refusal::Held) => Ok(word & !MODE | mode(Mode::of(word)).bits()),
            Ok(()) | Err(_) => Err(NoNeedToWait),
        });
        marked.map(|_| ())
    }

    /// Brings the mode into agreement with the queue, under its lock.
    pub(crate) fn set_mode(&self, mode: Mode) {
        // ORDERING: Relaxed, as in `mark_queued`.
        let Ok(_) = self
            .word
            .transition(Ordering::Relaxed, |word| Ok::<_, core::convert::Infallible>(word & !MODE | mode.bits()));
    }

    /// Lets everybody give way once, under the queue's lock, until somebody takes the lock.
    pub(crate) fn reserve(&self) {
        // ORDERING: Relaxed: it says nothing about any other memory.
        self.word.fetch_or(RESERVED, Ordering::Relaxed);
    }

    /// Who waits. Under the queue's lock, this is certain.
    pub(crate) fn mode(&self) -> Mode {
        Mode::of(self.load())
    }

    /// Who is preferred.
    pub(crate) const fn policy(&self) -> Policy {
        self.policy
    }

    /// Whether somebody is queued or on its way.
    pub(crate) fn has_company(&self) -> bool {
        self.load() & (QUEUED | WAKING) != 0
    }

    /// Whether a writer has the lock.
    pub(crate) fn is_written(&self) -> bool {
        self.load() & WRITER != 0
    }

    /// Whether nobody has the lock.
    pub(crate) fn is_free(&self) -> bool {
        is_free(self.load())
    }

    fn load(&self) -> u32 {
        // ORDERING: Relaxed: under the queue's lock the mode is the last; elsewhere the answer may be old in any case.
        self.word.load(Ordering::Relaxed)
    }

    /// For tests: as if so many readers more had the lock.
    #[cfg(test)]
    pub(crate) fn add_readers(&self, readers: i32) {
        // ORDERING: Relaxed: nobody uses them.
        self.word.fetch_add((readers as u32).wrapping_mul(READER), Ordering::Relaxed);
    }
}

/// Whether whoever leaves this word behind looks at the queue. While others read, a reader that leaves makes no room.
const fn is_to_look(word: u32, loss: u32) -> bool {
    word & (QUEUED | WRITER) == QUEUED && (loss != READER || word & READERS == 0)
}

/// Nothing refuses what is asked for, or it is not to wait for that in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoNeedToWait;
