//! The reentrant lock among real threads: depth, its limit, loans, panics, forgotten guards, threads that end.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use latchwork_core::sync::model::watchdog;
use latchwork_mutex::{
    MappedReentrantLockGuard, OwnedReentrantLockGuard, Owner, ReentrantLock, ReentrantLockGuard, ReentrantLockRefMut,
};

const THREADS: usize = 8;

/// Counts by two accesses, so that two at once lose one.
fn count_up(counter: &AtomicUsize) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}

fn panics<T>(run: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(|| drop(run()))).is_err()
}

/// Whether another thread finds the lock free.
fn is_free<T: Send>(lock: &ReentrantLock<T>) -> bool {
    thread::scope(|scope| scope.spawn(|| lock.try_lock().is_some()).join().unwrap())
}

#[test]
fn every_increment_of_many_threads_is_counted() {
    watchdog("every_increment_of_many_threads_is_counted", || {
        let lock = ReentrantLock::new(Cell::new(0_usize));
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        let outer = lock.lock();
                        let inner = lock.lock();
                        outer.set(inner.get() + 1);
                        drop(outer);
                        inner.set(inner.get() + 1);
                    }
                });
            }
        });
        assert_eq!(lock.into_inner().get(), THREADS * 20_000);
    });
}

#[test]
fn threads_and_owners_of_all_forms_share_one_lock() {
    watchdog("threads_and_owners_of_all_forms_share_one_lock", || {
        let lock = ReentrantLock::new(AtomicUsize::new(0));
        let counted = AtomicUsize::new(0);
        let count = |counter: Option<&AtomicUsize>| {
            if let Some(counter) = counter {
                count_up(counter);
                counted.fetch_add(1, Relaxed);
            }
        };
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..5_000).for_each(|_| count(Some(&*lock.lock()))));
                scope.spawn(|| (0..5_000).for_each(|_| count(lock.try_lock().as_deref())));
                scope.spawn(|| {
                    (0..5_000).for_each(|n| count(lock.try_lock_for(Duration::from_nanos(n)).as_deref()));
                });
                scope.spawn(|| (0..5_000).for_each(|_| count(Some(&*lock.lock_as(&Owner::new())))));
                scope.spawn(|| {
                    let owner = Owner::new();
                    for n in 0..5_000 {
                        let guard = lock.try_lock_as_for(&owner, Duration::from_nanos(n));
                        count(guard.as_deref());
                        assert!(guard.is_none() || lock.try_lock_as(&owner).is_some());
                    }
                });
            }
        });
        assert_eq!(lock.lock().load(Relaxed), counted.load(Relaxed));
    });
}

#[test]
fn a_lock_is_held_until_the_last_guard_of_whatever_order_is_dropped() {
    let lock = ReentrantLock::new(7);
    let (first, second) = (lock.lock(), lock.try_lock().unwrap());
    let third = lock.try_lock_for(Duration::MAX).unwrap();
    let fourth = lock.try_lock_until(Instant::now()).unwrap();
    assert_eq!((lock.hold_count(), lock.with(|value| *value)), (4, 7));
    drop(second);
    drop(fourth);
    drop(first);
    assert!(lock.is_held_by_current_thread() && lock.is_locked() && !is_free(&lock));
    drop(third);
    assert!(!lock.is_held_by_current_thread() && !lock.is_locked() && is_free(&lock));
}

#[test]
fn zero_and_past_deadlines_make_one_attempt() {
    let lock = ReentrantLock::new(());
    let (past, owner) = (Instant::now(), Owner::new());
    assert!(lock.try_lock_for(Duration::ZERO).is_some() && lock.try_lock_until(past).is_some());
    assert!(lock.try_lock_as_for(&owner, Duration::ZERO).is_some() && lock.try_lock_as_until(&owner, past).is_some());
    let guard = lock.lock();
    assert!(lock.try_lock_as_for(&owner, Duration::ZERO).is_none() && lock.try_lock_as_until(&owner, past).is_none());
    assert!(lock.try_lock_for(Duration::ZERO).is_some() && lock.try_lock_until(past).is_some());
    drop(guard);
}

