//! `cargo verify`: every check of the workspace, one after the other, and one summary at the end.
//!
//! Each check is a command that can be run alone; `cargo verify --list` prints them.

mod build;
mod published;

use std::fmt;
use std::io;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;

use crate::build::Build;

/// Runs every check of the workspace.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only the checks whose names contain one of these
    names: Vec<String>,
    /// Prints the checks and their commands, and runs none
    #[arg(long)]
    list: bool,
    /// Starts no check after so many minutes: on a machine that is too slow for them, the last ones are skipped, and named
    #[arg(long)]
    minutes: Option<u32>,
}

/// The crates that run under the checkers, those with the longest models first.
const MODELLED: [&str; 6] = [
    "latchwork-mutex",
    "latchwork-rwlock",
    "latchwork-semaphore",
    "latchwork-monitor",
    "latchwork-spinlock",
    "latchwork-core",
];

/// The benches.
const BENCHES: [&str; 10] =
    ["--bench", "monitor", "--bench", "mutex", "--bench", "rwlock", "--bench", "semaphore", "--bench", "spinlock"];

/// The examples.
const EXAMPLES: [(&str, &str); 7] = [
    ("latchwork-monitor", "bounded_buffer"),
    ("latchwork-monitor", "shutdown"),
    ("latchwork-monitor", "versions"),
    ("latchwork-mutex", "threads_and_tasks"),
    ("latchwork-rwlock", "recursive_read"),
    ("latchwork-semaphore", "connection_pool"),
    ("latchwork-semaphore", "signal"),
];

/// The programs that use several crates.
const PROGRAMS: [&str; 4] = ["config_cache", "crawler", "key_dispenser", "work_queue"];

/// Bare metal: a target that has no std, so that nothing of it can have been used.
const BARE_METAL: &str = "thumbv7em-none-eabihf";

/// The crates that need no std.
const NO_STD: [&str; 6] = [
    "latchwork-core",
    "latchwork-monitor",
    "latchwork-mutex",
    "latchwork-rwlock",
    "latchwork-semaphore",
    "latchwork-spinlock",
];

/// The tests of these. They are no package of the workspace, where features unify.
const NO_STD_TESTS: &str = "verify/no_std/Cargo.toml";

/// Where the sanitizers run. The target is named, so that what the compiler itself runs is built without them.
const SANITIZED: &str = "x86_64-unknown-linux-gnu";

/// The crates with tests on real threads.
const TESTED: [&str; 5] =
    ["latchwork-mutex", "latchwork-rwlock", "latchwork-semaphore", "latchwork-monitor", "latchwork-spinlock"];

/// The crates that have raw locks of lock_api, and the one that has its raw condition variable.
const LOCK_API: [&str; 4] = ["latchwork-mutex", "latchwork-rwlock", "latchwork-spinlock", "latchwork-monitor"];

/// The browser that opens the report.
const BROWSER: &str = "chromium";

/// What is not passed on from the environment: flags that would silently win over the checkers' own, and limits that would
/// let a model pass that has not been checked.
const WEAKENING: [&str; 7] = [
    "RUSTFLAGS",
    "RUSTDOCFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "LOOM_MAX_PREEMPTIONS",
    "LOOM_MAX_PERMUTATIONS",
    "LOOM_MAX_DURATION",
    "LATCHWORK_SHUTTLE_SCHEDULES",
];

/// One check: a cargo command.
struct Check {
    name: String,
    arguments: Vec<String>,
    environment: &'static [(&'static str, &'static str)],
    /// The toolchain that runs it, where that is not the one that runs all others.
    toolchain: Option<&'static str>,
    /// That without which it is skipped.
    need: Option<Need>,
    /// Whether it keeps one core busy for long, and runs beside others that do.
    is_sequential: bool,
}

