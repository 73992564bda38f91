//! The facade under shuttle.
//!
//! Shuttle may switch threads only *before* an operation, so what follows the first operation of a futex call is one
//! step. Sleepers wait in `future::block_on`, since shuttle's `park` returns for no reason at any turn.
//!
//! Shuttle treats every ordering as `SeqCst`: these runs check interleavings, loom checks orderings.

use std::cell::RefCell;
use std::task::Waker;

use shuttle::rand::Rng;

use self::atomic::{AtomicU32, Ordering::Relaxed};
use super::shim::Sleepers;

/// One futex wait in this many returns for no reason, without having slept.
const SPURIOUS_RETURNS: u32 = 12;

std::thread_local! {
    // All of shuttle's threads run on the thread that called `model`.
    static SLEEPERS: RefCell<Sleepers<Waker>> = const { RefCell::new(Sleepers::new()) };
    static LATE: RefCell<bool> = const { RefCell::new(false) };
}

/// A scheduling point, and nothing else.
fn switch() {
    AtomicU32::new(0).load(Relaxed);
}

/// Starts an execution with nobody asleep and no time passed.
pub(super) fn begin() {
    SLEEPERS.replace(Sleepers::new());
    LATE.replace(false);
}

/// Whether the time has passed.
pub(super) fn time_has_passed() -> bool {
    switch();
    LATE.with_borrow(|late| *late)
}

/// Lets every deadline pass.
pub(super) fn let_time_pass() {
    switch();
    LATE.replace(true);
    let late = SLEEPERS.with_borrow_mut(|sleepers| sleepers.take_late());
    late.into_iter().for_each(Waker::wake);
}

/// Makes every futex wait in progress return for no reason.
pub(super) fn wake_spuriously() {
    switch();
    let all = SLEEPERS.with_borrow_mut(|sleepers| sleepers.take(usize::MAX, |_| true));
    all.into_iter().for_each(Waker::wake);
}

/// Atomics and fences.
pub mod atomic {
    pub use shuttle::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, Ordering, fence};
}

/// Cells whose overlapping accesses are reported.
pub mod cell {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    /// How many readers are inside, or `WRITING`. Not part of the model: it only has to be `Send`.
    type Inside = Arc<AtomicU32>;
    const WRITING: u32 = u32::MAX;

    /// An `UnsafeCell` that lends its pointer for the length of a closure, or for the life of a [`Claim`].
    #[derive(Debug)]
    pub struct UnsafeCell<T: ?Sized> {
        inside: Inside,
        value: core::cell::UnsafeCell<T>,
    }

    impl<T> UnsafeCell<T> {
        /// A cell around `value`.
        pub fn new(value: T) -> Self {
            Self { inside: Inside::default(), value: core::cell::UnsafeCell::new(value) }
        }

        /// The value.
        pub fn into_inner(self) -> T {
            self.value.into_inner()
        }
    }

    impl<T: Default> Default for UnsafeCell<T> {
        fn default() -> Self {
            Self::new(T::default())
        }
    }

    impl<T: ?Sized> UnsafeCell<T> {
        /// Lends the pointer for reading.
        ///
        /// # Panics
        ///
        /// If the cell is being written.
        #[track_caller]
        pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
            let mut claim = self.claim_shared();
            let result = read(self.value.get());
            claim.release();
            result
        }

