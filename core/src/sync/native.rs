//! The facade outside the checkers: thin names for `core`, `std`, atomic-wait and rustix.

#[cfg(not(feature = "std"))]
#[path = "bare.rs"]
mod bare;

#[cfg(not(feature = "std"))]
pub use bare::{barrier, futex, time};

/// Atomics and fences.
pub mod atomic {
    #[cfg(all(target_has_atomic = "64", not(latchwork_portable)))]
    pub use core::sync::atomic::AtomicU64;
    pub use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering, fence};
    #[cfg(any(not(target_has_atomic = "64"), latchwork_portable))]
    pub use portable_atomic::AtomicU64;
}

/// Cells whose accesses the checkers watch.
pub mod cell {
    /// An `UnsafeCell` that lends its pointer for the length of a closure, or for the life of a [`Claim`].
    #[derive(Debug, Default)]
    #[repr(transparent)]
    pub struct UnsafeCell<T: ?Sized>(core::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        /// A cell around `value`.
        #[inline]
        pub const fn new(value: T) -> Self {
            Self(core::cell::UnsafeCell::new(value))
        }

        /// The value.
        #[inline]
        pub fn into_inner(self) -> T {
            self.0.into_inner()
        }
    }

    impl<T: ?Sized> UnsafeCell<T> {
        /// Lends the pointer for reading.
        #[inline]
        pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
            read(self.0.get())
        }

        /// Lends the pointer for writing.
        #[inline]
        pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
            write(self.0.get())
        }

        /// The value, which nobody else can reach.
        #[inline]
        pub fn get_mut(&mut self) -> &mut T {
            self.0.get_mut()
        }

        /// Starts an exclusive access that lasts until the claim is released.
        #[inline]
        pub fn claim(&self) -> Claim {
            Claim(())
        }

        /// Starts a shared access that lasts until the claim is released.
        #[inline]
        pub fn claim_shared(&self) -> SharedClaim {
            SharedClaim(())
        }

        /// The pointer itself, for whoever holds a [`Claim`] or a [`SharedClaim`].
        #[inline]
        pub const fn get(&self) -> *mut T {
            self.0.get()
        }
    }

    /// An exclusive access in progress. The checkers report a second one, and an earlier one that does not happen
    /// before it. Outside the checkers it is nothing.
    #[derive(Debug)]
    pub struct Claim(());

    impl Claim {
        /// Moves the access to another holder, and leaves this one with none.
        #[inline]
        pub fn hand_over(&mut self) -> Self {
            Self(())
        }

        /// Ends the access, as dropping the claim does.
        #[inline]
        pub fn release(&mut self) {}
    }

    /// A shared access in progress. The checkers report an exclusive one beside it, and an earlier one that does not
    /// happen before it. Outside the checkers it is nothing.
    #[derive(Debug)]
    pub struct SharedClaim(());

    impl SharedClaim {
        /// Moves the access to another holder, and leaves this one with none.
        #[inline]
        pub fn hand_over(&mut self) -> Self {
            Self(())
        }

        /// Ends the access, as dropping the claim does.
        #[inline]
        pub fn release(&mut self) {}
    }
}

/// Waiting for a word to change.
#[cfg(feature = "std")]
pub mod futex {
    #[cfg(all(target_os = "linux", not(latchwork_portable)))]
    use super::{atomic::AtomicU32, time::Instant};

    pub use atomic_wait::{wait, wake_all, wake_one};

    /// Waits while `word` holds `expected`, until it is woken or `deadline` passes. May return for no reason.
    #[cfg(all(target_os = "linux", not(latchwork_portable)))]
    pub fn wait_until(word: &AtomicU32, expected: u32, deadline: Instant) {
        use rustix::thread::futex;

        let left = deadline.saturating_duration_since(Instant::now());
        // A wait too long for the kernel to express (about 292 billion years) is one without a deadline.
        let timeout = futex::Timespec::try_from(left).ok();
        // Woken, timed out, interrupted or refused because the word has changed: the caller looks at the word and at
        // the clock in each case. A relative timeout that a signal cuts short is computed anew from the deadline.
        let _ = futex::wait(word, futex::Flags::PRIVATE, expected, timeout.as_ref());
    }
}

/// Hints to the processor.
pub mod hint {
    pub use core::hint::spin_loop;

    pub use crossbeam_utils::Backoff;

    /// So many pause hints.
    #[inline]
    pub fn pause(hints: u32) {
        for _ in 0..hints {
            spin_loop();
        }
    }
}

/// The current thread.
#[cfg(feature = "std")]
pub mod thread {
    pub use std::thread::yield_now;
    pub(crate) use std::thread_local as local;

    /// Whether the system tells, without a system call, on which core a thread runs.
    pub(crate) const CORES_ARE_KNOWN: bool = cfg!(all(target_os = "linux", not(latchwork_portable), not(miri)));

    /// The number of the core that this thread runs on, where that is known. It may run on another by now.
    #[inline]
    pub(crate) fn current_core() -> Option<u32> {
        #[cfg(all(target_os = "linux", not(latchwork_portable), not(miri)))]
        return u32::try_from(rustix::thread::sched_getcpu()).ok();
        #[cfg(not(all(target_os = "linux", not(latchwork_portable), not(miri))))]
        return None;
    }
}

/// The clock of deadlines.
#[cfg(feature = "std")]
pub mod time {
    pub use std::time::Instant;
}

/// The fence that all running threads of the process pass.
#[cfg(feature = "std")]
#[path = "barrier.rs"]
pub mod barrier;
