//! One slice of time: a lock, threads or tasks that use it, and what they got.

pub mod exchange;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use latchwork_core::fence::heavy_count;
use latchwork_core::sync::model::watchdog_after;
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::contenders::read_write::{ReadWrite, ReadWriteAsync};
use crate::contenders::{Async, Blocking, Entering, work};

/// What is done in a slice of time.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many threads or tasks do it, as often as they can.
    pub parties: usize,
    /// How many threads share a core, at most.
    pub threads_per_core: u32,
    /// Units of [`work`] in a section.
    pub inside: u32,
    /// Units of [`work`] between two sections.
    pub outside: u32,
    /// How long they do it.
    pub slice: Duration,
    /// How much longer it may take, before the contender is given up.
    pub bound: Duration,
    /// Whether each wait is timed, for which the clock is read twice.
    pub is_timed: bool,
}

impl Load {
    /// A slice that has not ended by then hangs.
    fn limit(&self) -> Duration {
        self.slice + self.bound
    }
}

/// Who reads, and who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mix {
    /// Everybody writes that many of 100 times, evenly spread, and reads otherwise.
    Writes(u32),
    /// All write but one.
    WriterStorm,
    /// All read but one.
    ReaderStorm,
}

impl Mix {
    /// Whether this operation of this thread or task is a write.
    const fn is_write(self, index: usize, op: u64) -> bool {
        match self {
            // The threads are out of step with one another.
            Self::Writes(percent) => (op + index as u64 * 37) * percent as u64 % 100 < percent as u64,
            Self::WriterStorm => index != 0,
            Self::ReaderStorm => index == 0,
        }
    }

    /// How many writes are among so many operations of each.
    fn writes(self, ops: &[u64]) -> u64 {
        let of = |(index, &ops): (usize, &u64)| (0..ops).filter(|op| self.is_write(index, *op)).count() as u64;
        ops.iter().enumerate().map(of).sum()
    }
}

/// What a slice of time gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Slice {
    /// What was done.
    pub sample: Sample,
    /// How long each class of operations waited, where that was timed.
    pub waits: Vec<Waits>,
}

/// What was done in a slice of time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Operations per second, all threads together.
    pub throughput: f64,
    /// The smallest thread's operations, as a part of an equal share: 1 is fair, 0 is starved.
    pub smallest_share: f64,
    /// The largest thread's operations, as a part of an equal share.
    pub largest_share: f64,
    /// Processor time per operation, in nanoseconds, spinning and switching included.
    pub cpu_per_op: f64,
    /// How often a thread slept or was preempted, per operation.
    pub switches_per_op: f64,
    /// How often all running threads had to pass a fence, per operation: [`latchwork_core::fence::heavy`].
    #[serde(default)]
    pub fences_per_op: f64,
    /// For how long the machine did not run, in nanoseconds, as far as that can be known: others had its processors, or a thread that
    /// slept for a millisecond overslept.
    pub lost: u64,
}

impl Sample {
    /// Whether the machine did not run all the time.
    #[must_use]
    pub const fn is_disturbed(&self) -> bool {
        self.lost > 0
    }

    fn new(ops: &[u64], spent: Spent) -> Self {
        let total: u64 = ops.iter().sum();
        let total_or_one = total.max(1) as f64;
        let share = |ops: Option<&u64>| ops.map_or(0.0, |&ops| ops as f64) / total_or_one;
        let parties = ops.len() as f64;
        Self {
            throughput: total as f64 / spent.time.as_secs_f64(),
            smallest_share: share(ops.iter().min()) * parties,
            largest_share: share(ops.iter().max()) * parties,
            cpu_per_op: spent.cpu.as_nanos() as f64 / total_or_one,
            switches_per_op: spent.switches as f64 / total_or_one,
            fences_per_op: spent.fences as f64 / total_or_one,
            lost: spent.lost.as_nanos() as u64,
        }
    }
}

/// Measures until the machine runs all the time, so often at most, and returns the slice in which it ran most. What the contender did
/// has no part in the choice. None, where a measurement is not possible.
pub fn undisturbed(attempts: usize, mut measure: impl FnMut() -> Option<Slice>) -> Option<Slice> {
    let mut best = measure()?;
    for _ in 1..attempts {
        if !best.sample.is_disturbed() {
            break;
        }
        let slice = measure()?;
        if slice.sample.lost < best.sample.lost {
            best = slice;
        }
    }
    Some(best)
}

/// How long operations of one class waited, in nanoseconds, to two digits.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Waits {
    /// Half of them waited for no longer.
    pub median: u64,
    /// 99 of 100 waited for no longer.
    pub p99: u64,
    /// 999 of 1000 waited for no longer.
    pub p999: u64,
    /// None waited for longer.
    pub longest: u64,
}

