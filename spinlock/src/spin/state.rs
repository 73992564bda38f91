//! The state of a [`SpinLock`](super::SpinLock): one byte.
//!
//! | byte    | meaning                            | set by            |
//! |---------|------------------------------------|-------------------|
//! | `false` | nobody's; the first to come has it | [`Held`]'s drop   |
//! | `true`  | somebody's                         | `State::try_take` |
//!
//! S1. Whoever took the byte from `false` to `true` has the lock, until it stores `false`. Nobody else writes a byte that is
//!     `true`, so that a plain store frees it.

use latchwork_core::const_unless_checked;
use latchwork_core::sync::atomic::{AtomicBool, Ordering};

/// The byte. See the [module documentation](self).
pub(super) struct State {
    locked: AtomicBool,
}

impl State {
    const_unless_checked! {
        pub(super) const fn new() -> Self {
            Self { locked: AtomicBool::new(false) }
        }
    }

    /// Takes the lock if it is free: the fast path.
    #[inline]
    pub(super) fn try_take(&self) -> Option<Held<'_>> {
        // ORDERING: Acquire pairs with the Release in `Held::drop`: the last owner's section is visible. Weakening it fails
        // `models::spin::unlock_publishes_the_section`. Relaxed on failure: nothing has been taken.
        // Strong, not weak: a spurious failure would call a free lock taken.
        match self.locked.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Some(Held(self)),
            Err(_) => None,
        }
    }

    /// The same, for one who waits: looks first, and leaves the cache line shared while the lock is taken.
    #[inline]
    pub(super) fn try_take_once_free(&self) -> Option<Held<'_>> {
        if self.is_locked() { None } else { self.try_take() }
    }

    /// Whether somebody has the lock at this moment.
    #[inline]
    pub(super) fn is_locked(&self) -> bool {
        // ORDERING: Relaxed: the answer may be old when it arrives; `try_take` decides.
        self.locked.load(Ordering::Relaxed)
    }
}

/// The lock, held; dropping it frees it.
pub(crate) struct Held<'a>(pub(super) &'a State);

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        // ORDERING: Release publishes the section to the Acquire in `try_take`. A store will do (S1). Weakening it fails
        // `models::spin::unlock_publishes_the_section`.
        self.0.locked.store(false, Ordering::Release);
    }
}
