//! The condition variable.

// The programs are too long for loom.
#[cfg(not(latchwork = "loom"))]
mod calls;

use super::*;

/// A mutex, a condition variable, and a number that is waited for.
struct Shared {
    number: Mutex<u32>,
    changed: Condvar,
}

fn shared() -> &'static Shared {
    leaked(Shared { number: Mutex::new(0), changed: Condvar::new() })
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
        let mut number = self.number.lock();
        self.changed.wait_while(&mut number, |number| *number == 0);
        *number -= 1;
    }

    /// A task does the same.
    fn take_async(&self) {
        block_on(async {
            let mut number = self.number.lock_async().await;
            while *number == 0 {
                number = self.changed.wait_async(number).await;
            }
            *number -= 1;
        });
    }

    /// Counts up, and notifies while it owns the mutex, or afterwards.
    fn give(&self, is_owner: bool) {
        let mut number = self.number.lock();
        *number += 1;
        if is_owner {
            self.changed.notify_one();
        }
        drop(number);
        if !is_owner {
            self.changed.notify_one();
        }
    }

    /// A hand-polled wait that has been polled once.
    fn waiting(&'static self, alarm: &Arc<Alarm>) -> Pin<Box<Wait<'static, MutexGuard<'static, u32>>>> {
        let mut wait = Box::pin(self.changed.wait_async(self.number.lock()));
        assert!(poll(wait.as_mut(), alarm).is_pending());
        wait
    }

    fn assert_at_rest(&self, expected: u32) {
        assert!(!self.changed.notify_one(), "nobody waits");
        assert_eq!(*self.number.try_lock().expect("nobody owns the mutex"), expected);
    }
}

/// Breaks if the mutex is unlocked before the waiter is queued, or if whoever is notified is not woken.
#[test]
fn a_notification_racing_a_wait_is_not_lost() {
    for take in [Shared::take, Shared::take_async] {
        for is_owner in [true, false] {
            // Without a bound it does not end in minutes.
            model_bounded(6, move || {
                let shared = shared();
                let taker = shared.spawn(take);
                shared.give(is_owner);
                taker.join();
                shared.assert_at_rest(0);
            });
        }
    }
}

/// Breaks if a notification reaches nobody, or two, where a thread and a task wait.
#[test]
fn two_notifications_reach_two_waiters() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let shared = shared();
        let takers = [shared.spawn(Shared::take), shared.spawn(Shared::take_async)];
        let mut number = shared.number.lock();
        *number = 2;
        shared.changed.notify_one();
        shared.changed.notify_one();
        drop(number);
        takers.into_iter().for_each(JoinHandle::join);
        shared.assert_at_rest(0);
    });
}

/// Breaks if somebody is notified out of turn, or if a notification is kept for those who come later.
#[test]
fn those_who_wait_are_notified_in_the_order_in_which_they_came() {
    model(|| {
        let shared = shared();
        assert!(!shared.changed.notify_one());
        let alarms = [(); 3].map(|()| alarm());
        let mut waits = alarms.each_ref().map(|alarm| shared.waiting(alarm));
        let rings = || alarms.each_ref().map(|alarm| alarm.rings());
        assert_eq!(rings(), [0, 0, 0]);
        assert!(shared.changed.notify_one() && shared.changed.notify_one());
        assert_eq!(rings(), [1, 1, 0]);
        drop(take(&mut waits[0]));
        drop(take(&mut waits[1]));
        assert!(poll_once(waits[2].as_mut()).is_pending());
        assert!(shared.changed.notify_one());
        drop(take(&mut waits[2]));
        shared.assert_at_rest(0);
    });
}

/// Breaks if a thread is moved to the queue of a mutex that a third thread unlocks without seeing it.
#[test]
fn a_notification_racing_an_unlock_by_another_is_not_lost() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let shared = shared();
        let mut number = shared.number.lock();
        let notifier = shared.spawn(|shared| {
            // Until the mutex is unlocked, since somebody waits.
            drop(shared.number.lock());
            assert!(shared.changed.notify_one());
        });
        let other = shared.spawn(|shared| drop(shared.number.try_lock()));
        shared.changed.wait(&mut number);
        drop(number);
        notifier.join();
        other.join();
        shared.assert_at_rest(0);
    });
}

/// Breaks if threads are woken though somebody owns the mutex, or are not woken when it is unlocked.
#[test]
fn threads_that_are_notified_join_the_queue_of_the_mutex() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let shared = shared();
        let takers = [shared.spawn(Shared::take), shared.spawn(Shared::take)];
        let mut number = shared.number.lock();
        *number = 2;
        shared.changed.notify_all();
        drop(number);
        takers.into_iter().for_each(JoinHandle::join);
        shared.assert_at_rest(0);
    });
}

