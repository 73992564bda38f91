//! The test-and-set lock: whoever has it has it alone.

use super::*;

/// Breaks if the Release of the unlock, or the Acquire of the lock, is weakened.
#[test]
fn unlock_publishes_the_section() {
    model(|| {
        let lock = Arc::new(SpinLock::new(0));
        let other = with(&lock, increment);
        if let Some(value) = lock.try_lock() {
            assert!(*value <= 1);
        }
        other.join();
        assert_eq!(*lock.try_lock().expect("nobody has it now"), 1);
    });
}

/// Breaks if the byte can be taken twice, or an unlock is not seen.
#[test]
fn two_threads_exclude_each_other() {
    model(|| {
        let lock = Arc::new(SpinLock::new(0));
        let other = with(&lock, increment);
        increment(&lock);
        other.join();
        assert_eq!(*lock.lock(), 2);
    });
}

/// Breaks if a waiter takes the unlock of the last owner but one for the last.
#[test]
fn many_threads_exclude_each_other() {
    // Three threads: unbounded does not end in 100 s.
    model_bounded(4, || {
        let lock = Arc::new(SpinLock::new(0));
        let others: Vec<_> = (0..THREADS).map(|_| with(&lock, increment)).collect();
        increment(&lock);
        others.into_iter().for_each(|other| other.join());
        assert_eq!(*lock.lock(), THREADS as u32 + 1);
    });
}

/// Breaks if a task that found the lock taken does not come back by itself: nobody else wakes it.
#[test]
fn two_tasks_exclude_each_other() {
    model(|| {
        let lock = Arc::new(SpinLock::new(0));
        let other = with(&lock, increment_async);
        increment_async(&lock);
        other.join();
        assert_eq!(*lock.lock(), 2);
    });
}

#[test]
fn a_thread_and_a_task_exclude_each_other() {
    model(|| {
        let lock = Arc::new(SpinLock::new(0));
        let task = with(&lock, increment_async);
        increment(&lock);
        task.join();
        assert_eq!(*lock.lock(), 2);
    });
}

/// As `two_threads_exclude_each_other`, over both kinds and more of them.
#[test]
fn threads_and_tasks_exclude_each_other() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let lock = Arc::new(SpinLock::new(0));
        let kind = |index| if index % 2 == 0 { increment } else { increment_async };
        let others: Vec<_> = (0..THREADS).map(|index| with(&lock, kind(index))).collect();
        increment_async(&lock);
        others.into_iter().for_each(|other| other.join());
        assert_eq!(*lock.lock(), THREADS as u32 + 1);
    });
}

/// Breaks if `try_lock` fails on a free lock.
#[test]
fn try_lock_fails_only_while_somebody_has_the_lock() {
    model(|| {
        let lock = Arc::new(SpinLock::new(()));
        let keep = |lock: &SpinLock<()>| lock.try_lock().map(core::mem::forget).is_some();
        let other = with(&lock, keep);
        let mine = keep(&lock);
        assert!(mine != other.join(), "one of them has it for ever");
    });
}
