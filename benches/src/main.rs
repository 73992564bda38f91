//! The comparison: spinning against blocking, on this machine.
//!
//! `cargo run --release -p latchwork-benches`; `-- --help` for what can be chosen.

use std::time::Duration;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use latchwork_benches::contenders::{ASYNC, BLOCKING, READ_WRITE, semaphores};
use latchwork_benches::measure::{self, Sample};

/// Compares locks: throughput, the smallest thread's share, and processor time per operation.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Numbers of threads
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 4, 16], value_parser = at_least_one)]
    threads: Vec<usize>,
    /// Numbers of tasks, for the async locks
    #[arg(long, value_delimiter = ',', default_values_t = [2, 16, 1000], value_parser = at_least_one)]
    tasks: Vec<usize>,
    /// Numbers of permits, for the semaphores
    #[arg(long, value_delimiter = ',', default_values_t = [1, 4, 64], value_parser = at_least_one)]
    permits: Vec<usize>,
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

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 is needed".into()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}

/// The samples of one contender in one cell.
struct Row {
    name: &'static str,
    samples: Vec<Sample>,
}

/// A value with its spread.
struct Spread {
    smallest: f64,
    median: f64,
    largest: f64,
}

impl Row {
    fn spread(&self, value: impl Fn(&Sample) -> f64) -> Spread {
        let mut values: Vec<f64> = self.samples.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        Spread { smallest: values[0], median: values[values.len() / 2], largest: values[values.len() - 1] }
    }

    /// How this contender's throughput compares with another's in the same round.
    fn ratio(&self, other: &Self) -> Spread {
        let pairs = self.samples.iter().zip(&other.samples);
        let samples =
            pairs.map(|(own, other)| Sample { throughput: own.throughput / other.throughput, ..*own }).collect();
        Row { name: self.name, samples }.spread(|sample| sample.throughput)
    }
}

fn main() {
    let mut arguments = Arguments::parse();
    if arguments.quick {
        arguments.rounds = 3;
        arguments.slice = 5;
        arguments.tasks = vec![2, 16];
    }
    let units = measure::units_per_nanosecond();
    let per_threads = BLOCKING.len() + READ_WRITE.len();
    let per_tasks = ASYNC.len() + arguments.permits.iter().map(|permits| semaphores(*permits).len()).sum::<usize>();
    let cells = (arguments.threads.len() * per_threads + arguments.tasks.len() * per_tasks)
        * arguments.sections.len()
        * arguments.rounds;
    let progress = ProgressBar::new(cells as u64);
    progress.set_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len}, {eta} left  {msg}").expect("the template is valid"),
    );

    let slice = Duration::from_millis(arguments.slice as u64);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores; {} rounds of {slice:?}; median [smallest, largest]", arguments.rounds);
    println!("share: the smallest thread's part of an equal share; cpu: processor time per operation");
    println!(
        "Mutex, RwLock, Semaphore, SpinLock, TicketLock and RwSpinLock are latchwork's; spin is the crate of that name\n"
    );

    let mut blocking = Vec::new();
    for &threads in &arguments.threads {
        let slice = slice * threads.div_ceil(cores) as u32;
        for &section in &arguments.sections {
            let length = (f64::from(section) * units) as u32;
            let rows = measure_in_turn(&BLOCKING, arguments.rounds, &progress, |name, make| {
                let name = format!("{name}, {threads} threads, {section} ns");
                measure::threads(&name, &*make(), threads, length, slice)
            });
            print_cell(&progress, &format!("{threads} threads, section of {section} ns"), &rows);
            blocking.push((threads, section, rows));
        }
    }
    for &threads in &arguments.threads {
        let slice = slice * threads.div_ceil(cores) as u32;
        for &section in &arguments.sections {
            let length = (f64::from(section) * units) as u32;
            let rows = measure_in_turn(&READ_WRITE, arguments.rounds, &progress, |name, make| {
                let name = format!("{name}, {threads} reading threads, {section} ns");
                measure::readers(&name, &*make(), threads, length, slice)
            });
            let writes = format!("one write in {}", measure::READS_PER_WRITE);
            print_cell(&progress, &format!("{threads} threads that read, {writes}, section of {section} ns"), &rows);
        }
    }

    let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime can be started");
    for &tasks in &arguments.tasks {
        for &section in &arguments.sections {
            let length = (f64::from(section) * units) as u32;
            let rows = measure_in_turn(&ASYNC, arguments.rounds, &progress, |name, make| {
                let name = format!("{name}, {tasks} tasks, {section} ns");
                measure::tasks(&name, make(), &runtime, tasks, length, slice)
            });
            print_cell(&progress, &format!("{tasks} tasks, section of {section} ns"), &rows);
        }
    }
    for (&tasks, &permits) in arguments.tasks.iter().flat_map(|tasks| arguments.permits.iter().map(move |p| (tasks, p)))
    {
        for &section in &arguments.sections {
            let length = (f64::from(section) * units) as u32;
            let rows = measure_in_turn(&semaphores(permits), arguments.rounds, &progress, |name, make| {
                let name = format!("{name}, {tasks} tasks, {permits} permits, {section} ns");
                measure::tasks(&name, make(permits), &runtime, tasks, length, slice)
            });
            print_cell(&progress, &format!("{tasks} tasks, {permits} permits, section of {section} ns"), &rows);
        }
    }
    progress.finish_and_clear();
    print_answer(&blocking);
}

