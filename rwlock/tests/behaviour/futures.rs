//! The lock under hand-polled futures: wakers that re-enter, panic, or are replaced; futures that are never polled again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::Duration;

use latchwork_core::sync::model::{Foreign, poll_once, poll_with, watchdog};
use latchwork_rwlock::{
    Acquire, OwnedRwLockReadGuard, OwnedRwLockUpgradableGuard, OwnedRwLockWriteGuard, Policy, RwLock, RwLockReadGuard,
    RwLockUpgradableGuard,
};

type Lock = Arc<RwLock<u32>>;
type Reader = Pin<Box<Acquire<Lock, OwnedRwLockReadGuard<u32>>>>;
type Writer = Pin<Box<Acquire<Lock, OwnedRwLockWriteGuard<u32>>>>;

fn lock() -> Lock {
    Arc::new(RwLock::new(0))
}

fn queued_reader(lock: &Lock, waker: &Waker) -> Reader {
    let mut future = Box::pin(Arc::clone(lock).read_owned_async());
    assert!(poll_with(future.as_mut(), waker).is_pending());
    future
}

fn queued_writer(lock: &Lock, waker: &Waker) -> Writer {
    let mut future = Box::pin(Arc::clone(lock).write_owned_async());
    assert!(poll_with(future.as_mut(), waker).is_pending());
    future
}

#[test]
fn a_waker_that_locks_the_same_lock_finds_it_free() {
    watchdog("a_waker_that_locks_the_same_lock_finds_it_free", || {
        let lock = lock();
        let guard = lock.write();
        let foreign = Arc::new(Foreign::default());
        let _waiting = queued_writer(&lock, &foreign.waker());
        let again = Arc::clone(&lock);
        foreign.on_wake(move || {
            let mut guard = again.write();
            *guard += 1;
            assert!(again.try_read_for(Duration::from_millis(1)).is_none(), "it can be queued for, too");
        });
        drop(guard);
        assert_eq!(*lock.read(), 1);
    });
}

#[test]
fn a_waker_that_polls_inline_gets_the_lock() {
    watchdog("a_waker_that_polls_inline_gets_the_lock", || {
        let lock = lock();
        let guard = lock.read();
        let foreign = Arc::new(Foreign::default());
        let mut waiting = queued_writer(&lock, &foreign.waker());
        let ready = Arc::new(AtomicBool::new(false));
        let was_ready = Arc::clone(&ready);
        foreign.on_wake(move || was_ready.store(poll_once(waiting.as_mut()).is_ready(), Relaxed));
        drop(guard);
        assert!(ready.load(Relaxed));
    });
}

/// The queue's lock is not held while a waker is cloned or dropped: each may use the lock.
#[test]
fn a_waker_may_use_the_lock_when_it_is_cloned_or_dropped() {
    watchdog("a_waker_may_use_the_lock_when_it_is_cloned_or_dropped", || {
        let lock = lock();
        let (foreign, other) = (Arc::new(Foreign::default()), Arc::new(Foreign::default()));
        let touches = Arc::new(AtomicUsize::new(0));
        let touch = || {
            let (lock, touches) = (Arc::clone(&lock), Arc::clone(&touches));
            move || {
                assert!(lock.try_read_for(Duration::from_millis(1)).is_none(), "it is locked, and can be queued for");
                touches.fetch_add(1, Relaxed);
            }
        };
        let guard = lock.write();
        foreign.on_clone(touch());
        let mut waiting = queued_reader(&lock, &foreign.waker());
        // Polled with another waker, the first is dropped; cancelled, the second is.
        foreign.on_drop(touch());
        other.on_clone(touch());
        assert!(poll_with(waiting.as_mut(), &other.waker()).is_pending());
        other.on_drop(touch());
        drop(waiting);
        assert_eq!(touches.load(Relaxed), 4);
        drop(guard);
        assert!(!lock.is_locked());
    });
}

