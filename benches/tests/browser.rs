//! The report as a browser shows it. `cargo test -p latchwork-benches --test browser -- --ignored`, with Chromium installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Tells what a reader of the page would see.
const EXAMINE: &str = include_str!("browser/examine.js");

/// Writes down what the page in the frame tells.
const WRITE_DOWN: &str = "onmessage = ({ data }) => document.body.append(Object.assign(document.createElement('output'), { textContent: data }));";

/// Widths of the page, in pixels: a browser's window is not as narrow as a phone.
const PHONE: u32 = 390;
const SCREEN: u32 = 1280;

/// The program's own numbers of the schemes of colours.
const DARK: u8 = 0;
const LIGHT: u8 = 1;

fn report() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("browser");
    let mut program = Command::new(env!("CARGO_BIN_EXE_latchwork-benches"));
    program.args("mutex --threads 2 --tasks 2 --section 0,200,1000 --outside 0 --rounds 3 --slice 4".split(' '));
    let status = program.arg("--out").arg(&folder).status().expect("the program is built beside its tests");
    assert!(status.success());
    folder.join("comparison.html")
}

/// Opens a page, and returns it as it is then, as text. Nothing is written to the console meanwhile.
fn open(page: &Path, scheme: u8) -> String {
    let profile = page.with_file_name("profile");
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--dump-dom",
            "--virtual-time-budget=10000",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("Chromium is installed");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    assert!(!log.contains("CONSOLE"), "{log}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What [`EXAMINE`] says.
fn examine(page: &Path, width: u32, scheme: u8) -> Value {
    let text = fs::read_to_string(page).expect("it was written");
    let write = |name, text| fs::write(page.with_file_name(name), text).expect("it can be written");
    write("examined.html", format!("{text}<script>{EXAMINE}</script>"));
    let frame = format!("<iframe src='examined.html' width='{width}' height='900' frameborder='0'></iframe>");
    write("frame.html", format!("<!DOCTYPE html><script>{WRITE_DOWN}</script>{frame}"));
    let text = open(&page.with_file_name("frame.html"), scheme);
    let findings = text.split("<output>").nth(1).and_then(|text| text.split("</output>").next());
    serde_json::from_str(findings.expect("the script writes it")).expect("it is JSON")
}

#[test]
#[ignore = "needs Chromium"]
fn a_browser_shows_each_series_with_its_name() {
    let page = report();
    open(&page, LIGHT);

    for (width, scheme) in [(SCREEN, LIGHT), (SCREEN, DARK), (PHONE, LIGHT), (PHONE, DARK)] {
        let findings = examine(&page, width, scheme);
        let figures = findings["figures"].as_array().expect("it is a list");
        // Throughput and processor time, of threads and of tasks.
        assert_eq!(figures.len(), 4, "{findings}");
        for figure in figures {
            let names = figure["names"].as_array().expect("it is a list");
            assert!(names.len() >= 7, "{figure}");
            assert_eq!(figure["drawn"], figure["names"], "{figure}");
            assert_eq!(figure["colours"], names.len(), "a colour is of two series in {figure}");
            let labels = figure["labels"].as_array().expect("it is a list");
            for label in ["section, ns", "200", "1000"] {
                assert!(labels.iter().any(|known| known == label), "no {label} in {figure}");
            }
            assert!(labels.iter().any(|label| label.as_str().is_some_and(|label| label.contains("per"))), "{figure}");
            assert_eq!(figure["axes"], findings["text"], "{figure}");
        }
        // Nothing has to be moved aside to be read, but for what moves by itself.
        let (content, window) = (findings["content"].as_f64(), findings["window"].as_f64());
        assert!(content <= window, "{findings}");
        assert!(figures.iter().all(|figure| figure["right"].as_f64() <= window), "{findings}");
        // Text is bright where the page is dark.
        assert_eq!(findings["brightness"].as_f64() > Some(128.0), scheme == DARK, "{findings}");
        assert_eq!(findings["downloaded"], "latchwork", "{findings}");
    }
}