/// Measures every contender once per round, so that what disturbs the machine disturbs all alike.
fn measure_in_turn<M: Copy>(
    contenders: &[(&'static str, M)],
    rounds: usize,
    progress: &ProgressBar,
    measure: impl Fn(&str, M) -> Sample,
) -> Vec<Row> {
    let mut rows: Vec<Row> = contenders.iter().map(|(name, _)| Row { name, samples: Vec::new() }).collect();
    for _ in 0..rounds {
        for (row, (name, make)) in rows.iter_mut().zip(contenders) {
            progress.set_message(*name);
            row.samples.push(measure(name, *make));
            progress.inc(1);
        }
    }
    rows
}

fn print_cell(progress: &ProgressBar, title: &str, rows: &[Row]) {
    progress.suspend(|| {
        println!("{title}");
        println!(
            "  {:<12} {:>26} {:>24} {:>8} {:>12}",
            "",
            "million/s",
            format!("ratio to {}", rows[0].name),
            "share",
            "cpu, ns"
        );
        for row in rows {
            let throughput = row.spread(|sample| sample.throughput / 1e6);
            let ratio = row.ratio(&rows[0]);
            println!(
                "  {:<12} {:>8.3} [{:>7.3}, {:>7.3}] {:>8.2} [{:>5.2}, {:>5.2}] {:>8.2} {:>12.0}",
                row.name,
                throughput.median,
                throughput.smallest,
                throughput.largest,
                ratio.median,
                ratio.smallest,
                ratio.largest,
                row.spread(|sample| sample.smallest_share).median,
                row.spread(|sample| sample.cpu_per_op).median,
            );
        }
        println!();
    });
}

/// Says at which sections blocking wins over spinning.
fn print_answer(cells: &[(usize, u32, Vec<Row>)]) {
    println!(
        "Spin or block? `SpinLock` never blocks; `Mutex` turns for a moment, and then blocks. By medians, blocking has"
    );
    let mut threads: Vec<usize> = cells.iter().map(|(threads, ..)| *threads).filter(|threads| *threads > 1).collect();
    threads.dedup();
    for threads in threads {
        let sections = |wins: &dyn Fn(&Row, &Row) -> bool| {
            let won = cells.iter().filter(|(cell_threads, ..)| *cell_threads == threads).filter(|(.., rows)| {
                match (named(rows, "Mutex"), named(rows, "SpinLock")) {
                    (Some(block), Some(spin)) => wins(block, spin),
                    _ => false,
                }
            });
            let won: Vec<String> = won.map(|(_, section, _)| section.to_string()).collect();
            if won.is_empty() { "no section".to_owned() } else { format!("sections of {} ns", won.join(", ")) }
        };
        let throughput = sections(&|block, spin| {
            block.spread(|sample| sample.throughput).median >= spin.spread(|sample| sample.throughput).median
        });
        let cpu = sections(&|block, spin| {
            block.spread(|sample| sample.cpu_per_op).median <= spin.spread(|sample| sample.cpu_per_op).median
        });
        println!("  {threads:>2} threads: the higher throughput at {throughput}; the lower processor time at {cpu}");
    }
}

fn named<'a>(rows: &'a [Row], name: &str) -> Option<&'a Row> {
    rows.iter().find(|row| row.name == name)
}
