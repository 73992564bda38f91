//! Uncontended paths, every contender in one group. `cargo bench -p latchwork-benches`

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use latchwork_benches::ready;

fn lock_unlock(c: &mut Criterion) {
    let mut group = c.benchmark_group("mutex/lock-unlock");
    let mutex = latchwork_mutex::Mutex::new(0_u64);
    group.bench_function("latchwork", |b| b.iter(|| *black_box(&mutex).lock() += 1));
    let mutex = std::sync::Mutex::new(0_u64);
    group.bench_function("std", |b| b.iter(|| *black_box(&mutex).lock().unwrap() += 1));
    let mutex = parking_lot::Mutex::new(0_u64);
    group.bench_function("parking_lot", |b| b.iter(|| *black_box(&mutex).lock() += 1));
    let mutex = latchwork_spinlock::SpinLock::new(0_u64);
    group.bench_function("latchwork-spin", |b| b.iter(|| *black_box(&mutex).lock() += 1));
    group.finish();
}

fn try_lock_unlock(c: &mut Criterion) {
    let mut group = c.benchmark_group("mutex/try-lock-unlock");
    let mutex = latchwork_mutex::Mutex::new(0_u64);
    group.bench_function("latchwork", |b| b.iter(|| *black_box(&mutex).try_lock().unwrap() += 1));
    let mutex = std::sync::Mutex::new(0_u64);
    group.bench_function("std", |b| b.iter(|| *black_box(&mutex).try_lock().unwrap() += 1));
    let mutex = parking_lot::Mutex::new(0_u64);
    group.bench_function("parking_lot", |b| b.iter(|| *black_box(&mutex).try_lock().unwrap() += 1));
    group.finish();
}

fn lock_async_unlock(c: &mut Criterion) {
    let mut group = c.benchmark_group("mutex/lock-async-unlock");
    let mutex = latchwork_mutex::Mutex::new(0_u64);
    group.bench_function("latchwork", |b| b.iter(|| *ready(black_box(&mutex).lock_async()) += 1));
    let mutex = tokio::sync::Mutex::new(0_u64);
    group.bench_function("tokio", |b| b.iter(|| *ready(black_box(&mutex).lock()) += 1));
    let mutex = async_lock::Mutex::new(0_u64);
    group.bench_function("async-lock", |b| b.iter(|| *ready(black_box(&mutex).lock()) += 1));
    group.finish();
}

/// The first lock of a thread, and one inside another.
fn reentrant(c: &mut Criterion) {
    let mut group = c.benchmark_group("reentrant/lock-unlock");
    let lock = latchwork_mutex::ReentrantLock::new(0_u64);
    group.bench_function("latchwork", |b| b.iter(|| *black_box(&lock).lock()));
    group.bench_function("latchwork, nested", |b| {
        let _outer = lock.lock();
        b.iter(|| *black_box(&lock).lock());
    });
    let lock = parking_lot::ReentrantMutex::new(0_u64);
    group.bench_function("parking_lot", |b| b.iter(|| *black_box(&lock).lock()));
    group.bench_function("parking_lot, nested", |b| {
        let _outer = lock.lock();
        b.iter(|| *black_box(&lock).lock());
    });
    group.finish();
}

criterion_group!(uncontended, lock_unlock, try_lock_unlock, lock_async_unlock, reentrant);
criterion_main!(uncontended);
