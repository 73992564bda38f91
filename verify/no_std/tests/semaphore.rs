//! The semaphores without the standard library.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use latchwork_no_std::{Job, Task, give_way, run, watchdog};
use latchwork_semaphore::{BoundedSemaphore, Closed, OverRelease, Semaphore, TryAcquireError};

#[test]
fn as_many_tasks_are_in_as_there_are_permits() {
    static SEMAPHORE: Semaphore = Semaphore::new(3);
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    let job = |permits: usize| async move {
        for _ in 0..50 {
            let _permit = SEMAPHORE.acquire_many_async(permits).await.expect("nobody closes it");
            // ORDERING: Relaxed, here and below: all of them are tasks of one thread.
            assert!(INSIDE.fetch_add(permits, Ordering::Relaxed) + permits <= 3);
            give_way().await;
            INSIDE.fetch_sub(permits, Ordering::Relaxed);
        }
    };
    run([1, 2, 3, 1, 2].map(|permits| Box::pin(job(permits)) as Pin<Box<Job<'_>>>));
    assert_eq!(SEMAPHORE.available_permits(), 3);
}

#[test]
fn permits_that_tasks_of_several_threads_acquire_and_give_back_add_up() {
    watchdog("permits_that_tasks_of_several_threads_acquire_and_give_back_add_up", || {
        let (semaphore, inside) = (Arc::new(Semaphore::new(2)), Arc::new(AtomicUsize::new(0)));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (semaphore, inside) = (Arc::clone(&semaphore), Arc::clone(&inside));
                let job = async move {
                    for _ in 0..2000 {
                        let _permit = Arc::clone(&semaphore).acquire_owned_async().await.expect("nobody closes it");
                        // ORDERING: Relaxed, here and below: a count that is too high is wrong, whenever it is seen.
                        assert!(inside.fetch_add(1, Ordering::Relaxed) < 2);
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::Relaxed);
                    }
                };
                thread::spawn(|| Task::new(job).block_on())
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(semaphore.available_permits(), 2);
    });
}

#[test]
fn a_task_that_came_too_late_once_is_given_way_to() {
    let semaphore = Semaphore::new(1);
    let permit = semaphore.try_acquire().unwrap();
    let (mut first, mut second) = (Task::new(semaphore.acquire_async()), Task::new(semaphore.acquire_async()));
    assert!(first.poll().is_pending());
    drop(permit);
    let permit = semaphore.try_acquire().unwrap();
    assert_eq!(first.rings(), 1);
    assert!(first.poll().is_pending(), "it has come too late");
    drop(permit);
    assert_eq!(first.rings(), 2);
    assert!(second.poll().is_pending(), "it gives way");
    assert_eq!(second.rings(), 1, "and wakes itself");
    let permit = first.ready();
    assert!(second.poll().is_pending());
    drop(permit);
    assert!(second.ready().is_ok());
}

#[test]
fn closing_wakes_all_who_wait() {
    let semaphore = Arc::new(Semaphore::new(0));
    let mut waiting: Vec<_> = (0..5).map(|_| Task::new(Arc::clone(&semaphore).acquire_owned_async())).collect();
    assert!(waiting.iter_mut().all(|task| task.poll().is_pending()));
    semaphore.close();
    for mut task in waiting {
        assert_eq!(task.rings(), 1);
        assert!(matches!(task.ready(), Err(Closed { .. })));
    }
    assert_eq!(semaphore.try_acquire().err(), Some(TryAcquireError::Closed));
}

#[test]
fn a_limit_is_kept_and_may_be_raised() {
    let semaphore = BoundedSemaphore::new(1);
    let permit = Task::new(semaphore.acquire_async()).ready().unwrap();
    let mut waiting = Task::new(semaphore.acquire_async());
    assert!(waiting.poll().is_pending());
    semaphore.set_limit(2);
    assert_eq!(waiting.rings(), 1);
    assert!(waiting.ready().is_ok());
    drop(permit);
    assert_eq!(semaphore.release(1), Err(OverRelease));
}
