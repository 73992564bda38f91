//! What is printed of each cell, in at most 100 columns.

use latchwork_benches::measure::Waits;

use crate::arguments::Plan;
use crate::results::{Row, Table};

/// Says what the numbers mean.
pub(crate) fn explain(plan: &Plan) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (rounds, slice) = (plan.rounds, plan.slice.as_millis());
    println!("{cores} cores; {rounds} rounds of {slice} ms; medians, and the quartiles of ratios");
    println!(
        "M/s: million operations per second; share: the smallest and the largest thread's, 1 is an equal one
cpu, switch: processor time, and how often a thread slept or was preempted, per operation
half, 99 %, 99.9 % waited for no longer than that; the longest of all rounds
Mutex, RwLock, Semaphore, Condvar, Condition and Monitor, SpinLock, TicketLock and RwSpinLock are
latchwork's; spin is the crate of that name; -in: whoever leaves notifies before it unlocks, as for
Condition, not after
"
    );
}

/// Prints a cell.
pub(crate) fn print(table: &Table) {
    let Some(first) = table.rows.first() else { return };
    println!("{}", table.cell);
    println!(
        "{:<16}{:>8} {:>18} {:>10} {:>7} {:>7} {:>6} {:>6} {:>6} {:>7}",
        "",
        "M/s",
        format!("to {}", first.contender),
        "share",
        "cpu",
        "switch",
        "half",
        "99 %",
        "99.9 %",
        "longest"
    );
    for row in &table.rows {
        println!("  {:<14}{}", row.contender, figures(row, first).unwrap_or_default());
        for (class, name) in table.cell.classes().iter().enumerate().skip(usize::from(table.cell.classes().len() == 1))
        {
            println!("    {name:<65}{}", row.waits(class).map(times).unwrap_or_default());
        }
        if let Some(failure) = &row.failure {
            println!("    failed: {failure}");
        }
        if row.starved() > 0 {
            println!("    starves: in {} of {} rounds one did nothing", row.starved(), row.slices.len());
        }
    }
    println!();
}

/// The figures of a contender, if there are any.
fn figures(row: &Row, first: &Row) -> Option<String> {
    let median = |spread: Option<crate::results::Spread>| spread.map(|spread| spread.median);
    let throughput = median(row.spread(|sample| sample.throughput / 1e6))?;
    let ratio = row.ratio(first, |sample| sample.throughput);
    let ratio = ratio.map(|ratio| format!("{} [{}, {}]", short(ratio.median), short(ratio.lower), short(ratio.upper)));
    let (smallest, largest) =
        (median(row.spread(|sample| sample.smallest_share))?, median(row.spread(|sample| sample.largest_share))?);
    let cpu = median(row.spread(|sample| sample.cpu_per_op))?;
    let switches = median(row.spread(|sample| sample.switches_per_op))?;
    // Where there are more classes than one, each has a line of its own.
    let waits = row.waits(0).filter(|_| row.slices.iter().all(|slice| slice.waits.len() == 1));
    Some(format!(
        "{throughput:>8.3} {:>18} {:>10} {:>7} {:>7}{}",
        ratio.unwrap_or_default(),
        format!("{}-{}", short(smallest), short(largest)),
        time(cpu as u64),
        if switches < 10.0 { format!("{switches:.3}") } else { short(switches) },
        waits.map(times).unwrap_or_default()
    ))
}

/// Two digits behind the point, as long as there are few before it.
fn short(number: f64) -> String {
    match number {
        ..10.0 => format!("{number:.2}"),
        10.0..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

fn times(waits: Waits) -> String {
    let [median, p99, p999, longest] = [waits.median, waits.p99, waits.p999, waits.longest].map(time);
    format!(" {median:>6} {p99:>6} {p999:>6} {longest:>7}")
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
