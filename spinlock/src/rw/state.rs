//! The state of a [`RwSpinLock`](super::RwSpinLock): one word.
//!
//! | bits     | name         | meaning                                          | set or raised by           | cleared or lowered by             |
//! |----------|--------------|--------------------------------------------------|----------------------------|-----------------------------------|
//! | 0        | `WRITER`     | a writer has the lock                            | `try_own`                  | its release, or downgrade         |
//! | 1        | `UPGRADABLE` | a reader has the lock that may become the writer | `try_upgradable`, a downgrade | its release, upgrade or downgrade |
//! | 2 to 9   | `WAITING`    | how many writers wait, and hold new readers back | `announce`                 | whoever announced: when it has the lock, or gives up |
//! | 10 to 31 | `READERS`    | how many plain readers have the lock, or are about to learn that they may not | `try_read`, a downgrade | their release, or `try_read` |
//!
//! ```text
//!                try_own                        try_own, once READERS is 0
//!   free ─────────────────────────▶ WRITER ◀────────────────────────────── UPGRADABLE
//!     ▲ ◀───── leave, each of them    │ └──────────── downgrade ──────────────▲ │
//!     └──────────────────────────── READERS ◀── downgrade, from both ───────────┘
//! ```
//!
//! A plain reader counts first and looks later, which is one instruction: it adds itself to `READERS` and learns what was there
//! before. Where that was a writer, or one that waits, it has to take itself out again.
//!
//! # Invariants
//!
//! R1. Where `WRITER` is set, nobody else has the lock: a writer enters only where `READERS` is 0 and `UPGRADABLE` is its own
//!     or not set. While `READERS` is not 0, no writer enters.
//! R2. A reader that counted itself has the lock as soon as `WRITER` and `WAITING` are clear and there is room (R4), and takes
//!     itself out only by a compare-exchange that finds it otherwise. So no reader is refused by a lock that is free, and where
//!     `READERS` keeps a writer out, somebody has the lock or waits for it.
//! R3. Everybody takes out of the word only what it put there, by a read-modify-write. So a writer that leaves keeps the count
//!     of a reader that is about to take itself out, which a store would lose and the reader then take below zero; and it
//!     keeps the announcements of others. No plain store breaks the release sequence of an earlier owner either.
//! R4. At most `MAX_READERS` have the lock, half of what `READERS` can count: beyond that a reader takes itself out again. For
//!     the count to run over, 2^21 threads would have to be between these two instructions at the same time.

use latchwork_core::const_unless_checked;
use latchwork_core::sync::atomic::{AtomicU32, Ordering};

pub(super) const FREE: u32 = 0;
const WRITER: u32 = 1;
const UPGRADABLE: u32 = 1 << 1;
pub(super) const ONE_WAITING: u32 = 1 << 2;
pub(super) const WAITING: u32 = 0xff * ONE_WAITING;
const ONE_READER: u32 = 1 << 10;
const READERS: u32 = !(WRITER | UPGRADABLE | WAITING);
/// How many readers may have the lock at a time.
pub(super) const MAX_READERS: u32 = FULL / ONE_READER;
/// The highest bit of `READERS`: they are too many where it is set.
const FULL: u32 = 1 << 31;

/// The word. See the [module documentation](self).
pub(super) struct State {
    word: AtomicU32,
}

/// What an owner has in the word.
#[derive(Clone, Copy)]
pub(super) struct Hold(u32);

impl Hold {
    pub(super) const NONE: Self = Self(0);
    pub(super) const READER: Self = Self(ONE_READER);
    pub(super) const UPGRADABLE: Self = Self(UPGRADABLE);
    pub(super) const WRITER: Self = Self(WRITER);
}

/// How somebody becomes the writer: what stands in the way, and what it gives up for it.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    refused_by: u32,
    gives: u32,
}

impl Entry {
    pub(super) const WRITE: Self = Self { refused_by: WRITER | UPGRADABLE | READERS, gives: 0 };
    pub(super) const UPGRADE: Self = Self { refused_by: READERS, gives: UPGRADABLE };
}

/// Why a reader may not enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Somebody has the lock, or waits for it and is preferred.
    Held,
    /// [`MAX_READERS`] have the lock.
    TooMany,
}

/// Whether a plain reader may enter, by what the word holds beside its own count.
#[inline]
const fn admits_reader(beside: u32) -> Result<(), Refusal> {
    match beside & (WRITER | WAITING | FULL) {
        0 => Ok(()),
        FULL => Err(Refusal::TooMany),
        _ => Err(Refusal::Held),
    }
}

impl State {
    const_unless_checked! {
        pub(super) const fn new() -> Self {
            Self { word: AtomicU32::new(FREE) }
        }
    }

    /// A plain reader enters, if nobody writes or waits to write.
    #[inline]
    pub(super) fn try_read(&self) -> Result<(), Refusal> {
        // ORDERING: Acquire pairs with the Release in `change`: what earlier writers did is visible. Weakening it fails
        // `models::rw::a_writers_release_publishes_to_readers`.
        let beside = self.word.fetch_add(ONE_READER, Ordering::Acquire);
        match admits_reader(beside) {
            Ok(()) => Ok(()),
            Err(_) => self.take_back_read(beside),
        }
    }

