//! What is printed.

use indicatif::ProgressBar;
use latchwork_benches::measure::{Sample, Waits};

/// The samples of one contender in one cell.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) samples: Vec<Sample>,
}

/// A median with its spread: half of the values are between the quartiles.
struct Spread {
    lower: f64,
    median: f64,
    upper: f64,
}

impl Row {
    fn spread(&self, value: impl Fn(&Sample) -> f64) -> Spread {
        let mut values: Vec<f64> = self.samples.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        let quantile = |quarters: usize| values[(values.len() - 1) * quarters / 4];
        Spread { lower: quantile(1), median: quantile(2), upper: quantile(3) }
    }

    /// How this contender's throughput compares with another's in the same round.
    fn ratio(&self, other: &Self) -> Spread {
        let pairs = self.samples.iter().zip(&other.samples);
        let samples =
            pairs.map(|(own, other)| Sample { throughput: own.throughput / other.throughput, ..*own }).collect();
        Row { name: self.name, samples }.spread(|sample| sample.throughput)
    }
}

/// Prints the rows of a cell.
pub(crate) fn cell(progress: &ProgressBar, title: &str, rows: &[Row]) {
    let Some(first) = rows.first() else { return };
    progress.suspend(|| {
        println!("{title}");
        println!(
            "  {:<14} {:>26} {:>24} {:>6} {:>9} {:>9}",
            "",
            "million/s",
            format!("ratio to {}", first.name),
            "share",
            "cpu, ns",
            "switches"
        );
        for row in rows {
            let throughput = row.spread(|sample| sample.throughput / 1e6);
            let ratio = row.ratio(first);
            println!(
                "  {:<14} {:>8.3} [{:>7.3}, {:>7.3}] {:>8.2} [{:>5.2}, {:>5.2}] {:>6.2} {:>9.0} {:>9.3}",
                row.name,
                throughput.median,
                throughput.lower,
                throughput.upper,
                ratio.median,
                ratio.lower,
                ratio.upper,
                row.spread(|sample| sample.smallest_share).median,
                row.spread(|sample| sample.cpu_per_op).median,
                row.spread(|sample| sample.switches_per_op).median,
            );
        }
        println!();
    });
}

/// Says at which sections blocking wins over spinning.
pub(crate) fn answer(cells: &[(usize, u32, Vec<Row>)]) {
    println!(
        "Spin or block? `SpinLock` never blocks; `Mutex` turns for a moment, and then blocks. By medians, blocking has"
    );
    let mut threads: Vec<usize> = cells.iter().map(|(threads, ..)| *threads).filter(|threads| *threads > 1).collect();
    threads.dedup();
    for threads in threads {
        let sections = |wins: &dyn Fn(&Row, &Row) -> bool| {
            let won = cells.iter().filter(|(cell_threads, ..)| *cell_threads == threads).filter(|(.., rows)| {
                match (named(rows, "Mutex"), named(rows, "SpinLock")) {
                    (Some(block), Some(spin)) => wins(block, spin),
                    _ => false,
                }
            });
            let won: Vec<String> = won.map(|(_, section, _)| section.to_string()).collect();
            if won.is_empty() { "no section".to_owned() } else { format!("sections of {} ns", won.join(", ")) }
        };
        let throughput = sections(&|block, spin| {
            block.spread(|sample| sample.throughput).median >= spin.spread(|sample| sample.throughput).median
        });
        let cpu = sections(&|block, spin| {
            block.spread(|sample| sample.cpu_per_op).median <= spin.spread(|sample| sample.cpu_per_op).median
        });
        println!("  {threads:>2} threads: the higher throughput at {throughput}; the lower processor time at {cpu}");
    }
}

fn named<'a>(rows: &'a [Row], name: &str) -> Option<&'a Row> {
    rows.iter().find(|row| row.name == name)
}

/// Prints what each class got where every wait was timed.
pub(crate) fn waits(progress: &ProgressBar, title: &str, rows: &[(&'static str, Waits)]) {
    progress.suspend(|| {
        println!("{title}");
        println!("  {:<12} {:>33} {:>33}", "", "reads: million/s, longest wait", "writes: million/s, longest wait");
        for (name, waits) in rows {
            let [reads, writes] = waits
                .classes
                .map(|class| format!("{:.4} {:>14.1} us", class.throughput / 1e6, class.longest.as_secs_f64() * 1e6));
            println!("  {name:<12} {reads:>33} {writes:>33}");
        }
        println!();
    });
}
