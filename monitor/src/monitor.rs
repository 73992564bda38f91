//! The monitor. Who waits for predicates is in `roster.rs`, the guard in `guard.rs`.

#![expect(unsafe_code, reason = "who has got the lock enters")]

use core::fmt;
#[cfg(feature = "std")]
use core::pin::{Pin, pin};
#[cfg(feature = "std")]
use core::ptr::NonNull;
#[cfg(feature = "std")]
use core::time::Duration;

use latchwork_core::const_unless_checked;
#[cfg(feature = "std")]
use latchwork_core::deadlock::Waiting;
use latchwork_core::sync::atomic::{AtomicU64, Ordering};
use latchwork_core::sync::identity;
#[cfg(feature = "std")]
use latchwork_core::sync::time::Instant;
#[cfg(feature = "std")]
use latchwork_core::trace::{Outcome, Site, Told, silently};
use latchwork_core::wait::{PendingWake, WakeList};
#[cfg(feature = "std")]
use latchwork_core::wait::{Place, Signal};
use latchwork_mutex::internal::{RawMutex, disown, guard_of, raw};
use latchwork_mutex::{Mutex, MutexGuard};

use crate::condition::Condition;
use crate::guard::MonitorGuard;
#[cfg(feature = "std")]
use crate::predicate::{Subject, WHAT};
use crate::raw::Notifier;
#[cfg(feature = "std")]
use crate::roster::Onlooker;
use crate::roster::Roster;
use crate::when::{Enter, When};

/// A monitor for threads and tasks: a value, which one at a time is inside with, and those who wait for it to become what they need.
///
/// Threads enter with [`enter`](Self::enter), tasks with [`enter_async`](Self::enter_async), on the same instance, in any async
/// runtime or none; both leave by dropping the [guard](MonitorGuard). There are two ways to wait for others:
///
/// - For a *predicate* of the value: [`enter_when`](Self::enter_when), or [`wait_until`](MonitorGuard::wait_until) from inside. Whoever
///   leaves asks the predicates of those who wait, and lets in the first whose predicate holds. Nobody has to notify, and nobody can
///   forget to.
/// - For a named [`Condition`], which somebody inside notifies.
///
/// # Predicates
///
/// A predicate runs inside the monitor, on the thread of whoever leaves: it is `Send`, and is to be short and to wait for nothing. It
/// is asked when the value may have changed, which is when somebody inside has borrowed it mutably. A change by way of a shared
/// borrow, of an atomic for instance, is not noticed.
///
/// One that panics wakes its own waiter, which meets the panic itself; whoever has asked it does not notice, but for what the
/// panic hook prints there (`a_panic_of_a_predicate_is_met_by_its_own_waiter`).
///
/// # Fairness
///
/// Each sentence is asserted by the test or model named after it. For those who want to enter, see [`Mutex`](Mutex#fairness), whose
/// rules are these; for those who wait for a predicate:
///
/// - They are asked in the order in which they came, and the first whose predicate holds is let in
///   (`the_first_whose_predicate_holds_is_let_in`). Nobody is woken whose predicate does not hold, where no more than 32 wait
///   (`nobody_is_woken_whose_predicate_does_not_hold`), and none gives up as here:
/// - Where a woken task is cancelled, or the time of a woken thread runs out, while somebody is inside, nobody can be asked: the next
///   that has not been asked is woken, and asks itself (`a_woken_task_that_is_cancelled_lets_the_next_be_asked`). Where that is a task,
///   which may never be polled, so is the first thread behind it.
/// - Nobody is asked while the value has not been borrowed mutably (`nobody_is_asked_while_the_value_is_not_changed`), nor by others
///   twice by the same change, unless the time of a woken thread runs out: nobody knows then what it was to ask about.
/// - A thread is woken, and may be passed until it has come, by a newcomer that makes its predicate false. It keeps its place then, and
///   is granted the monitor the next time: it is passed once (`a_thread_that_was_passed_is_granted_the_monitor`). Until it has come,
///   nobody else is asked (`nobody_else_is_asked_while_a_thread_is_on_its_way`); it asks them when it leaves
///   (`a_change_while_a_thread_is_on_its_way_is_asked_about_by_that_thread`).
/// - A thread that begins to wait may look on for 30 us before it takes its place, and enters when the value has changed meanwhile. It
///   passes those who have theirs; while one of them is on its way, such threads do so 250 times at most
///   (`one_that_is_on_its_way_is_not_passed_without_end`).
/// - A task is woken, and never granted. One that is not polled owns nothing and delays no thread
///   (`a_thread_passes_a_task_that_is_not_polled`), and nobody who is polled or enters; a task behind it is woken by the next that
///   leaves (`the_next_that_leaves_wakes_the_task_behind_one_that_is_not_polled`).
/// - One that leaves asks 32 at most. If there are more, it wakes the next that has not been asked, which asks itself, and goes on when
///   it leaves; so all have their turn, however many (`more_than_one_can_ask_are_all_asked`).
///
/// # Cancel safety
///
/// A future that is dropped before it is ready loses its place among those who wait, and nothing else: where it has been woken, those
/// who wait behind it are asked in its place. One that waits from inside has the guard: its task is outside when it is dropped.
///
/// # Deadlocks
///
/// Entering again where one is inside waits for ever. So does a thread that waits to enter while a task is inside that only this
/// thread can poll: in async code use the async forms. A predicate that waits for something may wait for whoever asks it; one that
/// drops the future which it belongs to waits for itself.
///
/// # Memory ordering
///
/// What was done inside happens before what is done inside later, and before each later call of a predicate.
///
/// # Poisoning
///
/// There is none: where a panic unwinds through a guard, its owner has left, and the next finds the value as it was left.
///
/// # Size
///
/// 96 bytes and the value. Nothing is allocated, on any path.
///
/// # Processor time
///
/// A thread that waits for a predicate, of which four do so at a time, or alone for a [`Condition`], turns for up to 30 us before it
/// sleeps, where the last that was woken was woken from another core; after eight in a row that did so in vain, one in 17 does. Only on
/// Linux, which tells on which core a thread runs.
///
/// # Examples
///
/// ```
/// use latchwork_monitor::Monitor;
/// use std::collections::VecDeque;
///
/// let queue = Monitor::new(VecDeque::new());
/// std::thread::scope(|scope| {
///     let consumer = scope.spawn(|| queue.enter_when(|queue| !queue.is_empty()).pop_front());
///     queue.enter_when(|queue| queue.len() < 16).push_back(7);
///     assert_eq!(consumer.join().unwrap(), Some(7));
/// });
/// ```
// The value has a size: were a monitor of an array one of a slice, too, its roster would have subjects of two types (R4).
pub struct Monitor<T> {
    mutex: Mutex<T>,
    roster: Roster<T>,
    /// Whom its owner has notified, and wakes when it leaves.
    notified: PendingWake,
    /// By which its conditions know it; 0 until there is one.
    number: AtomicU64,
}

