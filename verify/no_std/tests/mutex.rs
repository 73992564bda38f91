//! The mutex and the reentrant lock without the standard library.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread;

use latchwork_mutex::{Mutex, Owner, ReentrantLock};
use latchwork_no_std::{Job, Task, ends_the_program, give_way, run, watchdog};

#[test]
fn tasks_of_one_thread_exclude_each_other() {
    static MUTEX: Mutex<u32> = Mutex::new(0);
    let job = || async {
        for _ in 0..100 {
            let mut guard = MUTEX.lock_async().await;
            let seen = *guard;
            give_way().await;
            *guard = seen + 1;
        }
    };
    run((0..5).map(|_| Box::pin(job()) as Pin<Box<Job<'_>>>));
    assert_eq!(*MUTEX.try_lock().unwrap(), 500);
}

#[test]
fn tasks_of_several_threads_exclude_each_other() {
    watchdog("tasks_of_several_threads_exclude_each_other", || {
        let mutex = Arc::new(Mutex::new(0));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let mutex = Arc::clone(&mutex);
                let job = async move {
                    for _ in 0..2000 {
                        let mut guard = Arc::clone(&mutex).lock_owned_async().await;
                        let seen = *guard;
                        thread::yield_now();
                        *guard = seen + 1;
                    }
                };
                thread::spawn(|| Task::new(job).block_on())
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*mutex.try_lock().unwrap(), 8000);
    });
}

#[test]
fn a_task_that_lost_the_race_once_is_given_way_to() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().unwrap();
    let (mut first, mut second) = (Task::new(mutex.lock_async()), Task::new(mutex.lock_async()));
    assert!(first.poll().is_pending());
    drop(guard);
    let guard = mutex.try_lock().unwrap();
    assert_eq!(first.rings(), 1);
    assert!(first.poll().is_pending(), "it has lost the race");
    drop(guard);
    assert_eq!(first.rings(), 2);
    assert!(second.poll().is_pending(), "it gives way");
    assert_eq!(second.rings(), 1, "and wakes itself");
    let guard = first.ready();
    assert!(second.poll().is_pending());
    drop(guard);
    let _guard = second.ready();
}

#[test]
fn a_task_that_was_woken_and_is_cancelled_passes_the_wake_up_on() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().unwrap();
    let (mut first, mut second) = (Task::new(mutex.lock_async()), Task::new(mutex.lock_async()));
    assert!(first.poll().is_pending() && second.poll().is_pending());
    drop(guard);
    assert_eq!((first.rings(), second.rings()), (1, 0));
    drop(first);
    assert_eq!(second.rings(), 1);
    let _guard = second.ready();
}

/// Nobody asks for the asymmetric fences: no lock becomes quiet.
#[test]
fn a_lock_that_nobody_waited_for_for_long_wakes_the_first_who_does() {
    let mutex = Mutex::new(0);
    (0..5000).for_each(|_| *mutex.try_lock().unwrap() += 1);
    let guard = mutex.try_lock().unwrap();
    let mut waiting = Task::new(mutex.lock_async());
    assert!(waiting.poll().is_pending());
    drop(guard);
    assert_eq!((waiting.rings(), *waiting.ready()), (1, 5000));
    assert_eq!(latchwork_core::fence::heavy_count(), 0);
}

#[test]
fn owners_of_a_reentrant_lock_exclude_each_other_and_enter_again() {
    let lock = ReentrantLock::new(0);
    let (me, you) = (Owner::new(), Owner::new());
    let outer = Task::new(lock.lock_async(&me)).ready();
    let inner = lock.try_lock_as(&me).unwrap();
    assert_eq!(lock.hold_count_of(&me), 2);
    assert!(format!("{lock:?}").contains("<locked>"));
    let mut waiting = Task::new(lock.lock_async(&you));
    assert!(waiting.poll().is_pending() && lock.try_lock_as(&you).is_none());
    drop(outer);
    assert_eq!(waiting.rings(), 0);
    drop(inner);
    assert_eq!((waiting.rings(), *waiting.ready()), (1, 0));
    assert!(format!("{lock:?}").contains("value: 0"));
    assert!(!lock.is_locked());
}

struct Panicking;

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        panic!("a waker panics");
    }
}

/// With the standard library the panic is the unlocker's, which would go on.
#[test]
fn a_waker_that_panics_ends_the_program() {
    ends_the_program("a_waker_that_panics_ends_the_program", "a waker panics", || {
        let mutex = Mutex::new(());
        let guard = mutex.try_lock().unwrap();
        let mut future = Box::pin(mutex.lock_async());
        let waker = Waker::from(Arc::new(Panicking));
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(guard);
    });
}
