//! The wrappers of lock_api over the raw spin locks, in both versions: each runs the same tests.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

macro_rules! conformance {
    ($version:ident) => {
        mod $version {
            use std::cell::Cell;
            use std::sync::{Arc, Barrier};
            use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
            use std::thread;
            use std::time::{Duration, Instant};

            use latchwork_core::sync::model::watchdog;
            use latchwork_spinlock::$version::{
                MappedRwSpinLockReadGuard, MappedRwSpinLockWriteGuard, MappedSpinLockGuard, MappedTicketLockGuard,
                RawRwSpinLock, RawSpinLock, RawTicketLock, RwSpinLock, RwSpinLockReadGuard, RwSpinLockUpgradableGuard,
                RwSpinLockWriteGuard, SpinLock, SpinLockGuard, TicketLock, TicketLockGuard, lock_api,
            };
            use latchwork_spinlock::{Pause, Yield};
            use static_assertions::{assert_impl_all, assert_not_impl_any};

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

            /// Whose halves are equal whenever nobody writes.
            type Halves = (usize, usize);

            static IN_A_STATIC: RwSpinLock<Halves> =
                RwSpinLock::new((0, 0));

            assert_impl_all!(RawRwSpinLock: Send, Sync, Unpin);
            assert_impl_all!(RwSpinLock<u8>: Send, Sync);
            assert_not_impl_any!(RwSpinLock<Cell<u8>>: Sync);
            assert_impl_all!(RwSpinLockReadGuard<'static, u8>: Send, Sync);
            assert_impl_all!(RwSpinLockWriteGuard<'static, u8>: Send, Sync);
            assert_impl_all!(RwSpinLockUpgradableGuard<'static, u8>: Send, Sync);
            const _: () = assert!(size_of::<RwSpinLock<()>>() == 4);

            /// Writes, if it may.
            fn write(guard: Option<RwSpinLockWriteGuard<'_, Halves>>, written: &AtomicUsize) {
                if let Some(mut guard) = guard {
                    guard.0 += 1;
                    guard.1 += 1;
                    written.fetch_add(1, Relaxed);
                }
            }

            fn look(guard: Option<RwSpinLockReadGuard<'_, Halves>>) {
                assert!(guard.is_none_or(|guard| guard.0 == guard.1));
            }

            fn upgrade(lock: &RwSpinLock<Halves>, written: &AtomicUsize) {
                let guard = lock.upgradable_read();
                let before = guard.0;
                // Time for others to wait.
                thread::yield_now();
                let tried = if before % 2 == 0 { Err(guard) } else { RwSpinLockUpgradableGuard::try_upgrade(guard) };
                let guard = tried.unwrap_or_else(RwSpinLockUpgradableGuard::upgrade);
                assert_eq!(guard.0, before, "nobody wrote in between");
                write(Some(guard), written);
            }

            fn downgrade(lock: &RwSpinLock<Halves>, written: &AtomicUsize) {
                let mut guard = lock.write();
                guard.0 += 1;
                guard.1 += 1;
                written.fetch_add(1, Relaxed);
                let after = guard.0;
                // Time for others to wait.
                thread::yield_now();
                let guard = if after % 2 == 0 {
                    RwSpinLockWriteGuard::downgrade(guard)
                } else {
                    let guard = RwSpinLockWriteGuard::downgrade_to_upgradable(guard);
                    assert_eq!(*guard, (after, after), "nobody wrote in between");
                    RwSpinLockUpgradableGuard::downgrade(guard)
                };
                assert_eq!(*guard, (after, after), "nobody wrote in between");
            }

            #[test]
            fn readers_and_writers_exclude_each_other_in_every_way_to_lock() {
                watchdog("readers_and_writers_exclude_each_other_in_every_way_to_lock", || {
                    let (lock, written) = (&IN_A_STATIC, &AtomicUsize::new(0));
                    let begin = Barrier::new(8);
                    let repeat = |turn: &dyn Fn(Duration)| {
                        begin.wait();
                        (0..1_000).map(Duration::from_nanos).for_each(turn);
                    };
                    thread::scope(|scope| {
                        scope.spawn(|| repeat(&|_| look(Some(lock.read()))));
                        scope.spawn(|| repeat(&|_| look(lock.try_read())));
                        scope.spawn(|| repeat(&|timeout| look(lock.try_read_for(timeout))));
                        scope.spawn(|| repeat(&|_| write(Some(lock.write()), written)));
                        scope.spawn(|| repeat(&|_| write(lock.try_write(), written)));
                        scope.spawn(|| repeat(&|timeout| write(lock.try_write_for(timeout), written)));
                        scope.spawn(|| repeat(&|_| upgrade(lock, written)));
                        scope.spawn(|| repeat(&|_| downgrade(lock, written)));
                    });
                    let written = written.load(Relaxed);
                    assert!(written >= 3_000);
                    assert_eq!(*lock.read(), (written, written));
                });
            }

            #[test]
            fn whoever_has_the_lock_keeps_out_those_whom_it_excludes_and_no_others() {
                let lock = RwSpinLock::new(1);
                let past = Instant::now();
                let (may_read, may_write, may_upgrade) = (
                    || {
                        let may = lock.try_read().is_some();
                        assert_eq!(lock.try_read_for(Duration::ZERO).is_some(), may);
                        assert_eq!(lock.try_read_until(past).is_some(), may);
                        may
                    },
                    || {
                        let may = lock.try_write().is_some();
                        assert_eq!(lock.try_write_for(Duration::from_millis(1)).is_some(), may);
                        assert_eq!(lock.try_write_until(past).is_some(), may);
                        may
                    },
                    || {
                        let may = lock.try_upgradable_read().is_some();
                        assert_eq!(lock.try_upgradable_read_for(Duration::ZERO).is_some(), may);
                        assert_eq!(lock.try_upgradable_read_until(past).is_some(), may);
                        may
                    },
                );
                let state = || (lock.is_locked(), lock.is_locked_exclusive());
                let who_may = || (may_read(), may_write(), may_upgrade());

                assert_eq!((state(), who_may()), ((false, false), (true, true, true)));
                let reader = lock.read();
                assert_eq!((state(), who_may()), ((true, false), (true, false, true)));
                drop(reader);
                let writer = lock.write();
                assert_eq!((state(), who_may()), ((true, true), (false, false, false)));
                let upgradable = RwSpinLockWriteGuard::downgrade_to_upgradable(writer);
                assert_eq!((state(), who_may()), ((true, false), (true, false, false)));
                let reader = RwSpinLockUpgradableGuard::downgrade(upgradable);
                assert_eq!((state(), who_may()), ((true, false), (true, false, true)));
                drop(reader);
                let reader = RwSpinLockWriteGuard::downgrade(lock.write());
                assert_eq!((state(), who_may()), ((true, false), (true, false, true)));
                drop(reader);
                drop(lock.upgradable_read());
                assert_eq!((state(), who_may()), ((false, false), (true, true, true)));
            }

            #[test]
            fn an_upgrade_that_is_refused_is_an_upgradable_reader_again() {
                let lock = RwSpinLock::new(1);
                let reader = lock.read();
                let guard = lock.upgradable_read();
                let guard = RwSpinLockUpgradableGuard::try_upgrade(guard).unwrap_err();
                let guard = RwSpinLockUpgradableGuard::try_upgrade_for(guard, Duration::from_millis(1)).unwrap_err();
                let guard = RwSpinLockUpgradableGuard::try_upgrade_until(guard, Instant::now()).unwrap_err();
                assert!(lock.try_upgradable_read().is_none());
                drop((reader, guard));
                for upgrade in [
                    |guard| RwSpinLockUpgradableGuard::try_upgrade(guard).ok(),
                    |guard| RwSpinLockUpgradableGuard::try_upgrade_for(guard, Duration::MAX).ok(),
                    |guard| RwSpinLockUpgradableGuard::try_upgrade_until(guard, Instant::now()).ok(),
                ] {
                    *upgrade(lock.upgradable_read()).expect("nobody else reads") += 1;
                    assert!(!lock.is_locked());
                }
                let mut guard = lock.upgradable_read();
                guard.with_upgraded(|value| *value += 1);
                assert!(lock.try_read().is_some() && lock.try_upgradable_read().is_none());
                assert_eq!(*guard, 5);
            }

            #[test]
            fn nobody_writes_before_an_upgrade_has() {
                watchdog("nobody_writes_before_an_upgrade_has", || {
                    for _ in 0..50 {
                        let (lock, all) = (&RwSpinLock::new(0), &Barrier::new(3));
                        thread::scope(|scope| {
                            let reader = lock.read();
                            scope.spawn(|| {
                                let guard = lock.upgradable_read();
                                all.wait();
                                let mut guard = RwSpinLockUpgradableGuard::upgrade(guard);
                                assert_eq!(*guard, 0, "nobody has written");
                                *guard += 1;
                            });
                            scope.spawn(|| {
                                all.wait();
                                *lock.write() += 1;
                            });
                            all.wait();
                            // Time for both to wait.
                            (0..10).for_each(|_| thread::yield_now());
                            drop(reader);
                        });
                        assert_eq!(*lock.read(), 2);
                    }
                });
            }

            #[test]
            fn whoever_waits_is_let_in_when_the_lock_is_released() {
                watchdog("whoever_waits_is_let_in_when_the_lock_is_released", || {
                    let (lock, has_upgraded) = (&RwSpinLock::new(0), &AtomicBool::new(false));
                    let writer = lock.write();
                    thread::scope(|scope| {
                        scope.spawn(|| assert!(lock.try_read_for(Duration::MAX).is_some()));
                        scope.spawn(|| assert!(lock.try_upgradable_read_for(Duration::MAX).is_some()));
                        scope.spawn(|| *lock.try_write_for(Duration::MAX).expect("it waits") += 1);
                        thread::yield_now();
                        drop(writer);
                    });
                    let reader = lock.read();
                    thread::scope(|scope| {
                        scope.spawn(|| {
                            let guard = lock.upgradable_read();
                            *RwSpinLockUpgradableGuard::try_upgrade_for(guard, Duration::MAX).expect("it waits") += 1;
                            has_upgraded.store(true, Relaxed);
                        });
                        thread::yield_now();
                        assert!(!has_upgraded.load(Relaxed), "there is a reader");
                        drop(reader);
                    });
                    assert_eq!(*lock.read(), 2);
                });
            }

            #[test]
            fn a_narrowed_guard_keeps_the_lock() {
                let lock = RwSpinLock::new((1, 2));
                let mut part = RwSpinLockWriteGuard::map(lock.write(), |pair| &mut pair.1);
                *part += 1;
                assert!(lock.try_read().is_none());
                drop::<MappedRwSpinLockWriteGuard<'_, i32>>(part);
                let part: MappedRwSpinLockReadGuard<'_, i32> = RwSpinLockReadGuard::map(lock.read(), |pair| &pair.1);
                assert!(lock.try_write().is_none());
                assert_eq!(*part, 3);
                drop(part);
                assert!(lock.try_write().is_some());
            }

            #[test]
            fn guards_are_dropped_by_another_thread() {
                let lock = RwSpinLock::new(1);
                thread::scope(|scope| {
                    let guards = (lock.read(), lock.upgradable_read());
                    scope.spawn(move || drop(guards));
                });
                thread::scope(|scope| {
                    let guard = lock.try_write().expect("they were dropped");
                    scope.spawn(move || drop(guard));
                });
                assert!(!lock.is_locked());
            }

            #[test]
            fn guards_that_own_their_arc_keep_the_lock_and_give_their_count_back() {
                let lock = Arc::new(RwSpinLock::new(1));
                let mut writer: lock_api::ArcRwLockWriteGuard<RawRwSpinLock, i32> = lock.write_arc();
                *writer += 1;
                assert!(lock.try_read_arc().is_none());
                let reader: lock_api::ArcRwLockReadGuard<RawRwSpinLock, i32> = lock_api::ArcRwLockWriteGuard::downgrade(writer);
                assert!(lock.try_write_arc().is_none());
                thread::spawn(move || assert_eq!(*reader, 2)).join().unwrap();
                drop(lock.upgradable_read_arc());
                assert!(lock.try_write_arc().is_some());
                assert_eq!(Arc::strong_count(&lock), 1);
            }

            #[test]
            fn a_locked_lock_is_moved_and_dropped() {
                let mut lock = RwSpinLock::new(vec![1]);
                std::mem::forget(lock.write());
                lock.get_mut().push(2);
                let moved = Box::new(lock);
                assert!(moved.try_read().is_none());
                drop(moved);
            }
        }
    };
}

conformance!(lock_api_04);
conformance!(lock_api_05);