impl<T> Monitor<T> {
    const_unless_checked! {
        /// A monitor around `value`, which nobody is in.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_monitor::Monitor;
        /// static VERSION: Monitor<u64> = Monitor::new(0);
        /// *VERSION.enter() += 1;
        /// ```
        #[inline]
        pub const fn new(value: T) -> Self {
            Self { mutex: Mutex::new(value), roster: Roster::new(), notified: PendingWake::new(), number: AtomicU64::new(0) }
        }
    }

    /// A condition of this monitor.
    ///
    /// It belongs to the monitor and not to the place where that is: both may be moved, into one struct for instance.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::{Condition, Monitor};
    /// struct Gate {
    ///     is_open: Monitor<bool>,
    ///     opened: Condition,
    /// }
    ///
    /// let is_open = Monitor::new(false);
    /// let gate = Gate { opened: is_open.condition(), is_open };
    /// let mut guard = gate.is_open.enter();
    /// *guard = true;
    /// assert_eq!(gate.opened.notify_all(&guard), 0);
    /// ```
    ///
    /// # Panics
    ///
    /// If 2^46 monitors have had conditions already.
    #[must_use]
    pub fn condition(&self) -> Condition {
        // ORDERING: Relaxed, here and below: the number says nothing about any other memory.
        let number = match self.number.load(Ordering::Relaxed) {
            0 => {
                let fresh = identity::fresh();
                let first = self.number.compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed);
                first.map_or_else(|number| number, |_| fresh)
            }
            number => number,
        };
        Condition::of(number)
    }

    /// Enters, blocking this thread while somebody else is inside. Dropping the guard leaves.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread is inside, or if the one who is needs this thread to go on. In async code use
    /// [`enter_async`](Self::enter_async).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// let monitor = Monitor::new(1);
    /// *monitor.enter() += 1;
    /// assert_eq!(monitor.into_inner(), 2);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn enter(&self) -> MonitorGuard<'_, T> {
        MonitorGuard::new(self, self.mutex.lock())
    }

    /// Enters if nobody is inside. Never blocks, and never fails while nobody is.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// let monitor = Monitor::new(1);
    /// let guard = monitor.try_enter().unwrap();
    /// assert!(monitor.try_enter().is_none());
    /// # drop(guard);
    /// ```
    #[inline]
    #[track_caller]
    pub fn try_enter(&self) -> Option<MonitorGuard<'_, T>> {
        self.mutex.try_lock().map(|guard| MonitorGuard::new(self, guard))
    }

    /// Enters, blocking this thread for at most `timeout`.
    ///
    /// A timeout of zero makes one attempt. One that reaches beyond what the clock can tell, like [`Duration::MAX`], is no timeout.
    ///
    /// # Deadlocks
    ///
    /// As for [`enter`](Self::enter), until the time runs out.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// # use std::time::Duration;
    /// assert!(Monitor::new(1).try_enter_for(Duration::from_millis(1)).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_enter_for(&self, timeout: Duration) -> Option<MonitorGuard<'_, T>> {
        self.mutex.try_lock_for(timeout).map(|guard| MonitorGuard::new(self, guard))
    }

    /// Enters, blocking this thread until `deadline` at the latest. One that has passed makes one attempt.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// use std::time::Instant;
    ///
    /// assert!(Monitor::new(1).try_enter_until(Instant::now()).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn try_enter_until(&self, deadline: Instant) -> Option<MonitorGuard<'_, T>> {
        self.mutex.try_lock_until(deadline).map(|guard| MonitorGuard::new(self, guard))
    }

    const_unless_checked! {
        /// Enters, waiting asynchronously while somebody else is inside. Dropping the guard leaves.
        ///
        /// Nothing happens before the first poll. The future allocates nothing, works in any runtime, and may be polled by any task;
        /// it is not `Unpin`.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses its place among those who wait to enter, and nothing else.
        ///
        /// # Deadlocks
        ///
        /// The guard may be held across an `.await`; whoever wants to enter meanwhile waits for that task. Waits for ever if this
        /// task is inside.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_monitor::Monitor;
        /// # futures_lite::future::block_on(async {
        /// let monitor = Monitor::new(1);
        /// *monitor.enter_async().await += 1;
        /// assert_eq!(monitor.into_inner(), 2);
        /// # });
        /// ```
        #[inline]
        #[track_caller]
        pub const fn enter_async(&self) -> Enter<'_, T> {
            Enter::new(self, self.mutex.lock_async())
        }
    }

    /// Enters when the predicate holds, blocking this thread until then.
    ///
    /// The predicate is asked on entering, and whenever somebody leaves who may have changed the value: see
    /// [predicates](Self#predicates). It holds when this returns.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if the predicate never holds. As for [`enter`](Self::enter) otherwise.
    ///
    /// # Panics
    ///
    /// If the predicate does; this thread is not inside then.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// let jobs = Monitor::new(Vec::new());
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| jobs.enter().push(7));
    ///     assert_eq!(jobs.enter_when(|jobs| !jobs.is_empty()).pop(), Some(7));
    /// });
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn enter_when(&self, predicate: impl FnMut(&T) -> bool + Send) -> MonitorGuard<'_, T> {
        let mut guard = self.enter();
        guard.wait_until(predicate);
        guard
    }

    /// Enters when the predicate holds, blocking this thread for at most `timeout`. `None` where the time has run out, or where nobody
    /// may enter until then.
    ///
    /// A timeout that reaches beyond what the clock can tell, like [`Duration::MAX`], is none.
    ///
    /// # Panics
    ///
    /// As [`enter_when`](Self::enter_when).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// # use std::time::Duration;
    /// let monitor = Monitor::new(1);
    /// assert!(monitor.try_enter_when_for(|value| *value == 1, Duration::ZERO).is_some());
    /// assert!(monitor.try_enter_when_for(|value| *value == 2, Duration::from_millis(1)).is_none());
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn try_enter_when_for(
        &self,
        predicate: impl FnMut(&T) -> bool + Send,
        timeout: Duration,
    ) -> Option<MonitorGuard<'_, T>> {
        match Instant::now().checked_add(timeout) {
            Some(deadline) => self.try_enter_when_until(predicate, deadline),
            None => Some(self.enter_when(predicate)),
        }
    }

    /// Enters when the predicate holds, blocking this thread until `deadline` at the latest. `None` as for
    /// [`try_enter_when_for`](Self::try_enter_when_for).
    ///
    /// # Panics
    ///
    /// As [`enter_when`](Self::enter_when).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// use std::time::Instant;
    ///
    /// let monitor = Monitor::new(1);
    /// assert!(monitor.try_enter_when_until(|value| *value == 1, Instant::now()).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn try_enter_when_until(
        &self,
        mut predicate: impl FnMut(&T) -> bool + Send,
        deadline: Instant,
    ) -> Option<MonitorGuard<'_, T>> {
        let guard = self.try_enter_until(deadline)?;
        if predicate(&guard) {
            return Some(guard);
        }
        // SAFETY: the predicate stays where it is until `await_turn` has ended, and is reached by nobody but it.
        let subject = unsafe { Subject::new(NonNull::from(&mut predicate)) };
        let subject = pin!(subject);
        self.await_turn(guard.into_inner(), subject.into_ref(), Some(deadline), Site::here())
    }

    const_unless_checked! {
        /// Enters when the predicate holds, waiting asynchronously until then.
        ///
        /// Nothing happens before the first poll. The predicate borrows nothing, since a future may be forgotten while others can
        /// still ask it. Otherwise as [`enter_when`](Self::enter_when) and [`enter_async`](Self::enter_async).
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses its place among those who wait, and nothing else: where it has been woken, those who wait behind
        /// it are asked in its place. Where its predicate is being asked at this moment, dropping it waits for the end of that.
        ///
        /// # Panics
        ///
        /// If the predicate does, when it is polled; the task is not inside then.
        ///
        /// # Examples
        ///
        /// ```
        /// # use latchwork_monitor::Monitor;
        /// # futures_lite::future::block_on(async {
        /// let monitor = Monitor::new(1);
        /// assert_eq!(*monitor.enter_when_async(|value| *value == 1).await, 1);
        /// # });
        /// ```
        #[inline]
        #[track_caller]
        pub const fn enter_when_async<P: FnMut(&T) -> bool + Send + 'static>(&self, predicate: P) -> When<'_, T, P> {
            When::entering(self, predicate)
        }
    }

    /// Is inside for the length of a call. See [`enter`](Self::enter).
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// let monitor = Monitor::new(vec![1]);
    /// monitor.with(|values| values.push(2));
    /// assert_eq!(monitor.into_inner(), [1, 2]);
    /// ```
    #[cfg(feature = "std")]
    #[inline]
    #[track_caller]
    pub fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> R {
        run(&mut *self.enter())
    }

    /// The value, which nobody else can reach: one need not enter.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// let mut monitor = Monitor::new(1);
    /// *monitor.get_mut() += 1;
    /// assert_eq!(*monitor.enter(), 2);
    /// ```
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.mutex.get_mut()
    }

    /// The value. Nobody can be inside or waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// assert_eq!(Monitor::new(1).into_inner(), 1);
    /// ```
    #[inline]
    pub fn into_inner(self) -> T {
        self.mutex.into_inner()
    }

    /// Whether somebody is inside at this moment. The answer may be old when it arrives.
    ///
    /// # Examples
    ///
    /// ```
    /// # use latchwork_monitor::Monitor;
    /// let monitor = Monitor::new(1);
    /// let guard = monitor.enter();
    /// assert!(monitor.is_entered());
    /// # drop(guard);
    /// ```
    #[inline]
    pub fn is_entered(&self) -> bool {
        self.mutex.is_locked()
    }

    #[inline]
    pub(crate) const fn mutex(&self) -> &Mutex<T> {
        &self.mutex
    }

    #[inline]
    pub(crate) const fn raw(&self) -> &RawMutex {
        raw(&self.mutex)
    }

    pub(crate) const fn roster(&self) -> &Roster<T> {
        &self.roster
    }

    /// Whether this is the monitor that a condition was made by.
    pub(crate) fn has_number(&self, number: u64) -> bool {
        // ORDERING: Relaxed: see `condition`. Whoever has a condition of this monitor was told of it, and so of the number.
        self.number.load(Ordering::Relaxed) == number
    }

    /// The guard of one that has got the lock.
    ///
    /// # Safety
    ///
    /// The caller has got the lock, and there is no other guard of it.
    pub(crate) unsafe fn entered(&self) -> MonitorGuard<'_, T> {
        // SAFETY: as the caller says.
        MonitorGuard::new(self, unsafe { guard_of(&self.mutex) })
    }

    /// Somebody inside, who notifies.
    pub(crate) fn notifier(&self) -> Notifier<'_> {
        Notifier::Inside(self.raw(), &self.notified)
    }

    /// Its owner has notified somebody.
    pub(crate) fn note_notified(&self) {
        if !self.notified.is_empty() {
            self.roster.alert();
        }
    }

    /// Leaves.
    #[inline]
    pub(crate) fn leave(&self, guard: MutexGuard<'_, T>) {
        if self.roster.is_idle() {
            drop(guard);
        } else {
            self.leave_waking(guard);
        }
    }

    /// Leaves, wakes whom it has notified, and asks those who wait whether it is their turn. Not inlined: a guard's destructor is small
    /// enough for that then.
    #[inline(never)]
    fn leave_waking(&self, guard: MutexGuard<'_, T>) {
        // Woken when the monitor is unlocked, also if that runs a waker that panics.
        let mut notified = WakeAll(WakeList::<1>::new());
        notified.0.extend(self.notified.take());
        self.roster.calm();
        let is_changed = self.roster.take_mutation();
        if self.roster.is_quiet(is_changed) {
            return drop(guard);
        }
        let look = self.roster.look(&guard, is_changed);
        let mut wakes = WakeAll(look.wakes);
        if let Some(heir) = look.heir {
            disown(guard);
            self.roster.grant(heir, &mut wakes.0);
        } else {
            drop(guard);
        }
    }

    /// From inside, where its predicate does not hold: leaves, and blocks this thread until it is inside again, and the predicate
    /// holds; or until `deadline`, outside then.
    ///
    /// # Panics
    ///
    /// If the predicate does; outside then.
    #[cfg(feature = "std")]
    pub(crate) fn await_turn(
        &self,
        guard: MutexGuard<'_, T>,
        subject: Pin<&Subject<T>>,
        deadline: Option<Instant>,
        site: Site,
    ) -> Option<MonitorGuard<'_, T>> {
        let told = Told::begin(WHAT, site);
        let entered = self.await_turns(guard, subject, deadline, site);
        let outcome = if entered.is_some() { Outcome::Acquired } else { Outcome::TimedOut };
        told.end(outcome, self.raw().address(), entered.is_some());
        entered
    }

    #[cfg(feature = "std")]
    fn await_turns(
        &self,
        guard: MutexGuard<'_, T>,
        subject: Pin<&Subject<T>>,
        deadline: Option<Instant>,
        site: Site,
    ) -> Option<MonitorGuard<'_, T>> {
        let (mut guard, mut was_asked) = (guard, true);
        if let Some(onlooker) = self.look_on() {
            self.leave(guard);
            let (entered, answer) = self.watch(onlooker, subject, deadline, site)?;
            if answer == Some(true) {
                // SAFETY: the subject is this thread's own, and was not registered.
                unsafe { subject.meet_panic() };
                return Some(entered);
            }
            (guard, was_asked) = (entered.into_inner(), answer.is_some());
        }
        self.roster.register(subject, None, Place::Back, was_asked);
        let mut guard = Some(guard);
        loop {
            let withdraw = Withdraw { monitor: self, subject };
            // It wakes others, whose wakers are foreign code, and may panic.
            self.leave(guard.take().expect("it is inside"));
            core::mem::forget(withdraw);
            let signal = self.sleep(subject, deadline, site);
            let signal = signal.or_else(|| self.roster.leave(subject))?;
            let entered = if signal == Signal::Granted {
                self.raw().note_acquired(site);
                // SAFETY: whoever left has left the lock to this thread.
                unsafe { self.entered() }
            } else {
                if !silently(|| self.raw().acquire_until(deadline, site)) {
                    self.pass_on(true);
                    return None;
                }
                // SAFETY: this thread has just got the lock, which one has at a time (M1 of the mutex).
                let entered = unsafe { self.entered() };
                self.arrive();
                entered
            };
            // SAFETY: the subject is this thread's own, and has left the roster.
            unsafe { subject.meet_panic() };
            // SAFETY: this thread is inside.
            if signal == Signal::Granted || unsafe { subject.ask(&entered) } {
                // SAFETY: as above.
                unsafe { subject.meet_panic() };
                return Some(entered);
            }
            self.roster.register(subject, None, Place::Front, true);
            guard = Some(entered.into_inner());
        }
    }

    /// A registered thread sleeps until it is woken, or until `deadline`.
    #[cfg(feature = "std")]
    fn sleep(&self, subject: Pin<&Subject<T>>, deadline: Option<Instant>, site: Site) -> Option<Signal> {
        let _waiting = Waiting::begin(self.raw().address(), WHAT, site, false);
        self.roster.outlook().sleep(subject.waiter().parker(), deadline)
    }

    /// From inside, where its predicate does not hold: looks on next, where that is worth while.
    #[cfg(feature = "std")]
    fn look_on(&self) -> Option<Onlooker<'_, T>> {
        if self.roster.outlook().is_good() { self.roster.look_on() } else { None }
    }

    /// From outside: enters whenever the value has been changed, until its predicate holds, or has panicked; once more, if it has not within
    /// some microseconds. Inside, with what the predicate has said in the end; `None` at the deadline.
    #[cfg(feature = "std")]
    fn watch(
        &self,
        mut onlooker: Onlooker<'_, T>,
        subject: Pin<&Subject<T>>,
        deadline: Option<Instant>,
        site: Site,
    ) -> Option<(MonitorGuard<'_, T>, Option<bool>)> {
        let found = self.roster.outlook().turn(deadline, || {
            if !onlooker.has_seen_change() {
                return None;
            }
            let found = self.look_again(subject, deadline, site);
            onlooker.catch_up();
            let goes_on = found.as_ref().is_some_and(|(_, answer)| *answer == Some(false));
            (!goes_on).then_some(found)
        });
        found.unwrap_or_else(|| self.look_again(subject, deadline, site))
    }

    /// Enters, and asks itself, unless it may not go in. Inside, with the answer; `None` at the deadline.
    #[cfg(feature = "std")]
    fn look_again(
        &self,
        subject: Pin<&Subject<T>>,
        deadline: Option<Instant>,
        site: Site,
    ) -> Option<(MonitorGuard<'_, T>, Option<bool>)> {
        if !silently(|| self.raw().acquire_until(deadline, site)) {
            return None;
        }
        // SAFETY: this thread has just got the lock, which one has at a time (M1 of the mutex).
        let entered = unsafe { self.entered() };
        // SAFETY: this thread is inside, and nobody else asks it: it is not registered (P2).
        let answer = self.roster.may_pass().then(|| unsafe { subject.ask(&entered) });
        if answer == Some(true) {
            self.roster.note_passing();
        }
        Some((entered, answer))
    }

    /// A thread that has the turn has entered.
    fn arrive(&self) {
        if self.roster.arrive() {
            self.roster.note_mutation();
        }
    }

    /// One that was woken, since its predicate held, does not enter: others are asked in its place.
    pub(crate) fn pass_on(&self, has_turn: bool) {
        if let Some(guard) = self.try_enter() {
            if has_turn {
                self.arrive();
            }
            drop(guard);
        } else {
            self.roster.pass_on(has_turn).wake_all();
        }
    }
}

