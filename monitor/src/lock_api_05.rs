//! The condition variable as a raw one of `lock_api` 0.5, which needs Rust 1.95.
//!
//! [`RawCondvar`] waits with the raw lock of `latchwork-mutex`, for threads alone: take [`Condvar`](crate::Condvar) itself where tasks
//! wait. Version 0.4 of `lock_api` has no condition variables.
//!
//! # Examples
//!
//! ```
//! use latchwork_monitor::lock_api_05::Condvar;
//! use latchwork_mutex::lock_api_05::Mutex;
//!
//! static JOBS: Mutex<Vec<u32>> = Mutex::new(Vec::new());
//! static NEW: Condvar = Condvar::new();
//!
//! let worker = std::thread::spawn(|| {
//!     let mut jobs = JOBS.lock();
//!     NEW.wait_while(&mut jobs, |jobs| jobs.is_empty());
//!     jobs.pop()
//! });
//! JOBS.lock().push(7);
//! NEW.notify_one();
//! assert_eq!(worker.join().unwrap(), Some(7));
//! ```

// Under the checkers there is none of this: `INIT` is a constant, and what they count as a lock is made at run time.
//
// A1. Whoever waits for a raw condition variable, or for a raw lock, is a thread: neither offers anything to tasks. So no release and no
//     notification runs a waker, which is foreign code, and nothing unwinds but a wait with a second lock, before it has begun.

#![expect(unsafe_code, reason = "the traits are unsafe to implement")]

use core::fmt;
use core::time::Duration;
use std::time::Instant;

pub use ::lock_api_05 as lock_api;
use latchwork_core::trace::Site;
use latchwork_mutex::internal::raw_of;
use latchwork_mutex::lock_api_05::RawMutex;
use lock_api::{GuardSend, RawCondvarTimed};

use crate::raw::{Locks, Notifier, RawCondition};

/// A condition variable, of `lock_api`, for [`latchwork_mutex::lock_api_05::Mutex`].
pub type Condvar = lock_api::Condvar<RawCondvar>;

/// A condition variable for threads alone: [`Condvar`](crate::Condvar) as `lock_api` wants it, of 40 bytes.
///
/// No wait ends for no reason: notifications return how many were notified. Otherwise as [`Condvar`](crate::Condvar).
///
/// # Panics
///
/// A wait, if others wait with another mutex at this moment. The mutex stays locked.
pub struct RawCondvar(RawCondition);

impl RawCondvar {
    /// Waits for a notification, or until `deadline`. Whether it was notified.
    #[track_caller]
    fn wait_with(&self, mutex: &RawMutex, deadline: Option<Instant>) -> bool {
        let lock = raw_of(mutex);
        let release = || {
            // SAFETY: whoever waits owns the lock, as the callers' callers say, and has it again when the wait ends.
            unsafe { lock.release_owned() };
        };
        self.0.wait(lock, Locks::Any, deadline, Site::here(), release)
    }
}

impl fmt::Debug for RawCondvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawCondvar").finish_non_exhaustive()
    }
}

// SAFETY: whoever waits is queued while it owns the lock, and is found by each later owner's notification (N1); it owns the lock when the
// wait ends, also where it unwinds (A1). A guard has no state of its own.
unsafe impl lock_api::RawCondvar for RawCondvar {
    const INIT: Self = Self(RawCondition::new());

    type RawMutex = RawMutex;

    #[track_caller]
    unsafe fn wait(&self, mutex: &RawMutex, _: &mut GuardSend) {
        self.wait_with(mutex, None);
    }

    fn notify_one(&self) -> bool {
        self.0.notify_one(Notifier::Anybody)
    }

    fn notify_all(&self) -> usize {
        self.0.notify_all(None)
    }
}

// SAFETY: as above.
unsafe impl RawCondvarTimed for RawCondvar {
    fn checked_duration_to_instant(timeout: &Duration) -> Option<Instant> {
        Instant::now().checked_add(*timeout)
    }

    #[track_caller]
    unsafe fn wait_until(&self, mutex: &RawMutex, _: &mut GuardSend, deadline: &Instant) -> bool {
        !self.wait_with(mutex, Some(*deadline))
    }
}

const _: () = assert!(size_of::<RawCondvar>() <= 40);
