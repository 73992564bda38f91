//! Wakes that are gathered under a queue's lock and run after it is released; or later, when a lock is.

use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::Waker;

use super::parker::Unpark;
use crate::panics::{self, Payload};
use crate::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// What is left to do for a waiter that was taken out of its queue and has its signal.
#[derive(Debug)]
#[must_use = "the waiter has its signal, but does not know"]
pub enum Wake {
    /// The thread has not gone to sleep, and finds the signal by itself.
    Nothing,
    /// The thread sleeps.
    Thread(Unpark),
    /// The task waits for its waker to be called.
    Task(Waker),
}

impl Wake {
    /// Wakes. A waker is foreign code, and may do what it likes: poll inline, lock again, panic.
    fn wake(self) {
        match self {
            Self::Nothing => {}
            Self::Thread(unpark) => unpark.unpark(),
            Self::Task(waker) => waker.wake(),
        }
    }
}

/// Up to `N` wakes.
#[derive(Debug)]
pub struct WakeList<const N: usize> {
    wakes: [Wake; N],
    len: usize,
}

impl<const N: usize> Default for WakeList<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> WakeList<N> {
    /// An empty list.
    #[inline]
    pub const fn new() -> Self {
        Self { wakes: [const { Wake::Nothing }; N], len: 0 }
    }

    /// Whether the list has to be run before it takes another wake.
    #[inline]
    pub const fn is_full(&self) -> bool {
        self.len == N
    }

    /// Adds a wake.
    ///
    /// # Panics
    ///
    /// If the list is full.
    #[inline]
    pub fn push(&mut self, wake: Wake) {
        self.wakes[self.len] = wake;
        self.len += 1;
    }

    /// Adds a wake, where there is one.
    ///
    /// # Panics
    ///
    /// If the list is full.
    #[inline]
    pub fn extend(&mut self, wake: Option<Wake>) {
        if let Some(wake) = wake {
            self.push(wake);
        }
    }

    /// Runs every wake, in order. No queue's lock may be held.
    ///
    /// # Panics
    ///
    /// If wakers panicked, with the first one's payload, after all the others have been woken.
    #[inline]
    pub fn wake_all(self) {
        let mut panic = FirstPanic::default();
        self.run(&mut panic);
        panic.resume();
    }

    /// Runs list after list, until `gather` has not filled one. It locks the queue, and has unlocked it when it returns.
    ///
    /// # Panics
    ///
    /// As [`wake_all`](Self::wake_all), after the last list.
    pub fn wake_in_batches(mut gather: impl FnMut(&mut Self)) {
        let mut panic = FirstPanic::default();
        loop {
            let mut wakes = Self::new();
            gather(&mut wakes);
            let is_last = !wakes.is_full();
            wakes.run(&mut panic);
            if is_last {
                return panic.resume();
            }
        }
    }

    fn run(self, first_panic: &mut FirstPanic) {
        for wake in self.wakes.into_iter().take(self.len) {
            first_panic.catch(|| wake.wake());
        }
    }
}

/// One thread that is to be woken later, when the owner of a lock unlocks it.
pub struct PendingWake {
    // Null where there is none.
    address: AtomicPtr<AtomicU32>,
}

impl Default for PendingWake {
    fn default() -> Self {
        Self::new()
    }
}

impl PendingWake {
    crate::const_unless_checked! {
        /// Nobody is to be woken.
        #[inline]
        pub const fn new() -> Self {
            Self { address: AtomicPtr::new(core::ptr::null_mut()) }
        }
    }

    /// Whether nobody is to be woken.
    #[inline]
    pub fn is_empty(&self) -> bool {
        // ORDERING: Relaxed, here and below: it is the owner's, whom the lock orders; those who share what the owner has put nothing in
        // where another was first. What the thread is to see, its signal publishes.
        self.address.load(Ordering::Relaxed).is_null()
    }

    /// Puts a wake off. A second one is run at once, and so is that of a task.
    pub fn put_off(&self, wake: Wake) {
        let Wake::Thread(unpark) = wake else { return wake.wake() };
        let address = unpark.address().cast_mut();
        let none = core::ptr::null_mut();
        if self.address.compare_exchange(none, address, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            unpark.unpark();
        }
    }

    /// Takes out what was put off. Nothing is put in meanwhile.
    #[inline]
    pub fn take(&self) -> Option<Wake> {
        let address = NonNull::new(self.address.load(Ordering::Relaxed))?;
        self.address.store(core::ptr::null_mut(), Ordering::Relaxed);
        Some(Wake::Thread(Unpark::at(address.as_ptr())))
    }
}

impl fmt::Debug for PendingWake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingWake").field("is_empty", &self.is_empty()).finish()
    }
}

/// The payload of the first waker that panicked.
#[derive(Default)]
struct FirstPanic(Option<Payload>);

impl FirstPanic {
    fn catch(&mut self, run: impl FnOnce()) {
        if let Err(panic) = panics::catch(run) {
            match self.0 {
                None => self.0 = Some(panic),
                // Dropping a payload is foreign code too, and could panic in its turn.
                Some(_) => {
                    let _kept = ManuallyDrop::new(panic);
                }
            }
        }
    }

    fn resume(self) {
        if let Some(panic) = self.0 {
            panics::resume(panic);
        }
    }
}
