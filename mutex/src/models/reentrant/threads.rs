//! Threads that enter their own hold again.

use super::*;

/// Counts up three times, in two entries of which the outer one ends first.
fn count_up_in_two_entries(lock: &Lock) {
    let mut outer = lock.lock();
    count_up_alone(&mut outer);
    let mut inner = lock.lock();
    assert!(ReentrantLockGuard::get_mut(&mut outer).is_none());
    outer.count_up();
    drop(outer);
    assert_eq!(lock.hold_count(), 1);
    count_up_alone(&mut inner);
}

/// Breaks if an entry waits for the others of its thread, if one of them releases the lock, or if none does.
#[test]
fn two_threads_that_enter_again_exclude_each_other() {
    // Unbounded does not end in 60 s; where one only tries, as below, it does.
    model_bounded(5, || {
        let lock = lock();
        let other = with_lock(&lock, count_up_in_two_entries);
        count_up_in_two_entries(&lock);
        other.join();
        assert_free(&lock, 6);
    });
}

/// Breaks if a guard of any kind ends without leaving, or leaves while it still has the value.
#[test]
fn guards_of_every_kind_exclude_each_other() {
    let kinds: [fn(&Lock); 3] = [
        |lock| count_up_alone(&mut lock.lock()),
        |lock| ReentrantLockGuard::map(lock.lock(), |number| number).count_up(),
        |lock| Arc::clone(lock).lock_owned().count_up(),
    ];
    for kind in kinds {
        // Unbounded, all kinds together take minutes.
        model_bounded(3, move || {
            let lock = lock();
            let thread = with_lock(&lock, kind);
            // Alone with the value: guards that only read it would not notice each other.
            count_up_alone(&mut lock.lock());
            thread.join();
            assert_free(&lock, 2);
        });
    }
}

/// Breaks if a thread takes the hold of another for its own.
#[test]
fn only_the_holder_enters_again() {
    model(|| {
        let lock = lock();
        let guard = lock.lock();
        let other = with_lock(&lock, |lock| {
            assert!(!lock.is_held_by_current_thread());
            lock.try_lock().is_some()
        });
        assert!(lock.try_lock().is_some());
        assert_eq!(lock.hold_count(), 1);
        drop(guard);
        let is_in = other.join();
        // It may have come after the guard was dropped.
        assert!(!is_in || !lock.is_held_by_current_thread());
        assert_free(&lock, 0);
    });
}

/// Breaks if an entry joins the queue, or is refused because somebody is in it.
#[test]
fn the_owner_enters_again_ahead_of_those_who_wait() {
    // Unbounded does not end in 60 s: the thread waits for the queue, and then in it.
    model_bounded(5, || {
        let lock = lock();
        let outer = lock.lock();
        let thread = with_lock(&lock, count_up_by_thread);
        let task = queued_as(&lock, &owner(), &alarm());
        wait_for_queued(&lock, 1);
        let inner = lock.lock();
        inner.count_up();
        drop((outer, inner));
        thread.join();
        drop(task);
        assert_free(&lock, 2);
    });
}

/// Breaks if an entry that is not the last releases the lock, or if the last one wakes nobody.
#[test]
fn the_last_release_wakes_a_thread() {
    model(|| {
        let lock = lock();
        let outer = lock.lock();
        let inner = lock.lock();
        let thread = with_lock(&lock, count_up_by_thread);
        drop(inner);
        // Nobody else may count meanwhile: an increment would be lost.
        outer.count_up();
        drop(outer);
        thread.join();
        assert_free(&lock, 2);
    });
}

/// The same for a task.
#[test]
fn the_last_release_wakes_a_task() {
    model(|| {
        let lock = lock();
        let (outer, inner) = (lock.lock(), lock.lock());
        let alarm = alarm();
        let mut task = queued_as(&lock, &owner(), &alarm);
        drop(outer);
        assert_eq!(alarm.rings(), 0);
        assert!(poll(task.as_mut(), &alarm).is_pending());
        drop(inner);
        assert_eq!(alarm.rings(), 1);
        assert!(poll(task.as_mut(), &alarm).is_ready());
        assert_free(&lock, 0);
    });
}

/// Breaks if a thread and an owner are let in together, or if one is not seen by the other.
#[test]
fn a_thread_and_an_owner_exclude_each_other() {
    // Unbounded does not end in 60 s; where one of them does not wait it does.
    model_bounded(6, || {
        let lock = lock();
        let other = with_lock(&lock, count_up_by_owner);
        count_up_by_thread(&lock);
        other.join();
        assert_free(&lock, 2);
    });
}

/// The same where the owner is a task that is polled once.
#[test]
fn a_thread_and_a_task_that_is_polled_once_exclude_each_other() {
    model(|| {
        let lock = lock();
        let other = with_lock(&lock, count_up_by_thread);
        let mut task = Box::pin(Arc::clone(&lock).lock_owned_async(owner()));
        let is_in = poll_once(task.as_mut()).map(|data| data.count_up()).is_ready();
        drop(task);
        other.join();
        assert_free(&lock, 1 + u32::from(is_in));
    });
}

/// Breaks if `bump` gives the lock to nobody, or does not come back to the depth at which it left.
#[test]
fn bump_lets_a_waiting_thread_in() {
    // More than one turn each: single turns run unbounded.
    model_bounded(4, || {
        let lock = lock();
        let mut guard = lock.lock();
        let thread = with_lock(&lock, count_up_by_thread);
        wait_for_queued(&lock, 1);
        ReentrantLockGuard::bump(&mut guard);
        assert_eq!((guard.get(), lock.hold_count()), (1, 1));
        drop(guard);
        thread.join();
        assert_free(&lock, 1);
    });
}

/// Breaks if `bump` or `unlocked` takes the lock from under the other guard of the thread.
#[test]
fn an_outer_guard_keeps_the_lock_in_a_bump_and_in_an_unlocked_call() {
    model(|| {
        let lock = lock();
        let mut outer = lock.lock();
        let mut inner = lock.lock();
        let alarm = alarm();
        let waiting = queued_as(&lock, &owner(), &alarm);
        ReentrantLockGuard::bump(&mut inner);
        ReentrantLockGuard::unlocked(&mut inner, || {
            assert!(lock.is_locked() && lock.hold_count() == 2);
            assert!(ReentrantLockGuard::get_mut(&mut outer).is_none(), "the inner guard lends the value, too");
        });
        assert_eq!((alarm.rings(), lock.hold_count()), (0, 2));
        drop((outer, inner, waiting));
        assert_free(&lock, 0);
    });
}

/// Breaks if the lock is not free while the call runs, or not held after it.
#[test]
fn unlocked_frees_the_lock_for_the_length_of_a_call() {
    model(|| {
        let lock = lock();
        let mut guard = lock.lock();
        let thread = with_lock(&lock, count_up_by_thread);
        ReentrantLockGuard::unlocked(&mut guard, || thread.join());
        assert_eq!((guard.get(), lock.hold_count()), (1, 1));
        drop(guard);
        assert_free(&lock, 1);
    });
}

/// Breaks if a deadline that passes at the moment of the release loses the lock, or leaves an entry behind.
#[test]
fn a_deadline_racing_the_last_release_is_an_entry_or_a_timeout() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (lock, deadline) = (lock(), deadline());
        let guard = lock.lock();
        let clock = spawn(let_time_pass);
        let thread = with_lock(&lock, move |lock| {
            let entry = lock.try_lock_until(deadline);
            entry.map(|data| data.count_up()).is_some()
        });
        drop(guard);
        let is_in = thread.join();
        clock.join();
        assert_free(&lock, u32::from(is_in));
    });
}
