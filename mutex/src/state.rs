//! The state of a mutex: what the bytes mean, and how they may change.
//!
//! # State
//!
//! The lock byte says whose the lock is. It shares no word with the rest, so that taking and freeing it touch nothing else.
//!
//! | lock byte  | meaning                                                    | set by                                       |
//! |------------|------------------------------------------------------------|----------------------------------------------|
//! | `FREE`     | nobody's; the first to come has it                         | unlock                                       |
//! | `RESERVED` | nobody's; who was not favoured gives way once, then has it | unlock, for a task that keeps losing; `bump` |
//! | `LOCKED`   | somebody's                                                 | whoever takes it                             |
//!
//! The mode byte tells the one who unlocks whether to look at the queue. It changes only under the queue's lock.
//!
//! | bit      | meaning                                          | set and cleared                                          |
//! |----------|--------------------------------------------------|----------------------------------------------------------|
//! | `LOOK`   | somebody in the queue is to be woken by unlock   | after every change of the queue, from what it then holds |
//! | `WAKING` | a woken thread is on its way; no other is needed | set by unlock; cleared by that thread, when it has the lock, queues again or gives up |
//!
//! `LOOK` is set if the oldest in the queue is a task; or if no thread is on its way; or if the first thread has moved here from a
//! condition: such threads are *invited*, one by each unlock, beside the one on its way.
//!
//! ```text
//!                    lock                                 LOCKED, somebody queues
//!   FREE, no LOOK ─────────▶ LOCKED, no LOOK ────────────────────────────────────▶ LOCKED, LOOK
//!        ▲    ▲   ◀─────────                                                        │       ▲
//!        │    │     unlock                                                          │       │ lost: back to
//!        │    │                                       unlock: pop the oldest        │       │ the front
//!        │    └───── it has the lock, then unlocks ◀── FREE, WAKING ◀───────────────┤       │
//!        │                                              (a barger may come first) ──────────┘
//!        └────────── LOCKED, as before ◀────────────── granted, if it has waited for long ──┘
//! ```
//!
//! # Invariants
//!
//! M1. Whoever took the lock byte to `LOCKED`, or was sent `Granted`, owns the lock until it frees or grants it. Only the
//!     owner changes a byte that is `LOCKED`.
//! M2. While the queue's lock is free, `LOOK` and `WAKING` agree with the queue, as said above.
//! M3. Nobody sleeps beside a free lock. Where `LOOK` is set and the queue's lock is free, one of these holds: an owner will
//!     see `LOOK` when it unlocks; a thread is on its way, or invited; or somebody is about to run `RawMutex::pass_on`.
//! M4. Only the owner reaches the protected value.
//!
//! # Why no wake-up is lost
//!
//! A newcomer sets `LOOK`, then *confirms* that the byte is `LOCKED` by a compare-exchange from `LOCKED` to `LOCKED`, and
//! only then sleeps. The owner frees the byte by a swap, and then reads `LOOK`. Both are read-modify-writes of one byte, so
//! one comes first. Where the confirmation comes first, the swap reads from it, or from a later confirmation, which
//! continues its release sequence: the owner sees `LOOK`. Where the swap comes first, the confirmation finds the byte free,
//! and the newcomer takes itself out again. No fence is needed, and no ordering beyond acquire and release.
//!
//! Everybody else who sets `LOOK` owns the lock or confirms too.

use core::convert::Infallible;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::atomic::{AtomicU8, Ordering};
use latchwork_core::wait::Held;

const FREE: u8 = 0;
const RESERVED: u8 = 1;
const LOCKED: u8 = 2;

const LOOK: u8 = 1;
const WAKING: u8 = 2;

/// The two bytes. See the [module documentation](self).
pub(crate) struct State {
    lock: AtomicU8,
    mode: AtomicU8,
}

/// The lock is not locked: there is no owner who could see that somebody waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotLocked;

impl State {
    const_unless_checked! {
        pub(crate) const fn new() -> Self {
            Self { lock: AtomicU8::new(FREE), mode: AtomicU8::new(0) }
        }
    }

