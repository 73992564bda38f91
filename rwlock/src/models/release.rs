//! Whoever leaves lets in those who wait.

use super::*;

/// Breaks if the last reader leaves beside a writer that is about to sleep, and nobody looks.
#[test]
fn the_last_reader_wakes_the_writer() {
    model(|| {
        let guarded = preferring_writers();
        let guard = guarded.lock.read();
        let writer = guarded.spawn(Guarded::write);
        drop(guard);
        writer.join();
        guarded.assert_at_rest(1);
    });
}

/// The same for a task, and for two readers.
#[test]
fn the_last_of_two_readers_wakes_a_writing_task() {
    model(|| {
        let guarded = preferring_writers();
        let guards = (guarded.lock.read(), guarded.lock.read());
        let writer = guarded.spawn(Guarded::write_async);
        drop(guards.0);
        drop(guards.1);
        writer.join();
        guarded.assert_at_rest(1);
    });
}

/// Breaks if a writer leaves beside a reader that is about to sleep, and nobody looks.
#[test]
fn a_writer_wakes_a_reader() {
    model(|| {
        let guarded = preferring_writers();
        let guard = guarded.lock.write();
        let reader = guarded.spawn(Guarded::read);
        guarded.data.count_up();
        drop(guard);
        assert_eq!(reader.join(), 1);
        guarded.assert_at_rest(1);
    });
}

/// Breaks if a writer wakes one reader alone, or more than a list of wakes holds are forgotten.
#[test]
fn a_writer_wakes_all_readers() {
    model(|| {
        let guarded = preferring_writers();
        let guard = guarded.lock.write();
        let alarms = [(); 20].map(|()| alarm());
        let mut readers: Vec<_> = alarms.iter().map(|alarm| guarded.queued_reader(alarm)).collect();
        drop(guard);
        assert!(alarms.iter().all(|alarm| alarm.rings() == 1));
        let guards: Vec<_> = readers.iter_mut().map(take).collect();
        drop(guards);
        guarded.assert_at_rest(0);
    });
}

/// Breaks if a thread is woken alone where it could read beside another.
#[test]
fn a_writer_wakes_reading_threads_and_tasks() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let guarded = preferring_writers();
        let guard = guarded.lock.write();
        let readers = [guarded.spawn(Guarded::read), guarded.spawn(Guarded::read_async)];
        drop(guard);
        readers.into_iter().for_each(|reader| assert_eq!(reader.join(), 0));
        guarded.assert_at_rest(0);
    });
}

/// Breaks if the writer's changes are not visible to whoever reads beside it afterwards, or if readers are not let in.
#[test]
fn a_downgrade_publishes_and_lets_readers_in() {
    model(|| {
        let guarded = preferring_writers();
        let guard = guarded.lock.write();
        let reader = guarded.spawn(Guarded::read);
        guarded.data.count_up();
        let guard = RwLockWriteGuard::downgrade(guard);
        assert_eq!((reader.join(), guarded.data.get()), (1, 1));
        drop(guard);
        guarded.assert_at_rest(1);
    });
}

/// The same where the writer becomes the upgradable reader.
#[test]
fn a_downgrade_to_upgradable_lets_readers_in() {
    model(|| {
        let guarded = preferring_writers();
        let guard = guarded.lock.write();
        let reader = guarded.spawn(Guarded::read);
        guarded.data.count_up();
        let guard = RwLockWriteGuard::downgrade_to_upgradable(guard);
        assert_eq!((reader.join(), guarded.data.get()), (1, 1));
        assert!(guarded.lock.try_write().is_none() && guarded.lock.try_upgradable_read().is_none());
        drop(guard);
        guarded.assert_at_rest(1);
    });
}