#[test]
fn a_timeout_is_not_cut_short_and_the_longest_does_not_overflow() {
    watchdog("a_timeout_is_not_cut_short_and_the_longest_does_not_overflow", || {
        let lock = Arc::new(ReentrantLock::new(()));
        let guard = lock.lock();
        let start = Instant::now();
        assert!(lock.try_lock_as_for(&Owner::new(), Duration::from_millis(20)).is_none());
        assert!(start.elapsed() >= Duration::from_millis(20));
        let waiting = [true, false].map(|by_thread| {
            let lock = Arc::clone(&lock);
            thread::spawn(move || match by_thread {
                true => lock.try_lock_for(Duration::MAX).is_some(),
                false => lock.try_lock_as_for(&Owner::new(), Duration::MAX).is_some(),
            })
        });
        thread::yield_now();
        drop(guard);
        assert!(waiting.map(|waiting| waiting.join().unwrap()).iter().all(|is_in| *is_in));
    });
}

#[test]
fn a_thread_at_the_limit_is_refused_and_nothing_changes() {
    let lock = ReentrantLock::new(7);
    let limit = ReentrantLock::<i32>::MAX_HOLDS;
    let guard = lock.lock();
    (1..limit).for_each(|_| std::mem::forget(lock.lock()));
    assert_eq!(lock.hold_count(), limit);
    for _ in 0..2 {
        assert!(panics(|| lock.lock()));
        assert!(lock.try_lock().is_none());
        assert!(lock.try_lock_for(Duration::MAX).is_none(), "it does not wait for itself");
        assert!(lock.try_lock_until(Instant::now()).is_none());
        assert_eq!((lock.hold_count(), *guard), (limit, 7));
    }
    assert_eq!(format!("{lock:?}"), "ReentrantLock { value: <locked>, .. }");
    drop(guard);
    assert!(lock.try_lock().is_some());
    assert!(!is_free(&lock) && lock.try_lock_as(&Owner::new()).is_none(), "the forgotten guards keep it");
    assert_eq!(lock.hold_count(), limit - 1);
}

#[test]
fn an_owner_at_the_limit_is_refused_and_nothing_changes() {
    let lock = ReentrantLock::new(7);
    let (limit, owner) = (ReentrantLock::<i32>::MAX_HOLDS, Owner::new());
    let guard = lock.lock_as(&owner);
    (1..limit).for_each(|_| std::mem::forget(lock.lock_as(&owner)));
    for _ in 0..2 {
        assert!(panics(|| lock.lock_as(&owner)));
        assert!(panics(|| futures_lite::future::block_on(lock.lock_async(&owner))));
        assert!(lock.try_lock_as(&owner).is_none());
        assert!(lock.try_lock_as_for(&owner, Duration::MAX).is_none(), "it does not wait for itself");
        assert!(lock.try_lock_as_until(&owner, Instant::now()).is_none());
        assert_eq!((lock.hold_count_of(&owner), *guard), (limit, 7));
    }
    drop(guard);
    assert!(lock.try_lock_as(&owner).is_some());
    assert!(!is_free(&lock));
}

#[test]
fn nobody_enters_while_the_value_is_lent_for_writing() {
    let lock = ReentrantLock::new(vec![1]);
    let mut guard = lock.lock();
    let mut loan = ReentrantLockGuard::get_mut(&mut guard).unwrap();
    loan.push(2);
    assert!(panics(|| lock.lock()) && panics(|| lock.with(Vec::len)));
    assert!(lock.try_lock().is_none() && lock.try_lock_for(Duration::MAX).is_none());
    assert!(lock.try_lock_as(&Owner::new()).is_none() && !is_free(&lock));
    assert_eq!((lock.hold_count(), format!("{lock:?}").contains("<locked>")), (1, true));
    loan.push(3);
    drop(loan);
    assert_eq!(*lock.lock(), [1, 2, 3]);
    drop(guard);
    assert!(is_free(&lock));
}

