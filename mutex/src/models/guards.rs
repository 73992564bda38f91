//! What guards do, and how they end.

use super::*;
use crate::OwnedMutexGuard;

/// Breaks if a guard of any kind ends without unlocking, or unlocks while it still has the value.
#[test]
fn guards_of_every_kind_exclude_each_other() {
    let kinds: [fn(&Arc<Mutex<u32>>); 4] = [
        increment,
        |mutex| *MutexGuard::map(mutex.lock(), |number| number) += 1,
        |mutex| *Arc::clone(mutex).lock_owned() += 1,
        |mutex| *OwnedMutexGuard::map(Arc::clone(mutex).lock_owned(), |number| number) += 1,
    ];
    for kind in kinds {
        // Unbounded, all kinds together take minutes.
        model_bounded(3, move || {
            let mutex = mutex();
            let thread = with_mutex(&mutex, kind);
            kind(&mutex);
            thread.join();
            assert_at_rest(&mutex, 2);
        });
    }
}

/// Breaks if `bump` gives the lock to nobody, or does not come back.
#[test]
fn bump_lets_a_waiting_thread_in() {
    // More than one turn each: unbounded does not end in 100 s, and single turns run unbounded.
    model_bounded(6, || {
        let mutex = mutex();
        let mut guard = mutex.lock();
        let thread = with_mutex(&mutex, increment);
        let is_queued = mutex.raw().queued_threads() > 0;
        MutexGuard::bump(&mut guard);
        assert!(*guard == 1 || !is_queued, "the thread has had the lock");
        drop(guard);
        thread.join();
        assert_at_rest(&mutex, 1);
    });
}

/// Breaks if `bump` waits for a task that is not polled.
#[test]
fn bump_does_not_wait_for_a_task() {
    model(|| {
        let mutex = mutex();
        let mut guard = mutex.lock();
        let mut waiting = queued(&mutex);
        MutexGuard::bump(&mut guard);
        assert!(poll_once(waiting.as_mut()).is_pending());
        drop(guard);
        assert!(poll_once(waiting.as_mut()).is_ready());
    });
}

/// Breaks if the lock is not free while the call runs, or not held after it.
#[test]
fn unlocked_frees_the_lock_for_the_length_of_a_call() {
    model(|| {
        let mutex = mutex();
        let mut guard = mutex.lock();
        let thread = with_mutex(&mutex, increment);
        MutexGuard::unlocked(&mut guard, || thread.join());
        assert_eq!(*guard, 1);
        assert!(mutex.is_locked());
        drop(guard);
        assert_at_rest(&mutex, 1);
    });
}

/// Breaks if a future that is ready is taken for one that can be polled on.
#[test]
#[should_panic(expected = "polled after it was ready")]
fn polling_a_future_that_was_ready_panics() {
    model(|| {
        let mutex = mutex();
        let mut future: Pin<Box<Lock<'_, u32>>> = Box::pin(mutex.lock_async());
        assert!(poll_once(future.as_mut()).is_ready());
        let _ = poll_once(future.as_mut());
    });
}