/// What a machine may lack.
#[derive(Clone, Copy)]
enum Need {
    /// The libraries of a target.
    Target(&'static str),
    /// A program.
    Program(&'static str),
    /// A tool that cargo installs.
    Tool(&'static str),
    /// A toolchain.
    Toolchain(&'static str),
    /// This version of the compiler, and no other.
    Compiler(&'static str),
    /// The sources of the standard library.
    Sources,
}

impl Need {
    fn is_met(self) -> bool {
        match self {
            Self::Target(target) => is_installed(target),
            Self::Program(program) | Self::Tool(program) => Command::new(program).arg("--version").output().is_ok(),
            Self::Toolchain(toolchain) => {
                // Otherwise rustup may install what it is asked for.
                let mut rustup = Command::new("rustup");
                rustup.args(["which", "--toolchain", toolchain, "cargo"]).env("RUSTUP_AUTO_INSTALL", "0");
                rustup.output().is_ok_and(|output| output.status.success())
            }
            Self::Compiler(version) => ask_rustc(&["--version"])
                .is_some_and(|answer| answer.strip_prefix("rustc ").is_some_and(|rest| rest.starts_with(version))),
            Self::Sources => ask_rustc(&["--print", "sysroot"])
                .is_some_and(|root| Path::new(&root).join("lib/rustlib/src/rust/library").is_dir()),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(target) => write!(f, "`rustup target add {target}` installs what it needs"),
            Self::Program(program) => write!(f, "it needs {program}, which the system's packages have"),
            Self::Tool(tool) => write!(f, "`cargo install {tool}` installs what it needs"),
            Self::Toolchain(toolchain) => {
                write!(f, "`rustup toolchain install {toolchain} --profile minimal` installs what it needs")
            }
            Self::Compiler(version) => write!(f, "it needs Rust {version}, whose rustdoc writes what it reads"),
            Self::Sources => f.write_str("`rustup component add rust-src` installs what it needs"),
        }
    }
}

/// What became of a check.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    /// It needs what this machine lacks, or more time than there is.
    Skipped,
}

impl Check {
    fn new(name: &str, build: Build, arguments: &[&str]) -> Self {
        let name = match build {
            Build::Plain | Build::Bare => name.to_owned(),
            _ => format!("{name}, {}", build.name()),
        };
        let (tool, rest) = arguments.split_first().expect("a cargo command has a name");
        let mut all = vec![(*tool).to_owned()];
        all.extend(build.arguments(tool));
        all.extend(rest.iter().map(|argument| (*argument).to_owned()));
        let environment = build.environment();
        Self { name, arguments: all, environment, toolchain: None, need: None, is_sequential: false }
    }

    /// It is run by this toolchain, and skipped where that is not installed.
    fn with_toolchain(self, toolchain: &'static str) -> Self {
        Self { toolchain: Some(toolchain), ..self }.needing(Need::Toolchain(toolchain))
    }

    /// It is skipped where this is not installed.
    fn needing(self, need: Need) -> Self {
        Self { need: Some(need), ..self }
    }

    /// It keeps one core busy, and no more.
    fn sequential(self) -> Self {
        Self { is_sequential: true, ..self }
    }

    /// Runs it; `is_alone` is whether what it prints is shown at once, or when it has ended.
    fn run(&self, is_alone: bool) -> (Outcome, Duration) {
        let start = Instant::now();
        if is_alone {
            self.announce();
        }
        let outcome = self.outcome(is_alone);
        (outcome, start.elapsed())
    }

    fn announce(&self) {
        eprintln!("\n== {}\n   {self}", self.name);
    }

    fn cargo(&self) -> Command {
        match self.toolchain {
            Some(toolchain) => {
                let mut command = Command::new("rustup");
                command.args(["run", toolchain, "cargo"]);
                command
            }
            None => Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())),
        }
    }

    fn outcome(&self, is_alone: bool) -> Outcome {
        if let Some(need) = self.need.filter(|need| !need.is_met()) {
            eprintln!("skipped: {need}");
            return Outcome::Skipped;
        }
        let mut command = self.cargo();
        command.args(&self.arguments);
        for variable in WEAKENING {
            command.env_remove(variable);
        }
        command.envs(self.environment.iter().copied());
        let status = if is_alone {
            command.status()
        } else {
            command.output().map(|output| {
                let _whole = io::stderr().lock();
                self.announce();
                eprint!("{}", String::from_utf8_lossy(&output.stderr));
                print!("{}", String::from_utf8_lossy(&output.stdout));
                output.status
            })
        };
        match status {
            Ok(status) if status.success() => Outcome::Passed,
            Ok(_) => Outcome::Failed,
            Err(error) => {
                eprintln!("cannot run cargo: {error}");
                Outcome::Failed
            }
        }
    }
}

/// Whether the toolchain has the libraries of a target.
fn is_installed(target: &str) -> bool {
    let directory = ask_rustc(&["--print", "target-libdir", "--target", target]);
    directory.is_some_and(|directory| Path::new(&directory).is_dir())
}

/// What the compiler says of itself.
fn ask_rustc(arguments: &[&str]) -> Option<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (variable, value) in self.environment {
            write!(f, "{variable}={value} ")?;
        }
        f.write_str("cargo")?;
        if let Some(toolchain) = self.toolchain {
            write!(f, " +{toolchain}")?;
        }
        for argument in &self.arguments {
            match argument.contains(['\'', '"', ' ']) {
                true => write!(f, " \"{}\"", argument.replace('"', "\\\""))?,
                false => write!(f, " {argument}")?,
            }
        }
        Ok(())
    }
}

