//! The soak as its user runs it: it passes, and it can fail.

use std::process::{Command, Output};

use latchwork_core::sync::model::watchdog;

fn soak(arguments: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_latchwork-benches"));
    program.arg("soak").args(arguments.split(' '));
    watchdog(arguments, || program.output().expect("the program is built beside its tests"))
}

/// It fails, and says this.
fn assert_fails(arguments: &str, messages: &[&str]) {
    let output = soak(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    for message in messages {
        assert!(error.contains(message), "{message} in {error}");
    }
}

#[test]
fn every_primitive_is_used_and_nothing_is_wrong() {
    let output = soak("--seconds 4 --seed 5");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("soak: seed 5; 14 primitives, "), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let primitives = ["Mutex", "ReentrantLock", "Semaphore", "BoundedSemaphore", "RwLock-phases", "Monitor", "Condvar"];
    let spinning = ["SpinLock", "TicketLock", "RwSpinLock"];
    for name in primitives.iter().chain(&spinning) {
        let line = text.lines().find(|line| line.split(' ').next() == Some(name)).expect("it is in the table");
        let figures: Vec<u64> =
            line.split_whitespace().skip(1).map(|figure| figure.parse().expect("a number")).collect();
        let [operations, waits, timeouts, cancelled, panics, forgotten, checks] = figures[..] else { panic!("{line}") };
        assert!(operations > 0 && panics > 0 && checks > operations, "{line}");
        // Whoever spins seldom meets others, nor waits long enough to give up.
        let is_used = waits > 0 && timeouts > 0 && cancelled > 0 && forgotten > 0;
        assert!(is_used || spinning.contains(name), "{line}");
    }
    assert!(text.contains("\nmemory: "), "{text}");
}

#[test]
fn the_seed_is_another_each_time() {
    let seed = || {
        let text = String::from_utf8(soak("--seconds 1 --primitives Mutex").stdout).expect("it is text");
        text.lines().next().map(str::to_owned)
    };
    assert_ne!(seed(), seed());
}

#[test]
fn a_primitive_that_does_not_exclude_is_named() {
    let messages =
        ["soak: lossy: ", " writes were made, and 0 are found", "seed 6, round 1", "main thread: lossy: check"];
    assert_fails("--seconds 60 --seed 6 --primitives Mutex,lossy", &messages);
}

#[test]
fn a_primitive_that_is_stuck_is_named_with_those_who_use_it() {
    let messages =
        ["soak: hanging: no progress for 2s: ", "seed 7, round 1", ": hanging: lock_async", "\n  Mutex { data: "];
    assert_fails("--seconds 60 --seed 7 --primitives Mutex,hanging --patience 2", &messages);
}

#[test]
fn memory_that_grows_fails() {
    let output = soak("--seconds 4 --primitives leaky");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(", MORE THAN the "), "{text}");
}

#[test]
fn wrong_arguments_are_refused() {
    for (arguments, message) in [
        ("--primitives Mutexes", "invalid value 'Mutexes'"),
        ("--minutes 0", "0 is not in 1..=1440"),
        ("--minutes 1 --seconds 1", "cannot be used with"),
        ("--threads 4", "has no options of a comparison"),
    ] {
        let output = soak(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(message), "{error}");
    }
}