/// Breaks if `wait_while_async` ends while its condition holds, or goes on when it does not.
#[test]
fn a_task_waits_while_its_condition_holds() {
    model(|| {
        let shared = shared();
        let mut wait = Box::pin(shared.changed.wait_while_async(shared.number.lock(), |number| *number < 2));
        for _ in 0..2 {
            assert!(poll_once(wait.as_mut()).is_pending());
            shared.give(true);
        }
        assert_eq!(*take(&mut wait), 2);
        let mut wait = Box::pin(shared.changed.wait_while_async(shared.number.lock(), |number| *number < 2));
        drop(take(&mut wait));
        shared.assert_at_rest(2);
    });
}

/// Breaks if whoever is notified where nobody owns the mutex is queued there, and sleeps.
#[test]
fn all_are_woken_where_nobody_owns_the_mutex() {
    model(|| {
        let shared = shared();
        let alarms = [(); 20].map(|()| alarm());
        let mut waits: Vec<_> = alarms.iter().map(|alarm| shared.waiting(alarm)).collect();
        assert_eq!(shared.changed.notify_all(), 20);
        assert!(alarms.iter().all(|alarm| alarm.rings() == 1));
        waits.iter_mut().for_each(|wait| drop(take(wait)));
        shared.assert_at_rest(0);
    });
}

/// Breaks if a cancelled wait keeps a notification, or passes it on twice, or passes on one that was for all.
#[test]
fn a_notification_of_a_cancelled_wait_is_passed_on_once() {
    for is_owner in [true, false] {
        model(move || {
            let shared = shared();
            let alarms = [(); 3].map(|()| alarm());
            let [first, mut second, mut third] = alarms.each_ref().map(|alarm| shared.waiting(alarm));
            let guard = is_owner.then(|| shared.number.lock());
            assert!(shared.changed.notify_one());
            drop(guard);
            drop(first);
            drop(take(&mut second));
            assert!(poll_once(third.as_mut()).is_pending());
            assert_eq!(shared.changed.notify_all(), 1);
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
    for is_owner in [true, false] {
        model(move || {
            let shared = shared();
            let (first, mut second) = (shared.waiting(&alarm()), shared.waiting(&alarm()));
            let notifier = shared.spawn(move |shared| shared.give(is_owner));
            drop(first);
            notifier.join();
            drop(take(&mut second));
            shared.assert_at_rest(1);
        });
    }
}

/// Breaks if the deadline and a notification together lose the notification, or say that the time ran out all the same.
#[test]
fn a_deadline_racing_a_notification_is_one_or_the_other() {
    for is_owner in [true, false] {
        // Three threads: each preemption more takes about ten times as long.
        model_bounded(3, move || {
            let (shared, deadline) = (shared(), deadline());
            let guard = shared.number.lock();
            let clock = spawn(let_time_pass);
            let notifier = shared.spawn(move |shared| {
                let guard = shared.number.lock();
                let kept = is_owner.then_some(guard);
                let is_notified = shared.changed.notify_one();
                drop(kept);
                is_notified
            });
            let mut guard: MutexGuard<'_, u32> = guard;
            let timed_out = shared.changed.wait_until(&mut guard, deadline).timed_out();
            drop(guard);
            clock.join();
            assert_eq!(notifier.join(), !timed_out);
            shared.assert_at_rest(0);
        });
    }
}

/// Breaks if who notifies without owning the mutex reaches it when the last that waits with it has gone, and freed it (N2, N3).
#[test]
#[cfg(latchwork = "loom")]
fn a_mutex_may_end_when_its_last_waiter_has_gone() {
    let notify_one: fn(&Condvar) -> usize = |condvar| usize::from(condvar.notify_one());
    for (notify, is_late) in
        [notify_one, Condvar::notify_all].into_iter().flat_map(|notify| [(notify, true), (notify, false)])
    {
        // Without a bound it does not end in minutes.
        model_bounded(6, move || {
            let (condvar, deadline) = (leaked(Condvar::new()), deadline());
            let waiter = spawn(move || {
                let mut mutex = Mutex::new(0);
                let timed_out = condvar.wait_until(&mut mutex.lock(), deadline).timed_out();
                latchwork_mutex::internal::end(&mut mutex);
                timed_out
            });
            if is_late {
                let_time_pass();
            }
            let count = notify(condvar);
            let_time_pass();
            assert_eq!(waiter.join(), count == 0);
        });
    }
}

/// Breaks if a wait with another mutex joins those who wait.
#[test]
fn a_second_mutex_is_refused() {
    model(|| {
        let shared = shared();
        let other = Mutex::new(0);
        let waiting = shared.waiting(&alarm());
        let wait = || shared.changed.wait(&mut other.lock());
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(wait)).is_err());
        assert!(!other.is_locked());
        drop(waiting);
        let mut wait = Box::pin(shared.changed.wait_async(other.lock()));
        assert!(poll_once(wait.as_mut()).is_pending());
        drop(wait);
        shared.assert_at_rest(0);
    });
}
