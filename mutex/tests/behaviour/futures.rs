//! The mutex under hand-polled futures: wakers that re-enter, panic, or are replaced; futures that are never polled again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Wake, Waker};
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::{Foreign, poll_once, poll_with, watchdog};
use latchwork_mutex::{LockOwned, Mutex, MutexGuard};

fn queued(mutex: &Arc<Mutex<u32>>, waker: &Waker) -> Pin<Box<LockOwned<u32>>> {
    let mut future = Box::pin(Arc::clone(mutex).lock_owned_async());
    assert!(poll_with(future.as_mut(), waker).is_pending());
    future
}

fn mutex() -> Arc<Mutex<u32>> {
    Arc::new(Mutex::new(0))
}

#[test]
fn a_waker_that_locks_the_same_mutex_finds_it_free() {
    watchdog("a_waker_that_locks_the_same_mutex_finds_it_free", || {
        let mutex = mutex();
        let guard = mutex.lock();
        let foreign = Arc::new(Foreign::default());
        let _waiting = queued(&mutex, &foreign.waker());
        let again = Arc::clone(&mutex);
        foreign.on_wake(move || {
            let mut guard = again.lock();
            *guard += 1;
            assert!(again.try_lock_for(Duration::from_millis(1)).is_none(), "it can be queued for, too");
        });
        drop(guard);
        assert_eq!(*mutex.lock(), 1);
    });
}

#[test]
fn a_waker_that_polls_inline_gets_the_lock() {
    watchdog("a_waker_that_polls_inline_gets_the_lock", || {
        let mutex = mutex();
        let guard = mutex.lock();
        let foreign = Arc::new(Foreign::default());
        let mut waiting = queued(&mutex, &foreign.waker());
        let ready = Arc::new(AtomicBool::new(false));
        let was_ready = Arc::clone(&ready);
        foreign.on_wake(move || was_ready.store(poll_once(waiting.as_mut()).is_ready(), Relaxed));
        drop(guard);
        assert!(ready.load(Relaxed));
    });
}

/// The queue's lock is not held while a waker is cloned, woken or dropped: each may use the mutex.
#[test]
fn a_waker_may_use_the_mutex_when_it_is_cloned_woken_or_dropped() {
    watchdog("a_waker_may_use_the_mutex_when_it_is_cloned_woken_or_dropped", || {
        let mutex = mutex();
        let foreign = Arc::new(Foreign::default());
        let touch = |mutex: &Arc<Mutex<u32>>| {
            let mutex = Arc::clone(mutex);
            move || {
                assert!(mutex.try_lock_for(Duration::from_millis(1)).is_none(), "it is locked, and can be queued for");
            }
        };
        let guard = mutex.lock();
        foreign.on_clone(touch(&mutex));
        let mut waiting = queued(&mutex, &foreign.waker());
        // Polled with another waker, the first is dropped; cancelled, the second is.
        let other = Arc::new(Foreign::default());
        foreign.on_drop(touch(&mutex));
        other.on_clone(touch(&mutex));
        assert!(poll_with(waiting.as_mut(), &other.waker()).is_pending());
        other.on_drop(touch(&mutex));
        drop(waiting);
        drop(guard);
        assert!(!mutex.is_locked());
    });
}

#[test]
fn a_waker_that_panics_when_woken_leaves_the_lock_free_and_the_others_woken() {
    watchdog("a_waker_that_panics_when_woken_leaves_the_lock_free_and_the_others_woken", || {
        let mutex = mutex();
        let guard = mutex.lock();
        let foreign = Arc::new(Foreign::default());
        let waiting = queued(&mutex, &foreign.waker());
        foreign.on_wake(|| panic!("woken"));
        // The thread behind the task is woken by the same unlock.
        let thread = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || *mutex.lock() += 1
        });
        // Long enough to queue; too short a time makes the test weaker, not wrong.
        thread::sleep(Duration::from_millis(5));
        assert!(catch_unwind(AssertUnwindSafe(|| drop(guard))).is_err());
        thread.join().unwrap();
        drop(waiting);
        assert_eq!(*mutex.try_lock().unwrap(), 1);
    });
}

/// The guard is dropped by the panic, and unlocks: it has to own the lock by then, which others may have had meanwhile.
#[test]
fn a_waker_that_panics_in_a_bump_or_before_an_unlocked_call_leaves_the_guard_its_lock() {
    fn unlocked(guard: &mut MutexGuard<'_, u32>) {
        MutexGuard::unlocked(guard, || unreachable!("the waker panics first"));
    }
    fn bump(guard: &mut MutexGuard<'_, u32>) {
        MutexGuard::bump(guard);
    }
    for unlock in [unlocked, bump] {
        let mutex = mutex();
        let mut guard = mutex.lock();
        let foreign = Arc::new(Foreign::default());
        let waiting = queued(&mutex, &foreign.waker());
        foreign.on_wake(|| panic!("woken"));
        assert!(catch_unwind(AssertUnwindSafe(|| unlock(&mut guard))).is_err());
        assert!(mutex.try_lock().is_none());
        *guard += 1;
        drop((guard, waiting));
        assert_eq!(*mutex.try_lock().expect("nobody owns it now"), 1);
    }
}

