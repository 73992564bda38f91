//! The mutex among real threads: timeouts, panics, forgotten guards, and what it leaves of the thread's own state.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use latchwork_core::sync::model::{on_one_core, poll_once, watchdog};
use latchwork_mutex::{MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, ReentrantLock};

const THREADS: usize = 8;

#[test]
fn every_increment_of_many_threads_is_counted() {
    watchdog("every_increment_of_many_threads_is_counted", || {
        let mutex = Mutex::new(0_usize);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| (0..20_000).for_each(|_| *mutex.lock() += 1));
            }
        });
        assert_eq!(mutex.into_inner(), THREADS * 20_000);
    });
}

#[test]
fn blocking_trying_and_timed_threads_share_one_lock() {
    watchdog("blocking_trying_and_timed_threads_share_one_lock", || {
        let mutex = Mutex::new(0_usize);
        let counted = AtomicUsize::new(0);
        let count = |guard: Option<MutexGuard<'_, usize>>| {
            if let Some(mut guard) = guard {
                *guard += 1;
                counted.fetch_add(1, Relaxed);
            }
        };
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..10_000).for_each(|_| count(Some(mutex.lock()))));
                scope.spawn(|| (0..10_000).for_each(|_| count(mutex.try_lock())));
                scope.spawn(|| (0..10_000).for_each(|n| count(mutex.try_lock_for(Duration::from_nanos(n)))));
                scope.spawn(|| (0..10_000).for_each(|_| count(mutex.try_lock_for(Duration::MAX))));
            }
        });
        assert_eq!(*mutex.lock(), counted.load(Relaxed));
    });
}

#[test]
fn zero_and_past_deadlines_make_one_attempt() {
    let mutex = Mutex::new(());
    let past = Instant::now();
    assert!(mutex.try_lock_for(Duration::ZERO).is_some());
    assert!(mutex.try_lock_until(past).is_some());
    let guard = mutex.lock();
    assert!(mutex.try_lock_for(Duration::ZERO).is_none());
    assert!(mutex.try_lock_until(past).is_none());
    drop(guard);
}

#[test]
fn the_longest_timeout_waits_and_does_not_overflow() {
    watchdog("the_longest_timeout_waits_and_does_not_overflow", || {
        // The second is one that the clock can tell and a timed wait of the system perhaps not.
        for timeout in [Duration::MAX, Duration::from_secs(u64::from(u32::MAX) * 30)] {
            let mutex = Arc::new(Mutex::new(0));
            let guard = mutex.lock();
            let waiting = thread::spawn({
                let mutex = Arc::clone(&mutex);
                move || *mutex.try_lock_for(timeout).expect("it waits as long as it takes") += 1
            });
            thread::yield_now();
            drop(guard);
            waiting.join().unwrap();
            assert_eq!(*mutex.lock(), 1);
        }
    });
}

#[test]
fn a_timeout_is_not_cut_short() {
    let mutex = Mutex::new(());
    let guard = mutex.lock();
    let start = Instant::now();
    assert!(thread::scope(|scope| {
        scope.spawn(|| mutex.try_lock_for(Duration::from_millis(20)).is_none()).join().unwrap()
    }));
    assert!(start.elapsed() >= Duration::from_millis(20));
    drop(guard);
}

/// A timed wait that used the thread's own parking would use up the user's token, or leave one behind.
#[test]
fn a_timed_wait_leaves_the_threads_own_parking_alone() {
    watchdog("a_timed_wait_leaves_the_threads_own_parking_alone", || {
        let mutex = Arc::new(Mutex::new(()));
        let guard = mutex.lock();
        let waiting = thread::spawn({
            let mutex = Arc::clone(&mutex);
            move || {
                assert!(mutex.try_lock_for(Duration::from_secs(86_400)).is_some());
                // The token that was sent during the wait is still here, so that this returns.
                thread::park();
                // And no other is.
                let start = Instant::now();
                thread::park_timeout(Duration::from_millis(20));
                start.elapsed()
            }
        });
        waiting.thread().unpark();
        drop(guard);
        // A park may return for no reason; nobody has seen Linux do it.
        assert!(waiting.join().unwrap() >= Duration::from_millis(20));
    });
}

