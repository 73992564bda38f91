//! Cells: which accesses have to be ordered.

use std::sync::Mutex;

use super::*;
use crate::sync::cell::{Claim, UnsafeCell};

/// A cell that races are looked for in.
struct Cell(UnsafeCell<u32>);

// SAFETY: the value is never reached.
unsafe impl Sync for Cell {}
// SAFETY: as above.
unsafe impl Send for Cell {}

/// A claim that goes to another thread, as that of a guard does.
struct Guard(Claim);

// SAFETY: the claim is a checker's, or nothing; the checkers run all threads of a model on one thread of the system.
unsafe impl Send for Guard {}

/// Two threads read the data, and count in the flag. If a third has seen so many, it writes the data.
fn read(by_one: Ordering, by_other: Ordering, count: u32) -> impl Fn() + Send + Sync {
    move || {
        let shared = shared();
        let [one, other] = [by_one, by_other].map(|ordering| {
            with(&shared, move |shared| {
                shared.data.get();
                shared.flag.fetch_add(1, ordering);
            })
        });
        if shared.flag.load(Acquire) == count {
            shared.data.set(7);
        }
        one.join();
        other.join();
    }
}

#[test]
fn reads_need_no_order_and_a_write_needs_one_after_each() {
    model(read(Release, Release, 2));
    model_finds_a_race(read(Release, Relaxed, 2));
    model_finds_a_race(read(Relaxed, Release, 2));
    model_finds_a_race(read(Release, Release, 1));
}

/// Breaks if a read that is ordered hides an earlier one that is not.
#[test]
fn a_write_needs_an_order_after_reads_that_were_not_the_last() {
    model_finds_a_race(|| {
        let (shared, is_read) = (shared(), Arc::new(AtomicU32::new(0)));
        let first = with(&shared, {
            let is_read = Arc::clone(&is_read);
            move |shared| {
                shared.data.get();
                is_read.store(1, Relaxed);
            }
        });
        let last = with(&shared, move |shared| {
            if is_read.load(Relaxed) == 1 {
                shared.data.get();
                shared.flag.store(1, Release);
            }
        });
        if shared.flag.load(Acquire) == 1 {
            shared.data.set(7);
        }
        first.join();
        last.join();
    });
}

#[test]
fn two_writes_need_an_order() {
    model_finds_a_race(|| {
        let shared = shared();
        let other = with(&shared, |shared| shared.data.set(7));
        shared.data.set(8);
        other.join();
    });
}

/// A cell is made ready, and passed to another thread by value, with the flag.
fn passed(prepare: impl Fn() -> Cell + Copy + Send + Sync, stored: Ordering) -> impl Fn() + Send + Sync {
    move || {
        let shared = Arc::new((AtomicU32::new(0), Mutex::new(None::<Cell>)));
        let taker = spawn({
            let shared = Arc::clone(&shared);
            move || {
                if shared.0.load(Acquire) == 1 {
                    let cell = shared.1.lock().unwrap().take().expect("it is there before the flag");
                    cell.0.with(|_| ());
                }
            }
        });
        *shared.1.lock().unwrap() = Some(prepare());
        shared.0.store(1, stored);
        taker.join();
    }
}

#[test]
fn a_cell_is_made_before_it_is_read() {
    let makes = || Cell(UnsafeCell::new(0));
    model(passed(makes, Release));
    model_finds_a_race(passed(makes, Relaxed));
}

/// The end of an access is part of it: the flag tells of its beginning, the other one of its end.
#[test]
fn a_claim_ends_before_the_next_begins() {
    let claimed = |ended: Ordering| {
        move || {
            let shared = Arc::new((Cell(UnsafeCell::new(0)), AtomicU32::new(0), AtomicU32::new(0)));
            let next = spawn({
                let shared = Arc::clone(&shared);
                move || {
                    if shared.1.load(Acquire) == 1 && shared.2.load(Acquire) == 1 {
                        shared.0.0.claim().release();
                    }
                }
            });
            let mut claim = shared.0.0.claim();
            shared.1.store(1, Release);
            // To loom, the end of the claim comes after the store only with an operation in between.
            shared.1.load(Relaxed);
            claim.release();
            shared.2.store(1, ended);
            next.join();
        }
    };
    model(claimed(Release));
    model_finds_a_race(claimed(Relaxed));
}

/// The end of a claim is an access of the thread that has it then.
#[test]
fn a_claim_is_released_after_it_was_made() {
    fn release(guard: &Mutex<Option<Guard>>) {
        if let Some(mut guard) = guard.lock().unwrap().take() {
            guard.0.release();
        }
    }

    let handed = |stored: Ordering| {
        move || {
            let shared = Arc::new((Cell(UnsafeCell::new(0)), AtomicU32::new(0), Mutex::new(None)));
            let other = spawn({
                let shared = Arc::clone(&shared);
                move || {
                    if shared.1.load(Acquire) == 1 {
                        release(&shared.2);
                    }
                }
            });
            *shared.2.lock().unwrap() = Some(Guard(shared.0.0.claim()));
            shared.1.store(1, stored);
            other.join();
            release(&shared.2);
        }
    };
    model(handed(Release));
    model_finds_a_race(handed(Relaxed));
}

/// Exclusive access is a write.
#[test]
fn get_mut_comes_before_the_next_access() {
    let lends = |stored: Ordering| {
        move || {
            let shared = Arc::new((AtomicU32::new(0), Mutex::new(None::<Cell>)));
            let mut cell = Cell(UnsafeCell::new(0));
            let taker = spawn({
                let shared = Arc::clone(&shared);
                move || {
                    if shared.0.load(Acquire) == 1 {
                        let cell = shared.1.lock().unwrap().take().expect("it is there before the flag");
                        cell.0.with(|_| ());
                    }
                }
            });
            *cell.0.get_mut() = 7;
            *shared.1.lock().unwrap() = Some(cell);
            shared.0.store(1, stored);
            taker.join();
        }
    };
    model(lends(Release));
    model_finds_a_race(lends(Relaxed));
}
