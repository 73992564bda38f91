//! The sentences of the sections on fairness. Those on tickets and upgrades stand beside their models.

use super::*;

/// Breaks if a future that has been polled has any right to the lock.
#[test]
fn a_free_lock_goes_to_the_first_that_comes() {
    model(|| {
        let lock = SpinLock::new(0);
        let guard = lock.lock();
        let mut waiting = pin!(lock.lock_async());
        assert!(poll_once(waiting.as_mut()).is_pending());
        drop(guard);
        let guard = lock.try_lock().expect("nobody has it");
        assert!(poll_once(waiting.as_mut()).is_pending());
        drop(guard);
        assert!(poll_once(waiting.as_mut()).is_ready());
    });
}

/// Breaks if a waiting writer keeps a newcomer from a free lock.
#[test]
fn a_free_lock_goes_to_the_first_writer_that_comes() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let guard = lock.write();
        let writer = with(&lock, write);
        wait_until(|| lock.waiting() == 1);
        drop(guard);
        // Either of them may be the first; if it is this one, the other is still announced.
        let first = lock.try_write().map(|mut value| *value += 1).is_some();
        writer.join();
        assert_at_rest(&lock, 1 + u32::from(first));
    });
}

/// Breaks if a writer that there was no room to count takes the announcement of another.
#[test]
fn a_writer_that_is_not_counted_uses_no_announcement_up() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let reader = lock.read();
        lock.be_waited_for_by_many(|| {
            let writer = with(&lock, write);
            drop(reader);
            writer.join();
        });
        assert_at_rest(&lock, 1);
    });
}

/// A writer waits for a reader to leave, and meanwhile `newcomer` is refused.
fn a_writer_waits_and_holds_back(newcomer: impl Fn(&RwSpinLock<u32>) -> bool + Send + Sync + 'static) {
    model(move || {
        let lock = Arc::new(RwSpinLock::new(0));
        let reader = lock.read();
        let writer = with(&lock, write);
        wait_until(|| lock.waiting() == 1);
        assert!(newcomer(&lock));
        drop(reader);
        writer.join();
        assert_at_rest(&lock, 1);
    });
}

/// Breaks if readers that keep coming delay a writer.
#[test]
fn a_waiting_writer_holds_back_new_readers() {
    a_writer_waits_and_holds_back(|lock| lock.try_read().is_none());
}

/// The same for tasks that read, and for upgradable readers.
#[test]
fn a_waiting_writer_holds_back_every_kind_of_reader() {
    a_writer_waits_and_holds_back(|lock| poll_once(pin!(lock.read_async())).is_pending());
    a_writer_waits_and_holds_back(|lock| lock.try_upgradable_read().is_none());
}

/// Breaks if a second upgradable reader keeps plain ones out while it waits.
#[test]
fn a_waiting_upgradable_reader_holds_back_nobody() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let guard = lock.upgradable_read();
        let second = with(&lock, |lock| drop(lock.upgradable_read()));
        let mut waiting = pin!(lock.upgradable_read_async());
        assert!(poll_once(waiting.as_mut()).is_pending());
        assert!(lock.try_read().is_some());
        drop(guard);
        second.join();
        assert!(poll_once(waiting.as_mut()).is_ready());
        assert_at_rest(&lock, 0);
    });
}

/// Breaks if a writing task leaves its announcement behind when it returns `Pending`.
#[test]
fn a_writing_task_that_is_not_polled_holds_back_nobody() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let reader = lock.read();
        let mut writing = pin!(lock.write_async());
        assert!(poll_once(writing.as_mut()).is_pending());
        assert_eq!(with(&lock, |lock| lock.try_read().map(|guard| *guard)).join(), Some(0));
        drop(reader);
        assert!(poll_once(writing.as_mut()).is_ready());
        assert_at_rest(&lock, 0);
    });
}

/// Breaks if a writer that gives up, by turns, by time or by being dropped, stays announced.
#[test]
fn a_writer_that_gives_up_lets_readers_in() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let deadline = deadline();
        let reader = lock.read();
        let clock = spawn(let_time_pass);
        assert!(lock.try_write_until(deadline).is_none());
        assert!(lock.try_read().is_some());
        assert!(lock.try_write_spins(1).is_none());
        assert!(lock.try_read().is_some());
        drop(reader);
        clock.join();
        assert_at_rest(&lock, 0);
    });
}
