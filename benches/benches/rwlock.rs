//! Uncontended reader-writer locks, every contender in one group. `cargo bench -p latchwork-benches --bench rwlock`

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use latchwork_benches::ready;

/// One group: each contender locks and releases.
macro_rules! group {
    ($c:ident, $name:literal, $($contender:literal: $lock:expr, |$it:ident| $guard:expr;)*) => {
        let mut group = $c.benchmark_group($name);
        $(
            let lock = $lock;
            group.bench_function($contender, |b| {
                b.iter(|| {
                    let $it = black_box(&lock);
                    drop($guard);
                });
            });
        )*
        group.finish();
    };
}

/// saa's lock has no guards: whether it is locked, and how to release it.
struct Locked<R: Fn() -> bool>(bool, R);

impl<R: Fn() -> bool> Drop for Locked<R> {
    fn drop(&mut self) {
        black_box(self.0 && (self.1)());
    }
}

fn read(c: &mut Criterion) {
    group! { c, "rwlock/read",
        "latchwork": latchwork_rwlock::RwLock::new(0), |it| it.read();
        "std": std::sync::RwLock::new(0), |it| it.read();
        "parking_lot": parking_lot::RwLock::new(0), |it| it.read();
        "async-lock": async_lock::RwLock::new(0), |it| it.read_blocking();
        "saa": saa::Lock::new(), |it| Locked(it.share_sync(), || it.release_share());
    }
}

fn write(c: &mut Criterion) {
    group! { c, "rwlock/write",
        "latchwork": latchwork_rwlock::RwLock::new(0), |it| it.write();
        "std": std::sync::RwLock::new(0), |it| it.write();
        "parking_lot": parking_lot::RwLock::new(0), |it| it.write();
        "async-lock": async_lock::RwLock::new(0), |it| it.write_blocking();
        "saa": saa::Lock::new(), |it| Locked(it.lock_sync(), || it.release_lock());
    }
}

fn read_async(c: &mut Criterion) {
    group! { c, "rwlock/read-async",
        "latchwork": latchwork_rwlock::RwLock::new(0), |it| ready(it.read_async());
        "tokio": tokio::sync::RwLock::new(0), |it| ready(it.read());
        "async-lock": async_lock::RwLock::new(0), |it| ready(it.read());
        "asyncband": asyncband::rwlock::RwLock::new(0), |it| ready(it.read());
        "saa": saa::Lock::new(), |it| Locked(ready(it.share_async()), || it.release_share());
    }
}

fn write_async(c: &mut Criterion) {
    group! { c, "rwlock/write-async",
        "latchwork": latchwork_rwlock::RwLock::new(0), |it| ready(it.write_async());
        "tokio": tokio::sync::RwLock::new(0), |it| ready(it.write());
        "async-lock": async_lock::RwLock::new(0), |it| ready(it.write());
        "asyncband": asyncband::rwlock::RwLock::new(0), |it| ready(it.write());
        "saa": saa::Lock::new(), |it| Locked(ready(it.lock_async()), || it.release_lock());
    }
}

criterion_group!(uncontended, read, write, read_async, write_async);
criterion_main!(uncontended);
