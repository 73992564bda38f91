//! The lock among real threads and tasks, which do whatever they can: nothing is lost, and nobody enters beside a writer.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::watchdog;
use latchwork_rwlock::{Policy, RwLock, RwLockUpgradableGuard, RwLockWriteGuard};
use tokio::runtime::Builder;

const OPERATIONS: usize = 5_000;
const POLICIES: [Policy; 3] = [Policy::WriterPreferring, Policy::PhaseFair, Policy::ReaderPreferring];

/// Both halves are always the same, but inside a writer.
type Pair = (u64, u64);

fn check(pair: &Pair) {
    assert_eq!(pair.0, pair.1, "somebody writes");
}

fn change(pair: &mut Pair) {
    check(pair);
    pair.0 += 1;
    std::hint::spin_loop();
    pair.1 += 1;
}

/// What a thread does in a round. Returns how often it has written.
fn round_of_a_thread(lock: &RwLock<Pair>, round: usize) -> u64 {
    let timeout = Duration::from_micros(30);
    match round % 8 {
        0 => change(&mut lock.write()),
        1 => match lock.try_write_for(timeout) {
            Some(mut guard) => change(&mut guard),
            None => return 0,
        },
        2 => {
            let mut guard = lock.write();
            change(&mut guard);
            check(&RwLockWriteGuard::downgrade(guard));
        }
        3 => {
            let guard = lock.upgradable_read();
            let before = *guard;
            let mut guard = RwLockUpgradableGuard::upgrade(guard);
            assert_eq!(before, *guard, "nobody writes in between");
            change(&mut guard);
            check(&RwLockWriteGuard::downgrade_to_upgradable(guard));
        }
        4 => match RwLockUpgradableGuard::try_upgrade_for(lock.upgradable_read(), timeout) {
            Ok(mut guard) => change(&mut guard),
            Err(guard) => {
                check(&RwLockUpgradableGuard::downgrade(guard));
                return 0;
            }
        },
        5 => {
            let outer = lock.read();
            check(&lock.read_recursive());
            check(&outer);
            return 0;
        }
        6 => {
            if let Some(guard) = lock.try_read_for(timeout) {
                check(&guard);
            }
            return 0;
        }
        _ => {
            check(&lock.read());
            return 0;
        }
    }
    1
}

/// What a task does in a round; every third is cancelled if it takes long. Returns how often it has written.
async fn round_of_a_task(lock: &RwLock<Pair>, round: usize) -> u64 {
    let timeout = Duration::from_micros(round as u64 % 60);
    match round % 6 {
        0 => change(&mut *lock.write_async().await),
        1 => match tokio::time::timeout(timeout, lock.write_async()).await {
            Ok(mut guard) => {
                tokio::task::yield_now().await;
                change(&mut guard);
            }
            Err(_) => return 0,
        },
        2 => {
            let mut guard = lock.upgradable_read_async().await;
            let before = *guard;
            tokio::task::yield_now().await;
            let upgrade = RwLockUpgradableGuard::upgrade_async(&mut guard);
            let upgraded = tokio::time::timeout(timeout, upgrade).await.map(|mut guard| {
                assert_eq!(before, *guard, "nobody writes in between");
                change(&mut guard);
            });
            if upgraded.is_err() {
                assert_eq!(before, *guard, "it is a reader again");
                return 0;
            }
        }
        3 => {
            if let Ok(guard) = tokio::time::timeout(timeout, lock.read_async()).await {
                check(&guard);
            }
            return 0;
        }
        _ => {
            let guard = lock.read_async().await;
            tokio::task::yield_now().await;
            check(&guard);
            return 0;
        }
    }
    1
}

#[test]
fn a_mixed_run_writes_as_often_as_it_says() {
    watchdog("a_mixed_run_writes_as_often_as_it_says", || {
        for policy in POLICIES {
            let lock = Arc::new(RwLock::with_policy((0, 0), policy));
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
            let tasks: Vec<_> = (0..6)
                .map(|task| {
                    let lock = Arc::clone(&lock);
                    runtime.spawn(async move {
                        let mut written = 0;
                        for round in 0..OPERATIONS {
                            written += round_of_a_task(&lock, task + round).await;
                        }
                        written
                    })
                })
                .collect();
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    let lock = Arc::clone(&lock);
                    thread::spawn(move || {
                        (0..OPERATIONS).map(|round| round_of_a_thread(&lock, thread + round)).sum::<u64>()
                    })
                })
                .collect();
            let mut written: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
            for task in tasks {
                written += runtime.block_on(task).unwrap();
            }
            assert_eq!(*lock.try_write().unwrap(), (written, written), "{policy:?}");
            assert!(!lock.is_locked());
        }
    });
}
