//! The named conditions.

use super::*;
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
use {
    crate::raw::{Locks, Notifier, RawCondition},
    latchwork_core::trace::Site,
    latchwork_core::wait::{Contender, Entrant, Entry, Place, Signal, Waiter},
    std::pin::pin,
};

/// A monitor, a condition of it, and a number that is waited for.
struct Shared {
    number: Monitor<u32>,
    changed: Condition,
}

fn shared() -> &'static Shared {
    let number = Monitor::new(0);
    leaked(Shared { changed: number.condition(), number })
}

impl Shared {
    fn spawn<T: Send + 'static>(
        &'static self,
        body: impl FnOnce(&'static Self) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        spawn(move || body(self))
    }

    /// A thread waits until the number is not 0, and counts it down.
    fn take(&self) {
        let mut number = self.number.enter();
        number.wait_while(&self.changed, |number| *number == 0);
        *number -= 1;
    }

    /// A task does the same.
    fn take_async(&self) {
        block_on(async {
            let number = self.number.enter_async().await;
            let mut number = number.wait_while_async(&self.changed, |number| *number == 0).await;
            *number -= 1;
        });
    }

    /// Counts up, and notifies.
    fn give(&self) -> usize {
        let mut number = self.number.enter();
        *number += 1;
        self.changed.notify_one(&number)
    }

    /// A hand-polled wait that has been polled once.
    fn waiting(&'static self, alarm: &Arc<Alarm>) -> Pin<Box<Wait<'static, MonitorGuard<'static, u32>>>> {
        let mut wait = Box::pin(self.number.enter().wait_async(&self.changed));
        assert!(poll(wait.as_mut(), alarm).is_pending());
        wait
    }

    fn assert_at_rest(&self, expected: u32) {
        assert_eq!(self.changed.notify_one(&self.number.enter()), 0, "nobody waits");
        assert_at_rest(&self.number, expected);
    }
}

/// Breaks if the monitor is left before the waiter is queued, or if whoever is notified is not woken.
#[test]
fn a_notification_racing_a_wait_is_not_lost() {
    for take in [Shared::take, Shared::take_async] {
        // Without a bound it does not end in minutes.
        model_bounded(6, move || {
            let shared = shared();
            let taker = shared.spawn(take);
            shared.give();
            taker.join();
            shared.assert_at_rest(0);
        });
    }
}

/// Breaks if two who notify reach the same waiter, or one of them nobody.
#[test]
fn two_who_notify_reach_two_waiters() {
    // Two threads with queues of three: without a bound it does not end in minutes.
    model_bounded(5, || {
        let shared = shared();
        let mut waits = [(); 2].map(|()| shared.waiting(&alarm()));
        let notifier = shared.spawn(Shared::give);
        assert_eq!(shared.give() + notifier.join(), 2);
        waits.iter_mut().for_each(|wait| drop(take(wait)));
        shared.assert_at_rest(2);
    });
}

/// Breaks if somebody is woken before it can enter, or out of turn.
#[test]
fn whoever_is_notified_is_woken_when_the_notifier_leaves() {
    model(|| {
        let shared = shared();
        let alarms = [(); 3].map(|()| alarm());
        let mut waits = alarms.each_ref().map(|alarm| shared.waiting(alarm));
        let rings = || alarms.each_ref().map(|alarm| alarm.rings());
        let guard = shared.number.enter();
        assert_eq!(shared.changed.notify_one(&guard) + shared.changed.notify_one(&guard), 2);
        assert_eq!(rings(), [0, 0, 0], "they wait to enter now");
        drop(guard);
        assert_eq!(rings(), [1, 0, 0]);
        drop(take(&mut waits[0]));
        assert_eq!(rings(), [1, 1, 0]);
        drop(take(&mut waits[1]));
        assert!(poll_once(waits[2].as_mut()).is_pending());
        assert_eq!(shared.changed.notify_one(&shared.number.enter()), 1);
        drop(take(&mut waits[2]));
        shared.assert_at_rest(0);
    });
}

/// Breaks if somebody is forgotten, if all are woken at once though they wait for the same monitor, or if one is reached that came
/// later.
#[test]
fn all_are_notified_and_woken_one_after_the_other() {
    model(|| {
        let shared = shared();
        let alarms = [(); 20].map(|()| alarm());
        let mut waits: Vec<_> = alarms.iter().map(|alarm| shared.waiting(alarm)).collect();
        let guard = shared.number.enter();
        assert_eq!(shared.changed.notify_all(&guard), 20);
        let mut late = Box::pin(guard.wait_async(&shared.changed));
        assert!(poll_once(late.as_mut()).is_pending());
        for (done, wait) in waits.iter_mut().enumerate() {
            assert!(alarms.iter().enumerate().all(|(index, alarm)| alarm.rings() == u32::from(index <= done)));
            drop(take(wait));
        }
        assert!(poll_once(late.as_mut()).is_pending(), "it came later");
        drop(late);
        shared.assert_at_rest(0);
    });
}

