//! Owners that are no threads: several threads or tasks may enter as one.

use latchwork_core::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// Breaks if one owner takes the hold of another for its own.
#[test]
fn two_owners_exclude_each_other() {
    // Unbounded does not end in 60 s; two tasks, which are owners too, are exhausted below.
    model_bounded(6, || {
        let lock = lock();
        let other = with_lock(&lock, count_up_by_owner);
        count_up_by_owner(&lock);
        other.join();
        assert_free(&lock, 2);
    });
}

/// The same for tasks, which are owners too.
#[test]
fn two_tasks_exclude_each_other() {
    model(|| {
        let lock = lock();
        let other = with_lock(&lock, count_up_by_task);
        count_up_by_task(&lock);
        other.join();
        assert_free(&lock, 2);
    });
}

/// Breaks if one of the three ways in overlooks one of the others.
#[test]
#[cfg_attr(latchwork = "loom", ignore = "long: run by `--ignored`")]
fn threads_owners_and_tasks_exclude_each_other() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let lock = lock();
        let thread = with_lock(&lock, count_up_by_thread);
        let task = with_lock(&lock, |lock| {
            let mut task = Box::pin(Arc::clone(lock).lock_owned_async(owner()));
            u32::from(poll_once(task.as_mut()).map(|data| data.count_up()).is_ready())
        });
        let mine = u32::from(lock.try_lock_as(&Owner::new()).map(|data| data.count_up()).is_some());
        let count = 1 + mine + task.join();
        thread.join();
        assert_free(&lock, count);
    });
}

/// Breaks if an owner does not find its own hold from another thread, or in a task.
#[test]
fn an_owner_enters_its_hold_from_any_thread() {
    model(|| {
        let (lock, owner) = (lock(), owner());
        let outer = lock.lock_as(&owner);
        let other = with_lock(&lock, {
            let owner = Arc::clone(&owner);
            move |lock| {
                assert!(lock.try_lock().is_none() && lock.try_lock_as(&Owner::new()).is_none());
                let inner = block_on(lock.lock_async(&owner));
                assert!(lock.try_lock_as(&owner).is_some() && lock.hold_count_of(&owner) >= 2);
                drop(inner);
            }
        });
        other.join();
        assert_eq!(lock.hold_count_of(&owner), 1);
        drop(outer);
        assert_free(&lock, 0);
    });
}

/// Breaks if the depth is not kept by read-modify-writes, if an entry survives the hold, or if nobody frees the mutex.
#[test]
fn a_join_racing_the_last_leave_enters_that_hold_or_none() {
    model(|| {
        let (lock, owner) = (lock(), owner());
        let guard = Arc::clone(&lock).lock_owned_as(&owner);
        let leaver = spawn(move || drop(guard));
        if let Some(guard) = lock.try_lock_as(&owner) {
            assert!(lock.is_held_by(&owner) && lock.try_lock().is_none());
            drop(guard);
        }
        leaver.join();
        assert_free(&lock, 0);
    });
}

/// Breaks if the Acquire of a join, or the Release of the beginning of a hold, is weakened.
#[test]
fn whoever_joins_sees_what_was_done_before() {
    model(|| {
        let (lock, owner) = (lock(), owner());
        let joiner = with_lock(&lock, {
            let owner = Arc::clone(&owner);
            // The guard's claim of the value is what the checker compares with the writes.
            move |lock| lock.try_lock_as(&owner).map(|data| data.get())
        });
        if let Some(mut guard) = lock.try_lock() {
            count_up_alone(&mut guard);
            drop(guard);
            drop(lock.try_lock_as(&owner));
        }
        joiner.join();
    });
}

/// Breaks if the Release or the Acquire of a leave is weakened: the last to leave hands over what all have done.
#[test]
fn the_next_owner_sees_what_all_have_done() {
    model(|| {
        let (lock, owner) = (lock(), owner());
        let (mine, theirs) = (Arc::clone(&lock).lock_owned_as(&owner), Arc::clone(&lock).lock_owned_as(&owner));
        let leaver = spawn(move || {
            theirs.count_up();
            drop(theirs);
        });
        drop(mine);
        if let Some(mut guard) = lock.try_lock() {
            count_up_alone(&mut guard);
        }
        leaver.join();
    });
}

/// Counts that whoever runs this is in, and waits for the other one: for ever, if that one is not let in.
fn meet(inside: &AtomicU32) {
    inside.fetch_add(1, Ordering::Relaxed);
    while inside.load(Ordering::Relaxed) < 2 {
        yield_now();
    }
}

/// Two that enter as one owner, each of which leaves only after the other has come in. An entry that was not counted is found
/// by the assertion in `Hold::leave_by_owner`.
fn two_meet_inside(enter: for<'a> fn(&'a Lock, &'a Owner) -> ReentrantLockGuard<'a, Data, ByOwner>) {
    model(move || {
        let (lock, owner, inside) = (lock(), owner(), Arc::new(AtomicU32::new(0)));
        let other = with_lock(&lock, {
            let (owner, inside) = (Arc::clone(&owner), Arc::clone(&inside));
            move |lock| {
                let _guard = enter(lock, &owner);
                meet(&inside);
            }
        });
        let guard = enter(&lock, &owner);
        meet(&inside);
        drop(guard);
        other.join();
        assert!(!owner.waiting().is_anybody());
        assert_free(&lock, 0);
    });
}

