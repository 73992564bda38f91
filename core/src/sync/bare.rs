//! What the facade has without the standard library: no clock, no sleep, no fence but the processor's own.

/// The clock of deadlines, where there is none.
pub mod time {
    use core::time::Duration;

    /// A moment of which nothing is known but that it has been: any other is long after it.
    ///
    /// So whoever has waited at all has waited for long, by whatever bound.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct Instant(());

    impl Instant {
        /// This moment.
        #[inline]
        pub const fn now() -> Self {
            Self(())
        }

        /// How long after `earlier` this is: long.
        #[inline]
        pub const fn saturating_duration_since(self, _earlier: Self) -> Duration {
            Duration::MAX
        }
    }
}

/// Waiting for a word to change, where nobody can be put to sleep.
pub mod futex {
    use super::super::atomic::{AtomicU32, Ordering};
    use super::super::hint::spin_loop;

    /// Turns while `word` holds `expected`.
    pub fn wait(word: &AtomicU32, expected: u32) {
        // ORDERING: Relaxed: it only looks for a change, as the system does; the caller looks again, with its own ordering.
        while word.load(Ordering::Relaxed) == expected {
            spin_loop();
        }
    }

    /// Nobody sleeps.
    #[inline]
    pub const fn wake_one(_word: *const AtomicU32) {}

    /// Nobody sleeps.
    #[inline]
    pub const fn wake_all(_word: *const AtomicU32) {}
}

/// The fence that all running threads of the process pass. It is not offered; who asks for it all the same has a full fence on both
/// sides, which is the pair, too.
pub mod barrier {
    use core::time::Duration;

    use super::super::atomic::{AtomicU64, Ordering, fence};

    static COUNT: AtomicU64 = AtomicU64::new(0);

    /// The fence is refused, which does not happen.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Refused;

    /// It is not.
    #[inline]
    pub const fn is_offered() -> bool {
        false
    }

    /// That is known from the beginning.
    pub const fn is_known() -> bool {
        true
    }

    /// There is nobody to ask.
    #[inline]
    pub const fn ask() {}

    /// One side.
    #[inline]
    pub fn light() {
        fence(Ordering::SeqCst);
    }

    /// The other.
    ///
    /// # Errors
    ///
    /// None.
    pub fn heavy() -> Result<(), Refused> {
        // ORDERING: Relaxed, here and below: it only counts.
        COUNT.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        Ok(())
    }

    /// There is nothing to wait for.
    #[inline]
    pub const fn wait_out(_: Duration) {}

    /// How many times the fence was asked for.
    pub fn heavy_count() -> u64 {
        COUNT.load(Ordering::Relaxed)
    }
}