#[test]
fn a_panic_in_a_section_unlocks_and_poisons_nothing() {
    let mutex = Mutex::new(1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = mutex.lock();
        *guard = 2;
        panic!("in the section");
    }));
    assert!(panicked.is_err());
    assert_eq!(*mutex.try_lock().expect("it was unlocked"), 2);

    let panicked = catch_unwind(AssertUnwindSafe(|| mutex.with(|_| panic!("in the call"))));
    assert!(panicked.is_err());
    assert!(!mutex.is_locked());
}

#[test]
fn a_panic_in_a_narrowing_unlocks() {
    fn narrow(_: &mut (i32, i32)) -> &mut i32 {
        panic!("in the narrowing")
    }
    let mutex = Arc::new(Mutex::new((1, 2)));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(MutexGuard::map(mutex.lock(), narrow)))).is_err());
    assert!(!mutex.is_locked());
    let owned = Arc::clone(&mutex).lock_owned();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(OwnedMutexGuard::map(owned, narrow)))).is_err());
    assert!(!mutex.is_locked());
}

#[test]
fn a_panic_while_unlocked_locks_again() {
    let mutex = Mutex::new(1);
    let mut guard = mutex.lock();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        MutexGuard::unlocked(&mut guard, || {
            assert!(!mutex.is_locked());
            panic!("while unlocked");
        });
    }));
    assert!(panicked.is_err());
    assert!(mutex.is_locked());
    *guard += 1;
    drop(guard);
    assert!(!mutex.is_locked());
}

#[test]
fn a_forgotten_guard_locks_for_ever_and_is_safe() {
    let mut mutex = Box::new(Mutex::new(String::from("kept")));
    std::mem::forget(mutex.lock());
    assert!(mutex.try_lock().is_none());
    assert!(mutex.try_lock_for(Duration::from_millis(1)).is_none());
    // The lock is nobody's business to whoever has the mutex to itself.
    mutex.get_mut().push('!');
    let moved = *mutex;
    assert_eq!(moved.into_inner(), "kept!");
}

#[test]
fn a_guard_may_be_dropped_by_another_thread() {
    let mutex = Mutex::new(0);
    let mut guard = mutex.lock();
    thread::scope(|scope| {
        scope.spawn(move || *guard += 1);
    });
    assert_eq!(*mutex.try_lock().expect("it was unlocked there"), 1);
}

#[test]
fn an_owned_guard_keeps_the_mutex_alive_and_gives_its_count_back() {
    let mutex = Arc::new(Mutex::new((1, [2, 3])));
    let guard = OwnedMutexGuard::map(Arc::clone(&mutex).lock_owned(), |value| &mut value.1);
    let guard = OwnedMappedMutexGuard::map(guard, |pair| &mut pair[1]);
    let guard = OwnedMappedMutexGuard::try_map(guard, |_| None::<&mut ()>).unwrap_err();
    assert_eq!((*guard, Arc::strong_count(&mutex)), (3, 2));
    drop(guard);
    assert_eq!(Arc::strong_count(&mutex), 1);

    assert!(Arc::clone(&mutex).try_lock_owned_for(Duration::ZERO).is_some());
    assert!(Arc::clone(&mutex).try_lock_owned_until(Instant::now()).is_some());
    let weak = Arc::downgrade(&mutex);
    let guard = mutex.lock_owned();
    assert_eq!(guard.0, 1);
    drop(guard);
    assert!(weak.upgrade().is_none());
}

#[test]
fn a_narrowed_guard_reaches_only_its_part_and_unlocks() {
    let mutex = Mutex::new((vec![1, 2], 3));
    let values = MutexGuard::map(mutex.lock(), |value| &mut value.0);
    let mut first = MappedMutexGuard::try_map(values, |values| values.first_mut()).unwrap();
    *first = 7;
    assert!(mutex.try_lock().is_none());
    assert_eq!(format!("{first} {first:?} {mutex:?}"), "7 7 Mutex { value: <locked>, .. }");
    drop(first);
    assert_eq!(format!("{mutex:?}"), "Mutex { value: ([7, 2], 3), .. }");
}

