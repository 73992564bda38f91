//! The queue by itself, with threads and tasks in it.

use super::*;

fn entrant<'a>(waiter: Pin<&'a Waiter>, waker: Option<&Waker>, place: Place) -> Entrant<'a> {
    let now = (place == Place::Front).then(Instant::now);
    Entrant { now, ..Entrant::new(waiter, waker.cloned(), place) }
}

fn push_thread(queue: &mut QueueGuard<'_>, waiter: Pin<&Waiter>) {
    // SAFETY: the models remove or pop what they push, before it is dropped, from the queue they pushed it on.
    unsafe { queue.push(entrant(waiter, None, Place::Back), Kind::Thread) }
}

fn push_task(queue: &mut QueueGuard<'_>, waiter: Pin<&Waiter>) {
    // SAFETY: as in `push_thread`.
    unsafe { queue.push(entrant(waiter, Some(Waker::noop()), Place::Back), Kind::Task) }
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
    // Three threads: each preemption more takes about ten times as long.
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
        unsafe { queue.lock().push(entrant(waiter, Some(&alarm.waker()), Place::Back), Kind::Task) };
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
    model(|| in_order(&WaitQueue::new()));
}

/// Breaks if places are compared as numbers: two newcomers in two to the power of 32 stand on either side of the wrap.
#[test]
fn the_order_survives_a_wrap_of_the_places() {
    model(|| {
        for first in [u32::MAX - 3, u32::MAX - 1, u32::MAX, (1 << 31) - 2] {
            in_order(&WaitQueue::starting_at(first));
        }
    });
}

fn in_order(queue: &WaitQueue) {
    let waiters: Vec<_> = (0..5).map(|_| Box::pin(Waiter::new())).collect();
    let mut guard = queue.lock();
    push_task(&mut guard, waiters[0].as_ref());
    push_thread(&mut guard, waiters[1].as_ref());
    push_thread(&mut guard, waiters[2].as_ref());
    push_task(&mut guard, waiters[3].as_ref());
    push_thread(&mut guard, waiters[4].as_ref());

    for (index, kind) in [Kind::Task, Kind::Thread, Kind::Thread, Kind::Task, Kind::Thread].into_iter().enumerate() {
        let oldest = guard.oldest().expect("not all have left");
        assert_eq!(oldest.kind, kind);
        assert!(guard.has(kind) && !guard.is_empty());
        assert!(guard.pop(kind, Signal::Woken).is_some());
        assert_eq!(waiters[index].signal(), Some(Signal::Woken), "waiter {index} is next");
    }
    assert!(guard.is_empty() && guard.pop(Kind::Task, Signal::Woken).is_none());
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
        unsafe { guard.push(entrant(waiters[0].as_ref(), Some(Waker::noop()), Place::Front), Kind::Task) };
        let oldest = guard.oldest().unwrap();
        assert!(oldest.kind == Kind::Task && oldest.since.is_some() && oldest.has_returned);
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

/// Breaks if the search stops short of the youngest, does not end, asks again, or takes out another than it found.
#[test]
fn the_oldest_with_a_request_that_is_met_is_taken_out() {
    model(|| {
        let queue = WaitQueue::new();
        let waiters: Vec<_> = [7, 8, 7, 9].map(|request| Box::pin(Waiter::requesting(request))).into();
        let mut guard = queue.lock();
        waiters.iter().for_each(|waiter| push_thread(&mut guard, waiter.as_ref()));
        for (request, index, asked) in [(7, 0, vec![7]), (9, 3, vec![8, 7, 9]), (7, 2, vec![8, 7])] {
            let mut requests = Vec::new();
            let taken = guard.pop_if(Kind::Thread, |other| {
                requests.push(other.request);
                (other.request == request).then_some(Signal::Woken)
            });
            assert!(
                taken.is_some() && waiters[index].signal().is_some(),
                "waiter {index} is the oldest with {request}"
            );
            assert_eq!(requests, asked);
        }
        assert!(guard.pop_if(Kind::Thread, |_| None).is_none());
        assert!(guard.pop_if(Kind::Task, |_| Some(Signal::Woken)).is_none());
        assert_eq!((guard.len(Kind::Thread), waiters[1].signal()), (1, None));
        assert!(guard.pop(Kind::Thread, Signal::Woken).is_some());
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
        unsafe { queue.lock().push(entrant(waiter, Some(&first.waker()), Place::Back), Kind::Task) };
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

/// Breaks if a waiter that is moved on can be lost between the two queues, or be signalled in neither or both, or if whoever moves
/// it touches it when it has ended.
#[test]
fn a_waiter_that_is_moved_leaves_one_of_the_queues() {
    model(|| {
        let queues = Arc::new([WaitQueue::new(), WaitQueue::new()]);
        let waiter = Box::pin(Waiter::new());
        push_thread(&mut queues[0].lock(), waiter.as_ref());
        let mover = spawn({
            let queues = Arc::clone(&queues);
            move || {
                let (mut from, mut to) = (queues[0].lock(), queues[1].lock());
                let moment = from.moment();
                // SAFETY: its owner looks at the first queue, and goes to the second where it has moved.
                let has_moved = unsafe { from.move_oldest(Kind::Thread, &mut to, moment, NonZeroU8::MIN, None) };
                drop((from, to));
                let wake = queues[1].lock().pop(Kind::Thread, Signal::Woken);
                assert!(has_moved || wake.is_none());
                let mut wakes = WakeList::<1>::new();
                wakes.extend(wake);
                wakes.wake_all();
            }
        });
        let signal = {
            let mut first = queues[0].lock();
            let has_moved = waiter.moved().is_some();
            if has_moved { Err(()) } else { Ok(first.remove(waiter.as_ref()).map(drop).err()) }
        };
        let signal = signal.unwrap_or_else(|()| queues[1].lock().remove(waiter.as_ref()).map(drop).err());
        assert!(signal.is_none_or(|signal| signal == Signal::Woken));
        drop(waiter);
        mover.join();
        assert!(queues.iter().all(|queue| queue.lock().is_empty()));
    });
}

/// Breaks if a thread that sleeps is not woken by a signal from the queue that it was moved to, or if those who came after a moment
/// are moved, or if anybody swaps places.
#[test]
fn waiters_are_moved_in_order_and_keep_asleep() {
    model(|| {
        let (from, to) = (WaitQueue::new(), WaitQueue::new());
        let waiters = [Waiter::new(), Waiter::new(), Waiter::new()].map(Box::pin);
        let (mut from, mut to) = (from.lock(), to.lock());
        push_thread(&mut from, waiters[0].as_ref());
        push_task(&mut from, waiters[1].as_ref());
        let moment = from.moment();
        push_thread(&mut from, waiters[2].as_ref());
        // SAFETY: all are taken out of the queue below that they are in.
        let mut move_one = |kind| unsafe { from.move_oldest(kind, &mut to, moment, NonZeroU8::MIN, None) };
        let kinds = [Kind::Thread, Kind::Task, Kind::Thread, Kind::Task];
        assert_eq!(kinds.map(&mut move_one), [true, true, false, false]);
        assert_eq!(waiters.each_ref().map(|waiter| waiter.moved().is_some()), [true, true, false]);
        assert_eq!(to.oldest().map(|oldest| oldest.kind), Some(Kind::Thread));
        assert!(to.pop(Kind::Thread, Signal::Woken).is_some());
        assert_eq!(waiters[0].signal(), Some(Signal::Woken));
        assert!(to.pop(Kind::Task, Signal::Woken).is_some() && to.is_empty());
        assert!(from.remove(waiters[2].as_ref()).is_ok() && from.is_empty());
    });
}
