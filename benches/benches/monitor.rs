//! Uncontended monitors and condition variables, every contender in one group. `cargo bench -p latchwork-benches --bench monitor`

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use latchwork_benches::ready;
use latchwork_monitor::{Condvar, Monitor};

/// One group: each contender enters and leaves.
macro_rules! group {
    ($c:ident, $name:literal, $($contender:literal: $lock:expr, |$it:ident| $run:expr;)*) => {
        let mut group = $c.benchmark_group($name);
        $(
            let lock = $lock;
            group.bench_function($contender, |b| {
                b.iter(|| {
                    let $it = black_box(&lock);
                    $run
                });
            });
        )*
        group.finish();
    };
}

/// The value is read.
fn enter(c: &mut Criterion) {
    group! { c, "monitor/enter",
        "latchwork": Monitor::new(0_u64), |it| *it.enter();
        "latchwork mutex": latchwork_mutex::Mutex::new(0_u64), |it| *it.lock();
        "parking_lot mutex": parking_lot::Mutex::new(0_u64), |it| *it.lock();
        "std mutex": std::sync::Mutex::new(0_u64), |it| *it.lock().unwrap();
    }
}

/// The value is changed: those who wait for a predicate would be asked.
fn enter_change(c: &mut Criterion) {
    group! { c, "monitor/enter-change",
        "latchwork": Monitor::new(0_u64), |it| *it.enter() += 1;
        "latchwork mutex": latchwork_mutex::Mutex::new(0_u64), |it| *it.lock() += 1;
        "parking_lot mutex": parking_lot::Mutex::new(0_u64), |it| *it.lock() += 1;
        "std mutex": std::sync::Mutex::new(0_u64), |it| *it.lock().unwrap() += 1;
    }
}

/// By a predicate that holds, or a condition variable that need not be waited for.
fn enter_when(c: &mut Criterion) {
    group! { c, "monitor/enter-when",
        "latchwork": Monitor::new(0_u64), |it| *it.enter_when(|value| *value == 0);
        "latchwork condition": {
            let monitor = Monitor::new(0_u64);
            (monitor.condition(), monitor)
        }, |it| {
            let mut guard = it.1.enter();
            guard.wait_while(&it.0, |value| *value != 0);
            *guard
        };
        "latchwork condvar": (Condvar::new(), latchwork_mutex::Mutex::new(0_u64)), |it| {
            let mut guard = it.1.lock();
            it.0.wait_while(&mut guard, |value| *value != 0);
            *guard
        };
        "parking_lot condvar": (parking_lot::Condvar::new(), parking_lot::Mutex::new(0_u64)), |it| {
            let mut guard = it.1.lock();
            it.0.wait_while(&mut guard, |value| *value != 0);
            *guard
        };
        "std condvar": (std::sync::Condvar::new(), std::sync::Mutex::new(0_u64)), |it| {
            *it.0.wait_while(it.1.lock().unwrap(), |value| *value != 0).unwrap()
        };
    }
}

fn enter_async(c: &mut Criterion) {
    group! { c, "monitor/enter-async",
        "latchwork": Monitor::new(0_u64), |it| *ready(it.enter_async());
        "latchwork mutex": latchwork_mutex::Mutex::new(0_u64), |it| *ready(it.lock_async());
        "tokio mutex": tokio::sync::Mutex::new(0_u64), |it| *ready(it.lock());
        "asyncband mutex": asyncband::mutex::Mutex::new(0_u64), |it| *ready(it.lock());
    }
}

/// By a predicate that holds. tokio has no condition variable: its mutex is locked, and the value looked at.
fn enter_when_async(c: &mut Criterion) {
    group! { c, "monitor/enter-when-async",
        "latchwork": Monitor::new(0_u64), |it| *ready(it.enter_when_async(|value| *value == 0));
        "tokio mutex": tokio::sync::Mutex::new(0_u64), |it| {
            let guard = ready(it.lock());
            assert_eq!(*guard, 0);
            *guard
        };
        "asyncband condvar": (asyncband::condvar::Condvar::new(), asyncband::mutex::Mutex::new(0_u64)), |it| {
            *ready(async { it.0.wait_while(it.1.lock().await, |value| *value != 0).await })
        };
    }
}

/// Where nobody waits.
fn notify_one(c: &mut Criterion) {
    let monitor = Monitor::new(0_u64);
    let guard = monitor.enter();
    group! { c, "condvar/notify-one",
        "latchwork": Condvar::new(), |it| it.notify_one();
        "latchwork condition": monitor.condition(), |it| it.notify_one(&guard);
        "parking_lot": parking_lot::Condvar::new(), |it| it.notify_one();
        "std": std::sync::Condvar::new(), |it| it.notify_one();
        "asyncband": asyncband::condvar::Condvar::new(), |it| it.notify_one();
    }
}

criterion_group!(uncontended, enter, enter_change, enter_when, enter_async, enter_when_async, notify_one);
criterion_main!(uncontended);
