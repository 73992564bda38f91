//! The algorithm, without permits that are values.
//!
//! Read [`state`](crate::state) first. The paths, shortest first: [`RawSemaphore::acquire_until`] and [`RawSemaphore::give_back`]
//! where nobody waits; [`block`] for a thread and [`Acquire`] for a task, which are the ground floor's, by way of
//! [`RawSemaphore::enqueue`]; [`RawSemaphore::gather`], the one place that decides who is next.

#![expect(unsafe_code, reason = "a waiter is queued by its address")]

use core::mem::take;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::time::Instant;
use latchwork_core::trace::Release;
#[cfg(feature = "std")]
use latchwork_core::trace::Site;
#[cfg(feature = "std")]
use latchwork_core::wait::block;
use latchwork_core::wait::{
    Acquire, Entrant, Entry, Held, Kind, Place, Progress, QueueGuard, Signal, Standing, WaitQueue, Waiter, WakeList,
};

use crate::contender::Asking;
use crate::error::Closed;
use crate::layout::{Bounded, Counting, Layout, OutOfRange};
use crate::state::{Refusal, State};

/// How long a waiter puts up with losing the race for permits: a thread is granted them after that, for a task they are
/// reserved.
const PATIENCE: Duration = Duration::from_millis(1);

/// A semaphore of nothing in particular.
pub(crate) struct RawSemaphore<L> {
    state: State<L>,
    queue: WaitQueue,
}

impl RawSemaphore<Counting> {
    const_unless_checked! {
        pub(crate) const fn new(permits: i64) -> Self {
            Self { state: State::new(permits), queue: WaitQueue::new() }
        }
    }
}

impl RawSemaphore<Bounded> {
    const_unless_checked! {
        pub(crate) const fn bounded(limit: i64) -> Self {
            Self { state: State::bounded(limit), queue: WaitQueue::new() }
        }
    }

    /// Changes the limit, and what is free by as much.
    pub(crate) fn set_limit(&self, limit: i64) {
        let (grown, is_queued) = self.state.set_limit(limit);
        if grown > 0 && is_queued {
            self.look_for_waiters(grown);
        }
    }

    pub(crate) fn limit(&self) -> i64 {
        self.state.limit()
    }

    pub(crate) fn in_use(&self) -> i64 {
        self.state.in_use()
    }
}

impl<L: Layout> RawSemaphore<L> {
    /// What is free at this moment; below zero, what is owed.
    pub(crate) fn free(&self) -> i64 {
        self.state.free()
    }

    /// By which it is known to whoever is told of waits.
    #[inline]
    pub(crate) const fn address(&self) -> *const () {
        core::ptr::from_ref(self).cast()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.is_closed()
    }

    /// Takes permits that are free, reserved or not, unless they gather for somebody.
    #[inline]
    pub(crate) fn try_acquire(&self, permits: i64) -> Result<(), Held<Closed>> {
        self.try_take(permits, Progress::Waiting, true)
    }

    /// Blocks this thread until it has the permits, or until `deadline`: false then.
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub(crate) fn acquire_until(&self, permits: i64, deadline: Option<Instant>) -> Result<bool, Closed> {
        match self.state.try_take(permits, false) {
            Ok(()) => Ok(true),
            Err(_) => block(&Asking::new(self, permits), deadline, Site::here()),
        }
    }

