//! The futures of those who enter, at once or when a predicate holds.

#![expect(unsafe_code, reason = "the guard is made where the lock was got, and a predicate is asked by others")]

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, ready};

use latchwork_core::const_unless_checked;
use latchwork_core::deadlock;
use latchwork_core::sync::cell::UnsafeCell;
use latchwork_core::trace::{Cancels, Outcome, Site, Start, begin_task, end_task};
use latchwork_core::wait::{Acquire, Place};
use latchwork_mutex::Lock;
use pin_project_lite::pin_project;

use crate::guard::MonitorGuard;
use crate::monitor::Monitor;
use crate::predicate::{Subject, WHAT};

pin_project! {
    /// Future of [`Monitor::enter_async`]: ready with the guard.
    ///
    /// It is not fused: polling it after it was ready panics. It is not `Unpin`.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Enter<'a, T> {
        monitor: &'a Monitor<T>,
        #[pin]
        lock: Lock<'a, T>,
    }
}

impl<'a, T> Enter<'a, T> {
    #[inline]
    pub(crate) const fn new(monitor: &'a Monitor<T>, lock: Lock<'a, T>) -> Self {
        Self { monitor, lock }
    }
}

impl<'a, T> Future for Enter<'a, T> {
    type Output = MonitorGuard<'a, T>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.lock.poll(cx).map(|guard| MonitorGuard::new(this.monitor, guard))
    }
}

impl<T> fmt::Debug for Enter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enter").finish_non_exhaustive()
    }
}

pin_project! {
    /// Future of [`Monitor::enter_when_async`] and of [`MonitorGuard::wait_until_async`]: ready with the guard, when the predicate
    /// holds.
    ///
    /// It is not fused: polling it after it was ready panics. It is not `Unpin`, since those who leave the monitor point into it:
    ///
    /// ```compile_fail
    /// fn needs_unpin<T: Unpin>(_: T) {}
    /// needs_unpin(latchwork_monitor::Monitor::new(1).enter_when_async(|value| *value == 1));
    /// ```
    ///
    /// Its predicate borrows nothing, since it could be forgotten:
    ///
    /// ```compile_fail
    /// let (monitor, expected) = (latchwork_monitor::Monitor::new(1), 1);
    /// let future = monitor.enter_when_async(|value| *value == expected);
    /// ```
    #[must_use = "futures do nothing unless they are polled"]
    pub struct When<'a, T, P> {
        monitor: &'a Monitor<T>,
        stage: Stage<'a, T>,
        // Reached through the subject's pointer, once there is one.
        predicate: UnsafeCell<P>,
        // Made when it is first registered. Never replaced.
        #[pin]
        subject: Option<Subject<T>>,
        // Its way in, at first and whenever it has been woken.
        #[pin]
        acquire: Acquire,
    }

    impl<'a, T, P> PinnedDrop for When<'a, T, P> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let raw = this.monitor.raw();
            deadlock::end_task(this.acquire.as_ref().name());
            let _told = Cancels::when_dropped(name(this.subject.as_ref()), raw.address(), false);
            let was_woken = match this.stage {
                // The guard is dropped, or has been handed out: nothing is owed.
                Stage::Inside(_) | Stage::Done => return,
                Stage::Entering(_) => false,
                Stage::Registered => {
                    let subject = this.subject.as_ref().as_pin_ref().expect("it is registered");
                    this.monitor.roster().leave(subject).is_some()
                }
                Stage::Woken => true,
            };
            // Also where a wake-up of the lock's is passed on, and panics.
            let _pass_on = PassOn { monitor: this.monitor, was_woken };
            this.acquire.as_mut().cancel(&this.monitor.raw().contender());
        }
    }
}

/// How far a [`When`] has come.
enum Stage<'a, T> {
    /// It has not been polled, and is inside.
    Inside(MonitorGuard<'a, T>),
    /// It has not been inside, and was asked for there.
    Entering(Site),
    /// It is in the roster, or has been woken and does not know.
    Registered,
    /// It has been woken, since its predicate held, and has not entered.
    Woken,
    /// It has passed the guard on, or panicked.
    Done,
}

/// Lets others be asked in the place of one that was woken.
struct PassOn<'a, T> {
    monitor: &'a Monitor<T>,
    was_woken: bool,
}

impl<T> Drop for PassOn<'_, T> {
    fn drop(&mut self) {
        if self.was_woken {
            self.monitor.pass_on(false);
        }
    }
}

