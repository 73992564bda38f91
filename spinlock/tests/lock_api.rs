//! The wrappers of lock_api over the raw spin locks, in both versions: each runs the same tests.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

macro_rules! conformance {
    ($version:ident) => {
        mod $version {
            use std::cell::Cell;
            use std::sync::Arc;
            use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
            use std::thread;
            use std::time::{Duration, Instant};

            use latchwork_core::sync::model::watchdog;
            use latchwork_spinlock::$version::{
                MappedSpinLockGuard, MappedTicketLockGuard, RawSpinLock, RawTicketLock, RwSpinLock, SpinLock, SpinLockGuard,
                TicketLock, TicketLockGuard, lock_api,
            };
            use latchwork_spinlock::{Pause, Yield};
            use static_assertions::assert_impl_all;

            assert_impl_all!(RawSpinLock<Pause>: Send, Sync, Unpin);
            assert_impl_all!(RawTicketLock: Send, Sync, Unpin);
            assert_impl_all!(SpinLock<Cell<u8>>: Send, Sync);
            assert_impl_all!(TicketLock<Cell<u8>>: Send, Sync);
            assert_impl_all!(SpinLockGuard<'static, u8>: Send, Sync);
            assert_impl_all!(TicketLockGuard<'static, u8>: Send, Sync);
            const _: () = assert!(size_of::<SpinLock<()>>() == 1 && size_of::<TicketLock<()>>() == 8);

            fn count<R: lock_api::RawMutex>(guard: Option<lock_api::MutexGuard<'_, R, usize>>, counted: &AtomicUsize) {
                if let Some(mut guard) = guard {
                    *guard += 1;
                    counted.fetch_add(1, Relaxed);
                }
            }

            #[test]
            fn threads_exclude_each_other_in_every_way_to_lock() {
                static BACKS_OFF: SpinLock<usize> = SpinLock::new(0);
                static YIELDS: SpinLock<usize, Yield> = SpinLock::new(0);
                static SERVES: TicketLock<usize> = TicketLock::new(0);

                watchdog("threads_exclude_each_other_in_every_way_to_lock", || {
                    let [backs_off, yields, serves] = [const { AtomicUsize::new(0) }; 3];
                    let timeouts = || (0..1_000).map(Duration::from_nanos);
                    thread::scope(|scope| {
                        for _ in 0..2 {
                            scope.spawn(|| (0..1_000).for_each(|_| count(Some(BACKS_OFF.lock()), &backs_off)));
                            scope.spawn(|| (0..1_000).for_each(|_| count(BACKS_OFF.try_lock(), &backs_off)));
                            scope.spawn(|| timeouts().for_each(|timeout| count(BACKS_OFF.try_lock_for(timeout), &backs_off)));
                            scope.spawn(|| (0..1_000).for_each(|_| count(Some(YIELDS.lock()), &yields)));
                            scope.spawn(|| (0..1_000).for_each(|_| count(Some(SERVES.lock()), &serves)));
                            scope.spawn(|| (0..1_000).for_each(|_| count(SERVES.try_lock(), &serves)));
                            scope.spawn(|| {
                                for _ in 0..100 {
                                    let mut guard = SERVES.lock();
                                    TicketLockGuard::bump(&mut guard);
                                    *guard += 1;
                                    serves.fetch_add(1, Relaxed);
                                    TicketLockGuard::unlock_fair(guard);
                                }
                            });
                        }
                    });
                    assert_eq!(*BACKS_OFF.lock(), backs_off.into_inner());
                    assert_eq!(*YIELDS.lock(), yields.into_inner());
                    assert_eq!(*SERVES.lock(), serves.into_inner());
                });
            }

            #[test]
            fn a_locked_mutex_is_tried_in_vain_and_an_unlocked_one_is_not() {
                let (spins, serves, past) = (SpinLock::<_>::new(1), TicketLock::new(1), Instant::now());
                let guards = (spins.lock(), serves.lock());
                assert!(spins.is_locked() && serves.is_locked());
                assert!(spins.try_lock().is_none() && serves.try_lock().is_none());
                assert!(spins.try_lock_for(Duration::from_millis(1)).is_none());
                assert!(spins.try_lock_until(past).is_none());
                drop(guards);
                assert!(!spins.is_locked() && !serves.is_locked());
                assert!(spins.try_lock().is_some() && serves.try_lock().is_some());
                assert!(spins.try_lock_for(Duration::MAX).is_some());
                assert!(spins.try_lock_until(past).is_some());
                assert_eq!((spins.into_inner(), serves.into_inner()), (1, 1));
            }

            #[test]
            fn a_timed_lock_waits_for_the_owner() {
                watchdog("a_timed_lock_waits_for_the_owner", || {
                    let mutex = SpinLock::<_>::new(0);
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
                    let (mutex, has_been_in) = (TicketLock::new(()), AtomicBool::new(false));
                    let mut guard = mutex.lock();
                    thread::scope(|scope| {
                        scope.spawn(|| {
                            let _guard = mutex.lock();
                            has_been_in.store(true, Relaxed);
                        });
                        while !has_been_in.load(Relaxed) {
                            TicketLockGuard::bump(&mut guard);
                            thread::yield_now();
                        }
                        assert!(mutex.is_locked(), "it is this guard's again");
                    });
                });
            }

            #[test]
            fn narrowed_mutex_guards_keep_their_locks() {
                let (spins, serves) = (SpinLock::<_>::new((1, 2)), TicketLock::new((1, 2)));
                let mut part: MappedSpinLockGuard<'_, i32> = SpinLockGuard::map(spins.lock(), |pair| &mut pair.1);
                *part += 1;
                let mut other: MappedTicketLockGuard<'_, i32> = TicketLockGuard::map(serves.lock(), |pair| &mut pair.1);
                *other += 1;
                assert!(spins.try_lock().is_none() && serves.try_lock().is_none());
                drop((part, other));
                assert_eq!((*spins.try_lock().unwrap(), *serves.try_lock().unwrap()), ((1, 3), (1, 3)));
            }

            #[test]
            fn mutex_guards_that_own_their_arc_are_dropped_by_another_thread() {
                let (spins, serves) = (Arc::new(SpinLock::<_>::new(1)), Arc::new(TicketLock::new(1)));
                let guards: (lock_api::ArcMutexGuard<RawSpinLock, i32>, lock_api::ArcMutexGuard<RawTicketLock, i32>) =
                    (spins.lock_arc(), serves.lock_arc());
                assert!(spins.try_lock_arc().is_none() && serves.try_lock_arc().is_none());
                thread::spawn(move || drop(guards)).join().unwrap();
                assert!(spins.try_lock_arc().is_some() && serves.try_lock_arc().is_some());
                assert_eq!((Arc::strong_count(&spins), Arc::strong_count(&serves)), (1, 1));
            }

            #[test]
            fn locked_mutexes_are_moved_and_dropped() {
                let (spins, serves) = (SpinLock::<_>::new(vec![1]), TicketLock::new(vec![1]));
                std::mem::forget((spins.lock(), serves.lock()));
                let moved = Box::new((spins, serves));
                assert!(moved.0.try_lock().is_none() && moved.1.try_lock().is_none());
                drop(moved);
            }

            const _: () = assert!(size_of::<RwSpinLock<()>>() == 4);

            mod readers_and_writers {
                use latchwork_spinlock::$version::{
                    MappedRwSpinLockReadGuard as MappedRwLockReadGuard, MappedRwSpinLockWriteGuard as MappedRwLockWriteGuard,
                    RawRwSpinLock as RawRwLock, RwSpinLock as RwLock, RwSpinLockReadGuard as RwLockReadGuard,
                    RwSpinLockUpgradableGuard as RwLockUpgradableReadGuard, RwSpinLockWriteGuard as RwLockWriteGuard, lock_api,
                };

                latchwork_calls::test_lock_api_rwlock!();
            }
        }
    };
}

conformance!(lock_api_04);
conformance!(lock_api_05);