#[test]
fn a_waker_that_panics_when_woken_leaves_the_lock_free_and_the_others_woken() {
    let lock = lock();
    let guard = lock.write();
    let foreign = [(); 20].map(|()| Arc::new(Foreign::default()));
    let mut waiting = foreign.each_ref().map(|foreign| queued_reader(&lock, &foreign.waker()));
    for index in [0, 9] {
        foreign[index].on_wake(|| panic!("woken"));
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(guard))).is_err());
    assert!(foreign.iter().all(|foreign| foreign.wakes() == 1));
    assert!(waiting.iter_mut().all(|reader| poll_once(reader.as_mut()).is_ready()));
    assert!(!lock.is_locked());
}

/// The share is the guard's by then, whatever the waker does.
#[test]
fn a_waker_that_panics_in_a_downgrade_leaves_nothing_locked() {
    let lock = lock();
    let foreign = Arc::new(Foreign::default());
    let guard = Arc::clone(&lock).write_owned();
    let mut waiting = queued_reader(&lock, &foreign.waker());
    foreign.on_wake(|| panic!("woken"));
    let downgrade = || drop(OwnedRwLockWriteGuard::downgrade(guard));
    assert!(catch_unwind(AssertUnwindSafe(downgrade)).is_err());
    assert!(!lock.is_locked() && poll_once(waiting.as_mut()).is_ready());
}

#[test]
fn a_waker_that_panics_when_cloned_queues_nobody() {
    let lock = lock();
    let guard = lock.write();
    let foreign = Arc::new(Foreign::default());
    let waker = foreign.waker();
    let mut future = Box::pin(lock.read_async());
    foreign.on_clone(|| panic!("cloned"));
    assert!(catch_unwind(AssertUnwindSafe(|| poll_with(future.as_mut(), &waker).is_pending())).is_err());
    drop(guard);
    assert_eq!(foreign.wakes(), 0);
    assert!(poll_with(future.as_mut(), &waker).is_ready(), "the future can be polled on");
}

/// A queued future that takes what is free lets go of its waker: if that panics, there is no guard.
#[test]
fn a_waker_that_panics_when_dropped_by_the_taker_leaves_the_lock_free() {
    fn panics<F: Future>(lock: &Lock, queued: impl Fn(&Lock, &Waker) -> Pin<Box<F>>) {
        let guard = lock.write();
        let foreign = Arc::new(Foreign::default());
        let (head, waker) = (queued_writer(lock, Waker::noop()), foreign.waker());
        let mut taker = queued(lock, &waker);
        drop((waker, guard));
        foreign.on_drop(|| panic!("dropped"));
        assert!(catch_unwind(AssertUnwindSafe(|| poll_once(taker.as_mut()).is_ready())).is_err());
        assert!(!lock.is_locked());
        drop((head, taker));
        assert!(lock.try_write().is_some());
    }
    panics(&lock(), queued_writer);
    panics(&lock(), queued_reader);
}

/// Whoever has the upgradable share waits with a waker, too.
#[test]
fn a_waker_of_an_upgrade_may_use_the_lock_and_panic() {
    watchdog("a_waker_of_an_upgrade_may_use_the_lock_and_panic", || {
        let lock = lock();
        let foreign = Arc::new(Foreign::default());
        let touch = |panics: bool| {
            let lock = Arc::clone(&lock);
            move || {
                assert!(lock.try_write_for(Duration::from_millis(1)).is_none(), "there is a reader");
                assert!(!panics, "after that");
            }
        };
        let mut guard = Arc::clone(&lock).upgradable_read_owned();
        for panics in [false, true] {
            let reader = lock.read();
            let mut upgrade = Box::pin(OwnedRwLockUpgradableGuard::upgrade_async(&mut guard));
            let waker = foreign.waker();
            foreign.on_clone(touch(panics));
            let polled = catch_unwind(AssertUnwindSafe(|| poll_with(upgrade.as_mut(), &waker).is_pending()));
            assert_eq!(polled.ok(), (!panics).then_some(true));
            assert!(poll_with(upgrade.as_mut(), &waker).is_pending(), "it can be polled on");
            foreign.on_wake(touch(panics));
            let left = catch_unwind(AssertUnwindSafe(|| drop(reader)));
            assert_eq!(left.is_err(), panics);
            assert!(poll_with(upgrade.as_mut(), &waker).is_ready());
        }
        drop(guard);
        assert!(lock.try_write().is_some());
    });
}

