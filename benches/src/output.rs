//! What is written for other programs: all that was measured, as JSON, and as CSV with a line for each class of waits.

use std::io;

use latchwork_benches::cell::Crew;
use serde::Serialize;

use crate::results::Results;

/// A line of CSV: one class of waits of one contender in one round of a cell.
#[derive(Serialize)]
struct Line<'a> {
    cell: &'a str,
    kind: &'a str,
    parties: usize,
    section_ns: u32,
    outside_percent: u32,
    contender: &'a str,
    round: usize,
    ops_per_second: f64,
    smallest_share: f64,
    largest_share: f64,
    cpu_ns_per_op: f64,
    switches_per_op: f64,
    fences_per_op: f64,
    lost_ns: u64,
    class: &'a str,
    wait_median_ns: u64,
    wait_p99_ns: u64,
    wait_p999_ns: u64,
    wait_longest_ns: u64,
}

/// All of it as JSON.
pub(crate) fn json(results: &Results) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(results)?;
    text.push(b'\n');
    Ok(text)
}

/// All of it as CSV, with a line of names first.
pub(crate) fn csv(results: &Results) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for table in &results.tables {
        let cell = table.cell.to_string();
        let kind = if let Crew::Threads(_) = table.cell.crew { "threads" } else { "tasks" };
        for row in &table.rows {
            for (round, slice) in row.slices.iter().enumerate() {
                for (class, waits) in table.cell.classes().iter().copied().zip(&slice.waits) {
                    writer.serialize(Line {
                        cell: &cell,
                        kind,
                        parties: table.cell.crew.size(),
                        section_ns: table.cell.section,
                        outside_percent: table.cell.outside,
                        contender: &row.contender,
                        round,
                        ops_per_second: slice.sample.throughput,
                        smallest_share: slice.sample.smallest_share,
                        largest_share: slice.sample.largest_share,
                        cpu_ns_per_op: slice.sample.cpu_per_op,
                        switches_per_op: slice.sample.switches_per_op,
                        fences_per_op: slice.sample.fences_per_op,
                        lost_ns: slice.sample.lost,
                        class,
                        wait_median_ns: waits.median,
                        wait_p99_ns: waits.p99,
                        wait_p999_ns: waits.p999,
                        wait_longest_ns: waits.longest,
                    })?;
                }
            }
        }
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}