        /// Lends the pointer for writing.
        #[track_caller]
        pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
            let mut claim = self.claim();
            let result = write(self.value.get());
            claim.release();
            result
        }

        /// The value, which nobody else can reach.
        pub fn get_mut(&mut self) -> &mut T {
            self.value.get_mut()
        }

        /// Starts an exclusive access that lasts until the claim is released.
        ///
        /// # Panics
        ///
        /// If the cell is being read or written.
        #[track_caller]
        pub fn claim(&self) -> Claim {
            assert_eq!(self.inside.load(Relaxed), 0, "write of a cell while it is read or written");
            self.inside.store(WRITING, Relaxed);
            Claim(Some(Arc::clone(&self.inside)))
        }

        /// Starts a shared access that lasts until the claim is released.
        ///
        /// # Panics
        ///
        /// If the cell is being written.
        #[track_caller]
        pub fn claim_shared(&self) -> SharedClaim {
            assert_ne!(self.inside.load(Relaxed), WRITING, "read of a cell while it is written");
            self.inside.fetch_add(1, Relaxed);
            SharedClaim(Some(Arc::clone(&self.inside)))
        }

        /// The pointer itself, for whoever holds a [`Claim`] or a [`SharedClaim`].
        pub const fn get(&self) -> *mut T {
            self.value.get()
        }
    }

    /// An exclusive access in progress.
    #[derive(Debug)]
    pub struct Claim(Option<Inside>);

    impl Claim {
        /// Moves the access to another holder, and leaves this one with none.
        pub fn hand_over(&mut self) -> Self {
            Self(self.0.take())
        }

        /// Ends the access, as dropping the claim does.
        pub fn release(&mut self) {
            if let Some(inside) = self.0.take() {
                inside.store(0, Relaxed);
            }
        }
    }

    impl Drop for Claim {
        fn drop(&mut self) {
            self.release();
        }
    }

    /// A shared access in progress.
    #[derive(Debug)]
    pub struct SharedClaim(Option<Inside>);

    impl SharedClaim {
        /// Moves the access to another holder, and leaves this one with none.
        pub fn hand_over(&mut self) -> Self {
            Self(self.0.take())
        }

        /// Ends the access, as dropping the claim does.
        pub fn release(&mut self) {
            if let Some(inside) = self.0.take() {
                inside.fetch_sub(1, Relaxed);
            }
        }
    }

    impl Drop for SharedClaim {
        fn drop(&mut self) {
            self.release();
        }
    }
}

/// Waiting for a word to change.
pub mod futex {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::atomic::{AtomicU32, Ordering::Relaxed};
    use super::time::Instant;
    use super::{LATE, Rng, SLEEPERS, SPURIOUS_RETURNS, Waker, switch};

    /// Waits while `word` holds `expected`, until it is woken. May return for no reason.
    pub fn wait(word: &AtomicU32, expected: u32) {
        sleep(word, expected, None);
    }

    /// Waits while `word` holds `expected`, until it is woken or `deadline` passes. May return for no reason.
    pub fn wait_until(word: &AtomicU32, expected: u32, deadline: Instant) {
        sleep(word, expected, Some(deadline));
    }

    /// Wakes one thread that waits on the word at this address, which may no longer be there.
    pub fn wake_one(word: *const AtomicU32) {
        wake(word, 1);
    }

    /// Wakes every thread that waits on the word at this address, which may no longer be there.
    pub fn wake_all(word: *const AtomicU32) {
        wake(word, usize::MAX);
    }

    fn sleep(word: &AtomicU32, expected: u32, deadline: Option<Instant>) {
        let spurious = shuttle::rand::thread_rng().gen_ratio(1, SPURIOUS_RETURNS);
        let has_changed = word.load(Relaxed) != expected;
        // The time is read without a scheduling point of its own: from the load to the sleep is one step.
        let is_late = deadline.is_some() && LATE.with_borrow(|late| *late);
        if spurious || has_changed || is_late {
            return;
        }
        let address = core::ptr::from_ref(word).addr();
        let mut ticket = None;
        shuttle::future::block_on(poll_fn(|cx| {
            SLEEPERS.with_borrow_mut(|sleepers| match ticket {
                Some(ticket) if !sleepers.is_asleep(ticket) => Poll::Ready(()),
                Some(_) => Poll::Pending,
                None => {
                    ticket = Some(sleepers.push(address, deadline, cx.waker().clone()));
                    Poll::Pending
                }
            })
        }));
    }

    fn wake(word: *const AtomicU32, limit: usize) {
        switch();
        let woken = SLEEPERS.with_borrow_mut(|sleepers| sleepers.take(limit, |sleeper| sleeper.address == word.addr()));
        woken.into_iter().for_each(Waker::wake);
    }
}

/// Hints to the processor.
pub mod hint {
    pub use shuttle::hint::spin_loop;

    pub use super::super::shim::{Backoff, pause};
}

/// The current thread.
pub mod thread {
    pub(crate) use super::super::shim::{CORES_ARE_KNOWN, current_core};
    pub use shuttle::thread::yield_now;
    pub(crate) use shuttle::thread_local as local;
}

/// The clock of deadlines.
pub mod time {
    pub use super::super::shim::Instant;
}
