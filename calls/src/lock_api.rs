//! What lock_api's wrappers of a reader-writer lock have to do, whatever lock they wrap.

/// The tests, for a module that has the names of the wrappers: `lock_api`, `RawRwLock`, `RwLock` and its guards.
///
/// They are written once for all locks and both versions of lock_api, whose types share no trait.
#[macro_export]
macro_rules! test_lock_api_rwlock {
    () => {
        use std::cell::Cell;
        use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
        use std::sync::{Arc, Barrier};
        use std::thread;
        use std::time::{Duration, Instant};

        use latchwork_core::sync::model::watchdog;
        use static_assertions::{assert_impl_all, assert_not_impl_any};

        /// Whose halves are equal whenever nobody writes.
        type Halves = (usize, usize);

        static IN_A_STATIC: RwLock<Halves> = RwLock::new((0, 0));

        assert_impl_all!(RawRwLock: Send, Sync, Unpin);
        assert_impl_all!(RwLock<u8>: Send, Sync);
        assert_not_impl_any!(RwLock<Cell<u8>>: Sync);
        assert_impl_all!(RwLockReadGuard<'static, u8>: Send, Sync);
        assert_impl_all!(RwLockWriteGuard<'static, u8>: Send, Sync);
        assert_impl_all!(RwLockUpgradableReadGuard<'static, u8>: Send, Sync);

        /// Writes, if it may.
        fn write(guard: Option<RwLockWriteGuard<'_, Halves>>, written: &AtomicUsize) {
            if let Some(mut guard) = guard {
                guard.0 += 1;
                guard.1 += 1;
                written.fetch_add(1, Relaxed);
            }
        }

        fn look(guard: Option<RwLockReadGuard<'_, Halves>>) {
            assert!(guard.is_none_or(|guard| guard.0 == guard.1));
        }

        fn upgrade(lock: &RwLock<Halves>, written: &AtomicUsize) {
            let guard = lock.upgradable_read();
            let before = guard.0;
            // Time for others to wait.
            thread::yield_now();
            let tried = if before % 2 == 0 { Err(guard) } else { RwLockUpgradableReadGuard::try_upgrade(guard) };
            let guard = tried.unwrap_or_else(RwLockUpgradableReadGuard::upgrade);
            assert_eq!(guard.0, before, "nobody wrote in between");
            write(Some(guard), written);
        }

        fn downgrade(lock: &RwLock<Halves>, written: &AtomicUsize) {
            let mut guard = lock.write();
            guard.0 += 1;
            guard.1 += 1;
            written.fetch_add(1, Relaxed);
            let after = guard.0;
            // Time for others to wait.
            thread::yield_now();
            let guard = if after % 2 == 0 {
                RwLockWriteGuard::downgrade(guard)
            } else {
                let guard = RwLockWriteGuard::downgrade_to_upgradable(guard);
                assert_eq!(*guard, (after, after), "nobody wrote in between");
                RwLockUpgradableReadGuard::downgrade(guard)
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
            let lock = RwLock::new(1);
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
            let upgradable = RwLockWriteGuard::downgrade_to_upgradable(writer);
            assert_eq!((state(), who_may()), ((true, false), (true, false, false)));
            let reader = RwLockUpgradableReadGuard::downgrade(upgradable);
            assert_eq!((state(), who_may()), ((true, false), (true, false, true)));
            drop(reader);
            let reader = RwLockWriteGuard::downgrade(lock.write());
            assert_eq!((state(), who_may()), ((true, false), (true, false, true)));
            drop(reader);
            drop(lock.upgradable_read());
            assert_eq!((state(), who_may()), ((false, false), (true, true, true)));
        }

        #[test]
        fn an_upgrade_that_is_refused_is_an_upgradable_reader_again() {
            let lock = RwLock::new(1);
            let reader = lock.read();
            let guard = lock.upgradable_read();
            let guard = RwLockUpgradableReadGuard::try_upgrade(guard).unwrap_err();
            let guard = RwLockUpgradableReadGuard::try_upgrade_for(guard, Duration::from_millis(1)).unwrap_err();
            let guard = RwLockUpgradableReadGuard::try_upgrade_until(guard, Instant::now()).unwrap_err();
            assert!(lock.try_upgradable_read().is_none());
            drop((reader, guard));
            for upgrade in [
                |guard| RwLockUpgradableReadGuard::try_upgrade(guard).ok(),
                |guard| RwLockUpgradableReadGuard::try_upgrade_for(guard, Duration::MAX).ok(),
                |guard| RwLockUpgradableReadGuard::try_upgrade_until(guard, Instant::now()).ok(),
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
                    let (lock, all) = (&RwLock::new(0), &Barrier::new(3));
                    thread::scope(|scope| {
                        let reader = lock.read();
                        scope.spawn(|| {
                            let guard = lock.upgradable_read();
                            all.wait();
                            let mut guard = RwLockUpgradableReadGuard::upgrade(guard);
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
                let (lock, has_upgraded) = (&RwLock::new(0), &AtomicBool::new(false));
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
                        *RwLockUpgradableReadGuard::try_upgrade_for(guard, Duration::MAX).expect("it waits") += 1;
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
            let lock = RwLock::new((1, 2));
            let mut part = RwLockWriteGuard::map(lock.write(), |pair| &mut pair.1);
            *part += 1;
            assert!(lock.try_read().is_none());
            drop::<MappedRwLockWriteGuard<'_, i32>>(part);
            let part: MappedRwLockReadGuard<'_, i32> = RwLockReadGuard::map(lock.read(), |pair| &pair.1);
            assert!(lock.try_write().is_none());
            assert_eq!(*part, 3);
            drop(part);
            assert!(lock.try_write().is_some());
        }

        #[test]
        fn guards_are_dropped_by_another_thread() {
            let lock = RwLock::new(1);
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
            let lock = Arc::new(RwLock::new(1));
            let mut writer: lock_api::ArcRwLockWriteGuard<RawRwLock, i32> = lock.write_arc();
            *writer += 1;
            assert!(lock.try_read_arc().is_none());
            let reader: lock_api::ArcRwLockReadGuard<RawRwLock, i32> = lock_api::ArcRwLockWriteGuard::downgrade(writer);
            assert!(lock.try_write_arc().is_none());
            thread::spawn(move || assert_eq!(*reader, 2)).join().unwrap();
            drop(lock.upgradable_read_arc());
            assert!(lock.try_write_arc().is_some());
            assert_eq!(Arc::strong_count(&lock), 1);
        }

        #[test]
        fn a_locked_lock_is_moved_and_dropped() {
            let mut lock = RwLock::new(vec![1]);
            std::mem::forget(lock.write());
            lock.get_mut().push(2);
            let moved = Box::new(lock);
            assert!(moved.try_read().is_none());
            drop(moved);
        }
    };
}