/// Breaks if one that leaves wakes nobody whom it has notified, or not all of them.
#[test]
fn threads_that_are_notified_from_inside_are_woken_when_the_notifier_leaves() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let shared = shared();
        let takers = [(); 2].map(|()| shared.spawn(Shared::take));
        let mut number = shared.number.enter();
        *number += 2;
        let _notified = [(); 2].map(|()| shared.changed.notify_one(&number));
        drop(number);
        takers.into_iter().for_each(JoinHandle::join);
        shared.assert_at_rest(0);
    });
}

/// Breaks if a thread that was notified sleeps on where whoever has notified it wakes another that panics.
#[test]
fn a_waker_that_panics_keeps_nobody_asleep_who_was_notified() {
    // Each preemption more takes about ten times as long.
    model_bounded(2, || {
        let shared = shared();
        // Where it has queued first, it is the one that wakes the other.
        let taker = shared.spawn(|shared| panics(|| shared.take()));
        let mut number = shared.number.enter();
        *number += 1;
        shared.changed.notify_one(&number);
        let mut entering = Box::pin(shared.number.enter_async());
        assert!(entering.as_mut().poll(&mut Context::from_waker(&Arc::new(Panics).into())).is_pending());
        let panicked = panics(|| drop(number));
        drop(entering);
        assert!(!(taker.join() && panicked), "it panics once");
        shared.assert_at_rest(0);
    });
}

/// Breaks if a thread that is notified passes one that wants to enter and has come before. No thread runs but this: the waiters are
/// theirs who would.
#[test]
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
fn one_that_is_notified_comes_behind_those_who_want_to_enter() {
    model(|| {
        let (monitor, condition) = (leaked(Monitor::new(0_u32)), RawCondition::new());
        let raw = monitor.raw();
        let waiters = [pin!(Waiter::new()), pin!(Waiter::new())];
        let [newcomer, notified] = waiters.each_ref().map(|waiter| waiter.as_ref());

        let guard = monitor.enter();
        assert!(matches!(raw.contender().enqueue(Entrant::new(newcomer, None, Place::Back)), Entry::Queued));
        condition.join(raw, Locks::One, notified, None);
        assert!(condition.notify_one(monitor.notifier()));
        drop(guard);
        assert_eq!((newcomer.signal(), notified.signal()), (Some(Signal::Woken), None));
        raw.acquire_with(newcomer, Signal::Woken, Site::NOWHERE);
        raw.contender().give_up();
        raw.acquire_with(notified, notified.signal().expect("it is its turn"), Site::NOWHERE);

        // Nobody else wants to enter: it need not queue.
        condition.join(raw, Locks::One, notified, None);
        assert!(condition.notify_one(monitor.notifier()));
        assert_eq!(notified.signal(), Some(Signal::Invited));
        assert!(condition.join(raw, Locks::One, notified, None), "it waits no more");
        condition.leave(notified);
        raw.contender().give_up();
        assert_at_rest(monitor, 0);
    });
}

/// Breaks if a thread that was notified is woken only when the one before it has come, or still counts as notified when it has come
/// too late. No thread runs but this: the waiters are theirs who would.
#[test]
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
fn each_that_leaves_wakes_one_that_was_notified() {
    model(|| {
        let (monitor, condition) = (leaked(Monitor::new(0_u32)), RawCondition::new());
        let raw = monitor.raw();
        let queue = |waiter, place| {
            assert!(matches!(raw.contender().enqueue(Entrant::new(waiter, None, place)), Entry::Queued));
        };
        let waiters = [pin!(Waiter::new()), pin!(Waiter::new()), pin!(Waiter::new()), pin!(Waiter::new())];
        let [newcomer, first, second, last] = waiters.each_ref().map(|waiter| waiter.as_ref());
        let signals = || [newcomer, first, second].map(|waiter| waiter.signal());

        let guard = monitor.enter();
        queue(newcomer, Place::Back);
        let is_first = [first, second].map(|waiter| condition.join(raw, Locks::One, waiter, None));
        assert_eq!(is_first, [true, false]);
        assert_eq!(condition.notify_all(Some(raw)), 2);
        drop(guard);
        assert_eq!(signals(), [Some(Signal::Woken), None, None]);
        drop(monitor.enter());
        assert_eq!(signals(), [Some(Signal::Woken), Some(Signal::Invited), None]);
        drop(monitor.enter());
        assert_eq!(signals(), [Some(Signal::Woken), Some(Signal::Invited), Some(Signal::Invited)]);

        // The first comes too late, and waits for the one that is on its way.
        let guard = monitor.enter();
        queue(first, Place::Front);
        drop(guard);
        drop(monitor.enter());
        assert_eq!(first.signal(), None);
        for waiter in [newcomer, first, second] {
            raw.acquire_with(waiter, waiter.signal().expect("it was woken"), Site::NOWHERE);
            raw.contender().give_up();
        }

        let guard = monitor.enter();
        condition.join(raw, Locks::One, last, None);
        assert!(condition.notify_one(Notifier::AtLock(raw)));
        drop(guard);
        assert!(!raw.has_company(), "it is not the one on its way, for whom others would wait");
        raw.acquire_with(last, last.signal().expect("it was woken"), Site::NOWHERE);
        raw.contender().give_up();
        assert_at_rest(monitor, 0);
    });
}

