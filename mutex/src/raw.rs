//! The algorithm, without the value that it protects.
//!
//! Read [`state`](crate::state) first. The paths, shortest first: [`RawMutex::lock`] and [`RawMutex::unlock`] when nobody
//! else is there; [`block`] for a thread and [`Acquire`] for a task, which are the ground floor's, by way of
//! [`RawMutex::enqueue`]; [`RawMutex::release`], the one place that decides who is next.

#![expect(unsafe_code, reason = "a waiter is queued by its address")]

use core::convert::Infallible;
use core::fmt;
use core::num::NonZeroU8;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use core::time::Duration;

use latchwork_core::deadlock::{Share, acquired, released};
use latchwork_core::sync::time::Instant;
use latchwork_core::trace::{Release, Site};
#[cfg(feature = "std")]
use latchwork_core::wait::block;
use latchwork_core::wait::{
    Acquire, Entrant, Entry, Held, Kind, Moment, QueueGuard, Signal, Standing, WaitQueue, Waiter, WakeList,
};
use latchwork_core::{const_unless_checked, fence};

#[cfg(feature = "std")]
use crate::contender::Alone;
use crate::contender::{Asking, Party};
use crate::state::{Busy, NotLocked, State};

/// How long a waiter puts up with losing the race for the lock: a thread is granted it after that, for a task it is
/// reserved.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1);

/// A lock of nothing in particular.
pub struct RawMutex {
    state: State,
    queue: WaitQueue,
}

impl RawMutex {
    const_unless_checked! {
        pub(crate) const fn new() -> Self {
            Self { state: State::new(), queue: WaitQueue::new() }
        }
    }