    /// A task does as [`acquire_until`](Self::acquire_until), without a deadline.
    #[inline]
    pub(crate) fn poll_acquire(
        &self,
        mut acquire: Pin<&mut Acquire>,
        permits: i64,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Closed>> {
        if acquire.as_mut().take_first(|| self.state.try_take(permits, false).is_ok()) {
            return Poll::Ready(Ok(()));
        }
        acquire.poll(&Asking::new(self, permits), cx)
    }

    /// A task gives up, in whatever stage.
    #[inline]
    pub(crate) fn cancel_acquire(&self, acquire: Pin<&mut Acquire>, permits: i64) {
        acquire.cancel(&Asking::new(self, permits));
    }

    /// Gives back permits that were taken.
    #[inline]
    pub(crate) fn give_back(&self, permits: i64) -> Result<(), OutOfRange> {
        let _told = Release::of(self.address());
        if self.state.put(permits)? {
            self.look_for_waiters(permits);
        }
        Ok(())
    }

    /// Gives any number of permits.
    pub(crate) fn release(&self, permits: i64) -> Result<(), OutOfRange> {
        let _told = Release::of(self.address());
        if self.state.put_checked(permits)? {
            self.look_for_waiters(permits);
        }
        Ok(())
    }

    /// Takes what is free for good, up to so many. Returns how many.
    pub(crate) fn forget(&self, permits: i64) -> i64 {
        let _queue = self.queue.lock();
        self.state.take_up_to(permits)
    }

    /// Takes so many permits away for good, free or not.
    pub(crate) fn reduce(&self, permits: i64) -> Result<(), OutOfRange> {
        let _queue = self.queue.lock();
        self.state.owe(permits)
    }

    /// Nobody acquires any more; those who wait are woken to learn it.
    pub(crate) fn close(&self) {
        let queue = self.queue.lock();
        if self.state.close() {
            self.wake(queue, 0, true);
        }
    }

    /// Takes permits that are free; what is reserved for somebody only if `reserved_too`.
    ///
    /// Whoever has been woken need not look at the queue: it has been promised as many as it asks for. A newcomer looks when it
    /// joins.
    #[inline]
    pub(crate) fn try_take(&self, permits: i64, progress: Progress, reserved_too: bool) -> Result<(), Held<Closed>> {
        let taken = match progress {
            Progress::Woken => self.state.take_if_free(permits, permits, reserved_too),
            Progress::New | Progress::Waiting => self.state.try_take(permits, reserved_too),
        };
        taken.or_else(|refusal| match refusal {
            Refusal::Queued if progress == Progress::Waiting => self.try_take_beside_queue(permits, reserved_too),
            refusal => Err(held(refusal)),
        })
    }

    /// While the oldest asks for more than is free, that gathers for it. Otherwise it is for whoever comes first.
    #[cold]
    fn try_take_beside_queue(&self, permits: i64, reserved_too: bool) -> Result<(), Held<Closed>> {
        let queue = self.queue.lock();
        self.state.take_if_free(permits, self::needed(&queue, permits), reserved_too).map_err(held)
    }

    /// Joins the queue, unless what is asked for is free, and gathers for nobody: then it is taken, here and now.
    pub(crate) fn enqueue(&self, entrant: Entrant<'_>, permits: i64) -> Entry {
        let queue = self.queue.lock();
        let mut needed = permits;
        loop {
            if let Ok(free) = self.state.mark_queued(needed, entrant.was_on_its_way) {
                self.push(queue, entrant, permits, free);
                return Entry::Queued;
            }
            needed = self::needed(&queue, permits);
            match self.state.take_if_free(permits, needed, entrant.reserved_too) {
                Ok(()) => return Entry::Joined(entrant.waker),
                // Somebody who was woken has been faster, or more than is free is needed.
                Err(Refusal::Short) => {}
                Err(_) => return Entry::NotQueued(entrant.waker),
            }
        }
    }

    /// Queues it, and unlocks the queue. So much was free when it was marked.
    fn push(&self, mut queue: QueueGuard<'_>, entrant: Entrant<'_>, permits: i64, free: i64) {
        let (place, was_empty) = (entrant.place, queue.is_empty());
        let gathered = match place {
            // Those who were woken before may come late, or never.
            _ if was_empty => free,
            // What has gathered for the oldest, it keeps.
            Place::Back => 0,
            // It was promised as much, which is nobody's now.
            Place::Front => (queue.take_gathered() as i64 + permits).min(free),
        };
        let kind = entrant.kind();
        // SAFETY: `block` and `Acquire` pass a waiter to the semaphore that they wait for, and to no other.
        unsafe { queue.push(entrant, kind) };
        if was_empty || place == Place::Front {
            queue.set_gathered(gathered.max(0) as usize);
        }
        if place == Place::Front {
            self.wake(queue, 0, false);
        }
    }

    pub(crate) fn has_company(&self) -> bool {
        self.state.has_company()
    }

    pub(crate) fn is_waiting_with(&self, waiter: Pin<&Waiter>, waker: &Waker) -> bool {
        self.queue.is_waiting_with(waiter, waker)
    }

    /// Leaves the queue. What has gathered for one that leaves may be enough for those behind it.
    pub(crate) fn leave(&self, waiter: Pin<&Waiter>) -> Option<Signal> {
        let mut queue = self.queue.lock();
        let gathered = queue.take_gathered();
        match queue.remove(waiter) {
            Ok(waker) => {
                self.wake(queue, gathered as i64, false);
                drop(waker);
                None
            }
            Err(signal) => {
                queue.set_gathered(gathered);
                Some(signal)
            }
        }
    }

    /// A woken thread has its permits, or will never have any: the next one may be on its way.
    pub(crate) fn arrive(&self) {
        let queue = self.queue.lock();
        self.state.set_mode(!queue.is_empty(), false);
        self.wake(queue, i64::MAX, false);
    }

    /// So many more permits are free, or promised to nobody any more: wakes whoever can have them.
    #[cold]
    pub(crate) fn look_for_waiters(&self, permits: i64) {
        self.wake(self.queue.lock(), permits, false);
    }

    /// Wakes whoever is to be woken, now that so many permits more have gathered, and releases the queue's lock.
    fn wake(&self, queue: QueueGuard<'_>, mut more: i64, everybody: bool) {
        let mut locked = Some(queue);
        WakeList::<2>::wake_in_batches(|wakes| {
            let mut queue = locked.take().unwrap_or_else(|| self.queue.lock());
            self.gather(&mut queue, take(&mut more), everybody, wakes);
            // A waker is foreign code: it may poll inline, acquire from this very semaphore, or panic. The lock is released
            // here.
        });
    }

    /// Takes out of the queue who is to be woken, in the order in which they came, up to what the list holds.
    ///
    /// - A task is woken for what has gathered. It may never be polled again, so that the first thread is woken, too.
    /// - A thread is woken if what it asks for is free, and no other is on its way; where it has waited for long, it is granted
    ///   its permits instead.
    fn gather(&self, queue: &mut QueueGuard<'_>, more: i64, everybody: bool, wakes: &mut WakeList<2>) {
        // What is added from here on finds somebody queued, and is looked at by whoever adds it.
        let (mut waking, mut free) = self.state.is_waking_and_free();
        let mut gathered = more.saturating_add(queue.take_gathered() as i64).min(free);
        let mut reserved = false;
        let mut now = None;
        // A waiter's memory is another's, and not touched in vain.
        while !wakes.is_full() && (everybody || gathered > 0 || !waking && queue.has(Kind::Thread)) {
            let Some(oldest) = queue.oldest() else { break };
            let asks_for = permits(oldest);
            let has_waited_for_long = oldest.since.is_some_and(|since| {
                let now = *now.get_or_insert_with(Instant::now);
                now.saturating_duration_since(since) >= PATIENCE
            });
            let signal = match oldest.kind {
                _ if everybody => Signal::Woken,
                Kind::Task if asks_for <= gathered && has_waited_for_long => {
                    reserved = true;
                    Signal::Favoured
                }
                Kind::Task if asks_for <= gathered => Signal::Woken,
                Kind::Thread if !waking && asks_for <= free => {
                    if has_waited_for_long && self.state.take_if_free(asks_for, asks_for, true).is_ok() {
                        free -= asks_for;
                        Signal::Granted
                    } else {
                        waking = true;
                        Signal::Woken
                    }
                }
                _ => break,
            };
            gathered -= asks_for;
            wakes.extend(queue.pop(oldest.kind, signal));
        }
        if !waking && !wakes.is_full() {
            let first = queue.first(Kind::Thread).map(permits).filter(|asks_for| needed(queue, *asks_for) <= free);
            if let Some(asks_for) = first {
                waking = true;
                gathered -= asks_for;
                wakes.extend(queue.pop(Kind::Thread, Signal::Woken));
            }
        }
        queue.set_gathered(gathered.max(0) as usize);
        self.state.set_mode(!queue.is_empty(), waking);
        if reserved {
            self.state.reserve();
        }
    }
}

/// How many have to be free for somebody behind the oldest to take so many: what is fewer than the oldest asks for gathers for
/// it.
fn needed(queue: &QueueGuard<'_>, asks_for: i64) -> i64 {
    queue.oldest().map_or(0, permits).max(asks_for)
}

fn held(refusal: Refusal) -> Held<Closed> {
    match refusal {
        Refusal::Short | Refusal::Queued => Held::Locked,
        Refusal::Reserved => Held::Reserved,
        Refusal::Closed => Held::Never(Closed(())),
    }
}

/// What a queued waiter asks for.
fn permits(waiter: Standing) -> i64 {
    waiter.request as i64
}

#[cfg(test)]
impl<L: Layout> RawSemaphore<L> {
    /// For the models: how many threads are in the queue.
    pub(crate) fn queued_threads(&self) -> usize {
        self.queue.lock().len(Kind::Thread)
    }

    /// For the models: nobody is queued or on its way, and the flags say so.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.queue.lock().is_empty() && !self.state.has_company()
    }
}