#[test]
fn a_future_polled_by_another_task_wakes_that_one() {
    let lock = lock();
    let (first, second) = (Arc::new(Foreign::default()), Arc::new(Foreign::default()));
    let guard = lock.write();
    let mut writer = queued_writer(&lock, &first.waker());
    assert!(poll_with(writer.as_mut(), &second.waker()).is_pending());
    drop(guard);
    assert_eq!((first.wakes(), second.wakes()), (0, 1));
    let guard = poll_with(writer.as_mut(), &second.waker());
    let mut reader = queued_reader(&lock, &second.waker());
    assert!(poll_with(reader.as_mut(), &first.waker()).is_pending());
    drop(guard);
    assert_eq!((first.wakes(), second.wakes()), (1, 1));
    drop(poll_once(reader.as_mut()));
    let (mut guard, reader) = (lock.upgradable_read(), lock.read());
    let mut upgrade = pin!(RwLockUpgradableGuard::upgrade_async(&mut guard));
    assert!(poll_with(upgrade.as_mut(), &first.waker()).is_pending());
    assert!(poll_with(upgrade.as_mut(), &second.waker()).is_pending());
    drop(reader);
    assert_eq!((first.wakes(), second.wakes()), (1, 2));
    assert!(poll_once(upgrade.as_mut()).is_ready());
}

#[test]
fn a_pending_future_is_woken_once_per_release_and_never_by_itself() {
    let lock = lock();
    let foreign = Arc::new(Foreign::default());
    let mut guard = lock.write();
    let mut waiting = queued_writer(&lock, &foreign.waker());
    for round in 0..10 {
        assert!(poll_with(waiting.as_mut(), &foreign.waker()).is_pending());
        assert_eq!(foreign.wakes(), round);
        drop(guard);
        assert_eq!(foreign.wakes(), round + 1);
        guard = lock.write();
    }
    drop(guard);
    assert!(poll_with(waiting.as_mut(), &foreign.waker()).is_ready());
}

/// A waker queues another reader while the first of many are woken: it is of the next phase.
#[test]
fn a_reader_that_comes_while_others_are_woken_is_not_of_their_phase() {
    let lock = Arc::new(RwLock::with_policy(0, Policy::PhaseFair));
    let guard = lock.write();
    let mut writer = queued_writer(&lock, Waker::noop());
    let first = Arc::new(Foreign::default());
    let mut readers: Vec<_> = (0..12)
        .map(|index| queued_reader(&lock, &if index == 0 { first.waker() } else { Waker::noop().clone() }))
        .collect();
    let late = Arc::new(Foreign::default());
    let inside: Arc<Mutex<Vec<_>>> = Arc::default();
    first.on_wake({
        let (lock, late, inside) = (Arc::clone(&lock), Arc::clone(&late), Arc::clone(&inside));
        let mut first = readers.remove(0);
        move || {
            // The first enters and stays; behind it comes one more, while a writer waits.
            let guard = poll_once(first.as_mut());
            assert!(guard.is_ready());
            let reader = queued_reader(&lock, &late.waker());
            inside.lock().unwrap().push((guard, reader));
        }
    });
    drop(guard);
    assert!(readers.iter_mut().all(|reader| poll_once(reader.as_mut()).is_ready()));
    assert_eq!(late.wakes(), 0, "the writer is next");
    let (guard, mut last) = inside.lock().unwrap().pop().expect("the first was woken");
    drop(guard);
    assert!(poll_once(writer.as_mut()).is_ready());
    assert_eq!(late.wakes(), 1);
    assert!(poll_once(last.as_mut()).is_ready());
}

/// The shape that has become known as futurelock, in one task.
#[test]
fn a_future_that_is_not_polled_cannot_hang_its_own_task() {
    watchdog("a_future_that_is_not_polled_cannot_hang_its_own_task", || {
        for policy in [Policy::WriterPreferring, Policy::PhaseFair, Policy::ReaderPreferring] {
            let lock = Arc::new(RwLock::with_policy(0, policy));
            let guard = lock.write();
            let abandoned = (queued_writer(&lock, Waker::noop()), queued_reader(&lock, Waker::noop()));
            let more = queued_writer(&lock, Waker::noop());
            drop(guard);
            for _ in 0..3 {
                *lock.write() += 1;
                futures_lite::future::block_on(async { *lock.write_async().await += 1 });
                drop(lock.read());
                drop(futures_lite::future::block_on(lock.read_async()));
                drop(lock.upgradable_read());
            }
            drop((abandoned, more));
            assert_eq!(*lock.try_write().unwrap(), 6);
        }
    });
}

