//! Transitions of a word that many change.

use super::atomic::{AtomicU32, AtomicU64, Ordering};

/// An atomic word whose next value follows from the one that it has.
pub trait Transition {
    /// What it holds.
    type Word;

    /// Replaces the word by what follows from it, and returns what it was. Where nothing is to change, nothing is written.
    ///
    /// # Errors
    ///
    /// That of `next`; nothing has changed then.
    fn transition<E>(
        &self,
        ordering: Ordering,
        next: impl Fn(Self::Word) -> Result<Self::Word, E>,
    ) -> Result<Self::Word, E>;
}

macro_rules! transition {
    ($Atomic:ty, $Word:ty) => {
        impl Transition for $Atomic {
            type Word = $Word;

            #[inline]
            fn transition<E>(&self, ordering: Ordering, next: impl Fn($Word) -> Result<$Word, E>) -> Result<$Word, E> {
                // ORDERING: Relaxed: guesses what the compare-exchange will find; where nothing is to change, nothing is
                // published.
                let mut word = self.load(Ordering::Relaxed);
                loop {
                    let after = next(word)?;
                    if after == word {
                        return Ok(word);
                    }
                    // ORDERING: the caller's; Relaxed on failure, which decides nothing by itself.
                    match self.compare_exchange(word, after, ordering, Ordering::Relaxed) {
                        Ok(_) => return Ok(word),
                        Err(now) => word = now,
                    }
                }
            }
        }
    };
}

transition!(AtomicU32, u32);
transition!(AtomicU64, u64);
