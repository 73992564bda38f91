//! Litmus tests of the checkers: what orders two accesses, and that a race is reported where it is missing.
//!
//! Each test says what is ordered by an edge, and then takes the edge away: the checkers must find a race. One that sees an edge too
//! many would miss it, one that sees too few would find it in the first shape, too.

mod cells;
mod fences;
mod threads;

use super::*;
use crate::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use crate::sync::model::JoinHandle;

/// The checker reports a race in this body.
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
fn model_finds_a_race(body: impl Fn() + Send + Sync + 'static) {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    let report = catch_unwind(AssertUnwindSafe(|| model(body))).expect_err("a race goes unseen");
    let report = report.downcast_ref::<String>().expect("a report is text");
    assert!(report.contains("data race") || report.contains("Causality violation"), "{report}");
}

/// Real threads report no race.
#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
fn model_finds_a_race(_: impl Fn() + Send + Sync + 'static) {}

/// What the threads of a litmus test share.
struct Shared {
    flag: AtomicU32,
    data: Data,
    other_data: Data,
}

fn shared() -> Arc<Shared> {
    Arc::new(Shared { flag: AtomicU32::new(0), data: Data::default(), other_data: Data::default() })
}

/// Runs on a thread of its own.
fn with(shared: &Arc<Shared>, body: impl FnOnce(&Shared) + Send + 'static) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    spawn(move || body(&shared))
}

/// What an operation on the flag is in a litmus test.
trait Step<R = ()>: Fn(&AtomicU32) -> R + Copy + Send + Sync + 'static {}
impl<R, F: Fn(&AtomicU32) -> R + Copy + Send + Sync + 'static> Step<R> for F {}

/// One thread writes the data, and then `write`s to the flag. If another `read`s 1 there, it reads the data.
fn message(write: impl Step, read: impl Step<u32>) -> impl Fn() + Send + Sync {
    move || {
        let shared = shared();
        let writer = with(&shared, move |shared| {
            shared.data.set(7);
            write(&shared.flag);
        });
        if read(&shared.flag) == 1 {
            assert_eq!(shared.data.get(), 7);
        }
        writer.join();
    }
}

/// One thread writes the data, and then `write`s 1 to the flag. Another `relay`s it there. If a third finds a 2, it reads the data.
fn relayed(write: impl Step, relay: impl Step) -> impl Fn() + Send + Sync {
    move || {
        let shared = shared();
        let writer = with(&shared, move |shared| {
            shared.data.set(7);
            write(&shared.flag);
        });
        let relay = with(&shared, move |shared| relay(&shared.flag));
        // No load: loom would not try it after both.
        if shared.flag.fetch_add(0, Acquire) == 2 {
            assert_eq!(shared.data.get(), 7);
        }
        writer.join();
        relay.join();
    }
}

/// What a compare-exchange has found.
fn found(result: Result<u32, u32>) -> u32 {
    result.unwrap_or_else(|value| value)
}

#[test]
fn a_release_store_publishes_to_an_acquire_load() {
    model(message(|flag| flag.store(1, Release), |flag| flag.load(Acquire)));
    // Of an access that is SeqCst, no more is asked here than of one that is acquire or release: to loom it is no more.
    model(message(|flag| flag.store(1, SeqCst), |flag| flag.load(SeqCst)));
    model_finds_a_race(message(|flag| flag.store(1, Relaxed), |flag| flag.load(Acquire)));
    model_finds_a_race(message(|flag| flag.store(1, Release), |flag| flag.load(Relaxed)));
}

#[test]
fn a_read_modify_write_publishes_by_its_release() {
    model(message(|flag| _ = flag.swap(1, Release), |flag| flag.load(Acquire)));
    model(message(|flag| _ = flag.fetch_add(1, AcqRel), |flag| flag.load(Acquire)));
    model(message(|flag| _ = flag.compare_exchange(0, 1, Release, Relaxed), |flag| flag.load(Acquire)));
    model_finds_a_race(message(|flag| _ = flag.swap(1, Relaxed), |flag| flag.load(Acquire)));
    model_finds_a_race(message(|flag| _ = flag.fetch_add(1, Acquire), |flag| flag.load(Acquire)));
    model_finds_a_race(message(|flag| _ = flag.compare_exchange(0, 1, Acquire, Acquire), |flag| flag.load(Acquire)));
}

#[test]
fn a_read_modify_write_sees_by_its_acquire() {
    model(message(|flag| flag.store(1, Release), |flag| flag.swap(2, Acquire)));
    model(message(|flag| flag.store(1, Release), |flag| flag.fetch_sub(1, AcqRel)));
    model(message(|flag| flag.store(1, Release), |flag| found(flag.compare_exchange(1, 2, Acquire, Relaxed))));
    model_finds_a_race(message(|flag| flag.store(1, Release), |flag| flag.swap(2, Relaxed)));
    model_finds_a_race(message(|flag| flag.store(1, Release), |flag| flag.fetch_sub(1, Release)));
}

#[test]
fn a_compare_exchange_that_fails_is_a_load_with_its_own_ordering() {
    model(message(|flag| flag.store(1, Release), |flag| found(flag.compare_exchange(9, 9, Relaxed, Acquire))));
    model_finds_a_race(message(
        |flag| flag.store(1, Release),
        |flag| found(flag.compare_exchange(9, 9, AcqRel, Relaxed)),
    ));
    // One that succeeds takes no account of it.
    model_finds_a_race(message(
        |flag| flag.store(1, Release),
        |flag| found(flag.compare_exchange(1, 2, Relaxed, Acquire)),
    ));
    // Nor does it publish.
    let fails = |flag: &AtomicU32| {
        flag.store(1, Relaxed);
        assert_eq!(flag.compare_exchange(9, 9, AcqRel, Acquire), Err(1));
    };
    model_finds_a_race(message(fails, |flag| flag.load(Acquire)));
}

#[test]
fn read_modify_writes_of_others_continue_a_release_sequence() {
    let adds_one = |flag: &AtomicU32| _ = flag.compare_exchange(1, 2, Relaxed, Relaxed);
    model(relayed(|flag| flag.store(1, Release), adds_one));
    model_finds_a_race(relayed(|flag| flag.store(1, Relaxed), adds_one));
    // It publishes what its own thread has done, and that is nothing.
    let publishes = |flag: &AtomicU32| _ = flag.compare_exchange(1, 2, Release, Relaxed);
    model(relayed(|flag| flag.store(1, Release), publishes));
    model_finds_a_race(relayed(|flag| flag.store(1, Relaxed), publishes));
}

#[test]
fn a_store_ends_a_release_sequence() {
    let stores = |seen, stored| {
        move |flag: &AtomicU32| {
            if flag.load(seen) == 1 {
                flag.store(2, stored);
            }
        }
    };
    model(relayed(|flag| flag.store(1, Release), stores(Acquire, Release)));
    model_finds_a_race(relayed(|flag| flag.store(1, Release), stores(Relaxed, Relaxed)));
    model_finds_a_race(relayed(|flag| flag.store(1, Release), stores(Acquire, Relaxed)));
    model_finds_a_race(relayed(|flag| flag.store(1, Release), stores(Relaxed, Release)));
    // Of the thread that began it, too.
    let twice = |flag: &AtomicU32| {
        flag.store(2, Release);
        flag.store(1, Relaxed);
    };
    model_finds_a_race(message(twice, |flag| flag.load(Acquire)));
}

/// Two threads write data of their own, and count in the flag. If a third has seen both, it reads all.
fn counted(by_one: Ordering, by_other: Ordering, read: Ordering) -> impl Fn() + Send + Sync {
    move || {
        let shared = shared();
        let one = with(&shared, move |shared| {
            shared.data.set(7);
            shared.flag.fetch_add(1, by_one);
        });
        let other = with(&shared, move |shared| {
            shared.other_data.set(8);
            shared.flag.fetch_add(1, by_other);
        });
        if shared.flag.load(read) == 2 {
            assert_eq!((shared.data.get(), shared.other_data.get()), (7, 8));
        }
        one.join();
        other.join();
    }
}

#[test]
fn a_release_sequence_publishes_what_each_has_released() {
    model(counted(Release, Release, Acquire));
    model_finds_a_race(counted(Release, Relaxed, Acquire));
    model_finds_a_race(counted(Relaxed, Release, Acquire));
    model_finds_a_race(counted(Release, Release, Relaxed));
}

/// One thread writes to the flag, and the data after that. If another has seen both, by a relaxed flag of its own, it reads the data.
fn premature(write: impl Step) -> impl Fn() + Send + Sync {
    move || {
        let (shared, is_written) = (shared(), Arc::new(AtomicU32::new(0)));
        let writer = with(&shared, {
            let is_written = Arc::clone(&is_written);
            move |shared| {
                write(&shared.flag);
                shared.data.set(7);
                is_written.store(1, Relaxed);
            }
        });
        if is_written.load(Relaxed) == 1 && shared.flag.load(Acquire) == 1 {
            shared.data.get();
        }
        writer.join();
    }
}

#[test]
fn what_comes_after_a_release_is_not_published_by_it() {
    model_finds_a_race(premature(|flag| flag.store(1, Release)));
    model_finds_a_race(premature(|flag| _ = flag.fetch_add(1, Release)));
    model_finds_a_race(premature(|flag| _ = flag.compare_exchange(0, 1, AcqRel, Relaxed)));
}
