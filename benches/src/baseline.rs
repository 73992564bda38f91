//! What moved against an earlier run.

use std::fs;
use std::path::Path;

use crate::results::{MEASURES, Measure, Results, Row, Spread};

/// Reads what `--out` or `--json` has written.
///
/// # Errors
///
/// It cannot be read, or is something else.
pub(crate) fn read(path: &Path) -> Result<Results, String> {
    let in_file = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| in_file(&error))?;
    serde_json::from_str(&text).map_err(|error| in_file(&error))
}

/// Prints each contender in each cell whose quartiles lie apart from those of the earlier run.
pub(crate) fn print(earlier: &Results, now: &Results) {
    println!("What moved since {}, by medians [quartiles] whose quartiles lie apart:", earlier.setting.date);
    let (mut compared, mut moved) = (0, 0);
    for table in &now.tables {
        let Some(before) = earlier.tables.iter().find(|earlier| earlier.cell == table.cell) else { continue };
        for row in &table.rows {
            let Some(before) = before.row(&row.contender) else { continue };
            for Measure { name, of, .. } in MEASURES {
                let (Some(before), Some(now)) = (before.spread(of), row.spread(of)) else { continue };
                compared += 1;
                if now.lower > before.upper || now.upper < before.lower {
                    moved += 1;
                    println!("  {}: {}", table.cell, line(row, name, before, now));
                }
            }
        }
    }
    println!("  {moved} of {compared} moved; with as few rounds as these, some do by chance");
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
