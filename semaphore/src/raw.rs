//! The algorithm, without permits that are values.
//!
//! Read [`state`](crate::state) first. The paths, shortest first: [`RawSemaphore::acquire_until`] and [`RawSemaphore::release`]
//! where nobody waits; [`block`] for a thread and [`Acquire`] for a task, which are the ground floor's, by way of
//! [`RawSemaphore::enqueue`]; [`RawSemaphore::gather`], the one place that decides who is next.

#![expect(unsafe_code, reason = "a waiter is queued by its address")]

use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use latchwork_core::const_unless_checked;
use latchwork_core::sync::time::Instant;
use latchwork_core::wait::{
    Acquire, Entry, Held, Kind, Place, QueueGuard, Signal, Standing, WaitQueue, Waiter, WakeList, block,
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

    pub(crate) fn is_closed(&self) -> bool {
        self.state.is_closed()
    }

    /// Takes permits that are free, reserved or not, unless they gather for somebody.
    #[inline]
    pub(crate) fn try_acquire(&self, permits: i64) -> Result<(), Held<Closed>> {
        self.try_take(permits, true)
    }

    /// Blocks this thread until it has the permits, or until `deadline`: false then.
    #[inline]
    pub(crate) fn acquire_until(&self, permits: i64, deadline: Option<Instant>) -> Result<bool, Closed> {
        match self.state.try_take(permits, false) {
            Ok(()) => Ok(true),
            Err(_) => block(&Asking::new(self, permits), deadline),
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
        if self.state.put(permits)? {
            self.look_for_waiters(permits);
        }
        Ok(())
    }

    /// Gives any number of permits.
    pub(crate) fn release(&self, permits: i64) -> Result<(), OutOfRange> {
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
            self.wake(queue, true);
        }
    }

    /// So many more permits are free, or promised to nobody any more: wakes whoever can have them.
    #[cold]
    pub(crate) fn look_for_waiters(&self, permits: i64) {
        let mut queue = self.queue.lock();
        let gathered = queue.gathered() + permits as u64;
        queue.set_gathered(gathered);
        self.wake(queue, false);
    }

    /// As [`try_acquire`](Self::try_acquire), what is reserved only if `reserved_too`.
    pub(crate) fn try_take(&self, permits: i64, reserved_too: bool) -> Result<(), Held<Closed>> {
        let taken = match self.state.try_take(permits, reserved_too) {
            Err(Refusal::Queued) => {
                let queue = self.queue.lock();
                // While the oldest asks for more than is free, that gathers for it.
                let needed = queue.oldest().map_or(0, self::permits).max(permits);
                self.state.take_beside_queue(permits, needed, reserved_too)
            }
            taken => taken,
        };
        taken.map_err(|refusal| match refusal {
            Refusal::Short | Refusal::Queued => Held::Locked,
            Refusal::Reserved => Held::Reserved,
            Refusal::Closed => Held::Never(Closed(())),
        })
    }

    /// Joins the queue, unless what is asked for is free, and gathers for nobody.
    pub(crate) fn enqueue(&self, waiter: Pin<&Waiter>, waker: Option<Waker>, place: Place) -> Entry {
        let was_on_its_way = waker.is_none() && place == Place::Front;
        let now = Instant::now();
        let mut queue = self.queue.lock();
        let (waking, _) = self.state.is_waking_and_free();
        let promised = match place {
            Place::Back => 0,
            // It was woken for so many, which are nobody's now.
            Place::Front => waiter.request(),
        };
        let gathered = if queue.is_empty() { u64::MAX } else { queue.gathered() + promised };
        // SAFETY: `block` and `Acquire` pass a waiter to the semaphore that they wait for, and to no other.
        unsafe { queue.push(waiter, waker, place, now) };
        let oldest = queue.oldest().map_or(0, permits);
        let asked_for = waiter.request() as i64;
        let needed = oldest.max(asked_for);
        if let Ok(free) = self.state.mark_queued(needed, waking && !was_on_its_way) {
            queue.set_gathered(gathered.min(free.max(0) as u64));
            if place == Place::Front {
                self.wake(queue, false);
            }
            return Entry::Queued;
        }
        // What is free gathers for nobody older. One that comes back takes it here and now: in `try_take` it would stand behind
        // a younger one, for whom it seems to gather.
        let has_joined = place == Place::Front && self.state.take_beside_queue(asked_for, asked_for, true).is_ok();
        let waker = queue.remove(waiter).expect("it was queued under this very lock");
        self.state.set_mode(!queue.is_empty(), waking);
        if has_joined { Entry::Joined(waker) } else { Entry::NotQueued(waker) }
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
        let gathered = queue.gathered();
        match queue.remove(waiter) {
            Ok(waker) => {
                queue.set_gathered(gathered);
                self.wake(queue, false);
                drop(waker);
                None
            }
            Err(signal) => Some(signal),
        }
    }

    /// A woken thread has its permits, or will never have any: the next one may be on its way.
    pub(crate) fn arrive(&self) {
        let mut queue = self.queue.lock();
        self.state.set_mode(!queue.is_empty(), false);
        queue.set_gathered(self.state.free().max(0) as u64);
        self.wake(queue, false);
    }

    /// Wakes whoever is to be woken, and releases the queue's lock.
    fn wake(&self, queue: QueueGuard<'_>, everybody: bool) {
        let now = Instant::now();
        let mut locked = Some(queue);
        WakeList::<8>::wake_in_batches(|wakes| {
            let mut queue = locked.take().unwrap_or_else(|| self.queue.lock());
            self.gather(&mut queue, now, everybody, wakes);
            // A waker is foreign code: it may poll inline, acquire from this very semaphore, or panic. The lock is released
            // here.
        });
    }

    /// Takes out of the queue who is to be woken, in the order in which they came, up to what the list holds.
    ///
    /// - A task is woken for what has gathered. It may never be polled again, so that the first thread is woken, too.
    /// - A thread is woken if what it asks for is free, and no other is on its way; where it has waited for long, it is granted
    ///   its permits instead.
    fn gather(&self, queue: &mut QueueGuard<'_>, now: Instant, everybody: bool, wakes: &mut WakeList<8>) {
        // What is added from here on finds somebody queued, and is looked at by whoever adds it.
        let (mut waking, mut free) = self.state.is_waking_and_free();
        let mut reserved = false;
        let mut gathered = (queue.gathered() as i64).min(free);
        while !wakes.is_full() {
            let Some(oldest) = queue.oldest() else { break };
            let waited_for_long = now.saturating_duration_since(oldest.since) >= PATIENCE;
            let signal = match oldest.kind {
                _ if everybody => Signal::Woken,
                Kind::Task if permits(oldest) <= gathered => {
                    let favoured = waited_for_long && oldest.has_returned;
                    reserved |= favoured;
                    if favoured { Signal::Favoured } else { Signal::Woken }
                }
                Kind::Thread if !waking && permits(oldest) <= free => {
                    if waited_for_long && self.state.take_beside_queue(permits(oldest), permits(oldest), true).is_ok() {
                        free -= permits(oldest);
                        Signal::Granted
                    } else {
                        waking = true;
                        Signal::Woken
                    }
                }
                _ => break,
            };
            gathered -= permits(oldest);
            wakes.extend(queue.pop(oldest.kind, signal));
        }
        let oldest_fits = queue.oldest().is_some_and(|oldest| permits(oldest) <= free);
        let first = queue.first(Kind::Thread).filter(|thread| permits(*thread) <= free);
        if let Some(thread) = first.filter(|_| oldest_fits && !waking && !wakes.is_full()) {
            waking = true;
            gathered -= permits(thread);
            wakes.extend(queue.pop(Kind::Thread, Signal::Woken));
        }
        queue.set_gathered(gathered.max(0) as u64);
        self.state.set_mode(!queue.is_empty(), waking);
        if reserved {
            self.state.reserve();
        }
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
