//! The algorithm, without a value.
//!
//! Read [`state`](crate::state) first. The paths, shortest first: [`RawRwLock::lock`] and [`RawRwLock::release`] where nobody
//! waits; [`block`] for a thread and [`Acquire`] for a task, which are the ground floor's, by way of [`RawRwLock::enqueue`];
//! [`Look`], the one place that decides who is next.

#![expect(unsafe_code, reason = "a waiter is queued by its address")]

use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
use latchwork_core::deadlock::{Share, acquired, released};
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;
use latchwork_core::trace::{Release, Site};
#[cfg(feature = "std")]
use latchwork_core::wait::block;
use latchwork_core::wait::{
    Acquire, Entrant, Entry, Held, Place, Progress, QueueGuard, Signal, WaitQueue, Waiter, WakeList,
};

use crate::admit::{EXCLUSIVE, Look, SHARED, Turn, holds_back, refresh};
use crate::contender::Asking;
use crate::mode::Mode;
use crate::policy::Policy;
use crate::request::{Refusal, Request, Rights};
use crate::state::State;

/// A reader-writer lock of nothing in particular.
pub(crate) struct RawRwLock {
    pub(crate) state: State,
    queue: WaitQueue,
}

impl RawRwLock {
    const_unless_checked! {
        #[inline]
        pub(crate) const fn new(policy: Policy) -> Self {
            Self { state: State::new(policy), queue: WaitQueue::new() }
        }
    }

    pub(crate) const fn policy(&self) -> Policy {
        self.state.policy()
    }

    /// By which it is known to whoever is told of waits.
    pub(crate) const fn address(&self) -> *const () {
        core::ptr::from_ref(self).cast()
    }

    pub(crate) fn is_locked(&self) -> bool {
        !self.state.is_free()
    }

    pub(crate) fn is_write_locked(&self) -> bool {
        self.state.is_written()
    }

    /// Blocks this thread until it has what it asks for.
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub(crate) fn lock(&self, request: Request) {
        self.lock_until(request, None);
    }

    /// The same, until `deadline` at the latest: false then.
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub(crate) fn lock_until(&self, request: Request, deadline: Option<Instant>) -> bool {
        self.lock_until_at(request, deadline, Site::here())
    }