    /// Blocks this thread until it owns the lock.
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
        if !self.state.try_take_free() {
            let Ok(_) = block(&self.asking(Alone), None, site);
        }
        acquired(self.address(), Share::Whole, site, None);
    }

    /// Takes the lock if nobody owns it, reserved or not.
    #[inline]
    #[track_caller]
    pub(crate) fn try_lock(&self) -> bool {
        let is_in = self.state.try_take_free() || self.state.try_take(true).is_ok();
        if is_in {
            acquired(self.address(), Share::Whole, Site::here(), None);
        }
        is_in
    }

    /// Blocks this thread until it owns the lock, or until `deadline`.
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub(crate) fn try_lock_until(&self, deadline: Instant) -> bool {
        self.lock_until(Alone, Some(deadline), Site::here())
    }

    /// The same with a timeout. One that reaches beyond what the clock can tell is none.
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub(crate) fn try_lock_for(&self, timeout: Duration) -> bool {
        self.try_lock() || self.lock_until(Alone, Instant::now().checked_add(timeout), Site::here())
    }

    /// Blocks this thread until it owns the lock, or a part in it, or until `deadline`, by a call there.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn lock_until(&self, party: impl Party, deadline: Option<Instant>, site: Site) -> bool {
        let is_in = self.state.try_take_free() || {
            let Ok(is_in) = block(&self.asking(party), deadline, site);
            is_in
        };
        if is_in {
            acquired(self.address(), Share::Whole, site, None);
        }
        is_in
    }

    /// A task does as [`lock`](Self::lock).
    #[inline]
    pub(crate) fn poll_lock(
        &self,
        mut acquire: Pin<&mut Acquire>,
        party: impl Party,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let site = acquire.as_ref().place();
        if !acquire.as_mut().take_first(|| self.state.try_take_free()) {
            let Ok(()) = ready!(acquire.poll(&self.asking(party), cx));
        }
        acquired(self.address(), Share::Whole, site, Some(cx));
        Poll::Ready(())
    }

    /// A task gives up, in whatever stage.
    #[inline]
    pub(crate) fn cancel_lock(&self, acquire: Pin<&mut Acquire>, party: impl Party) {
        acquire.cancel(&self.asking(party));
    }

    #[inline]
    const fn asking<P>(&self, party: P) -> Asking<'_, P> {
        Asking { mutex: self, party }
    }

    /// By which it is known to whoever is told of waits.
    #[inline]
    pub const fn address(&self) -> *const () {
        core::ptr::from_ref(self).cast()
    }

    /// Whether somebody owns the lock at this moment.
    pub(crate) fn is_locked(&self) -> bool {
        self.state.is_locked()
    }

    /// The owner gives up the lock.
    #[inline]
    pub(crate) fn unlock(&self) {
        let _told = Release::of(self.address());
        released(self.address(), Share::Whole);
        self.state.count_unlock();
        self.free();
    }

    #[inline]
    fn free(&self) {
        if !self.state.is_quiet() {
            self.unlock_busily();
        } else if self.state.free_quietly() {
            self.pass_on();
        }
    }

    /// The same, where the lock is not quiet. Not inlined: a guard's destructor is small enough for that then.
    #[inline(never)]
    fn unlock_busily(&self) {
        match self.state.busy() {
            Busy::Alone => self.unlock_alone(),
            Busy::Expecting => self.free_busily(),
            Busy::Contended => self.unlock_contended(false),
        }
    }

    /// Whether somebody is queued or on its way. The answer may be old when it arrives.
    pub fn has_company(&self) -> bool {
        self.state.has_company()
    }

    /// The owner gives up the lock to whoever waits, as if all had waited for long.
    #[cfg(feature = "std")]
    pub(crate) fn hand_over(&self) {
        let _told = Release::of(self.address());
        released(self.address(), Share::Whole);
        self.unlock_contended(true);
    }

    /// Tries for the lock; one that is reserved only if `reserved_too`.
    #[inline]
    pub(crate) fn try_take(&self, reserved_too: bool) -> Result<(), Held<Infallible>> {
        self.state.try_take(reserved_too)
    }

    /// Whether its sections are brief, as somebody has [seen](Self::watch).
    pub(crate) fn is_brief(&self) -> bool {
        self.state.is_brief()
    }

    /// A thread pauses for so many pause hints, and may see whether sections are brief.
    pub(crate) fn watch(&self, hints: u32, pause: impl FnOnce()) {
        self.state.watch(hints, pause);
    }

    /// Joins the queue, unless there turns out to be no need to wait.
    pub(crate) fn enqueue(&self, entrant: Entrant<'_>, party: &impl Party) -> Entry {
        let (waiter, was_on_its_way) = (entrant.waiter, entrant.was_on_its_way);
        let mut queue = self.queue.lock();
        let waking = self.state.is_waking();
        let kind = entrant.kind();
        // SAFETY: `block` and `Acquire` pass a waiter to the mutex that they wait for, and to no other.
        unsafe { queue.push(entrant, kind) };
        self.refresh(&queue, waking && !was_on_its_way);
        let is_locked = self.state.confirm_locked().is_ok();
        let has_joined = is_locked && party.join_from_queue();
        if is_locked && !has_joined {
            return Entry::Queued;
        }
        let waker = queue.remove(waiter).expect("it was queued under this very lock");
        self.refresh(&queue, waking);
        if has_joined { Entry::Joined(waker) } else { Entry::NotQueued(waker) }
    }

    /// Moves up to so many waiters that came before a moment, the oldest first, from another queue to the end of this one, if somebody
    /// owns the lock: it will wake the first when it unlocks, and each unlock the next. Of threads, or of all. Returns how many. They
    /// wait for this lock from then on, as its [contenders](Self::contender).
    ///
    /// # Errors
    ///
    /// Nobody owns the lock; nothing has changed then.
    ///
    /// # Safety
    ///
    /// Whoever is moved looks first at the other queue, and goes on as a contender of this lock where it has moved. The other queue is
    /// not this one.
    pub unsafe fn adopt(
        &self,
        from: &mut QueueGuard<'_>,
        threads_only: bool,
        moment: Moment,
        note: NonZeroU8,
        most: usize,
    ) -> Result<usize, NotLocked> {
        let now = Instant::now();
        let mut queue = self.queue.lock();
        let waking = self.state.is_waking();
        // Before they are moved: whoever is in the queue of a lock that is free, and is woken, may end, and the lock with it.
        self.state.set_mode(true, waking);
        let confirmed = self.state.confirm_locked();
        let mut moved = 0;
        while confirmed.is_ok() && moved < most {
            let oldest = if threads_only { from.first(Kind::Thread) } else { from.oldest() };
            let Some(kind) = oldest.map(|oldest| oldest.kind) else { break };
            // The patience of a task begins when it comes too late.
            let now = (kind == Kind::Thread).then_some(now);
            // SAFETY: as the caller says.
            if !unsafe { from.move_oldest(kind, &mut queue, moment, note, now) } {
                break;
            }
            moved += 1;
        }
        self.refresh(&queue, waking);
        confirmed.map(|()| moved)
    }

    /// Leaves the queue without the lock. Returns the signal where it has come before; the waiter has to act on it then.
    pub(crate) fn leave(&self, waiter: Pin<&Waiter>) -> Option<Signal> {
        let mut queue = self.queue.lock();
        match queue.remove(waiter) {
            Ok(waker) => {
                self.refresh(&queue, self.state.is_waking());
                // The queue's lock is released before the waker is dropped, which is foreign code.
                drop(queue);
                drop(waker);
                None
            }
            Err(signal) => Some(signal),
        }
    }

    /// Whether the task stays queued with this waker; false where it has been woken.
    pub(crate) fn is_waiting_with(&self, waiter: Pin<&Waiter>, waker: &Waker) -> bool {
        self.queue.is_waiting_with(waiter, waker)
    }

    /// A woken thread has got the lock: it is no longer on its way, and the next unlock looks at the queue.
    pub(crate) fn arrive(&self) {
        let queue = self.queue.lock();
        self.refresh(&queue, false);
    }

    /// Brings the mode into agreement with the queue (M2).
    fn refresh(&self, queue: &QueueGuard<'_>, waking: bool) {
        let look = match queue.oldest() {
            None => false,
            Some(oldest) => oldest.kind == Kind::Task || !waking || queue.first(Kind::Thread).is_some_and(is_invited),
        };
        self.state.set_mode(look, waking);
    }

    /// The owner unlocks by a swap.
    #[inline]
    fn free_busily(&self) {
        if self.state.free_busily() {
            self.pass_on();
        }
    }

    /// The owner unlocks a busy lock, and nobody waited, or was on the way, when it looked.
    fn unlock_alone(&self) {
        let is_calm = self.state.note_calm();
        if is_calm && fence::is_offered() {
            return self.unlock_calmly();
        }
        self.free_busily();
        if is_calm {
            // It may take long, once in a process: the lock is free meanwhile.
            fence::ask();
        }
    }

    /// The same, and it has been so for long: makes the lock quiet, unless somebody has come.
    #[cold]
    fn unlock_calmly(&self) {
        let queue = self.queue.lock();
        self.state.make_quiet();
        drop(queue);
        self.free();
    }

    /// The owner unlocks, and somebody may be waiting.
    #[cold]
    fn unlock_contended(&self, hand_over: bool) {
        // The clock is read before the queue is locked, to keep that short.
        let now = Instant::now();
        self.release(self.queue.lock(), now, hand_over);
    }

    /// Sees to it that somebody wakes whoever is to be woken (M3): the owner when it unlocks, or else this thread, by
    /// unlocking once more. For whoever freed the lock while a newcomer was queueing, or gives up a wake-up it was sent.
    #[cold]
    pub(crate) fn pass_on(&self) {
        let queue = self.queue.lock();
        if !self.state.has_to_look() {
            return;
        }
        while self.state.confirm_locked().is_err() {
            if self.state.try_take(true).is_ok() {
                return self.release(queue, Instant::now(), false);
            }
        }
    }

    /// Lets in those who wait with this request, to whom the owner's hold belongs, too: a thread takes part in it from here
    /// on, if `join` says that it has joined; a task is woken, and joins when it is polled.
    #[cold]
    pub(crate) fn admit(&self, request: u64, join: impl Fn() -> bool) {
        WakeList::<8>::wake_in_batches(|wakes| {
            let mut queue = self.queue.lock();
            while !wakes.is_full() {
                let thread =
                    queue.pop_if(Kind::Thread, |other| (other.request == request && join()).then_some(Signal::Granted));
                let wake = thread
                    .or_else(|| queue.pop_if(Kind::Task, |other| (other.request == request).then_some(Signal::Woken)));
                match wake {
                    Some(wake) => wakes.push(wake),
                    None => break,
                }
            }
            self.refresh(&queue, self.state.is_waking());
        });
    }

    /// The owner gives up the lock and decides who is next; `hand_over` counts every waiter as one that has waited for
    /// long.
    ///
    /// - The oldest is a task: it is woken and leaves the queue; where it has come back to the front for long, the lock is
    ///   reserved. It may never be polled again, so the first thread is woken too.
    /// - The oldest is a thread: it is woken; where it has been woken before, and has waited for long, it is granted the lock instead. Not
    ///   one that sleeps: until that runs, everybody would wait. With sixteen threads, sections of 200 ns and as much time outside of
    ///   them, one was granted every 70 us or so, and a fifth of the throughput was lost (`cargo run --release -p latchwork-benches --
    ///   mutex --threads 16 --section 200 --outside 50`).
    /// - While a thread is on its way, no other is woken or granted; but one that has moved here is invited, and comes beside it.
    fn release(&self, mut queue: QueueGuard<'_>, now: Instant, hand_over: bool) {
        let mut wakes = WakeList::<2>::new();
        self.state.make_busy();
        let mut waking = self.state.is_waking();
        let mut reserved = hand_over;
        let mut granted = false;
        if let Some(oldest) = queue.oldest() {
            let patience = oldest.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
            let waited_for_long = hand_over || patience >= PATIENCE;
            if oldest.kind == Kind::Task {
                reserved |= waited_for_long;
                let signal = if reserved { Signal::Favoured } else { Signal::Woken };
                wakes.extend(queue.pop(Kind::Task, signal));
            }
            if let Some(thread) = queue.first(Kind::Thread) {
                granted =
                    !waking && waited_for_long && oldest.kind == Kind::Thread && (hand_over || thread.has_returned);
                let signal = if granted {
                    Some(Signal::Granted)
                } else if is_invited(thread) {
                    Some(Signal::Invited)
                } else {
                    (!waking).then_some(Signal::Woken)
                };
                waking |= signal == Some(Signal::Woken);
                wakes.extend(signal.and_then(|signal| queue.pop(Kind::Thread, signal)));
            }
        }
        self.refresh(&queue, waking);
        if !granted {
            self.state.let_go(reserved);
        }
        drop(queue);
        // A waker is foreign code: it may poll inline, lock this very mutex, or panic.
        wakes.wake_all();
    }
}

