//! A lock that nobody waits for is unlocked by a store, and no wake-up is lost: the modes of a lock, and the ways between them.

use latchwork_core::fence;
use latchwork_core::sync::model::JoinHandle;
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
use latchwork_core::sync::model::refuse_fences;

use super::*;
use crate::state::CALM;

/// Whether locks become quiet here.
fn is_offered() -> bool {
    fence::ask();
    while !fence::is_known() {
        yield_now();
    }
    fence::is_offered()
}

/// A mutex that has met nobody for long enough.
fn quiet_mutex() -> Arc<Mutex<u32>> {
    let mutex = mutex();
    while is_offered() && !mutex.raw().is_quiet() {
        drop(mutex.lock());
    }
    mutex
}

/// A quiet mutex that is locked, and a thread that unlocks it.
fn quiet_mutex_and_its_unlocker() -> (Arc<Mutex<u32>>, JoinHandle<()>) {
    let mutex = quiet_mutex();
    let guard = Arc::clone(&mutex).lock_owned();
    (mutex, spawn(move || drop(guard)))
}

/// Without a checker other tests of the process pass fences, too.
fn assert_fences(most: u64) {
    let count = fence::heavy_count();
    assert!(count <= most || cfg!(not(any(latchwork = "loom", latchwork = "shuttle"))), "{count} heavy fences");
}

/// Breaks if the Release in `free_quietly` is weakened.
#[test]
fn a_quiet_unlock_publishes_the_critical_section() {
    model(|| {
        let mutex = quiet_mutex();
        let writer = with_mutex(&mutex, |mutex| *mutex.lock() = 7);
        let seen = mutex.try_lock().map(|guard| *guard);
        assert!(matches!(seen, None | Some(0 | 7)));
        writer.join();
    });
}

/// Breaks if either fence is removed, if the owner does not look again after it has freed the lock, or if the newcomer sets `LOOK`
/// after the fence.
#[test]
fn a_quiet_unlock_racing_a_newcomer_loses_no_wake_up() {
    model(|| {
        let (mutex, unlocker) = quiet_mutex_and_its_unlocker();
        increment(&mutex);
        unlocker.join();
        assert_at_rest(&mutex, 1);
        assert_fences(1);
    });
}

/// The same for a task.
#[test]
fn a_quiet_unlock_racing_a_first_poll_loses_no_wake_up() {
    model(|| {
        let (mutex, unlocker) = quiet_mutex_and_its_unlocker();
        increment_async(&mutex);
        unlocker.join();
        assert_at_rest(&mutex, 1);
        assert_fences(1);
    });
}

/// The same for a task that gives up.
#[test]
fn a_quiet_unlock_racing_a_cancellation_leaves_the_lock_free() {
    model(|| {
        let (mutex, unlocker) = quiet_mutex_and_its_unlocker();
        drop(poll_once(Box::pin(mutex.lock_async()).as_mut()));
        unlocker.join();
        assert_at_rest(&mutex, 0);
        assert_fences(1);
    });
}

/// The same for a thread that runs out of time.
#[test]
fn a_quiet_unlock_racing_a_deadline_is_a_lock_or_a_timeout() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (mutex, unlocker) = quiet_mutex_and_its_unlocker();
        let deadline = deadline();
        let clock = spawn(let_time_pass);
        let locked = mutex.try_lock_until(deadline).map(|mut guard| *guard += 1).is_some();
        clock.join();
        unlocker.join();
        assert_at_rest(&mutex, u32::from(locked));
        assert_fences(1);
    });
}

/// Breaks if a newcomer that finds the lock settling does not confirm, or does so in the place of the first.
#[test]
fn one_that_comes_while_the_lock_settles_is_not_lost() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (mutex, unlocker) = quiet_mutex_and_its_unlocker();
        let other = with_mutex(&mutex, increment);
        increment(&mutex);
        unlocker.join();
        other.join();
        assert_at_rest(&mutex, 2);
        assert_fences(1);
    });
}

/// Breaks if the lock settles back to quiet, or if whoever comes then passes no fence for it, or one more.
#[test]
fn a_lock_that_settles_for_one_that_has_gone_does_so_for_the_next() {
    model(|| {
        let mutex = quiet_mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        drop(queued(&mutex));
        let unlocker = spawn(move || drop(guard));
        increment(&mutex);
        unlocker.join();
        assert_at_rest(&mutex, 1);
        assert_fences(1);
    });
}

