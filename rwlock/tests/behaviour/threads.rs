//! The lock among real threads: timeouts, panics, as many readers as can be counted, all of those who wait at once, one core.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use futures_lite::future::block_on;
use latchwork_core::sync::model::{on_one_core, poll_once, watchdog};
use latchwork_rwlock::{
    OwnedMappedRwLockReadGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, Policy, RwLock, RwLockReadGuard,
    RwLockUpgradableGuard, RwLockWriteGuard,
};

const POLICIES: [Policy; 3] = [Policy::WriterPreferring, Policy::PhaseFair, Policy::ReaderPreferring];

fn panics<T>(run: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(|| drop(run()))).is_err()
}

#[test]
fn timeouts_may_be_anything() {
    watchdog("timeouts_may_be_anything", || {
        let lock = RwLock::new(0);
        let past = Instant::now();
        assert!(lock.try_read_for(Duration::ZERO).is_some() && lock.try_write_until(past).is_some());
        let reader = lock.read();
        assert!(lock.try_write_for(Duration::ZERO).is_none() && lock.try_write_until(past).is_none());
        let guard = RwLockUpgradableGuard::try_upgrade_for(lock.upgradable_read(), Duration::ZERO).unwrap_err();
        let guard = RwLockUpgradableGuard::try_upgrade_until(guard, past).unwrap_err();
        thread::scope(|scope| {
            scope.spawn(|| *lock.try_write_for(Duration::MAX).expect("it waits as long as it takes") += 1);
            scope.spawn(|| drop(lock.try_read_for(Duration::MAX).expect("the same")));
            scope.spawn(|| drop(lock.try_upgradable_read_for(Duration::MAX).expect("the same")));
            thread::yield_now();
            drop(reader);
            let guard = RwLockUpgradableGuard::try_upgrade_for(guard, Duration::MAX);
            *guard.expect("the same") += 1;
        });
        assert_eq!(lock.into_inner(), 2);
    });
}

/// A thread that gives up on the lock does not leave those behind it who wait for the upgradable share.
#[test]
fn a_writer_that_times_out_lets_an_upgradable_reader_in() {
    watchdog("a_writer_that_times_out_lets_an_upgradable_reader_in", || {
        let lock = RwLock::new(0);
        let _reader = lock.read();
        thread::scope(|scope| {
            let writer = scope.spawn(|| lock.try_write_for(Duration::from_millis(5)).is_none());
            // Behind the writer, if that has come by now; too late makes the test weaker, not wrong.
            while lock.try_read().is_some() && !writer.is_finished() {
                thread::yield_now();
            }
            drop(lock.upgradable_read());
            assert!(writer.join().unwrap());
        });
    });
}

#[test]
fn a_panic_in_a_section_or_a_narrowing_unlocks_and_poisons_nothing() {
    fn narrow(_: &mut i32) -> &mut i32 {
        panic!("in the narrowing")
    }
    fn look(_: &i32) -> &i32 {
        panic!("in the narrowing")
    }
    let lock = Arc::new(RwLock::new(1));
    assert!(panics(|| lock.with_write(|value| {
        *value = 2;
        panic!("in the section");
    })));
    assert!(panics(|| lock.with_read(|_| panic!("in the section"))));
    assert!(panics(|| RwLockReadGuard::map(lock.read(), look)));
    assert!(panics(|| RwLockWriteGuard::map(lock.write(), narrow)));
    assert!(panics(|| OwnedRwLockReadGuard::map(Arc::clone(&lock).read_owned(), look)));
    assert!(panics(|| OwnedRwLockWriteGuard::map(Arc::clone(&lock).write_owned(), narrow)));
    assert_eq!((*lock.try_write().expect("it was unlocked"), Arc::strong_count(&lock)), (2, 1));
}

#[test]
fn an_upgrade_that_fails_leaves_the_guard_as_it_was() {
    let lock = RwLock::new(7);
    let reader = lock.read();
    let guard = RwLockUpgradableGuard::try_upgrade(lock.upgradable_read()).unwrap_err();
    assert!(lock.try_upgradable_read().is_none(), "it is still the upgradable reader's");
    assert!(lock.try_read().is_some(), "nobody is held back");
    assert_eq!(*guard, 7);
    drop(reader);
    let mut guard = RwLockUpgradableGuard::try_upgrade(guard).unwrap();
    *guard += 1;
    assert!(lock.try_upgradable_read().is_none() && lock.try_read().is_none());
    drop(guard);
    assert_eq!(lock.try_upgradable_read().as_deref(), Some(&8), "who failed has left nothing");
}

/// A count that ran over would let a writer in beside all these readers.
#[test]
fn readers_that_were_upgradable_are_counted() {
    let lock = RwLock::new(7);
    let first = lock.read();
    let downgraded = || lock.try_upgradable_read().map(RwLockUpgradableGuard::downgrade);
    let mut count = 1;
    // Twice as often as is possible.
    while count < 2 * (RwLock::<i32>::MAX_READERS + 1) {
        let Ok(Some(reader)) = catch_unwind(AssertUnwindSafe(downgraded)) else { break };
        std::mem::forget(reader);
        count += 1;
    }
    assert!(lock.try_write().is_none(), "{count} read");
    assert_eq!((*first, count), (7, RwLock::<i32>::MAX_READERS));
}

