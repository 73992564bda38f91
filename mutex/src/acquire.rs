//! A task's way to the lock: the contended path of `raw.rs` for a future.

use core::pin::Pin;
use core::task::{Context, Poll};

use latchwork_core::const_unless_checked;
use latchwork_core::wait::{Signal, Waiter};
use pin_project_lite::pin_project;

use crate::contender::Contender;
use crate::raw::{Entry, Place, RawMutex};
use crate::state::Held;

/// How far an [`Acquire`] has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not queued, and owes nothing.
    Idle,
    /// In the queue, or woken and not yet aware of it.
    Queued,
    /// Woken: out of the queue, and owes the wake-up to the others.
    Woken { favoured: bool },
    /// Owns the lock, or has passed it to its guard.
    Done,
}

pin_project! {
    /// A task's way to the lock.
    ///
    /// Whoever holds it calls [`cancel`](Acquire::cancel) before it ends, with the mutex that it was polled with.
    pub(crate) struct Acquire {
        // Made when it is first queued: the uncontended path does not pay for it. Never replaced.
        #[pin]
        waiter: Option<Waiter>,
        stage: Stage,
        gave_way: bool,
    }
}

impl Acquire {
    const_unless_checked! {
        #[inline]
        pub(crate) const fn new() -> Self {
            Self { waiter: None, stage: Stage::Idle, gave_way: false }
        }
    }

    /// Whether it has not begun to wait.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.stage == Stage::Idle && self.waiter.is_none()
    }

    /// Ends it before it has begun: there is no need to wait.
    #[inline]
    pub(crate) fn finish_idle(self: Pin<&mut Self>) {
        *self.project().stage = Stage::Done;
    }

    #[inline]
    pub(crate) fn poll(
        self: Pin<&mut Self>,
        raw: &RawMutex,
        contender: &impl Contender,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if self.is_idle() && raw.try_take_free() {
            *self.project().stage = Stage::Done;
            return Poll::Ready(());
        }
        self.poll_contended(raw, contender, cx)
    }

    /// Whoever is polled may take a free lock, wherever it stands; that is why a task that is not polled can stand in
    /// nobody's way.
    #[cold]
    fn poll_contended(
        self: Pin<&mut Self>,
        raw: &RawMutex,
        contender: &impl Contender,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let mut this = self.project();
        assert!(*this.stage != Stage::Done, "a future is polled after it was ready");
        if this.waiter.is_none() {
            this.waiter.set(Some(Waiter::requesting(contender.request())));
            contender.begin_waiting();
        }
        let waiter = this.waiter.as_ref().as_pin_ref().expect("it has just been made");
        loop {
            if let (Stage::Queued, Some(signal)) = (*this.stage, waiter.signal()) {
                *this.stage = Stage::Woken { favoured: signal == Signal::Favoured };
            }
            let reserved_too = *this.gave_way || *this.stage == Stage::Woken { favoured: true };
            match raw.try_take(reserved_too) {
                Ok(()) => {
                    let was_queued = core::mem::replace(this.stage, Stage::Done) == Stage::Queued;
                    // It may be woken at this moment. The wake-up is then not lost: this task owns the lock, and looks at
                    // the queue when it unlocks.
                    finish(raw, contender, || {
                        let _ = was_queued.then(|| raw.leave(waiter));
                    });
                    return Poll::Ready(());
                }
                Err(Held::Reserved) => {
                    *this.gave_way = true;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Err(Held::Locked) => {}
            }
            let place = match *this.stage {
                Stage::Idle => Place::Back,
                Stage::Woken { .. } => Place::Front,
                Stage::Queued | Stage::Done => {
                    if raw.is_waiting_with(waiter, cx.waker()) {
                        return Poll::Pending;
                    }
                    continue;
                }
            };
            // The waker is cloned before the queue is locked: that is foreign code, and may panic.
            match raw.enqueue(waiter, Some(cx.waker().clone()), place, contender) {
                Entry::Queued => {
                    *this.stage = Stage::Queued;
                    return Poll::Pending;
                }
                Entry::NotLocked(waker) => drop(waker),
                Entry::Joined(waker) => {
                    *this.stage = Stage::Done;
                    finish(raw, contender, || drop(waker));
                    return Poll::Ready(());
                }
            }
        }
    }

    /// Ends the wait, and passes on a wake-up that was sent, whether the task knew of it or not: there may be nobody else to
    /// take the free lock or to look at the queue.
    /// Model: `cancel::a_woken_task_that_is_cancelled_passes_the_wake_up_on`.
    #[inline]
    pub(crate) fn cancel(self: Pin<&mut Self>, raw: &RawMutex, contender: &impl Contender) {
        let this = self.project();
        let stage = core::mem::replace(this.stage, Stage::Done);
        let Some(waiter) = this.waiter.as_ref().as_pin_ref() else { return };
        if stage != Stage::Done {
            contender.end_waiting();
        }
        let was_woken = match stage {
            // Nothing is owed (foreign code has kept it from being queued, by a panic), or the guard owns the lock.
            Stage::Idle | Stage::Done => false,
            Stage::Queued => raw.leave(waiter).is_some(),
            Stage::Woken { .. } => true,
        };
        if was_woken {
            raw.pass_on();
        }
    }
}

/// A contender that got in waits no more, and lets go of its waker, which is foreign code: if that panics, there will be no
/// guard.
fn finish(raw: &RawMutex, contender: &impl Contender, drop_waker: impl FnOnce()) {
    contender.end_waiting();
    let give_up = GiveUpOnUnwind(raw, contender);
    drop_waker();
    core::mem::forget(give_up);
}

/// Gives up what has been got, unless it is forgotten.
struct GiveUpOnUnwind<'a, C: Contender>(&'a RawMutex, &'a C);

impl<C: Contender> Drop for GiveUpOnUnwind<'_, C> {
    fn drop(&mut self) {
        self.1.give_up(self.0);
    }
}
