//! Waits that end: by turns, by time, and by a task that is dropped.

use core::time::Duration;

use super::*;

/// Breaks if a task that finds the lock taken does not give way to its executor, or is not polled again.
#[test]
fn a_task_that_waits_wakes_itself_once_a_poll() {
    model(|| {
        let lock = SpinLock::new(0);
        let guard = lock.lock();
        let alarm = Arc::new(Alarm::default());
        let mut waiting = pin!(lock.lock_async());
        for polls in 1..=2 {
            assert!(poll(waiting.as_mut(), &alarm).is_pending());
            assert_eq!(alarm.rings(), polls);
        }
        drop(guard);
        assert!(poll(waiting.as_mut(), &alarm).is_ready());
        assert_eq!(alarm.rings(), 2, "it has nothing to wait for");
    });
}

/// Breaks if a future holds anything between polls, or before the first.
#[test]
fn a_future_that_is_dropped_leaves_no_trace() {
    model(|| {
        let lock = Arc::new(SpinLock::new(0));
        let guard = lock.lock();
        drop(lock.lock_async());
        let mut waiting = Box::pin(lock.lock_async());
        assert!(poll_once(waiting.as_mut()).is_pending());
        drop(guard);
        let other = with(&lock, increment);
        drop(waiting);
        other.join();
        assert_eq!(*lock.try_lock().expect("nobody has it now"), 1);
    });
}

/// The same for the reader-writer lock, whose writers announce themselves.
#[test]
fn a_writing_future_that_is_dropped_leaves_no_trace() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let reader = lock.read();
        drop(lock.write_async());
        let mut waiting = Box::pin(lock.write_async());
        assert!(poll_once(waiting.as_mut()).is_pending());
        let other = with(&lock, read);
        drop(reader);
        drop(waiting);
        other.join();
        assert_at_rest(&lock, 0);
    });
}

/// Breaks if a number of turns is no bound, or if the last turn is not followed by a try.
#[test]
fn turns_are_a_bound() {
    model(|| {
        let lock = Arc::new(SpinLock::new(0));
        let guard = lock.lock();
        assert!(lock.try_lock_spins(0).is_none());
        assert!(lock.try_lock_spins(2).is_none());
        let other = with(&lock, |lock| lock.try_lock_spins(1).map(|mut value| *value += 1).is_some());
        drop(guard);
        let locked = other.join();
        assert_eq!(*lock.try_lock_spins(0).expect("nobody has it now"), u32::from(locked));
    });
}

/// Breaks if a passed deadline fails on a free lock, or waits for a taken one.
#[test]
fn a_passed_deadline_makes_one_attempt() {
    model(|| {
        let lock = SpinLock::new(0);
        let rw = RwSpinLock::new(0);
        let deadline = deadline();
        let_time_pass();
        let guard = lock.try_lock_until(deadline).expect("it is free");
        assert!(lock.try_lock_until(deadline).is_none());
        assert!(lock.try_lock_for(Duration::ZERO).is_none());
        drop(guard);
        let guard = rw.try_write_until(deadline).expect("it is free");
        assert!(rw.try_read_until(deadline).is_none());
        assert!(rw.try_upgradable_read_for(Duration::ZERO).is_none());
        drop(guard);
        let guard = rw.try_upgradable_read_until(deadline).expect("it is free");
        assert!(RwSpinLockUpgradableGuard::try_upgrade_until(guard, deadline).is_ok());
        assert_at_rest(&rw, 0);
    });
}

/// Breaks if a deadline and an unlock together lose the lock, or count it twice.
#[test]
fn a_deadline_racing_unlock_is_a_lock_or_a_timeout() {
    model(|| {
        let lock = Arc::new(SpinLock::new(0));
        let deadline = deadline();
        let guard = lock.lock();
        let clock = spawn(let_time_pass);
        let timed = with(&lock, move |lock| lock.try_lock_until(deadline).map(|mut value| *value += 1).is_some());
        drop(guard);
        clock.join();
        let locked = timed.join();
        assert_eq!(*lock.try_lock().expect("nobody has it now"), u32::from(locked));
    });
}

/// The same for the reader-writer lock: breaks if a writer that runs out of time leaves its announcement, or takes out
/// another's.
#[test]
fn a_writers_deadline_racing_a_release_is_a_lock_or_a_timeout() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let deadline = deadline();
        let guard = lock.read();
        let clock = spawn(let_time_pass);
        let timed = with(&lock, move |lock| lock.try_write_until(deadline).map(|mut value| *value += 1).is_some());
        drop(guard);
        clock.join();
        let written = timed.join();
        assert_at_rest(&lock, u32::from(written));
    });
}

/// Breaks if an upgrade that runs out of time loses the lock that it had.
#[test]
fn an_upgrade_that_runs_out_of_time_is_still_upgradable() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let deadline = deadline();
        let reader = lock.read();
        let clock = spawn(let_time_pass);
        let guard = RwSpinLockUpgradableGuard::try_upgrade_until(lock.upgradable_read(), deadline)
            .map(drop)
            .expect_err("there is another reader");
        assert!(lock.try_upgradable_read().is_none());
        assert!(lock.try_read().is_some(), "it holds nobody back any more");
        drop(reader);
        assert!(RwSpinLockUpgradableGuard::try_upgrade(guard).is_ok());
        clock.join();
        assert_at_rest(&lock, 0);
    });
}

/// Breaks if a reader takes a deadline for a lock.
#[test]
fn a_readers_deadline_racing_a_release_is_a_lock_or_a_timeout() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let deadline = deadline();
        let guard = lock.write();
        let clock = spawn(let_time_pass);
        let timed = with(&lock, move |lock| {
            let guard: Option<RwSpinLockReadGuard<'_, u32>> = lock.try_read_until(deadline);
            guard.is_some()
        });
        drop(guard);
        clock.join();
        timed.join();
        assert_at_rest(&lock, 0);
    });
}

/// Breaks if a future that was ready is taken for one that can be polled on.
#[test]
#[should_panic(expected = "polled after it was ready")]
fn polling_a_future_that_was_ready_panics() {
    model(|| {
        let lock = SpinLock::new(0);
        let mut future = pin!(lock.lock_async());
        drop(poll_once(future.as_mut()));
        let _ = poll_once(future.as_mut());
    });
}
