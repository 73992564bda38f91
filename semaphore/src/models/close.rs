//! Nobody acquires from a closed semaphore, and nobody waits for one.

use super::*;

/// Breaks if somebody who waits is not woken by the close, or is queued after it.
#[test]
fn close_racing_a_thread_that_queues_wakes_it() {
    model(|| {
        let guarded = guarded(0);
        let waiting = guarded.spawn(|guarded| guarded.semaphore.acquire().map(Permit::forget));
        guarded.semaphore.close();
        assert_eq!(waiting.join(), Err(Closed(())));
        guarded.assert_closed();
    });
}

/// The same for a task.
#[test]
fn close_racing_a_first_poll_wakes_it() {
    model(|| {
        let guarded = guarded(0);
        let waiting = guarded.spawn(|guarded| block_on(guarded.semaphore.acquire_async()).map(Permit::forget));
        guarded.semaphore.close();
        assert_eq!(waiting.join(), Err(Closed(())));
        guarded.assert_closed();
    });
}

/// Breaks if more than a list of wakes holds are forgotten.
#[test]
fn close_wakes_every_waiter() {
    model(|| {
        let guarded = guarded(0);
        let alarms = [(); 20].map(|()| alarm());
        let waiting: Vec<_> = alarms.iter().map(|alarm| guarded.queued(1, alarm)).collect();
        guarded.semaphore.close();
        guarded.semaphore.close();
        assert!(alarms.iter().all(|alarm| alarm.rings() == 1));
        for mut future in waiting {
            assert!(matches!(poll_once(future.as_mut()), Poll::Ready(Err(Closed(())))));
        }
        guarded.assert_closed();
    });
}

/// Breaks if a permit is lost, or had twice, where it is given back while the semaphore is closed.
#[test]
fn a_close_racing_a_release_loses_no_permit() {
    model(|| {
        let guarded = guarded(1);
        let permit = guarded.semaphore.acquire().expect("it is open");
        let mut waiting = guarded.queued(1, &alarm());
        let closer = guarded.spawn(|guarded| guarded.semaphore.close());
        drop(permit);
        if let Poll::Ready(Ok(permit)) = poll_once(waiting.as_mut()) {
            drop(permit);
        }
        closer.join();
        drop(waiting);
        assert_eq!(guarded.semaphore.available_permits(), 1);
        guarded.assert_closed();
    });
}

impl Guarded {
    fn assert_closed(&self) {
        assert!(self.semaphore.is_closed());
        assert_eq!(self.semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
        assert_eq!(self.semaphore.acquire_many(0).unwrap_err(), Closed(()));
        assert!(self.semaphore.raw().is_at_rest(), "the queue is empty, and no flag is set");
    }
}
