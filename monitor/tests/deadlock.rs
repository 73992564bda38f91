//! What is reported of those who are inside of monitors and wait for them, with `--cfg latchwork_deadlock`.

#![cfg(all(latchwork_deadlock, not(any(latchwork = "loom", latchwork = "shuttle"))))]

use std::future::Future;
use std::panic::Location;
use std::sync::{Mutex as StdMutex, MutexGuard as StdGuard, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::{poll_once, watchdog};
use latchwork_monitor::deadlock::{Report, Wait, report, with_name};
use latchwork_monitor::{Condvar, Monitor, MonitorGuard};
use latchwork_mutex::Mutex;

/// What is reported is of the whole process: one test at a time.
fn alone() -> StdGuard<'static, ()> {
    static ALONE: StdMutex<()> = StdMutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first report of a wait for this.
fn await_wait(what: &str) -> Report {
    loop {
        let report = report(Duration::ZERO);
        if report.long.iter().any(|wait| wait.what == what) {
            return report;
        }
        thread::yield_now();
    }
}

/// The only one who waits for longer than nothing.
fn only(report: &Report) -> &Wait {
    let [wait] = &*report.long else { panic!("one waits, not {}", report.long.len()) };
    wait
}

/// The line of this file in which it was asked for.
fn line_of(at: Option<&'static Location<'static>>) -> u32 {
    let at = at.expect("it is known");
    assert!(at.file().ends_with("deadlock.rs"), "{at}");
    at.line()
}

/// Of whoever is inside, another waits for it to leave: the line in which the first has asked for that.
fn line_of_holder(monitor: &Monitor<u32>) -> u32 {
    let mut late = Box::pin(with_name("late", monitor.enter_async()));
    assert!(poll_once(late.as_mut()).is_pending());
    let report = report(Duration::ZERO);
    let late = report.long.iter().find(|wait| wait.who.to_string() == "task \"late\"").expect("it waits");
    let [hold] = &*late.holders else { panic!("a monitor has one holder") };
    line_of(hold.at)
}

/// One that waits for a condition keeps another lock, which whoever is to notify it waits for: the lock-out of nested monitors.
#[test]
fn one_that_waits_for_a_condition_with_another_lock_is_reported() {
    let _alone = alone();
    let (outer, monitor) = (Mutex::new(0), Monitor::new(0));
    let changed = monitor.condition();
    let mut waits = Box::pin(with_name("waits", async {
        let _outer = outer.lock_async().await;
        drop(monitor.enter_async().await.wait_async(&changed).await);
    }));
    let mut notifies = Box::pin(with_name("notifies", async {
        let _guard = monitor.enter_async().await;
        let _outer = outer.lock_async().await;
    }));
    assert!(poll_once(waits.as_mut()).is_pending());
    assert!(report(Duration::MAX).is_empty());
    assert!(poll_once(notifies.as_mut()).is_pending());
    let found = report(Duration::MAX);
    let mut cycle: Vec<_> = found.cycles[0].iter().map(|wait| (wait.who.to_string(), wait.what)).collect();
    cycle.sort();
    assert_eq!(cycle, [("task \"notifies\"".to_owned(), "mutex"), ("task \"waits\"".to_owned(), "condition")]);
    drop(waits);
    assert!(poll_once(notifies.as_mut()).is_ready());
    assert!(report(Duration::ZERO).is_empty());
}

/// A task that waits by a call of this line is recorded until it is inside again, and is the holder by that call then.
fn a_task_is_recorded<'a>(
    (what, line): (&str, u32),
    monitor: &'a Monitor<u32>,
    wait: impl Future<Output = MonitorGuard<'a, u32>>,
    satisfy: impl Fn(MonitorGuard<'a, u32>),
) {
    let mut wait = Box::pin(with_name("waits", wait));
    assert!(poll_once(wait.as_mut()).is_pending());
    let found = report(Duration::ZERO);
    assert_eq!((only(&found).what, line_of(only(&found).at)), (what, line));
    assert!(only(&found).holders.is_empty());
    satisfy(monitor.enter());
    let inside = monitor.enter();
    assert!(poll_once(wait.as_mut()).is_pending());
    let found = report(Duration::ZERO);
    assert_eq!((line_of(only(&found).at), only(&found).holders.len()), (line, 1));
    drop(inside);
    let Poll::Ready(inside) = poll_once(wait.as_mut()) else { panic!("nobody is inside") };
    assert!(report(Duration::ZERO).is_empty());
    assert_eq!(line_of_holder(monitor), line);
    drop(inside);
}

#[test]
fn a_task_that_waits_for_a_condition_is_recorded() {
    let _alone = alone();
    let monitor = Monitor::new(0);
    let changed = monitor.condition();
    let (wait, line) = (monitor.enter().wait_async(&changed), line!());
    a_task_is_recorded(("condition", line), &monitor, wait, |inside| _ = changed.notify_one(&inside));
}

/// It is not moved to the queue of the mutex, and comes as a newcomer.
#[test]
fn a_task_that_waits_for_a_condition_variable_is_recorded() {
    let _alone = alone();
    let (mutex, condvar) = (Mutex::new(0), Condvar::new());
    let (wait, line) = (condvar.wait_async(mutex.lock()), line!());
    let mut wait = Box::pin(wait);
    assert!(poll_once(wait.as_mut()).is_pending());
    condvar.notify_one();
    let (locked, line_of_lock) = (mutex.lock(), line!());
    assert!(poll_once(wait.as_mut()).is_pending());
    let found = report(Duration::ZERO);
    assert_eq!((line_of(only(&found).at), line_of(only(&found).holders[0].at)), (line, line_of_lock));
    drop(locked);
    assert!(poll_once(wait.as_mut()).is_ready());
    assert!(report(Duration::ZERO).is_empty());
}

#[test]
fn a_task_that_waits_for_a_predicate_is_recorded() {
    let _alone = alone();
    let monitor = Monitor::new(0);
    let set = |mut inside: MonitorGuard<'_, u32>| *inside += 1;
    let (wait, line) = (monitor.enter_when_async(|value| *value == 1), line!());
    a_task_is_recorded(("predicate", line), &monitor, wait, set);
    let (wait, line) = (monitor.enter().wait_until_async(|value| *value == 2), line!());
    a_task_is_recorded(("predicate", line), &monitor, wait, set);
}

#[test]
fn a_task_whose_predicate_does_not_hold_any_more_waits_for_the_same_call() {
    let _alone = alone();
    let monitor = Monitor::new(0);
    let (wait, line) = (monitor.enter_when_async(|value| *value == 1), line!());
    let mut wait = Box::pin(wait);
    assert!(poll_once(wait.as_mut()).is_pending());
    *monitor.enter() = 1;
    *monitor.enter() = 2;
    assert!(poll_once(wait.as_mut()).is_pending());
    assert_eq!(line_of(only(&report(Duration::ZERO)).at), line);
    drop(wait);
    assert!(report(Duration::ZERO).is_empty());
}

#[test]
fn a_task_that_finds_the_lock_free_is_recorded_no_more() {
    let _alone = alone();
    let (monitor, mutex, condvar) = (Monitor::new(0), Mutex::new(0), Condvar::new());
    let mut by_condvar = Box::pin(condvar.wait_async(mutex.lock()));
    assert!(poll_once(by_condvar.as_mut()).is_pending());
    condvar.notify_one();
    assert!(poll_once(by_condvar.as_mut()).is_ready());
    assert!(report(Duration::ZERO).is_empty());
    let mut by_predicate = Box::pin(monitor.enter_when_async(|value| *value == 1));
    assert!(poll_once(by_predicate.as_mut()).is_pending());
    *monitor.enter() = 1;
    assert!(poll_once(by_predicate.as_mut()).is_ready());
    assert!(report(Duration::ZERO).is_empty());
}

#[test]
fn a_cancelled_wait_is_recorded_no_more() {
    let _alone = alone();
    let (monitor, mutex, condvar) = (Monitor::new(0), Mutex::new(0), Condvar::new());
    let changed = monitor.condition();
    let mut by_condition = Box::pin(monitor.enter().wait_async(&changed));
    assert!(poll_once(by_condition.as_mut()).is_pending());
    let mut by_predicate = Box::pin(monitor.enter().wait_until_async(|value| *value == 1));
    assert!(poll_once(by_predicate.as_mut()).is_pending());
    let mut by_condvar = Box::pin(condvar.wait_async(mutex.lock()));
    assert!(poll_once(by_condvar.as_mut()).is_pending());
    assert_eq!(report(Duration::ZERO).long.len(), 3);
    drop(by_condition);
    assert_eq!(report(Duration::ZERO).long.len(), 2);
    drop(by_predicate);
    assert_eq!(only(&report(Duration::ZERO)).what, "condition");
    drop(by_condvar);
    assert!(report(Duration::ZERO).is_empty());
}

/// A thread waits by a call of a line that it returns, and returns by which it is inside when it goes on.
fn a_thread_is_recorded(
    what: &str,
    monitor: &Monitor<u32>,
    wait: impl FnOnce() -> (u32, u32) + Send,
    satisfy: impl Fn(MonitorGuard<'_, u32>),
) {
    thread::scope(|scope| {
        let waiting = scope.spawn(wait);
        let found = await_wait(what);
        satisfy(monitor.enter());
        let (line, inside_by) = waiting.join().unwrap();
        assert_eq!((line_of(only(&found).at), inside_by), (line, line));
    });
    assert!(report(Duration::ZERO).is_empty());
}

#[test]
fn a_thread_that_waits_for_a_condition_is_recorded() {
    watchdog("a_thread_that_waits_for_a_condition_is_recorded", || {
        let _alone = alone();
        let monitor = Monitor::new(0);
        let changed = monitor.condition();
        let wait = || {
            let mut guard = monitor.enter();
            let line = line!() + 1;
            guard.wait(&changed);
            (line, line_of_holder(&monitor))
        };
        a_thread_is_recorded("condition", &monitor, wait, |inside| _ = changed.notify_one(&inside));
        a_thread_is_recorded("condition", &monitor, wait, |inside| _ = changed.notify_all(&inside));
    });
}

#[test]
fn a_thread_that_waits_for_a_predicate_is_recorded() {
    watchdog("a_thread_that_waits_for_a_predicate_is_recorded", || {
        let _alone = alone();
        let monitor = Monitor::new(0);
        let wait = || {
            let (_guard, line) = (monitor.enter_when(|value| *value == 1), line!());
            (line, line_of_holder(&monitor))
        };
        a_thread_is_recorded("predicate", &monitor, wait, |mut inside| *inside = 1);
    });
}

/// Changes the value until a thread that runs this has ended. Returns what it returns.
fn while_it_changes<R: Send>(monitor: &Monitor<u32>, run: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let running = scope.spawn(run);
        while !running.is_finished() {
            *monitor.enter() += 1;
        }
        running.join().unwrap()
    })
}

