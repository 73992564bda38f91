//! The soak: every primitive at once, used by threads and by tasks for as long as one likes, with everything that can happen to a wait,
//! and with what has to hold counted and checked.
//!
//! A soak is made of rounds. Each begins with new instances, which all workers use, each choosing by chance what it does next; and it
//! ends when all have ended, so that the last to wait has nobody behind it who would wake it by chance. What the workers choose follows
//! from the seed; when they do it does not.

mod audit;
mod broken;
mod call;
mod condvar;
mod crew;
mod fate;
mod keeper;
mod memory;
mod monitor;
mod mutex;
mod notices;
mod record;
mod reentrant;
mod rwlock;
mod rwspin;
mod semaphore;
mod spin;
mod store;
mod subject;
mod ticket;
mod watch;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use call::Post;
use crew::{Crew, Executors, Shared};
use fastrand::Rng;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use memory::Sample;
use record::{Fault, Record};
use subject::{BROKEN, Make, SUBJECTS};
use watch::Watched;

/// A soak that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) time: Duration,
    pub(crate) seed: u64,
    /// How long a step may take.
    pub(crate) patience: Duration,
    /// The names of the primitives; all, where there are none.
    pub(crate) primitives: Vec<String>,
}

/// The names of all primitives, and of those that are broken on purpose.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SUBJECTS.iter().chain(&BROKEN).map(|(name, _)| *name)
}

impl Plan {
    /// The primitives that take part.
    fn subjects(&self, faults: &Sender<Fault>) -> Vec<(Arc<Record>, Make)> {
        let is_named = |name| self.primitives.iter().any(|chosen| chosen == name);
        let chosen = SUBJECTS.iter().filter(|(name, _)| self.primitives.is_empty() || is_named(name));
        let broken = BROKEN.iter().filter(|(name, _)| is_named(name));
        chosen.chain(broken).map(|(name, make)| (Arc::new(Record::new(name, faults.clone())), *make)).collect()
    }
}

/// Soaks, and tells what was done. Returns whether memory has not grown; at anything else that is wrong the program ends.
pub(crate) fn run(plan: &Plan) -> io::Result<bool> {
    let (sender, faults) = mpsc::channel();
    let subjects = plan.subjects(&sender);
    let watched = Arc::new(Watched::default());
    watch::start(&watched, faults, plan.patience, plan.seed);
    let (seed, number, threads, tasks) = (plan.seed, subjects.len(), crew::threads(), crew::TASKS);
    writeln!(
        io::stdout(),
        "soak: seed {seed}; {number} primitives, {threads} threads, {tasks} tasks on each of 2 executors"
    )?;

    let (executors, progress) = (Executors::start(), progress(plan));
    let (start, mut dice) = (Instant::now(), Rng::with_seed(plan.seed));
    let (mut rounds, mut warm) = (0, None);
    while start.elapsed() < plan.time {
        rounds += 1;
        round(rounds, &subjects, &executors, &watched, &mut dice);
        if warm.is_none() && start.elapsed() >= (plan.time / 4).min(WARM_UP) {
            warm = Sample::take(operations(&subjects));
        }
        progress.set_position(start.elapsed().as_secs());
        progress.set_message(format!("round {rounds}, {} operations", operations(&subjects)));
    }
    progress.finish_and_clear();
    tell(&mut io::stdout().lock(), &subjects, rounds, warm)
}

/// Memory is compared with what it was after this time.
const WARM_UP: Duration = Duration::from_secs(20);

fn progress(plan: &Plan) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {eta} left  {msg}").expect("the template is valid");
    ProgressBar::new(plan.time.as_secs()).with_style(style)
}

fn operations(subjects: &[(Arc<Record>, Make)]) -> u64 {
    subjects.iter().map(|(record, _)| record.tally.operations.get()).sum()
}

/// New instances are used for a moment, and checked.
fn round(number: u64, subjects: &[(Arc<Record>, Make)], executors: &Executors, watched: &Watched, dice: &mut Rng) {
    let instances = subjects.iter().map(|(record, make)| (Arc::clone(record), make(Arc::clone(record))));
    let shared = Arc::new(Shared::new(instances.collect()));
    let post = Arc::new(Post::new("main thread".to_owned()));
    let crew = watched.begin(number, &shared, &post, || Crew::start(&shared, executors, dice));
    let end = Instant::now() + Duration::from_millis(dice.u64(50..400));
    let mut is_over = false;
    while shared.is_running() {
        thread::sleep(Duration::from_millis(1));
        let ends = !is_over && Instant::now() >= end;
        if ends {
            shared.stop();
        }
        for (record, subject) in shared.subjects.iter().filter(|_| !is_over) {
            post.at(record.name, if ends { "end" } else { "tick" });
            if ends { subject.end() } else { subject.tick() }
        }
        is_over |= ends;
        post.at("forgotten futures", "sweep");
        shared.keeper.sweep();
    }
    crew.join();
    shared.keeper.sweep_all();
    for (record, subject) in &shared.subjects {
        post.at(record.name, "check");
        subject.check();
    }
    watched.clear();
}

/// Says what was done with each primitive, and how memory has grown since it was warm. Returns whether it has not.
fn tell(to: &mut impl Write, subjects: &[(Arc<Record>, Make)], rounds: u64, warm: Option<Sample>) -> io::Result<bool> {
    let names = ["operations", "waits", "timeouts", "cancelled", "panics", "forgotten", "checks"];
    let line = |name: &str, figures: [String; 7]| {
        let figures = figures.iter().zip([12, 11, 11, 11, 9, 11, 13]);
        let figures: String = figures.map(|(figure, width)| format!("{figure:>width$}")).collect();
        format!("{name:<17}{figures}")
    };
    writeln!(to, "{}", line("", names.map(str::to_owned)))?;
    for (record, _) in subjects {
        let tally = &record.tally;
        let figures = [
            &tally.operations,
            &tally.waits,
            &tally.timeouts,
            &tally.cancellations,
            &tally.panics,
            &tally.forgotten,
            &tally.checks,
        ];
        writeln!(to, "{}", line(record.name, figures.map(|count| count.get().to_string())))?;
    }
    writeln!(to, "{rounds} rounds, {} operations", operations(subjects))?;
    let (Some(warm), Some(last)) = (warm, Sample::take(operations(subjects))) else {
        writeln!(to, "memory: this system does not tell")?;
        return Ok(true);
    };
    let (growth, allowance) = (last.growth(warm), last.allowance(warm));
    let verdict = if growth <= allowance { "no more than" } else { "MORE THAN" };
    let (warm_memory, last_memory) = (HumanBytes(warm.resident), HumanBytes(last.resident));
    writeln!(
        to,
        "memory: {warm_memory} when warm, {last_memory} after {} operations more:",
        last.operations - warm.operations
    )?;
    writeln!(to, "  it grew by {}, {verdict} the {} that it may", HumanBytes(growth), HumanBytes(allowance))?;
    Ok(growth <= allowance)
}
