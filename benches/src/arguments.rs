//! What can be chosen.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, RangedU64ValueParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use latchwork_benches::cell::{Cell, Crew, MOST_OUTSIDE, Scene};
use latchwork_benches::measure::Mix;
use latchwork_benches::measure::exchange::Parties;

use crate::soak;

/// Compares locks: throughput, how it is shared, processor time and context switches of an operation, and waiting times.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) comparison: Option<Comparison>,
    #[command(flatten)]
    options: Options,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Comparison {
    /// When to spin and when to block: mutexes and spin locks of threads, with the answer in words (the default)
    SpinOrBlock,
    /// Mutexes and spin locks of threads, mutexes of tasks
    Mutex,
    /// Semaphores of threads and of tasks
    Semaphore,
    /// Reader-writer locks of threads and of tasks
    Rwlock,
    /// Bounded buffers and turns, of threads and of tasks, by monitors and condition variables
    Monitor,
    /// Whatever tasks use
    Async,
    /// Everything
    All,
    /// Compares nothing: uses every primitive at once, for a long time, and checks what has to hold
    Soak(Soak),
    /// Makes one measurement, as JSON tells, and prints it as JSON
    #[command(hide = true)]
    CarryOut {
        /// The measurement
        order: String,
    },
}

/// How a soak is made.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = "Soak")]
pub(crate) struct Soak {
    /// For how many minutes [default: 1]
    #[arg(long, value_name = "N", value_parser = up_to(MOST_SECONDS / 60))]
    minutes: Option<usize>,
    /// For how many seconds
    #[arg(long, value_name = "N", value_parser = up_to(MOST_SECONDS), conflicts_with = "minutes")]
    seconds: Option<usize>,
    /// From which what is done follows [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many seconds a step may take, before its primitive is given up
    #[arg(long, value_name = "S", default_value = "20", value_parser = up_to(MOST_SECONDS))]
    patience: usize,
    /// Names of primitives, as they are printed [default: all]
    #[arg(long, value_delimiter = ',', value_name = "NAME", value_parser = PossibleValuesParser::new(soak::names()))]
    primitives: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = "Cells")]
struct Options {
    /// Numbers of threads [default: 1,2,4,16]
    #[arg(long, global = true, value_delimiter = ',', value_name = "N", value_parser = up_to(MOST_THREADS))]
    threads: Vec<usize>,
    /// Numbers of tasks [default: 2,16,1000; quick: 2,16]
    #[arg(long, global = true, value_delimiter = ',', value_name = "N", value_parser = up_to(MOST_TASKS))]
    tasks: Vec<usize>,
    /// Lengths of the section, in nanoseconds [default: 0,50,200,1000,5000,20000; quick: 0,200,1000,20000]
    #[arg(long, alias = "sections", global = true, value_delimiter = ',', value_name = "NS")]
    section: Vec<u32>,
    /// How much of its time, in percent, each is outside of sections, if it never has to wait [default: 0,50; quick: 0]
    #[arg(long, global = true, value_delimiter = ',', value_name = "PERCENT")]
    #[arg(value_parser = clap::value_parser!(u32).range(..=i64::from(MOST_OUTSIDE)))]
    outside: Vec<u32>,
    /// How many of 100 operations write, for the reader-writer locks [default: 1,10,50; quick: 10]
    #[arg(long, global = true, value_delimiter = ',', value_name = "PERCENT")]
    #[arg(value_parser = clap::value_parser!(u32).range(..=100))]
    writes: Vec<u32>,
    /// Numbers of permits, for the semaphores [default: 1,4,64]
    #[arg(long, global = true, value_delimiter = ',', value_name = "N", value_parser = up_to(MOST_PERMITS))]
    permits: Vec<usize>,
    /// Numbers of slots, for the bounded buffers [default: 1,16,1024; quick: 1,16]
    #[arg(long, global = true, value_delimiter = ',', value_name = "N", value_parser = up_to(MOST_SLOTS))]
    slots: Vec<usize>,
    /// Numbers of producers and consumers, for the bounded buffers [default: 1:1,4:4,16:1; quick: 1:1,4:4]
    #[arg(long, global = true, value_delimiter = ',', value_name = "N:M", value_parser = parties)]
    pairs: Vec<Parties>,
    /// Names of contenders, as they are printed [default: all]
    #[arg(long, global = true, value_delimiter = ',', value_name = "NAME")]
    contenders: Vec<String>,
    /// How often each cell is measured, the contenders in turn [default: 5; quick: 3; full: 15]
    #[arg(long, global = true, value_name = "N", value_parser = up_to(MOST_ROUNDS))]
    rounds: Option<usize>,
    /// How long each measurement takes, in milliseconds; longer where there are more threads than cores, and twice, as the waits are
    /// timed by themselves [default: 10; quick: 5; full: 60]
    #[arg(long, global = true, value_name = "MS", value_parser = up_to(MOST_MILLISECONDS))]
    slice: Option<usize>,
    /// How often each measurement is made at most, until the machine runs all the time and no other has its processors
    /// [default: 4; quick: 2; full: 16]
    #[arg(long, global = true, value_name = "N", value_parser = up_to(MOST_ROUNDS))]
    attempts: Option<usize>,
    /// How many seconds longer than it should a measurement may take, before its contender is given up
    #[arg(long, global = true, value_name = "S", default_value = "60", value_parser = up_to(MOST_SECONDS))]
    bound: usize,
    /// Few and short measurements
    #[arg(long, global = true, conflicts_with = "full")]
    quick: bool,
    /// More and longer measurements
    #[arg(long, global = true)]
    full: bool,
    /// Prints everything as JSON in place of tables
    #[arg(long, global = true, conflicts_with_all = ["csv", "baseline"])]
    json: bool,
    /// Prints everything as CSV in place of tables
    #[arg(long, global = true, conflicts_with = "baseline")]
    csv: bool,
    /// Where the report, comparison.html, and comparison.json and comparison.csv are written
    #[arg(long, global = true, value_name = "DIR", default_value = "target/comparison")]
    out: PathBuf,
    /// An earlier run's comparison.json: says what moved since then
    #[arg(long, global = true, value_name = "FILE")]
    baseline: Option<PathBuf>,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A table for each cell, for people.
    Tables,
    /// Everything, for programs.
    Json,
    /// Everything, for spreadsheets.
    Csv,
}

