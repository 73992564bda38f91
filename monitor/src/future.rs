//! The futures of those who wait for a notification.

#![expect(unsafe_code, reason = "the guard of a lock is made where that was got")]

use core::fmt;
use core::future::Future;
use core::ops::DerefMut;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use latchwork_core::deadlock;
use latchwork_core::trace::{Cancels, IS_ON, Outcome, Site, Start, begin_task, end_task};
use latchwork_core::wait::{Acquire, Waiter};
use latchwork_mutex::internal::{RawMutex, guard_of, mutex_of, raw};
use latchwork_mutex::{Mutex, MutexGuard};
use pin_project_lite::pin_project;

use crate::guard::MonitorGuard;
use crate::monitor::Monitor;
use crate::raw::{Found, Locks, Notifier, RawCondition, WHAT, is_to_one};

/// A guard that is given up while its owner waits: a [`MutexGuard`] or a [`MonitorGuard`].
#[expect(private_bounds, reason = "sealed")]
pub trait Lend: Sealed {}

/// What is done with such a guard.
trait Sealed: Sized + DerefMut {
    /// What it is the guard of.
    type Lock: Copy;

    /// Whether a condition may be waited for with different ones.
    const LOCKS: Locks;

    fn lock(&self) -> Self::Lock;

    fn raw(lock: &Self::Lock) -> &RawMutex;

    /// The guard of one that has got the lock.
    ///
    /// # Safety
    ///
    /// The caller has got it, and there is no other guard.
    unsafe fn regained(lock: Self::Lock) -> Self;
}

impl<T: ?Sized> Lend for MutexGuard<'_, T> {}

impl<'a, T: ?Sized> Sealed for MutexGuard<'a, T> {
    type Lock = &'a Mutex<T>;

    const LOCKS: Locks = Locks::Any;

    fn lock(&self) -> &'a Mutex<T> {
        mutex_of(self)
    }

    fn raw<'l>(lock: &'l &'a Mutex<T>) -> &'l RawMutex {
        raw(lock)
    }

    unsafe fn regained(lock: &'a Mutex<T>) -> Self {
        // SAFETY: as the caller says.
        unsafe { guard_of(lock) }
    }
}

impl<T> Lend for MonitorGuard<'_, T> {}

impl<'a, T> Sealed for MonitorGuard<'a, T> {
    type Lock = &'a Monitor<T>;

    const LOCKS: Locks = Locks::One;

    fn lock(&self) -> &'a Monitor<T> {
        self.monitor()
    }

    fn raw<'l>(lock: &'l &'a Monitor<T>) -> &'l RawMutex {
        lock.raw()
    }

    unsafe fn regained(lock: &'a Monitor<T>) -> Self {
        // SAFETY: as the caller says.
        unsafe { lock.entered() }
    }
}

pin_project! {
    /// Future of [`Condvar::wait_async`](crate::Condvar::wait_async) and of [`MonitorGuard::wait_async`]: ready with the guard.
    ///
    /// It is not fused: polling it after it was ready panics. It is not `Unpin`, since those who notify point into it:
    ///
    /// ```compile_fail
    /// fn needs_unpin<T: Unpin>(_: T) {}
    /// let mutex = latchwork_mutex::Mutex::new(1);
    /// needs_unpin(latchwork_monitor::Condvar::new().wait_async(mutex.lock()));
    /// ```
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Wait<'a, G: Lend> {
        condition: &'a RawCondition,
        lock: G::Lock,
        stage: Stage<G>,
        // From `Waiting` on: its way to a notification, and then to the lock.
        #[pin]
        acquire: Acquire,
    }

    impl<'a, G: Lend> PinnedDrop for Wait<'a, G> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let lock = G::raw(this.lock);
            deadlock::end_task(this.acquire.as_ref().name());
            let _told = Cancels::when_dropped(this.acquire.as_ref().name(), lock.address(), false);
            let is_to_one = match this.stage {
                // The guard is dropped, or has been handed out: nothing is owed.
                Stage::Owning(_) | Stage::Done => return,
                Stage::Waiting => {
                    let waiter = waiter(this.acquire.as_ref());
                    match this.condition.leave(waiter).0 {
                        Found::Waiting => return,
                        Found::Moved | Found::Invited => is_to_one(waiter),
                    }
                }
                Stage::Notified { is_to_one } => *is_to_one,
            };
            // Also where a wake-up of the lock's is passed on, and panics.
            let _pass_on = PassOn { condition: this.condition, lock, is_to_one };
            this.acquire.cancel(&lock.contender());
        }
    }
}

/// How far a [`Wait`] has come.
enum Stage<G> {
    /// It has not been polled, and owns the lock.
    Owning(G),
    /// It waits for a notification, or has got one and does not know.
    Waiting,
    /// It has been notified, and waits for the lock.
    Notified { is_to_one: bool },
    /// It has passed the guard on.
    Done,
}

/// Passes on a notification that was for one alone (N4).
struct PassOn<'a> {
    condition: &'a RawCondition,
    lock: &'a RawMutex,
    is_to_one: bool,
}

