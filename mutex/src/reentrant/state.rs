//! The state of a reentrant lock: who holds it, and how often.
//!
//! # State
//!
//! A mutex decides who has the lock. Beside it stands one word, the *hold*, which says in whose name it is owned.
//!
//! | bits   | name    | meaning                                                                     |
//! |--------|---------|-----------------------------------------------------------------------------|
//! | 18..64 | name    | the number of a thread or of an [`Owner`](super::Owner); given out only once |
//! | 0..18  | depth   | how many guards there are; 0: nobody holds it, whatever the name            |
//! |        | `LENT`  | as a depth: one guard, whose value is lent for writing                      |
//!
//! ```text
//!                    begin: the mutex was taken          reenter, join
//!    (any name, 0) ─────────────────────────▶ (name, 1) ──────────────▶ (name, 2) ──▶ ... ──▶ (name, MAX)
//!          ▲                                   │     ▲ ◀──────────────           ◀──     ◀──
//!          │  leave: the mutex is freed        │     │       leave
//!          └───────────────────────────────────┘     └──── lend, end_loan ────▶ (name, LENT)
//! ```
//!
//! # Invariants
//!
//! H1. While the depth is not 0, the mutex is owned, in the name that stands there. Whoever has taken the mutex begins a hold;
//!     whoever takes the depth to 0 frees the mutex, and nobody else does.
//! H2. The depth counts the guards of the hold, those that were forgotten too, and the threads that have been let in and do
//!     not know it yet. It grows from 1 to `MAX`, and not beyond.
//! H3. The hold of a thread is written by that thread alone, from its beginning to its end.
//! H4. A hold in the name of an `Owner` may be joined by whoever has that `Owner`. A compare-exchange of the word is enough:
//!     where it finds the name, and a depth that is not 0, that very name holds the lock, whatever has happened since the
//!     word was loaded, since no other has had or will have the number.
//! H5. `LENT` is reached from a depth of 1, in a hold of a thread, by a guard that is borrowed exclusively for as long as the
//!     loan lives. Nobody enters the hold meanwhile.
//! H6. The value is reached for writing through the loan (H5) alone, and for reading through guards alone. Guards of
//!     different names never live at the same time (H1).

use latchwork_core::const_unless_checked;
use latchwork_core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
use latchwork_core::sync::identity;

const DEPTH_BITS: u32 = u64::BITS - identity::BITS;
const DEPTH_MASK: u64 = (1 << DEPTH_BITS) - 1;
const LENT: u64 = DEPTH_MASK;
/// The greatest depth.
pub(crate) const MAX: u64 = LENT - 1;

/// A number that is given out once, in its place in the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name(u64);

impl Name {
    /// The name of this thread.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn of_this_thread() -> Self {
        Self(identity::of_this_thread() << DEPTH_BITS)
    }

    /// A name that nobody has.
    pub(crate) fn fresh() -> Self {
        Self(identity::fresh() << DEPTH_BITS)
    }

    /// The name as a waiter's request. It is not 0.
    pub(crate) const fn request(self) -> u64 {
        self.0
    }

    /// The number alone.
    pub(crate) const fn number(self) -> u64 {
        self.0 >> DEPTH_BITS
    }

    /// How deep this name holds the lock in a state of the word.
    #[inline]
    const fn depth(self, word: u64) -> u64 {
        let depth = word ^ self.0;
        if depth <= DEPTH_MASK { depth } else { 0 }
    }
}

/// What came of the attempt to enter a hold of one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Reentry {
    /// The depth is one more.
    Entered,
    /// There is no such hold: it is another's, or nobody's.
    NotHeld,
    /// There is, and nobody can enter it: the depth is `MAX`, or the value is lent.
    Refused,
}

impl Reentry {
    /// What an attempt at this depth will come to.
    #[inline]
    const fn at(depth: u64) -> Self {
        match depth {
            0 => Self::NotHeld,
            MAX | LENT => Self::Refused,
            _ => Self::Entered,
        }
    }
}

/// The word. See the [module documentation](self).
pub(crate) struct Hold {
    word: AtomicU64,
}

impl Hold {
    const_unless_checked! {
        pub(crate) const fn new() -> Self {
            Self { word: AtomicU64::new(0) }
        }
    }

