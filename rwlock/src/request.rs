//! What is asked for, what may be passed by, and why it may not be had.

use crate::state::{HELD_BACK, LEFT, MAX_READERS, READER, READERS, RESERVED, UPGRADABLE, WRITER};

/// What somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// A share among readers.
    Read,
    /// The same by somebody who may have one already: whoever waits does not hold it back.
    ReadAgain,
    /// The share that may become the writer's.
    Upgradable,
    /// The lock.
    Write,
    /// The lock, by whoever has the upgradable share.
    Upgrade,
}

/// Why somebody may not have what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Others have the lock, or are preferred.
    Held,
    /// Nobody has it, but somebody else is to have it first.
    Reserved,
    /// Too many readers have it.
    Full,
}

/// What somebody may pass by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rights {
    /// It has been woken, or counts as such: those who wait do not hold it back.
    pub(crate) woken: bool,
    /// It takes what is reserved for somebody else.
    pub(crate) reserved_too: bool,
}

impl Request {
    const ALL: [Self; 5] = [Self::Read, Self::ReadAgain, Self::Upgradable, Self::Write, Self::Upgrade];

    /// As a queued waiter's request.
    pub(crate) const fn number(self) -> u64 {
        self as u64
    }

    /// The request of this number.
    pub(crate) const fn of(number: u64) -> Self {
        Self::ALL[number as usize]
    }

    /// What it adds to the word.
    pub(crate) const fn gain(self) -> u32 {
        match self {
            Self::Read | Self::ReadAgain => READER,
            Self::Upgradable => UPGRADABLE,
            Self::Write => WRITER,
            Self::Upgrade => WRITER.wrapping_sub(UPGRADABLE),
        }
    }

    /// Whether it shares the lock with readers.
    pub(crate) const fn is_shared(self) -> bool {
        matches!(self, Self::Read | Self::ReadAgain | Self::Upgradable)
    }

    /// Why it may not have the lock, by what the word holds beside it.
    #[inline]
    pub(crate) fn refused(self, word: u32, rights: Rights) -> Result<(), Refusal> {
        let holders = match self {
            Self::Read | Self::ReadAgain => WRITER,
            Self::Upgradable => WRITER | UPGRADABLE,
            Self::Write => WRITER | UPGRADABLE | READERS,
            // A writer that leaves lets others in before it has left: also the one that upgrades then.
            Self::Upgrade => WRITER | READERS,
        };
        let passes = rights.woken || !self.is_shared() || matches!(self, Self::ReadAgain);
        if word & holders != 0 || !passes && is_held_back(word) {
            Err(Refusal::Held)
        } else if word & RESERVED != 0 && !rights.reserved_too && is_free(word) {
            Err(Refusal::Reserved)
        } else if self.is_shared() && word / READER >= MAX_READERS {
            // Also the upgradable share, which may become a reader's (W4).
            Err(Refusal::Full)
        } else {
            Ok(())
        }
    }
}

/// Whether nobody has the lock.
pub(crate) const fn is_free(word: u32) -> bool {
    word & (WRITER | UPGRADABLE | READERS) == 0
}

/// Whether readers do not enter. A free lock that was left to tasks is for the first that comes: they may never be polled.
const fn is_held_back(word: u32) -> bool {
    word & HELD_BACK != 0 && !(word & LEFT != 0 && is_free(word))
}
