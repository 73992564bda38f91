//! The wrappers of lock_api over the raw mutex, in both versions: each runs the same tests.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

macro_rules! conformance {
    ($version:ident) => {
        mod $version {
            use std::cell::Cell;
            use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
            use std::sync::Arc;
            use std::thread;
            use std::time::{Duration, Instant};

            use latchwork_core::sync::model::watchdog;
            use latchwork_mutex::$version::lock_api::{ArcMutexGuard, ArcReentrantMutexGuard};
            use latchwork_mutex::$version::{
                MappedMutexGuard, MappedReentrantMutexGuard, Mutex, MutexGuard, RawMutex, RawThreadId, ReentrantMutex,
                ReentrantMutexGuard,
            };
            use static_assertions::{assert_impl_all, assert_not_impl_any};

            static IN_A_STATIC: Mutex<usize> = Mutex::new(0);

            assert_impl_all!(RawMutex: Send, Sync, Unpin);
            assert_impl_all!(Mutex<Cell<u8>>: Send, Sync);
            assert_impl_all!(MutexGuard<'static, u8>: Send, Sync);
            assert_impl_all!(ReentrantMutex<Cell<u8>>: Send, Sync);
            assert_not_impl_any!(ReentrantMutexGuard<'static, u8>: Send);
            const _: () = assert!(size_of::<Mutex<()>>() == 32);

            #[test]
            fn threads_exclude_each_other_in_every_way_to_lock() {
                watchdog("threads_exclude_each_other_in_every_way_to_lock", || {
                    let counted = AtomicUsize::new(0);
                    let count = |guard: Option<MutexGuard<'_, usize>>| {
                        if let Some(mut guard) = guard {
                            *guard += 1;
                            counted.fetch_add(1, Relaxed);
                        }
                    };
                    let count_fairly = |mut guard: MutexGuard<'_, usize>| {
                        *guard += 1;
                        MutexGuard::bump(&mut guard);
                        *guard += 1;
                        counted.fetch_add(2, Relaxed);
                        MutexGuard::unlock_fair(guard);
                    };
                    thread::scope(|scope| {
                        for _ in 0..2 {
                            scope.spawn(|| (0..2_000).for_each(|_| count(Some(IN_A_STATIC.lock()))));
                            scope.spawn(|| (0..2_000).for_each(|_| count(IN_A_STATIC.try_lock())));
                            scope.spawn(|| {
                                (0..2_000).for_each(|n| count(IN_A_STATIC.try_lock_for(Duration::from_nanos(n))));
                            });
                            scope.spawn(|| (0..500).for_each(|_| count_fairly(IN_A_STATIC.lock())));
                        }
                    });
                    assert_eq!(*IN_A_STATIC.lock(), counted.load(Relaxed));
                    assert!(counted.load(Relaxed) >= 2 * 2_000 + 2 * 1_000);
                });
            }

            #[test]
            fn a_locked_mutex_is_tried_in_vain_and_an_unlocked_one_is_not() {
                let mutex = Mutex::new(1);
                let past = Instant::now();
                let guard = mutex.lock();
                assert!(mutex.is_locked());
                assert!(mutex.try_lock().is_none());
                assert!(mutex.try_lock_for(Duration::ZERO).is_none());
                assert!(mutex.try_lock_for(Duration::from_millis(2)).is_none());
                assert!(mutex.try_lock_until(past).is_none());
                drop(guard);
                assert!(!mutex.is_locked());
                assert!(mutex.try_lock().is_some());
                assert!(mutex.try_lock_for(Duration::MAX).is_some());
                assert!(mutex.try_lock_until(past).is_some());
                MutexGuard::unlock_fair(mutex.lock());
                assert!(!mutex.is_locked());
                assert_eq!(mutex.into_inner(), 1);
            }

            #[test]
            fn a_timed_lock_waits_for_the_owner() {
                watchdog("a_timed_lock_waits_for_the_owner", || {
                    let mutex = Mutex::new(0);
                    let guard = mutex.lock();
                    thread::scope(|scope| {
                        let waiting = scope.spawn(|| *mutex.try_lock_for(Duration::MAX).expect("it waits") += 1);
                        thread::yield_now();
                        drop(guard);
                        waiting.join().unwrap();
                    });
                    assert_eq!(*mutex.lock(), 1);
                });
            }

            #[test]
            fn bump_lets_a_waiting_thread_in() {
                watchdog("bump_lets_a_waiting_thread_in", || {
                    let (mutex, has_been_in) = (Mutex::new(()), AtomicBool::new(false));
                    let mut guard = mutex.lock();
                    thread::scope(|scope| {
                        scope.spawn(|| {
                            let _guard = mutex.lock();
                            has_been_in.store(true, Relaxed);
                        });
                        while !has_been_in.load(Relaxed) {
                            MutexGuard::bump(&mut guard);
                            thread::yield_now();
                        }
                        assert!(mutex.is_locked(), "it is this guard's again");
                    });
                });
            }

            #[test]
            fn an_owner_that_is_unlocked_for_a_call_lets_others_in_and_locks_again() {
                let mutex = Mutex::new(1);
                let mut guard = mutex.lock();
                MutexGuard::unlocked(&mut guard, || *mutex.lock() += 1);
                MutexGuard::unlocked_fair(&mut guard, || *mutex.lock() += 1);
                assert!(mutex.try_lock().is_none());
                assert_eq!(*guard, 3);
            }

            #[test]
            fn a_narrowed_guard_keeps_the_lock() {
                let mutex = Mutex::new((1, 2));
                let mut part = MutexGuard::map(mutex.lock(), |pair| &mut pair.1);
                *part += 1;
                assert!(mutex.try_lock().is_none());
                MappedMutexGuard::unlock_fair(part);
                assert_eq!(*mutex.try_lock().expect("it was unlocked"), (1, 3));
            }

            #[test]
            fn a_guard_is_dropped_by_another_thread() {
                let mutex = Mutex::new(1);
                thread::scope(|scope| {
                    let guard = mutex.lock();
                    scope.spawn(move || drop(guard));
                });
                assert!(mutex.try_lock().is_some());
            }

            #[test]
            fn a_guard_that_owns_its_arc_keeps_the_lock_and_gives_its_count_back() {
                let mutex = Arc::new(Mutex::new(1));
                let mut guard: ArcMutexGuard<RawMutex, i32> = mutex.lock_arc();
                *guard += 1;
                assert!(mutex.try_lock_arc().is_none());
                thread::spawn(move || drop(guard)).join().unwrap();
                assert_eq!(*mutex.try_lock_arc().expect("it was unlocked"), 2);
                assert_eq!(Arc::strong_count(&mutex), 1);
            }

            #[test]
            fn a_locked_mutex_is_moved_and_dropped() {
                let mut mutex = Mutex::new(vec![1]);
                std::mem::forget(mutex.lock());
                mutex.get_mut().push(2);
                let moved = Box::new(mutex);
                assert!(moved.try_lock().is_none());
                drop(moved);
            }

            #[test]
            fn a_thread_enters_a_reentrant_mutex_again_and_keeps_others_out() {
                let mutex = Arc::new(ReentrantMutex::new(Cell::new(1)));
                let outer = mutex.lock();
                let inner: ArcReentrantMutexGuard<RawMutex, RawThreadId, Cell<i32>> = mutex.lock_arc();
                inner.set(outer.get() + 1);
                let is_open_to_another = || thread::scope(|scope| {
                    scope.spawn(|| mutex.try_lock().is_some()).join().unwrap()
                });
                assert!(!is_open_to_another());
                drop(outer);
                assert!(mutex.is_owned_by_current_thread());
                assert!(!is_open_to_another());
                drop(inner);
                assert!(!mutex.is_owned_by_current_thread());
                assert!(is_open_to_another());
                let part = ReentrantMutexGuard::map(mutex.lock(), |value| value);
                assert!(!is_open_to_another());
                MappedReentrantMutexGuard::unlock_fair(part);
                assert!(is_open_to_another());
            }

            #[test]
            fn threads_that_enter_again_exclude_each_other() {
                watchdog("threads_that_enter_again_exclude_each_other", || {
                    let mutex = ReentrantMutex::new(Cell::new(0));
                    thread::scope(|scope| {
                        for _ in 0..4 {
                            scope.spawn(|| {
                                for _ in 0..1_000 {
                                    let outer = mutex.lock();
                                    let before = outer.get();
                                    let inner = mutex.try_lock().expect("it is this thread's");
                                    inner.set(before + 1);
                                }
                            });
                        }
                    });
                    assert_eq!(mutex.into_inner().get(), 4_000);
                });
            }
        }
    };
}

conformance!(lock_api_04);
conformance!(lock_api_05);
