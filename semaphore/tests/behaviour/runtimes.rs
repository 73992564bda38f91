//! The semaphores in real executors: tokio in both flavours and async-executor, with threads on the same instance.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::watchdog;
use latchwork_semaphore::{BoundedSemaphore, Semaphore};
use tokio::runtime::{Builder, Runtime};

const TASKS: usize = 16;
const ROUNDS: usize = 300;
const PERMITS: usize = 3;

fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()]
        .map(|mut builder| builder.enable_all().build().unwrap())
}

fn enter(inside: &AtomicUsize, permits: usize) {
    assert!(inside.fetch_add(permits, Relaxed) + permits <= PERMITS);
}

#[test]
fn tasks_of_two_executors_and_threads_share_the_permits() {
    watchdog("tasks_of_two_executors_and_threads_share_the_permits", || {
        for runtime in runtimes() {
            let semaphore = Arc::new(BoundedSemaphore::new(PERMITS));
            let inside = Arc::new(AtomicUsize::new(0));
            let task = |index: usize| {
                let (semaphore, inside) = (Arc::clone(&semaphore), Arc::clone(&inside));
                async move {
                    for round in 0..ROUNDS {
                        let permits = (index + round) % PERMITS + 1;
                        let _permit = semaphore.acquire_many_async(permits).await.unwrap();
                        enter(&inside, permits);
                        if round % 2 == 0 {
                            futures_lite::future::yield_now().await;
                        }
                        inside.fetch_sub(permits, Relaxed);
                    }
                }
            };
            let executor = async_executor::Executor::new();
            let others: Vec<_> = (0..TASKS).map(|index| executor.spawn(task(index))).collect();
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        for round in 0..ROUNDS {
                            let permits = round % PERMITS + 1;
                            let _permit = semaphore.acquire_many(permits).unwrap();
                            enter(&inside, permits);
                            inside.fetch_sub(permits, Relaxed);
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
                    let tasks: Vec<_> = (0..TASKS).map(|index| tokio::spawn(task(index))).collect();
                    for task in tasks {
                        task.await.unwrap();
                    }
                });
            });
            assert_eq!((semaphore.in_use(), semaphore.available_permits()), (0, PERMITS));
        }
    });
}

#[test]
fn a_blocking_call_in_a_runtime_does_not_panic() {
    watchdog("a_blocking_call_in_a_runtime_does_not_panic", || {
        for runtime in runtimes() {
            runtime.block_on(async {
                let semaphore = Arc::new(Semaphore::new(1));
                let permit = Arc::clone(&semaphore).acquire_owned().unwrap();
                let owner = thread::spawn(move || {
                    // Long enough to be waited for; too short a time makes the test weaker, not wrong.
                    thread::sleep(Duration::from_millis(5));
                    drop(permit);
                });
                drop(semaphore.acquire().unwrap());
                owner.join().unwrap();
                assert!(semaphore.try_acquire_for(Duration::from_millis(1)).is_ok());
            });
        }
    });
}

/// The shape that has become known as futurelock: a task waits, in one branch of a select, for permits that would be granted to
/// a future in the other branch, which it no longer polls.
#[test]
fn a_select_that_stops_polling_a_future_does_not_hang() {
    watchdog("a_select_that_stops_polling_a_future_does_not_hang", || {
        for runtime in runtimes() {
            runtime.block_on(async {
                let semaphore = Arc::new(Semaphore::new(2));
                let (release, released) = tokio::sync::oneshot::channel::<()>();
                let permit = Arc::clone(&semaphore).acquire_many_owned_async(2).await.unwrap();
                let owner = tokio::spawn(async move {
                    released.await.expect("it is told to release");
                    drop(permit);
                });
                let mut acquire = pin!(semaphore.acquire_many_async(2));
                tokio::select! {
                    biased;
                    _permit = acquire.as_mut() => unreachable!("the owner has not been told to release"),
                    () = async {} => {
                        // `acquire` is queued, borrowed, and not polled while this runs.
                        release.send(()).expect("the owner waits for it");
                        drop(semaphore.acquire_async().await.unwrap());
                    }
                }
                owner.await.unwrap();
                assert_eq!(acquire.await.unwrap().count(), 2);
            });
        }
    });
}
