//! How the numbers of a semaphore lie in its word: above the flags, which [`state`](crate::state) describes.
//!
//! | layout       | bits      | name  | meaning                                                       |
//! |--------------|-----------|-------|---------------------------------------------------------------|
//! | [`Counting`] | 4 to 63   | free  | permits that nobody has; below zero, so many are owed         |
//! | [`Bounded`]  | 4 to 32   | limit | free permits, and those that are out                          |
//! |              | 33 to 63  | free  | as above: the limit, less those that are out                  |
//!
//! Free lies at the top: to add to it is to add to the word, whatever is below.

/// How many of the lowest bits are flags.
pub(crate) const FLAGS: u32 = 4;

/// How the numbers lie in the word.
pub(crate) trait Layout {
    /// The lowest bit of free.
    const SHIFT: u32;

    /// The most that can be free or owed. The word has room for more, so that a sum that is too large can be told.
    const GREATEST: i64;

    /// The most that can be free now.
    fn limit(word: u64) -> i64;

    /// What is free; below zero, what is owed.
    #[inline]
    fn free(word: u64) -> i64 {
        // The shift of a signed number keeps its sign.
        (word as i64) >> Self::SHIFT
    }

    /// So many permits as they are added to the word.
    #[inline]
    fn shifted(permits: i64) -> u64 {
        (permits as u64) << Self::SHIFT
    }

    /// The word with so many more free. They fit: see S1 of [`state`](crate::state).
    #[inline]
    fn add(word: u64, permits: i64) -> u64 {
        word.wrapping_add(Self::shifted(permits))
    }

    /// As [`add`](Self::add), if it stays within what can be free, or owed.
    ///
    /// # Errors
    ///
    /// Where it does not.
    #[inline]
    fn add_checked(word: u64, permits: i64) -> Result<u64, OutOfRange> {
        match Self::free(word).checked_add(permits) {
            Some(free) if -Self::GREATEST <= free && free <= Self::limit(word) => Ok(Self::add(word, permits)),
            _ => Err(OutOfRange),
        }
    }
}

/// More permits than the word can hold, or than the limit allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfRange;

/// Free, and nothing else.
pub(crate) enum Counting {}

impl Layout for Counting {
    const SHIFT: u32 = FLAGS;
    const GREATEST: i64 = greatest(48, usize::BITS);

    #[inline]
    fn limit(_: u64) -> i64 {
        Self::GREATEST
    }
}

/// Free, below it the limit.
pub(crate) enum Bounded {}

const LIMIT_BITS: u32 = 29;
const LIMIT: u64 = ((1 << LIMIT_BITS) - 1) << FLAGS;

impl Layout for Bounded {
    const SHIFT: u32 = FLAGS + LIMIT_BITS;
    const GREATEST: i64 = (1 << LIMIT_BITS) - 1;

    #[inline]
    fn limit(word: u64) -> i64 {
        ((word & LIMIT) >> FLAGS) as i64
    }
}

impl Bounded {
    /// The word with this limit, and so many free.
    pub(crate) const fn word(limit: i64) -> u64 {
        (limit as u64) << Self::SHIFT | (limit as u64) << FLAGS
    }

    /// The word with another limit, and as many in use.
    pub(crate) fn with_limit(word: u64, limit: i64) -> u64 {
        let grown = limit - Self::limit(word);
        Self::add(word & !LIMIT | (limit as u64) << FLAGS, grown)
    }

    /// How many permits are out.
    pub(crate) fn in_use(word: u64) -> i64 {
        Self::limit(word) - Self::free(word)
    }
}

/// The greatest number of so many bits, or what a `usize` of `usize_bits` can hold.
const fn greatest(bits: u32, usize_bits: u32) -> i64 {
    (1 << if usize_bits < bits { usize_bits } else { bits }) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greatest_numbers_fit_the_targets() {
        assert_eq!(
            [64, 32, 16].map(|usize_bits| greatest(48, usize_bits)),
            [(1 << 48) - 1, (1 << 32) - 1, (1 << 16) - 1]
        );
    }
}
