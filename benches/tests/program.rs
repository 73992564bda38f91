//! The comparison as its user runs it.

use std::process::{Command, Output};

fn compare(arguments: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_latchwork-benches");
    Command::new(program).args(arguments.split(' ')).output().expect("the program is built beside its tests")
}

fn assert_refused(arguments: &str, message: &str) {
    let output = compare(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains(message), "{error}");
    assert!(output.stdout.is_empty());
}

#[test]
fn wrong_arguments_are_refused() {
    assert_refused("mutexes", "unrecognized subcommand 'mutexes'");
    assert_refused("--contenders std,stdd", "no contender of this comparison is called stdd");
    assert_refused("monitor --contenders spin", "no contender of this comparison is called spin");
    assert_refused("--threads 0", "at least 1 is needed");
    assert_refused("--outside 100", "100 is not in 0..=99");
    assert_refused("rwlock --writes 101", "101 is not in 0..=100");
    assert_refused("monitor --pairs 4", "with a colon between them");
    assert_refused("--quick --full", "cannot be used with");
}

#[test]
fn a_table_has_every_contender_and_fits_100_columns() {
    let output = compare("mutex --threads 16 --tasks 2 --section 0,200 --outside 50 --rounds 1 --slice 1");
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{table}");
    assert!(table.contains("\n16 threads, section of 200 ns, 50 % of the time outside\n"), "{table}");
    for (name, cells) in [("std", 2), ("parking_lot", 2), ("SpinLock", 4), ("Mutex", 4), ("tokio", 2)] {
        let rows = table.lines().filter(|line| line.starts_with(&format!("  {name} ")));
        assert_eq!(rows.count(), cells, "{name} in {table}");
    }
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
}

#[test]
fn readers_and_writers_wait_in_lines_of_their_own() {
    let output =
        compare("rwlock --threads 3 --tasks 2 --section 0 --writes 10 --contenders RwLock --rounds 1 --slice 1");
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{table}");
    let lines = |start: &str| table.lines().filter(|line| line.starts_with(start) && line.contains('s')).count();
    // Of threads and of tasks, a storm of writers and one of readers, each with and without time outside.
    assert_eq!((lines("  RwLock "), lines("    reads "), lines("    writes ")), (8, 8, 8), "{table}");
}

#[test]
fn the_answer_compares_blocking_with_spinning() {
    let output = compare("--threads 1,2 --section 0,200 --outside 0 --contenders Mutex,SpinLock --rounds 1 --slice 1");
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = text.split("Spin or block?").nth(1).expect("there is an answer");
    assert!(answer.contains("\n  2 threads, 0 % of their time outside:\n    throughput: "), "{text}");
    assert!(!answer.contains("  1 thread"), "{text}");
}

#[test]
fn a_measurement_that_cannot_be_made_says_why() {
    let cell = r#"{"scene":"Mutex","crew":{"Threads":1},"section":0,"outside":0}"#;
    let order =
        format!(r#"{{"cell":{cell},"contender":"nobody","slice":{{"secs":0,"nanos":1}},"units_per_nanosecond":1.0}}"#);
    let output = Command::new(env!("CARGO_BIN_EXE_latchwork-benches")).args(["carry-out", &order]).output();
    let output = output.expect("the program is built beside its tests");
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("no contender of `1 thread, section of 0 ns` is called nobody"), "{error}");
}
