//! Who waits, and who is on its way.

use crate::state::{HELD_BACK, LEFT, QUEUED, UPGRADING, WAKING, WRITER_COMES};

/// Who waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mode {
    /// Somebody is queued.
    pub(crate) queued: bool,
    /// Readers do not enter.
    pub(crate) held_back: bool,
    /// A woken thread is on its way.
    pub(crate) waking: bool,
    /// It asks for the lock exclusively.
    pub(crate) writer_comes: bool,
    /// Whoever has the upgradable share is queued.
    pub(crate) upgrading: bool,
    /// The lock is free, and was left to tasks alone.
    pub(crate) left: bool,
}

impl Mode {
    pub(crate) const fn of(word: u32) -> Self {
        Self {
            queued: word & QUEUED != 0,
            held_back: word & HELD_BACK != 0,
            waking: word & WAKING != 0,
            writer_comes: word & WRITER_COMES != 0,
            upgrading: word & UPGRADING != 0,
            left: word & LEFT != 0,
        }
    }

    pub(crate) const fn bits(self) -> u32 {
        let mut bits = 0;
        if self.queued {
            bits |= QUEUED;
        }
        if self.held_back {
            bits |= HELD_BACK;
        }
        if self.waking {
            bits |= WAKING;
        }
        if self.writer_comes {
            bits |= WRITER_COMES;
        }
        if self.upgrading {
            bits |= UPGRADING;
        }
        if self.left {
            bits |= LEFT;
        }
        bits
    }
}
