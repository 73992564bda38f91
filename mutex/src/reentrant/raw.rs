//! The reentrant lock without the value that it protects: the mutex's algorithm, and the hold beside it.
//!
//! Read [`state`](super::state) first. A thread enters its own hold by a load and a store; whoever has an
//! [`Owner`] joins that one's hold by one compare-exchange. Everything else is the mutex.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;
#[cfg(feature = "std")]
use latchwork_core::trace::Site;
use latchwork_core::wait::Acquire;

use super::Ownership;
use super::owner::Owner;
use super::state::{Hold, MAX, Name, Reentry};
#[cfg(feature = "std")]
use crate::contender::Alone;
use crate::contender::Party;
use crate::raw::RawMutex;

/// A reentrant lock of nothing in particular.
pub(crate) struct RawReentrant {
    mutex: RawMutex,
    hold: Hold,
}

impl RawReentrant {
    const_unless_checked! {
        pub(crate) const fn new() -> Self {
            Self { mutex: RawMutex::new(), hold: Hold::new() }
        }
    }

    /// Whether somebody holds the lock at this moment.
    pub(crate) fn is_locked(&self) -> bool {
        self.mutex.is_locked()
    }

    /// How often this name holds the lock.
    #[inline]
    pub(crate) fn count(&self, name: Name) -> u32 {
        self.hold.count(name)
    }
}

/// Threads.
impl RawReentrant {
    /// Blocks until this thread holds the lock, once more where it does already. Panics where it is refused.
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub(crate) fn lock(&self) {
        self.lock_at(Site::here());
    }

    /// The same by a call there.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn lock_at(&self, site: Site) {
        let me = Name::of_this_thread();
        match self.hold.reenter(me) {
            Reentry::Entered => {}
            Reentry::NotHeld => {
                self.mutex.lock_at(site);
                self.hold.begin_by_thread(me);
            }
            Reentry::Refused => refuse(),
        }
    }

    /// Takes the lock, or enters it again, if that needs no wait.
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub(crate) fn try_lock(&self) -> bool {
        let me = Name::of_this_thread();
        match self.hold.reenter(me) {
            Reentry::Entered => true,
            Reentry::NotHeld => self.mutex.try_lock() && self.begin(me),
            Reentry::Refused => false,
        }
    }

    /// As [`lock`](Self::lock), until `deadline` at the latest. False at once where it is refused.
    #[cfg(feature = "std")]
    #[track_caller]
    pub(crate) fn try_lock_until(&self, deadline: Option<Instant>) -> bool {
        let me = Name::of_this_thread();
        match self.hold.reenter(me) {
            Reentry::Entered => true,
            Reentry::NotHeld => self.mutex.lock_until(Alone, deadline, Site::here()) && self.begin(me),
            Reentry::Refused => false,
        }
    }

    /// The same with a timeout. One that reaches beyond what the clock can tell is none.
    #[cfg(feature = "std")]
    #[track_caller]
    pub(crate) fn try_lock_for(&self, timeout: Duration) -> bool {
        self.try_lock() || self.try_lock_until(Instant::now().checked_add(timeout))
    }

    #[cfg(feature = "std")]
    #[inline]
    fn begin(&self, me: Name) -> bool {
        self.hold.begin_by_thread(me);
        true
    }

    /// The thread takes back one of its entries.
    #[inline]
    pub(crate) fn leave(&self) {
        if self.hold.leave_by_thread() {
            self.mutex.unlock();
        }
    }

    /// The same, and where that was the last entry, the lock is handed to whoever waits.
    #[cfg(feature = "std")]
    pub(crate) fn leave_to_others(&self) {
        if self.hold.leave_by_thread() {
            self.mutex.hand_over();
        }
    }

    /// Whether this thread holds the lock once. The caller has one of its guards.
    #[cfg(feature = "std")]
    pub(crate) fn is_last(&self) -> bool {
        self.hold.count(Name::of_this_thread()) == 1
    }

    /// Whether somebody waits for the lock. The answer may be old when it arrives.
    #[cfg(feature = "std")]
    pub(crate) fn has_company(&self) -> bool {
        self.mutex.has_company()
    }

    /// Lends the value for writing, where the thread holds the lock once.
    #[inline]
    pub(crate) fn lend(&self) -> bool {
        self.hold.lend()
    }

    /// The loan ends.
    #[inline]
    pub(crate) fn end_loan(&self) {
        self.hold.end_loan();
    }
}

/// Owners.
impl RawReentrant {
    /// Blocks until the owner holds the lock, once more where it does already. Panics where it is refused.
    #[cfg(feature = "std")]
    #[track_caller]
    pub(crate) fn lock_as(&self, owner: &Owner) {
        match self.hold.join(owner.name()) {
            Reentry::Entered => {}
            Reentry::NotHeld => {
                self.mutex.lock_until(self.named(owner), None, Site::here());
                self.begin_unless_in(owner);
            }
            Reentry::Refused => refuse(),
        }
    }