impl Waits {
    fn new(histogram: &Histogram<u64>) -> Self {
        Self {
            median: histogram.value_at_quantile(0.5),
            p99: histogram.value_at_quantile(0.99),
            p999: histogram.value_at_quantile(0.999),
            longest: histogram.max(),
        }
    }
}

/// What one thread or task has done.
struct Record {
    ops: u64,
    /// How long it waited, by class; none where that is not timed.
    waits: Vec<Histogram<u64>>,
}

impl Record {
    fn new(classes: usize, is_timed: bool) -> Self {
        let waits = || Histogram::new(2).expect("two digits are possible");
        let classes = if is_timed { classes } else { 0 };
        Self { ops: 0, waits: std::iter::repeat_with(waits).take(classes).collect() }
    }

    fn count(&mut self, class: usize, waited: Duration) {
        self.ops += 1;
        if let Some(waits) = self.waits.get_mut(class) {
            waits.record(waited.as_nanos() as u64).expect("it grows");
        }
    }

    /// The operations of each, and the waits of all.
    fn gather(records: Vec<Self>) -> (Vec<u64>, Vec<Waits>) {
        let ops = records.iter().map(|record| record.ops).collect();
        let all = records.into_iter().map(|record| record.waits).reduce(|mut all, waits| {
            all.iter_mut().zip(&waits).for_each(|(all, waits)| all.add(waits).expect("it grows"));
            all
        });
        (ops, all.iter().flatten().map(Waits::new).collect())
    }
}

/// What a slice took.
#[derive(Clone, Copy, Debug)]
struct Spent {
    time: Duration,
    /// Processor time of all threads.
    cpu: Duration,
    /// Context switches of all threads.
    switches: u64,
    /// Heavy fences.
    fences: u64,
    /// How long the machine did not run.
    lost: Duration,
}

/// How many units of [`work`] take a nanosecond on this machine now.
pub fn units_per_nanosecond() -> f64 {
    const UNITS: u32 = 200_000;
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let start = Instant::now();
        work(UNITS);
        best = best.min(start.elapsed());
    }
    f64::from(UNITS) / best.as_nanos() as f64
}

/// Threads that enter the lock.
///
/// # Panics
///
/// If the lock does not exclude: its count differs from the threads'.
pub fn threads(name: &str, lock: &dyn Blocking, load: &Load) -> Slice {
    let (ops, slice) = on_threads(name, load, None, &|_| lock.enter(load.inside, load.is_timed));
    assert_eq!(lock.count(), ops.iter().sum::<u64>(), "{name} does not exclude");
    slice
}

/// Threads that read and write. They wait in two classes: readers and writers.
///
/// # Panics
///
/// If the lock does not exclude: its count differs from the threads' writes.
pub fn readers_and_writers(name: &str, lock: &dyn ReadWrite, mix: Mix, load: &Load) -> Slice {
    let (ops, slice) = on_threads(name, load, Some(mix), &|is_write| {
        if is_write { lock.write(load.inside, load.is_timed) } else { lock.read(load.inside, load.is_timed) }
    });
    assert_eq!(lock.count(), mix.writes(&ops), "{name} does not exclude");
    slice
}

/// Threads that run `enter`. It is told whether to write, and returns how long it waited.
fn on_threads(
    name: &str,
    load: &Load,
    mix: Option<Mix>,
    enter: &(dyn Fn(bool) -> Duration + Sync),
) -> (Vec<u64>, Slice) {
    let stop = AtomicBool::new(false);
    let start = Barrier::new(load.parties + 1);
    let run = |index| {
        let mut record = Record::new(classes(mix), load.is_timed);
        start.wait();
        while !stop.load(Relaxed) {
            let is_write = mix.is_some_and(|mix| mix.is_write(index, record.ops));
            let waited = enter(is_write);
            record.count(usize::from(is_write), waited);
            work(load.outside);
        }
        record
    };
    watchdog_after(name, load.limit(), || {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..load.parties).map(|index| scope.spawn(move || run(index))).collect();
            let (_, spent) = run_for(load, &stop, || start.wait());
            let records = threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect();
            let (ops, waits) = Record::gather(records);
            let sample = Sample::new(&ops, spent);
            (ops, Slice { sample, waits })
        })
    })
}

/// Tasks on a runtime that enter the lock, yielding after each time.
///
/// # Panics
///
/// If the lock does not exclude: its count differs from the tasks'.
pub fn tasks(name: &str, lock: Box<dyn Async>, runtime: &Runtime, load: &Load) -> Slice {
    let Load { inside, is_timed, .. } = *load;
    let (lock, ops, slice) = on_tasks(name, lock, runtime, load, None, move |lock, _| lock.enter(inside, is_timed));
    assert_eq!(lock.count(), ops.iter().sum::<u64>(), "{name} does not exclude");
    slice
}

