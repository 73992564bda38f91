//! What is reported of those who wait for permits, with `--cfg latchwork_deadlock`.

#![cfg(all(latchwork_deadlock, not(any(latchwork = "loom", latchwork = "shuttle"))))]

use std::time::Duration;

use latchwork_core::sync::model::poll_once;
use latchwork_semaphore::Semaphore;
use latchwork_semaphore::deadlock::report;

#[test]
fn whoever_waits_for_permits_is_reported_and_nobody_holds_them() {
    let semaphore = Semaphore::new(1);
    let _permit = semaphore.acquire();
    assert!(report(Duration::ZERO).is_empty());
    let mut waiting = Box::pin(semaphore.acquire_async());
    assert!(poll_once(waiting.as_mut()).is_pending());
    let found = report(Duration::ZERO);
    assert!(found.cycles.is_empty() && found.long.len() == 1);
    assert!(found.long[0].what == "semaphore" && found.long[0].holders.is_empty());
    drop(waiting);
    assert!(report(Duration::ZERO).is_empty());
}