/// Breaks if a thread that queues while its owner takes the lock stays asleep: the owner may be waiting for that very thread.
#[test]
fn a_thread_that_waits_is_let_in_with_its_owner() {
    two_meet_inside(|lock, owner| lock.lock_as(owner));
}

/// The same for a task.
#[test]
fn a_task_that_waits_is_let_in_with_its_owner() {
    two_meet_inside(|lock, owner| block_on(lock.lock_async(owner)));
}

/// Breaks if a task that stands behind others is not woken when its owner gets the lock, or if others are.
#[test]
fn a_task_that_waits_is_woken_to_join_its_owner() {
    model(|| {
        let (lock, shared) = (lock(), owner());
        let guard = lock.lock();
        let alarms = [(); 3].map(|()| alarm());
        let stranger = queued_as(&lock, &owner(), &alarms[0]);
        let mut companion = queued_as(&lock, &shared, &alarms[1]);
        let last = queued_as(&lock, &owner(), &alarms[2]);
        drop(guard);
        assert_eq!(alarms.each_ref().map(|alarm| alarm.rings()), [1, 0, 0]);
        let guard = lock.lock_as(&shared);
        assert_eq!(alarms.each_ref().map(|alarm| alarm.rings()), [1, 1, 0]);
        let Poll::Ready(joined) = poll(companion.as_mut(), &alarms[1]) else { panic!("it joins its owner's hold") };
        assert_eq!(lock.hold_count_of(&shared), 2);
        drop((guard, joined, stranger, last));
        assert_free(&lock, 0);
    });
}

/// Breaks if the mode still says that somebody waits: every release would look for it in vain.
#[test]
fn nobody_waits_when_all_have_been_let_in() {
    model(|| {
        let (lock, shared) = (lock(), owner());
        let guard = lock.lock();
        let stranger = queued_as(&lock, &owner(), &alarm());
        let companion = queued_as(&lock, &shared, &alarm());
        drop(guard);
        assert!(lock.raw().has_company());
        let guard = lock.lock_as(&shared);
        assert!(!lock.raw().has_company());
        drop((guard, stranger, companion));
        assert_free(&lock, 0);
    });
}

/// Breaks if a task that is dropped while it is let in keeps an entry, or is waited for.
#[test]
fn a_task_that_is_cancelled_while_it_is_let_in_leaves_no_trace() {
    model(|| {
        let (lock, shared) = (lock(), owner());
        let guard = lock.lock();
        let stranger = queued_as(&lock, &owner(), &alarm());
        let companion = queued_as(&lock, &shared, &alarm());
        // The stranger is woken, and comes too late.
        drop(guard);
        let canceller = spawn(move || drop(companion));
        let entry = lock.try_lock_as(&shared).expect("nobody holds it");
        canceller.join();
        assert_eq!(lock.hold_count_of(&shared), 1);
        assert!(!shared.waiting().is_anybody());
        drop((entry, stranger));
        assert_free(&lock, 0);
    });
}

/// Breaks if a thread that is let in at its deadline loses the entry that was made for it.
#[test]
fn a_thread_let_in_at_its_deadline_has_an_entry_or_none() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (lock, shared, deadline) = (lock(), owner(), deadline());
        let guard = lock.lock();
        let clock = spawn(let_time_pass);
        let waiting = with_lock(&lock, {
            let shared = Arc::clone(&shared);
            move |lock| drop(lock.try_lock_as_until(&shared, deadline))
        });
        drop(guard);
        drop(lock.lock_as(&shared));
        waiting.join();
        clock.join();
        assert!(!shared.waiting().is_anybody());
        assert_free(&lock, 0);
    });
}

/// Breaks if a queued future that is dropped stays in the queue, or if it takes a wake-up with it.
#[test]
fn a_queued_lock_async_that_is_cancelled_leaves_no_trace() {
    model(|| {
        let lock = lock();
        let guard = Arc::clone(&lock).lock_owned_as(&Owner::new());
        let waiting = queued_as(&lock, &owner(), &alarm());
        let unlocker = spawn(move || drop(guard));
        drop(waiting);
        unlocker.join();
        assert_free(&lock, 0);
    });
}

/// Breaks if a cancelled future keeps the wake-up that it was sent: the one behind it is never polled unless it is woken.
#[test]
fn a_woken_lock_async_that_is_cancelled_passes_the_wake_up_on() {
    model(|| {
        let lock = lock();
        let guard = Arc::clone(&lock).lock_owned_as(&Owner::new());
        let alarm = alarm();
        let first = queued_as(&lock, &owner(), &Arc::new(Alarm::default()));
        let mut second = queued_as(&lock, &owner(), &alarm);
        let unlocker = spawn(move || drop(guard));
        drop(first);
        alarm.wait(0);
        assert!(poll(second.as_mut(), &alarm).is_ready());
        unlocker.join();
        assert_free(&lock, 0);
    });
}

/// Breaks if the place at which the guard is dropped matters, or if the last entry of a shared owner is dropped twice.
#[test]
fn guards_of_an_owner_may_be_dropped_by_other_threads() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (lock, shared) = (lock(), owner());
        let enter = || -> OwnedReentrantLockGuard<Data, ByOwner> { Arc::clone(&lock).lock_owned_as(&shared) };
        let others: Vec<_> = (0..THREADS).map(|_| enter()).map(|guard| spawn(move || drop(guard))).collect();
        count_up_by_thread(&lock);
        others.into_iter().for_each(|other| other.join());
        assert_free(&lock, 1);
    });
}
