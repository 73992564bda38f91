//! Uncontended paths of the spin locks beside the `spin` crate's, what one turn of each relax strategy costs, and how long four
//! threads take for a fixed amount of work. `cargo bench -p latchwork-benches --bench spinlock`; what becomes of spinning on
//! one core: `taskset -c 0 cargo bench -p latchwork-benches --bench spinlock -- fixed-work`

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use latchwork_benches::contenders::{BLOCKING, Blocking};
use latchwork_benches::{measure, ready};
use latchwork_core::sync::model::watchdog;
use latchwork_spinlock::{Backoff, Pause, Relax, RwSpinLock, SpinLock, TicketLock, Yield};

/// Measures one lock around a number, by the way it is locked.
fn case<L>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, lock: L, mut pair: impl FnMut(&L)) {
    group.bench_function(name, |b| b.iter(|| pair(black_box(&lock))));
}

fn lock_unlock(c: &mut Criterion) {
    let mut group = c.benchmark_group("spin/lock-unlock");
    case(&mut group, "latchwork", SpinLock::new(0_u64), |lock| *lock.lock() += 1);
    case(&mut group, "spin", spin::Mutex::<u64>::new(0), |lock| *lock.lock() += 1);
    case(&mut group, "std", std::sync::Mutex::new(0_u64), |lock| *lock.lock().unwrap() += 1);
    group.finish();

    let mut group = c.benchmark_group("spin/lock-async-unlock");
    case(&mut group, "latchwork", SpinLock::new(0_u64), |lock| *ready(lock.lock_async()) += 1);
    group.finish();

    let mut group = c.benchmark_group("ticket/lock-unlock");
    case(&mut group, "latchwork", TicketLock::new(0_u64), |lock| *lock.lock() += 1);
    case(&mut group, "spin", spin::mutex::TicketMutex::<u64>::new(0), |lock| *lock.lock() += 1);
    group.finish();
}

fn read_and_write(c: &mut Criterion) {
    let mut group = c.benchmark_group("rw/read-unlock");
    case(&mut group, "latchwork", RwSpinLock::new(0_u64), |lock| assert_eq!(*lock.read(), 0));
    case(&mut group, "spin", spin::RwLock::<u64>::new(0), |lock| assert_eq!(*lock.read(), 0));
    case(&mut group, "std", std::sync::RwLock::new(0_u64), |lock| assert_eq!(*lock.read().unwrap(), 0));
    group.finish();

    let mut group = c.benchmark_group("rw/write-unlock");
    case(&mut group, "latchwork", RwSpinLock::new(0_u64), |lock| *lock.write() += 1);
    case(&mut group, "spin", spin::RwLock::<u64>::new(0), |lock| *lock.write() += 1);
    case(&mut group, "std", std::sync::RwLock::new(0_u64), |lock| *lock.write().unwrap() += 1);
    group.finish();

    let mut group = c.benchmark_group("rw/upgradable-read-unlock");
    case(&mut group, "latchwork", RwSpinLock::new(0_u64), |lock| assert_eq!(*lock.upgradable_read(), 0));
    case(&mut group, "spin", spin::RwLock::<u64>::new(0), |lock| assert_eq!(*lock.upgradeable_read(), 0));
    group.finish();
}

/// The first turn of a wait, and for [`Backoff`] all turns before the first yield: 127 hints.
fn relax(c: &mut Criterion) {
    fn turns<R: Relax>(count: usize) {
        let mut turns = R::Turns::default();
        (0..count).for_each(|_| R::relax(&mut turns));
    }
    let mut group = c.benchmark_group("relax");
    group.bench_function("pause", |b| b.iter(|| turns::<Pause>(1)));
    group.bench_function("backoff-before-its-first-yield", |b| b.iter(|| turns::<Backoff>(7)));
    group.bench_function("yield", |b| b.iter(|| turns::<Yield>(1)));
    group.finish();
}

/// Four threads, each of which enters a lock so often, with a section of about a microsecond, and with none.
fn fixed_work(c: &mut Criterion) {
    const THREADS: usize = 4;
    let section = measure::units_per_nanosecond() * 1_000.0;
    for (name, entries, units) in [("0-us", 50_000, 0), ("1-us", 5_000, section as u32)] {
        let mut group = c.benchmark_group(format!("fixed-work/{name}"));
        group.sample_size(10);
        let mut case = |name: &str, lock: &dyn Blocking| {
            group.bench_function(name, |b| {
                b.iter(|| {
                    watchdog(name, || {
                        std::thread::scope(|scope| {
                            (0..THREADS).for_each(|_| {
                                scope.spawn(|| {
                                    for _ in 0..entries {
                                        lock.enter(units, false);
                                    }
                                });
                            });
                        });
                    });
                });
            });
        };
        // In turn, and never yielding: with more threads than cores each turn costs a time slice or more. They would not end in minutes.
        let ends = BLOCKING.into_iter().filter(|(name, _)| !["spin-ticket", "mcslock"].contains(name));
        ends.for_each(|(name, make)| case(name, &*make()));
        case("SpinLock, Pause", &SpinLock::<u64, Pause>::with_relax(0));
        case("SpinLock, Yield", &SpinLock::<u64, Yield>::with_relax(0));
        group.finish();
    }
}

criterion_group!(uncontended, lock_unlock, read_and_write, relax);
criterion_group!(contended, fixed_work);
criterion_main!(uncontended, contended);