const MOST_THREADS: u64 = 1_000;
const MOST_TASKS: u64 = 100_000;
const MOST_PERMITS: u64 = 1_000_000;
const MOST_SLOTS: u64 = 1_000_000;
const MOST_ROUNDS: u64 = 10_000;
const MOST_MILLISECONDS: u64 = 60_000;
const MOST_SECONDS: u64 = 86_400;

/// A number from 1 to this.
fn up_to(most: u64) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=most)
}

/// Producers and consumers, as in `4:1`.
fn parties(text: &str) -> Result<Parties, String> {
    let (producers, consumers) =
        text.split_once(':').ok_or("producers and consumers are needed, with a colon between them, as in 4:1")?;
    let number = |of: &str, text: &str| match text.parse() {
        Ok(number @ 1..=MOST_THREADS) => Ok(number as usize),
        _ => Err(format!("{of}: {text} is not in 1..={MOST_THREADS}")),
    };
    Ok(Parties { producers: number("producers", producers)?, consumers: number("consumers", consumers)? })
}

/// What is to be measured.
pub(crate) struct Plan {
    /// The cells, each with those of its contenders that are chosen: one at least.
    pub(crate) cells: Vec<(Cell, Vec<&'static str>)>,
    pub(crate) rounds: usize,
    pub(crate) slice: Duration,
    pub(crate) attempts: usize,
    pub(crate) bound: Duration,
    /// Whether the answer in words follows.
    pub(crate) has_answer: bool,
    pub(crate) format: Format,
    /// Where the report is written, and all that was measured.
    pub(crate) out: PathBuf,
    /// An earlier run to compare with.
    pub(crate) baseline: Option<PathBuf>,
}

impl Plan {
    /// How many measurements there are to make.
    pub(crate) fn measurements(&self) -> usize {
        self.cells.iter().map(|(_, contenders)| contenders.len()).sum::<usize>() * self.rounds
    }
}

impl Arguments {
    /// The soak that they ask for, if they do.
    ///
    /// # Errors
    ///
    /// There are options of a comparison, too.
    pub(crate) fn soak(&self) -> Result<Option<soak::Plan>, clap::Error> {
        let Some(Comparison::Soak(soak)) = &self.comparison else { return Ok(None) };
        if self.options != Self::parse_from([""]).options {
            let message = "a soak compares nothing, and has no options of a comparison";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, message));
        }
        let minutes = Duration::from_secs(60 * soak.minutes.unwrap_or(1) as u64);
        Ok(Some(soak::Plan {
            time: soak.seconds.map_or(minutes, |seconds| Duration::from_secs(seconds as u64)),
            seed: soak.seed.unwrap_or_else(|| fastrand::u64(..)),
            patience: Duration::from_secs(soak.patience as u64),
            primitives: soak.primitives.clone(),
        }))
    }

    /// What the arguments ask for.
    ///
    /// # Errors
    ///
    /// A contender is not known, or in no cell of this comparison.
    pub(crate) fn plan(&self) -> Result<Plan, clap::Error> {
        let options = &self.options;
        let comparison = self.comparison.as_ref().unwrap_or(&Comparison::SpinOrBlock);
        let is_named = |name: &&str| options.contenders.iter().any(|chosen| chosen == name);
        let is_chosen = |name: &&str| options.contenders.is_empty() || is_named(name);
        let chosen = |cell: Cell| {
            let broken = cell.broken().into_iter().filter(is_named);
            (cell, cell.contenders().into_iter().filter(is_chosen).chain(broken).collect::<Vec<_>>())
        };
        let cells = options.cells(comparison).into_iter().map(chosen);
        let cells: Vec<_> = cells.filter(|(_, contenders)| !contenders.is_empty()).collect();
        let is_known = |name: &str| cells.iter().any(|(_, contenders)| contenders.contains(&name));
        if let Some(unknown) = options.contenders.iter().find(|name| !is_known(name)) {
            let message = format!("no contender of this comparison is called {unknown}");
            return Err(Self::command().error(ErrorKind::InvalidValue, message));
        }
        let by_length = |default, quick, full| match (options.quick, options.full) {
            (true, _) => quick,
            (_, true) => full,
            _ => default,
        };
        Ok(Plan {
            cells,
            rounds: options.rounds.unwrap_or(by_length(5, 3, 15)),
            slice: Duration::from_millis(options.slice.unwrap_or(by_length(10, 5, 60)) as u64),
            attempts: options.attempts.unwrap_or(by_length(4, 2, 16)),
            bound: Duration::from_secs(options.bound as u64),
            has_answer: matches!(comparison, Comparison::SpinOrBlock | Comparison::All),
            format: match (options.json, options.csv) {
                (true, _) => Format::Json,
                (_, true) => Format::Csv,
                _ => Format::Tables,
            },
            out: options.out.clone(),
            baseline: options.baseline.clone(),
        })
    }
}