#[test]
fn only_the_one_guard_of_a_thread_lends_for_writing() {
    let lock = Arc::new(ReentrantLock::new((1, 2)));
    let mut outer = lock.lock();
    let part = ReentrantLockGuard::map(lock.lock(), |pair| &pair.1);
    assert!(ReentrantLockGuard::get_mut(&mut outer).is_none(), "a narrowed guard counts");
    drop(part);
    let mut inner = Arc::clone(&lock).lock_owned();
    assert!(
        ReentrantLockGuard::get_mut(&mut outer).is_none() && OwnedReentrantLockGuard::get_mut(&mut inner).is_none()
    );
    drop(outer);
    OwnedReentrantLockGuard::get_mut(&mut inner).unwrap().0 = 3;
    std::mem::forget(lock.lock());
    assert!(OwnedReentrantLockGuard::get_mut(&mut inner).is_none(), "a forgotten guard counts");
    assert_eq!(*inner, (3, 2));
}

#[test]
fn a_forgotten_loan_ends_with_its_guard() {
    let lock = ReentrantLock::new(7);
    let mut guard = lock.lock();
    let loan: ReentrantLockRefMut<'_, i32> = ReentrantLockGuard::get_mut(&mut guard).unwrap();
    std::mem::forget(loan);
    assert!(lock.try_lock().is_none() && ReentrantLockGuard::get_mut(&mut guard).is_none());
    assert_eq!(*guard, 7);
    drop(guard);
    assert!(is_free(&lock) && lock.try_lock().is_some());
}

/// Nothing but the number tells a thread from one that has ended: addresses, of stacks and of thread-locals, come back.
#[test]
fn a_guard_forgotten_by_a_thread_that_ended_keeps_all_later_threads_out() {
    watchdog("a_guard_forgotten_by_a_thread_that_ended_keeps_all_later_threads_out", || {
        let lock = ReentrantLock::new(7);
        thread::scope(|scope| scope.spawn(|| std::mem::forget(lock.lock())).join().unwrap());
        for _ in 0..200 {
            assert!(!is_free(&lock));
        }
        assert!(lock.try_lock().is_none() && lock.try_lock_for(Duration::from_millis(1)).is_none());
        assert!(!lock.is_held_by_current_thread() && lock.is_locked());
        assert_eq!(lock.into_inner(), 7);
    });
}

/// The same for owners: another may stand where one has stood.
#[test]
fn a_guard_forgotten_by_an_owner_that_is_gone_keeps_all_later_owners_out() {
    let lock = ReentrantLock::new(7);
    let mut owner = Owner::new();
    std::mem::forget(lock.lock_as(&owner));
    for _ in 0..200 {
        owner = Owner::new();
        assert!(lock.try_lock_as(&owner).is_none() && !lock.is_held_by(&owner));
    }
}

#[test]
fn a_thread_an_owner_and_another_owner_are_three() {
    let lock = ReentrantLock::new(7);
    let (one, other) = (Owner::new(), Owner::new());
    let guard = lock.lock();
    assert!(lock.try_lock_as(&one).is_none() && !lock.is_held_by(&one));
    drop(guard);
    let guard = lock.lock_as(&one);
    assert!(lock.try_lock().is_none() && lock.try_lock_as(&other).is_none());
    assert!(!lock.is_held_by_current_thread() && lock.is_held_by(&one) && !lock.is_held_by(&other));
    assert_eq!(lock.with_as(&one, |value| *value), 7);
    drop(guard);
    assert!(lock.try_lock_as(&other).is_some());
}

#[test]
fn an_owner_that_is_dropped_before_its_guards_releases_nothing() {
    let lock = Arc::new(ReentrantLock::new(7));
    let (first, second) = {
        let owner = Owner::new();
        (lock.lock_as(&owner), Arc::clone(&lock).lock_owned_as(&owner))
    };
    assert!(!is_free(&lock));
    drop(first);
    assert!(!is_free(&lock));
    thread::spawn(move || drop(second)).join().unwrap();
    assert!(is_free(&lock));
}

