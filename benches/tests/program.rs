//! The comparison as its user runs it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn compare(arguments: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_latchwork-benches"));
    // What it writes by default is written there.
    program.current_dir(env!("CARGO_TARGET_TMPDIR")).args(arguments.split(' '));
    program.output().expect("the program is built beside its tests")
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
    assert_refused("--threads 0", "0 is not in 1..=1000");
    assert_refused("--slice 18446744073709551615", "is not in 1..=60000");
    assert_refused("--bound 86401", "86401 is not in 1..=86400");
    assert_refused("--rounds 18446744073709551616", "number too large");
    assert_refused("--outside 100", "100 is not in 0..=99");
    assert_refused("rwlock --writes 101", "101 is not in 0..=100");
    assert_refused("monitor --pairs 4", "with a colon between them");
    assert_refused("monitor --pairs 4:0", "consumers: 0 is not in 1..=1000");
    assert_refused("--quick --full", "cannot be used with");
    assert_refused("--json --csv", "cannot be used with");
    assert_refused("--baseline no-such-file.json", "no-such-file.json: ");
    assert_refused(concat!("--baseline ", env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "Cargo.toml: ");
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

const FEW: &str = "rwlock --threads 1 --tasks 2 --section 0 --outside 0 --writes 10 --contenders RwLock --rounds 2 --slice 1 --attempts 1";

#[test]
fn json_and_csv_have_every_round() {
    let folder = folder("json-and-csv");
    let json = compare(&format!("{FEW} --json --out {}", folder.display())).stdout;
    assert_eq!(fs::read(folder.join("comparison.json")).expect("it was written"), json);
    let results: serde_json::Value = serde_json::from_slice(&json).expect("nothing but JSON is printed");
    assert_eq!(results["setting"]["arguments"][0], "rwlock");
    let tables = results["tables"].as_array().expect("there are tables");
    assert_eq!(tables.len(), 2);
    for table in tables {
        assert_eq!(table["rows"][0]["contender"], "RwLock");
        assert_eq!(table["rows"][0]["slices"].as_array().map(Vec::len), Some(2));
    }
    let csv = fs::read_to_string(folder.join("comparison.csv")).expect("it was written");
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("cell,kind,parties,"));
    // Threads and tasks, in two rounds, that read and write.
    assert_eq!(lines.len(), 1 + 2 * 2 * 2, "{csv}");
}

#[test]
fn the_report_has_a_line_for_each_contender_and_all_that_was_measured() {
    let folder = folder("report");
    let arguments = "mutex --threads 1 --tasks 2 --section 0,100,1000 --outside 0 --contenders std,tokio,Mutex --rounds 1 --slice 1 --attempts 1";
    let output = compare(&format!("{arguments} --out {}", folder.display()));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("The report: ") && text.contains("comparison.html"), "{text}");
    let page = fs::read_to_string(folder.join("comparison.html")).expect("it was written");
    // Throughput and processor time, of threads and of tasks.
    assert_eq!(page.matches("<svg").count(), 4);
    // The lines of two contenders; axes are of the colour of the text.
    for chart in page.split("<svg").skip(1) {
        let chart = chart.split("</svg>").next().expect("it ends");
        let lines = chart.matches("<polyline").count();
        assert!(lines >= 2, "{chart}");
        assert!(chart.contains("stroke=\"#4E79A7\"") && chart.contains("stroke=\"#F28E2B\""), "{chart}");
        assert!(chart.contains("section, ns") && !chart.contains("#000000"), "{chart}");
    }
    assert_eq!(page.matches("<summary>").count(), 6);
    assert!(page.contains("download=\"comparison.json\" href=\"data:application/json;base64,"));
    // No other file, and no network.
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("url("), "{page}");
    assert_eq!(page.matches("href=").count(), page.matches("href=\"data:").count());
}

