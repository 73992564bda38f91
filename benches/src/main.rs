//! The comparison: spinning against blocking, on this machine.
//!
//! `cargo run --release -p latchwork-benches`; `-- --help` for what can be chosen.

mod answer;
mod arguments;
mod child;
mod results;
mod table;

use std::process::ExitCode;

use arguments::{Arguments, Comparison, Plan};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use latchwork_benches::cell::{Cell, Order};
use latchwork_benches::measure;
use results::{Row, Table};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Comparison::CarryOut { order }) = &arguments.comparison {
        return child::carry_out(order);
    }
    let plan = arguments.plan().unwrap_or_else(|error| error.exit());
    table::explain(&plan);
    let tables = measure_all(&plan);
    if plan.has_answer {
        answer::print(&tables);
    }
    let failures = tables.iter().flat_map(|table| &table.rows).filter(|row| row.failure.is_some()).count();
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures every cell, and prints each as soon as it is complete.
fn measure_all(plan: &Plan) -> Vec<Table> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len}, {eta} left  {msg}").expect("the template is valid");
    let progress = ProgressBar::new(plan.measurements() as u64).with_style(style);
    let units_per_nanosecond = measure::units_per_nanosecond();
    let tables = plan.cells.iter().map(|&cell| {
        let table = measure_cell(plan, cell, units_per_nanosecond, &progress);
        progress.suspend(|| table::print(&table));
        table
    });
    let tables = tables.collect();
    progress.finish_and_clear();
    tables
}

/// Measures every contender once per round, so that what disturbs the machine disturbs all alike.
fn measure_cell(plan: &Plan, cell: Cell, units_per_nanosecond: f64, progress: &ProgressBar) -> Table {
    let mut rows: Vec<Row> = plan.contenders_of(&cell).map(Row::new).collect();
    for _ in 0..plan.rounds {
        for row in &mut rows {
            progress.set_message(row.contender.clone());
            if row.failure.is_none() {
                let (contender, slice) = (row.contender.clone(), plan.slice);
                match child::measure(&Order { cell, contender, slice, units_per_nanosecond }) {
                    Ok(slice) => row.slices.push(slice),
                    Err(failure) => row.failure = Some(failure),
                }
            }
            progress.inc(1);
        }
    }
    Table { cell, rows }
}
