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
mod soak;
mod table;

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use arguments::{Arguments, Comparison, Format, Plan};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use latchwork_benches::cell::{Cell, Order};
use latchwork_benches::measure;
use results::{Results, Row, Table};
use setting::Setting;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Comparison::CarryOut { order }) = &arguments.comparison {
        return child::carry_out(order);
    }
    let soaked = arguments.soak().unwrap_or_else(|error| error.exit()).map(|plan| soak::run(&plan));
    let result = soaked.unwrap_or_else(|| compare(&arguments.plan().unwrap_or_else(|error| error.exit())));
    match result {
        Ok(is_whole) if is_whole => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        // Whoever reads what is printed has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Measures, and tells what was found. Returns whether no contender has failed.
fn compare(plan: &Plan) -> io::Result<bool> {
    // Before anything is measured: what is wrong with these is better known now.
    let earlier = plan.baseline.as_deref().map(|path| baseline::read(path).map_err(named(path))).transpose()?;
    fs::create_dir_all(&plan.out).map_err(named(&plan.out))?;
    let setting = Setting::current();
    if plan.format == Format::Tables {
        table::explain(&mut io::stdout(), plan, &setting)?;
    }
    let results = Results { setting, tables: measure_all(plan) };
    tell(plan, &results, earlier.as_ref())?;
    Ok(results.tables.iter().flat_map(|table| &table.rows).all(|row| row.failure.is_none()))
}

/// Says of what file an error is.
fn named(path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Writes the files, and prints what is asked for.
fn tell(plan: &Plan, results: &Results, earlier: Option<&Results>) -> io::Result<()> {
    let (json, csv) = (output::json(results)?, output::csv(results)?);
    let page = report::page(results, &json, plan.has_answer).map_err(io::Error::other)?;
    for (name, text) in [("comparison.json", &json[..]), ("comparison.csv", &csv), ("comparison.html", page.as_bytes())]
    {
        let path = plan.out.join(name);
        fs::write(&path, text).map_err(named(&path))?;
    }
    let mut to = io::stdout().lock();
    match plan.format {
        Format::Json => return to.write_all(&json),
        Format::Csv => return to.write_all(&csv),
        Format::Tables => results.tables.iter().try_for_each(|table| table::print(&mut to, table))?,
    }
    if plan.has_answer {
        writeln!(to, "{}\n", answer::lines(&results.tables).join("\n"))?;
    }
    if let Some(earlier) = earlier {
        baseline::print(&mut to, earlier, results)?;
    }
    writeln!(to, "The report: {}", plan.out.join("comparison.html").display())
}

/// Measures every contender of every cell once per round: what disturbs the machine for some seconds disturbs all alike, and no cell in
/// all rounds.
fn measure_all(plan: &Plan) -> Vec<Table> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len}, {eta} left  {msg}").expect("the template is valid");
    let progress = ProgressBar::new(plan.measurements() as u64).with_style(style);
    let units_per_nanosecond = measure::units_per_nanosecond();
    let table = |(cell, contenders): &(Cell, Vec<&str>)| Table {
        cell: *cell,
        rows: contenders.iter().copied().map(Row::new).collect(),
    };
    let mut tables: Vec<Table> = plan.cells.iter().map(table).collect();
    for _ in 0..plan.rounds {
        for table in &mut tables {
            measure_once(plan, table, units_per_nanosecond, &progress);
        }
    }
    progress.finish_and_clear();
    tables
}

/// Measures every contender of a cell.
fn measure_once(plan: &Plan, table: &mut Table, units_per_nanosecond: f64, progress: &ProgressBar) {
    for row in &mut table.rows {
        progress.set_message(row.contender.clone());
        if row.failure.is_none() {
            let order = Order {
                cell: table.cell,
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
