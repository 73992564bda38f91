//! What was measured.

use latchwork_benches::cell::Cell;
use latchwork_benches::measure::{Sample, Slice, Waits};
use serde::{Deserialize, Serialize};

use crate::setting::Setting;

/// What a run has measured, and where.
#[derive(Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) setting: Setting,
    /// One for each cell.
    pub(crate) tables: Vec<Table>,
}

impl Results {
    pub(crate) fn table(&self, cell: Cell) -> Option<&Table> {
        self.tables.iter().find(|table| table.cell == cell)
    }
}

/// What was measured in a cell.
#[derive(Serialize, Deserialize)]
pub(crate) struct Table {
    pub(crate) cell: Cell,
    /// One for each contender. Ratios refer to the first.
    pub(crate) rows: Vec<Row>,
}

impl Table {
    pub(crate) fn row(&self, contender: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.contender == contender)
    }
}

/// What was measured of one contender.
#[derive(Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) contender: String,
    /// One for each round.
    pub(crate) slices: Vec<Slice>,
    /// Why there are no more of them.
    pub(crate) failure: Option<String>,
}

/// What contenders are compared by.
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) of: fn(&Sample) -> f64,
    pub(crate) more_is_better: bool,
}

pub(crate) const MEASURES: [Measure; 2] = [
    Measure { name: "throughput", unit: "operations per second", of: |sample| sample.throughput, more_is_better: true },
    Measure {
        name: "processor time",
        unit: "nanoseconds per operation",
        of: |sample| sample.cpu_per_op,
        more_is_better: false,
    },
];

/// A median with its spread: the smallest and the largest.
///
/// Of few rounds, quartiles promise too much: of pairs of contenders whose quartiles lie apart in each of two runs of 5 rounds, 6 of 1571
/// change places, of those that do not overlap none of 1143 (`-- --baseline`).
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) lower: f64,
    pub(crate) median: f64,
    pub(crate) upper: f64,
}

impl Spread {
    /// Of some values; of none, where there is none.
    fn new(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        Some(Self { lower: values[0], median: values[last / 2], upper: values[last] })
    }

    /// Whether all values of the one are on one side of all of the other.
    pub(crate) fn is_apart_from(self, other: Self) -> bool {
        self.lower > other.upper || self.upper < other.lower
    }
}

impl Row {
    pub(crate) fn new(contender: &str) -> Self {
        Self { contender: contender.to_owned(), slices: Vec::new(), failure: None }
    }

    /// Of all rounds, if there was one.
    pub(crate) fn spread(&self, value: impl Fn(&Sample) -> f64) -> Option<Spread> {
        Spread::new(self.slices.iter().map(|slice| value(&slice.sample)))
    }

    /// How a value compares with another contender's in the same round.
    pub(crate) fn ratio(&self, other: &Self, value: impl Fn(&Sample) -> f64) -> Option<Spread> {
        let pairs = self.slices.iter().zip(&other.slices);
        Spread::new(pairs.map(|(own, other)| value(&own.sample) / value(&other.sample)))
    }

    /// The waits of a class: medians of all rounds, and the longest of all.
    pub(crate) fn waits(&self, class: usize) -> Option<Waits> {
        let waits = || self.slices.iter().filter_map(|slice| slice.waits.get(class));
        let median = |value: fn(&Waits) -> u64| {
            Spread::new(waits().map(|waits| value(waits) as f64)).map(|spread| spread.median as u64)
        };
        Some(Waits {
            median: median(|waits| waits.median)?,
            p99: median(|waits| waits.p99)?,
            p999: median(|waits| waits.p999)?,
            longest: waits().map(|waits| waits.longest).max()?,
        })
    }

    /// In how many rounds a thread or task did nothing.
    pub(crate) fn starved(&self) -> usize {
        self.slices.iter().filter(|slice| slice.sample.smallest_share == 0.0).count()
    }

    /// In how many rounds the machine did not run all the time.
    pub(crate) fn disturbed(&self) -> usize {
        self.slices.iter().filter(|slice| slice.sample.is_disturbed()).count()
    }
}
