//! What the programs in `src/bin` share, so that each is about its locks: a watchdog.

use std::thread;
use std::time::Duration;

/// Aborts this process unless it has ended after five minutes: a program that hangs says so.
pub fn watchdog() {
    thread::spawn(|| {
        // By the second: time in which the machine was suspended counts as one.
        (0..300).for_each(|_| thread::sleep(Duration::from_secs(1)));
        eprintln!("watchdog: no end after five minutes");
        std::process::abort();
    });
}