    /// The same by a call there.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn lock_until_at(&self, request: Request, deadline: Option<Instant>, site: Site) -> bool {
        let is_in = self.try_first(request) || {
            let Ok(is_in) = block(&Asking::new(self, request), deadline, site);
            is_in
        };
        if is_in {
            self.note_acquired(request, site, None);
        }
        is_in
    }

    /// One attempt. It takes what is reserved, but passes by nobody else.
    #[inline]
    #[track_caller]
    pub(crate) fn try_lock(&self, request: Request) -> bool {
        let is_in = self.try_first(request) || self.try_take::<Infallible>(request, Progress::Waiting, true).is_ok();
        if is_in {
            self.note_acquired(request, Site::here(), None);
        }
        is_in
    }

    /// The same, or else blocks this thread for at most `timeout`.
    #[cfg(feature = "std")]
    #[track_caller]
    pub(crate) fn try_lock_for(&self, request: Request, timeout: Duration) -> bool {
        self.try_lock_for_at(request, timeout, Site::here())
    }

    /// The same by a call there.
    #[cfg(feature = "std")]
    pub(crate) fn try_lock_for_at(&self, request: Request, timeout: Duration, site: Site) -> bool {
        self.try_lock(request) || self.lock_until_at(request, Instant::now().checked_add(timeout), site)
    }

    /// A task does as [`lock`](Self::lock).
    #[inline]
    pub(crate) fn poll_lock(&self, mut acquire: Pin<&mut Acquire>, request: Request, cx: &mut Context<'_>) -> Poll<()> {
        let site = acquire.as_ref().place();
        if !acquire.as_mut().take_first(|| self.try_first(request)) {
            let Ok(()) = ready!(acquire.poll(&Asking::new(self, request), cx));
        }
        self.note_acquired(request, site, Some(cx));
        Poll::Ready(())
    }

    /// Whoever calls, or is polled, has got what it asked for. Whoever has upgraded its share had a hold before.
    #[inline]
    fn note_acquired(&self, request: Request, site: Site, cx: Option<&Context<'_>>) {
        if request != Request::Upgrade {
            acquired(self.address(), share(request), site, cx);
        }
    }

    /// A task gives up, in whatever stage.
    #[inline]
    pub(crate) fn cancel_lock(&self, acquire: Pin<&mut Acquire>, request: Request) {
        acquire.cancel(&Asking::new(self, request));
    }

    /// Gives up what was got by a request.
    #[inline]
    pub(crate) fn release(&self, request: Request) {
        let _told = Release::of(self.address());
        released(self.address(), share(request));
        self.leave_with(request);
    }

    #[inline]
    fn leave_with(&self, request: Request) {
        if request == Request::Write {
            if self.state.release_write() {
                return;
            }
            if !self.state.writer_comes() {
                self.release_write_contended();
            } else if self.state.release(request) {
                self.look(Turn::Readers);
            }
        } else if self.state.release(request) {
            self.look(Turn::Writers);
        }
    }

    /// The writer leaves, and somebody may be waiting.
    #[cold]
    fn release_write_contended(&self) {
        let queue = self.queue.lock();
        self.wake_after(queue, Turn::Readers, |look| {
            look.admit_before_the_writer_leaves();
            self.state.release(Request::Write);
        });
    }

    /// Gives up what was got by one request for what another would get, which is less.
    #[inline]
    pub(crate) fn downgrade(&self, from: Request, to: Request) {
        if self.state.downgrade(from, to) {
            self.look(if from.is_shared() { Turn::Writers } else { Turn::Readers });
        }
    }

    /// The uncontended path.
    #[inline]
    fn try_first(&self, request: Request) -> bool {
        const RIGHTS: Rights = Rights { woken: false, reserved_too: false };
        match request {
            Request::Read | Request::ReadAgain => {
                self.state.try_read().is_ok() || self.take_back_read(request, RIGHTS).is_ok()
            }
            Request::Write => self.state.try_write() || self.state.try_take(request, RIGHTS).is_ok(),
            Request::Upgradable | Request::Upgrade => self.state.try_take(request, RIGHTS).is_ok(),
        }
    }

    #[cold]
    fn take_back_read(&self, request: Request, rights: Rights) -> Result<(), Refusal> {
        self.state.take_back_read(request, rights).map_err(|(refusal, is_to_look)| {
            if is_to_look {
                // Its count may have kept a writer out, which has queued since.
                self.look(Turn::Writers);
            }
            refuse_too_many(refusal)
        })
    }

    /// Takes what is asked for, if nothing refuses it; what is reserved for somebody only if `reserved_too`.
    pub(crate) fn try_take<Never>(
        &self,
        request: Request,
        progress: Progress,
        reserved_too: bool,
    ) -> Result<(), Held<Never>> {
        let rights = Rights { woken: progress == Progress::Woken, reserved_too };
        self.state.try_take(request, rights).map_err(|refusal| match refuse_too_many(refusal) {
            Refusal::Reserved => Held::Reserved,
            Refusal::Held | Refusal::Full => Held::Locked,
        })
    }

    /// Joins the queue, unless there turns out to be no need to wait.
    pub(crate) fn enqueue(&self, entrant: Entrant<'_>, request: Request) -> Entry {
        let rights = Rights { woken: entrant.place == Place::Front, reserved_too: entrant.reserved_too };
        let was_on_its_way = entrant.was_on_its_way;
        let mut queue = self.queue.lock();
        let writer_waits = !request.is_shared() || queue.has(EXCLUSIVE);
        let marked = self.state.mark_queued(request, rights, |mode| {
            let mode = Mode {
                queued: true,
                waking: mode.waking && !was_on_its_way,
                writer_comes: mode.writer_comes && !was_on_its_way,
                upgrading: mode.upgrading || request == Request::Upgrade,
                ..mode
            };
            Mode { held_back: holds_back(mode, writer_waits, self.state.policy()), ..mode }
        });
        if marked.is_err() {
            return Entry::NotQueued(entrant.waker);
        }
        // SAFETY: `block` and `Acquire` pass a waiter to the lock that they wait for, and to no other.
        unsafe { queue.push(entrant, if request.is_shared() { SHARED } else { EXCLUSIVE }) };
        Entry::Queued
    }

    pub(crate) fn has_company(&self) -> bool {
        self.state.has_company()
    }

    pub(crate) fn is_waiting_with(&self, waiter: Pin<&Waiter>, waker: &Waker) -> bool {
        self.queue.is_waiting_with(waiter, waker)
    }

    /// Leaves the queue. Whom it has held back may enter now.
    pub(crate) fn leave(&self, waiter: Pin<&Waiter>, request: Request) -> Option<Signal> {
        let mut queue = self.queue.lock();
        match queue.remove(waiter) {
            Ok(waker) => {
                if request == Request::Upgrade {
                    refresh(&self.state, &queue, Mode { upgrading: false, ..self.state.mode() });
                }
                self.wake(queue, Turn::Writers);
                drop(waker);
                None
            }
            Err(signal) => Some(signal),
        }
    }

    /// A woken thread has what it asked for, or will never have it: the next one may be on its way.
    pub(crate) fn arrive(&self) {
        let queue = self.queue.lock();
        refresh(&self.state, &queue, Mode { waking: false, writer_comes: false, ..self.state.mode() });
        self.wake(queue, Turn::Writers);
    }

    /// Wakes whoever may enter now.
    #[cold]
    pub(crate) fn look(&self, turn: Turn) {
        self.wake(self.queue.lock(), turn);
    }

    /// A wake-up is given up for somebody else to have it.
    pub(crate) fn pass_on(&self) {
        self.look(Turn::Writers);
    }

    /// Wakes whoever may enter now, and releases the queue's lock.
    fn wake(&self, queue: QueueGuard<'_>, turn: Turn) {
        self.wake_after(queue, turn, |_| {});
    }

    /// The same after something else.
    fn wake_after(&self, queue: QueueGuard<'_>, turn: Turn, first: impl FnOnce(&mut Look<'_, '_>)) {
        // Whoever comes while the first are being woken is not of this turn.
        let moment = queue.moment();
        let (mut locked, mut first) = (Some(queue), Some(first));
        WakeList::<8>::wake_in_batches(|wakes| {
            let mut queue = locked.take().unwrap_or_else(|| self.queue.lock());
            let mut look = Look { state: &self.state, queue: &mut queue, wakes, turn, moment };
            if let Some(first) = first.take() {
                first(&mut look);
            }
            look.admit();
            // A waker is foreign code: it may poll inline, lock this very lock, or panic. The queue's lock is released here.
        });
    }
}

