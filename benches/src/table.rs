//! What is printed of each cell, in at most 100 columns.

use std::io::{self, Write};

use latchwork_benches::measure::Sample;

use crate::arguments::Plan;
use crate::results::{Row, Table};
use crate::setting::Setting;

/// Says where this is measured, and what the numbers mean.
pub(crate) fn explain(to: &mut impl Write, plan: &Plan, setting: &Setting) -> io::Result<()> {
    let Setting { date, processor, cores, system, compiler, .. } = setting;
    writeln!(to, "{date}; {cores} cores of {processor}; {system}")?;
    let versions: Vec<_> = setting.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    writeln!(to, "{compiler}")?;
    versions.chunks(4).try_for_each(|line| writeln!(to, "{}", line.join(", ")))?;
    let (rounds, slice) = (plan.rounds, plan.slice.as_millis());
    writeln!(to, "{rounds} rounds of {slice} ms; medians; of ratios the smallest and the largest, too")?;
    writeln!(
        to,
        "M/s: million operations per second; share: the smallest and the largest thread's, 1 is an equal one
cpu, switch: processor time, and how often a thread slept or was preempted, per operation
half, 99 %, 99.9 % waited for no longer than that; the longest of all rounds
a heavy fence makes all threads of the process pass a fence: none, where nothing is said of them
Mutex, RwLock, Semaphore, Condvar, Condition and Monitor, SpinLock, TicketLock and RwSpinLock are
latchwork's; spin is the crate of that name; -in: whoever leaves notifies before it unlocks, as for
Condition, not after
"
    )
}

/// The names of the columns, and their widths.
pub(crate) const COLUMNS: [(&str, usize); 9] = [
    ("M/s", 8),
    ("ratio", 19),
    ("share", 11),
    ("cpu", 8),
    ("switch", 8),
    ("half", 7),
    ("99 %", 7),
    ("99.9 %", 7),
    ("longest", 8),
];

/// How many columns come before those of the waits.
const BEFORE_WAITS: usize = 5;

/// Prints a cell.
pub(crate) fn print(to: &mut impl Write, table: &Table) -> io::Result<()> {
    let Some(first) = table.rows.first() else { return Ok(()) };
    writeln!(to, "{}", table.cell)?;
    let ratio = format!("to {}", first.contender);
    print_line(to, "", 0, COLUMNS.map(|(name, _)| if name == "ratio" { &*ratio } else { name }))?;
    for row in &table.rows {
        print_line(to, &format!("  {}", row.contender), 0, figures(row, first))?;
        for (class, name) in classes(table) {
            print_line(to, &format!("    {name}"), BEFORE_WAITS, waits(row, class))?;
        }
        remarks(row).try_for_each(|remark| writeln!(to, "    {remark}"))?;
    }
    writeln!(to)
}

/// Prints figures below these columns.
fn print_line<F: AsRef<str>>(
    to: &mut impl Write,
    name: &str,
    first_column: usize,
    figures: impl IntoIterator<Item = F>,
) -> io::Result<()> {
    let skipped: usize = COLUMNS[..first_column].iter().map(|(_, width)| width).sum();
    let figures = COLUMNS[first_column..].iter().zip(figures);
    let figures: String = figures.map(|((_, width), figure)| format!("{:>width$}", figure.as_ref())).collect();
    writeln!(to, "{name:<16}{:skipped$}{figures}", "")
}

/// The classes of waits, where each has a line of its own.
pub(crate) fn classes(table: &Table) -> impl Iterator<Item = (usize, &'static str)> {
    let classes = table.cell.classes();
    classes.iter().copied().enumerate().filter(move |_| classes.len() > 1)
}

/// What there is to say of a contender beside its figures.
pub(crate) fn remarks(row: &Row) -> impl Iterator<Item = String> {
    let failure = row.failure.as_ref().map(|failure| format!("failed: {failure}"));
    let starved = (row.starved() > 0)
        .then(|| format!("starves: in {} of {} rounds one did nothing", row.starved(), row.slices.len()));
    let disturbed = (row.disturbed() > 0)
        .then(|| format!("disturbed: in {} of {} rounds the machine did not run", row.disturbed(), row.slices.len()));
    let fences = row.slices.iter().map(|slice| 1e3 * slice.sample.fences_per_op).sum::<f64>() / row.slices.len() as f64;
    let fences = (fences > 0.0).then(|| format!("{fences:.1e} heavy fences per thousand operations"));
    failure.into_iter().chain(starved).chain(disturbed).chain(fences)
}

/// The figures of a contender; none of waits, where there are more classes than one, and none at all, where it has failed at once.
pub(crate) fn figures(row: &Row, first: &Row) -> Vec<String> {
    let ratio = row.ratio(first, |sample| sample.throughput);
    let medians: Option<Vec<f64>> = [
        |sample: &Sample| sample.throughput / 1e6,
        |sample: &Sample| sample.smallest_share,
        |sample: &Sample| sample.largest_share,
        |sample: &Sample| sample.cpu_per_op,
        |sample: &Sample| sample.switches_per_op,
    ]
    .iter()
    .map(|value| row.spread(value).map(|spread| spread.median))
    .collect();
    let Some(&[throughput, smallest, largest, cpu, switches]) = medians.as_deref() else { return Vec::new() };
    let mut figures = vec![
        format!("{throughput:.3}"),
        ratio.map_or_else(String::new, |ratio| {
            format!("{} [{}, {}]", short(ratio.median), short(ratio.lower), short(ratio.upper))
        }),
        format!("{}-{}", short(smallest), short(largest)),
        time(cpu as u64),
        if switches < 10.0 { format!("{switches:.3}") } else { short(switches) },
    ];
    if row.slices.iter().all(|slice| slice.waits.len() == 1) {
        figures.extend(waits(row, 0));
    }
    figures
}

/// How long a class waited.
pub(crate) fn waits(row: &Row, class: usize) -> Vec<String> {
    let waits = row.waits(class);
    let times = waits.map(|waits| [waits.median, waits.p99, waits.p999, waits.longest].map(time));
    times.into_iter().flatten().collect()
}

/// Two digits behind the point, as long as there are few before it.
fn short(number: f64) -> String {
    match number {
        ..10.0 => format!("{number:.2}"),
        10.0..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

/// Two digits of so many nanoseconds, in a unit that suits them.
fn time(nanoseconds: u64) -> String {
    let (value, unit) = match nanoseconds {
        0..1_000 => return format!("{nanoseconds}ns"),
        1_000..1_000_000 => (nanoseconds as f64 / 1e3, "us"),
        1_000_000..1_000_000_000 => (nanoseconds as f64 / 1e6, "ms"),
        _ => (nanoseconds as f64 / 1e9, "s"),
    };
    if value < 10.0 { format!("{value:.1}{unit}") } else { format!("{value:.0}{unit}") }
}