#[test]
fn more_readers_than_can_be_counted_are_refused_and_change_nothing() {
    let lock = Arc::new(RwLock::new(7));
    let upgradable = lock.upgradable_read();
    (1..RwLock::<i32>::MAX_READERS).for_each(|_| std::mem::forget(lock.read()));
    let last = lock.read();
    for _ in 0..2 {
        assert!(panics(|| lock.read()) && panics(|| lock.read_recursive()) && panics(|| lock.try_read()));
        assert!(panics(|| lock.try_read_for(Duration::MAX)) && panics(|| block_on(lock.read_async())));
        assert!(panics(|| Arc::clone(&lock).read_owned()));
        assert!(lock.try_write().is_none() && !lock.is_write_locked());
    }
    // It has its place among them.
    let downgraded = RwLockUpgradableGuard::downgrade(upgradable);
    assert!(panics(|| lock.upgradable_read()) && panics(|| lock.read()));
    drop((last, downgraded));
    assert_eq!(lock.try_read().as_deref(), Some(&7));
    assert_eq!(lock.try_upgradable_read().as_deref(), Some(&7));
    assert_eq!(Arc::strong_count(&lock), 1);
}

#[test]
fn a_narrowed_owned_guard_gives_its_count_back() {
    let lock = Arc::new(RwLock::new((1, vec![2])));
    let guard = OwnedRwLockReadGuard::map(Arc::clone(&lock).read_owned(), |value| &value.1);
    let guard = OwnedMappedRwLockReadGuard::try_map(guard, |values| values.get(7)).unwrap_err();
    let guard = OwnedMappedRwLockReadGuard::map(guard, |values| &values[0]);
    assert_eq!((*guard, Arc::strong_count(&lock)), (2, 2));
    drop(guard);
    let guard = OwnedRwLockWriteGuard::map(Arc::clone(&lock).write_owned(), |value| &mut value.0);
    assert_eq!((*guard, Arc::strong_count(&lock)), (1, 2));
    drop(guard);
    assert_eq!((Arc::strong_count(&lock), lock.is_locked()), (1, false));
}

/// Threads and tasks of every kind that reads: each leaves when all are inside, and so for ever if one is not let in.
#[test]
fn all_readers_that_wait_are_inside_together_when_a_writer_leaves() {
    const READERS: usize = 12;
    watchdog("all_readers_that_wait_are_inside_together_when_a_writer_leaves", || {
        for (policy, round) in POLICIES.into_iter().flat_map(|policy| (0..50).map(move |round| (policy, round))) {
            let lock = RwLock::with_policy((), policy);
            let (inside, arrived) = (Barrier::new(READERS), AtomicUsize::new(0));
            thread::scope(|scope| {
                let writer = lock.write();
                for index in 0..READERS {
                    let (lock, inside, arrived) = (&lock, &inside, &arrived);
                    scope.spawn(move || {
                        arrived.fetch_add(1, Relaxed);
                        let meet = |_: &()| inside.wait();
                        match index % 4 {
                            0 => meet(&lock.read()),
                            1 => meet(&block_on(lock.read_async())),
                            2 => meet(&lock.try_read_for(Duration::MAX).unwrap()),
                            // One of them may become the writer.
                            _ if index == 3 => meet(&lock.upgradable_read()),
                            _ => meet(&lock.read_recursive()),
                        };
                    });
                }
                while arrived.load(Relaxed) < READERS {
                    thread::yield_now();
                }
                if round % 2 == 0 {
                    // Time to fall asleep; without, it is those who turn that are let in.
                    thread::sleep(Duration::from_millis(1));
                }
                match round % 4 {
                    0 | 1 => drop(writer),
                    // Its share is one more, and the readers enter beside it.
                    _ => drop(RwLockWriteGuard::downgrade(writer)),
                }
            });
            assert!(!lock.is_locked());
        }
    });
}

/// The owner loses its core while it has the lock, in every other section.
#[test]
fn whoever_waits_lets_the_owner_run_on_one_core() {
    watchdog("whoever_waits_lets_the_owner_run_on_one_core", || {
        for policy in POLICIES {
            let lock = RwLock::with_policy(0_usize, policy);
            on_one_core(|| {
                thread::scope(|scope| {
                    for _ in 0..4 {
                        scope.spawn(|| {
                            for round in 0..1_000 {
                                let mut guard = lock.write();
                                thread::yield_now();
                                *guard += round % 2;
                                drop(guard);
                                let guard = lock.read();
                                thread::yield_now();
                                drop(guard);
                            }
                        });
                    }
                });
            });
            assert!(poll_once(pin!(lock.write_async())).is_ready());
            assert_eq!(lock.into_inner(), 2_000);
        }
    });
}

/// The last of those who have it, or wait for it, frees it: threads and tasks, whose guards own counts of the `Arc`, cancelled or
/// not.
#[test]
fn a_lock_may_end_with_the_last_of_its_guards_and_futures() {
    watchdog("a_lock_may_end_with_the_last_of_its_guards_and_futures", || {
        for _ in 0..2_000 {
            let lock = Arc::new(RwLock::new(0));
            let weak = Arc::downgrade(&lock);
            let guard = Arc::clone(&lock).write_owned();
            let mut first = Box::pin(Arc::clone(&lock).write_owned_async());
            let mut second = Box::pin(Arc::clone(&lock).read_owned_async());
            assert!(poll_once(first.as_mut()).is_pending() && poll_once(second.as_mut()).is_pending());
            let threads = [
                thread::spawn(move || drop(guard)),
                thread::spawn(move || drop(first)),
                thread::spawn(move || drop(block_on(second))),
                thread::spawn(move || drop(lock.upgradable_read_owned())),
            ];
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert_eq!(weak.strong_count(), 0);
        }
    });
}