    /// Takes the lock, or joins the owner's hold, if that needs no wait.
    #[track_caller]
    pub(crate) fn try_lock_as(&self, owner: &Owner) -> bool {
        match self.hold.join(owner.name()) {
            Reentry::Entered => true,
            Reentry::NotHeld => self.mutex.try_lock() && self.begin_unless_in(owner),
            Reentry::Refused => false,
        }
    }

    /// As [`lock_as`](Self::lock_as), until `deadline` at the latest. False at once where it is refused.
    #[cfg(feature = "std")]
    #[track_caller]
    pub(crate) fn try_lock_as_until(&self, owner: &Owner, deadline: Option<Instant>) -> bool {
        match self.hold.join(owner.name()) {
            Reentry::Entered => true,
            Reentry::NotHeld => {
                self.mutex.lock_until(self.named(owner), deadline, Site::here()) && self.begin_unless_in(owner)
            }
            Reentry::Refused => false,
        }
    }

    /// The same with a timeout. One that reaches beyond what the clock can tell is none.
    #[cfg(feature = "std")]
    #[track_caller]
    pub(crate) fn try_lock_as_for(&self, owner: &Owner, timeout: Duration) -> bool {
        self.try_lock_as(owner) || self.try_lock_as_until(owner, Instant::now().checked_add(timeout))
    }

    /// A task does as [`lock_as`](Self::lock_as).
    pub(crate) fn poll_lock_as(&self, owner: &Owner, mut acquire: Pin<&mut Acquire>, cx: &mut Context<'_>) -> Poll<()> {
        let mut is_refused = false;
        let has_entered = acquire.as_mut().take_first(|| {
            let reentry = self.hold.join(owner.name());
            is_refused = reentry == Reentry::Refused;
            reentry == Reentry::Entered
        });
        if is_refused {
            refuse();
        }
        if has_entered {
            return Poll::Ready(());
        }
        ready!(self.mutex.poll_lock(acquire, self.named(owner), cx));
        self.begin_unless_in(owner);
        Poll::Ready(())
    }

    /// A task gives up.
    pub(crate) fn cancel_as(&self, owner: &Owner, acquire: Pin<&mut Acquire>) {
        self.mutex.cancel_lock(acquire, self.named(owner));
    }

    /// The owner takes back one entry.
    #[inline]
    pub(crate) fn leave_as_owner(&self) {
        if self.hold.leave_by_owner() {
            self.mutex.unlock();
        }
    }

    /// Whoever got in has joined the owner's hold, and stands in it; or has taken the mutex, and begins the hold now. Then
    /// others who wait in the same name are let in.
    fn begin_unless_in(&self, owner: &Owner) -> bool {
        if self.hold.count(owner.name()) != 0 {
            return true;
        }
        self.hold.begin_by_owner(owner.name());
        if owner.waiting().is_anybody() {
            // Their wakers are foreign code: if one panics, there will be no guard.
            let leave = LeaveOnUnwind(self);
            self.mutex.admit(owner.name().request(), || self.hold.join(owner.name()) == Reentry::Entered);
            core::mem::forget(leave);
        }
        true
    }

    const fn named<'a>(&'a self, owner: &'a Owner) -> Named<'a> {
        Named { hold: &self.hold, owner }
    }
}

/// Both.
impl RawReentrant {
    /// A guard's entry is taken back.
    #[inline]
    pub(crate) fn leave_by<O: Ownership>(&self) {
        if O::BY_THREAD {
            self.leave();
        } else {
            self.leave_as_owner();
        }
    }
}

/// The answer to an entry that can neither be made nor waited for.
#[cold]
fn refuse() -> ! {
    panic!("a reentrant lock is entered again {MAX} times deep, or while its value is lent for writing");
}

/// All who have an `Owner`.
struct Named<'a> {
    hold: &'a Hold,
    owner: &'a Owner,
}

impl Party for Named<'_> {
    fn request(&self) -> u64 {
        self.owner.name().request()
    }

    fn begin_waiting(&self) {
        self.owner.waiting().begin();
    }

    fn end_waiting(&self) {
        self.owner.waiting().end();
    }

    fn join_from_queue(&self) -> bool {
        self.hold.join_from_queue(self.owner.name()) == Reentry::Entered
    }

    fn give_up(&self, mutex: &RawMutex) {
        let has_joined = self.hold.count(self.owner.name()) != 0;
        if !has_joined || self.hold.leave_by_owner() {
            mutex.unlock();
        }
    }
}

/// Takes back an entry of an owner, unless it is forgotten.
struct LeaveOnUnwind<'a>(&'a RawReentrant);

impl Drop for LeaveOnUnwind<'_> {
    fn drop(&mut self) {
        self.0.leave_as_owner();
    }
}

#[cfg(test)]
impl RawReentrant {
    /// For the models: the mutex.
    pub(crate) const fn mutex(&self) -> &RawMutex {
        &self.mutex
    }
}