#[test]
fn a_waker_that_panics_when_cloned_queues_nobody() {
    let mutex = mutex();
    let guard = mutex.lock();
    let foreign = Arc::new(Foreign::default());
    let waker = foreign.waker();
    foreign.on_clone(|| panic!("cloned"));
    let mut future = Box::pin(Arc::clone(&mutex).lock_owned_async());
    assert!(catch_unwind(AssertUnwindSafe(|| poll_with(future.as_mut(), &waker).is_pending())).is_err());
    drop(guard);
    assert_eq!(foreign.wakes(), 0);
    assert!(poll_with(future.as_mut(), &waker).is_ready(), "the future can be polled on");
}

#[test]
fn a_waker_that_panics_when_dropped_by_the_owner_leaves_the_lock_free() {
    let mutex = mutex();
    let guard = mutex.lock();
    let foreign = Arc::new(Foreign::default());
    let (first, second) = (Arc::new(Foreign::default()), foreign.waker());
    let _head = queued(&mutex, &first.waker());
    let mut barger = queued(&mutex, &second);
    drop(second);
    drop(guard);
    // Polled while it is queued, the second takes the free lock, and drops its waker.
    foreign.on_drop(|| panic!("dropped"));
    assert!(catch_unwind(AssertUnwindSafe(|| poll_once(barger.as_mut()).is_ready())).is_err());
    assert!(!mutex.is_locked());
    drop(barger);
    assert!(mutex.try_lock().is_some());
}

#[test]
fn a_future_polled_by_another_task_wakes_that_one() {
    let mutex = mutex();
    let guard = mutex.lock();
    let (first, second) = (Arc::new(Foreign::default()), Arc::new(Foreign::default()));
    let mut waiting = queued(&mutex, &first.waker());
    assert!(poll_with(waiting.as_mut(), &second.waker()).is_pending());
    drop(guard);
    assert_eq!((first.wakes(), second.wakes()), (0, 1));
    assert!(poll_with(waiting.as_mut(), &second.waker()).is_ready());
}

#[test]
fn a_pending_future_is_woken_once_per_unlock_and_never_by_itself() {
    let mutex = mutex();
    let foreign = Arc::new(Foreign::default());
    let guard = mutex.lock();
    let mut waiting = queued(&mutex, &foreign.waker());
    for _ in 0..10 {
        assert!(poll_with(waiting.as_mut(), &foreign.waker()).is_pending());
    }
    assert_eq!(foreign.wakes(), 0);
    drop(guard);
    drop(mutex.lock());
    assert_eq!(foreign.wakes(), 1, "it has left the queue");
    assert!(poll_with(waiting.as_mut(), &foreign.waker()).is_ready());
    assert_eq!(foreign.wakes(), 1);
}

/// Two lock futures of one task, of which one is never polled again: the other still gets the lock.
#[test]
fn a_lock_future_that_is_not_polled_cannot_hang_its_own_task() {
    watchdog("a_lock_future_that_is_not_polled_cannot_hang_its_own_task", || {
        let mutex = mutex();
        let guard = Arc::clone(&mutex).lock_owned();
        let mut abandoned = pin!(mutex.lock_async());
        let owner = futures_lite::future::block_on(async {
            // Polled by this task, so that its waker is this task's.
            assert!(futures_lite::future::poll_once(abandoned.as_mut()).await.is_none());
            let owner = thread::spawn(move || drop(guard));
            *mutex.lock_async().await += 1;
            owner
        });
        owner.join().unwrap();
        assert_eq!(*mutex.lock(), 1);
    });
}

#[test]
fn futures_dropped_in_any_order_leave_the_lock_free() {
    // Three futures, each dropped before its poll, queued, or woken; in every order.
    for drop_first in 0..3 {
        for polled in 0..8_u32 {
            for unlock_at in 0..4 {
                let mutex = mutex();
                let mut guard = Some(mutex.lock());
                let mut futures: Vec<_> =
                    (0..3).map(|_| Some(Box::pin(Arc::clone(&mutex).lock_owned_async()))).collect();
                for (index, future) in futures.iter_mut().enumerate() {
                    if polled & 1 << index != 0 {
                        assert!(poll_once(future.as_mut().unwrap().as_mut()).is_pending());
                    }
                }
                for step in 0..4 {
                    if step == unlock_at {
                        guard = None;
                    }
                    if step < 3 {
                        futures[(drop_first + step) % 3] = None;
                    }
                    assert_eq!(mutex.is_locked(), guard.is_some());
                }
                assert!(guard.is_none() && mutex.try_lock().is_some());
            }
        }
    }
}

#[test]
fn a_forgotten_future_leaves_a_mutex_that_can_be_used_and_moved() {
    let mut mutex = Box::new(Mutex::new(0));
    for locked in [true, false] {
        let guard = mutex.lock();
        let mut forgotten = Box::pin(mutex.lock_async());
        assert!(poll_once(forgotten.as_mut()).is_pending());
        if locked {
            drop(guard);
        } else {
            std::mem::forget(guard);
        }
        std::mem::forget(forgotten);
    }
    *mutex.get_mut() += 1;
    let moved = *mutex;
    assert!(moved.try_lock().is_none());
    let mut waiting = Box::pin(moved.lock_async());
    assert!(poll_once(waiting.as_mut()).is_pending(), "it is queued behind the forgotten one");
    drop(waiting);
    assert_eq!(moved.into_inner(), 1);
}

#[test]
fn a_waker_of_the_standard_library_works() {
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let mutex = mutex();
    let guard = mutex.lock();
    let _waiting = queued(&mutex, &Waker::from(Arc::clone(&count)));
    drop(guard);
    assert_eq!(count.0.load(Relaxed), 1);
}
