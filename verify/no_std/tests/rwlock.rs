//! The reader-writer lock without the standard library.

use std::pin::Pin;
use std::sync::Arc;
use std::thread;

use latchwork_no_std::{Job, Task, give_way, run, watchdog};
use latchwork_rwlock::{OwnedRwLockReadGuard, Policy, RwLock, UpgradableGuard, WriteGuard};

const POLICIES: [Policy; 3] = [Policy::WriterPreferring, Policy::PhaseFair, Policy::ReaderPreferring];

#[test]
fn tasks_of_one_thread_find_no_write_half_done() {
    for policy in POLICIES {
        let lock = RwLock::with_policy((0, 0), policy);
        let writer = || async {
            for _ in 0..50 {
                let mut guard = lock.write_async().await;
                guard.0 += 1;
                give_way().await;
                guard.1 += 1;
            }
        };
        let reader = || async {
            for _ in 0..50 {
                let guard = lock.read_async().await;
                let (first, second) = *guard;
                give_way().await;
                assert_eq!((first, second), (guard.1, guard.0));
            }
        };
        let mut jobs: Vec<Pin<Box<Job<'_>>>> = Vec::new();
        for _ in 0..3 {
            jobs.push(Box::pin(writer()));
            jobs.push(Box::pin(reader()));
        }
        run(jobs);
        assert_eq!(*lock.try_read().unwrap(), (150, 150));
    }
}

#[test]
fn tasks_of_several_threads_find_no_write_half_done() {
    watchdog("tasks_of_several_threads_find_no_write_half_done", || {
        let lock = Arc::new(RwLock::new((0, 0)));
        let threads: Vec<_> = (0..4)
            .map(|index| {
                let lock = Arc::clone(&lock);
                let job = async move {
                    for _ in 0..1000 {
                        if index % 2 == 0 {
                            let mut guard = Arc::clone(&lock).write_owned_async().await;
                            guard.0 += 1;
                            thread::yield_now();
                            guard.1 += 1;
                        } else {
                            let guard: OwnedRwLockReadGuard<_> = Arc::clone(&lock).read_owned_async().await;
                            assert_eq!(guard.0, guard.1);
                        }
                    }
                };
                thread::spawn(|| Task::new(job).block_on())
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*lock.try_read().unwrap(), (2000, 2000));
    });
}

#[test]
fn a_task_that_came_too_late_once_is_given_way_to() {
    let lock = RwLock::new(());
    let guard = lock.try_write().unwrap();
    let (mut writer, mut reader) = (Task::new(lock.write_async()), Task::new(lock.read_async()));
    assert!(writer.poll().is_pending());
    drop(guard);
    let guard = lock.try_write().unwrap();
    assert_eq!(writer.rings(), 1);
    assert!(writer.poll().is_pending(), "it has come too late");
    drop(guard);
    assert_eq!(writer.rings(), 2);
    assert!(reader.poll().is_pending(), "it gives way");
    assert_eq!(reader.rings(), 1, "and wakes itself");
    let guard = writer.ready();
    assert!(reader.poll().is_pending());
    drop(guard);
    let _guard = reader.ready();
}

#[test]
fn an_upgrade_waits_for_the_readers_beside_it() {
    let lock = RwLock::new(1);
    let reader = lock.try_read().unwrap();
    let mut guard = Task::new(lock.upgradable_read_async()).ready();
    {
        let mut upgrade = Task::new(UpgradableGuard::upgrade_async(&mut guard));
        assert!(upgrade.poll().is_pending());
        drop(reader);
        assert_eq!(upgrade.rings(), 1);
        *upgrade.ready() += 1;
    }
    assert_eq!(*lock.try_read().unwrap(), 2);
    let Ok(guard) = UpgradableGuard::try_upgrade(guard) else { panic!("nobody reads") };
    let guard = WriteGuard::downgrade(guard);
    assert_eq!((*guard, lock.try_write().is_none()), (2, true));
}