/// Tasks that read and write, yielding after each time. They wait in two classes: readers and writers.
///
/// # Panics
///
/// If the lock does not exclude: its count differs from the tasks' writes.
pub fn reading_and_writing_tasks(
    name: &str,
    lock: Box<dyn ReadWriteAsync>,
    runtime: &Runtime,
    mix: Mix,
    load: &Load,
) -> Slice {
    let Load { inside, is_timed, .. } = *load;
    let (lock, ops, slice) = on_tasks(name, lock, runtime, load, Some(mix), move |lock, is_write| {
        if is_write { lock.write(inside, is_timed) } else { lock.read(inside, is_timed) }
    });
    assert_eq!(lock.count(), mix.writes(&ops), "{name} does not exclude");
    slice
}

/// Tasks that run `enter`. It is told whether to write, and is ready with how long it waited.
fn on_tasks<L: Send + Sync + 'static>(
    name: &str,
    lock: L,
    runtime: &Runtime,
    load: &Load,
    mix: Option<Mix>,
    enter: impl Fn(&L, bool) -> Entering<'_> + Copy + Send + Sync + 'static,
) -> (Arc<L>, Vec<u64>, Slice) {
    let lock = Arc::new(lock);
    let stop = Arc::new(AtomicBool::new(false));
    let Load { parties, outside, is_timed, .. } = *load;
    watchdog_after(name, load.limit(), || {
        let spawn = |index| {
            let (lock, stop) = (Arc::clone(&lock), Arc::clone(&stop));
            runtime.spawn(async move {
                let mut record = Record::new(classes(mix), is_timed);
                while !stop.load(Relaxed) {
                    let is_write = mix.is_some_and(|mix| mix.is_write(index, record.ops));
                    let waited = enter(&lock, is_write).await;
                    record.count(usize::from(is_write), waited);
                    work(outside);
                    tokio::task::yield_now().await;
                }
                record
            })
        };
        let (handles, spent) = run_for(load, &stop, || (0..parties).map(spawn).collect::<Vec<_>>());
        let (ops, waits) = Record::gather(runtime.block_on(join(handles)));
        let sample = Sample::new(&ops, spent);
        (lock, ops, Slice { sample, waits })
    })
}

/// In how many classes they wait: readers and writers are told apart.
const fn classes(mix: Option<Mix>) -> usize {
    if mix.is_some() { 2 } else { 1 }
}

/// Starts something, lets it run for the length of a slice, and says stop then. Returns what was started, and what it took until then.
fn run_for<R>(load: &Load, stop: &AtomicBool, start: impl FnOnce() -> R) -> (R, Spent) {
    let (stolen_before, fences_before) = (stolen(), heavy_count());
    let (begin, (cpu_before, switches_before)) = (Instant::now(), process_usage());
    let started = start();
    let overslept = sleep(load);
    stop.store(true, Relaxed);
    let (time, (cpu, switches)) = (begin.elapsed(), process_usage());
    let lost = stolen().saturating_sub(stolen_before).max(overslept);
    let fences = heavy_count() - fences_before;
    (started, Spent { time, cpu: cpu - cpu_before, switches: switches - switches_before, fences, lost })
}

/// Sleeps for the length of a slice, a millisecond at a time. Returns for how long it overslept, beyond what is usual.
fn sleep(load: &Load) -> Duration {
    const STEP: Duration = Duration::from_millis(1);
    // Where there is no core for each, this one may wait for a turn of each thread that spins on its core.
    let usual = if load.parties > cores() { 4 * STEP * load.threads_per_core } else { STEP };
    let end = Instant::now() + load.slice;
    let mut overslept = Duration::ZERO;
    loop {
        let begin = Instant::now();
        let step = STEP.min(end.saturating_duration_since(begin));
        if step.is_zero() {
            return overslept;
        }
        std::thread::sleep(step);
        let late = begin.elapsed().saturating_sub(step);
        if late > usual {
            overslept += late;
        }
    }
}

/// How many threads run at a time.
pub fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// What the tasks return.
async fn join<R>(tasks: Vec<JoinHandle<R>>) -> Vec<R> {
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.expect("no task panics"));
    }
    results
}

/// Processor time and context switches of this process so far.
#[cfg(unix)]
fn process_usage() -> (Duration, u64) {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;

    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return (Duration::ZERO, 0) };
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let switches = usage.voluntary_context_switches() + usage.involuntary_context_switches();
    (Duration::from_micros(microseconds.unsigned_abs()), switches.unsigned_abs())
}

/// Not known here.
#[cfg(not(unix))]
fn process_usage() -> (Duration, u64) {
    (Duration::ZERO, 0)
}

/// For how long other virtual machines have had processors that this one could have used, all processors together.
#[cfg(target_os = "linux")]
fn stolen() -> Duration {
    use procfs::{CurrentSI, KernelStats};

    KernelStats::current().ok().and_then(|stats| stats.total.steal_duration()).unwrap_or_default()
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
fn stolen() -> Duration {
    Duration::ZERO
}
