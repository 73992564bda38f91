//! `cargo weaken`: shows that the models notice. Breaks a copy of the sources, one edit at a time, and runs the models that
//! cover the file, until one fails.
//!
//! `sites.rs` finds the edits; `trial.rs` makes one and runs the models.

mod sites;
mod syntax;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::time::Duration;
use std::{env, fs, thread};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use crate::sites::{Kind, Site};
use crate::trial::{Copy, Outcome};

/// Breaks a copy of the sources, one edit at a time, and says which model notices.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only edits whose names contain one of these
    names: Vec<String>,
    /// Prints the edits, and makes none
    #[arg(long)]
    list: bool,
    /// Only edits of lines that differ from this revision
    #[arg(long, value_name = "REVISION")]
    changed: Option<String>,
    /// Only so many edits, spread over all
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// How many seconds of a processor the models of one crate may take under one checker: a hang is noticed, too
    #[arg(long, default_value_t = 240, value_name = "SECONDS")]
    limit: u64,
    /// How many edits are tried at a time
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// The models are known to pass on the sources as they are
    #[arg(long)]
    trusted: bool,
}

/// Edits that no model can notice, a line each: the name, a bar, and the reason.
const EQUIVALENTS: &str = "weaken/equivalents.txt";

/// The crates whose sources are broken, each with those whose models cover it.
const COVERED_BY: [(&str, &[&str]); 6] = [
    ("mutex", &["mutex", "monitor"]),
    ("semaphore", &["semaphore"]),
    ("rwlock", &["rwlock"]),
    ("spinlock", &["spinlock"]),
    ("monitor", &["monitor"]),
    ("core", &["core", "mutex", "semaphore", "monitor", "rwlock", "spinlock"]),
];

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing survives.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let root = root()?;
    let all = all_sites(&root)?;
    let equivalents = equivalents(&root, &all)?;
    let chosen = choose(arguments, &root, all)?;
    if arguments.list {
        chosen.iter().for_each(|site| println!("{}", site.name));
        return Ok(true);
    }
    let (known, tried): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|site| equivalents.contains_key(&site.name));
    let outcomes = try_all(arguments, &root, &tried)?;
    report(&known, &outcomes);
    Ok(outcomes.iter().all(|(_, outcome)| !matches!(outcome, Outcome::Survived)))
}

fn root() -> Result<PathBuf, String> {
    let output = Command::new("git").args(["rev-parse", "--show-toplevel"]).output();
    let output = output.map_err(|error| format!("git cannot be run: {error}"))?;
    let root = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if root.is_empty() { Err("this is not a repository".to_owned()) } else { Ok(root.into()) }
}

