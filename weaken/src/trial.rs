//! One edit, made in a copy of the workspace, and the models and tests that run on it.

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::sites::Site;

/// What came of an edit.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// This model failed, under this checker; or this test.
    Caught(String),
    /// The models did not end, under this checker: one of them hangs.
    TookTooLong(String),
    /// What it makes of the source does not compile.
    NotBuilt,
    /// Nothing failed.
    Survived,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caught(by) => write!(f, "caught by {by}"),
            Self::TookTooLong(by) => write!(f, "takes too long under {by}"),
            Self::NotBuilt => f.write_str("not compiled"),
            Self::Survived => f.write_str("SURVIVED"),
        }
    }
}

/// A copy of the workspace, with a folder of its own for what is compiled: cargo does not tell two copies apart.
#[derive(Debug)]
pub(crate) struct Copy {
    root: PathBuf,
    target: PathBuf,
}

impl Copy {
    /// Copies what git knows of the workspace, as it is in the working tree.
    ///
    /// # Errors
    ///
    /// A file cannot be copied.
    pub(crate) fn new(from: &Path, number: usize) -> Result<Self, String> {
        let folder = crate::folder(from).join(number.to_string());
        let (root, target) = (folder.join("sources"), folder.join("target"));
        let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
        if root.exists() {
            fs::remove_dir_all(&root).map_err(|error| failed(&root, error))?;
        }
        let listed = ["ls-files", "--cached", "--others", "--exclude-standard"];
        let listed = Command::new("git").current_dir(from).args(listed).output();
        let listed = listed.map_err(|error| format!("git cannot be run: {error}"))?;
        for file in String::from_utf8_lossy(&listed.stdout).lines() {
            let (source, copy) = (from.join(file), root.join(file));
            if source.is_file() {
                let parent = copy.parent().unwrap_or(&root);
                fs::create_dir_all(parent).map_err(|error| failed(parent, error))?;
                fs::copy(&source, &copy).map_err(|error| failed(&source, error))?;
            }
        }
        Ok(Self { root, target })
    }

    /// The models and tests of a crate pass on the sources as they are.
    ///
    /// # Errors
    ///
    /// They do not.
    pub(crate) fn must_pass(&self, package: &str, limit: Duration) -> Result<(), String> {
        for checker in CHECKERS {
            match self.run(checker, package, &[], limit) {
                Ran::Passed => {}
                ran => return Err(format!("{package} does not pass on the sources as they are: {checker}: {ran:?}")),
            }
        }
        Ok(())
    }

    /// Makes the edit, runs the models, and takes it back.
    ///
    /// # Panics
    ///
    /// If the copy cannot be written.
    pub(crate) fn try_edit(&self, site: &Site, covering: &[&str], limit: Duration) -> Outcome {
        let path = self.root.join(&site.file);
        let source = fs::read_to_string(&path).expect("the copy can be read");
        let mut edited = source.clone();
        edited.replace_range(site.range.clone(), &site.replacement);
        fs::write(&path, edited).expect("the copy can be written");
        let outcome = self.outcome(site, covering, limit);
        fs::write(&path, source).expect("the copy can be written");
        outcome
    }

    fn outcome(&self, site: &Site, covering: &[&str], limit: Duration) -> Outcome {
        // The comments name the models that are most likely to notice.
        let named = covering.iter().map(|package| (Checker::Loom, *package, &site.models[..]));
        let named = named.filter(|(_, _, models)| !models.is_empty()).take(1);
        let all = CHECKERS.iter().flat_map(|checker| covering.iter().map(|package| (*checker, *package, &[][..])));
        for (checker, package, models) in named.chain(all) {
            match self.run(checker, package, models, limit) {
                Ran::Passed => {}
                Ran::NotBuilt => return Outcome::NotBuilt,
                Ran::Failed(model) => return Outcome::Caught(format!("{model} ({checker})")),
                Ran::TookTooLong => return Outcome::TookTooLong(format!("{package} ({checker})")),
            }
        }
        Outcome::Survived
    }

    /// Runs models until one fails: those whose names contain one of these, or all.
    fn run(&self, checker: Checker, package: &str, models: &[String], limit: Duration) -> Ran {
        // What is compiled in vain does not count as time of the models.
        let built = self.build(checker, package).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !built.is_ok_and(|status| status.success()) {
            return Ran::NotBuilt;
        }
        let mut command = self.limited_run(checker, package, models, limit);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        match command.spawn() {
            Ok(child) => watch(child, limit),
            Err(error) => Ran::Failed(format!("cargo cannot be run: {error}")),
        }
    }

