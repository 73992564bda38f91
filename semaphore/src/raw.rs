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
    Acquire, Contender, Entry, Held, Kind, Place, QueueGuard, Signal, Standing, WaitQueue, Waiter, WakeList, block,
};

use crate::error::Closed;
use crate::state::{Counting, Layout, OutOfRange, Refusal, State};

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
            Err(_) => block(&self.asking(permits), deadline),
        }
    }

    /// A task does as [`acquire_until`](Self::acquire_until), without a deadline.
    #[inline]
    pub(crate) fn poll_acquire(
        &self,
        acquire: Pin<&mut Acquire>,
        permits: i64,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Closed>> {
        if acquire.is_idle() && self.state.try_take(permits, false).is_ok() {
            acquire.finish_idle();
            return Poll::Ready(Ok(()));
        }
        acquire.poll(&self.asking(permits), cx)
    }

    /// A task gives up, in whatever stage.
    #[inline]
    pub(crate) fn cancel_acquire(&self, acquire: Pin<&mut Acquire>, permits: i64) {
        acquire.cancel(&self.asking(permits));
    }

    /// Gives permits back.
    #[inline]
    pub(crate) fn release(&self, permits: i64) -> Result<(), OutOfRange> {
        match self.state.put(permits)? {
            true => Ok(()),
            false => self.release_contended(permits),
        }
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
            self.wake(queue, Budget::EVERYBODY);
        }
    }

    /// Gives permits back where somebody waits.
    #[cold]
    fn release_contended(&self, permits: i64) -> Result<(), OutOfRange> {
        let queue = self.queue.lock();
        let gathered = self.gathered(&queue);
        self.state.put_beside_queue(permits)?;
        self.wake(queue, Budget::of(gathered + permits));
        Ok(())
    }

    fn try_take(&self, permits: i64, reserved_too: bool) -> Result<(), Held<Closed>> {
        let taken = match self.state.try_take(permits, reserved_too) {
            Err(Refusal::Queued) => {
                let queue = self.queue.lock();
                match self.gathered(&queue) {
                    0 => self.state.take_beside_queue(permits, reserved_too),
                    // What is free gathers for the oldest.
                    _ => Err(Refusal::Short),
                }
            }
            taken => taken,
        };
        taken.map_err(|refusal| match refusal {
            Refusal::Short | Refusal::Queued => Held::Locked,
            Refusal::Reserved => Held::Reserved,
            Refusal::Closed => Held::Never(Closed(())),
        })
    }

    /// What is free and gathers for the oldest, who asks for more. Otherwise what is free is for those who have been woken.
    fn gathered(&self, queue: &QueueGuard<'_>) -> i64 {
        let free = self.state.free();
        match queue.oldest() {
            Some(oldest) if permits(oldest) > free => free.max(0),
            _ => 0,
        }
    }

    /// Joins the queue, unless what is asked for is free, and gathers for nobody.
    fn enqueue(&self, waiter: Pin<&Waiter>, waker: Option<Waker>, place: Place) -> Entry {
        let was_on_its_way = waker.is_none() && place == Place::Front;
        let now = Instant::now();
        let mut queue = self.queue.lock();
        let waking = self.state.is_waking();
        // SAFETY: `block` and `Acquire` pass a waiter to the semaphore that they wait for, and to no other.
        unsafe { queue.push(waiter, waker, place, now) };
        let oldest = queue.oldest().map_or(0, permits);
        let needed = oldest.max(waiter.request() as i64);
        if self.state.mark_queued(needed, waking && !was_on_its_way).is_ok() {
            return Entry::Queued;
        }
        // What is free gathers for nobody older. One that comes back takes it here and now: in `try_take` it would stand behind
        // a younger one, for whom it seems to gather.
        let has_joined = place == Place::Front && self.state.take_beside_queue(waiter.request() as i64, true).is_ok();
        let waker = queue.remove(waiter).expect("it was queued under this very lock");
        self.state.set_mode(!queue.is_empty(), waking);
        if has_joined { Entry::Joined(waker) } else { Entry::NotQueued(waker) }
    }

    /// Leaves the queue. What has gathered for one that leaves may be enough for those behind it.
    fn leave(&self, waiter: Pin<&Waiter>) -> Option<Signal> {
        let mut queue = self.queue.lock();
        let gathered = self.gathered(&queue);
        match queue.remove(waiter) {
            Ok(waker) => {
                self.wake(queue, Budget::of(gathered));
                drop(waker);
                None
            }
            Err(signal) => Some(signal),
        }
    }

    /// A woken thread has its permits, or will never have any: the next one may be on its way.
    fn arrive(&self) {
        let queue = self.queue.lock();
        self.state.set_mode(!queue.is_empty(), false);
        self.wake(queue, Budget::of(self.state.free()));
    }

    /// Gives up a wake-up for so many permits.
    #[cold]
    fn pass_on(&self, permits: i64) {
        let queue = self.queue.lock();
        let gathered = self.gathered(&queue);
        self.wake(queue, Budget::of(gathered + permits));
    }

    /// Wakes whoever is to be woken, and releases the queue's lock.
    fn wake(&self, queue: QueueGuard<'_>, mut budget: Budget) {
        let now = Instant::now();
        let mut locked = Some(queue);
        WakeList::<8>::wake_in_batches(|wakes| {
            let mut queue = locked.take().unwrap_or_else(|| self.queue.lock());
            self.gather(&mut queue, now, &mut budget, wakes);
            // A waker is foreign code: it may poll inline, acquire from this very semaphore, or panic. The lock is released
            // here.
        });
    }

    /// Takes out of the queue who is to be woken, in the order in which they came, up to what the budget and the list hold.
    ///
    /// - A task is woken for what the budget holds. It may never be polled again, so that the first thread is woken, too.
    /// - A thread is woken if what it asks for is free, and no other is on its way; where it has waited for long, it is granted
    ///   its permits instead.
    fn gather(&self, queue: &mut QueueGuard<'_>, now: Instant, budget: &mut Budget, wakes: &mut WakeList<8>) {
        let mut waking = self.state.is_waking();
        let mut reserved = false;
        while !wakes.is_full() {
            let Some(oldest) = queue.oldest() else { break };
            let waited_for_long = now.saturating_duration_since(oldest.since) >= PATIENCE;
            let signal = match oldest.kind {
                _ if budget.everybody => Signal::Woken,
                Kind::Task if permits(oldest) <= budget.permits.min(self.state.free()) => {
                    let favoured = waited_for_long && oldest.has_returned;
                    reserved |= favoured;
                    if favoured { Signal::Favoured } else { Signal::Woken }
                }
                Kind::Thread if !waking && permits(oldest) <= self.state.free() => {
                    if waited_for_long && self.state.take_beside_queue(permits(oldest), true).is_ok() {
                        Signal::Granted
                    } else {
                        waking = true;
                        Signal::Woken
                    }
                }
                _ => break,
            };
            budget.permits -= permits(oldest);
            wakes.extend(queue.pop(oldest.kind, signal));
        }
        let first = queue.first(Kind::Thread).filter(|_| !waking && !wakes.is_full() && self.gathered(queue) == 0);
        if first.is_some_and(|thread| permits(thread) <= self.state.free()) {
            waking = true;
            wakes.extend(queue.pop(Kind::Thread, Signal::Woken));
        }
        self.state.set_mode(!queue.is_empty(), waking);
        if reserved {
            self.state.reserve();
        }
    }

    const fn asking(&self, permits: i64) -> Asking<'_, L> {
        Asking { semaphore: self, permits }
    }
}

