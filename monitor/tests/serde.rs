//! Monitors in serde's data model: each is its value alone, and nobody else is inside while that is written.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Waker};

use latchwork_monitor::Monitor;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{from_str, to_string};

#[derive(Serialize, Deserialize)]
struct Queue {
    jobs: Monitor<Vec<u8>>,
}

/// Written as what is asked at that moment.
struct Asks(fn() -> bool);

impl Serialize for Asks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool((self.0)())
    }
}

#[test]
fn a_monitor_is_written_and_read_as_its_value() {
    let queue: Queue = from_str(r#"{"jobs":[1]}"#).unwrap();
    queue.jobs.enter().push(2);
    assert_eq!(to_string(&queue).unwrap(), r#"{"jobs":[1,2]}"#);
    assert!(queue.jobs.try_enter().is_some());
}

#[test]
fn what_is_no_value_is_no_monitor() {
    assert!(from_str::<Monitor<u8>>("256").is_err());
}

#[test]
fn nobody_else_is_inside_while_the_value_is_written() {
    static MONITOR: Monitor<Asks> = Monitor::new(Asks(|| MONITOR.try_enter().is_none()));
    assert_eq!(to_string(&MONITOR).unwrap(), "true");
    assert!(MONITOR.try_enter().is_some());
}

#[test]
fn no_predicate_is_asked_when_the_value_has_been_written() {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let monitor = Monitor::new(7);
    let mut waiting = pin!(monitor.enter_when_async(|_| {
        ASKED.fetch_add(1, Relaxed);
        false
    }));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let before = ASKED.load(Relaxed);
    assert_eq!(to_string(&monitor).unwrap(), "7");
    assert_eq!(ASKED.load(Relaxed), before);
    *monitor.enter() = 8;
    assert!(ASKED.load(Relaxed) > before);
}