    /// Takes the lock if it is free and not reserved: the fast path.
    #[inline]
    pub(crate) fn try_take_free(&self) -> bool {
        // ORDERING: Acquire pairs with the Release in `free` and `let_go`: the last owner's critical section is visible,
        // and so is the `LOOK` that it saw. Weakening it fails `models::release::unlock_publishes_the_critical_section`. Failure is
        // Relaxed: nothing has been taken, and the contended path looks again.
        self.lock.compare_exchange(FREE, LOCKED, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Takes the lock if it is free, or if it is reserved and `reserved_too`.
    #[inline]
    pub(crate) fn try_take(&self, reserved_too: bool) -> Result<(), Held<Infallible>> {
        // ORDERING: Relaxed: the load only spares the owner an exclusive access to its byte, and guesses what the
        // compare-exchange will find.
        let mut seen = self.lock.load(Ordering::Relaxed);
        loop {
            match seen {
                LOCKED => return Err(Held::Locked),
                RESERVED if !reserved_too => return Err(Held::Reserved),
                _ => {}
            }
            // ORDERING: Acquire, as in `try_take_free`; Relaxed on failure, which decides nothing by itself. Weakening it
            // fails `models::release::unlock_publishes_the_critical_section`.
            match self.lock.compare_exchange(seen, LOCKED, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => seen = other,
            }
        }
    }

    /// Whether somebody owns the lock at this moment.
    pub(crate) fn is_locked(&self) -> bool {
        // ORDERING: Relaxed: the answer may be old when it arrives, whatever the ordering.
        self.lock.load(Ordering::Relaxed) == LOCKED
    }

    /// The owner frees the lock, and learns whether it has to look at the queue.
    #[inline]
    #[must_use]
    pub(crate) fn free(&self) -> bool {
        // ORDERING: Release publishes the critical section to the Acquire in `try_take_free` and `try_take`. Acquire pairs
        // with the Release in `confirm_locked`, so that the load sees the `LOOK` of everybody who confirmed before.
        // Weakening the first fails `models::release::unlock_publishes_the_critical_section`, weakening the second
        // `models::release::unlock_racing_a_newcomer_loses_no_wake_up`.
        self.lock.swap(FREE, Ordering::AcqRel);
        self.has_to_look()
    }

    /// The owner frees the lock, under the queue's lock; reserved, or for the first to come.
    pub(crate) fn let_go(&self, reserved: bool) {
        // ORDERING: Release publishes the critical section, as in `free`. A store will do: whoever confirmed did so under
        // the queue's lock, which is held here, and is in the queue. Weakening it fails
        // `models::release::contended_unlock_publishes_the_critical_section`.
        self.lock.store(if reserved { RESERVED } else { FREE }, Ordering::Release);
    }

    /// Confirms that there is an owner, and that it will see every `LOOK` that was set before this when it unlocks.
    pub(crate) fn confirm_locked(&self) -> Result<(), NotLocked> {
        // ORDERING: Release pairs with the Acquire in `free`. It writes what it read: as a read-modify-write it has a place
        // before or after the owner's swap, which a load has not. Weakening it fails
        // `models::release::unlock_racing_a_newcomer_loses_no_wake_up`. Failure is Relaxed: the caller does not sleep.
        match self.lock.compare_exchange(LOCKED, LOCKED, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => Ok(()),
            Err(_) => Err(NotLocked),
        }
    }

    /// Whether the owner has to look at the queue when it unlocks.
    #[inline]
    pub(crate) fn has_to_look(&self) -> bool {
        self.mode() & LOOK != 0
    }

    /// Whether a woken thread is on its way.
    pub(crate) fn is_waking(&self) -> bool {
        self.mode() & WAKING != 0
    }

    /// Whether somebody is in the queue or on its way: a newcomer then queues without spinning.
    #[inline]
    pub(crate) fn has_company(&self) -> bool {
        self.mode() != 0
    }

    /// Sets the mode, under the queue's lock.
    pub(crate) fn set_mode(&self, look: bool, waking: bool) {
        let look = if look { LOOK } else { 0 };
        let waking = if waking { WAKING } else { 0 };
        // ORDERING: Relaxed: the queue's lock orders the writers, and `confirm_locked` publishes to the owner.
        self.mode.store(look | waking, Ordering::Relaxed);
    }

    /// For models: as [`end`](crate::internal::end).
    #[cfg(latchwork = "loom")]
    pub(crate) fn end(&mut self) {
        self.lock.with_mut(|_| ());
        self.mode.with_mut(|_| ());
    }

    #[inline]
    fn mode(&self) -> u8 {
        // ORDERING: Relaxed: under the queue's lock it is the last value; for the owner see `free`; elsewhere a hint.
        self.mode.load(Ordering::Relaxed)
    }
}