/// For whom there are permits.
struct Budget {
    permits: i64,
    everybody: bool,
}

impl Budget {
    const EVERYBODY: Self = Self { permits: 0, everybody: true };

    const fn of(permits: i64) -> Self {
        Self { permits, everybody: false }
    }
}

/// What a queued waiter asks for.
fn permits(waiter: Standing) -> i64 {
    waiter.request as i64
}

/// Somebody who asks for permits.
struct Asking<'a, L> {
    semaphore: &'a RawSemaphore<L>,
    permits: i64,
}

impl<L: Layout> Contender for Asking<'_, L> {
    type Never = Closed;

    fn request(&self) -> u64 {
        self.permits as u64
    }

    fn try_take(&self, reserved_too: bool) -> Result<(), Held<Closed>> {
        self.semaphore.try_take(self.permits, reserved_too)
    }

    fn has_company(&self) -> bool {
        self.semaphore.state.has_company()
    }

    fn enqueue(&self, waiter: Pin<&Waiter>, waker: Option<Waker>, place: Place) -> Entry {
        self.semaphore.enqueue(waiter, waker, place)
    }

    fn leave(&self, waiter: Pin<&Waiter>) -> Option<Signal> {
        self.semaphore.leave(waiter)
    }

    fn is_waiting_with(&self, waiter: Pin<&Waiter>, waker: &Waker) -> bool {
        self.semaphore.queue.is_waiting_with(waiter, waker)
    }

    fn arrive(&self) {
        self.semaphore.arrive();
    }

    fn pass_on(&self) {
        self.semaphore.pass_on(self.permits);
    }

    fn give_up(&self) {
        self.semaphore.release(self.permits).expect("they have just been taken");
    }
}

#[cfg(test)]
impl<L: Layout> RawSemaphore<L> {
    /// For the models: how many threads are in the queue.
    pub(crate) fn queued_threads(&self) -> usize {
        self.queue.lock().len(Kind::Thread)
    }

    /// For the models: whether somebody is queued or on its way.
    pub(crate) fn has_company(&self) -> bool {
        self.state.has_company()
    }

    /// For the models: nobody is queued or on its way, and the flags say so.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.queue.lock().is_empty() && !self.state.has_company()
    }
}
