//! The reader-writer lock: a writer has it alone, and readers have it together.

use super::*;

/// Breaks if the Release of the writer, or the Acquire of the reader, is weakened.
#[test]
fn a_writers_release_publishes_to_readers() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let writer = with(&lock, write);
        if let Some(value) = lock.try_read() {
            assert!(*value <= 1);
        }
        writer.join();
        assert_at_rest(&lock, 1);
    });
}

/// Breaks if the Release of the reader, or the Acquire of the writer, is weakened: the writer writes what is being read.
#[test]
fn a_readers_release_lets_a_writer_write() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let reader = with(&lock, read);
        write(&lock);
        assert!(reader.join() <= 1);
        assert_at_rest(&lock, 1);
    });
}

/// Breaks if two writers enter, or a waiting one misses a release.
#[test]
fn two_writers_exclude_each_other() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let other = with(&lock, write);
        write(&lock);
        other.join();
        assert_at_rest(&lock, 2);
    });
}

/// Breaks if a reader keeps another out.
#[test]
fn two_readers_share_the_lock() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(7));
        let other = with(&lock, |lock| lock.try_read().map(|guard| *guard));
        let mine = lock.try_read().map(|guard| *guard);
        assert_eq!((mine, other.join()), (Some(7), Some(7)));
        assert_at_rest(&lock, 7);
    });
}

/// Breaks if a reader that counted itself beside a writer takes itself out although the writer has left, and so fails on a
/// free lock; or enters, and does not see what the writer did.
#[test]
fn a_reader_about_to_back_out_may_enter() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let mut guard = lock.write();
        let reader = with(&lock, |lock| lock.try_read().map(|guard| *guard));
        *guard = 1;
        drop(guard);
        assert_ne!(reader.join(), Some(0));
        assert_at_rest(&lock, 1);
    });
}

/// Breaks if the writer's release is a store, which loses the count that the reader then takes below zero.
#[test]
fn a_release_keeps_the_count_of_a_reader_about_to_back_out() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let guard = lock.write();
        let reader = with(&lock, |lock| drop(lock.try_read()));
        drop(guard);
        reader.join();
        assert_at_rest(&lock, 0);
    });
}

/// Breaks if the writer's release is a store, which loses the announcement that the other takes out again.
#[test]
fn a_release_keeps_the_announcements_of_others() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let guard = lock.write();
        let other = with(&lock, write);
        wait_until(|| lock.waiting() == 1);
        drop(guard);
        other.join();
        assert_at_rest(&lock, 1);
    });
}

/// Breaks if `try_write` fails beside a reader that is about to learn that it may not enter, with nobody else there.
#[test]
fn try_write_fails_only_where_somebody_has_the_lock_or_waits() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let guard = lock.write();
        let reader = with(&lock, |lock| lock.try_read().map(core::mem::forget).is_some());
        drop(guard);
        let written = lock.try_write().map(core::mem::forget).is_some();
        assert!(written != reader.join(), "one of them has it for ever");
    });
}

/// Breaks if a reader enters beside a writer when there are more of both.
#[test]
fn readers_and_writers_exclude_each_other() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let lock = Arc::new(RwSpinLock::new(0));
        let writers: Vec<_> = (0..THREADS / 2).map(|_| with(&lock, write)).collect();
        let readers: Vec<_> = (0..THREADS / 2).map(|_| with(&lock, read)).collect();
        write(&lock);
        writers.into_iter().for_each(|writer| writer.join());
        readers.into_iter().for_each(|reader| assert!(reader.join() <= 1 + THREADS as u32 / 2));
        assert_at_rest(&lock, 1 + THREADS as u32 / 2);
    });
}

/// Breaks if the count of two readers and the announcement of a writer get into each other's way.
#[test]
fn two_readers_and_a_writer_exclude_each_other() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let lock = Arc::new(RwSpinLock::new(0));
        let readers: Vec<_> = (0..THREADS).map(|_| with(&lock, read)).collect();
        write(&lock);
        readers.into_iter().for_each(|reader| assert!(reader.join() <= 1));
        assert_at_rest(&lock, 1);
    });
}

#[test]
fn two_tasks_exclude_each_other() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let other = with(&lock, write_async);
        assert!(read_async(&lock) <= 1);
        other.join();
        assert_at_rest(&lock, 1);
    });
}

/// Breaks if the announcement that a task makes inside a poll outlives it, or is taken out twice.
#[test]
fn two_writing_tasks_exclude_each_other() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let other = with(&lock, write_async);
        write_async(&lock);
        other.join();
        assert_at_rest(&lock, 2);
    });
}

#[test]
fn a_thread_and_a_task_exclude_each_other() {
    model(|| {
        let lock = Arc::new(RwSpinLock::new(0));
        let task = with(&lock, write_async);
        write(&lock);
        task.join();
        assert_at_rest(&lock, 2);
    });
}

/// Breaks if threads that wait for ever and tasks that come back keep one another out.
#[test]
#[cfg_attr(latchwork = "loom", ignore = "long: run by `--ignored`")]
fn threads_and_tasks_exclude_each_other() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let lock = Arc::new(RwSpinLock::new(0));
        let reader = with(&lock, read);
        let task = with(&lock, write_async);
        write(&lock);
        assert!(reader.join() <= 2);
        task.join();
        assert_at_rest(&lock, 2);
    });
}