/// Whether it is a thread that has moved here, and has not been woken since. It was asleep before somebody notified it: each unlock
/// wakes one, so that many are on their way at a time, as if they had been woken where they were. Woken one after the other, eight
/// threads that pass items through 16 slots move a fifth as many (`cargo run --release -p latchwork-benches -- monitor --slots 16
/// --pairs 4:4`).
fn is_invited(waiter: Standing) -> bool {
    waiter.has_moved && !waiter.has_returned
}

impl fmt::Debug for RawMutex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawMutex").field("is_locked", &self.is_locked()).finish_non_exhaustive()
    }
}

#[cfg(latchwork = "loom")]
impl RawMutex {
    /// For models: as [`end`](crate::internal::end).
    pub(crate) fn end(&mut self) {
        self.state.end();
        self.queue.end();
    }
}

#[cfg(test)]
impl RawMutex {
    /// For the models: how many threads are in the queue.
    pub(crate) fn queued_threads(&self) -> usize {
        self.queue.lock().len(Kind::Thread)
    }

    /// For the models: whether unlock frees the lock by a store.
    pub(crate) fn is_quiet(&self) -> bool {
        self.state.is_quiet()
    }

    /// For the models: whether unlock frees the lock by a swap.
    #[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
    pub(crate) fn is_busy(&self) -> bool {
        self.state.is_busy()
    }

    /// For the models: nobody is queued or on its way, and the mode says so.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.queue.lock().is_empty() && self.state.is_at_rest()
    }
}