impl<'a, T, P> When<'a, T, P> {
    const_unless_checked! {
        #[inline]
        #[track_caller]
        pub(crate) const fn entering(monitor: &'a Monitor<T>, predicate: P) -> Self {
            Self::at(monitor, Stage::Entering(Site::here()), predicate)
        }
    }

    const_unless_checked! {
        #[track_caller]
        pub(crate) const fn inside(guard: MonitorGuard<'a, T>, predicate: P) -> Self {
            Self::at(guard.monitor(), Stage::Inside(guard), predicate)
        }
    }

    const_unless_checked! {
        #[track_caller]
        const fn at(monitor: &'a Monitor<T>, stage: Stage<'a, T>, predicate: P) -> Self {
            Self { monitor, stage, predicate: UnsafeCell::new(predicate), subject: None, acquire: Acquire::new() }
        }
    }
}

impl<'a, T, P: FnMut(&T) -> bool + Send + 'static> Future for When<'a, T, P> {
    type Output = MonitorGuard<'a, T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Stage::Registered = this.stage {
            let subject = this.subject.as_ref().as_pin_ref().expect("it is registered");
            if this.monitor.roster().is_waiting_with(subject, cx.waker()) {
                return Poll::Pending;
            }
            *this.stage = Stage::Woken;
            // The wait goes on, and is told as one.
            this.acquire.set(Acquire::at(Site::NOWHERE));
        }
        // While that is known: it goes on to enter, or to wait for its predicate.
        let asked_at = this.acquire.as_ref().place();
        if let Stage::Entering(_) | Stage::Woken = this.stage {
            ready!(this.monitor.raw().poll_acquire(this.acquire.as_mut(), cx));
        }
        deadlock::end_task(this.acquire.as_ref().name());
        let (guard, place, site) = match core::mem::replace(this.stage, Stage::Done) {
            Stage::Inside(guard) => (guard, Place::Back, this.acquire.site().unwrap_or(Site::NOWHERE)),
            // SAFETY: it has just got the lock.
            Stage::Entering(site) => (unsafe { this.monitor.entered() }, Place::Back, site),
            // SAFETY: as above.
            Stage::Woken => (unsafe { this.monitor.entered() }, Place::Front, Site::NOWHERE),
            Stage::Registered | Stage::Done => panic!("a future is polled after it was ready"),
        };
        if this.subject.is_none() {
            let predicate = NonNull::new(this.predicate.get()).expect("a cell is somewhere");
            // SAFETY: the future is pinned, and reaches the predicate by the subject alone; it borrows nothing (P3).
            this.subject.set(Some(unsafe { Subject::new(predicate) }));
        }
        let subject = this.subject.as_ref().as_pin_ref().expect("it has just been made");
        // SAFETY: the subject is this future's own, and is not registered; a panic that others have met is met here.
        unsafe { subject.meet_panic() };
        // SAFETY: it is inside.
        if unsafe { subject.ask(&guard) } {
            // SAFETY: as above.
            unsafe { subject.meet_panic() };
            end_task(name(this.subject.as_ref()), Outcome::Acquired, this.monitor.raw().address(), true);
            return Poll::Ready(guard);
        }
        // Cloned before the roster is locked: that is foreign code, and may panic. It is outside then, and may be polled again.
        this.acquire.set(Acquire::at(site));
        *this.stage = Stage::Entering(site);
        let waker = Some(cx.waker().clone());
        let guard = guard.into_inner();
        this.monitor.roster().register(subject, waker, place, true);
        *this.stage = Stage::Registered;
        begin_task(name(this.subject.as_ref()), WHAT, site, Start::now());
        let (name, lock) = (this.acquire.as_ref().name(), this.monitor.raw().address());
        deadlock::begin_task(name, lock, WHAT, if site.is_known() { site } else { asked_at }, false, cx);
        // The guard goes last: others are woken.
        this.monitor.leave(guard);
        Poll::Pending
    }
}

/// By which its wait is known to whoever is told of it. Its way in has another name.
fn name<T>(subject: Pin<&Option<Subject<T>>>) -> *const () {
    core::ptr::from_ref(subject.get_ref()).cast()
}

impl<T, P> fmt::Debug for When<'_, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("When").finish_non_exhaustive()
    }
}

// SAFETY: the predicate is reached by one at a time, in whatever thread: it is `Send` where the future can be polled.
unsafe impl<T: Send, P: Send> Sync for When<'_, T, P> {}
