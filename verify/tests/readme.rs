//! The workspace's readme, as somebody who knows nothing else follows it: its program and its model, each in a package of its own
//! outside of the workspace, by the manifest and the commands that stand there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The crates that a package on a registry would bring, and where they are.
const CRATES: [(&str, &str); 2] = [("latchwork-core", "core"), ("latchwork-mutex", "mutex")];

/// A package in a directory of its own.
struct Package(PathBuf);

impl Package {
    /// With the readme's manifest, in which the crates are those of this workspace, and the versions that the workspace has locked.
    fn new(name: &str, file: &str, source: &str) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(directory.join("src")).expect("the directory can be made");
        let mut manifest = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n\n{}", manifest());
        manifest.push_str("\n[workspace]\n\n[patch.crates-io]\n");
        for (package, path) in CRATES {
            manifest.push_str(&format!("{package} = {{ path = '{}' }}\n", root().join(path).display()));
        }
        write(&directory.join("Cargo.toml"), &manifest);
        fs::copy(root().join("Cargo.lock"), directory.join("Cargo.lock")).expect("the versions can be copied");
        write(&directory.join("src").join(file), source);
        Self(directory)
    }

    /// Runs cargo there, as a line of the readme does: `LOOM_MAX_PREEMPTIONS=3 RUSTFLAGS='…' cargo test    # a comment`.
    fn run(&self, line: &str) -> Output {
        let (variables, command) = line.split_once("cargo ").expect("the line runs cargo");
        let command = command.split(' ').next().expect("a text has a first part");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([command, "--quiet"]).current_dir(&self.0);
        if command == "test" {
            cargo.args(["--", "--show-output"]);
        }
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "LATCHWORK_CHECK", "LOOM_MAX_PREEMPTIONS"] {
            cargo.env_remove(variable);
        }
        cargo.env("CARGO_TARGET_DIR", self.0.with_file_name("readme-target"));
        let (bound, flags) = variables.split_once("RUSTFLAGS='").unwrap_or_default();
        if !flags.is_empty() {
            cargo.env("RUSTFLAGS", flags.trim_end_matches("' "));
        }
        if let Some(bound) = bound.trim().strip_prefix("LOOM_MAX_PREEMPTIONS=") {
            cargo.env("LOOM_MAX_PREEMPTIONS", bound);
        }
        cargo.output().expect("cargo runs")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is in the workspace").to_owned()
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("it can be read")
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// The blocks of code of a language, below a heading.
fn blocks(heading: &str, language: &str) -> Vec<String> {
    let text = readme();
    let (_, section) = text.split_once(&format!("\n## {heading}\n")).expect("the readme has this heading");
    let section = section.split("\n## ").next().expect("a text has a first part");
    let fence = format!("```{language}\n");
    section
        .split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().expect("a text has a first part").to_owned())
        .collect()
}

fn manifest() -> String {
    blocks("A first program", "toml").concat()
}

/// How many lines somebody has to write.
fn lines(source: &str) -> usize {
    source.lines().filter(|line| !line.trim().is_empty()).count()
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

#[test]
#[ignore = "compiles the dependencies of a package outside of the workspace: `cargo verify readme`"]
fn the_program_runs() {
    let source = blocks("A first program", "rust").concat();
    assert!(lines(&source) < 10, "the program has {} lines", lines(&source));
    let output = Package::new("readme-program", "main.rs", &source).run("cargo run");
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
#[ignore = "compiles the checkers for a package outside of the workspace: `cargo verify readme`"]
fn the_model_passes_and_finds_the_fault_that_is_named() {
    let source = blocks("A first model", "rust").concat();
    assert!(lines(&source) < 20, "the model has {} lines", lines(&source));
    let commands = blocks("A first model", "sh").concat();
    let commands: Vec<_> = commands.lines().collect();
    let [plain, loom, shuttle, bounded] = commands[..] else { panic!("the readme has these four: {commands:?}") };

    let package = Package::new("readme-model", "lib.rs", &source);
    for (line, said) in [(plain, ""), (loom, "executions, unbounded"), (shuttle, ""), (bounded, "executions, bound 3")]
    {
        let output = package.run(line);
        let text = text(&output);
        assert!(output.status.success() && text.contains("1 passed") && text.contains(said), "{line}: {text}");
    }

    let (start, rest) = source.split_once("let mut last").expect("the function begins so");
    let (_, end) = rest.split_once("*last\n").expect("the function ends so");
    let fault = "*self.0.lock() += 1; *self.0.lock()";
    assert!(readme().contains(fault), "the readme names another fault");
    let package = Package::new("readme-fault", "lib.rs", &format!("{start}{fault}\n{end}"));
    for line in [shuttle, bounded] {
        let output = package.run(line);
        let text = text(&output);
        assert!(!output.status.success() && text.contains("assertion `left != right` failed"), "{line}: {text}");
    }
}
