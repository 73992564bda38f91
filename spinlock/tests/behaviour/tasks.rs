//! The locks among tasks: executors with one thread, futures that are never polled again, wakers that re-enter or panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use async_executor::LocalExecutor;
use futures_lite::future::{block_on, yield_now, zip};
use latchwork_core::sync::model::{poll_once, watchdog};
use latchwork_spinlock::{RwSpinLock, RwSpinLockUpgradableGuard, SpinLock};

/// Holds the lock while the executor runs everything else, several times over.
async fn hold(lock: &SpinLock<u32>) {
    let mut guard = lock.lock_async().await;
    for _ in 0..10 {
        yield_now().await;
        *guard += 1;
    }
}

async fn increment(lock: &SpinLock<u32>) {
    *lock.lock_async().await += 1;
}

#[test]
fn a_task_that_waits_lets_the_owner_run_on_one_thread_of_tokio() {
    watchdog("tokio", || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let lock = Arc::new(SpinLock::new(0));
        runtime.block_on(async {
            let tasks: Vec<_> = (0..4)
                .map(|index| {
                    let lock = Arc::clone(&lock);
                    tokio::spawn(async move { if index % 2 == 0 { hold(&lock).await } else { increment(&lock).await } })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(*lock.lock(), 22);
    });
}

#[test]
fn a_task_that_waits_lets_the_owner_run_on_a_local_executor() {
    watchdog("local executor", || {
        let lock = SpinLock::new(0);
        let executor = LocalExecutor::new();
        let holder = executor.spawn(hold(&lock));
        let waiter = executor.spawn(increment(&lock));
        block_on(executor.run(zip(holder, waiter)));
        assert_eq!(*lock.lock(), 11);
    });
}

#[test]
fn tasks_that_wait_inside_one_task_let_the_owner_run() {
    watchdog("zip", || {
        let lock = SpinLock::new(0);
        block_on(zip(hold(&lock), zip(increment(&lock), increment(&lock))));
        assert_eq!(*lock.lock(), 12);
    });
}

#[test]
fn readers_writers_and_upgrades_let_each_other_run_on_one_thread() {
    watchdog("rw", || {
        let lock = RwSpinLock::new(0);
        let write = async {
            for _ in 0..10 {
                let mut guard = lock.write_async().await;
                yield_now().await;
                *guard += 1;
            }
        };
        let read = async {
            for _ in 0..10 {
                let guard = lock.read_async().await;
                let seen = *guard;
                yield_now().await;
                assert_eq!(*guard, seen);
                drop(guard);
                // A gap: a writing task holds readers back only while it is being polled.
                yield_now().await;
            }
        };
        let upgrade = async {
            for _ in 0..10 {
                let guard = lock.upgradable_read_async().await;
                let seen = *guard;
                yield_now().await;
                let mut guard = RwSpinLockUpgradableGuard::upgrade_async(guard).await;
                assert_eq!(*guard, seen);
                *guard += 1;
            }
        };
        block_on(zip(write, zip(read, upgrade)));
        assert_eq!(lock.into_inner(), 20);
    });
}

#[test]
fn threads_and_tasks_share_one_lock() {
    watchdog("threads and tasks", || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let lock = Arc::new(SpinLock::new(0));
        let rw = Arc::new(RwSpinLock::new(0));
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let (lock, rw) = (Arc::clone(&lock), Arc::clone(&rw));
                runtime.spawn(async move {
                    for _ in 0..500 {
                        increment(&lock).await;
                        *rw.write_async().await += 1;
                    }
                })
            })
            .collect();
        for _ in 0..5_000 {
            *lock.lock() += 1;
            *rw.write() += 1;
        }
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        assert_eq!((*lock.lock(), *rw.read()), (10_000, 10_000));
    });
}

#[test]
fn a_timeout_ends_the_wait_of_a_task() {
    watchdog("timeout", || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let lock = SpinLock::new(0);
        let guard = lock.lock();
        let waited = async { tokio::time::timeout(Duration::from_millis(5), lock.lock_async()).await.is_err() };
        assert!(runtime.block_on(waited));
        drop(guard);
        assert!(lock.try_lock().is_some());
    });
}

/// Neither polled again nor dropped: it owns nothing, and holds nobody back.
#[test]
fn a_forgotten_future_stands_in_nobodys_way() {
    let lock = SpinLock::new(0);
    let guard = lock.lock();
    let mut forgotten = Box::pin(lock.lock_async());
    assert!(poll_once(forgotten.as_mut()).is_pending());
    std::mem::forget(forgotten);
    drop(guard);
    assert!(lock.try_lock().is_some());

    let rw = RwSpinLock::new(0);
    let guard = rw.read();
    let mut forgotten = Box::pin(rw.write_async());
    assert!(poll_once(forgotten.as_mut()).is_pending());
    std::mem::forget(forgotten);
    assert!(rw.try_read().is_some());
    drop(guard);
    assert!(rw.try_write().is_some());
}

/// Runs something of the test's when it is woken.
struct Foreign<F>(AtomicUsize, F);

impl<F: Fn() + Send + Sync + 'static> Foreign<F> {
    fn new(action: F) -> (Arc<Self>, Waker) {
        let foreign = Arc::new(Self(AtomicUsize::new(0), action));
        let waker = Waker::from(Arc::clone(&foreign));
        (foreign, waker)
    }
}

impl<F: Fn() + Send + Sync + 'static> Wake for Foreign<F> {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
        (self.1)();
    }
}

#[test]
fn a_waker_may_use_the_lock_that_is_waited_for() {
    let rw = Arc::new(RwSpinLock::new(0));
    let guard = rw.read();
    let again = Arc::clone(&rw);
    let (foreign, waker) = Foreign::new(move || {
        assert!(again.try_read().is_some(), "the task that waits to write holds nobody back any more");
        assert!(again.try_write().is_none());
    });
    let mut waiting = pin!(rw.write_async());
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(foreign.0.load(Relaxed), 1);
    drop(guard);
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
    assert_eq!(foreign.0.load(Relaxed), 1);
}

#[test]
fn a_waker_that_panics_leaves_the_lock_and_the_future_usable() {
    let rw = RwSpinLock::new(0);
    let reader = rw.read();
    let (_foreign, waker) = Foreign::new(|| panic!("in the waker"));
    let mut context = Context::from_waker(&waker);
    let mut writing = pin!(rw.write_async());
    assert!(catch_unwind(AssertUnwindSafe(|| writing.as_mut().poll(&mut context).is_ready())).is_err());
    let mut upgrading = pin!(RwSpinLockUpgradableGuard::upgrade_async(rw.upgradable_read()));
    assert!(catch_unwind(AssertUnwindSafe(|| upgrading.as_mut().poll(&mut context).is_ready())).is_err());
    assert!(rw.try_read().is_some() && rw.try_upgradable_read().is_none());
    drop(reader);
    match upgrading.as_mut().poll(&mut context) {
        Poll::Ready(mut guard) => *guard += 1,
        Poll::Pending => panic!("nobody else has the lock"),
    }
    assert!(writing.as_mut().poll(&mut context).is_ready());
}

/// A thread that is inside a poll comes back from it though the owner does not run.
#[test]
fn a_poll_ends_though_the_lock_stays_taken() {
    watchdog("poll", || {
        let lock = Arc::new(SpinLock::new(()));
        std::mem::forget(lock.lock());
        let polling = thread::spawn(move || {
            let mut waiting = pin!(lock.lock_async());
            (0..1_000).all(|_| poll_once(waiting.as_mut()).is_pending())
        });
        assert!(polling.join().unwrap());
    });
}
