//! The mutex in real executors: tokio in both flavours and async-executor, with threads on the same instance.

use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::watchdog;
use latchwork_mutex::Mutex;

const TASKS: usize = 16;
const ROUNDS: usize = 500;

fn single_threaded() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn multi_threaded() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap()
}

/// A task that holds the lock across an await, as often as not.
async fn count(mutex: Arc<Mutex<usize>>) {
    for round in 0..ROUNDS {
        let mut guard = mutex.lock_async().await;
        *guard += 1;
        if round % 2 == 0 {
            futures_lite::future::yield_now().await;
        }
    }
}

fn count_blocking(mutex: &Mutex<usize>) {
    (0..ROUNDS).for_each(|_| *mutex.lock() += 1);
}

/// Tasks on a tokio runtime, with threads beside them.
fn tokio_tasks_beside_threads(runtime: &tokio::runtime::Runtime, threads: usize) {
    let mutex = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..threads)
        .map(|_| {
            let mutex = Arc::clone(&mutex);
            thread::spawn(move || count_blocking(&mutex))
        })
        .collect();
    let blocking = threads.len();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(count(Arc::clone(&mutex)))).collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(*mutex.lock(), (TASKS + blocking) * ROUNDS);
}

#[test]
fn tasks_of_a_single_threaded_runtime_share_the_lock() {
    watchdog("tasks_of_a_single_threaded_runtime_share_the_lock", || {
        tokio_tasks_beside_threads(&single_threaded(), 0);
    });
}

#[test]
fn tasks_of_a_single_threaded_runtime_share_the_lock_with_threads() {
    watchdog("tasks_of_a_single_threaded_runtime_share_the_lock_with_threads", || {
        tokio_tasks_beside_threads(&single_threaded(), 3);
    });
}

#[test]
fn tasks_of_a_multi_threaded_runtime_share_the_lock_with_threads() {
    watchdog("tasks_of_a_multi_threaded_runtime_share_the_lock_with_threads", || {
        tokio_tasks_beside_threads(&multi_threaded(), 3);
    });
}

#[test]
fn tasks_of_two_executors_and_a_thread_share_the_lock() {
    watchdog("tasks_of_two_executors_and_a_thread_share_the_lock", || {
        let mutex = Arc::new(Mutex::new(0));
        let runtime = multi_threaded();
        let tokio_tasks: Vec<_> = (0..TASKS).map(|_| runtime.spawn(count(Arc::clone(&mutex)))).collect();
        let blocking = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || count_blocking(&mutex)
        });
        let executor = async_executor::Executor::new();
        let tasks: Vec<_> = (0..TASKS).map(|_| executor.spawn(count(Arc::clone(&mutex)))).collect();
        futures_lite::future::block_on(executor.run(async {
            for task in tasks {
                task.await;
            }
        }));
        runtime.block_on(async {
            for task in tokio_tasks {
                task.await.unwrap();
            }
        });
        blocking.join().unwrap();
        assert_eq!(*mutex.lock(), (2 * TASKS + 1) * ROUNDS);
    });
}

#[test]
fn a_blocking_call_in_a_runtime_does_not_panic() {
    watchdog("a_blocking_call_in_a_runtime_does_not_panic", || {
        for runtime in [single_threaded(), multi_threaded()] {
            runtime.block_on(async {
                let mutex = Arc::new(Mutex::new(0));
                *mutex.lock() += 1;
                assert!(mutex.try_lock_for(Duration::from_millis(1)).is_some());
                // Contended by a thread, which needs nothing of this runtime.
                let guard = Arc::clone(&mutex).lock_owned();
                let owner = thread::spawn(move || {
                    // Long enough to be waited for; too short a time makes the test weaker, not wrong.
                    thread::sleep(Duration::from_millis(5));
                    drop(guard);
                });
                *mutex.lock() += 1;
                owner.join().unwrap();
                assert_eq!(*mutex.lock(), 2);
            });
        }
    });
}

/// The shape that has become known as futurelock: a task waits, in one branch of a select, for a lock that would be granted
/// to a future in the other branch, which it no longer polls.
#[test]
fn a_select_that_stops_polling_a_lock_does_not_hang() {
    watchdog("a_select_that_stops_polling_a_lock_does_not_hang", || {
        for runtime in [single_threaded(), multi_threaded()] {
            runtime.block_on(async {
                let mutex = Arc::new(Mutex::new(0));
                let (unlock, unlocked) = tokio::sync::oneshot::channel::<()>();
                let guard = Arc::clone(&mutex).lock_owned_async().await;
                let owner = tokio::spawn(async move {
                    unlocked.await.expect("it is told to unlock");
                    drop(guard);
                });
                let mut lock = pin!(mutex.lock_async());
                tokio::select! {
                    biased;
                    _guard = lock.as_mut() => unreachable!("the owner has not been told to unlock"),
                    () = async {} => {
                        // `lock` is queued, borrowed, and not polled while this runs.
                        unlock.send(()).expect("the owner waits for it");
                        *mutex.lock_async().await += 1;
                    }
                }
                owner.await.unwrap();
                drop(lock.await);
                assert_eq!(*mutex.lock_async().await, 1);
            });
        }
    });
}

#[test]
fn a_timeout_of_the_runtime_leaves_the_lock_to_others() {
    watchdog("a_timeout_of_the_runtime_leaves_the_lock_to_others", || {
        multi_threaded().block_on(async {
            let mutex = Arc::new(Mutex::new(0_usize));
            let tasks: Vec<_> = (0..TASKS)
                .map(|index| {
                    let mutex = Arc::clone(&mutex);
                    tokio::spawn(async move {
                        let mut counted = 0;
                        for _ in 0..50 {
                            let timeout = Duration::from_micros(100 * index as u64);
                            if let Ok(mut guard) = tokio::time::timeout(timeout, mutex.lock_async()).await {
                                *guard += 1;
                                counted += 1;
                                tokio::task::yield_now().await;
                            }
                        }
                        counted
                    })
                })
                .collect();
            let mut counted = 0;
            for task in tasks {
                counted += task.await.unwrap();
            }
            assert_eq!(*mutex.try_lock().expect("nobody is left"), counted);
        });
    });
}

#[test]
fn an_owned_lock_crosses_tasks() {
    watchdog("an_owned_lock_crosses_tasks", || {
        multi_threaded().block_on(async {
            let mutex = Arc::new(Mutex::new(0));
            let mut guard = Arc::clone(&mutex).lock_owned_async().await;
            tokio::spawn(async move { *guard += 1 }).await.unwrap();
            assert_eq!(*mutex.lock_async().await, 1);
        });
    });
}
