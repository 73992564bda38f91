//! Models of the ground floor: what holds in every execution that loom and shuttle find.
//!
//! Each is named after its property and says what breaks it. `cargo loom -p latchwork-core`,
//! `cargo shuttle -p latchwork-core`; without either, the same bodies run on real threads.

#![expect(unsafe_code, reason = "waiters are queued, and cells that stand for a user's data are read and written")]

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, Waker};

use crate::fence;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::cell::UnsafeCell;
use crate::sync::model::{
    Alarm, THREADS, block_on, deadline, let_time_pass, model, model_bounded, spawn, wake_spuriously,
};
use crate::sync::time::Instant;
use crate::wait::{Kind, Parker, QueueGuard, Signal, WaitQueue, Waiter, Wake, WakeList};

/// Data that is reached by plain reads and writes; the checkers report a race on it.
#[derive(Default)]
struct Data(UnsafeCell<u32>);

// SAFETY: the models claim that their protocol orders all accesses; the checkers hold them to it.
unsafe impl Sync for Data {}

impl Data {
    fn set(&self, value: u32) {
        // SAFETY: ordered by the protocol under test.
        self.0.with_mut(|data| unsafe { *data = value });
    }

    fn get(&self) -> u32 {
        // SAFETY: ordered by the protocol under test.
        self.0.with(|data| unsafe { *data })
    }
}

// ---------------------------------------------------------------------------------------------------------------- parker

/// Breaks if the Release in `send` or the Acquire in `signal` is weakened.
#[test]
fn a_signal_publishes_what_came_before_it() {
    model(|| {
        let shared = Arc::new((Parker::new(), Data::default()));
        shared.0.arm();
        let sender = spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.1.set(7);
                unpark(shared.0.send(Signal::Woken));
            }
        });
        if shared.0.signal().is_some() {
            assert_eq!(shared.1.get(), 7);
        }
        sender.join();
    });
}

/// Breaks if the Acquire in `prepare` is weakened, if `send` stores before it swaps, or if it does not wake.
#[test]
fn a_parked_thread_sees_what_came_before_its_signal() {
    model(|| {
        let shared = Arc::new((Parker::new(), Data::default()));
        shared.0.arm();
        let sender = spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.1.set(7);
                unpark(shared.0.send(Signal::Granted));
            }
        });
        assert_eq!(shared.0.park(), Signal::Granted);
        assert_eq!(shared.1.get(), 7);
        sender.join();
    });
}

/// Breaks if `park` returns, or if it forgets that it sleeps, when the futex returns for no reason.
#[test]
fn a_spurious_return_is_not_taken_for_a_signal() {
    model(|| {
        let parker = Arc::new(Parker::new());
        parker.arm();
        let disturber = spawn(wake_spuriously);
        let sender = spawn({
            let parker = Arc::clone(&parker);
            move || unpark(parker.send(Signal::Favoured))
        });
        assert_eq!(parker.park(), Signal::Favoured);
        disturber.join();
        sender.join();
    });
}

/// Breaks if a timed wait does not look at the clock, or sleeps past its deadline: nobody else would wake it.
#[test]
fn a_timed_park_ends_without_a_signal() {
    model(|| {
        let parker = Parker::new();
        parker.arm();
        let deadline = deadline();
        let clock = spawn(let_time_pass);
        assert_eq!(parker.park_until(deadline), None);
        clock.join();
    });
}

/// Breaks if a timed wait that loses its signal to the deadline does not find it afterwards.
#[test]
fn a_signal_racing_the_deadline_is_found() {
    model(|| {
        let parker = Arc::new(Parker::new());
        parker.arm();
        let deadline = deadline();
        let clock = spawn(let_time_pass);
        let sender = spawn({
            let parker = Arc::clone(&parker);
            move || unpark(parker.send(Signal::Woken))
        });
        let in_time = parker.park_until(deadline);
        clock.join();
        sender.join();
        assert_eq!(in_time.or(parker.signal()), Some(Signal::Woken));
    });
}

/// Breaks if the state that a timeout leaves behind is taken for a new one.
#[test]
fn a_parker_can_be_armed_again_after_a_timeout() {
    model(|| {
        let parker = Arc::new(Parker::new());
        parker.arm();
        let deadline = deadline();
        let clock = spawn(let_time_pass);
        assert_eq!(parker.park_until(deadline), None);
        clock.join();
        parker.disarm();
        parker.arm();
        let sender = spawn({
            let parker = Arc::clone(&parker);
            move || unpark(parker.send(Signal::Woken))
        });
        assert_eq!(parker.park(), Signal::Woken);
        sender.join();
    });
}

