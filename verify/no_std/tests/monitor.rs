//! The monitor and the condition variable without the standard library.

use std::pin::Pin;
use std::sync::Arc;
use std::thread;

use latchwork_monitor::{Condvar, Monitor};
use latchwork_mutex::Mutex;
use latchwork_no_std::{Job, Task, ends_the_program, give_way, run, watchdog};

#[test]
fn whoever_leaves_wakes_the_task_whose_predicate_holds() {
    let monitor = Monitor::new(0);
    let mut waiting = [1, 2].map(|wanted| Task::new(monitor.enter_when_async(move |value| *value == wanted)));
    assert!(waiting.iter_mut().all(|task| task.poll().is_pending()));
    *monitor.try_enter().unwrap() = 2;
    assert_eq!(waiting.each_ref().map(|task| task.rings()), [0, 1]);
    *waiting[1].ready() = 1;
    assert_eq!(*waiting[0].ready(), 1);
}

#[test]
fn tasks_of_one_thread_pass_items_through_a_monitor() {
    const SLOTS: usize = 2;
    let (slots, seen) = (Monitor::new(Vec::new()), Mutex::new(Vec::new()));
    let producer = |first: u32| {
        let slots = &slots;
        async move {
            for item in first..first + 50 {
                slots.enter_when_async(|slots| slots.len() < SLOTS).await.push(item);
                give_way().await;
            }
        }
    };
    let consumer = || async {
        for _ in 0..50 {
            let item = slots.enter_when_async(|slots| !slots.is_empty()).await.pop().expect("it is there");
            seen.lock_async().await.push(item);
        }
    };
    let mut jobs: Vec<Pin<Box<Job<'_>>>> = Vec::new();
    for first in [0, 50, 100] {
        jobs.push(Box::pin(producer(first)));
        jobs.push(Box::pin(consumer()));
    }
    run(jobs);
    let mut seen = seen.into_inner();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..150));
}

#[test]
fn tasks_of_several_threads_take_turns() {
    watchdog("tasks_of_several_threads_take_turns", || {
        const THREADS: u32 = 3;
        let monitor = Arc::new(Monitor::new(0));
        let threads: Vec<_> = (0..THREADS)
            .map(|index| {
                let monitor = Arc::clone(&monitor);
                let job = async move {
                    for _ in 0..500 {
                        *monitor.enter_when_async(move |turn| turn % THREADS == index).await += 1;
                    }
                };
                thread::spawn(|| Task::new(job).block_on())
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*monitor.try_enter().unwrap(), 500 * THREADS);
    });
}

#[test]
fn notified_tasks_enter_one_after_the_other() {
    let monitor = Monitor::new(0);
    let condition = monitor.condition();
    let wait = || async {
        let mut guard = monitor.enter_async().await.wait_async(&condition).await;
        *guard += 1;
    };
    let mut waiting = [(); 3].map(|()| Task::new(wait()));
    assert!(waiting.iter_mut().all(|task| task.poll().is_pending()));
    let guard = monitor.try_enter().unwrap();
    assert_eq!(condition.notify_one(&guard), 1);
    assert_eq!(condition.notify_all(&guard), 2);
    drop(guard);
    for (entered, task) in waiting.iter_mut().enumerate() {
        assert_eq!(task.rings(), 1);
        task.ready();
        assert_eq!(*monitor.try_enter().unwrap(), entered + 1);
    }
}

#[test]
fn a_condition_variable_wakes_the_task_that_waits_for_it() {
    let (mutex, condvar) = (Mutex::new(false), Condvar::new());
    let mut waiting = Task::new(condvar.wait_while_async(mutex.try_lock().unwrap(), |is_set| !*is_set));
    assert!(waiting.poll().is_pending());
    *mutex.try_lock().unwrap() = true;
    assert!(condvar.notify_one());
    assert_eq!(waiting.rings(), 1);
    assert!(*waiting.ready());
    assert!(!condvar.notify_one());
}

/// With the standard library its owner meets the panic, and not whoever leaves.
#[test]
fn a_predicate_that_panics_ends_the_program() {
    ends_the_program("a_predicate_that_panics_ends_the_program", "a predicate panics", || {
        let monitor = Monitor::new(0);
        let mut waiting = Task::new(monitor.enter_when_async(|value| {
            assert_eq!(*value, 0, "a predicate panics");
            false
        }));
        assert!(waiting.poll().is_pending());
        *monitor.try_enter().unwrap() = 1;
    });
}
