//! One wait of one thread or task.

use core::fmt;
use core::marker::PhantomPinned;
use core::mem::ManuallyDrop;
use core::num::NonZeroU8;
use core::ptr::NonNull;
use core::task::Waker;

use super::parker::{Parker, Signal};
use super::standing::Lane;
use crate::panics::abort;
use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::cell::UnsafeCell;
use crate::sync::time::Instant;

/// A place in a [`WaitQueue`](super::WaitQueue), in the stack frame or the pinned future of whoever waits.
///
/// It is queued with a waker by a task, without one by a thread, and may be queued again once it has left.
///
/// Dropping a waiter that is still queued aborts the process: its neighbours would be left with a dangling pointer.
pub struct Waiter {
    /// Receives the signal; a thread parks on it.
    parker: Parker,
    /// Guarded by the queue's lock from the push until the waiter has left, then owned by whoever waits.
    pub(crate) link: UnsafeCell<Link>,
    /// What is asked for, by the lights of whoever owns the queue.
    request: u64,
    /// Whether, and how, it has been moved on from the queue that it was pushed to. Written with that queue's lock.
    moved: AtomicU8,
    /// The queue points here.
    _pinned: PhantomPinned,
}

/// What a queue keeps of a waiter.
pub(crate) struct Link {
    /// The neighbour that came later; of the youngest, the oldest. `None` while it is not queued.
    pub(super) next: Option<NonNull<Waiter>>,
    /// The neighbour that came earlier; in the oldest it means nothing, and may dangle.
    pub(super) previous: Option<NonNull<Waiter>>,
    /// When it was first queued, counted in waiters.
    pub(super) place: u32,
    /// Where it was last queued.
    pub(super) lane: Lane,
    /// Whether it is a thread that is asked whether it is awake.
    pub(super) is_asked: bool,
    /// Whether it has been pushed to the front.
    pub(super) has_returned: bool,
    /// See [`Standing::since`](super::Standing::since).
    pub(super) since: Option<Instant>,
    /// The owner's: a pointer that it has [attached](super::QueueGuard::attach); or, of the oldest, the address is what has
    /// [gathered](super::QueueGuard::set_gathered), and of others 0.
    pub(super) word: *const (),
    /// A task's waker. `None` for a thread, and while it is not queued: so there is nothing to drop with the waiter.
    pub(super) waker: ManuallyDrop<Option<Waker>>,
}

impl Default for Waiter {
    fn default() -> Self {
        Self::new()
    }
}

impl Waiter {
    crate::const_unless_checked! {
        /// A waiter that is not queued, and asks for nothing in particular.
        #[inline]
        pub const fn new() -> Self {
            Self::requesting(0)
        }
    }

    crate::const_unless_checked! {
        /// A waiter that is not queued, and asks for what the owner of the queue understands by `request`.
        #[inline]
        pub const fn requesting(request: u64) -> Self {
            Self {
                request,
                moved: AtomicU8::new(0),
                parker: Parker::new(),
                link: UnsafeCell::new(Link {
                    next: None,
                    previous: None,
                    place: 0,
                    lane: Lane::First,
                    is_asked: false,
                    has_returned: false,
                    since: None,
                    word: core::ptr::null(),
                    waker: ManuallyDrop::new(None),
                }),
                _pinned: PhantomPinned,
            }
        }
    }

    /// What it asks for.
    #[inline]
    pub const fn request(&self) -> u64 {
        self.request
    }

    /// The note with which it has been [moved](super::QueueGuard::move_oldest) on from the queue that it was pushed to. Certain under
    /// that queue's lock.
    #[inline]
    pub fn moved(&self) -> Option<NonZeroU8> {
        // ORDERING: Relaxed, as in `set_moved`: the lock orders it.
        NonZeroU8::new(self.moved.load(Ordering::Relaxed))
    }

    pub(super) fn set_moved(&self, note: Option<NonZeroU8>) {
        self.moved.store(note.map_or(0, NonZeroU8::get), Ordering::Relaxed);
    }

    /// What receives this waiter's signal.
    #[inline]
    pub const fn parker(&self) -> &Parker {
        &self.parker
    }

    /// The signal with which it left its queue, if it has left by one.
    #[inline]
    pub fn signal(&self) -> Option<Signal> {
        self.parker.signal()
    }
}

impl Drop for Waiter {
    // Not inlined: most futures have never made a waiter, and are spared the code.
    fn drop(&mut self) {
        if self.parker.is_armed() {
            abort();
        }
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter").field("parker", &self.parker).finish_non_exhaustive()
    }
}