    /// A thread that has taken the mutex begins its hold.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn begin_by_thread(&self, name: Name) {
        // ORDERING: Relaxed: others only compare the name with theirs, and find another. Whoever has this one is this thread.
        self.word.store(name.0 | 1, Ordering::Relaxed);
    }

    /// A thread enters its own hold again.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn reenter(&self, name: Name) -> Reentry {
        // ORDERING: Relaxed: where the thread's own name stands there, the thread has written it, and nobody since (H3).
        let word = self.word.load(Ordering::Relaxed);
        let reentry = Reentry::at(name.depth(word));
        if reentry == Reentry::Entered {
            // ORDERING: Relaxed: as in `begin_by_thread`. A store will do (H3).
            self.word.store(word + 1, Ordering::Relaxed);
        }
        reentry
    }

    /// A thread takes back one of its entries. Returns whether it was the last: the caller frees the mutex then.
    #[inline]
    #[must_use]
    pub(crate) fn leave_by_thread(&self) -> bool {
        // ORDERING: Relaxed: the thread holds the lock, and so has written the word last (H3).
        let word = self.word.load(Ordering::Relaxed);
        // A loan that was forgotten ends with its guard.
        let is_last = !(2..=MAX).contains(&(word & DEPTH_MASK));
        let left = if is_last { word & !DEPTH_MASK } else { word - 1 };
        // ORDERING: Relaxed: the next owner of the mutex, who writes the word next, comes after its release.
        self.word.store(left, Ordering::Relaxed);
        is_last
    }

    /// Lends the value for writing, where this is the thread's only entry (H5).
    #[inline]
    #[must_use]
    pub(crate) fn lend(&self) -> bool {
        // ORDERING: Relaxed, here and below: as in `reenter`.
        let word = self.word.load(Ordering::Relaxed);
        let lends = word & DEPTH_MASK == 1;
        if lends {
            self.word.store(word | LENT, Ordering::Relaxed);
        }
        lends
    }

    /// The loan ends.
    #[inline]
    pub(crate) fn end_loan(&self) {
        // ORDERING: Relaxed, here and below: as in `reenter`.
        let word = self.word.load(Ordering::Relaxed);
        self.word.store(word & !DEPTH_MASK | 1, Ordering::Relaxed);
    }

    /// Somebody who has taken the mutex in the name of an `Owner` begins its hold, before it asks whether others wait in that
    /// name ([`Waiting::is_anybody`]).
    #[inline]
    pub(crate) fn begin_by_owner(&self, name: Name) {
        // ORDERING: Release pairs with the Acquire in `join`: what the last owner of the mutex did is visible to those who
        // join, and so is what this one has done. Weakening it fails `models::reentrant::named::whoever_joins_sees_what_was_done_before`.
        self.word.store(name.0 | 1, Ordering::Release);
        // ORDERING: with the fence in `join_from_queue`: either the other one sees this hold, or this one sees that the other
        // waits. Without it, `models::reentrant::named::a_thread_that_waits_is_let_in_with_its_owner` does not end.
        fence(Ordering::SeqCst);
    }

    /// Enters the hold of a name, from any thread (H4).
    #[inline]
    pub(crate) fn join(&self, name: Name) -> Reentry {
        // ORDERING: Relaxed: guesses what the compare-exchange will find.
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let reentry = Reentry::at(name.depth(word));
            if reentry != Reentry::Entered {
                return reentry;
            }
            // ORDERING: Acquire pairs with the Release in `begin_by_owner`, whose release sequence all joins and leaves of the
            // hold continue. Relaxed on failure, which decides nothing by itself. Weakening it fails
            // `models::reentrant::named::whoever_joins_sees_what_was_done_before`.
            match self.word.compare_exchange(word, word + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return reentry,
                Err(now) => word = now,
            }
        }
    }

    /// The same for somebody who has made known before that it waits ([`Waiting::begin`]).
    pub(crate) fn join_from_queue(&self, name: Name) -> Reentry {
        // ORDERING: see the fence in `begin_by_owner`. The load in `join` comes after it.
        fence(Ordering::SeqCst);
        self.join(name)
    }

    /// Takes back one entry of an `Owner`, from any thread. Returns whether it was the last: the caller frees the mutex then.
    #[inline]
    #[must_use]
    pub(crate) fn leave_by_owner(&self) -> bool {
        // ORDERING: Release publishes what was done in this entry to whoever leaves last, whose Acquire pairs with it; the
        // release of the mutex publishes it all to the next owner. Weakening either fails
        // `models::reentrant::named::the_next_owner_sees_what_all_have_done`.
        let depth = self.word.fetch_sub(1, Ordering::AcqRel) & DEPTH_MASK;
        debug_assert_ne!(depth, 0, "an entry is taken back twice");
        depth == 1
    }

    /// How often a name holds the lock. The answer may be old when it arrives, unless the name is this thread's.
    #[inline]
    pub(crate) fn count(&self, name: Name) -> u32 {
        // ORDERING: Relaxed: for the own thread as in `reenter`; for another name the answer may be old in any case.
        let depth = match name.depth(self.word.load(Ordering::Relaxed)) {
            LENT => 1,
            depth => depth,
        };
        u32::try_from(depth).expect("a depth has 18 bits")
    }
}

/// How many wait in the name of an `Owner`, for whatever lock: whether it is worth looking for them in a queue.
#[derive(Debug)]
pub(crate) struct Waiting(AtomicU32);

impl Waiting {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// One more waits, and is going to call [`Hold::join_from_queue`] after it was queued.
    pub(crate) fn begin(&self) {
        // ORDERING: Relaxed: the fence in `join_from_queue` orders it.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less waits.
    pub(crate) fn end(&self) {
        // ORDERING: Relaxed: it says nothing about any other memory.
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether anybody waits, asked after [`Hold::begin_by_owner`].
    #[inline]
    pub(crate) fn is_anybody(&self) -> bool {
        // ORDERING: Relaxed: the fence in `begin_by_owner` orders it.
        self.0.load(Ordering::Relaxed) != 0
    }
}
