//! The answer in words.

use latchwork_benches::cell::Crew;
use latchwork_benches::measure::Sample;

use crate::results::{Spread, Table};

/// Never blocks.
const SPINS: &str = "SpinLock";
/// Turns for a moment, and then blocks.
const BLOCKS: &str = "Mutex";

/// What the two are compared by.
struct Measure {
    name: &'static str,
    of: fn(&Sample) -> f64,
    more_is_better: bool,
}

const MEASURES: [Measure; 2] = [
    Measure { name: "throughput", of: |sample| sample.throughput, more_is_better: true },
    Measure { name: "processor time", of: |sample| sample.cpu_per_op, more_is_better: false },
];

/// Says from which section on blocking wins over spinning, for each number of threads, and how sure that is.
pub(crate) fn print(tables: &[Table]) {
    println!("Spin or block? {SPINS} never blocks; {BLOCKS} turns for a moment, and then blocks.");
    let mut groups: Vec<(usize, u32)> = Vec::new();
    for table in tables {
        if let Crew::Threads(threads @ 2..) = table.cell.crew {
            if table.row(SPINS).is_some() && table.row(BLOCKS).is_some() {
                groups.push((threads, table.cell.outside));
            }
        }
    }
    groups.dedup();
    if groups.is_empty() {
        println!("  Nothing to compare: two threads or more, and both of them, are needed.");
    }
    for (threads, outside) in groups {
        println!("  {threads} threads, {outside} % of their time outside:");
        for Measure { name, of, more_is_better } in MEASURES {
            let wins: Vec<(u32, Spread)> = tables
                .iter()
                .filter(|table| table.cell.crew == Crew::Threads(threads) && table.cell.outside == outside)
                .filter_map(|table| {
                    let (spins, blocks) = (table.row(SPINS)?, table.row(BLOCKS)?);
                    let (better, worse) = if more_is_better { (blocks, spins) } else { (spins, blocks) };
                    Some((table.cell.section, better.ratio(worse, of)?))
                })
                .collect();
            println!("    {name}: {}", sentence(&wins));
        }
    }
    println!(
        "  Spin where sections are shorter than that, threads are no more than cores, and no owner of the lock
  waits for anything. Block otherwise: what spinning costs shows in processor time, and in long waits."
    );
}

/// From which section on blocking is better, if sections are in order.
fn sentence(wins: &[(u32, Spread)]) -> String {
    let Some(last_loss) = wins.iter().rposition(|(_, win)| win.median < 1.0) else {
        return format!("blocking is better at every section: {}", list(wins));
    };
    match wins.get(last_loss + 1) {
        Some((section, _)) => {
            format!("blocking is better from sections of {section} ns on: {}", list(&wins[last_loss..]))
        }
        None => format!("spinning is better at the longest section, {}", list(&wins[last_loss..])),
    }
}

/// How many times better blocking is, by section.
fn list(wins: &[(u32, Spread)]) -> String {
    let of = |(section, win): &(u32, Spread)| {
        let is_sure = win.lower > 1.0 || win.upper < 1.0;
        format!("{:.2} at {section} ns{}", win.median, if is_sure { "" } else { " (not sure)" })
    };
    wins.iter().map(of).collect::<Vec<_>>().join(", ")
}
