//! One sample: a lock, a number of threads or tasks, a section, a slice of time.

pub mod exchange;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use latchwork_core::sync::model::watchdog_after;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::contenders::read_write::{ReadWrite, ReadWriteAsync};
use crate::contenders::{Async, Blocking, Entering, work};

/// Who reads, and who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    fn writes(self, ops: &[u64]) -> u64 {
        let of = |(index, &ops): (usize, &u64)| (0..ops).filter(|op| self.is_write(index, *op)).count() as u64;
        ops.iter().enumerate().map(of).sum()
    }
}

/// What one slice of time gave.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Operations per second, all threads together.
    pub throughput: f64,
    /// The smallest thread's operations, as a part of an equal share: 1 is fair, 0 is starved.
    pub smallest_share: f64,
    /// Processor time per operation, in nanoseconds, spinning and switching included.
    pub cpu_per_op: f64,
    /// How often a thread slept or was preempted, per operation.
    pub switches_per_op: f64,
}

/// What one slice of time gave each class, where every wait was timed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waits {
    /// Readers and writers.
    pub classes: [Class; 2],
}

/// What a class of operations got.
#[derive(Clone, Copy, Debug, Default)]
pub struct Class {
    /// Operations per second, all threads together.
    pub throughput: f64,
    /// The longest wait for the lock.
    pub longest: Duration,
}

impl Sample {
    fn new(ops: &[u64], spent: Spent) -> Self {
        let total: u64 = ops.iter().sum();
        let smallest = ops.iter().copied().min().unwrap_or(0);
        let total_or_one = total.max(1) as f64;
        Self {
            throughput: total as f64 / spent.time.as_secs_f64(),
            smallest_share: smallest as f64 * ops.len() as f64 / total_or_one,
            cpu_per_op: spent.cpu.as_nanos() as f64 / total_or_one,
            switches_per_op: spent.switches as f64 / total_or_one,
        }
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

/// Threads that enter the lock as often as they can for the length of a slice.
///
/// # Panics
///
/// If the lock does not exclude: its count differs from the threads'.
pub fn threads(name: &str, lock: &dyn Blocking, threads: usize, units: u32, slice: Duration) -> Sample {
    let (ops, sample) = on_threads(name, threads, slice, &|_, _| lock.enter(units));
    assert_eq!(lock.count(), ops.iter().sum::<u64>(), "{name} does not exclude");
    sample
}

/// Threads that read and write as often as they can for the length of a slice.
///
/// # Panics
///
/// If the lock does not exclude: its count differs from the threads' writes.
pub fn readers_and_writers(
    name: &str,
    lock: &dyn ReadWrite,
    threads: usize,
    mix: Mix,
    units: u32,
    slice: Duration,
) -> Sample {
    let (ops, sample) = on_threads(name, threads, slice, &|index, op| {
        if mix.is_write(index, op) {
            lock.write(units, false)
        } else {
            lock.read(units, false)
        };
    });
    assert_eq!(lock.count(), mix.writes(&ops), "{name} does not exclude");
    sample
}

/// The same, with the clock read twice in each operation.
///
/// # Panics
///
/// If the lock does not exclude: its count differs from the threads' writes.
pub fn waits(name: &str, lock: &dyn ReadWrite, threads: usize, mix: Mix, units: u32, slice: Duration) -> Waits {
    let nanoseconds = [0; 2].map(AtomicU64::new);
    let (ops, sample) = on_threads(name, threads, slice, &|index, op| {
        let is_write = mix.is_write(index, op);
        let waited = if is_write { lock.write(units, true) } else { lock.read(units, true) };
        let (waited, longest) = (waited.as_nanos() as u64, &nanoseconds[usize::from(is_write)]);
        if waited > longest.load(Relaxed) {
            longest.fetch_max(waited, Relaxed);
        }
    });
    let (all, writes) = (ops.iter().sum::<u64>(), mix.writes(&ops));
    assert_eq!(lock.count(), writes, "{name} does not exclude");
    let class = |ops: u64, longest: &AtomicU64| Class {
        throughput: sample.throughput * ops as f64 / all.max(1) as f64,
        longest: Duration::from_nanos(longest.load(Relaxed)),
    };
    Waits { classes: [class(all - writes, &nanoseconds[0]), class(writes, &nanoseconds[1])] }
}

/// Threads that run `enter`, with their own number and the operation's, as often as they can for the length of a slice.
fn on_threads(name: &str, threads: usize, slice: Duration, enter: &(dyn Fn(usize, u64) + Sync)) -> (Vec<u64>, Sample) {
    let stop = AtomicBool::new(false);
    let start = Barrier::new(threads + 1);
    let run = |index| {
        let mut ops = 0;
        start.wait();
        while !stop.load(Relaxed) {
            enter(index, ops);
            ops += 1;
        }
        ops
    };
    watchdog_after(name, limit(slice), || {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|index| scope.spawn(move || run(index))).collect();
            let (_, spent) = run_for(slice, &stop, || start.wait());
            let ops: Vec<u64> = threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect();
            let sample = Sample::new(&ops, spent);
            (ops, sample)
        })
    })
}

