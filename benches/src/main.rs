//! The comparison: spinning against blocking, on this machine.
//!
//! `cargo run --release -p latchwork-benches`; `-- --help` for what can be chosen.

mod monitor;
mod report;

use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use latchwork_benches::contenders::{ASYNC, BLOCKING, bounded_buffer, ping_pong, read_write, semaphores};
use latchwork_benches::measure::exchange::Parties;
use latchwork_benches::measure::{self, Mix, Sample};
use report::Row;
use tokio::runtime::{Builder, Runtime};

/// Compares locks: throughput, the smallest thread's share, processor time per operation, and the longest waits.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// What to compare; everything, where nothing is named
    groups: Vec<Group>,
    /// Numbers of threads
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 4, 16], value_parser = at_least_one)]
    threads: Vec<usize>,
    /// Numbers of tasks, for the async locks
    #[arg(long, value_delimiter = ',', default_values_t = [2, 16, 1000], value_parser = at_least_one)]
    tasks: Vec<usize>,
    /// Numbers of permits, for the semaphores
    #[arg(long, value_delimiter = ',', default_values_t = [1, 4, 64], value_parser = at_least_one)]
    permits: Vec<usize>,
    /// How many of 100 operations write, for the reader-writer locks
    #[arg(long, value_delimiter = ',', default_values_t = [10], value_parser = clap::value_parser!(u32).range(..=100))]
    writes: Vec<u32>,
    /// Numbers of slots, for the bounded buffers
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 1024], value_parser = at_least_one)]
    slots: Vec<usize>,
    /// Numbers of producers and consumers, for the bounded buffers
    #[arg(long, value_delimiter = ',', default_values = ["1:1", "4:4", "16:1"], value_parser = monitor::parties)]
    pairs: Vec<Parties>,
    /// Names of contenders, as they are printed; all, where none is named
    #[arg(long, value_delimiter = ',')]
    contenders: Vec<String>,
    /// Lengths of the critical section, in nanoseconds
    #[arg(long, value_delimiter = ',', default_values_t = [0, 100, 1_000, 10_000])]
    sections: Vec<u32>,
    /// How often each cell is measured, the contenders in turn; the median is shown
    #[arg(long, default_value_t = 5, value_parser = at_least_one)]
    rounds: usize,
    /// How long each measurement takes, in milliseconds; longer where there are more threads than cores, so that each gets
    /// its turns
    #[arg(long, default_value_t = 60, value_parser = at_least_one)]
    slice: usize,
    /// Few and short measurements: what the checks run
    #[arg(long)]
    quick: bool,
}

/// What can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Group {
    /// Mutexes and spin locks of threads, mutexes of tasks
    Mutex,
    /// Reader-writer locks of threads and of tasks
    Rwlock,
    /// Semaphores of tasks
    Semaphore,
    /// Bounded buffers and turns, of threads and of tasks, by monitors and condition variables
    Monitor,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 is needed".into()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}

/// Whether there is a contender of this name in any group.
fn is_known(name: &str) -> bool {
    let names = [
        names(&BLOCKING),
        names(&ASYNC),
        names(&read_write::BLOCKING),
        names(&read_write::ASYNC),
        names(&semaphores(1)),
        names(&bounded_buffer::BLOCKING),
        names(&bounded_buffer::ASYNC),
        names(&ping_pong::BLOCKING),
        names(&ping_pong::ASYNC),
    ];
    names.iter().flatten().any(|known| *known == name)
}

