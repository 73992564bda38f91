//! The wrappers of lock_api over the raw reader-writer lock, in both versions: each runs the same tests.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

macro_rules! conformance {
    ($version:ident: $($more:item)*) => {
        mod $version {
            use latchwork_rwlock::$version::{
                lock_api, MappedRwLockReadGuard, MappedRwLockWriteGuard, RawRwLock, RwLock, RwLockReadGuard,
                RwLockUpgradableReadGuard, RwLockWriteGuard,
            };
            use latchwork_rwlock::Policy;

            latchwork_calls::test_lock_api_rwlock!();

            const _: () = assert!(size_of::<RwLock<()>>() == 32);

            #[test]
            fn the_policy_is_that_of_the_raw_lock() {
                static CHOSEN: RwLock<u8> = RwLock::from_raw(RawRwLock::with_policy(Policy::PhaseFair), 1);

                // SAFETY: it is neither locked nor unlocked.
                let chosen = unsafe { CHOSEN.raw() };
                assert_eq!((chosen.policy(), *CHOSEN.read()), (Policy::PhaseFair, 1));
                let initial = <RawRwLock as lock_api::RawRwLock>::INIT;
                assert_eq!(initial.policy(), Policy::WriterPreferring);
            }

            $($more)*
        }
    };
}

conformance! {
    lock_api_04:

    #[test]
    fn one_who_reads_reads_again_although_a_writer_waits() {
        watchdog("one_who_reads_reads_again_although_a_writer_waits", || {
            let lock = RwLock::new(1);
            thread::scope(|scope| {
                let outer = lock.read();
                scope.spawn(|| *lock.write() += 1);
                while lock.try_read().is_some() {
                    thread::yield_now();
                }
                // The writer waits, and keeps other readers out.
                let inner = [
                    Some(lock.read_recursive()),
                    lock.try_read_recursive(),
                    lock.try_read_recursive_for(Duration::ZERO),
                    lock.try_read_recursive_until(Instant::now()),
                ];
                assert!(inner.iter().flatten().all(|inner| **inner == 1) && inner.iter().all(Option::is_some));
                assert!(lock.try_read().is_none());
                drop((outer, inner));
            });
            assert_eq!(*lock.read(), 2);
        });
    }
}

conformance!(lock_api_05:);