fn unpark(unpark: Option<crate::wait::Unpark>) {
    if let Some(unpark) = unpark {
        unpark.unpark();
    }
}

// ----------------------------------------------------------------------------------------------------------------- queue

fn push_thread(queue: &mut QueueGuard<'_>, waiter: Pin<&Waiter>) {
    // SAFETY: the models remove or pop what they push, before it is dropped, from the queue they pushed it on.
    unsafe { queue.push_back(waiter, None, Instant::now()) }
}

fn push_task(queue: &mut QueueGuard<'_>, waiter: Pin<&Waiter>) {
    // SAFETY: as in `push_thread`.
    unsafe { queue.push_back(waiter, Some(Waker::noop().clone()), Instant::now()) }
}

/// Breaks if the Acquire or the Release of the queue's lock is weakened, or if a sleeper for the lock is not woken.
#[test]
fn the_queue_is_seen_as_the_last_holder_left_it() {
    model(|| {
        let queue = Arc::new(WaitQueue::new());
        let visit = |queue: &WaitQueue| {
            let waiter = pin!(Waiter::new());
            push_thread(&mut queue.lock(), waiter.as_ref());
            assert_eq!(queue.lock().remove(waiter.as_ref()).unwrap().map(drop), None);
        };
        let other = spawn({
            let queue = Arc::clone(&queue);
            move || visit(&queue)
        });
        visit(&queue);
        other.join();
        assert!(queue.lock().is_empty());
    });
}

/// The same with more threads than can all be asleep or awake: breaks if `CONTENDED` is forgotten on the way out of a
/// sleep.
#[test]
fn every_sleeper_for_the_queue_is_woken() {
    // Three threads: unbounded takes over a minute.
    model_bounded(3, || {
        let queue = Arc::new(WaitQueue::new());
        let count = Arc::new(Data::default());
        let visit = |queue: &WaitQueue, count: &Data| {
            let guard = queue.lock();
            count.set(count.get() + 1);
            drop(guard);
        };
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let (queue, count) = (Arc::clone(&queue), Arc::clone(&count));
                spawn(move || visit(&queue, &count))
            })
            .collect();
        visit(&queue, &count);
        threads.into_iter().for_each(|thread| thread.join());
        assert_eq!(count.get() as usize, THREADS + 1);
    });
}

/// Breaks if a waiter can be both removed and signalled, or neither.
#[test]
fn pop_racing_remove_takes_the_waiter_out_once() {
    model(|| {
        let queue = Arc::new(WaitQueue::new());
        let waiter = pin!(Waiter::new());
        push_thread(&mut queue.lock(), waiter.as_ref());
        let popper = spawn({
            let queue = Arc::clone(&queue);
            move || {
                let wake = queue.lock().pop(Kind::Thread, Signal::Granted);
                wake.is_some()
            }
        });
        let removed = queue.lock().remove(waiter.as_ref());
        let popped = popper.join();
        assert_eq!(popped, removed.is_err());
        if let Err(signal) = removed {
            assert_eq!((signal, waiter.signal()), (Signal::Granted, Some(Signal::Granted)));
        }
    });
}

/// Breaks if a popper touches a waiter after its signal: the owner frees its frame at once.
#[test]
fn a_signalled_waiter_may_end_at_once() {
    model(|| {
        let queue = Arc::new(WaitQueue::new());
        let waiter = Box::pin(Waiter::new());
        push_thread(&mut queue.lock(), waiter.as_ref());
        let popper = spawn({
            let queue = Arc::clone(&queue);
            move || {
                let wake = queue.lock().pop(Kind::Thread, Signal::Woken).expect("one thread waits");
                let mut wakes = WakeList::<1>::new();
                wakes.push(wake);
                wakes.wake_all();
            }
        });
        assert_eq!(waiter.parker().park(), Signal::Woken);
        // The waiter owns its link again: under loom this is a race if the popper is still inside.
        waiter.link.with_mut(|_| ());
        drop(waiter);
        popper.join();
    });
}