/// Every check, cheapest first.
fn checks() -> Vec<Check> {
    let modelled = |arguments: &[&'static str]| [arguments, &MODELLED.map(|package| ["-p", package]).concat()].concat();
    let mut checks = vec![Check::new("formatting", Build::Plain, &["fmt", "--all", "--check"])];

    let everything = ["build", "--quiet", "--workspace", "--all-targets"];
    checks.push(Check::new("clippy", Build::Plain, &everything));
    for build in [Build::Portable, Build::Loom, Build::Shuttle] {
        // What is of their tests and models is linted where it is run.
        checks.push(Check::new("clippy", build, &modelled(&["build", "--quiet", "--lib"])));
    }
    checks.extend(without_std());
    checks.extend(lock_api());

    // Of whoever waits in a queue, others are told. Its behaviour tests are compiled for what they assert of types: no size changes, nor
    // what is `Send`.
    let queued = ["latchwork-mutex", "latchwork-rwlock", "latchwork-semaphore", "latchwork-monitor"];
    let queued = queued.map(|package| ["-p", package]).concat();
    let traced = [&queued[..], &["--features", "tracing,latchwork-mutex/lock_api_05"]].concat();
    let compiled = ["build", "--quiet", "--lib", "--test", "behaviour", "--test", "tracing*"];
    checks.push(Check::new("clippy, tracing", Build::Plain, &[&compiled[..], &traced].concat()));

    checks.push(Check::new("docs", Build::Plain, &["doc", "--quiet", "--no-deps", "--workspace"]));
    for build in [Build::Loom, Build::Shuttle] {
        checks.push(Check::new("docs", build, &modelled(&["doc", "--quiet", "--no-deps"])));
    }

    checks.push(Check::new("tests", Build::Plain, &["test", "--workspace"]));
    checks.push(published::tests_of_features());
    checks.push(Check::new(
        "tests, tracing",
        Build::Plain,
        &[&["test", "--quiet", "--test", "tracing*"][..], &traced].concat(),
    ));
    checks.push(Check::new("tests", Build::Portable, &modelled(&["test", "--tests"])));
    let recorded = [&["test", "--quiet", "--test", "deadlock"][..], &queued].concat();
    checks.push(Check::new("tests", Build::Deadlock, &recorded));
    checks.push(Check::new(
        "tests of mutex",
        Build::Deadlock,
        &["test", "--quiet", "-p", "latchwork-mutex", "--tests"],
    ));
    checks.extend(published::checks());
    for (package, example) in EXAMPLES {
        let arguments = ["run", "--quiet", "-p", package, "--example", example];
        checks.push(Check::new(&format!("example {example}"), Build::Plain, &arguments));
    }
    for program in PROGRAMS {
        let arguments = ["run", "--quiet", "-p", "latchwork-examples", "--bin", program];
        checks.push(Check::new(&format!("example {program}"), Build::Plain, &arguments));
    }
    let readme = ["test", "--quiet", "-p", "latchwork-verify", "--test", "readme", "--", "--ignored"];
    checks.push(Check::new("readme, in its own packages", Build::Plain, &readme));
    // That they run and end is what is checked: what they need has been compiled without optimisation.
    let comparison = ["run", "--quiet", "-p", "latchwork-benches", "--", "all", "--quick", "--rounds", "1"];
    let few_cells = ["--attempts", "1", "--threads", "3", "--tasks", "3", "--section", "0"];
    let comparison = [&comparison[..], &few_cells].concat();
    checks.push(Check::new("comparison, quick", Build::Plain, &comparison));
    let soak = ["run", "--quiet", "-p", "latchwork-benches", "--", "soak", "--seconds", "10"];
    checks.push(Check::new("soak, 10 seconds", Build::Plain, &soak));
    let browser = ["test", "--quiet", "-p", "latchwork-benches", "--test", "browser", "--", "--ignored"];
    checks.push(Check::new("report in a browser", Build::Plain, &browser).needing(Need::Program(BROWSER)));
    let benches = [&["test", "--quiet", "-p", "latchwork-benches"], &BENCHES[..]].concat();
    checks.push(Check::new("benches, once each", Build::Plain, &benches));

    let tested: Vec<_> = TESTED.iter().flat_map(|package| ["-p", package]).collect();
    let on_threads = [&["test", "--quiet", "--target", SANITIZED, "--test", "behaviour"], &tested[..]].concat();
    // ThreadSanitizer has to see what the standard library does, too: otherwise it reports what that orders.
    let all_of_it = [&on_threads[..], &["-Zbuild-std"]].concat();
    checks.push(Check::new("behaviour", Build::Thread, &all_of_it).needing(Need::Sources));
    let sanitized = Need::Target(SANITIZED);
    checks.push(Check::new("behaviour", Build::Address, &on_threads).needing(sanitized));
    let in_models = [&["test", "--quiet", "--target", SANITIZED, "--lib"], &tested[..]].concat();
    checks.push(Check::new("models", Build::AddressShuttle, &in_models).needing(sanitized));

    // By the aliases of `.cargo/config.toml`, which are then checked too.
    for build in [Build::Loom, Build::Shuttle] {
        for package in MODELLED {
            let name = format!("models of {}", package.trim_start_matches("latchwork-"));
            checks.push(Check::new(&name, build, &[build.name(), "-p", package]).sequential());
        }
    }
    // The models have just passed on the sources as they are.
    let sample = ["run", "--quiet", "-p", "latchwork-weaken", "--", "--trusted", "--sample", "6"];
    checks.push(Check::new("weakenings, a sample", Build::Plain, &sample));
    checks
}

/// The checks of what needs no std.
fn without_std() -> Vec<Check> {
    let packages = NO_STD.map(|package| ["-p", package]).concat();
    let no_std = [&["build", "--quiet", "--lib", "--no-default-features"], &packages[..]].concat();
    let mut checks = Vec::new();
    for (features, name) in [(&[][..], ""), (&["--features", "alloc"], ", alloc")] {
        let no_std = [&no_std[..], features].concat();
        let bare_metal = [&no_std[..], &["--target", BARE_METAL]].concat();
        let bare_metal = Check::new(&format!("clippy, bare metal{name}"), Build::Plain, &bare_metal);
        checks.push(Check::new(&format!("clippy, no std{name}"), Build::Plain, &no_std));
        checks.push(Check::new(&format!("clippy, no std{name}"), Build::Portable, &no_std));
        checks.push(bare_metal.needing(Need::Target(BARE_METAL)));
    }
    let formatting = ["fmt", "--manifest-path", NO_STD_TESTS, "--check"];
    checks.push(Check::new("formatting, no std", Build::Plain, &formatting));
    let tests = ["test", "--quiet", "--manifest-path", NO_STD_TESTS];
    checks.push(Check::new("tests, no std", Build::Plain, &tests));
    checks
}

/// What the features of lock_api add: each alone, both, and both where they are without effect.
fn lock_api() -> Vec<Check> {
    const BOTH: [&str; 2] = ["--features", "lock_api_04,lock_api_05"];
    let of_all = |arguments: &[&'static str]| [arguments, &LOCK_API.map(|package| ["-p", package]).concat()].concat();
    let with_both = |arguments: &[&'static str]| of_all(&[arguments, &BOTH].concat());
    let plain = |name: &str, arguments: &[&str]| Check::new(name, Build::Plain, arguments);
    let lib = ["build", "--quiet", "--lib"];
    let no_std = ["-p", "latchwork-spinlock", "--no-default-features"];
    // The tests of the mutex's own that no wrapper could make.
    let inside = ["test", "--quiet", "-p", "latchwork-mutex", "--lib", "lock_api"];
    vec![
        plain("clippy, lock_api 0.4", &of_all(&[&lib[..], &["--features", "lock_api_04"]].concat())),
        plain("clippy, lock_api 0.5", &of_all(&[&lib[..], &["--features", "lock_api_05"]].concat())),
        plain("clippy, lock_api, no std", &[&lib[..], &no_std, &BOTH].concat()),
        Check::new("clippy, lock_api", Build::Loom, &with_both(&lib)),
        Check::new("clippy, lock_api", Build::Shuttle, &with_both(&lib)),
        plain("docs, lock_api", &with_both(&["doc", "--quiet", "--no-deps"])),
        plain("tests, lock_api", &with_both(&["test", "--quiet", "--test", "lock_api"])),
        plain("tests, lock_api, inside", &[&inside[..], &BOTH].concat()),
        plain("examples in the docs, lock_api", &with_both(&["test", "--quiet", "--doc", "lock_api"])),
    ]
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut checks = checks();
    checks.retain(|check| arguments.names.is_empty() || arguments.names.iter().any(|name| check.name.contains(name)));
    if checks.is_empty() {
        eprintln!("no check has a name that contains {}; see --list", arguments.names.join(" or "));
        return ExitCode::from(2);
    }
    if arguments.list {
        checks.iter().for_each(|check| println!("{}\n    {check}", check.name));
        return ExitCode::SUCCESS;
    }

    let start = Instant::now();
    let end = arguments.minutes.map(|minutes| start + Duration::from_secs(60 * u64::from(minutes)));
    let mut results = Vec::new();
    for group in checks.chunk_by(|one, next| one.is_sequential && next.is_sequential) {
        results.extend(run_side_by_side(group, end));
    }
    summarise(&results, start.elapsed())
}

/// Runs one check on each core at a time, in this order; none after the end.
fn run_side_by_side(checks: &[Check], end: Option<Instant>) -> Vec<(&Check, (Outcome, Duration))> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..cores.min(checks.len()) {
            scope.spawn(|| {
                loop {
                    // ORDERING: Relaxed: it only counts.
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(check) = checks.get(index) else { break };
                    let result = if end.is_some_and(|end| Instant::now() >= end) {
                        (Outcome::Skipped, Duration::ZERO)
                    } else {
                        check.run(checks.len() == 1)
                    };
                    results.lock().expect("no check panics").push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("no check panics");
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(index, result)| (&checks[index], result)).collect()
}

fn summarise(results: &[(&Check, (Outcome, Duration))], time: Duration) -> ExitCode {
    let count = |which| results.iter().filter(|(_, (outcome, _))| *outcome == which).count();
    println!("\nsummary");
    for (check, (outcome, time)) in results {
        let verdict = match outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "FAILED",
            Outcome::Skipped => "skipped",
        };
        println!("  {verdict:<7}  {:<28} {:>6.1} s", check.name, time.as_secs_f64());
    }
    println!("  in all {:>34.1} s\n", time.as_secs_f64());
    let (passed, failed, skipped) = (count(Outcome::Passed), count(Outcome::Failed), count(Outcome::Skipped));
    let skipped = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
    println!("{passed} passed, {failed} failed{skipped}");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
