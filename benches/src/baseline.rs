//! What moved against an earlier run, and how far two runs agree on who is better.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use latchwork_benches::measure::Sample;

use crate::results::{MEASURES, Measure, Results, Row, Spread, Table};

/// Reads what `--out` or `--json` has written.
pub(crate) fn read(path: &Path) -> io::Result<Results> {
    Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
}

/// Prints each contender in each cell whose values are all on one side of the earlier run's, and each two that have changed places.
pub(crate) fn print(to: &mut impl Write, earlier: &Results, now: &Results) -> io::Result<()> {
    writeln!(to, "What moved since {}, by medians [smallest, largest] that do not overlap:", earlier.setting.date)?;
    let both = || now.tables.iter().filter_map(|now| Some((earlier.table(now.cell)?, now)));
    let (mut compared, mut moved) = (0, 0);
    for (before, table) in both() {
        for row in &table.rows {
            let Some(before) = before.row(&row.contender) else { continue };
            for Measure { name, of, .. } in MEASURES {
                let (Some(before), Some(now)) = (before.spread(of), row.spread(of)) else { continue };
                compared += 1;
                if before.is_apart_from(now) {
                    moved += 1;
                    writeln!(to, "  {}: {}", table.cell, line(row, name, before, now))?;
                }
            }
        }
    }
    writeln!(to, "  {moved} of {compared} moved; with as few rounds as these, some do by chance\n")?;

    writeln!(to, "Contenders that do not overlap in either run, and that have changed places:")?;
    let (mut compared, mut changed) = (0, 0);
    for (before, table) in both() {
        for Measure { name, of, .. } in MEASURES {
            for (one, other) in pairs(table) {
                let ranks = [before, table].map(|table| rank(table, one, other, of));
                let [Some(before), Some(now)] = ranks else { continue };
                compared += 1;
                if before != now {
                    changed += 1;
                    writeln!(to, "  {}: {name}: {one} and {other}", table.cell)?;
                }
            }
        }
    }
    writeln!(to, "  {changed} of {compared} pairs\n")
}

/// Each two contenders of a cell.
fn pairs(table: &Table) -> impl Iterator<Item = (&str, &str)> {
    let names = || table.rows.iter().map(|row| &*row.contender);
    names().enumerate().flat_map(move |(index, one)| names().skip(index + 1).map(move |other| (one, other)))
}

/// Whether the one has more than the other, where they do not overlap.
fn rank(table: &Table, one: &str, other: &str, of: fn(&Sample) -> f64) -> Option<bool> {
    let (one, other) = (table.row(one)?.spread(of)?, table.row(other)?.spread(of)?);
    one.is_apart_from(other).then_some(one.median > other.median)
}

fn line(row: &Row, name: &str, before: Spread, now: Spread) -> String {
    let ratio = |value: f64| value / before.median;
    format!(
        "{}: {name} {:.2} [{:.2}, {:.2}] times what it was, 1 [{:.2}, {:.2}]",
        row.contender,
        ratio(now.median),
        ratio(now.lower),
        ratio(now.upper),
        ratio(before.lower),
        ratio(before.upper)
    )
}

#[cfg(test)]
mod tests {
    use latchwork_benches::cell::{Cell, Crew, Scene};
    use latchwork_benches::measure::Slice;

    use super::*;
    use crate::setting::Setting;

    /// A run of one cell, with the throughputs of some contenders in two rounds.
    fn run(rows: &[(&str, [f64; 2])]) -> Results {
        let slice = |throughput| {
            let sample = Sample {
                throughput,
                smallest_share: 1.0,
                largest_share: 1.0,
                cpu_per_op: 1.0,
                switches_per_op: 0.0,
                fences_per_op: 0.0,
                lost: 0,
            };
            Slice { sample, waits: Vec::new() }
        };
        let row =
            |&(name, throughputs): &(&str, [f64; 2])| Row { slices: throughputs.map(slice).to_vec(), ..Row::new(name) };
        let cell = Cell { scene: Scene::Mutex, crew: Crew::Threads(1), section: 0, outside: 0 };
        Results { setting: Setting::current(), tables: vec![Table { cell, rows: rows.iter().map(row).collect() }] }
    }

    #[test]
    fn those_that_changed_places_are_told_and_those_whose_spreads_overlap_are_not() {
        let earlier = run(&[("one", [1.0, 2.0]), ("two", [3.0, 4.0]), ("three", [3.5, 6.0])]);
        let now = run(&[("one", [4.0, 5.0]), ("two", [2.0, 3.0]), ("three", [0.5, 1.5])]);
        let mut text = Vec::new();
        print(&mut text, &earlier, &now).expect("it is written to memory");
        let text = String::from_utf8(text).expect("it is text");
        let (moved, changed) = text.split_once("Contenders that").expect("both are told");
        assert!(moved.contains("  2 of 6 moved;"), "{text}");
        // The second and the third overlapped before; processor times are equal.
        assert!(
            changed.contains("throughput: one and two\n") && changed.contains("throughput: one and three\n"),
            "{text}"
        );
        assert!(changed.contains("  2 of 2 pairs"), "{text}");
    }
}
