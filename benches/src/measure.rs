//! One sample: a lock, a number of threads or tasks, a section, a slice of time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use latchwork_core::sync::model::watchdog;

use crate::contenders::{Async, Blocking, ReadWrite, work};

/// Of so many operations of a thread that reads and writes, the first is a write.
pub const READS_PER_WRITE: u64 = 16;

/// What one slice of time gave.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Operations per second, all threads together.
    pub throughput: f64,
    /// The smallest thread's operations, as a part of an equal share: 1 is fair, 0 is starved.
    pub smallest_share: f64,
    /// Processor time per operation, in nanoseconds, spinning and switching included.
    pub cpu_per_op: f64,
}

impl Sample {
    fn new(ops: &[u64], elapsed: Duration, cpu: Duration) -> Self {
        let total: u64 = ops.iter().sum();
        let smallest = ops.iter().copied().min().unwrap_or(0);
        let total_or_one = total.max(1) as f64;
        Self {
            throughput: total as f64 / elapsed.as_secs_f64(),
            smallest_share: smallest as f64 * ops.len() as f64 / total_or_one,
            cpu_per_op: cpu.as_nanos() as f64 / total_or_one,
        }
    }
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
    let (ops, sample) = on_threads(name, threads, slice, &|_| lock.enter(units));
    assert_eq!(lock.count(), ops.iter().sum::<u64>(), "{name} does not exclude");
    sample
}

/// Threads that read, and write once in so many times, as often as they can for the length of a slice.
///
/// # Panics
///
/// If the lock does not exclude: its count differs from the threads' writes.
pub fn readers(name: &str, lock: &dyn ReadWrite, threads: usize, units: u32, slice: Duration) -> Sample {
    let (ops, sample) = on_threads(name, threads, slice, &|op| {
        if op % READS_PER_WRITE == 0 { lock.write(units) } else { lock.read(units) }
    });
    let writes: u64 = ops.iter().map(|ops| ops.div_ceil(READS_PER_WRITE)).sum();
    assert_eq!(lock.count(), writes, "{name} does not exclude");
    sample
}

/// Threads that run `enter`, with the number of the operation, as often as they can for the length of a slice.
fn on_threads(name: &str, threads: usize, slice: Duration, enter: &(dyn Fn(u64) + Sync)) -> (Vec<u64>, Sample) {
    let stop = AtomicBool::new(false);
    let start = Barrier::new(threads + 1);
    let run = || {
        let mut ops = 0;
        start.wait();
        while !stop.load(Relaxed) {
            enter(ops);
            ops += 1;
        }
        ops
    };
    watchdog(name, limit(slice), || {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
            start.wait();
            let (begin, cpu) = (Instant::now(), process_time());
            std::thread::sleep(slice);
            stop.store(true, Relaxed);
            let (elapsed, cpu) = (begin.elapsed(), process_time() - cpu);
            let ops: Vec<u64> = threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect();
            let sample = Sample::new(&ops, elapsed, cpu);
            (ops, sample)
        })
    })
}

/// Tasks on a runtime that enter the lock as often as they can for the length of a slice, yielding after each time.
///
/// # Panics
///
/// If the lock does not exclude: its count differs from the tasks'.
pub fn tasks(
    name: &str,
    lock: Box<dyn Async>,
    runtime: &tokio::runtime::Runtime,
    tasks: usize,
    units: u32,
    slice: Duration,
) -> Sample {
    let shared = Arc::new((lock, AtomicBool::new(false), (0..tasks).map(|_| AtomicU64::new(0)).collect::<Vec<_>>()));
    watchdog(name, limit(slice), || {
        let (begin, cpu) = (Instant::now(), process_time());
        let handles: Vec<_> = (0..tasks)
            .map(|index| {
                let shared = Arc::clone(&shared);
                runtime.spawn(async move {
                    let (lock, stop, ops) = &*shared;
                    while !stop.load(Relaxed) {
                        lock.enter(units).await;
                        ops[index].fetch_add(1, Relaxed);
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        std::thread::sleep(slice);
        shared.1.store(true, Relaxed);
        let (elapsed, cpu) = (begin.elapsed(), process_time() - cpu);
        runtime.block_on(async {
            for handle in handles {
                handle.await.expect("no task panics");
            }
        });
        let ops: Vec<u64> = shared.2.iter().map(|ops| ops.load(Relaxed)).collect();
        assert_eq!(shared.0.count(), ops.iter().sum::<u64>(), "{name} does not exclude");
        Sample::new(&ops, elapsed, cpu)
    })
}

/// A slice that has not ended by then hangs.
fn limit(slice: Duration) -> Duration {
    slice + Duration::from_secs(30)
}

/// Processor time of this process so far.
fn process_time() -> Duration {
    #[cfg(target_os = "linux")]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Duration::try_from(time).unwrap_or_default()
    }
    #[cfg(not(target_os = "linux"))]
    Duration::ZERO
}