/// Breaks if a cancelled wait keeps a notification, or passes it on twice, or passes on one that was for all.
#[test]
fn a_notification_of_a_cancelled_wait_is_passed_on_once() {
    for is_woken in [true, false] {
        model(move || {
            let shared = shared();
            let alarms = [(); 3].map(|()| alarm());
            let [first, mut second, mut third] = alarms.each_ref().map(|alarm| shared.waiting(alarm));
            let guard = shared.number.enter();
            assert_eq!(shared.changed.notify_one(&guard), 1);
            let guard = (!is_woken).then_some(guard);
            drop(first);
            drop(guard);
            drop(take(&mut second));
            assert!(poll_once(third.as_mut()).is_pending());
            let guard = shared.number.enter();
            assert_eq!(shared.changed.notify_all(&guard), 1);
            drop(guard);
            let mut later = shared.waiting(&alarm());
            drop(third);
            assert!(poll_once(later.as_mut()).is_pending(), "all were notified, but it came later");
            drop(later);
            shared.assert_at_rest(0);
        });
    }
}

/// Breaks if a cancelled wait and a notification miss each other.
#[test]
fn a_notification_racing_a_cancelled_wait_is_passed_on() {
    model(|| {
        let shared = shared();
        let (first, mut second) = (shared.waiting(&alarm()), shared.waiting(&alarm()));
        let notifier = shared.spawn(Shared::give);
        drop(first);
        assert_eq!(notifier.join(), 1);
        drop(take(&mut second));
        shared.assert_at_rest(1);
    });
}

/// Breaks if the deadline and a notification together lose the notification, or say that the time ran out all the same.
#[test]
fn a_deadline_racing_a_notification_is_one_or_the_other() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (shared, deadline) = (shared(), deadline());
        let mut guard = shared.number.enter();
        let clock = spawn(let_time_pass);
        let notifier = shared.spawn(Shared::give);
        let timed_out = guard.wait_deadline(&shared.changed, deadline).timed_out();
        drop(guard);
        clock.join();
        assert_eq!(notifier.join() == 0, timed_out);
        shared.assert_at_rest(1);
    });
}

/// Breaks if a wait for a condition leaves without asking those who wait for predicates.
#[test]
fn one_that_waits_for_a_condition_lets_those_in_whose_predicate_holds() {
    // Without a bound it does not end in minutes.
    model_bounded(5, || {
        let shared = shared();
        let other = shared.spawn(|shared| {
            let mut number = shared.number.enter_when(|number| *number == 1);
            *number = 2;
            shared.changed.notify_all(&number)
        });
        let mut number = shared.number.enter();
        *number = 1;
        number.wait_while(&shared.changed, |number| *number != 2);
        drop(number);
        assert_eq!(other.join(), 1);
        shared.assert_at_rest(2);
    });
}

/// Breaks if a condition is used with another monitor than its own.
#[test]
fn a_condition_of_another_monitor_is_refused() {
    model(|| {
        let (own, other) = (shared(), shared());
        let waiting = own.waiting(&alarm());
        assert!(panics(|| other.number.enter().wait(&own.changed)));
        assert!(panics(|| drop(other.number.enter().wait_async(&own.changed))));
        assert!(panics(|| _ = own.changed.notify_one(&other.number.enter())));
        assert!(panics(|| _ = own.changed.notify_all(&other.number.enter())));
        drop(waiting);
        own.assert_at_rest(0);
        other.assert_at_rest(0);
        // It is the monitor that counts, and not where that is.
        let (first, second) = (Monitor::new(1), Monitor::new(2));
        let condition = second.condition();
        let moved = [second, first];
        assert_eq!(condition.notify_one(&moved[0].enter()), 0);
        assert!(panics(|| _ = condition.notify_one(&moved[1].enter())));
    });
}
