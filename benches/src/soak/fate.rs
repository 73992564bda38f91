//! What becomes of a task's use of a primitive: it is awaited, or dropped sooner, or left alone.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::call::{Call, Whereabouts, is_intended};
use super::record::Record;
use super::subject::{Subject, Visit};

/// When a future is dropped that is not ready before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Never.
    Awaited,
    /// After so many polls.
    Cancelled(usize),
    /// When it is to be polled again after so many polls: it has been woken, most probably.
    Unpolled(usize),
    /// After so many polls, which follow one another at once.
    Hurried(usize),
    /// A while after so many polls.
    Forgotten(usize),
}

/// A visit and its fate. It is ready when the visit is, or has been dropped, or is to be kept.
pub(super) struct Fated {
    /// None once it was ready.
    visit: Option<Visit>,
    fate: Fate,
    polls: usize,
    record: Arc<Record>,
    whereabouts: Whereabouts,
}

impl Fated {
    pub(super) fn new(subject: Arc<dyn Subject>, mut call: Call) -> Self {
        let polls = call.pick(4);
        let fate = match call.pick(10) {
            0 => Fate::Cancelled(1 + polls),
            1 => Fate::Unpolled(polls),
            2 => Fate::Hurried(1 + 4 * polls),
            3 => Fate::Forgotten(1 + polls % 2),
            _ => Fate::Awaited,
        };
        let (record, whereabouts) = (Arc::clone(&call.record), call.whereabouts());
        Self { visit: Some(subject.by_task(call)), fate, polls: 0, record, whereabouts }
    }

    fn cancel(&mut self) {
        self.record.tally.cancellations.add(1);
        self.visit = None;
    }

    /// Polls the visit; whether that has ended it.
    fn poll_visit(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(visit) = &mut self.visit else { return true };
        let poll = catch_unwind(AssertUnwindSafe(|| visit.as_mut().poll(cx)));
        if poll.as_ref().is_ok_and(Poll::is_pending) {
            self.record.tally.waits.add(u64::from(self.polls == 0 && !self.whereabouts.is_inside()));
            self.polls += 1;
            return false;
        }
        if let Err(payload) = poll {
            note_panic(&self.record, &*payload);
        }
        self.visit = None;
        true
    }
}

impl Future for Fated {
    /// What is to be kept, if it is.
    type Output = Option<Self>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self>> {
        if self.fate == Fate::Unpolled(self.polls) {
            self.cancel();
        }
        if self.poll_visit(cx) {
            return Poll::Ready(None);
        }
        match self.fate {
            Fate::Cancelled(polls) if self.polls == polls => self.cancel(),
            Fate::Hurried(polls) if self.polls == polls => self.cancel(),
            Fate::Hurried(_) => cx.waker().wake_by_ref(),
            // Whoever is inside keeps others waiting.
            Fate::Forgotten(polls) if self.polls >= polls && !self.whereabouts.is_inside() => {
                self.record.tally.forgotten.add(1);
                let (record, whereabouts) = (Arc::clone(&self.record), self.whereabouts.clone());
                let (visit, fate, polls) = (self.visit.take(), Fate::Cancelled(self.polls + 1), self.polls);
                return Poll::Ready(Some(Self { visit, fate, polls, record, whereabouts }));
            }
            _ => {}
        }
        if self.visit.is_none() { Poll::Ready(None) } else { Poll::Pending }
    }
}

impl Drop for Fated {
    /// One that was kept is dropped as it is.
    fn drop(&mut self) {
        if self.visit.is_some() {
            self.cancel();
        }
    }
}

/// Counts a panic that was meant to happen, and stops at any other, of which the panic hook has told already.
pub(super) fn note_panic(record: &Record, payload: &(dyn Any + Send)) {
    if !is_intended(payload) {
        record.fault("a panic that was not intended: see above".to_owned());
    }
    record.tally.panics.add(1);
}
