//! One thread that waits for one signal.
//!
//! # State
//!
//! | word                             | meaning                            | set by                                  |
//! |----------------------------------|------------------------------------|-----------------------------------------|
//! | `IDLE`                           | no signal is awaited               | `new`, `disarm`                         |
//! | `ARMED`                          | a signal is awaited, nobody sleeps | `arm`                                   |
//! | `PARKED`                         | the owner sleeps, or is about to   | `park`, `park_until`                    |
//! | `PARKED_PORTABLE`                | the same, where a timed wait has no futex | `park_until`                     |
//! | `WOKEN`, `INVITED`, `FAVOURED`, `GRANTED` | the signal has come       | `send`, once per `arm`                  |
//!
//! ```text
//!   IDLE ──arm──▶ ARMED ──park──▶ PARKED
//!    ▲              │ send          │ send: and wake the address
//!    │              ▼               ▼
//!    └──disarm── WOKEN | INVITED | FAVOURED | GRANTED
//! ```
//!
//! P1. Only the owner arms, parks and disarms. `send` is called at most once between `arm` and `disarm`.
//! P2. After `send` has written the word, the owner may leave and its frame be gone. What remains to be done, waking the
//!     address, therefore holds a raw pointer that is never dereferenced ([`Unpark`]). Where the frame has been reused, the
//!     wake is one for no reason, which every futex wait allows for.
//! P3. A timed-out owner leaves the word `PARKED`; the next `arm` starts afresh.
//! P4. Without a timed futex: an owner that is `PARKED_PORTABLE` looks for its signal only with the bed's mutex held, and one
//!     that timed out does not end before it has had the lock under which signals are sent. A sender may therefore hold that
//!     mutex while it signals such an owner, and no other: any other may be gone once the word is written (P2).

use core::fmt;

use crate::Spin;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::futex;
#[cfg(feature = "std")]
use crate::sync::time::Instant;

const IDLE: u32 = 0;
const ARMED: u32 = 1;
const PARKED: u32 = 2;
const WOKEN: u32 = 3;
const INVITED: u32 = 4;
const FAVOURED: u32 = 5;
const GRANTED: u32 = 6;
/// As `PARKED`, but asleep on the condition variable of a build without a timed futex.
#[cfg(all(feature = "std", any(not(target_os = "linux"), latchwork_portable)))]
const PARKED_PORTABLE: u32 = 7;

/// What a waiter is told when it is taken out of its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Signal {
    /// Come and try; whoever is first has it.
    Woken = WOKEN,
    /// As `Woken`, to several at a time: nobody counts on this one.
    Invited = INVITED,
    /// Come and try; the others give way once.
    Favoured = FAVOURED,
    /// It is yours.
    Granted = GRANTED,
}

impl Signal {
    const fn from_word(word: u32) -> Option<Self> {
        match word {
            WOKEN => Some(Self::Woken),
            INVITED => Some(Self::Invited),
            FAVOURED => Some(Self::Favoured),
            GRANTED => Some(Self::Granted),
            _ => None,
        }
    }
}

/// Blocks its owner until a [`Signal`] comes. See the [module documentation](self) for its states.
pub struct Parker {
    word: AtomicU32,
    #[cfg(all(feature = "std", any(not(target_os = "linux"), latchwork_portable)))]
    portable: portable::Bed,
}

impl Default for Parker {
    fn default() -> Self {
        Self::new()
    }
}

impl Parker {
    crate::const_unless_checked! {
        /// A parker that awaits nothing.
        #[inline]
        pub const fn new() -> Self {
            Self {
                word: AtomicU32::new(IDLE),
                #[cfg(all(feature = "std", any(not(target_os = "linux"), latchwork_portable)))]
                portable: portable::Bed::new(),
            }
        }
    }

    /// Starts to await a signal. Nobody may be sending one (P1).
    pub fn arm(&self) {
        // ORDERING: Relaxed: whoever is to send learns of this parker by other means, which publish it.
        self.word.store(ARMED, Ordering::Relaxed);
    }