    /// A reader that counted itself, and found `beside`, takes itself out again, or has the lock after all (R2).
    #[cold]
    fn take_back_read(&self, mut beside: u32) -> Result<(), Refusal> {
        while let Err(refusal) = admits_reader(beside) {
            let seen = beside.wrapping_add(ONE_READER);
            // ORDERING: Relaxed on success: whoever is refused has seen nothing and done nothing. Acquire on failure, as in
            // `try_read`: what made the exchange fail may be the release that lets this reader in. Weakening it fails
            // `models::rw::a_reader_about_to_back_out_may_enter`.
            match self.word.compare_exchange(seen, beside, Ordering::Relaxed, Ordering::Acquire) {
                Ok(_) => return Err(refusal),
                Err(other) => beside = other.wrapping_sub(ONE_READER),
            }
        }
        Ok(())
    }

    /// The same as `try_read`, for one who waits: looks first, and leaves the word alone where it would be refused.
    #[inline]
    pub(super) fn try_read_once_free(&self) -> Result<(), Refusal> {
        admits_reader(self.snapshot())?;
        self.try_read()
    }

    /// An upgradable reader enters, if there is no other and nobody writes or waits to write.
    #[inline]
    pub(super) fn try_upgradable(&self) -> Result<(), Refusal> {
        self.try_upgradable_from(FREE)
    }

    /// The same, for one who waits.
    #[inline]
    pub(super) fn try_upgradable_once_free(&self) -> Result<(), Refusal> {
        self.try_upgradable_from(self.snapshot())
    }

    #[inline]
    fn try_upgradable_from(&self, mut seen: u32) -> Result<(), Refusal> {
        loop {
            if seen & UPGRADABLE != 0 {
                return Err(Refusal::Held);
            }
            admits_reader(seen)?;
            // ORDERING: Acquire, as in `try_read`. Weakening it fails
            // `models::upgrade::an_upgradable_readers_release_publishes_to_the_next`. Relaxed on failure: nobody entered.
            match self.word.compare_exchange(seen, seen + UPGRADABLE, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => seen = other,
            }
        }
    }

    /// Somebody becomes the writer, if nothing stands in the way.
    #[inline]
    pub(super) fn try_own(&self, entry: Entry) -> bool {
        match self.own(entry.gives, entry.gives) {
            Ok(_) => true,
            Err(seen) => self.try_own_from(seen, entry),
        }
    }

    /// The same, for one who waits, and may have announced itself: its announcement is then used up.
    pub(super) fn try_own_once_free(&self, entry: Entry, announced: bool) -> bool {
        let gives = entry.gives + if announced { ONE_WAITING } else { 0 };
        self.try_own_from(self.snapshot(), Entry { gives, ..entry })
    }

    #[cold]
    fn try_own_from(&self, mut seen: u32, entry: Entry) -> bool {
        while seen & entry.refused_by == 0 {
            match self.own(seen, entry.gives) {
                Ok(_) => return true,
                Err(other) => seen = other,
            }
        }
        false
    }

    /// Puts `WRITER` in the place of `gives`, where the word is `seen`.
    #[inline]
    fn own(&self, seen: u32, gives: u32) -> Result<u32, u32> {
        // ORDERING: Acquire pairs with the Release in `change`: what writers did, and what readers did before they left, is
        // over. Weakening it fails `models::rw::a_readers_release_lets_a_writer_write` and
        // `models::upgrade::an_upgrade_waits_for_the_readers`. Relaxed on failure: nobody entered.
        self.word.compare_exchange(seen, seen - gives + WRITER, Ordering::Acquire, Ordering::Relaxed)
    }

    /// An owner goes on with less, or with nothing: it takes out its part of the word, and puts in another (R3).
    #[inline]
    pub(super) fn change(&self, from: Hold, to: Hold) {
        // ORDERING: Release publishes what the owner did to the Acquire of whoever enters next. Weakening it fails, by who
        // leaves, `models::rw::a_writers_release_publishes_to_readers`, `a_readers_release_lets_a_writer_write`,
        // and in `models::upgrade` `a_downgrade_publishes_to_readers`, `an_upgradable_readers_release_publishes_to_the_next`,
        // `an_upgradable_readers_downgrade_publishes_to_the_next`.
        // A read-modify-write: a store fails `models::rw::a_release_keeps_the_count_of_a_reader_about_to_back_out` and
        // `a_release_keeps_the_announcements_of_others`, and `models::upgrade::a_downgrade_keeps_the_announcements_of_others`.
        self.word.fetch_add(to.0.wrapping_sub(from.0), Ordering::Release);
    }

    /// A writer that waits holds new readers back, if there is room to count it: whether it does.
    pub(super) fn announce(&self) -> bool {
        let mut seen = self.snapshot();
        while seen & WAITING != WAITING {
            // ORDERING: Relaxed: an announcement publishes nothing.
            match self.word.compare_exchange(seen, seen + ONE_WAITING, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(other) => seen = other,
            }
        }
        false
    }

    /// Takes an announcement back.
    pub(super) fn withdraw(&self) {
        // ORDERING: Relaxed, as for `announce`.
        self.word.fetch_sub(ONE_WAITING, Ordering::Relaxed);
    }

    /// Whether somebody has the lock at this moment, or a reader is about to learn that it may not.
    #[inline]
    pub(super) fn is_locked(&self) -> bool {
        self.snapshot() & (WRITER | UPGRADABLE | READERS) != 0
    }

    /// Whether a writer has the lock at this moment.
    #[inline]
    pub(super) fn is_write_locked(&self) -> bool {
        self.snapshot() & WRITER != 0
    }

    #[inline]
    pub(super) fn snapshot(&self) -> u32 {
        // ORDERING: Relaxed: a guess that the compare-exchange confirms, or an answer that may be old when it arrives.
        self.word.load(Ordering::Relaxed)
    }
}
