//! The reentrant lock in tasks: owners that migrate, share and cancel, under real executors and under hand-polled futures.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use futures_lite::future::{block_on, yield_now};
use latchwork_core::sync::model::{Foreign, poll_once, poll_with, watchdog};
use latchwork_mutex::{LockOwnedAs, Owner, ReentrantLock, ReentrantLockGuard};

const TASKS: usize = 8;

type Lock = Arc<ReentrantLock<AtomicUsize>>;

fn lock() -> Lock {
    Arc::new(ReentrantLock::new(AtomicUsize::new(0)))
}

/// Counts by two accesses, so that two at once lose one.
fn count_up(counter: &AtomicUsize) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}

fn queued(lock: &Lock, owner: &Arc<Owner>, waker: &Waker) -> Pin<Box<LockOwnedAs<AtomicUsize>>> {
    let mut future = Box::pin(Arc::clone(lock).lock_owned_async(Arc::clone(owner)));
    assert!(poll_with(future.as_mut(), waker).is_pending());
    future
}

fn multi_threaded() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap()
}

/// Lets another thread of the runtime go on with this task: blocking in place hands this thread's place over, and a yield then
/// leaves the task to whoever has it. Returns whether it came to another thread.
async fn migrate() -> bool {
    let before: ThreadId = thread::current().id();
    tokio::task::block_in_place(|| ());
    tokio::task::yield_now().await;
    thread::current().id() != before
}

/// One step of an owner that holds the lock across awaits, twice, and is moved between any two of them. Returns how often.
async fn hold_and_migrate(lock: &ReentrantLock<AtomicUsize>, owner: &Owner, inside: &AtomicUsize) -> usize {
    let mut moves = 0;
    let outer = lock.lock_async(owner).await;
    assert_eq!(inside.fetch_add(1, Relaxed), 0, "nobody else is inside");
    let seen = outer.load(Relaxed);
    moves += usize::from(migrate().await);
    let inner = lock.lock_async(owner).await;
    assert_eq!(lock.hold_count_of(owner), 2);
    moves += usize::from(migrate().await);
    drop(outer);
    moves += usize::from(migrate().await);
    inner.store(seen + 1, Relaxed);
    assert_eq!(inside.fetch_sub(1, Relaxed), 1, "nobody else is inside");
    moves
}