    /// Awaits nothing any more: the signal has been received, or cannot come.
    pub fn disarm(&self) {
        // ORDERING: Relaxed: nobody else looks at the word between here and the next `arm`.
        self.word.store(IDLE, Ordering::Relaxed);
    }

    /// Whether a signal is awaited and has not come.
    pub fn is_armed(&self) -> bool {
        // ORDERING: Relaxed: nothing is read that the sender wrote. Whoever lets go of the memory has read the signal before, or has
        // been taken out under the queue's lock.
        let word = self.word.load(Ordering::Relaxed);
        word != IDLE && Signal::from_word(word).is_none()
    }

    /// Whether a signal is awaited by an owner that does not sleep.
    pub fn is_awake(&self) -> bool {
        // ORDERING: Relaxed: it may fall asleep at any moment.
        self.word.load(Ordering::Relaxed) == ARMED
    }

    /// The signal, if it has come.
    #[inline]
    pub fn signal(&self) -> Option<Signal> {
        // ORDERING: Acquire pairs with the Release in `send`: what the sender did to the waiter, and with a grant the
        // critical section before it, is visible. Weakening it fails `models::parker::a_signal_publishes_what_came_before_it`.
        Signal::from_word(self.word.load(Ordering::Acquire))
    }

    /// Turns a bounded number of times while the signal does not come: a signal that finds nobody asleep costs no system
    /// call on either side.
    pub fn spin(&self, turns: u32) {
        let mut spin = Spin::new(turns);
        while spin.turn() && self.signal().is_none() {}
    }

    /// Blocks until the signal comes, or until `deadline`, if there is one.
    #[cfg(feature = "std")]
    pub fn await_signal(&self, deadline: Option<Instant>) -> Option<Signal> {
        match deadline {
            None => Some(self.park()),
            Some(deadline) => self.park_until(deadline),
        }
    }

    /// Blocks until the signal comes.
    #[cfg(feature = "std")]
    pub fn park(&self) -> Signal {
        loop {
            match self.prepare(PARKED) {
                Some(signal) => return signal,
                None => futex::wait(&self.word, PARKED),
            }
        }
    }

    /// Blocks until the signal comes, or until `deadline`. A signal that has come wins over a deadline that has passed.
    #[cfg(all(feature = "std", target_os = "linux", not(latchwork_portable)))]
    pub fn park_until(&self, deadline: Instant) -> Option<Signal> {
        loop {
            match self.prepare(PARKED) {
                Some(signal) => return Some(signal),
                None if Instant::now() >= deadline => return None,
                None => futex::wait_until(&self.word, PARKED, deadline),
            }
        }
    }

    /// Blocks until the signal comes, or until `deadline`. A signal that has come wins over a deadline that has passed.
    #[cfg(all(feature = "std", any(not(target_os = "linux"), latchwork_portable)))]
    pub fn park_until(&self, deadline: Instant) -> Option<Signal> {
        let mut asleep = self.portable.lie_down();
        loop {
            match self.prepare(PARKED_PORTABLE) {
                Some(signal) => return Some(signal),
                None if Instant::now() >= deadline => return None,
                None => asleep = self.portable.sleep_until(asleep, deadline),
            }
        }
    }

    /// Announces that the owner is about to sleep, unless the signal has come.
    #[cfg(feature = "std")]
    fn prepare(&self, parked: u32) -> Option<Signal> {
        // ORDERING: the failure is Acquire, and pairs with the Release in `send`, as in `signal`. Weakening it fails
        // `models::parker::a_parked_thread_sees_what_came_before_its_signal`. Success is Relaxed: it tells the sender that there
        // is somebody to wake, and the futex looks at the word again before it sleeps.
        match self.word.compare_exchange(ARMED, parked, Ordering::Relaxed, Ordering::Acquire) {
            Ok(_) => None,
            Err(word) => Signal::from_word(word),
        }
    }

