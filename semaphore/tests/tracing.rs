//! What a subscriber is told of waits.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use latchwork_core::sync::model::poll_once;
use latchwork_core::trace::collector::{self, Short, adding};
use latchwork_semaphore::Semaphore;

/// For a wait that ends without permits.
const MOMENT: Duration = Duration::from_millis(2);

fn short(who: &str, outcome: &str, line: u32) -> Short {
    collector::short("semaphore", who, outcome, line)
}

#[test]
fn whoever_waits_for_permits_is_told_of_when_they_are_given_back_or_forgotten() {
    let (semaphore, waits) = (Arc::new(Semaphore::new(1)), Arc::default());
    adding(&waits, || {
        let permit = semaphore.acquire().unwrap();
        assert!(semaphore.try_acquire_for(MOMENT).is_err());
        let mut first = pin!(semaphore.acquire_async());
        let mut second = pin!(Arc::clone(&semaphore).acquire_owned_async());
        assert!(poll_once(first.as_mut()).is_pending() && poll_once(second.as_mut()).is_pending());
        drop(permit);
        let Poll::Ready(Ok(permit)) = poll_once(first.as_mut()) else { panic!("it is free") };
        assert_eq!(waits.lock().unwrap().len(), 1, "it has a permit");
        permit.forget();
        assert_eq!(waits.lock().unwrap().len(), 2);
        semaphore.add_permits(1);
        let Poll::Ready(Ok(permit)) = poll_once(second.as_mut()) else { panic!("it is free") };
        assert_eq!(waits.lock().unwrap().len(), 2, "it has a permit");
        drop(permit);
    });
    let line = line!() - 14;
    let expected =
        [short("thread", "timed out", line), short("task", "acquired", line + 1), short("task", "acquired", line + 2)];
    assert_eq!(*waits.lock().unwrap(), expected);
}

#[test]
fn whoever_waits_for_a_semaphore_that_is_closed_is_told_of_at_once() {
    let (semaphore, waits) = (Semaphore::new(0), Arc::default());
    adding(&waits, || {
        let mut waiting = pin!(semaphore.acquire_async());
        assert!(poll_once(waiting.as_mut()).is_pending());
        semaphore.close();
        assert!(matches!(poll_once(waiting.as_mut()), Poll::Ready(Err(_))));
    });
    assert_eq!(*waits.lock().unwrap(), [short("task", "closed", line!() - 5)]);
}