/// A future of one of the kinds, which lets go of its guard.
fn entering(lock: &Lock, kind: usize) -> Pin<Box<dyn Future<Output = ()>>> {
    fn releasing<F: Future + 'static>(future: F) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async move { drop(future.await) })
    }
    let lock = Arc::clone(lock);
    match kind {
        0 | 3 => releasing(lock.write_owned_async()),
        1 => releasing(lock.read_owned_async()),
        _ => releasing(lock.upgradable_read_owned_async()),
    }
}

/// In every stage: not polled, queued, woken, ready; of every kind.
#[test]
fn futures_dropped_in_any_order_leave_the_lock_free() {
    // Every order of four, by Lehmer's code.
    for code in 0..24 {
        for (polled, release_at) in (0..16_u32).flat_map(|polled| (0..5).map(move |step| (polled, step))) {
            let lock = lock();
            let mut guard = Some(lock.write());
            let mut futures: Vec<_> = (0..4).map(|kind| Some(entering(&lock, kind))).collect();
            for (index, future) in futures.iter_mut().enumerate().filter(|(index, _)| polled & 1 << index != 0) {
                assert!(poll_once(future.as_mut().unwrap().as_mut()).is_pending(), "{index} waits");
            }
            let (mut rest, mut code) = (vec![0, 1, 2, 3], code);
            for step in 0..4 {
                if step == release_at {
                    guard = None;
                }
                let future = futures[rest.remove(code % (4 - step))].take();
                code /= 4 - step;
                // One that was woken, and one that may have been, are polled once more.
                let _ = future.filter(|_| step % 2 == 1).map(|mut future| poll_once(future.as_mut()).is_ready());
            }
            drop(guard);
            assert!(lock.try_write().is_some() && !lock.is_locked());
        }
    }
}

#[test]
fn a_forgotten_future_leaves_a_lock_that_can_be_used() {
    let lock = lock();
    let guard = lock.write();
    std::mem::forget(queued_reader(&lock, Waker::noop()));
    std::mem::forget(queued_writer(&lock, Waker::noop()));
    drop(guard);
    *lock.write() += 1;
    assert_eq!(*lock.read(), 1);
}

#[test]
fn a_forgotten_guard_keeps_writers_out_and_readers_in() {
    let lock = lock();
    std::mem::forget(lock.read());
    assert!(lock.try_write().is_none());
    let _: RwLockReadGuard<'_, u32> = lock.read();
    assert!(RwLockUpgradableGuard::try_upgrade(lock.upgradable_read()).is_err());
}

/// The guard still has the writer's lock then, and gives back that.
#[test]
fn a_forgotten_upgrade_leaves_a_guard_that_can_be_used() {
    for next in 0..3 {
        let lock = lock();
        let mut guard = lock.upgradable_read();
        std::mem::forget(futures_lite::future::block_on(RwLockUpgradableGuard::upgrade_async(&mut guard)));
        assert!(lock.try_read().is_none());
        match next {
            0 => drop(guard),
            1 => *RwLockUpgradableGuard::upgrade(guard) += 1,
            _ => {
                let guard = RwLockUpgradableGuard::downgrade(guard);
                assert!(lock.try_read().is_some() && lock.try_upgradable_read().is_some() && *guard == 0);
            }
        }
        assert!(lock.try_write().is_some() && !lock.is_locked());
    }
}

#[test]
fn futures_are_not_fused() {
    let lock = lock();
    let mut future = pin!(lock.read_async());
    assert!(poll_once(future.as_mut()).is_ready());
    assert!(catch_unwind(AssertUnwindSafe(|| poll_once(future.as_mut()).is_ready())).is_err());
    assert!(!lock.is_locked());
}
