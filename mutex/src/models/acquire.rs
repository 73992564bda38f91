//! Whoever acquires the lock has it alone.

use super::*;

/// Breaks if the byte can be taken twice.
#[test]
fn two_threads_exclude_each_other() {
    model(|| {
        let mutex = mutex();
        let other = with_mutex(&mutex, increment);
        increment(&mutex);
        other.join();
        assert_at_rest(&mutex, 2);
    });
}

/// Breaks in the ways that take more than one turn: a mode that the first leaves behind for the second.
#[test]
fn a_thread_that_locks_again_excludes_the_other() {
    // More than one turn each: unbounded does not end in 100 s, and single turns run unbounded.
    model_bounded(6, || {
        let mutex = mutex();
        let other = with_mutex(&mutex, increment);
        increment(&mutex);
        increment(&mutex);
        other.join();
        assert_at_rest(&mutex, 3);
    });
}

/// Breaks if a second waiter is forgotten while a first is on its way.
#[test]
fn many_threads_exclude_each_other() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let mutex = mutex();
        let others: Vec<_> = (0..THREADS).map(|_| with_mutex(&mutex, increment)).collect();
        increment(&mutex);
        others.into_iter().for_each(|other| other.join());
        assert_at_rest(&mutex, THREADS as u32 + 1);
    });
}

#[test]
fn two_tasks_exclude_each_other() {
    model(|| {
        let mutex = mutex();
        let other = with_mutex(&mutex, increment_async);
        increment_async(&mutex);
        other.join();
        assert_at_rest(&mutex, 2);
    });
}

/// Breaks if a task behind another is not woken by it.
#[test]
fn many_tasks_exclude_each_other() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let mutex = mutex();
        let others: Vec<_> = (0..THREADS).map(|_| with_mutex(&mutex, increment_async)).collect();
        increment_async(&mutex);
        others.into_iter().for_each(|other| other.join());
        assert_at_rest(&mutex, THREADS as u32 + 1);
    });
}

#[test]
fn a_thread_and_a_task_exclude_each_other() {
    model(|| {
        let mutex = mutex();
        let task = with_mutex(&mutex, increment_async);
        increment(&mutex);
        task.join();
        assert_at_rest(&mutex, 2);
    });
}

/// Breaks if a woken task and a thread on its way each leave the wake-up of the other to somebody else.
#[test]
fn threads_and_tasks_exclude_each_other() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let mutex = mutex();
        let others: Vec<_> = (0..THREADS)
            .map(|index| with_mutex(&mutex, if index % 2 == 0 { increment_async } else { increment }))
            .collect();
        increment_async(&mutex);
        others.into_iter().for_each(|other| other.join());
        assert_at_rest(&mutex, THREADS as u32 + 1);
    });
}

/// Breaks if `try_lock` fails on a free lock, whoever is queued or woken at that moment.
#[test]
fn try_lock_fails_only_while_somebody_owns_the_lock() {
    model(|| {
        let mutex = mutex();
        let guard = mutex.lock();
        let waiting = queued(&mutex);
        let unlocked = with_mutex(&mutex, |mutex| mutex.try_lock().is_some());
        drop(guard);
        let mine = mutex.try_lock().is_some();
        let theirs = unlocked.join();
        assert!(mine || theirs);
        drop(waiting);
        assert!(mutex.try_lock().is_some());
    });
}

/// Breaks if a wait ends without the lock when its futex returns for no reason.
#[test]
fn a_spurious_return_is_not_taken_for_the_lock() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let mutex = mutex();
        let disturber = spawn(wake_spuriously);
        let other = with_mutex(&mutex, increment);
        increment(&mutex);
        other.join();
        disturber.join();
        assert_at_rest(&mutex, 2);
    });
}

/// Breaks if any step of a contended lock or unlock depends on the clock standing still.
#[test]
fn time_passing_at_any_moment_changes_no_outcome() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let mutex = mutex();
        let clock = spawn(let_time_pass);
        let other = with_mutex(&mutex, increment);
        increment_async(&mutex);
        other.join();
        clock.join();
        assert_at_rest(&mutex, 2);
    });
}
