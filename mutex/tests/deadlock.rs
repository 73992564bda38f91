//! What is reported of those who hold mutexes and wait for them, with `--cfg latchwork_deadlock`.

#![cfg(all(latchwork_deadlock, not(any(latchwork = "loom", latchwork = "shuttle"))))]

use std::mem::forget;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex as StdMutex, MutexGuard as StdGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::{Alarm, poll_once, watchdog};
use latchwork_mutex::deadlock::{self, Party, Report, report, with_name};
use latchwork_mutex::{Lock, Mutex, MutexGuard, Owner, ReentrantLock};

/// For a wait that ends without the lock.
const MOMENT: Duration = Duration::from_millis(20);

/// What is reported is of the whole process: one test at a time.
fn alone() -> StdGuard<'static, ()> {
    static ALONE: StdMutex<()> = StdMutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first report that this says yes to.
fn await_report(is_it: impl Fn(&Report) -> bool) -> Report {
    loop {
        let report = report(Duration::ZERO);
        if is_it(&report) {
            return report;
        }
        thread::yield_now();
    }
}

/// Waits again and again, until this is set: each wait ends by itself.
fn wait_until(is_over: &AtomicBool, mutex: &Mutex<u32>) {
    while !is_over.load(SeqCst) {
        assert!(mutex.try_lock_for(MOMENT).is_none() || is_over.load(SeqCst));
    }
}

/// Who is in the first cycle, sorted.
fn in_cycle(report: &Report) -> Vec<String> {
    let mut names: Vec<_> = report.cycles[0].iter().map(|wait| wait.who.to_string()).collect();
    names.sort();
    names
}

#[test]
fn two_threads_that_wait_for_each_other_are_reported() {
    watchdog("two_threads_that_wait_for_each_other_are_reported", || {
        let _alone = alone();
        let (left, right, both, is_over) = (Mutex::new(0), Mutex::new(0), Barrier::new(2), AtomicBool::new(false));
        let line = line!() + 2;
        let meet = |mine: &Mutex<u32>, others: &Mutex<u32>| {
            let _guard = mine.lock();
            both.wait();
            wait_until(&is_over, others);
            both.wait();
        };
        let report = thread::scope(|scope| {
            thread::Builder::new().name("left".into()).spawn_scoped(scope, || meet(&left, &right)).unwrap();
            thread::Builder::new().name("right".into()).spawn_scoped(scope, || meet(&right, &left)).unwrap();
            let report = await_report(|report| !report.cycles.is_empty());
            is_over.store(true, SeqCst);
            report
        });
        assert_eq!(report.cycles.len(), 1);
        assert_eq!(in_cycle(&report), ["thread \"left\"", "thread \"right\""]);
        for wait in &report.cycles[0] {
            let [hold] = &*wait.holders else { panic!("a mutex has one holder") };
            assert!(hold.who != wait.who && wait.what == "mutex");
            assert!(wait.at.unwrap().file().ends_with("deadlock.rs") && hold.at.unwrap().line() == line);
        }
        assert!(report.to_string().contains("these wait for each other"));
    });
}

/// The task has a name; its lock is the first that the other waits for.
#[test]
fn a_thread_and_a_task_that_wait_for_each_other_are_reported() {
    watchdog("a_thread_and_a_task_that_wait_for_each_other_are_reported", || {
        let _alone = alone();
        let (left, right, is_over) = (Mutex::new(0), Mutex::new(0), AtomicBool::new(false));
        let is_held = AtomicBool::new(false);
        let mut task = pin!(with_name("worker 3", async {
            let _guard = left.lock_async().await;
            while !is_held.load(SeqCst) {
                thread::yield_now();
            }
            *right.lock_async().await += 1;
        }));
        let thread = || {
            let _guard = right.lock();
            is_held.store(true, SeqCst);
            wait_until(&is_over, &left);
        };
        let report = thread::scope(|scope| {
            let waiting = thread::Builder::new().name("left".into()).spawn_scoped(scope, || {
                while !left.is_locked() {
                    thread::yield_now();
                }
                thread();
            });
            assert!(poll_once(task.as_mut()).is_pending());
            let report = await_report(|report| !report.cycles.is_empty());
            is_over.store(true, SeqCst);
            waiting.unwrap().join().unwrap();
            report
        });
        assert_eq!(in_cycle(&report), ["task \"worker 3\"", "thread \"left\""]);
        assert!(poll_once(task.as_mut()).is_ready());
        assert!(deadlock::report(Duration::ZERO).is_empty());
    });
}