fn names<M>(contenders: &[(&'static str, M)]) -> Vec<&'static str> {
    contenders.iter().map(|(name, _)| *name).collect()
}

/// A comparison that runs.
struct Comparison {
    arguments: Arguments,
    cores: usize,
    units_per_nanosecond: f64,
    runtime: Runtime,
    progress: ProgressBar,
}

fn main() {
    let mut arguments = Arguments::parse();
    if arguments.quick {
        arguments.rounds = 3;
        arguments.slice = 5;
        arguments.tasks = vec![2, 16];
        arguments.sections = vec![0, 1_000];
        arguments.slots = vec![1, 16];
        arguments.pairs = vec![Parties { producers: 1, consumers: 1 }, Parties { producers: 4, consumers: 4 }];
    }
    if arguments.groups.is_empty() {
        arguments.groups = Group::value_variants().to_vec();
    }
    if let Some(unknown) = arguments.contenders.iter().find(|name| !is_known(name)) {
        Arguments::command().error(ErrorKind::InvalidValue, format!("there is no contender {unknown}")).exit();
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let progress = ProgressBar::new(arguments.measurements() as u64).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len}, {eta} left  {msg}").expect("the template is valid"),
    );
    println!("{cores} cores; {} rounds of {} ms; median [quartiles]", arguments.rounds, arguments.slice);
    println!(
        "share: the smallest thread's part of an equal share; cpu, switches: processor time, and how often a thread slept or"
    );
    println!("was preempted, per operation");
    println!(
        "Mutex, RwLock, Semaphore, Condvar, Condition and Monitor, SpinLock, TicketLock and RwSpinLock are latchwork's;"
    );
    println!(
        "spin is the crate of that name; -in: whoever leaves notifies before it unlocks, as for Condition, not after\n"
    );
    let runtime = Builder::new_multi_thread().build().expect("a runtime can be started");
    let units_per_nanosecond = measure::units_per_nanosecond();
    let comparison = Comparison { arguments, cores, units_per_nanosecond, runtime, progress };
    let answer = comparison.arguments.groups.contains(&Group::Mutex).then(|| comparison.mutexes());
    if comparison.arguments.groups.contains(&Group::Rwlock) {
        comparison.reader_writer_locks();
    }
    if comparison.arguments.groups.contains(&Group::Semaphore) {
        comparison.semaphores();
    }
    if comparison.arguments.groups.contains(&Group::Monitor) {
        comparison.monitors();
    }
    comparison.progress.finish_and_clear();
    if let Some(cells) = answer {
        report::answer(&cells);
    }
}

impl Arguments {
    /// How many measurements there are to make.
    fn measurements(&self) -> usize {
        let (threads, tasks, mixes) = (self.threads.len(), self.tasks.len(), self.writes.len());
        let groups = self.groups.iter().map(|group| match group {
            Group::Mutex => {
                let (blocking, asynchronous) = (self.chosen(&BLOCKING), self.chosen(&ASYNC));
                self.sections.len() * (threads * blocking.count() + tasks * asynchronous.count())
            }
            Group::Rwlock => {
                let (blocking, asynchronous) = (self.chosen(&read_write::BLOCKING), self.chosen(&read_write::ASYNC));
                self.sections.len() * mixes * (threads * blocking.count() + tasks * asynchronous.count())
            }
            Group::Semaphore => {
                let all = self.permits.iter().map(|permits| self.chosen(&semaphores(*permits)).count());
                self.sections.len() * tasks * all.sum::<usize>()
            }
            Group::Monitor => self.monitor_cells(),
        });
        groups.sum::<usize>() * self.rounds
    }

    /// The contenders that are named.
    fn chosen<M: Copy>(&self, all: &[(&'static str, M)]) -> impl Iterator<Item = (&'static str, M)> {
        let is_chosen = |name: &str| self.contenders.is_empty() || self.contenders.iter().any(|chosen| chosen == name);
        all.iter().copied().filter(move |(name, _)| is_chosen(name))
    }
}

impl Comparison {
    /// Mutexes and spin locks. Returns the cells of threads.
    fn mutexes(&self) -> Vec<(usize, u32, Vec<Row>)> {
        let mut blocking = Vec::new();
        for (threads, section) in self.cells(&self.arguments.threads) {
            let rows = self.cell(&format!("{threads} threads, section of {section} ns"), &BLOCKING, |name, make| {
                measure::threads(name, &*make(), threads, self.units(section), self.slice(threads))
            });
            blocking.push((threads, section, rows));
        }
        for (tasks, section) in self.cells(&self.arguments.tasks) {
            self.cell(&format!("{tasks} tasks, section of {section} ns"), &ASYNC, |name, make| {
                measure::tasks(name, make(), &self.runtime, tasks, self.units(section), self.slice(1))
            });
        }
        blocking
    }

    fn reader_writer_locks(&self) {
        use read_write::{ASYNC, BLOCKING};
        for &percent in &self.arguments.writes {
            let mix = Mix::Writes(percent);
            for (threads, section) in self.cells(&self.arguments.threads) {
                let title = format!("{threads} threads, {percent} % writes, section of {section} ns");
                self.cell(&title, &BLOCKING, |name, make| {
                    let (units, slice) = (self.units(section), self.slice(threads));
                    measure::readers_and_writers(name, &*make(), threads, mix, units, slice)
                });
                if threads > 1 {
                    self.waits(&title, threads, section, mix);
                }
            }
            for (tasks, section) in self.cells(&self.arguments.tasks) {
                let title = format!("{tasks} tasks, {percent} % writes, section of {section} ns");
                self.cell(&title, &ASYNC, |name, make| {
                    let (units, slice) = (self.units(section), self.slice(1));
                    measure::reading_and_writing_tasks(name, make(), &self.runtime, tasks, mix, units, slice)
                });
            }
        }
        for (mix, who) in [(Mix::WriterStorm, "all write but one"), (Mix::ReaderStorm, "all read but one")] {
            for (threads, section) in self.cells(&self.arguments.threads).filter(|(threads, _)| *threads > 2) {
                self.waits(&format!("{threads} threads, {who}, section of {section} ns"), threads, section, mix);
            }
        }
    }

    fn semaphores(&self) {
        for &permits in &self.arguments.permits {
            for (tasks, section) in self.cells(&self.arguments.tasks) {
                let title = format!("{tasks} tasks, {permits} permits, section of {section} ns");
                self.cell(&title, &semaphores(permits), |name, make| {
                    measure::tasks(name, make(permits), &self.runtime, tasks, self.units(section), self.slice(1))
                });
            }
        }
    }

    /// So many threads or tasks, each with every section.
    fn cells(&self, parties: &[usize]) -> impl Iterator<Item = (usize, u32)> {
        let sections = &self.arguments.sections;
        parties.iter().flat_map(move |&parties| sections.iter().map(move |&section| (parties, section)))
    }

    /// Measures every contender once per round, so that what disturbs the machine disturbs all alike, and prints the rows.
    fn cell<M: Copy>(
        &self,
        title: &str,
        contenders: &[(&'static str, M)],
        measure: impl Fn(&str, M) -> Sample,
    ) -> Vec<Row> {
        let contenders: Vec<_> = self.arguments.chosen(contenders).collect();
        let mut rows: Vec<Row> = contenders.iter().map(|(name, _)| Row { name, samples: Vec::new() }).collect();
        for _ in 0..self.arguments.rounds {
            for (row, (name, make)) in rows.iter_mut().zip(&contenders) {
                self.progress.set_message(*name);
                row.samples.push(measure(&format!("{name}, {title}"), *make));
                self.progress.inc(1);
            }
        }
        report::cell(&self.progress, title, &rows);
        rows
    }

    /// Measures once how long the threads wait for each contender, and prints that.
    fn waits(&self, title: &str, threads: usize, section: u32, mix: Mix) {
        let title = format!("{title}, with each wait timed");
        let rows = self.arguments.chosen(&read_write::BLOCKING).map(|(name, make)| {
            let (full_name, units) = (format!("{name}, {title}"), self.units(section));
            (name, measure::waits(&full_name, &*make(), threads, mix, units, self.slice(threads)))
        });
        report::waits(&self.progress, &title, &rows.collect::<Vec<_>>());
    }

    /// What a section of so many nanoseconds takes.
    fn units(&self, section: u32) -> u32 {
        (f64::from(section) * self.units_per_nanosecond) as u32
    }

    /// How long so many threads are measured.
    fn slice(&self, threads: usize) -> Duration {
        Duration::from_millis(self.arguments.slice as u64) * threads.div_ceil(self.cores) as u32
    }
}
