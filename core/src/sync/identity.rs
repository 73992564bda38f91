//! Numbers that tell the owners of locks apart: each is given out once, and never again.
//!
//! Not the address of a thread-local, which the next thread may have while a guard that the last one forgot still holds a
//! lock in its name; and not the standard library's `ThreadId`, which is reached through a counted handle.
//!
//! Which number somebody gets decides nothing but whether it is another's, so that the counter is no part of a model.

#![cfg_attr(
    any(latchwork = "loom", latchwork = "shuttle"),
    expect(clippy::disallowed_types, reason = "the numbers are no part of a model: see above")
)]

#[cfg(feature = "std")]
use core::cell::Cell;
#[cfg(all(target_has_atomic = "64", not(latchwork_portable)))]
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering;

#[cfg(any(not(target_has_atomic = "64"), latchwork_portable))]
use portable_atomic::AtomicU64;

#[cfg(feature = "std")]
use super::imp::thread::local;

/// Every number is positive and has at most so many bits: at a million a second, they last for two years.
pub const BITS: u32 = 46;

/// The last of the numbers.
const LAST: u64 = (1 << BITS) - 1;

/// A counter that ends before it wraps.
struct Numbers(AtomicU64);

impl Numbers {
    /// A number that nobody has.
    #[cold]
    fn take(&self) -> u64 {
        self.0
            // ORDERING: Relaxed: the numbers differ since these are read-modify-writes of one word. Nothing else is shared.
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| (last < LAST).then_some(last + 1))
            .expect("as many threads and owners have been told apart as there are numbers")
            + 1
    }
}

static NUMBERS: Numbers = Numbers(AtomicU64::new(0));

#[cfg(feature = "std")]
local! {
    /// Zero, until this thread is first asked. Has no destructor, and so outlives those of other thread-locals.
    static OF_THIS_THREAD: Cell<u64> = const { Cell::new(0) };
}

/// A number that nobody has.
///
/// # Panics
///
/// If all have been given out.
#[must_use]
pub fn fresh() -> u64 {
    NUMBERS.take()
}

/// The number of this thread, which keeps it until it ends.
///
/// # Panics
///
/// If it has none and all have been given out. In a destructor of a thread-local, on systems that have no native ones.
#[cfg(feature = "std")]
#[inline]
#[must_use]
pub fn of_this_thread() -> u64 {
    OF_THIS_THREAD.with(|own| match own.get() {
        0 => {
            let number = NUMBERS.take();
            own.set(number);
            number
        }
        number => number,
    })
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn the_counter_ends_before_it_wraps() {
        let numbers = Numbers(AtomicU64::new(LAST - 2));
        assert_eq!((numbers.take(), numbers.take()), (LAST - 1, LAST));
        for _ in 0..2 {
            assert!(catch_unwind(AssertUnwindSafe(|| numbers.take())).is_err());
        }
    }

    #[test]
    #[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
    fn no_thread_has_the_number_of_another_or_of_one_that_ended() {
        let of_two = || std::thread::spawn(|| (of_this_thread(), of_this_thread())).join().unwrap();
        let mut numbers = std::collections::HashSet::from([of_this_thread()]);
        for _ in 0..100 {
            let (first, again) = of_two();
            assert_eq!(first, again);
            assert!(numbers.insert(first), "a thread that ended keeps its number to itself");
            assert!(numbers.insert(fresh()));
        }
    }
}