impl Options {
    fn cells(&self, comparison: &Comparison) -> Vec<Cell> {
        let (threads, tasks) = (self.threads(), self.tasks());
        match comparison {
            Comparison::SpinOrBlock => self.grid(&[Scene::Mutex], &threads),
            Comparison::Mutex => self.grid(&[Scene::Mutex], &[threads, tasks].concat()),
            Comparison::Semaphore => self.grid(&self.semaphores(), &[threads, tasks].concat()),
            Comparison::Rwlock => self.grid(&self.reader_writers(), &[threads, tasks].concat()),
            Comparison::Monitor => [self.exchanges(Crew::Threads), self.exchanges(Crew::Tasks)].concat(),
            Comparison::Async => {
                let scenes = [vec![Scene::Mutex], self.reader_writers(), self.semaphores()].concat();
                [self.grid(&scenes, &tasks), self.exchanges(Crew::Tasks)].concat()
            }
            Comparison::All => {
                let all = [Comparison::Mutex, Comparison::Rwlock, Comparison::Semaphore, Comparison::Monitor];
                all.iter().flat_map(|comparison| self.cells(comparison)).collect()
            }
            Comparison::Soak(_) | Comparison::CarryOut { .. } => Vec::new(),
        }
    }

    fn threads(&self) -> Vec<Crew> {
        or(&self.threads, &[1, 2, 4, 16]).into_iter().map(Crew::Threads).collect()
    }

    fn tasks(&self) -> Vec<Crew> {
        let default: &[usize] = if self.quick { &[2, 16] } else { &[2, 16, 1000] };
        or(&self.tasks, default).into_iter().map(Crew::Tasks).collect()
    }

    fn semaphores(&self) -> Vec<Scene> {
        or(&self.permits, &[1, 4, 64]).into_iter().map(Scene::Semaphore).collect()
    }

    fn reader_writers(&self) -> Vec<Scene> {
        let mixes = or(&self.writes, if self.quick { &[10] } else { &[1, 10, 50] }).into_iter().map(Mix::Writes);
        mixes.chain([Mix::WriterStorm, Mix::ReaderStorm]).map(Scene::ReaderWriter).collect()
    }

    /// Every scene with every crew, every section and every share of time outside.
    fn grid(&self, scenes: &[Scene], crews: &[Crew]) -> Vec<Cell> {
        let sections = or(&self.section, if self.quick { &[0, 200, 1_000, 20_000] } else { &SECTIONS });
        let shares = or(&self.outside, if self.quick { &[0] } else { &[0, 50] });
        let mut cells = Vec::new();
        for &scene in scenes {
            for &crew in crews.iter().filter(|crew| scene.admits(**crew)) {
                for &outside in &shares {
                    cells.extend(sections.iter().map(|&section| Cell { scene, crew, section, outside }));
                }
            }
        }
        cells
    }

    /// Bounded buffers and turns: no section of theirs has a length of its own.
    fn exchanges(&self, crew: fn(usize) -> Crew) -> Vec<Cell> {
        let every_pair = [(1, 1), (4, 4), (16, 1)].map(|(producers, consumers)| Parties { producers, consumers });
        let pairs = or(&self.pairs, if self.quick { &every_pair[..2] } else { &every_pair });
        let slots = or(&self.slots, if self.quick { &[1, 16] } else { &[1, 16, 1024] });
        let cell = |scene, size| Cell { scene, crew: crew(size), section: 0, outside: 0 };
        let buffers =
            slots.iter().flat_map(|&slots| pairs.iter().map(move |&pair| cell(Scene::Buffer(slots, pair), pair.sum())));
        buffers.chain([cell(Scene::Turns, 2)]).collect()
    }
}

const SECTIONS: [u32; 6] = [0, 50, 200, 1_000, 5_000, 20_000];

/// What was chosen, or else the default.
fn or<T: Clone>(chosen: &[T], default: &[T]) -> Vec<T> {
    if chosen.is_empty() { default.to_vec() } else { chosen.to_vec() }
}
