//! The public API of each crate, with all its features, is what `api/` says.
//!
//! `LATCHWORK_API=write cargo test -p latchwork-verify --test api -- --ignored` writes down what it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use public_api::Builder;

/// The crates whose API is for others.
const CRATES: [&str; 5] = ["monitor", "mutex", "rwlock", "semaphore", "spinlock"];

/// Traits of the compiler that nobody can name.
const UNSTABLE: [&str; 2] = ["core::marker::Freeze for ", "core::marker::UnsafeUnpin for "];

#[test]
#[ignore = "needs the rustdoc that writes what it reads: `cargo verify API`"]
fn the_public_api_is_the_one_that_is_written_down() {
    let differences: Vec<_> = CRATES.into_iter().filter_map(difference).collect();
    assert!(differences.is_empty(), "write it down if that is meant:\n{}", differences.join("\n"));
}

/// What a crate has and its listing has not, and the other way round; the listing is what the crate has, if it is to be written.
fn difference(name: &str) -> Option<String> {
    let file = root().join(format!("api/latchwork-{name}.txt"));
    let actual = public_api(name);
    if std::env::var_os("LATCHWORK_API").is_some_and(|value| value == "write") {
        fs::create_dir_all(root().join("api")).expect("the folder can be made");
        fs::write(&file, &actual).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        return None;
    }
    let listed = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let added =
        actual.lines().filter(|line| !listed.lines().any(|other| other == *line)).map(|line| format!("+ {line}"));
    let gone =
        listed.lines().filter(|line| !actual.lines().any(|other| other == *line)).map(|line| format!("- {line}"));
    let lines: Vec<_> = added.chain(gone).collect();
    (!lines.is_empty()).then(|| format!("{}:\n{}", file.display(), lines.join("\n")))
}

/// A line for each public item of a crate, and for each trait that it has, `Send` and its like among them.
fn public_api(name: &str) -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("api");
    let package = format!("latchwork-{name}");
    let mut rustdoc = Command::new(env!("CARGO"));
    rustdoc.current_dir(root()).env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", &target);
    rustdoc.args(["rustdoc", "--quiet", "--lib", "--all-features", "--package", &package]);
    rustdoc.args(["--", "-Zunstable-options", "--output-format", "json"]);
    assert!(rustdoc.status().expect("cargo runs").success(), "{package} cannot be documented");
    let json = target.join(format!("doc/{}.json", package.replace('-', "_")));
    let api = Builder::from_rustdoc_json(json).omit_blanket_impls(true).build();
    let api = api.unwrap_or_else(|error| panic!("{package}: {error}")).to_string();
    let lines = api.lines().filter(|line| !UNSTABLE.iter().any(|of_trait| line.contains(of_trait)));
    lines.map(|line| format!("{line}\n")).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in a folder of the workspace").to_owned()
}