/// Breaks if a wake is dropped, or run before the task can be polled again.
#[test]
fn a_popped_task_is_polled_again() {
    model(|| {
        let queue = Arc::new(WaitQueue::new());
        let popper = spawn({
            let queue = Arc::clone(&queue);
            move || {
                let wake = queue.lock().pop(Kind::Task, Signal::Woken);
                let mut wakes = WakeList::<1>::new();
                wakes.push(wake.unwrap_or(Wake::Nothing));
                let popped = wakes.is_full();
                wakes.wake_all();
                popped
            }
        });
        let waiter = pin!(Waiter::new());
        let waiter = waiter.as_ref();
        let alarm = Arc::new(Alarm::default());
        // SAFETY: it is removed below, or has been popped.
        unsafe { queue.lock().push_back(waiter, Some(alarm.waker()), Instant::now()) };
        popper.join();
        match queue.lock().remove(waiter) {
            Ok(waker) => assert!(waker.is_some() && alarm.rings() == 0),
            Err(_) => assert_eq!(alarm.rings(), 1),
        }
    });
}

/// Breaks if either list loses its order, or if the older of the two heads is not found.
#[test]
fn threads_and_tasks_leave_in_the_order_in_which_they_came() {
    model(|| {
        let queue = WaitQueue::new();
        let waiters: Vec<_> = (0..5).map(|_| Box::pin(Waiter::new())).collect();
        let mut guard = queue.lock();
        push_task(&mut guard, waiters[0].as_ref());
        push_thread(&mut guard, waiters[1].as_ref());
        push_thread(&mut guard, waiters[2].as_ref());
        push_task(&mut guard, waiters[3].as_ref());
        push_thread(&mut guard, waiters[4].as_ref());

        for (index, kind) in [Kind::Task, Kind::Thread, Kind::Thread, Kind::Task, Kind::Thread].into_iter().enumerate()
        {
            let oldest = guard.oldest().expect("not all have left");
            assert_eq!(oldest.kind, kind);
            assert!(guard.has(kind) && !guard.is_empty());
            assert!(guard.pop(kind, Signal::Woken).is_some());
            assert_eq!(waiters[index].signal(), Some(Signal::Woken), "waiter {index} is next");
        }
        assert!(guard.is_empty() && guard.pop(Kind::Task, Signal::Woken).is_none());
    });
}

/// Breaks if a waiter that comes back to the front gets a new place, or stands behind its kind.
#[test]
fn a_waiter_that_returns_keeps_its_place() {
    model(|| {
        let queue = WaitQueue::new();
        let waiters: Vec<_> = (0..3).map(|_| Box::pin(Waiter::new())).collect();
        let mut guard = queue.lock();
        push_task(&mut guard, waiters[0].as_ref());
        push_thread(&mut guard, waiters[1].as_ref());
        push_task(&mut guard, waiters[2].as_ref());
        assert!(guard.pop(Kind::Task, Signal::Woken).is_some());
        assert_eq!(guard.oldest().unwrap().kind, Kind::Thread);
        // SAFETY: all three are removed below.
        unsafe { guard.push_front(waiters[0].as_ref(), Some(Waker::noop().clone())) };
        let oldest = guard.oldest().unwrap();
        assert!(oldest.kind == Kind::Task && oldest.has_returned);
        for index in [1, 0, 2] {
            assert!(guard.remove(waiters[index].as_ref()).is_ok());
        }
        assert!(guard.is_empty());
    });
}

/// Breaks if unlinking from the middle or an end leaves a neighbour with a wrong link.
#[test]
fn a_waiter_can_leave_from_any_place() {
    model(|| {
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        for order in orders {
            let queue = WaitQueue::new();
            let waiters: Vec<_> = (0..3).map(|_| Box::pin(Waiter::new())).collect();
            let mut guard = queue.lock();
            waiters.iter().for_each(|waiter| push_task(&mut guard, waiter.as_ref()));
            assert!(guard.remove(waiters[order[0]].as_ref()).is_ok());
            let mut left = order[1..].to_vec();
            left.sort_unstable();
            for index in left {
                assert!(guard.pop(Kind::Task, Signal::Woken).is_some());
                assert!(waiters[index].signal().is_some(), "order {order:?}");
            }
            assert!(guard.is_empty());
        }
    });
}

