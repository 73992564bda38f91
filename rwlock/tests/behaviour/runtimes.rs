//! The lock in real executors: tokio in both flavours and async-executor, with threads on the same instance.

use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::watchdog;
use latchwork_rwlock::{Policy, RwLock};
use tokio::runtime::{Builder, Runtime};

const TASKS: usize = 16;
const ROUNDS: usize = 300;
const POLICIES: [Policy; 3] = [Policy::WriterPreferring, Policy::PhaseFair, Policy::ReaderPreferring];

fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()]
        .map(|mut builder| builder.enable_all().build().unwrap())
}

/// Writes in one of four rounds, across an await, and otherwise reads.
async fn visit(lock: Arc<RwLock<(usize, usize)>>, index: usize) {
    for round in 0..ROUNDS {
        if (index + round) % 4 == 0 {
            let mut pair = lock.write_async().await;
            pair.0 += 1;
            futures_lite::future::yield_now().await;
            pair.1 += 1;
        } else {
            let pair = lock.read_async().await;
            assert_eq!(pair.0, pair.1, "somebody writes");
            futures_lite::future::yield_now().await;
            assert_eq!(pair.0, pair.1, "somebody writes");
        }
    }
}

#[test]
fn tasks_of_two_executors_and_threads_share_the_lock() {
    watchdog("tasks_of_two_executors_and_threads_share_the_lock", || {
        for (runtime, policy) in runtimes().iter().flat_map(|runtime| POLICIES.map(|policy| (runtime, policy))) {
            let lock = Arc::new(RwLock::with_policy((0, 0), policy));
            let executor = async_executor::Executor::new();
            let others: Vec<_> = (0..TASKS).map(|index| executor.spawn(visit(Arc::clone(&lock), index))).collect();
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        for round in 0..ROUNDS {
                            if round % 4 == 0 {
                                let mut pair = lock.write();
                                *pair = (pair.0 + 1, pair.1 + 1);
                            } else {
                                let pair = lock.read();
                                assert_eq!(pair.0, pair.1, "somebody writes");
                            }
                        }
                    });
                }
                scope.spawn(|| {
                    futures_lite::future::block_on(executor.run(async {
                        for other in others {
                            other.await;
                        }
                    }));
                });
                runtime.block_on(async {
                    let tasks: Vec<_> = (0..TASKS).map(|index| tokio::spawn(visit(Arc::clone(&lock), index))).collect();
                    for task in tasks {
                        task.await.unwrap();
                    }
                });
            });
            let writes = (2 * TASKS + 2) * ROUNDS / 4;
            assert_eq!(*lock.try_write().unwrap(), (writes, writes), "{policy:?}");
        }
    });
}

#[test]
fn a_blocking_call_in_a_runtime_does_not_panic() {
    watchdog("a_blocking_call_in_a_runtime_does_not_panic", || {
        for runtime in runtimes() {
            runtime.block_on(async {
                let lock = Arc::new(RwLock::new(0));
                let guard = Arc::clone(&lock).write_owned();
                let owner = thread::spawn(move || {
                    // Long enough to be waited for; too short a time makes the test weaker, not wrong.
                    thread::sleep(Duration::from_millis(5));
                    drop(guard);
                });
                drop(lock.read());
                owner.join().unwrap();
                assert!(lock.try_write_for(Duration::from_millis(1)).is_some());
            });
        }
    });
}

/// The shape that has become known as futurelock: a task waits, in one branch of a select, for a lock that would be granted to a
/// future in the other branch, which it no longer polls.
#[test]
fn a_select_that_stops_polling_a_future_does_not_hang() {
    watchdog("a_select_that_stops_polling_a_future_does_not_hang", || {
        for (runtime, policy) in runtimes().iter().flat_map(|runtime| POLICIES.map(|policy| (runtime, policy))) {
            runtime.block_on(async {
                let lock = Arc::new(RwLock::with_policy(0, policy));
                let (release, released) = tokio::sync::oneshot::channel::<()>();
                let guard = Arc::clone(&lock).read_owned_async().await;
                let owner = tokio::spawn(async move {
                    released.await.expect("it is told to release");
                    drop(guard);
                });
                let mut write = pin!(lock.write_async());
                tokio::select! {
                    biased;
                    _guard = write.as_mut() => unreachable!("the owner has not been told to release"),
                    () = async {} => {
                        // `write` is queued, borrowed, and not polled while this runs.
                        release.send(()).expect("the owner waits for it");
                        drop(lock.write_async().await);
                        drop(lock.read_async().await);
                    }
                }
                owner.await.unwrap();
                *write.await += 1;
                assert_eq!(*lock.read(), 1);
            });
        }
    });
}
