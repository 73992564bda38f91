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
//! The mode byte tells the one who unlocks how, and whether to look at the queue. It changes only under the queue's lock.
//!
//! | bit      | meaning                                          | set and cleared                                          |
//! |----------|--------------------------------------------------|----------------------------------------------------------|
//! | `LOOK`   | somebody in the queue is to be woken by unlock   | after every change of the queue, from what it then holds |
//! | `WAKING` | a woken thread is on its way; no other is needed | set by unlock; cleared by that thread, when it has the lock, queues again or gives up |
//! | `BUSY`   | unlock frees the lock by a swap                  | set by an owner that is waited for; cleared by one that has met nobody for long |
//!
//! `LOOK` is set if the oldest in the queue is a task; or if no thread is on its way; or if the first thread has moved here from a
//! condition: such threads are *invited*, one by each unlock, beside the one on its way.
//!
//! With no bit set the mode is *quiet*: unlock frees the lock by a store. With `LOOK` alone it is *settling*: somebody has come, and
//! the owner does not know yet; `LOOK` stays then, also where the queue is empty again, until the owner looks. With `BUSY` it is *busy*.
//! A new lock is busy.
//!
//! ```text
//!                 somebody queues, and               the owner sees LOOK
//!                 passes the heavy fence             under the queue's lock
//!          QUIET ────────────────────────▶ SETTLING ────────────────────────▶ BUSY
//!            ▲                                                                 │
//!            └─────────────────────────────────────────────────────────────────┘
//!              `CALM` unlocks have met nobody, the queue is empty, nobody is on the way
//! ```
//!
//! While the lock is busy:
//!
//! ```text
//!                    lock                                 LOCKED, somebody queues
//!   FREE, no LOOK ─────────▶ LOCKED, no LOOK ────────────────────────────────────▶ LOCKED, LOOK
//!        ▲    ▲   ◀─────────                                                        │       ▲
//!        │    │     unlock                                                          │       │ lost: back to
//!        │    │                                       unlock: pop the oldest        │       │ the front
//!        │    └───── it has the lock, then unlocks ◀── FREE, WAKING ◀───────────────┤       │
//!        │                                              (a barger may come first) ──────────┘
//!        └────────── LOCKED, as before ◀─── granted, if it has lost, and waited for long ──┘
//! ```
//!
//! # Invariants
//!
//! M1. Whoever took the lock byte to `LOCKED`, or was sent `Granted`, owns the lock until it frees or grants it. Only the
//!     owner changes a byte that is `LOCKED`.
//! M2. While the queue's lock is free, `LOOK` and `WAKING` agree with the queue, as said above.
//! M3. Nobody sleeps beside a free lock. Where somebody is queued and the queue's lock is free, one of these holds: an owner will
//!     see `LOOK` when it unlocks; a thread is on its way, or invited; or somebody is about to run `RawMutex::pass_on`.
//! M4. Only the owner reaches the protected value.
//! M5. Only the owner sets and clears `BUSY`, so that it knows it for certain. `WAKING` is set only while `BUSY` is.
//!
//! # Why no wake-up is lost
//!
//! A newcomer sets `LOOK`, then *confirms* that the byte is `LOCKED`, and only then sleeps. The owner frees the byte, and then reads
//! `LOOK`. If both could miss what the other has written, the newcomer would sleep for ever.
//!
//! Busy: the newcomer confirms by a compare-exchange from `LOCKED` to `LOCKED`, the owner frees the byte by a swap. Both are
//! read-modify-writes of one byte, so one comes first. Where the confirmation comes first, the swap reads from it, or from a later
//! confirmation, which continues its release sequence: the owner sees `LOOK`. Where the swap comes first, the confirmation finds the
//! byte free, and the newcomer takes itself out again. No fence is needed, and no ordering beyond acquire and release.
//!
//! Not busy: the first newcomer sets `LOOK` and passes the heavy fence, and each confirms by a load; the owner frees the byte by a
//! store, passes the light fence, and reads `LOOK`. Of the two fences one comes first. Where it is the heavy one, the owner sees
//! `LOOK`, which stays. Where it is the light one, whoever comes after the heavy one finds the byte free, or locked by a later owner,
//! of whom the same is true. So a newcomer that finds the lock settling needs no fence of its own: the queue's lock puts it behind that
//! of the first.
//!
//! The owner knows which of the two it has to do (M5), and so does the newcomer, which has the queue's lock. Everybody else who sets
//! `LOOK` owns the lock or confirms too.
//!
//! # What it costs
//!
//! The heavy fence is a system call that interrupts the other processors, and there is one for each time that the lock goes from quiet
//! to busy. It is quiet again when [`CALM`] unlocks have met nobody: by then their swaps have cost about as much as that fence.
//!
//! Where the system is not known to [offer](latchwork_core::fence::is_offered) the fence, no lock becomes quiet. The first lock that could
//! [asks](latchwork_core::fence::ask), once it is free.
//!
//! This is the asymmetric Dekker synchronization of Dice, Huang and Yang (2001), where the owner is the side that runs often. Biased
//! locks use it for *nobody else locks*; here it is *nobody waits*.