/// Tasks on a runtime that enter the lock as often as they can for the length of a slice, yielding after each time.
///
/// # Panics
///
/// If the lock does not exclude: its count differs from the tasks'.
pub fn tasks(name: &str, lock: Box<dyn Async>, runtime: &Runtime, tasks: usize, units: u32, slice: Duration) -> Sample {
    let (lock, ops, sample) = on_tasks(name, lock, runtime, tasks, slice, move |lock, _, _| lock.enter(units));
    assert_eq!(lock.count(), ops.iter().sum::<u64>(), "{name} does not exclude");
    sample
}

/// Tasks that read and write as often as they can for the length of a slice, yielding after each time.
///
/// # Panics
///
/// If the lock does not exclude: its count differs from the tasks' writes.
pub fn reading_and_writing_tasks(
    name: &str,
    lock: Box<dyn ReadWriteAsync>,
    runtime: &Runtime,
    tasks: usize,
    mix: Mix,
    units: u32,
    slice: Duration,
) -> Sample {
    let (lock, ops, sample) = on_tasks(name, lock, runtime, tasks, slice, move |lock, index, op| {
        if mix.is_write(index, op) { lock.write(units) } else { lock.read(units) }
    });
    assert_eq!(lock.count(), mix.writes(&ops), "{name} does not exclude");
    sample
}

/// Tasks that run `enter`, with their own number and the operation's, as often as they can for the length of a slice.
fn on_tasks<L: ?Sized + Send + Sync + 'static>(
    name: &str,
    lock: Box<L>,
    runtime: &Runtime,
    tasks: usize,
    slice: Duration,
    enter: impl Fn(&L, usize, u64) -> Entering<'_> + Copy + Send + Sync + 'static,
) -> (Arc<Box<L>>, Vec<u64>, Sample) {
    let lock = Arc::new(lock);
    let stop = Arc::new(AtomicBool::new(false));
    watchdog_after(name, limit(slice), || {
        let spawn = |index| {
            let (lock, stop) = (Arc::clone(&lock), Arc::clone(&stop));
            runtime.spawn(async move {
                let mut ops = 0;
                while !stop.load(Relaxed) {
                    enter(&lock, index, ops).await;
                    ops += 1;
                    tokio::task::yield_now().await;
                }
                ops
            })
        };
        let (handles, spent) = run_for(slice, &stop, || (0..tasks).map(spawn).collect::<Vec<_>>());
        let ops = runtime.block_on(join(handles));
        let sample = Sample::new(&ops, spent);
        (lock, ops, sample)
    })
}

/// Starts something, lets it run for the length of a slice, and says stop then. Returns what was started, and what it took until then.
fn run_for<R>(slice: Duration, stop: &AtomicBool, start: impl FnOnce() -> R) -> (R, Spent) {
    let (begin, (cpu_before, switches_before)) = (Instant::now(), process_usage());
    let started = start();
    std::thread::sleep(slice);
    stop.store(true, Relaxed);
    let (time, (cpu, switches)) = (begin.elapsed(), process_usage());
    (started, Spent { time, cpu: cpu - cpu_before, switches: switches - switches_before })
}

/// What the tasks return.
async fn join<R>(tasks: Vec<JoinHandle<R>>) -> Vec<R> {
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.expect("no task panics"));
    }
    results
}

/// A slice that has not ended by then hangs.
fn limit(slice: Duration) -> Duration {
    slice + Duration::from_secs(300)
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