#[test]
fn eight_tasks_that_migrate_while_they_hold_the_lock_exclude_each_other() {
    watchdog("eight_tasks_that_migrate_while_they_hold_the_lock_exclude_each_other", || {
        let lock = lock();
        let inside = Arc::new(AtomicUsize::new(0));
        let runtime = multi_threaded();
        let stop = Arc::new(AtomicBool::new(false));
        // Threads on the same instance, which own it by themselves.
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (lock, inside, stop) = (Arc::clone(&lock), Arc::clone(&inside), Arc::clone(&stop));
                thread::spawn(move || {
                    let mut count = 0;
                    while !stop.load(Relaxed) {
                        let outer = lock.lock();
                        assert_eq!(inside.load(Relaxed), 0, "no task is inside");
                        count_up(&lock.lock());
                        drop(outer);
                        count += 1;
                        thread::sleep(Duration::from_micros(100));
                    }
                    count
                })
            })
            .collect();
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let (lock, inside) = (Arc::clone(&lock), Arc::clone(&inside));
                runtime.spawn(async move {
                    let owner = Owner::new();
                    let (mut count, mut moves) = (0, 0);
                    // As long as it takes: which thread comes next is up to the runtime.
                    while count < 50 || moves < 50 {
                        moves += hold_and_migrate(&lock, &owner, &inside).await;
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let mut count = 0;
        runtime.block_on(async {
            for task in tasks {
                count += task.await.unwrap();
            }
        });
        stop.store(true, Relaxed);
        count += threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>();
        assert_eq!(lock.try_lock().expect("nobody is left").load(Relaxed), count);
    });
}

#[test]
fn tasks_of_two_executors_and_threads_share_the_lock() {
    watchdog("tasks_of_two_executors_and_threads_share_the_lock", || {
        const ROUNDS: usize = 300;
        async fn count(lock: Lock) {
            let owner = Owner::new();
            for round in 0..ROUNDS {
                let outer = lock.lock_async(&owner).await;
                let seen = outer.load(Relaxed);
                if round % 2 == 0 {
                    yield_now().await;
                }
                let inner = lock.lock_async(&owner).await;
                inner.store(seen + 1, Relaxed);
            }
        }
        let lock = lock();
        let runtime = multi_threaded();
        let tokio_tasks: Vec<_> = (0..TASKS).map(|_| runtime.spawn(count(Arc::clone(&lock)))).collect();
        let blocking = thread::spawn({
            let lock = Arc::clone(&lock);
            move || (0..ROUNDS).for_each(|_| count_up(&lock.lock()))
        });
        let executor = async_executor::LocalExecutor::new();
        let tasks: Vec<_> = (0..TASKS).map(|_| executor.spawn(count(Arc::clone(&lock)))).collect();
        block_on(executor.run(async {
            for task in tasks {
                task.await;
            }
        }));
        runtime.block_on(async {
            for task in tokio_tasks {
                task.await.unwrap();
            }
        });
        blocking.join().unwrap();
        assert_eq!(lock.lock().load(Relaxed), (2 * TASKS + 1) * ROUNDS);
    });
}

/// Two futures of one task, with one owner, of which each needs the other to go on: both are let in.
#[test]
fn futures_that_share_an_owner_are_inside_together() {
    watchdog("futures_that_share_an_owner_are_inside_together", || {
        block_on(async {
            let (lock, owner, inside) = (lock(), Owner::new(), AtomicUsize::new(0));
            let guard = Arc::clone(&lock).lock_owned_async(Arc::new(Owner::new())).await;
            let unlocker = thread::spawn(move || drop(guard));
            let meet = || async {
                let _guard = lock.lock_async(&owner).await;
                inside.fetch_add(1, Relaxed);
                while inside.load(Relaxed) < 2 {
                    yield_now().await;
                }
            };
            futures_lite::future::zip(meet(), meet()).await;
            unlocker.join().unwrap();
            assert!(!lock.is_locked());
        });
    });
}

/// The same for tasks that are polled only when they are woken, with strangers in the queue between them.
#[test]
fn tasks_that_share_an_owner_are_inside_together() {
    watchdog("tasks_that_share_an_owner_are_inside_together", || {
        let runtime = multi_threaded();
        for _ in 0..50 {
            let (lock, owner) = (lock(), Arc::new(Owner::new()));
            let barrier = Arc::new(tokio::sync::Barrier::new(TASKS));
            let tasks: Vec<_> = (0..2 * TASKS)
                .map(|index| {
                    let (lock, owner, barrier) = (Arc::clone(&lock), Arc::clone(&owner), Arc::clone(&barrier));
                    runtime.spawn(async move {
                        if index % 2 == 0 {
                            let guard = lock.lock_async(&owner).await;
                            guard.fetch_add(1, Relaxed);
                            // For ever, if one of the others is not let in.
                            barrier.wait().await;
                        } else {
                            let stranger = Owner::new();
                            let guard = lock.lock_async(&stranger).await;
                            count_up(&guard);
                            tokio::task::yield_now().await;
                        }
                    })
                })
                .collect();
            runtime.block_on(async {
                for task in tasks {
                    task.await.unwrap();
                }
            });
            assert_eq!(lock.lock().load(Relaxed), 2 * TASKS);
        }
    });
}

#[test]
fn a_timeout_of_the_runtime_leaves_the_lock_to_others() {
    watchdog("a_timeout_of_the_runtime_leaves_the_lock_to_others", || {
        multi_threaded().block_on(async {
            let lock = lock();
            let tasks: Vec<_> = (0..TASKS)
                .map(|index| {
                    let lock = Arc::clone(&lock);
                    tokio::spawn(async move {
                        let (owner, mut counted) = (Owner::new(), 0);
                        for _ in 0..50 {
                            let timeout = Duration::from_micros(100 * index as u64);
                            if let Ok(outer) = tokio::time::timeout(timeout, lock.lock_async(&owner)).await {
                                let inner = lock.lock_async(&owner).await;
                                count_up(&inner);
                                counted += 1;
                                tokio::task::yield_now().await;
                                drop((outer, inner));
                            }
                        }
                        counted
                    })
                })
                .collect();
            let mut counted = 0;
            for task in tasks {
                counted += task.await.unwrap();
            }
            assert_eq!(lock.try_lock().expect("nobody is left").load(Relaxed), counted);
        });
    });
}

/// The shape that has become known as futurelock: what is queued in one branch of a select, and is no longer polled, stands in
/// nobody's way; not even where it has the owner's name.
#[test]
fn a_select_that_stops_polling_a_lock_does_not_hang() {
    watchdog("a_select_that_stops_polling_a_lock_does_not_hang", || {
        multi_threaded().block_on(async {
            let (lock, owner) = (lock(), Owner::new());
            let guard = lock.lock_async(&owner).await;
            let stranger = Owner::new();
            let mut queued = pin!(lock.lock_async(&stranger));
            assert!(poll_once(queued.as_mut()).is_pending());
            let mut companion = pin!(lock.lock_async(&stranger));
            assert!(poll_once(companion.as_mut()).is_pending());
            drop(guard);
            drop(lock.lock_async(&owner).await);
            drop(lock.lock_async(&stranger).await);
            drop(lock.lock());
            drop((queued.await, companion.await));
            assert!(!lock.is_locked());
        });
    });
}

#[test]
fn a_waker_that_enters_the_same_lock_finds_what_its_owner_may_find() {
    watchdog("a_waker_that_enters_the_same_lock_finds_what_its_owner_may_find", || {
        let (lock, owner) = (lock(), Arc::new(Owner::new()));
        let guard = lock.lock();
        let foreign = Arc::new(Foreign::default());
        let strangers = queued(&lock, &Arc::new(Owner::new()), Waker::noop());
        let mut companion = queued(&lock, &owner, &foreign.waker());
        drop(guard);
        let (again, name) = (Arc::clone(&lock), Arc::clone(&owner));
        // It runs in the middle of `lock_as`, which has the lock, and lets its companion in.
        foreign.on_wake(move || {
            assert!(again.try_lock().is_none());
            assert!(again.try_lock_as(&name).is_some());
        });
        let guard = lock.lock_as(&owner);
        assert_eq!(foreign.wakes(), 1);
        assert!(poll_once(companion.as_mut()).is_ready());
        drop((guard, strangers));
        assert!(!lock.is_locked());
    });
}

/// Whoever gets the lock wakes its companions: where a waker panics, the others are woken, and the lock is released.
#[test]
fn a_waker_that_panics_when_its_owner_gets_the_lock_leaves_it_free_and_the_others_woken() {
    let (lock, owner) = (lock(), Arc::new(Owner::new()));
    let guard = lock.lock();
    let mut strangers = queued(&lock, &Arc::new(Owner::new()), Waker::noop());
    // More than are woken at a time.
    let foreign: Vec<_> = (0..20).map(|_| Arc::new(Foreign::default())).collect();
    let companions: Vec<_> = foreign.iter().map(|foreign| queued(&lock, &owner, &foreign.waker())).collect();
    for index in [3, 12] {
        foreign[index].on_wake(|| panic!("woken"));
    }
    drop(guard);
    assert!(catch_unwind(AssertUnwindSafe(|| lock.lock_as(&owner).fetch_add(1, Relaxed))).is_err());
    assert!(foreign.iter().all(|foreign| foreign.wakes() == 1));
    assert!(!lock.is_locked() && !lock.is_held_by(&owner));
    for mut companion in companions {
        assert!(poll_once(companion.as_mut()).is_ready());
    }
    assert!(poll_once(strangers.as_mut()).is_ready());
    assert_eq!(lock.try_lock().expect("nobody holds it").load(Relaxed), 0);
}

/// The waker of a future that joins is foreign code, too, where it is dropped.
#[test]
fn a_waker_that_panics_when_dropped_by_one_who_got_in_takes_its_entry_back() {
    let (lock, owner) = (lock(), Arc::new(Owner::new()));
    let guard = lock.lock();
    let foreign = Arc::new(Foreign::default());
    let head = queued(&lock, &Arc::new(Owner::new()), Waker::noop());
    let waker = foreign.waker();
    let mut barger = queued(&lock, &owner, &waker);
    drop(waker);
    drop(guard);
    // Polled while it is queued, it takes the free lock, and drops its waker.
    foreign.on_drop(|| panic!("dropped"));
    assert!(catch_unwind(AssertUnwindSafe(|| poll_once(barger.as_mut()).is_ready())).is_err());
    assert!(!lock.is_locked() && !lock.is_held_by(&owner));
    drop((barger, head));
    assert!(lock.try_lock_as(&owner).is_some());
}

/// The same for one that was woken to join its owner: only its own entry is taken back.
#[test]
fn a_waker_that_panics_when_dropped_by_one_who_joins_leaves_the_owner_the_lock() {
    let (lock, owner) = (lock(), Arc::new(Owner::new()));
    let guard = lock.lock();
    let stranger = queued(&lock, &Arc::new(Owner::new()), Waker::noop());
    let mut companion = queued(&lock, &owner, Waker::noop());
    drop(guard);
    let guard = lock.lock_as(&owner);
    let foreign = Arc::new(Foreign::default());
    let waker = foreign.waker();
    foreign.on_drop(|| panic!("dropped"));
    assert!(catch_unwind(AssertUnwindSafe(|| poll_with(companion.as_mut(), &waker).is_ready())).is_err());
    assert_eq!(lock.hold_count_of(&owner), 1);
    assert!(lock.try_lock().is_none());
    drop((guard, companion, stranger));
    assert!(!lock.is_locked());
}

/// The guard is dropped by the panic, and takes its entry back: it has to have one by then.
#[test]
fn a_waker_that_panics_in_a_bump_or_before_an_unlocked_call_leaves_the_guard_its_entry() {
    type Guard<'a> = ReentrantLockGuard<'a, AtomicUsize>;
    fn unlocked(guard: &mut Guard<'_>) {
        ReentrantLockGuard::unlocked(guard, || unreachable!("the waker panics first"));
    }
    fn bump(guard: &mut Guard<'_>) {
        ReentrantLockGuard::bump(guard);
    }
    for unlock in [unlocked, bump] {
        let lock = lock();
        let mut guard = lock.lock();
        let foreign = Arc::new(Foreign::default());
        let waiting = queued(&lock, &Arc::new(Owner::new()), &foreign.waker());
        foreign.on_wake(|| panic!("woken"));
        assert!(catch_unwind(AssertUnwindSafe(|| unlock(&mut guard))).is_err());
        assert_eq!((lock.hold_count(), foreign.wakes()), (1, 1));
        assert!(lock.try_lock_as(&Owner::new()).is_none());
        drop((guard, waiting));
        assert!(!lock.is_locked());
    }
}

#[test]
fn a_waker_that_panics_when_cloned_queues_nobody() {
    let (lock, owner) = (lock(), Arc::new(Owner::new()));
    let guard = lock.lock();
    let foreign = Arc::new(Foreign::default());
    let waker = foreign.waker();
    foreign.on_clone(|| panic!("cloned"));
    let mut future = Box::pin(Arc::clone(&lock).lock_owned_async(Arc::clone(&owner)));
    assert!(catch_unwind(AssertUnwindSafe(|| poll_with(future.as_mut(), &waker).is_pending())).is_err());
    drop(guard);
    assert_eq!(foreign.wakes(), 0);
    let Poll::Ready(guard) = poll_with(future.as_mut(), &waker) else { panic!("the future can be polled on") };
    drop((guard, future));
    assert!(!lock.is_locked());
}

/// The queue's lock is not held while a waker is cloned or dropped: each may use the lock.
#[test]
fn a_waker_may_use_the_lock_when_it_is_cloned_or_dropped() {
    watchdog("a_waker_may_use_the_lock_when_it_is_cloned_or_dropped", || {
        let (lock, owner) = (lock(), Arc::new(Owner::new()));
        let (foreign, other) = (Arc::new(Foreign::default()), Arc::new(Foreign::default()));
        let touches = Arc::new(AtomicUsize::new(0));
        let touch = || {
            let (lock, owner, touches) = (Arc::clone(&lock), Arc::clone(&owner), Arc::clone(&touches));
            move || {
                assert!(lock.try_lock_as_for(&owner, Duration::from_millis(1)).is_none(), "it can be queued for");
                assert!(lock.try_lock().is_some(), "this thread has it");
                touches.fetch_add(1, Relaxed);
            }
        };
        let guard = lock.lock();
        foreign.on_clone(touch());
        let mut waiting = queued(&lock, &owner, &foreign.waker());
        // Polled with another waker, the first is dropped; cancelled, the second is.
        foreign.on_drop(touch());
        other.on_clone(touch());
        assert!(poll_with(waiting.as_mut(), &other.waker()).is_pending());
        other.on_drop(touch());
        drop(waiting);
        assert_eq!((touches.load(Relaxed), lock.hold_count()), (4, 1));
        drop(guard);
        assert!(!lock.is_locked());
    });
}

#[test]
fn a_future_polled_by_another_task_wakes_that_one() {
    let (lock, owner) = (lock(), Arc::new(Owner::new()));
    let (first, second) = (Arc::new(Foreign::default()), Arc::new(Foreign::default()));
    let guard = lock.lock();
    let mut waiting = queued(&lock, &owner, &first.waker());
    assert!(poll_with(waiting.as_mut(), &second.waker()).is_pending());
    drop(guard);
    assert_eq!((first.wakes(), second.wakes()), (0, 1));
    assert!(poll_with(waiting.as_mut(), &second.waker()).is_ready());
}

/// In every stage: not polled, queued, woken by the unlock or by an owner that got in, ready; of two owners.
#[test]
fn futures_dropped_in_any_order_leave_the_lock_free() {
    // Every order of three.
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for (polled, unlock_at) in (0..8_u32).flat_map(|polled| (0..4).map(move |step| (polled, step))) {
            let lock = lock();
            let owners = [(); 2].map(|()| Arc::new(Owner::new()));
            let mut guard = Some(lock.lock());
            let mut futures =
                [0, 1, 0].map(|owner| Some(Box::pin(Arc::clone(&lock).lock_owned_async(Arc::clone(&owners[owner])))));
            for (index, future) in futures.iter_mut().enumerate().filter(|(index, _)| polled & 1 << index != 0) {
                assert!(poll_once(future.as_mut().unwrap().as_mut()).is_pending(), "{index} waits");
            }
            for (step, index) in order.into_iter().enumerate() {
                if step == unlock_at {
                    guard = None;
                    // Lets a companion in, and leaves again.
                    drop(lock.try_lock_as(&owners[0]));
                }
                futures[index] = None;
                assert_eq!(lock.try_lock_as(&Owner::new()).is_none(), guard.is_some());
            }
            drop(guard);
            assert!(!lock.is_locked() && lock.try_lock_as(&owners[1]).is_some());
            assert!(owners.iter().all(|owner| lock.hold_count_of(owner) == 0 && Arc::strong_count(owner) == 1));
        }
    }
}