/// Breaks if an owner frees a settling lock by a store and does not see `LOOK`, which is there before it has locked.
#[test]
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
fn an_owner_of_a_settling_lock_makes_it_busy() {
    model(|| {
        let mutex = quiet_mutex();
        let guard = mutex.lock();
        drop(queued(&mutex));
        let other = with_mutex(&mutex, increment);
        drop(guard);
        other.join();
        assert!(mutex.raw().is_busy());
        assert_at_rest(&mutex, 1);
    });
}

/// Breaks if the lock becomes quiet while somebody is queued, or without the queue's lock.
#[test]
fn a_lock_that_becomes_quiet_racing_a_newcomer_loses_no_wake_up() {
    // Four unlocks: unbounded does not end in 100 s.
    model_bounded(4, || {
        let mutex = mutex();
        let other = with_mutex(&mutex, increment);
        (0..2).for_each(|_| increment(&mutex));
        other.join();
        assert_at_rest(&mutex, 3);
    });
}

/// The same for a task that gives up.
#[test]
fn a_lock_that_becomes_quiet_racing_a_cancellation_is_free_at_the_end() {
    // Three unlocks: unbounded does not end in 100 s.
    model_bounded(4, || {
        let mutex = mutex();
        let other = with_mutex(&mutex, |mutex| drop(poll_once(Box::pin(mutex.lock_async()).as_mut())));
        (0..2).for_each(|_| increment(&mutex));
        other.join();
        assert_at_rest(&mutex, 2);
    });
}

/// The same for a thread that runs out of time.
#[test]
fn a_lock_that_becomes_quiet_racing_a_deadline_is_free_at_the_end() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let mutex = mutex();
        let deadline = deadline();
        let clock = spawn(let_time_pass);
        let other =
            with_mutex(&mutex, move |mutex| mutex.try_lock_until(deadline).map(|mut guard| *guard += 1).is_some());
        (0..2).for_each(|_| increment(&mutex));
        clock.join();
        let locked = other.join();
        assert_at_rest(&mutex, 2 + u32::from(locked));
    });
}

/// Breaks if the lock becomes quiet while a thread is on its way: the next unlock would wake another.
#[test]
fn a_lock_does_not_become_quiet_while_a_thread_is_on_its_way() {
    // Unbounded does not end in 100 s.
    model_bounded(5, || {
        let mutex = mutex();
        let guard = mutex.lock();
        let other = with_mutex(&mutex, |mutex| Arc::clone(mutex).lock_owned());
        wait_for_a_queued_thread(&mutex);
        drop(guard);
        (0..CALM).for_each(|_| drop(mutex.try_lock()));
        assert!(!mutex.raw().is_quiet());
        drop(other.join());
        assert_at_rest(&mutex, 0);
    });
}

/// Breaks if a lock that becomes quiet forgets one of two that come.
#[test]
fn a_lock_that_becomes_quiet_racing_two_newcomers_loses_no_wake_up() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let mutex = mutex();
        let others = [with_mutex(&mutex, increment), with_mutex(&mutex, increment)];
        (0..2).for_each(|_| increment(&mutex));
        others.into_iter().for_each(JoinHandle::join);
        assert_at_rest(&mutex, 4);
    });
}

/// Breaks if an unlock that meets somebody is counted as one that does not, or leaves the count as it was.
#[test]
fn a_contended_lock_becomes_quiet_after_some_unlocks_that_meet_nobody() {
    model(|| {
        let is_offered = is_offered();
        let mutex = mutex();
        drop(mutex.lock());
        let guard = mutex.lock();
        let waiting = queued(&mutex);
        drop(guard);
        drop(waiting);
        let unlocks = (1..=2 * CALM).find(|_| {
            drop(mutex.lock());
            mutex.raw().is_quiet()
        });
        assert_eq!(unlocks, is_offered.then_some(CALM));
    });
}

/// Breaks if a lock becomes quiet though the fence is refused.
#[test]
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
fn where_the_fence_is_refused_no_lock_becomes_quiet() {
    model(|| {
        refuse_fences();
        let mutex = mutex();
        (0..8).for_each(|_| increment(&mutex));
        assert!(mutex.raw().is_busy());
        assert_fences(0);
    });
}

/// Breaks if whoever is refused the fence goes on without it, or if the lock becomes quiet after that.
#[test]
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
fn a_fence_that_is_refused_to_a_quiet_lock_loses_no_wake_up() {
    model(|| {
        let mutex = quiet_mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        refuse_fences();
        let unlocker = spawn(move || drop(guard));
        increment(&mutex);
        unlocker.join();
        let was_quiet = mutex.raw().is_quiet();
        (0..4).for_each(|_| increment(&mutex));
        assert_eq!(mutex.raw().is_quiet(), was_quiet, "an offer is believed that was withdrawn");
        assert_at_rest(&mutex, 5);
    });
}