/// Wakes when it is dropped.
struct WakeAll<const N: usize>(WakeList<N>);

impl<const N: usize> Drop for WakeAll<N> {
    fn drop(&mut self) {
        core::mem::take(&mut self.0).wake_all();
    }
}

/// Where a thread unwinds before it has parked: it leaves the roster.
#[cfg(feature = "std")]
struct Withdraw<'a, T> {
    monitor: &'a Monitor<T>,
    subject: Pin<&'a Subject<T>>,
}

#[cfg(feature = "std")]
impl<T> Drop for Withdraw<'_, T> {
    fn drop(&mut self) {
        match self.monitor.roster.leave(self.subject) {
            None => {}
            Some(Signal::Granted) => {
                // SAFETY: whoever left has left the lock to this thread.
                drop(unsafe { self.monitor.entered() });
            }
            Some(_) => self.monitor.pass_on(true),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Monitor<T> {
    /// Shows the value, or `<entered>` where somebody is inside. Never blocks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Monitor");
        match self.try_enter() {
            Some(guard) => debug.field("value", &&*guard),
            None => debug.field("value", &format_args!("<entered>")),
        };
        debug.finish_non_exhaustive()
    }
}

impl<T: Default> Default for Monitor<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Monitor<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(size_of::<Monitor<()>>() <= 96);