/// Its predicate holds for others alone: it is woken and goes on waiting, and then whoever leaves leaves the monitor to it.
#[test]
fn a_thread_that_is_granted_the_monitor_is_recorded() {
    watchdog("a_thread_that_is_granted_the_monitor_is_recorded", || {
        let _alone = alone();
        let monitor = Monitor::new(0);
        let line = line!() + 3;
        let inside_by = while_it_changes(&monitor, || {
            let own = thread::current().id();
            let _guard = monitor.enter_when(|_| thread::current().id() != own);
            line_of_holder(&monitor)
        });
        assert_eq!(inside_by, line);
        assert!(report(Duration::ZERO).is_empty());
    });
}

/// Its predicate holds when it asks itself once more, which it does before it takes its place.
#[test]
fn a_thread_that_looks_on_is_recorded() {
    watchdog("a_thread_that_looks_on_is_recorded", || {
        let _alone = alone();
        let monitor = Monitor::new(0);
        let line = line!() + 9;
        let inside_by = while_it_changes(&monitor, || {
            let own = thread::current().id();
            loop {
                let mut asked = 0;
                let is_asked_again = |_: &u32| {
                    asked += u32::from(thread::current().id() == own);
                    asked > 1
                };
                if let Some(_guard) = monitor.try_enter_when_for(is_asked_again, Duration::from_millis(2)) {
                    break line_of_holder(&monitor);
                }
            }
        });
        assert_eq!(inside_by, line);
        assert!(report(Duration::ZERO).is_empty());
    });
}

#[test]
fn a_wait_that_ends_in_vain_is_recorded_no_more() {
    let _alone = alone();
    let (monitor, moment) = (Monitor::new(0), Duration::from_millis(2));
    let changed = monitor.condition();
    let mut guard = monitor.enter();
    assert!(guard.wait_for(&changed, moment).timed_out());
    assert!(!guard.wait_until_for(|value| *value == 1, moment));
    assert!(report(Duration::ZERO).is_empty());
}