/// Every edit of every source, but for those of the facade, of the models and of the tests, and for what is not built under the
/// checkers.
fn all_sites(root: &Path) -> Result<Vec<Site>, String> {
    let mut sites = Vec::new();
    for (package, _) in COVERED_BY {
        let mut files = Vec::new();
        sources(&root.join(package).join("src"), &mut files)?;
        files.sort();
        for path in files {
            let source = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let file = path.strip_prefix(root).expect("it is in the repository");
            sites.extend(sites::find(file, &source)?);
        }
    }
    Ok(sites)
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if matches!(stem, "deadlock" | "models" | "sync" | "tests" | "trace" | "storms") {
            continue;
        }
        if path.is_dir() {
            sources(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// The edits that are known to change nothing, with the reasons.
fn equivalents(root: &Path, sites: &[Site]) -> Result<BTreeMap<String, String>, String> {
    let text = fs::read_to_string(root.join(EQUIVALENTS)).map_err(|error| format!("{EQUIVALENTS}: {error}"))?;
    let names: BTreeSet<&str> = sites.iter().map(|site| &*site.name).collect();
    let mut equivalents = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let parts = line.rsplit_once(" | ").filter(|(_, reason)| !reason.trim().is_empty());
        let (name, reason) = parts.ok_or_else(|| format!("{EQUIVALENTS}:{number}: no reason"))?;
        if !names.contains(name) {
            return Err(format!("{EQUIVALENTS}:{number}: there is no such edit any more: {name}"));
        }
        equivalents.insert(name.to_owned(), reason.to_owned());
    }
    Ok(equivalents)
}

fn choose(arguments: &Arguments, root: &Path, mut sites: Vec<Site>) -> Result<Vec<Site>, String> {
    if !arguments.names.is_empty() {
        sites.retain(|site| arguments.names.iter().any(|name| site.name.contains(&**name)));
    }
    if let Some(revision) = &arguments.changed {
        let changed = changed_lines(root, revision)?;
        sites.retain(|site| changed.get(&site.file).is_some_and(|lines| lines.contains(&site.line)));
    }
    if let Some(sample) = arguments.sample {
        let step = sites.len().div_ceil(sample.max(1)).max(1);
        sites = sites.into_iter().step_by(step).collect();
    }
    Ok(sites)
}

/// The lines of each file that differ from a revision.
fn changed_lines(root: &Path, revision: &str) -> Result<BTreeMap<PathBuf, BTreeSet<usize>>, String> {
    let output = Command::new("git").current_dir(root).args(["diff", "--unified=0", revision, "--"]).output();
    let output = output.map_err(|error| format!("git cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let (mut changed, mut file) = (BTreeMap::<_, BTreeSet<usize>>::new(), PathBuf::new());
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some(path) = line.strip_prefix("+++ b/") {
            file = path.into();
        } else if let Some(hunk) = line.strip_prefix("@@ ") {
            let added = hunk.split('+').nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
            let (start, count) = added.split_once(',').unwrap_or((added, "1"));
            let (start, count): (usize, usize) = (start.parse().unwrap_or(0), count.parse().unwrap_or(0));
            changed.entry(file.clone()).or_default().extend(start..start + count);
        }
    }
    Ok(changed)
}

/// Tries the edits, several at a time.
fn try_all(arguments: &Arguments, root: &Path, sites: &[Site]) -> Result<Vec<(Site, Outcome)>, String> {
    let limit = Duration::from_secs(arguments.limit);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let workers = arguments.workers.unwrap_or(cores).clamp(1, sites.len().max(1));
    let copies = (0..workers).map(|number| Copy::new(root, number)).collect::<Result<Vec<_>, _>>()?;
    let bar = ProgressBar::new(sites.len() as u64);
    let style = ProgressStyle::with_template("{pos} of {len} in {elapsed}, {eta} to go: {wide_msg}");
    bar.set_style(style.map_err(|error| error.to_string())?);
    if !arguments.trusted {
        bar.set_message("the models on the sources as they are");
        for package in packages(sites) {
            copies[0].must_pass(package, limit)?;
        }
    }
    let (next, outcomes) = (Mutex::new(sites.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for copy in &copies {
            scope.spawn(|| {
                while let Some(site) = { next.lock().expect("no worker panics").next() } {
                    bar.set_message(site.name.clone());
                    let outcome = copy.try_edit(site, covering(site), limit);
                    let line = format!("{outcome}: {} (line {})", site.name, site.line);
                    // Without a terminal, a bar prints nothing.
                    if bar.is_hidden() {
                        println!("{line}")
                    } else {
                        bar.println(line)
                    }
                    outcomes.lock().expect("no worker panics").push((site.clone(), outcome));
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut outcomes = outcomes.into_inner().expect("no worker panics");
    outcomes.sort_by(|(left, _), (right, _)| left.name.cmp(&right.name));
    Ok(outcomes)
}

/// The crates whose models cover an edit.
fn covering(site: &Site) -> &'static [&'static str] {
    let found = COVERED_BY.iter().find(|(package, _)| site.file.starts_with(package));
    found.map(|(_, covering)| *covering).expect("it was found in one of them")
}

fn packages(sites: &[Site]) -> BTreeSet<&'static str> {
    sites.iter().flat_map(|site| covering(site).iter().copied()).collect()
}

/// A table of the numbers, and the survivors.
fn report(known: &[Site], outcomes: &[(Site, Outcome)]) {
    println!("\n| edits of | caught | by a time limit | equivalent | not compiled | survived |");
    println!("|---|--:|--:|--:|--:|--:|");
    for kind in [Kind::Ordering, Kind::Fence, Kind::Wake, Kind::Bit, Kind::Check, Kind::Drop] {
        let count = |is: fn(&Outcome) -> bool| {
            outcomes.iter().filter(|(site, outcome)| site.kind == kind && is(outcome)).count()
        };
        let equivalent = known.iter().filter(|site| site.kind == kind).count();
        println!(
            "| {kind} | {} | {} | {equivalent} | {} | {} |",
            count(|outcome| matches!(outcome, Outcome::Caught(_))),
            count(|outcome| matches!(outcome, Outcome::TookTooLong(_))),
            count(|outcome| matches!(outcome, Outcome::NotBuilt)),
            count(|outcome| matches!(outcome, Outcome::Survived)),
        );
    }
    for (site, _) in outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Survived)) {
        println!("survived: {}:{}: {}", site.file.display(), site.line, site.name);
    }
}

/// Where the copies are kept, with what they are compiled to.
fn folder(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from).join("weaken")
}