/// Whatever the depth, a call that panics leaves as many entries as there are guards.
#[test]
fn panics_leave_as_many_entries_as_guards() {
    let lock = ReentrantLock::new((1, 2));
    assert!(panics(|| lock.with(|_| panic!("in the call"))));
    assert!(panics(|| ReentrantLockGuard::map(lock.lock(), |_| -> &i32 { panic!("in the narrowing") })));
    assert!(!lock.is_locked());
    let mut outer = lock.lock();
    assert!(panics(|| {
        let _inner = lock.lock();
        panic!("in the section");
    }));
    assert_eq!(lock.hold_count(), 1);
    assert!(panics(|| ReentrantLockGuard::unlocked(&mut outer, || {
        assert!(!lock.is_locked());
        panic!("while unlocked");
    })));
    assert_eq!(lock.hold_count(), 1);
    let mut inner = lock.lock();
    assert!(panics(|| ReentrantLockGuard::unlocked(&mut inner, || {
        assert!(lock.is_locked());
        panic!("while it stays locked");
    })));
    assert_eq!(lock.hold_count(), 2);
    drop((inner, outer));
    assert!(is_free(&lock));
}

#[test]
fn a_bump_gives_the_lock_away_once_and_takes_it_back_to_the_same_depth() {
    watchdog("a_bump_gives_the_lock_away_once_and_takes_it_back_to_the_same_depth", || {
        let lock = ReentrantLock::new(Cell::new(0));
        let mut guard = lock.lock();
        ReentrantLockGuard::bump(&mut guard);
        thread::scope(|scope| {
            scope.spawn(|| {
                let guard = lock.lock();
                guard.set(guard.get() + 1);
            });
            let mut inner = lock.lock();
            ReentrantLockGuard::bump(&mut inner);
            assert_eq!((guard.get(), lock.hold_count()), (0, 2), "the outer guard keeps it");
            drop(inner);
            while guard.get() == 0 {
                ReentrantLockGuard::bump(&mut guard);
                assert_eq!(lock.hold_count(), 1);
            }
        });
        drop(guard);
        assert!(is_free(&lock));
    });
}

/// The call may leave the lock held by this thread, by a guard that lives on.
#[test]
fn an_unlocked_call_may_lock_for_good() {
    let lock = ReentrantLock::new(7);
    let mut kept = None;
    let mut guard = lock.lock();
    ReentrantLockGuard::unlocked(&mut guard, || kept = Some(lock.lock()));
    assert_eq!(lock.hold_count(), 2);
    drop(guard);
    assert!(!is_free(&lock));
    drop(kept);
    assert!(is_free(&lock));
}

