//! A writer has the lock alone.

use super::*;

/// Breaks if two writers enter, or if one does not see what the other did.
#[test]
fn a_writer_publishes_to_the_next() {
    model(|| {
        let guarded = preferring_writers();
        let other = guarded.spawn(Guarded::write);
        guarded.write();
        other.join();
        guarded.assert_at_rest(2);
    });
}

#[test]
fn two_writing_tasks_exclude_each_other() {
    model(|| {
        let guarded = preferring_writers();
        let other = guarded.spawn(Guarded::write_async);
        guarded.write_async();
        other.join();
        guarded.assert_at_rest(2);
    });
}

/// Breaks if a reader enters beside a writer, or does not see what it did.
#[test]
fn a_writer_publishes_to_readers() {
    model(|| {
        let guarded = preferring_writers();
        let writer = guarded.spawn(|guarded| {
            let _guard = guarded.lock.write();
            guarded.data.count_up();
            guarded.data.count_up();
        });
        assert!(guarded.read() % 2 == 0, "all or nothing");
        writer.join();
        guarded.assert_at_rest(2);
    });
}

/// The same for tasks.
#[test]
fn a_writing_task_excludes_a_reading_one() {
    model(|| {
        let guarded = preferring_writers();
        let writer = guarded.spawn(Guarded::write_async);
        guarded.read_async();
        writer.join();
        guarded.assert_at_rest(1);
    });
}

/// Breaks if a writer enters before a reader has left, or without having seen it leave.
#[test]
fn readers_leave_before_a_writer_enters() {
    model(|| {
        let guarded = preferring_writers();
        let reader = guarded.spawn(|guarded| guarded.lock.try_read().map(|_guard| guarded.data.get()));
        if let Some(_guard) = guarded.lock.try_write() {
            guarded.data.count_up();
        }
        let seen = reader.join();
        let count = guarded.read();
        assert!(seen.is_some() || count == 1, "one of them comes first");
        guarded.assert_at_rest(count);
    });
}

/// Breaks if a reader is refused by a free lock or by another reader.
#[test]
fn readers_never_refuse_each_other() {
    model(|| {
        let guarded = preferring_writers();
        let read = |guarded: &'static Guarded| {
            let _guard = guarded.lock.try_read().expect("nobody writes");
            guarded.data.get()
        };
        let other = guarded.spawn(read);
        read(guarded);
        other.join();
        guarded.assert_at_rest(0);
    });
}

/// Breaks if a reader that counted itself in vain keeps a writer out for good.
#[test]
fn a_reader_that_is_refused_leaves_no_trace() {
    // Without a bound 2.2 million executions, which take two minutes.
    model_bounded(6, || {
        let guarded = preferring_writers();
        let guard = guarded.lock.write();
        let reader = guarded.spawn(|guarded| guarded.lock.try_read().is_some());
        drop(guard);
        guarded.write();
        reader.join();
        guarded.assert_at_rest(1);
    });
}

#[test]
fn threads_and_tasks_share_the_lock() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let guarded = preferring_writers();
        let ways = [Guarded::write_async, Guarded::look];
        let others: Vec<_> = (0..THREADS).map(|index| guarded.spawn(ways[index % 2])).collect();
        guarded.write();
        others.into_iter().for_each(|other| other.join());
        guarded.assert_at_rest(THREADS.div_ceil(2) as u32 + 1);
    });
}

/// Breaks if a reader that is one too many enters, or changes anything.
#[test]
fn one_reader_too_many_panics_and_changes_nothing() {
    model(|| {
        let guarded = preferring_writers();
        guarded.lock.raw().add_readers(RwLock::<()>::MAX_READERS as i32 - 1);
        let guard = guarded.lock.read();
        let one_more: [&dyn Fn(); 2] = [&|| drop(guarded.lock.read()), &|| drop(guarded.lock.upgradable_read())];
        for one_more in one_more {
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(one_more)).is_err());
        }
        assert!(guarded.lock.try_write().is_none());
        drop(guard);
        // Whoever has the upgradable share has a place beside them.
        let upgradable = guarded.lock.upgradable_read();
        let last = guarded.lock.read();
        let downgraded = RwLockUpgradableGuard::downgrade(upgradable);
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(one_more[1])).is_err());
        drop((last, downgraded));
        guarded.lock.raw().add_readers(1 - RwLock::<()>::MAX_READERS as i32);
        guarded.assert_at_rest(0);
    });
}