/// Whether others may hold the lock beside whoever has got this.
fn share(request: Request) -> Share {
    if request == Request::Write { Share::Whole } else { Share::Part }
}

/// Too many readers are refused for good.
fn refuse_too_many(refusal: Refusal) -> Refusal {
    assert!(refusal != Refusal::Full, "more readers than a lock can have");
    refusal
}

#[cfg(test)]
impl RawRwLock {
    /// For the models: nobody is queued or on its way, and the mode says so.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.queue.lock().is_empty() && self.state.mode() == Mode::default()
    }

    /// For the models: whether a woken thread is on its way.
    pub(crate) fn is_waking(&self) -> bool {
        self.state.mode().waking
    }

    /// For tests: how many are queued to enter alone, and to enter together.
    pub(crate) fn queued(&self) -> (usize, usize) {
        let queue = self.queue.lock();
        (queue.len(crate::admit::EXCLUSIVE), queue.len(SHARED))
    }

    /// For tests: how many of those who are queued to enter alone have been woken before.
    pub(crate) fn returned(&self) -> usize {
        let mut count = 0;
        let nobody = self.queue.lock().pop_if(crate::admit::EXCLUSIVE, |waiter| {
            count += usize::from(waiter.has_returned);
            None
        });
        debug_assert!(nobody.is_none());
        count
    }

    /// For tests: as if so many readers more had the lock.
    pub(crate) fn add_readers(&self, readers: i32) {
        self.state.add_readers(readers);
    }
}
