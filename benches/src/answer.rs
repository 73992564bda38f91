//! The answer in words.

use latchwork_benches::cell::Crew;

use crate::results::{MEASURES, Measure, Spread, Table};

/// Never blocks.
const SPINS: &str = "SpinLock";
/// Turns for a moment, and then blocks.
const BLOCKS: &str = "Mutex";

/// From which section on blocking wins over spinning, for each number of threads, and how sure that is: in lines.
pub(crate) fn lines(tables: &[Table]) -> Vec<String> {
    let mut lines = vec![format!("Spin or block? {SPINS} never blocks; {BLOCKS} turns for a moment, and then blocks.")];
    let groups = groups(tables);
    if groups.is_empty() {
        lines.push("  Nothing to compare: two threads or more, and both of them, are needed.".to_owned());
        return lines;
    }
    for (threads, outside) in groups {
        lines.push(format!("  {threads} threads, {outside} % of their time outside:"));
        for Measure { name, of, more_is_better, .. } in MEASURES {
            let cells = tables.iter().filter(|table| table.cell.crew == Crew::Threads(threads));
            let mut wins: Vec<(u32, Spread)> = cells
                .filter(|table| table.cell.outside == outside)
                .filter_map(|table| {
                    let (spins, blocks) = (table.row(SPINS)?, table.row(BLOCKS)?);
                    let (better, worse) = if more_is_better { (blocks, spins) } else { (spins, blocks) };
                    Some((table.cell.section, better.ratio(worse, of)?))
                })
                .collect();
            wins.sort_by_key(|(section, _)| *section);
            lines.push(format!("    {name}: {}", sentence(&wins)));
        }
    }
    lines.push(
        "  Spin where sections are shorter than that, threads are no more than cores, and no owner of".to_owned(),
    );
    lines.push(
        "  the lock waits for anything. Block otherwise: what spinning costs shows in processor time,".to_owned(),
    );
    lines.push("  and in long waits.".to_owned());
    lines
}

/// The numbers of threads, with their share of time outside, for which both were measured.
fn groups(tables: &[Table]) -> Vec<(usize, u32)> {
    let mut groups = Vec::new();
    for table in tables {
        if let Crew::Threads(threads @ 2..) = table.cell.crew {
            if table.row(SPINS).is_some() && table.row(BLOCKS).is_some() {
                groups.push((threads, table.cell.outside));
            }
        }
    }
    groups.dedup();
    groups
}

/// From which section on blocking is better: by how much, the shortest section first.
fn sentence(wins: &[(u32, Spread)]) -> String {
    let Some(last_loss) = wins.iter().rposition(|(_, win)| win.median < 1.0) else {
        let medians = || wins.iter().map(|(_, win)| win.median);
        let (least, most) = (medians().fold(f64::INFINITY, f64::min), medians().fold(0.0, f64::max));
        let doubt = if wins.iter().all(|(_, win)| win.lower > 1.0) { "" } else { " (not sure of each)" };
        return format!("blocking is better at every section: {least:.2} to {most:.2}{doubt}");
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