    /// What compiles the models.
    fn build(&self, checker: Checker, package: &str) -> Command {
        let mut command = Command::new("cargo");
        command.args(checker.subcommand()).args(["-p", &format!("latchwork-{package}"), "--no-run"]);
        self.here(command)
    }

    /// What runs the models, with a limit of the processor time: that of the clock says little where others use the machine, too.
    fn limited_run(&self, checker: Checker, package: &str, models: &[String], limit: Duration) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -S -t $0; exec cargo \"$@\"", &limit.as_secs().to_string()]);
        command.args(checker.subcommand()).args(["-p", &format!("latchwork-{package}"), "--"]).args(models);
        self.here(command)
    }

    fn here(&self, mut command: Command) -> Command {
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target).env("CARGO_INCREMENTAL", "0");
        command.env_remove("RUSTFLAGS").env("LATCHWORK_SHUTTLE_SCHEDULES", SCHEDULES).stdin(Stdio::null());
        command
    }
}

/// What may notice.
#[derive(Clone, Copy, Debug)]
enum Checker {
    Loom,
    Shuttle,
    /// All tests, and the models, on the threads of the system.
    Tests,
}

impl Checker {
    const fn subcommand(self) -> &'static [&'static str] {
        match self {
            Self::Loom => &["loom"],
            Self::Shuttle => &["shuttle"],
            Self::Tests => &["test", "--lib", "--tests"],
        }
    }
}

impl fmt::Display for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loom => "loom",
            Self::Shuttle => "shuttle",
            Self::Tests => "tests",
        })
    }
}

/// Schedules of each model under shuttle: what a tenth of the usual number misses, loom is asked about.
const SCHEDULES: &str = "1000";

/// In which order they are asked. Loom takes minutes for what it does not notice, and alone sees what takes a value that is not the newest.
const CHECKERS: [Checker; 3] = [Checker::Shuttle, Checker::Tests, Checker::Loom];

#[derive(Debug)]
enum Ran {
    Passed,
    Failed(String),
    TookTooLong,
    NotBuilt,
}

/// So much longer than the processor time may the time by the clock be: threads that sleep for ever use none.
const TIME_PER_PROCESSOR_TIME: u32 = 4;

/// Reads what a test program prints until a test fails, or the time is up, and ends it then.
fn watch(mut child: Child, limit: Duration) -> Ran {
    let (sender, lines) = channel();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let streams: [Option<Box<dyn Read + Send>>; 2] =
        [stdout.map(|it| Box::new(it) as _), stderr.map(|it| Box::new(it) as _)];
    for stream in streams.into_iter().flatten() {
        let sender = sender.clone();
        thread::spawn(move || {
            BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
    }
    drop(sender);
    let (end, mut suspect) = (Instant::now() + limit * TIME_PER_PROCESSOR_TIME, None);
    loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                // SIGXCPU: the processor time is up.
                if line.contains("(signal: 24") {
                    stop(&mut child);
                    return Ran::TookTooLong;
                }
                if let Some(model) = between(&line, "test ", " ").filter(|_| line.ends_with(" FAILED")) {
                    stop(&mut child);
                    return Ran::Failed(model);
                }
                let panicked = between(&line, "thread '", "'").filter(|_| line.contains(" panicked at "));
                suspect = panicked.filter(|name| name.contains("::")).or(suspect);
            }
            Err(RecvTimeoutError::Timeout) => {
                stop(&mut child);
                return Ran::TookTooLong;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    // A model that finds a deadlock, or panics twice, ends the program.
    match child.wait() {
        Ok(status) if status.success() => Ran::Passed,
        _ => Ran::Failed(suspect.unwrap_or_else(|| "a model that ends the program".to_owned())),
    }
}

/// What is between the beginning of a line and the next such end.
fn between(line: &str, start: &str, end: &str) -> Option<String> {
    line.strip_prefix(start).and_then(|rest| rest.split(end).next()).map(str::to_owned)
}

/// Ends a program and all that it has started.
fn stop(child: &mut Child) {
    if let Ok(id) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
    }
    let _ = child.wait();
}