/// Breaks if a task's waker is not replaced, or if a waker is replaced in a waiter that has left.
#[test]
fn a_replaced_waker_is_the_one_that_is_woken() {
    model(|| {
        let queue = Arc::new(WaitQueue::new());
        let waiter = pin!(Waiter::new());
        let waiter = waiter.as_ref();
        let (first, second) = (Arc::new(Alarm::default()), Arc::new(Alarm::default()));
        // SAFETY: it is popped below.
        unsafe { queue.lock().push_back(waiter, Some(first.waker()), Instant::now()) };
        let popper = spawn({
            let queue = Arc::clone(&queue);
            move || {
                let wake = queue.lock().pop(Kind::Task, Signal::Woken).expect("it never leaves by itself");
                let mut wakes = WakeList::<1>::new();
                wakes.push(wake);
                wakes.wake_all();
            }
        });
        assert!(!queue.lock().wakes_same_task(waiter, &second.waker()));
        let replaced = queue.lock().replace_waker(waiter, second.waker());
        popper.join();
        match replaced {
            Ok(_) => assert_eq!((first.rings(), second.rings()), (0, 1)),
            Err((signal, _)) => assert_eq!((signal, first.rings(), second.rings()), (Signal::Woken, 1, 0)),
        }
    });
}

// ----------------------------------------------------------------------------------------------------------------- fence

/// One side of the store-buffering shape: writes its own word, passes a fence, reads the other's.
fn store_then_load(own: &AtomicU32, other: &AtomicU32, fence: impl FnOnce()) -> u32 {
    own.store(1, Ordering::Relaxed);
    fence();
    other.load(Ordering::Relaxed)
}

fn store_buffering(light: fn(), heavy: fn()) {
    let words = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
    let rare = spawn({
        let words = Arc::clone(&words);
        move || store_then_load(&words.1, &words.0, heavy)
    });
    let often = store_then_load(&words.0, &words.1, light);
    assert_ne!((often, rare.join()), (0, 0), "neither side saw the other");
}

fn heavy() {
    fence::heavy().expect("the system offers a process-wide fence");
}

/// Breaks if either fence is removed, as the next two show.
#[test]
fn light_and_heavy_fence_forbid_store_buffering() {
    model(|| store_buffering(fence::light, heavy));
}

/// The claim above can fail: without the light fence loom finds the outcome.
#[test]
#[cfg(latchwork = "loom")]
#[should_panic(expected = "neither side saw the other")]
fn without_the_light_fence_store_buffering_is_seen() {
    model(|| store_buffering(|| (), heavy));
}

/// The claim above can fail: without the heavy fence loom finds the outcome.
#[test]
#[cfg(latchwork = "loom")]
#[should_panic(expected = "neither side saw the other")]
fn without_the_heavy_fence_store_buffering_is_seen() {
    model(|| store_buffering(fence::light, || ()));
}

// ---------------------------------------------------------------------------------------------------------------- facade

/// The loom and the shuttle futex agree on what can happen: the histories of a futex mutex that two threads lock once.
#[test]
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
fn both_shims_find_the_same_histories_of_a_futex_mutex() {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use crate::sync::futex;

    /// Locks, and says how often it found the lock taken (once before the sleep, once or more after it).
    fn lock(word: &AtomicU32) -> u32 {
        let mut turns = 0;
        if word.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            turns = 1;
            while word.swap(2, Ordering::Acquire) != 0 {
                turns += 1;
                futex::wait(word, 2);
            }
        }
        turns
    }

    let histories = Arc::new(Mutex::new(BTreeSet::new()));
    let found = Arc::clone(&histories);
    model(move || {
        let shared = Arc::new((AtomicU32::new(0), Data::default()));
        let visit = |shared: &(AtomicU32, Data)| {
            let turns = lock(&shared.0);
            let order = shared.1.get();
            shared.1.set(order + 1);
            let slept = shared.0.swap(0, Ordering::Release);
            if slept == 2 {
                futex::wake_one(&raw const shared.0);
            }
            (order, turns.min(2), slept)
        };
        let other = spawn({
            let shared = Arc::clone(&shared);
            move || visit(&shared)
        });
        let mine = visit(&shared);
        found.lock().unwrap().insert((mine, other.join()));
    });
    let histories = histories.lock().unwrap();
    assert_eq!(histories.len(), 6, "{histories:#?}");
}

/// The clock of a model passes deadlines, and none before.
#[test]
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
fn time_stands_still_until_it_passes() {
    model(|| {
        let deadline = deadline();
        assert!(Instant::now() < deadline);
        spawn(let_time_pass).join();
        assert!(Instant::now() >= deadline);
    });
}

/// The executor of the models sleeps until what it lent is woken: breaks if a wake before the sleep is lost.
#[test]
fn block_on_is_woken_by_the_waker_it_lends() {
    model(|| {
        let mut waking = None;
        block_on(std::future::poll_fn(|cx| {
            if waking.is_some() {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            waking = Some(spawn(move || waker.wake()));
            Poll::Pending
        }));
        waking.expect("it was polled twice").join();
    });
}
