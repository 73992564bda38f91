//! Uncontended semaphores, every contender in one group. `cargo bench -p latchwork-benches --bench semaphore`

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use latchwork_benches::ready;

const PERMITS: usize = 4;

/// For threads: what the others have for them, or an attempt where they have nothing.
fn acquire_release(c: &mut Criterion) {
    let mut group = c.benchmark_group("semaphore/acquire-release");
    let semaphore = latchwork_semaphore::Semaphore::new(PERMITS);
    group.bench_function("latchwork", |b| b.iter(|| drop(black_box(&semaphore).acquire().unwrap())));
    let semaphore = tokio::sync::Semaphore::new(PERMITS);
    group.bench_function("tokio", |b| b.iter(|| drop(black_box(&semaphore).try_acquire().unwrap())));
    let semaphore = async_lock::Semaphore::new(PERMITS);
    group.bench_function("async-lock", |b| b.iter(|| drop(black_box(&semaphore).acquire_blocking())));
    let semaphore = asyncband::semaphore::Semaphore::new(PERMITS);
    group.bench_function("asyncband", |b| b.iter(|| drop(black_box(&semaphore).try_acquire(1).unwrap())));
    let semaphore = saa::Semaphore::default();
    group.bench_function("saa", |b| {
        b.iter(|| {
            let semaphore = black_box(&semaphore);
            semaphore.acquire_sync();
            semaphore.release()
        });
    });
    group.finish();
}

fn acquire_async_release(c: &mut Criterion) {
    let mut group = c.benchmark_group("semaphore/acquire-async-release");
    let semaphore = latchwork_semaphore::Semaphore::new(PERMITS);
    group.bench_function("latchwork", |b| b.iter(|| drop(ready(black_box(&semaphore).acquire_async()).unwrap())));
    let semaphore = tokio::sync::Semaphore::new(PERMITS);
    group.bench_function("tokio", |b| b.iter(|| drop(ready(black_box(&semaphore).acquire()).unwrap())));
    let semaphore = async_lock::Semaphore::new(PERMITS);
    group.bench_function("async-lock", |b| b.iter(|| drop(ready(black_box(&semaphore).acquire()))));
    let semaphore = asyncband::semaphore::Semaphore::new(PERMITS);
    group.bench_function("asyncband", |b| b.iter(|| drop(ready(black_box(&semaphore).acquire(1)))));
    let semaphore = saa::Semaphore::default();
    group.bench_function("saa", |b| {
        b.iter(|| {
            let semaphore = black_box(&semaphore);
            ready(semaphore.acquire_async());
            semaphore.release()
        });
    });
    group.finish();
}

criterion_group!(uncontended, acquire_release, acquire_async_release);
criterion_main!(uncontended);