/// Their futures are polled with a waker each, by one thread.
#[test]
fn two_tasks_without_names_are_known_by_their_wakers() {
    let _alone = alone();
    let (left, right) = (Mutex::new(0), Mutex::new(0));
    let (one, other) = (Arc::new(Alarm::default()), Arc::new(Alarm::default()));
    let poll = |future: Pin<&mut Lock<'_, u32>>, alarm: &Arc<Alarm>| {
        let waker = alarm.waker();
        match future.poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(guard) => forget(guard),
            Poll::Pending => {}
        }
    };
    poll(pin!(left.lock_async()), &one);
    poll(pin!(right.lock_async()), &other);
    let mut of_one = Box::pin(right.lock_async());
    poll(of_one.as_mut(), &one);
    assert!(report(Duration::MAX).is_empty(), "it waits, but nobody for it");
    let mut of_other = Box::pin(left.lock_async());
    poll(of_other.as_mut(), &other);
    let report = report(Duration::MAX);
    assert!(report.cycles.len() == 1 && report.cycles[0].len() == 2 && report.long.is_empty());
    assert!(report.cycles[0].iter().all(|wait| matches!(wait.who, Party::Nameless(_))));
    drop((of_one, of_other));
    assert!(deadlock::report(Duration::ZERO).is_empty());
}

#[test]
fn one_that_locks_what_it_holds_is_reported() {
    let _alone = alone();
    let mutex = Mutex::new(0);
    let mut task = Box::pin(with_name("itself", async {
        let _guard = mutex.lock_async().await;
        *mutex.lock_async().await += 1;
    }));
    assert!(poll_once(task.as_mut()).is_pending());
    let report = report(Duration::MAX);
    assert_eq!(in_cycle(&report), ["task \"itself\""]);
    drop(task);
    assert!(deadlock::report(Duration::ZERO).is_empty());
}

#[test]
fn a_wait_that_is_longer_than_the_bound_is_reported() {
    let _alone = alone();
    let lock = ReentrantLock::new(0);
    let owner = Owner::new();
    let (guard, line) = (lock.lock(), line!());
    let mut waiting = Box::pin(with_name("late", lock.lock_async(&owner)));
    assert!(poll_once(waiting.as_mut()).is_pending());
    let report = await_report(|report| !report.long.is_empty());
    let [wait] = &*report.long else { panic!("one waits") };
    assert!(report.cycles.is_empty() && wait.waited > Duration::ZERO);
    assert_eq!((wait.at.unwrap().line(), wait.holders[0].at.unwrap().line()), (line + 1, line));
    assert!(deadlock::report(Duration::MAX).long.is_empty());
    drop(guard);
    let after = deadlock::report(Duration::ZERO);
    assert!(after.long[0].holders.is_empty(), "it has been woken, and nobody holds the lock");
    assert!(poll_once(waiting.as_mut()).is_ready());
    assert!(deadlock::report(Duration::ZERO).is_empty());
}

#[test]
fn nothing_is_reported_where_nobody_waits() {
    let _alone = alone();
    let mutex = Mutex::new(0);
    let mut guard = mutex.lock();
    assert!(mutex.try_lock_for(MOMENT).is_none() && mutex.try_lock().is_none());
    drop(mutex.lock_async());
    MutexGuard::bump(&mut guard);
    assert!(deadlock::report(Duration::ZERO).is_empty());
}