impl Drop for PassOn<'_> {
    fn drop(&mut self) {
        if self.is_to_one {
            self.condition.notify_one(Notifier::AtLock(self.lock));
        }
    }
}

impl<'a, G: Lend> Wait<'a, G> {
    #[inline]
    pub(crate) fn new(condition: &'a RawCondition, guard: G, site: Site) -> Self {
        Self { condition, lock: guard.lock(), stage: Stage::Owning(guard), acquire: Acquire::at(site) }
    }

    /// The guard that it starts with, until it has been polled.
    fn owned(self: Pin<&mut Self>) -> Option<&mut G> {
        match self.project().stage {
            Stage::Owning(guard) => Some(guard),
            _ => None,
        }
    }

    /// The same, for good.
    fn take_owned(self: Pin<&mut Self>) -> Option<G> {
        let stage = self.project().stage;
        match core::mem::replace(stage, Stage::Done) {
            Stage::Owning(guard) => Some(guard),
            other => {
                *stage = other;
                None
            }
        }
    }
}

impl<G: Lend> Future for Wait<'_, G> {
    type Output = G;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<G> {
        let mut this = self.project();
        let lock = G::raw(this.lock);
        match this.stage {
            Stage::Owning(_) => {
                // Cloned before any queue is locked: that is foreign code, and may panic.
                let waker = Some(cx.waker().clone());
                let (site, start) = (this.acquire.site().unwrap_or(Site::NOWHERE), Start::now());
                this.acquire.as_mut().queue_by(|waiter| {
                    this.condition.join(lock, G::LOCKS, waiter, waker);
                });
                let name = this.acquire.as_ref().name();
                begin_task(name, WHAT, site, start);
                deadlock::begin_task(name, lock.address(), WHAT, site, false, cx);
                // The guard goes last (N1): others are woken.
                let _guard = core::mem::replace(this.stage, Stage::Waiting);
                return Poll::Pending;
            }
            Stage::Waiting => {
                let waiter = waiter(this.acquire.as_ref());
                let found = this.condition.look(waiter, cx.waker());
                if found == Found::Waiting {
                    return Poll::Pending;
                }
                *this.stage = Stage::Notified { is_to_one: is_to_one(waiter) };
                if found == Found::Invited {
                    // The wait goes on, and is told as one.
                    this.acquire.set(Acquire::at(Site::NOWHERE));
                }
            }
            Stage::Notified { .. } => {}
            Stage::Done => panic!("a future is polled after it was ready"),
        }
        ready!(lock.poll_acquire(this.acquire.as_mut(), cx));
        // Where it has come as a newcomer, and found the lock free: otherwise that has been told.
        let name = this.acquire.as_ref().name();
        deadlock::end_task(name);
        let site = end_task(name, Outcome::Acquired, lock.address(), true);
        if IS_ON && site.is_known() {
            this.acquire.set(Acquire::at(site));
        }
        *this.stage = Stage::Done;
        // SAFETY: it has just got the lock, and hands out one guard.
        Poll::Ready(unsafe { G::regained(*this.lock) })
    }
}

/// The waiter of one that waits.
fn waiter(acquire: Pin<&Acquire>) -> Pin<&Waiter> {
    acquire.waiter().expect("it waits")
}

impl<G: Lend> fmt::Debug for Wait<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").finish_non_exhaustive()
    }
}

pin_project! {
    /// Future of [`Condvar::wait_while_async`](crate::Condvar::wait_while_async) and of [`MonitorGuard::wait_while_async`]: ready with
    /// the guard.
    ///
    /// It is not fused: polling it after it was ready panics. It is not `Unpin`.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct WaitWhile<'a, G: Lend, F> {
        #[pin]
        wait: Wait<'a, G>,
        holds_back: F,
    }
}

impl<'a, G: Lend, F> WaitWhile<'a, G, F> {
    #[inline]
    pub(crate) fn new(condition: &'a RawCondition, guard: G, holds_back: F, site: Site) -> Self {
        Self { wait: Wait::new(condition, guard, site), holds_back }
    }
}

impl<T: ?Sized, G: Lend<Target = T>, F: FnMut(&mut T) -> bool> Future for WaitWhile<'_, G, F> {
    type Output = G;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<G> {
        let mut this = self.project();
        loop {
            // A panic leaves it as it is: its guard is dropped with it.
            if this.wait.as_mut().owned().is_some_and(|guard| !(this.holds_back)(&mut **guard)) {
                return Poll::Ready(this.wait.as_mut().take_owned().expect("it owns the guard"));
            }
            let guard = ready!(this.wait.as_mut().poll(cx));
            let (condition, site) = (this.wait.condition, this.wait.acquire.site());
            this.wait.set(Wait::new(condition, guard, site.unwrap_or(Site::NOWHERE)));
        }
    }
}

impl<G: Lend, F> fmt::Debug for WaitWhile<'_, G, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitWhile").finish_non_exhaustive()
    }
}