/// A guard that cannot have its entry back must not be dropped: its drop would take back that of another. The process is
/// aborted, in a child.
#[test]
fn an_unlocked_call_that_uses_up_the_depth_aborts() {
    const CHILD: &str = "LATCHWORK_TEST_ABORTS";
    if std::env::var_os(CHILD).is_some() {
        let lock = ReentrantLock::new(7);
        let mut guard = lock.lock();
        ReentrantLockGuard::unlocked(&mut guard, || {
            (0..ReentrantLock::<i32>::MAX_HOLDS).for_each(|_| std::mem::forget(lock.lock()));
        });
        return;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "reentrant::an_unlocked_call_that_uses_up_the_depth_aborts", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    // A test that fails exits with 101; an abort has no exit code on Unix, and another one elsewhere.
    assert!(!child.status.success() && child.status.code() != Some(101), "{child:?}");
}

#[test]
fn narrowed_guards_reach_only_their_parts_and_count() {
    let lock = ReentrantLock::new((vec![1, 2], 3));
    let values = ReentrantLockGuard::map(lock.lock(), |value| &value.0);
    let first = MappedReentrantLockGuard::try_map(values, |values| values.first()).unwrap();
    let whole = ReentrantLockGuard::try_map(lock.lock(), |_| None::<&()>).unwrap_err();
    let third = ReentrantLockGuard::try_map(whole, |value| Some(&value.1)).unwrap();
    let third = MappedReentrantLockGuard::try_map(third, |_| None::<&()>).unwrap_err();
    assert_eq!((format!("{first} {first:?} {third}"), lock.hold_count()), ("1 1 3".to_owned(), 2));
    drop(first);
    assert_eq!(lock.hold_count(), 1);
    drop(MappedReentrantLockGuard::map(third, |third| third));
    assert!(is_free(&lock));

    let owner = Owner::new();
    let narrowed = ReentrantLockGuard::map(lock.lock_as(&owner), |value| &value.1);
    thread::scope(|scope| {
        scope.spawn(move || assert_eq!(*narrowed, 3));
    });
    assert!(is_free(&lock) && !lock.is_held_by(&owner));
}

#[test]
fn owned_guards_keep_the_lock_alive_and_give_their_counts_back() {
    let lock = Arc::new(ReentrantLock::new(7));
    let owner = Arc::new(Owner::new());
    let clone = || Arc::clone(&lock);
    assert_eq!(*clone().lock_owned(), 7);
    assert!(clone().try_lock_owned().is_some() && clone().try_lock_owned_for(Duration::ZERO).is_some());
    assert!(clone().try_lock_owned_until(Instant::now()).is_some());
    assert!(clone().try_lock_owned_as(&owner).is_some());
    assert!(clone().try_lock_owned_as_for(&owner, Duration::ZERO).is_some());
    assert!(clone().try_lock_owned_as_until(&owner, Instant::now()).is_some());
    assert_eq!((Arc::strong_count(&lock), lock.is_locked()), (1, false));

    let mut cx = Context::from_waker(Waker::noop());
    let mut future = Box::pin(clone().lock_owned_async(Arc::clone(&owner)));
    let guard = clone().lock_owned();
    assert!(future.as_mut().poll(&mut cx).is_pending());
    drop(guard);
    assert!(future.as_mut().poll(&mut cx).is_ready());
    assert!(panics(|| future.as_mut().poll(&mut cx).is_pending()), "it is not fused");
    drop(future);
    assert_eq!((Arc::strong_count(&lock), Arc::strong_count(&owner), lock.is_locked()), (1, 1, false));

    let weak = Arc::downgrade(&lock);
    let guard = lock.lock_owned_as(&owner);
    assert_eq!(format!("{guard} {guard:?}"), "7 7");
    drop(guard);
    assert!(weak.upgrade().is_none());
}

#[test]
fn a_thread_may_enter_again_while_its_thread_locals_are_destroyed() {
    static LOCK: ReentrantLock<Cell<usize>> = ReentrantLock::new(Cell::new(0));
    struct AtExit;
    impl Drop for AtExit {
        fn drop(&mut self) {
            let (outer, inner) = (LOCK.lock(), LOCK.lock());
            outer.set(inner.get() + LOCK.hold_count() as usize);
        }
    }
    std::thread_local! {
        static AT_EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
    }
    watchdog("a_thread_may_enter_again_while_its_thread_locals_are_destroyed", || {
        let barrier = Barrier::new(4);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    AT_EXIT.set(Some(AtExit));
                    barrier.wait();
                });
            }
        });
        // A scope waits for its closures, not for what runs after them.
        while LOCK.with(Cell::get) < 8 {
            thread::yield_now();
        }
    });
}

/// Threads that share an owner enter together, and keep the others out together.
#[test]
fn threads_that_share_an_owner_are_inside_together_and_alone() {
    watchdog("threads_that_share_an_owner_are_inside_together_and_alone", || {
        let lock = ReentrantLock::new(AtomicUsize::new(0));
        // How many are inside, of each of two teams.
        let inside = [AtomicUsize::new(0), AtomicUsize::new(0)];
        let owners = [Owner::new(), Owner::new()];
        thread::scope(|scope| {
            for index in 0..THREADS {
                let (lock, inside, team) = (&lock, &inside, index % 2);
                let owner = &owners[team];
                scope.spawn(move || {
                    for round in 0..2_000 {
                        let guard = if round % 2 == 0 {
                            Some(lock.lock_as(owner))
                        } else {
                            lock.try_lock_as_for(owner, Duration::from_micros(round))
                        };
                        let Some(guard) = guard else { continue };
                        inside[team].fetch_add(1, Relaxed);
                        assert_eq!(inside[1 - team].load(Relaxed), 0);
                        guard.fetch_add(1, Relaxed);
                        assert!(lock.is_held_by(owner));
                        inside[team].fetch_sub(1, Relaxed);
                    }
                });
            }
            scope.spawn(|| {
                for _ in 0..2_000 {
                    let _guard = lock.lock();
                    assert_eq!(inside.each_ref().map(|inside| inside.load(Relaxed)), [0, 0]);
                }
            });
        });
        assert!(is_free(&lock));
    });
}