#[test]
fn a_run_is_compared_with_an_earlier_one() {
    let folder = folder("baseline");
    let _ = compare(&format!("{FEW} --out {}", folder.display()));
    let path = folder.join("comparison.json");
    let mut earlier: serde_json::Value =
        serde_json::from_slice(&fs::read(&path).expect("it was written")).expect("it is JSON");
    // In the first cell everything was faster by far, in the other by nothing that can be seen.
    for slice in earlier["tables"][0]["rows"][0]["slices"].as_array_mut().expect("there are slices") {
        slice["sample"]["throughput"] = 1e15.into();
        slice["sample"]["cpu_per_op"] = 1e-15.into();
    }
    fs::write(&path, earlier.to_string()).expect("it can be written");
    let output = compare(&format!("{FEW} --baseline {}", path.display()));
    let text = String::from_utf8_lossy(&output.stdout);
    let moved = text.split("What moved since").nth(1).expect("it says what moved");
    let title = "  1 thread, 10 % writes, section of 0 ns: RwLock: throughput 0.00 ";
    assert!(moved.contains(title), "{text}");
    assert!(moved.contains(" of 4 moved;"), "{text}");
}

#[test]
fn a_reader_that_has_read_enough_ends_it_without_a_word() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_latchwork-benches"));
    program.current_dir(env!("CARGO_TARGET_TMPDIR")).args(FEW.split(' '));
    let mut running = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it is built");
    drop(running.stdout.take());
    let output = running.wait_with_output().expect("it ends");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !error.contains("panicked"), "{error}");
}

#[test]
fn a_table_has_every_contender_and_fits_100_columns() {
    let output = compare("mutex --threads 16 --tasks 2 --section 0,200 --outside 50 --rounds 1 --slice 1 --attempts 1");
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
    let output = compare(
        "rwlock --threads 3 --tasks 2 --section 0 --writes 10 --contenders RwLock --rounds 1 --slice 1 --attempts 1",
    );
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{table}");
    let lines = |start: &str| table.lines().filter(|line| line.starts_with(start) && line.contains('s')).count();
    // Of threads and of tasks, a storm of writers and one of readers, each with and without time outside.
    assert_eq!((lines("  RwLock "), lines("    reads "), lines("    writes ")), (8, 8, 8), "{table}");
}

#[test]
fn the_answer_compares_blocking_with_spinning() {
    let output = compare(
        "--threads 1,2 --section 0,200 --outside 0 --contenders Mutex,SpinLock --rounds 1 --slice 1 --attempts 1",
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = text.split("Spin or block?").nth(1).expect("there is an answer");
    assert!(answer.contains("\n  2 threads, 0 % of their time outside:\n    throughput: "), "{text}");
    assert!(!answer.contains("  1 thread"), "{text}");
}

#[test]
fn a_contender_that_hangs_or_does_not_exclude_is_named_in_its_row() {
    let arguments = "mutex --threads 2 --section 0 --outside 0 --contenders std,lossy,hanging --rounds 2 --slice 1 --attempts 1 --bound 5";
    let output = compare(arguments);
    let table = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{table}");
    let below = |row: &str| {
        let mut lines = table.lines().skip_while(|line| !line.starts_with(row)).skip(1);
        lines.find(|line| !line.contains("disturbed") && !line.contains("starves")).unwrap_or_default()
    };
    let reason = below("  lossy");
    assert!(
        reason.contains("failed: ") && reason.ends_with("lossy, 2 threads, section of 0 ns does not exclude"),
        "{table}"
    );
    let reason = below("  hanging");
    let hangs = "    failed: watchdog: `hanging, 2 threads, section of 0 ns` hangs: no end after 5.001s";
    assert_eq!(reason, hangs, "{table}");
    assert!(!below("  std").contains("failed"), "{table}");
}

#[test]
fn a_measurement_that_cannot_be_made_says_why() {
    let cell = r#"{"scene":"Mutex","crew":{"Threads":1},"section":0,"outside":0}"#;
    let order = format!(
        r#"{{"cell":{cell},"contender":"nobody","slice":{{"secs":0,"nanos":1}},"attempts":1,"bound":{{"secs":1,"nanos":0}},"units_per_nanosecond":1.0}}"#
    );
    let output = Command::new(env!("CARGO_BIN_EXE_latchwork-benches")).args(["carry-out", &order]).output();
    let output = output.expect("the program is built beside its tests");
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("no contender of `1 thread, section of 0 ns` is called nobody"), "{error}");
}
