//! The comparison: spinning against blocking, on this machine.
//!
//! `cargo run --release -p latchwork-benches`; `-- --help` for what can be chosen.

mod answer;
mod arguments;
mod baseline;
mod child;
mod output;
mod report;
mod results;
mod setting;
mod table;

use std::io;
use std::process::ExitCode;

use arguments::{Arguments, Comparison, Format, Plan};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use latchwork_benches::cell::Order;
use latchwork_benches::measure;
use results::{Results, Row, Table};
use setting::Setting;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Comparison::CarryOut { order }) = &arguments.comparison {
        return child::carry_out(order);
    }
    let plan = arguments.plan().unwrap_or_else(|error| error.exit());
    // Before anything is measured: what is wrong with it is better known now.
    let earlier = plan.baseline.as_deref().map(baseline::read).transpose();
    let result = earlier.and_then(|earlier| run(&plan, earlier.as_ref()));
    match result {
        Ok(is_whole) if is_whole => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Measures, and tells what was found. Returns whether no contender has failed.
fn run(plan: &Plan, earlier: Option<&Results>) -> Result<bool, String> {
    let setting = Setting::current();
    if plan.format == Format::Tables {
        table::explain(plan, &setting);
    }
    let results = Results { setting, tables: measure_all(plan) };
    tell(plan, &results, earlier).map_err(|error| format!("the results cannot be written: {error}"))?;
    Ok(results.tables.iter().flat_map(|table| &table.rows).all(|row| row.failure.is_none()))
}

fn tell(plan: &Plan, results: &Results, earlier: Option<&Results>) -> io::Result<()> {
    let report = output::files(results, &plan.out, plan.has_answer)?;
    match plan.format {
        Format::Json => return output::json(results, io::stdout().lock()),
        Format::Csv => return output::csv(results, io::stdout().lock()),
        Format::Tables => {}
    }
    if plan.has_answer {
        println!("{}\n", answer::lines(&results.tables).join("\n"));
    }
    if let Some(earlier) = earlier {
        baseline::print(earlier, results);
    }
    println!("The report: {}", report.display());
    Ok(())
}

/// Measures every cell, and prints each as soon as it is complete.
fn measure_all(plan: &Plan) -> Vec<Table> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len}, {eta} left  {msg}").expect("the template is valid");
    let progress = ProgressBar::new(plan.measurements() as u64).with_style(style);
    let units_per_nanosecond = measure::units_per_nanosecond();
    let tables = plan.cells.iter().map(|(cell, contenders)| {
        let rows = contenders.iter().copied().map(Row::new).collect();
        let table = measure_cell(plan, Table { cell: *cell, rows }, units_per_nanosecond, &progress);
        if plan.format == Format::Tables {
            progress.suspend(|| table::print(&table));
        }
        table
    });
    let tables = tables.collect();
    progress.finish_and_clear();
    tables
}

/// Measures every contender once per round, so that what disturbs the machine disturbs all alike.
fn measure_cell(plan: &Plan, mut table: Table, units_per_nanosecond: f64, progress: &ProgressBar) -> Table {
    let cell = table.cell;
    for _ in 0..plan.rounds {
        for row in &mut table.rows {
            progress.set_message(row.contender.clone());
            if row.failure.is_none() {
                let order = Order {
                    cell,
                    contender: row.contender.clone(),
                    slice: plan.slice,
                    attempts: plan.attempts,
                    bound: plan.bound,
                    units_per_nanosecond,
                };
                match child::measure(&order) {
                    Ok(slice) => row.slices.push(slice),
                    Err(failure) => row.failure = Some(failure),
                }
            }
            progress.inc(1);
        }
    }
    table
}