    /// Sends the signal (P1). The owner may be gone when this returns (P2).
    pub fn send(&self, signal: Signal) -> Option<Unpark> {
        let before = self.deliver(signal);
        (before == PARKED).then_some(Unpark(&raw const self.word))
    }

    /// Writes the signal, and returns what was there before.
    #[cfg(any(not(feature = "std"), all(target_os = "linux", not(latchwork_portable))))]
    fn deliver(&self, signal: Signal) -> u32 {
        // ORDERING: Release pairs with the Acquires in `signal` and `prepare`. Weakening it fails
        // `models::parker::a_signal_publishes_what_came_before_it`.
        self.word.swap(signal as u32, Ordering::Release)
    }

    /// Writes the signal, and returns what was there before. Wakes an owner that sleeps on the bed, and touches the bed of no
    /// other (P4).
    #[cfg(all(feature = "std", any(not(target_os = "linux"), latchwork_portable)))]
    fn deliver(&self, signal: Signal) -> u32 {
        // ORDERING: Relaxed: the load guesses what the compare-exchange will find.
        let mut seen = self.word.load(Ordering::Relaxed);
        loop {
            let _awake = (seen == PARKED_PORTABLE).then(|| self.portable.wake_after());
            // ORDERING: Release pairs with the Acquires in `signal` and `prepare`, as in the other `deliver`; Relaxed on
            // failure, which decides nothing by itself.
            match self.word.compare_exchange(seen, signal as u32, Ordering::Release, Ordering::Relaxed) {
                Ok(before) => return before,
                Err(now) => seen = now,
            }
        }
    }
}

impl fmt::Debug for Parker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parker").field("signal", &self.signal()).finish_non_exhaustive()
    }
}

/// The rest of a [`send`](Parker::send): wakes the thread that sleeps at an address.
#[derive(Debug)]
#[must_use = "the thread sleeps until it is woken"]
pub struct Unpark(*const AtomicU32);

impl Unpark {
    pub(super) const fn at(address: *const AtomicU32) -> Self {
        Self(address)
    }

    pub(super) const fn address(&self) -> *const AtomicU32 {
        self.0
    }

    /// Wakes the thread. Its frame may be gone, and another wait be at its address: that one returns for no reason.
    pub fn unpark(self) {
        futex::wake_one(self.0);
    }
}

/// Timed waits where the system has no timed futex that is in use here: a mutex and a condition variable in the frame.
///
/// Parking by `std::thread::park_timeout` would use up, or leave behind, the one token that a thread has, which belongs to
/// the user's own parking.
#[cfg(all(feature = "std", any(not(target_os = "linux"), latchwork_portable)))]
mod portable {
    use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

    use crate::sync::time::Instant;

    #[derive(Debug)]
    pub(super) struct Bed {
        mutex: Mutex<()>,
        wake: Condvar,
    }

    /// Wakes the sleeper when it is dropped, with the mutex still held: the sleeper leaves, and its frame ends, only
    /// after it has had the mutex itself.
    pub(super) struct Wake<'a> {
        bed: &'a Bed,
        _held: MutexGuard<'a, ()>,
    }

    impl Bed {
        pub(super) const fn new() -> Self {
            Self { mutex: Mutex::new(()), wake: Condvar::new() }
        }

        pub(super) fn lie_down(&self) -> MutexGuard<'_, ()> {
            self.mutex.lock().unwrap_or_else(PoisonError::into_inner)
        }

        pub(super) fn sleep_until<'a>(&self, asleep: MutexGuard<'a, ()>, deadline: Instant) -> MutexGuard<'a, ()> {
            let left = deadline.saturating_duration_since(Instant::now());
            self.wake.wait_timeout(asleep, left).unwrap_or_else(PoisonError::into_inner).0
        }

        pub(super) fn wake_after(&self) -> Wake<'_> {
            Wake { bed: self, _held: self.lie_down() }
        }
    }

    impl Drop for Wake<'_> {
        fn drop(&mut self) {
            self.bed.wake.notify_one();
        }
    }
}