/// The next owner may end the mutex as soon as it has the lock; nobody may touch it after that.
#[test]
fn a_mutex_may_end_as_soon_as_its_last_owner_has_locked_it() {
    watchdog("a_mutex_may_end_as_soon_as_its_last_owner_has_locked_it", || {
        for _ in 0..2_000 {
            let mutex = Arc::new(Mutex::new(0));
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let mutex = Arc::clone(&mutex);
                    thread::spawn(move || *mutex.lock() += 1)
                })
                .collect();
            drop(mutex);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        }
    });
}

#[test]
fn the_lock_can_be_used_while_a_thread_ends() {
    static MUTEX: Mutex<usize> = Mutex::new(0);
    struct AtExit;
    impl Drop for AtExit {
        fn drop(&mut self) {
            *MUTEX.lock() += 1;
        }
    }
    std::thread_local! {
        static AT_EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
    }
    watchdog("the_lock_can_be_used_while_a_thread_ends", || {
        let guard = MUTEX.lock();
        let barrier = Barrier::new(5);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    AT_EXIT.set(Some(AtExit));
                    barrier.wait();
                });
            }
            barrier.wait();
            drop(guard);
        });
    });
    // A scope waits for its closures, not for what runs after them.
    watchdog("the_lock_can_be_used_while_a_thread_ends", || {
        while *MUTEX.lock() < 4 {
            thread::yield_now();
        }
    });
}

/// Whoever locks again at once, for ever, cannot keep another thread out: the waiter is granted the lock.
#[test]
fn a_hot_owner_cannot_starve_a_thread() {
    watchdog("a_hot_owner_cannot_starve_a_thread", || {
        let mutex = Mutex::new(0_u64);
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        *mutex.lock() += 1;
                    }
                });
            }
            for _ in 0..200 {
                drop(mutex.lock());
            }
            stop.store(true, Relaxed);
        });
    });
}

/// The owner loses its core while it has the lock, in every section.
#[test]
fn whoever_waits_lets_the_owner_run_on_one_core() {
    watchdog("whoever_waits_lets_the_owner_run_on_one_core", || {
        let (mutex, reentrant) = (Mutex::new(0), ReentrantLock::new(AtomicUsize::new(0)));
        on_one_core(|| {
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for _ in 0..1_000 {
                            let mut guard = mutex.lock();
                            thread::yield_now();
                            *guard += 1;
                            drop(guard);
                            let outer = reentrant.lock();
                            thread::yield_now();
                            reentrant.lock().fetch_add(1, Relaxed);
                            drop(outer);
                        }
                    });
                }
            });
        });
        assert_eq!((mutex.into_inner(), reentrant.into_inner().into_inner()), (4_000, 4_000));
    });
}

/// The last of those who own the lock, or wait for it, frees it: threads and tasks, whose guards own counts of the `Arc`, cancelled
/// or not.
#[test]
fn a_lock_may_end_with_the_last_of_its_guards_and_futures() {
    /// Says that the value has ended.
    struct Ends(Arc<AtomicUsize>);
    impl Drop for Ends {
        fn drop(&mut self) {
            self.0.fetch_add(1, Relaxed);
        }
    }
    watchdog("a_lock_may_end_with_the_last_of_its_guards_and_futures", || {
        let ended = Arc::new(AtomicUsize::new(0));
        for _ in 0..2_000 {
            let mutex = Arc::new(Mutex::new(Ends(Arc::clone(&ended))));
            let guard = Arc::clone(&mutex).lock_owned();
            let mut waiting = [(); 2].map(|()| Some(Box::pin(Arc::clone(&mutex).lock_owned_async())));
            assert!(waiting.iter_mut().flatten().all(|future| poll_once(future.as_mut()).is_pending()));
            let [first, second] = waiting.each_mut().map(Option::take);
            let threads = [
                thread::spawn(move || drop(guard)),
                thread::spawn(move || drop(first)),
                thread::spawn(move || drop(second.map(futures_lite::future::block_on))),
                thread::spawn(move || drop(mutex.lock_owned())),
            ];
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        }
        assert_eq!(ended.load(Relaxed), 2_000);
    });
}