use core::convert::Infallible;
use core::ops::RangeInclusive;

use latchwork_core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use latchwork_core::wait::Held;
use latchwork_core::{const_unless_checked, fence};

const FREE: u8 = 0;
const RESERVED: u8 = 1;
const LOCKED: u8 = 2;

const LOOK: u8 = 1;
const WAKING: u8 = 2;
const BUSY: u8 = 4;

const QUIET: u8 = 0;
const SETTLING: u8 = LOOK;

const IS_CHECKED: bool = cfg!(any(latchwork = "loom", latchwork = "shuttle"));

/// So many unlocks of a busy lock that meet nobody make it quiet.
pub(crate) const CALM: u32 = if IS_CHECKED { 2 } else { 1024 };
/// So many are enough for a new lock.
const CALM_AT_FIRST: u32 = if IS_CHECKED { 2 } else { 32 };

/// Sections of fewer pause hints than this, with the time between them, are *brief*: the cache line takes about as long to change hands.
const BRIEF: u32 = 12;

/// Pauses of so many pause hints tell whether sections are brief: a shorter one sees no two of them end, and while a longer one lasts, more
/// may end than are counted.
const TELLING: RangeInclusive<u32> = BRIEF..=64;

/// The two bytes, and what is known of the past. See the [module documentation](self).
pub(crate) struct State {
    lock: AtomicU8,
    mode: AtomicU8,
    /// How many unlocks there were, modulo 256. The owner's; others look.
    unlocks: AtomicU8,
    /// Whether sections are brief, as the last saw that has paused.
    is_brief: AtomicBool,
    /// How many unlocks have met nobody since the lock became busy, or was contended. The owner's.
    calm: AtomicU32,
}

/// How the owner of a lock that is not quiet finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    /// Nobody waits, or is on the way.
    Alone,
    /// Somebody is on the way.
    Expecting,
    /// Somebody waits.
    Contended,
}

/// The lock is not locked: there is no owner who could see that somebody waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotLocked;

impl State {
    const_unless_checked! {
        pub(crate) const fn new() -> Self {
            Self {
                lock: AtomicU8::new(FREE),
                mode: AtomicU8::new(BUSY),
                unlocks: AtomicU8::new(0),
                is_brief: AtomicBool::new(false),
                calm: AtomicU32::new(CALM - CALM_AT_FIRST),
            }
        }
    }

    /// Takes the lock if it is free and not reserved: the fast path.
    #[inline]
    pub(crate) fn try_take_free(&self) -> bool {
        // ORDERING: Acquire pairs with the Release in `free_quietly`, `free_busily` and `let_go`: the last owner's critical
        // section is visible, and so is the mode that it saw. Weakening it fails
        // `models::release::unlock_publishes_the_critical_section`. Failure is Relaxed: nothing has been taken, and the contended
        // path looks again.
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

    /// Whether the owner frees the lock by a store.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        self.mode() == QUIET
    }

    /// How the owner finds the lock, where it is not quiet.
    pub(crate) fn busy(&self) -> Busy {
        match self.mode() {
            BUSY => Busy::Alone,
            mode if mode & LOOK != 0 => Busy::Contended,
            _ => Busy::Expecting,
        }
    }

    /// The owner frees a lock that is not busy, and learns whether it has to look at the queue.
    #[inline]
    #[must_use]
    pub(crate) fn free_quietly(&self) -> bool {
        // ORDERING: Release publishes the critical section, as in `free_busily`. Weakening it fails
        // `models::quiet::a_quiet_unlock_publishes_the_critical_section`. The light fence pairs with the heavy one in `set_mode`.
        // Removing it fails `models::quiet::a_quiet_unlock_racing_a_newcomer_loses_no_wake_up`.
        self.lock.store(FREE, Ordering::Release);
        fence::light();
        self.has_to_look()
    }

    /// The owner frees a busy lock, and learns whether it has to look at the queue.
    #[inline]
    #[must_use]
    pub(crate) fn free_busily(&self) -> bool {
        // ORDERING: Release publishes the critical section to the Acquire in `try_take_free` and `try_take`. Acquire pairs
        // with the Release in `confirm_locked`, so that the load sees the `LOOK` of everybody who confirmed before.
        // Weakening the first fails `models::release::unlock_publishes_the_critical_section`, weakening the second
        // `models::release::unlock_racing_a_newcomer_loses_no_wake_up`.
        self.lock.swap(FREE, Ordering::AcqRel);
        self.has_to_look()
    }

    /// The owner frees the lock, under the queue's lock; reserved, or for the first to come.
    pub(crate) fn let_go(&self, reserved: bool) {
        // ORDERING: Release publishes the critical section, as in `free_busily`. A store will do: whoever confirmed did so under
        // the queue's lock, which is held here, and is in the queue. Weakening it fails
        // `models::release::contended_unlock_publishes_the_critical_section`.
        self.lock.store(if reserved { RESERVED } else { FREE }, Ordering::Release);
    }

