//! The contended path of a task.

use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::contend::{Contender, Entrant, Entry, Held, Place, Progress};
use super::parker::Signal;
use super::waiter::Waiter;
use crate::deadlock;
use crate::sync::time::Instant;
use crate::trace::{Cancels, IS_ON, Outcome, Site, Start, begin_task, end_task};

/// How far an [`Acquire`] has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not queued, and owes nothing.
    Idle,
    /// In the queue, or woken and not yet aware of it.
    Queued,
    /// Woken: out of the queue, and owes the wake-up to the others.
    Woken { favoured: bool },
    /// Has what it asked for, or has passed it to its guard, or will never have it.
    Done,
}

pin_project! {
    /// Room for a waiter.
    #[derive(Debug)]
    #[project = SlotProject]
    #[project_ref = SlotProjectRef]
    enum Slot {
        // The place of the call takes the room that the waiter will take.
        Empty { site: Site },
        // Made when it is first queued: the uncontended path does not pay for it. Not replaced until it has ended.
        Made { #[pin] waiter: Waiter },
    }
}

impl Slot {
    const fn is_made(&self) -> bool {
        matches!(self, Self::Made { .. })
    }

    fn waiter(self: Pin<&Self>) -> Option<Pin<&Waiter>> {
        match self.project_ref() {
            SlotProjectRef::Empty { .. } => None,
            SlotProjectRef::Made { waiter } => Some(waiter),
        }
    }

    /// Puts a waiter there.
    #[inline]
    fn make(mut self: Pin<&mut Self>, waiter: Waiter) -> Pin<&Waiter> {
        self.set(Self::Made { waiter });
        self.into_ref().waiter().expect("it has just been made")
    }
}

pin_project! {
    /// A task's way to what it asks for, as a part of its future.
    ///
    /// Whoever holds it calls [`cancel`](Acquire::cancel) before it ends, with the contender that it was polled with.
    #[derive(Debug)]
    pub struct Acquire {
        #[pin]
        slot: Slot,
        stage: Stage,
        gave_way: bool,
    }
}

impl Default for Acquire {
    fn default() -> Self {
        Self::new()
    }
}

impl Acquire {
    crate::const_unless_checked! {
        /// One that has not been polled, and is asked for by the caller.
        #[inline]
        #[cfg_attr(any(feature = "tracing", latchwork_deadlock), track_caller)]
        pub const fn new() -> Self {
            Self::at(Site::here())
        }
    }

    crate::const_unless_checked! {
        /// One that has not been polled, and is asked for by a call there.
        #[inline]
        pub const fn at(site: Site) -> Self {
            Self { slot: Slot::Empty { site }, stage: Stage::Idle, gave_way: false }
        }
    }

    /// The place of the call, until it waits.
    #[inline]
    pub const fn site(&self) -> Option<Site> {
        match self.slot {
            Slot::Empty { site } => Some(site),
            Slot::Made { .. } => None,
        }
    }

    /// The place of the call, wherever that is known, for whoever records [who holds what](crate::deadlock).
    #[inline]
    pub fn place(self: Pin<&Self>) -> Site {
        self.site().filter(|site| site.is_known()).unwrap_or_else(|| deadlock::site_of(self.name()))
    }

    /// By which [`trace`](crate::trace) and [`deadlock`] know its wait.
    #[inline]
    pub fn name(self: Pin<&Self>) -> *const () {
        core::ptr::from_ref(self.get_ref()).cast()
    }

    /// Is queued by other means: `queue` puts the waiter into a queue. It is a contender's from the moment on at which it has been
    /// [moved](super::QueueGuard::move_oldest) to the contender's queue.
    ///
    /// # Panics
    ///
    /// If it waits already.
    pub fn queue_by(self: Pin<&mut Self>, queue: impl FnOnce(Pin<&Waiter>)) {
        let this = self.project();
        assert!(!this.slot.is_made(), "it waits already");
        queue(this.slot.make(Waiter::new()));
        *this.stage = Stage::Queued;
    }

    /// Its waiter, where it has begun to wait.
    pub fn waiter(self: Pin<&Self>) -> Option<Pin<&Waiter>> {
        self.project_ref().slot.waiter()
    }

    /// Tries the uncontended path, unless it waits already: `take` says whether that has succeeded.
    #[inline]
    pub fn take_first(self: Pin<&mut Self>, take: impl FnOnce() -> bool) -> bool {
        let this = self.project();
        if *this.stage != Stage::Idle || this.slot.is_made() {
            return false;
        }
        // It has ended unless `take` fails, not once that has succeeded: a store between what takes and what gives back, both of
        // them locked instructions, would delay the second by 2 ns of 8.
        *this.stage = Stage::Done;
        let has_taken = take();
        if !has_taken {
            *this.stage = Stage::Idle;
        }
        has_taken
    }

    /// Ready with what is asked for, or with why it will never be had.
    ///
    /// Whoever is polled may take what is free, wherever it stands; that is why a task that is not polled can stand in nobody's
    /// way. The caller has tried [`take_first`](Self::take_first).
    ///
    /// # Panics
    ///
    /// If it was ready before.
    #[cold]
    pub fn poll<C: Contender>(
        mut self: Pin<&mut Self>,
        contender: &C,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), C::Never>> {
        let (begins, name) = (self.site().map(|site| (site, Start::now())), self.as_ref().name());
        let poll = self.as_mut().poll_wait(contender, cx);
        let outcome = match &poll {
            Poll::Pending => {
                let (address, has_a_part) = (contender.address(), contender.has_a_part());
                let site = begins.map_or(Site::NOWHERE, |(site, _)| site);
                deadlock::begin_task(name, address, C::WHAT, site, has_a_part, cx);
                if let Some((site, start)) = begins {
                    begin_task(name, C::WHAT, site, start);
                }
                return poll;
            }
            Poll::Ready(Ok(())) => Outcome::Acquired,
            Poll::Ready(Err(_)) => Outcome::Closed,
        };
        deadlock::end_task(name);
        let waited = end_task(name, outcome, contender.address(), outcome == Outcome::Acquired);
        if IS_ON {
            // The waiter has left. Whoever goes on to wait does so for the same call.
            let site = begins.map_or(waited, |(site, _)| site);
            self.project().slot.set(Slot::Empty { site });
        }
        poll
    }

    fn poll_wait<C: Contender>(
        self: Pin<&mut Self>,
        contender: &C,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), C::Never>> {
        let mut this = self.project();
        assert!(*this.stage != Stage::Done, "a future is polled after it was ready");
        if !this.slot.is_made() {
            this.slot.as_mut().make(Waiter::requesting(contender.request()));
            contender.begin_waiting();
        }
        let waiter = this.slot.into_ref().waiter().expect("it has just been made");
        loop {
            if let (Stage::Queued, Some(signal)) = (*this.stage, waiter.signal()) {
                *this.stage = Stage::Woken { favoured: signal == Signal::Favoured };
            }
            let reserved_too = *this.gave_way || *this.stage == Stage::Woken { favoured: true };
            let progress = match *this.stage {
                Stage::Woken { .. } => Progress::Woken,
                Stage::Queued => Progress::Waiting,
                Stage::Idle | Stage::Done => Progress::New,
            };
            match contender.try_take(progress, reserved_too) {
                Err(Held::Locked) => {}
                Err(Held::Reserved) => {
                    *this.gave_way = true;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Err(Held::Never(never)) => {
                    contender.end_waiting();
                    if core::mem::replace(this.stage, Stage::Done) == Stage::Queued {
                        let _ = contender.leave(waiter);
                    }
                    return Poll::Ready(Err(never));
                }
                Ok(()) => {
                    let was_queued = core::mem::replace(this.stage, Stage::Done) == Stage::Queued;
                    finish(contender, || {
                        if was_queued {
                            contender.leave_with_it(waiter);
                        }
                    });
                    return Poll::Ready(Ok(()));
                }
            }
            let place = match *this.stage {
                Stage::Idle => Place::Back,
                Stage::Woken { .. } => Place::Front,
                Stage::Queued | Stage::Done => {
                    if contender.is_waiting_with(waiter, cx.waker()) {
                        return Poll::Pending;
                    }
                    continue;
                }
            };
            // The waker is cloned before the queue is locked: that is foreign code, and may panic.
            let waker = Some(cx.waker().clone());
            let now = (place == Place::Front).then(Instant::now);
            match contender.enqueue(Entrant { now, reserved_too, ..Entrant::new(waiter, waker, place) }) {
                Entry::Queued => {
                    *this.stage = Stage::Queued;
                    return Poll::Pending;
                }
                Entry::NotQueued(waker) => drop(waker),
                Entry::Joined(waker) => {
                    *this.stage = Stage::Done;
                    finish(contender, || drop(waker));
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }

    /// Ends the wait, and passes on a wake-up that was sent, whether the task knew of it or not: there may be nobody else to
    /// take what is free or to look at the queue.
    ///
    /// Model, of the mutex: `cancel::a_woken_task_that_is_cancelled_passes_the_wake_up_on`.
    #[inline]
    pub fn cancel(self: Pin<&mut Self>, contender: &impl Contender) {
        if self.slot.is_made() {
            deadlock::end_task(self.as_ref().name());
            let _told = Cancels::when_dropped(self.as_ref().name(), contender.address(), contender.has_a_part());
            self.cancel_wait(contender);
        }
    }

    #[cold]
    fn cancel_wait(self: Pin<&mut Self>, contender: &impl Contender) {
        let this = self.project();
        let stage = core::mem::replace(this.stage, Stage::Done);
        let waiter = this.slot.into_ref().waiter().expect("it has begun to wait");
        if stage != Stage::Done {
            contender.end_waiting();
        }
        let was_woken = match stage {
            // Nothing is owed (foreign code has kept it from being queued, by a panic), or it has ended.
            Stage::Idle | Stage::Done => false,
            Stage::Queued => contender.leave(waiter).is_some(),
            Stage::Woken { .. } => true,
        };
        if was_woken {
            contender.pass_on();
        }
    }
}

/// A contender that got in waits no more, and lets go of its waker, which is foreign code: if that panics, there will be no
/// guard.
fn finish(contender: &impl Contender, drop_waker: impl FnOnce()) {
    contender.end_waiting();
    let give_up = GiveUpOnUnwind(contender);
    drop_waker();
    core::mem::forget(give_up);
}

/// Gives up what has been got, unless it is forgotten.
struct GiveUpOnUnwind<'a, C: Contender>(&'a C);

impl<C: Contender> Drop for GiveUpOnUnwind<'_, C> {
    fn drop(&mut self) {
        self.0.give_up();
    }
}
