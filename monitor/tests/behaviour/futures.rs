//! Hand-polled futures: wakers that re-enter, panic, or are replaced; futures that are never polled again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::Waker;
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::{Foreign, poll_once, poll_with, watchdog};
use latchwork_monitor::{Condvar, Monitor, MonitorGuard, Wait, When};
use latchwork_mutex::{Mutex, MutexGuard};

type Shared = &'static Monitor<u32>;
type Entering = Pin<Box<When<'static, u32, fn(&u32) -> bool>>>;

fn monitor() -> Shared {
    Box::leak(Box::new(Monitor::new(0)))
}

const fn is_set(number: &u32) -> bool {
    *number > 0
}

/// One that waits until the number is not 0.
fn waiting(monitor: Shared, waker: &Waker) -> Entering {
    let mut future: Entering = Box::pin(monitor.enter_when_async(is_set));
    assert!(poll_with(future.as_mut(), waker).is_pending());
    future
}

fn panics(run: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

#[test]
fn a_waker_that_enters_the_monitor_finds_nobody_inside() {
    watchdog("a_waker_that_enters_the_monitor_finds_nobody_inside", || {
        let (monitor, foreign) = (monitor(), Arc::new(Foreign::default()));
        let _waiting = waiting(monitor, &foreign.waker());
        foreign.on_wake(move || {
            let mut guard = monitor.enter();
            *guard += 1;
            assert!(!guard.wait_until_for(|number| *number > 5, Duration::from_millis(1)), "it can wait, too");
        });
        *monitor.enter() = 1;
        assert_eq!(*monitor.enter(), 2);
    });
}

#[test]
fn a_waker_that_polls_inline_enters() {
    watchdog("a_waker_that_polls_inline_enters", || {
        let (monitor, foreign) = (monitor(), Arc::new(Foreign::default()));
        let mut waiting = waiting(monitor, &foreign.waker());
        let is_ready = Arc::new(AtomicBool::new(false));
        let was_ready = Arc::clone(&is_ready);
        foreign.on_wake(move || was_ready.store(poll_once(waiting.as_mut()).is_ready(), Relaxed));
        *monitor.enter() = 1;
        assert!(is_ready.load(Relaxed));
    });
}

/// The roster's lock is not held while a waker is cloned or dropped: each may use the monitor.
#[test]
fn a_waker_may_use_the_monitor_when_it_is_cloned_or_dropped() {
    watchdog("a_waker_may_use_the_monitor_when_it_is_cloned_or_dropped", || {
        let monitor = monitor();
        let (foreign, other) = (Arc::new(Foreign::default()), Arc::new(Foreign::default()));
        let touches = Arc::new(AtomicUsize::new(0));
        let touch = || {
            let touches = Arc::clone(&touches);
            move || {
                drop(monitor.try_enter_when_for(|number| *number == 7, Duration::from_millis(1)));
                touches.fetch_add(1, Relaxed);
            }
        };
        foreign.on_clone(touch());
        let mut waiting = waiting(monitor, &foreign.waker());
        // Polled with another waker, the first is dropped; cancelled, the second is.
        foreign.on_drop(touch());
        other.on_clone(touch());
        assert!(poll_with(waiting.as_mut(), &other.waker()).is_pending());
        other.on_drop(touch());
        drop(waiting);
        assert_eq!(touches.load(Relaxed), 4);
        assert!(!monitor.is_entered());
    });
}

/// Whoever waits to enter, and whoever waits for a predicate.
#[test]
fn a_waker_that_panics_when_woken_leaves_nobody_inside_and_the_others_woken() {
    let (monitor, [first, second]) = (monitor(), [(); 2].map(|()| Arc::new(Foreign::default())));
    let mut waiting = waiting(monitor, &first.waker());
    let mut guard = monitor.enter();
    let mut entering = pin!(monitor.enter_async());
    assert!(poll_with(entering.as_mut(), &second.waker()).is_pending());
    // One panic reaches the one that leaves; a second in the same moment would end the process.
    first.on_wake(|| panic!("woken"));
    *guard = 1;
    assert!(panics(|| drop(guard)));
    assert_eq!((first.wakes(), second.wakes()), (1, 1));
    assert!(poll_once(entering.as_mut()).is_ready());
    assert!(poll_once(waiting.as_mut()).is_ready());
    assert!(!monitor.is_entered());
}

/// A thread has registered before it leaves, which wakes another.
#[test]
fn a_waker_that_panics_when_a_thread_starts_to_wait_leaves_it_unregistered() {
    let (monitor, foreign) = (monitor(), Arc::new(Foreign::default()));
    let mut guard = monitor.enter();
    let mut entering = pin!(monitor.enter_async());
    assert!(poll_with(entering.as_mut(), &foreign.waker()).is_pending());
    foreign.on_wake(|| panic!("woken"));
    let asked = AtomicUsize::new(0);
    let predicate = |number: &u32| {
        asked.fetch_add(1, Relaxed);
        is_set(number)
    };
    assert!(panics(|| guard.wait_until(predicate)));
    let before = asked.load(Relaxed);
    drop(guard);
    assert!(poll_once(entering.as_mut()).is_ready());
    *monitor.enter() = 1;
    assert_eq!(asked.load(Relaxed), before, "nobody asks what has ended");
}

#[test]
fn a_waker_that_panics_when_cloned_registers_nobody() {
    let (monitor, foreign) = (monitor(), Arc::new(Foreign::default()));
    let waker = foreign.waker();
    let mut future: Entering = Box::pin(monitor.enter_when_async(is_set));
    foreign.on_clone(|| panic!("cloned"));
    assert!(panics(|| drop(poll_with(future.as_mut(), &waker))));
    assert!(!monitor.is_entered());
    *monitor.enter() = 1;
    assert_eq!(foreign.wakes(), 0);
    assert!(poll_with(future.as_mut(), &waker).is_ready(), "the future can be polled on");
}

/// One that is polled behind another that was woken enters in its place, and drops its waker.
#[test]
fn a_waker_that_panics_when_dropped_by_one_that_enters_leaves_nobody_inside() {
    let (monitor, foreign) = (monitor(), Arc::new(Foreign::default()));
    let (first, mut second) = (waiting(monitor, Waker::noop()), waiting(monitor, &foreign.waker()));
    *monitor.enter() = 1;
    assert_eq!(foreign.wakes(), 0, "the first is woken");
    foreign.on_drop(|| panic!("dropped"));
    assert!(panics(|| drop(poll_once(second.as_mut()))));
    assert!(!monitor.is_entered());
    drop((first, second));
    // Those who wait to enter do so by the queue of a mutex.
    let guard = monitor.enter();
    let (mut head, mut entering) = (Box::pin(monitor.enter_async()), Box::pin(monitor.enter_async()));
    assert!(poll_once(head.as_mut()).is_pending() && poll_with(entering.as_mut(), &foreign.waker()).is_pending());
    drop(guard);
    foreign.on_drop(|| panic!("dropped"));
    assert!(panics(|| drop(poll_once(entering.as_mut()))));
    assert!(!monitor.is_entered());
    drop((head, entering));
    assert_eq!(*monitor.try_enter().unwrap(), 1);
}

#[test]
fn a_future_that_is_not_polled_does_nothing_and_leaves_when_it_is_dropped() {
    let monitor = monitor();
    drop((monitor.enter_async(), monitor.enter_when_async(is_set)));
    let condition = monitor.condition();
    for waits_for_a_condition in [true, false] {
        let guard = monitor.enter();
        if waits_for_a_condition {
            let wait = guard.wait_async(&condition);
            assert!(monitor.is_entered());
            drop(wait);
        } else {
            let wait = guard.wait_until_async(is_set);
            assert!(monitor.is_entered());
            drop(wait);
        }
        assert!(!monitor.is_entered());
    }
    assert_eq!(condition.notify_all(&monitor.enter()), 0);
}

#[test]
fn a_future_that_was_ready_is_not_polled_again() {
    let monitor = monitor();
    let condition = monitor.condition();
    let mut entering = Box::pin(monitor.enter_when_async(|number| *number == 0));
    assert!(poll_once(entering.as_mut()).is_ready());
    assert!(panics(|| drop(poll_once(entering.as_mut()))));
    let mut wait = Box::pin(monitor.enter().wait_async(&condition));
    assert!(poll_once(wait.as_mut()).is_pending());
    condition.notify_one(&monitor.enter());
    assert!(poll_once(wait.as_mut()).is_ready());
    assert!(panics(|| drop(poll_once(wait.as_mut()))));
    assert!(!monitor.is_entered());
}

/// Both are of one task, which polls the second alone.
#[test]
fn a_future_beside_one_that_is_not_polled_any_more_goes_on() {
    let (monitor, foreign) = (monitor(), Arc::new(Foreign::default()));
    let (first, mut second) = (waiting(monitor, &foreign.waker()), waiting(monitor, &foreign.waker()));
    *monitor.enter() = 1;
    // The first was woken, and is not polled: whoever is polled asks itself.
    drop(monitor.enter());
    assert_eq!(foreign.wakes(), 2);
    assert!(poll_with(second.as_mut(), &foreign.waker()).is_ready());
    drop(first);
    assert!(!monitor.is_entered());
}

/// Its predicate is asked as long as the monitor lives, and others pass it; the monitor may end before it.
#[test]
fn a_future_that_is_forgotten_delays_nobody() {
    watchdog("a_future_that_is_forgotten_delays_nobody", || {
        let monitor = Box::new(Monitor::new(0));
        for is_boxed in [true, false] {
            let mut future = Box::pin(monitor.enter_when_async(move |number| is_boxed && *number > 0));
            assert!(poll_once(future.as_mut()).is_pending());
            std::mem::forget(future);
        }
        thread::scope(|scope| {
            let waiting = scope.spawn(|| *monitor.enter_when(|number| *number > 0) += 1);
            *monitor.enter() = 1;
            waiting.join().unwrap();
        });
        assert_eq!(monitor.into_inner(), 2);
    });
}

/// More wait than are woken at a time: one waits again while others are still to be notified.
#[test]
fn one_that_waits_again_is_not_notified_twice_at_once() {
    static MUTEX: Mutex<()> = Mutex::new(());
    static CONDVAR: Condvar = Condvar::new();

    fn waiting(foreign: &Arc<Foreign>) -> Pin<Box<Wait<'static, MutexGuard<'static, ()>>>> {
        let mut wait = Box::pin(CONDVAR.wait_async(MUTEX.lock()));
        assert!(poll_with(wait.as_mut(), &foreign.waker()).is_pending());
        wait
    }

    watchdog("one_that_waits_again_is_not_notified_twice_at_once", || {
        let (first, others) = (Arc::new(Foreign::default()), Arc::new(Foreign::default()));
        let mut wait = waiting(&first);
        let waits: Vec<_> = (0..20).map(|_| waiting(&others)).collect();
        first.on_wake(move || {
            assert!(poll_once(wait.as_mut()).is_ready());
            std::mem::forget(waiting(&Arc::default()));
        });
        assert_eq!(CONDVAR.notify_all(), 21);
        assert_eq!(others.wakes(), 20);
        drop(waits);
        assert_eq!(CONDVAR.notify_all(), 1, "it waits again");
    });
}

/// Nothing of the mutex is touched once it may be gone.
#[test]
fn a_wait_that_is_forgotten_may_outlive_its_mutex() {
    let condvar = Condvar::new();
    for _ in 0..2 {
        let mutex = Box::new(Mutex::new(0));
        let mut wait = Box::pin(condvar.wait_async(mutex.lock()));
        assert!(poll_once(wait.as_mut()).is_pending());
        std::mem::forget(wait);
        drop(mutex);
        assert!(condvar.notify_one());
        assert_eq!(condvar.notify_all(), 0);
    }
}

#[test]
fn a_condition_variable_may_be_used_with_one_mutex_after_the_other() {
    let (condvar, mutexes) = (Condvar::new(), [(); 4].map(|()| Mutex::new(0)));
    let notify: [&dyn Fn() -> bool; 4] =
        [&|| condvar.notify_one(), &|| condvar.notify_all() == 1, &|| condvar.notify_one(), &|| true];
    for (mutex, notify) in mutexes.iter().zip(notify) {
        let mut wait = Box::pin(condvar.wait_async(mutex.lock()));
        assert!(poll_once(wait.as_mut()).is_pending());
        assert!(notify());
    }
}

/// The monitor has moved since; nobody can be waiting but those who are forgotten.
#[test]
fn a_wait_that_is_forgotten_does_not_bind_its_condition_to_a_place() {
    let monitor = Monitor::new(0);
    let condition = monitor.condition();
    let mut wait = Box::pin(monitor.enter().wait_async(&condition));
    assert!(poll_once(wait.as_mut()).is_pending());
    std::mem::forget(wait);
    let moved = Box::new(monitor);
    let mut wait = Box::pin(moved.enter().wait_async(&condition));
    assert!(poll_once(wait.as_mut()).is_pending());
    assert_eq!(condition.notify_all(&moved.enter()), 2);
    assert!(poll_once(wait.as_mut()).is_ready(), "one that is forgotten stands in nobody's way");
}

#[test]
fn a_panic_inside_leaves_and_lets_the_next_in() {
    let (monitor, foreign) = (monitor(), Arc::new(Foreign::default()));
    let mut waiting = waiting(monitor, &foreign.waker());
    let section = || {
        let mut guard = monitor.enter();
        *guard = 1;
        panic!("inside");
    };
    assert!(panics(section));
    assert_eq!(foreign.wakes(), 1);
    assert!(poll_once(waiting.as_mut()).is_ready());
}

#[test]
fn a_panic_of_what_a_wait_asks_leaves_the_guard_inside() {
    let monitor = monitor();
    let condition = monitor.condition();
    let mut guard = monitor.enter();
    let asks: [fn(&mut MonitorGuard<'_, u32>, &latchwork_monitor::Condition); 2] = [
        |guard, condition| guard.wait_while(condition, |_| panic!("asked")),
        |guard, _| guard.wait_until(|_| panic!("asked")),
    ];
    for ask in asks {
        assert!(panics(|| ask(&mut guard, &condition)));
        assert!(monitor.try_enter().is_none());
        *guard += 1;
    }
    drop(guard);
    assert_eq!(*monitor.try_enter().unwrap(), 2);
}

#[test]
fn a_predicate_that_looks_at_its_monitor_finds_it_occupied() {
    let (monitor, foreign) = (monitor(), Arc::new(Foreign::default()));
    let mut future = Box::pin(monitor.enter_when_async(move |number| {
        assert!(monitor.try_enter().is_none() && format!("{monitor:?}").contains("<entered>"));
        *number > 0
    }));
    assert!(poll_with(future.as_mut(), &foreign.waker()).is_pending());
    *monitor.enter() = 1;
    assert_eq!(foreign.wakes(), 1);
    assert!(poll_once(future.as_mut()).is_ready());
}

/// R2: a deadline that the clock cannot tell is none, and one that has passed makes one attempt.
#[test]
fn timeouts_may_be_anything() {
    watchdog("timeouts_may_be_anything", || {
        let monitor = monitor();
        let condition = monitor.condition();
        assert!(monitor.try_enter_when_for(is_set, Duration::ZERO).is_none());
        let mut guard = monitor.try_enter_for(Duration::ZERO).unwrap();
        assert!(!guard.wait_until_for(is_set, Duration::ZERO));
        assert!(guard.wait_for(&condition, Duration::ZERO).timed_out());
        assert!(guard.wait_while_for(&condition, |number| *number == 0, Duration::ZERO).timed_out());
        assert!(!guard.wait_while_for(&condition, |number| *number > 0, Duration::MAX).timed_out());
        assert!(monitor.try_enter_for(Duration::ZERO).is_none());
        thread::scope(|scope| {
            scope.spawn(|| *monitor.enter_when(|number| *number == 5) = 6);
            scope.spawn(|| *monitor.try_enter_when_for(|number| *number == 6, Duration::MAX).unwrap() = 7);
            *guard = 5;
            assert!(guard.wait_until_for(|number| *number == 7, Duration::MAX));
        });
    });
}