    /// Confirms, under the queue's lock, that there is an owner, and that it will see `LOOK`, which is set, when it unlocks.
    pub(crate) fn confirm_locked(&self) -> Result<(), NotLocked> {
        let is_locked = if self.mode() & BUSY == 0 {
            // `set_mode` has passed the fence.
            self.is_locked()
        } else {
            // ORDERING: Release pairs with the Acquire in `free_busily`. It writes what it read: as a read-modify-write it has a
            // place before or after the owner's swap, which a load has not. Weakening it fails
            // `models::release::unlock_racing_a_newcomer_loses_no_wake_up`. Failure is Relaxed: the caller does not sleep.
            self.lock.compare_exchange(LOCKED, LOCKED, Ordering::Release, Ordering::Relaxed).is_ok()
        };
        if is_locked { Ok(()) } else { Err(NotLocked) }
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

    /// Whether somebody is in the queue or on its way.
    #[inline]
    pub(crate) fn has_company(&self) -> bool {
        self.mode() & (LOOK | WAKING) != 0
    }

    /// The owner is about to unlock. Under a checker nobody turns, so that nobody looks.
    #[inline]
    pub(crate) fn count_unlock(&self) {
        if !IS_CHECKED {
            // ORDERING: Relaxed, here and below: the lock orders the owners, and a newcomer guesses.
            self.unlocks.store(self.unlocks.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        }
    }

    /// A thread pauses for so many pause hints, and may see whether sections are brief. One that is kept from running meanwhile may be
    /// wrong, until the next.
    pub(crate) fn watch(&self, hints: u32, pause: impl FnOnce()) {
        if !TELLING.contains(&hints) {
            return pause();
        }
        let before = self.unlocks.load(Ordering::Relaxed);
        pause();
        let unlocks = u32::from(self.unlocks.load(Ordering::Relaxed).wrapping_sub(before));
        // Of one alone this is not true: it may be the end of a long section.
        let is_brief = unlocks * BRIEF > hints;
        if is_brief != self.is_brief() {
            self.is_brief.store(is_brief, Ordering::Relaxed);
        }
    }

    /// Whether sections are brief, as the last saw that has paused.
    pub(crate) fn is_brief(&self) -> bool {
        self.is_brief.load(Ordering::Relaxed)
    }

    /// The owner has met nobody. Returns whether that has been so for long.
    pub(crate) fn note_calm(&self) -> bool {
        // ORDERING: Relaxed, here and below: the lock orders the owners.
        let calm = self.calm.load(Ordering::Relaxed) + 1;
        if calm < CALM {
            self.calm.store(calm, Ordering::Relaxed);
        }
        calm >= CALM
    }

    /// The owner makes the lock busy, under the queue's lock.
    pub(crate) fn make_busy(&self) {
        // ORDERING: Relaxed, here and below: the queue's lock orders those who write the mode, and the lock the owners.
        self.calm.store(0, Ordering::Relaxed);
        self.mode.store(self.mode() | BUSY, Ordering::Relaxed);
    }

    /// The owner makes the lock quiet, under the queue's lock, unless somebody is queued or on its way.
    pub(crate) fn make_quiet(&self) {
        if self.mode() == BUSY {
            self.mode.store(QUIET, Ordering::Relaxed);
        }
    }

    /// Sets the mode, under the queue's lock. Where the lock is quiet and is not to be so any more, passes the heavy fence.
    pub(crate) fn set_mode(&self, look: bool, waking: bool) {
        let mode = self.mode();
        let look = if look || mode == SETTLING { LOOK } else { 0 };
        let waking = if waking { WAKING } else { 0 };
        debug_assert!(waking == 0 || mode & BUSY != 0, "a thread is on its way to a lock that is not busy");
        // ORDERING: Relaxed: the queue's lock orders the writers, and `confirm_locked` or the fence publishes to the owner.
        self.mode.store(look | waking | mode & BUSY, Ordering::Relaxed);
        if mode == QUIET && look != 0 {
            // ORDERING: pairs with the light fence in `free_quietly`, for this thread and for all that have the queue's lock later.
            // Removing it fails `models::quiet::a_quiet_unlock_racing_a_newcomer_loses_no_wake_up`.
            fence::heavy();
        }
    }

    /// For the models: whether unlock frees the lock by a swap.
    #[cfg(all(test, any(latchwork = "loom", latchwork = "shuttle")))]
    pub(crate) fn is_busy(&self) -> bool {
        self.mode() & BUSY != 0
    }

    /// For the models: the mode is one that an empty queue has.
    #[cfg(test)]
    pub(crate) fn is_at_rest(&self) -> bool {
        matches!(self.mode(), QUIET | SETTLING | BUSY)
    }

    /// For models: as [`end`](crate::internal::end).
    #[cfg(latchwork = "loom")]
    pub(crate) fn end(&mut self) {
        self.lock.with_mut(|_| ());
        self.mode.with_mut(|_| ());
        self.calm.with_mut(|_| ());
    }

    #[inline]
    fn mode(&self) -> u8 {
        // ORDERING: Relaxed: under the queue's lock it is the last value; for the owner see the beginning of this file; elsewhere a hint.
        self.mode.load(Ordering::Relaxed)
    }
}
