//! Who has a [`RwSpinLock`](super::RwSpinLock), and how one waits for it; without the value.

use core::mem::{self, ManuallyDrop};

use super::state::{Entry, Hold, MAX_READERS, Refusal, State};
use crate::patience::{Patience, wait};

/// A plain reader's hold; dropping it releases it.
pub(crate) struct Reader<'a>(pub(super) &'a State);

/// The upgradable reader's hold; dropping it releases it.
pub(crate) struct Upgradable<'a>(pub(super) &'a State);

/// The writer's hold; dropping it releases it.
pub(crate) struct Writer<'a>(pub(super) &'a State);

/// A writer that waits: it holds new readers back until it has the lock, or is dropped.
struct Waiting<'a> {
    state: &'a State,
    /// False for as long as too many others are announced.
    announced: bool,
}

impl<'a> Reader<'a> {
    #[inline]
    pub(super) fn try_enter(state: &'a State) -> Result<Self, Refusal> {
        state.try_read().map(|()| Self(state))
    }

    /// Enters, if it can before patience is at an end.
    ///
    /// # Panics
    ///
    /// If `MAX_READERS` have the lock.
    #[inline]
    pub(super) fn enter<P: Patience>(state: &'a State, patience: P) -> Result<Self, P::End> {
        match some_or_panic(Self::try_enter(state)) {
            Some(reader) => Ok(reader),
            None => wait(patience, || some_or_panic(state.try_read_once_free().map(|()| Self(state)))),
        }
    }
}

impl<'a> Upgradable<'a> {
    #[inline]
    pub(super) fn try_enter(state: &'a State) -> Result<Self, Refusal> {
        state.try_upgradable().map(|()| Self(state))
    }

    /// Enters, if it can before patience is at an end.
    ///
    /// # Panics
    ///
    /// If `MAX_READERS` have the lock.
    #[inline]
    pub(super) fn enter<P: Patience>(state: &'a State, patience: P) -> Result<Self, P::End> {
        match some_or_panic(Self::try_enter(state)) {
            Some(reader) => Ok(reader),
            None => wait(patience, || some_or_panic(state.try_upgradable_once_free().map(|()| Self(state)))),
        }
    }

    /// Becomes the writer, if no other reader is left before patience is at an end.
    ///
    /// # Errors
    ///
    /// The hold as it was.
    #[inline]
    pub(super) fn upgrade<P: Patience>(self, patience: P) -> Result<Writer<'a>, (Self, P::End)> {
        let state = self.0;
        if !state.try_own(Entry::UPGRADE) {
            if let Err(end) = Waiting::until(state, Entry::UPGRADE, patience) {
                return Err((self, end));
            }
        }
        mem::forget(self);
        Ok(Writer(state))
    }

    /// Becomes a plain reader.
    pub(super) fn downgrade(self) -> Reader<'a> {
        let state = ManuallyDrop::new(self).0;
        state.change(Hold::UPGRADABLE, Hold::READER);
        Reader(state)
    }
}

impl<'a> Writer<'a> {
    #[inline]
    pub(super) fn try_enter(state: &'a State) -> Option<Self> {
        // Made only then: dropping one releases.
        state.try_own(Entry::WRITE).then(|| Self(state))
    }

    /// Enters, if it can before patience is at an end. New readers are held back meanwhile.
    #[inline]
    pub(super) fn enter<P: Patience>(state: &'a State, patience: P) -> Result<Self, P::End> {
        match Self::try_enter(state) {
            Some(writer) => Ok(writer),
            None => Waiting::until(state, Entry::WRITE, patience).map(|()| Self(state)),
        }
    }

    /// Becomes a plain reader.
    pub(super) fn downgrade(self) -> Reader<'a> {
        let state = ManuallyDrop::new(self).0;
        state.change(Hold::WRITER, Hold::READER);
        Reader(state)
    }

    /// Becomes the upgradable reader.
    pub(super) fn downgrade_to_upgradable(self) -> Upgradable<'a> {
        let state = ManuallyDrop::new(self).0;
        state.change(Hold::WRITER, Hold::UPGRADABLE);
        Upgradable(state)
    }
}

impl Waiting<'_> {
    /// Waits until it is the writer. From its first turn on it is announced, if there is room for that.
    fn until<P: Patience>(state: &State, entry: Entry, patience: P) -> Result<(), P::End> {
        let mut waiting = Waiting { state, announced: false };
        wait(patience, || {
            if !waiting.announced {
                waiting.announced = state.announce();
            }
            state.try_own_once_free(entry, waiting.announced).then(|| waiting.announced = false)
        })
    }
}

/// What a reader that would wait makes of a refusal.
#[inline]
fn some_or_panic<Held>(entered: Result<Held, Refusal>) -> Option<Held> {
    match entered {
        Ok(held) => Some(held),
        Err(Refusal::Held) => None,
        Err(Refusal::TooMany) => panic!("{MAX_READERS} readers have the lock: were guards forgotten?"),
    }
}

impl Drop for Reader<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.change(Hold::READER, Hold::NONE);
    }
}

impl Drop for Upgradable<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.change(Hold::UPGRADABLE, Hold::NONE);
    }
}

impl Drop for Writer<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.change(Hold::WRITER, Hold::NONE);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // In time or not, by a panic or not: what is left of it is its own announcement, if there is one.
        if self.announced {
            self.state.withdraw();
        }
    }
}
