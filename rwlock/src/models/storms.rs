//! What can only be counted on real threads: the bounds of the policies, in entries between arrival and entry, and wake-ups.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::watchdog;

use super::*;

const ROUNDS: usize = 100;
const STORM: usize = 3;

/// Ends a storm, also where an assertion fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// A storm of readers beside a writer that waits: each of them has entered once more at most, since it was about to when the writer
/// came.
#[test]
fn a_storm_of_readers_does_not_pass_a_writer() {
    watchdog("a_storm_of_readers_does_not_pass_a_writer", || {
        for policy in [Policy::WriterPreferring, Policy::PhaseFair] {
            let (lock, stop, entries) = (RwLock::with_policy((), policy), AtomicBool::new(false), AtomicUsize::new(0));
            let (lock, entries) = (&lock, &entries);
            thread::scope(|scope| {
                for _ in 0..STORM {
                    scope.spawn(|| {
                        while !stop.load(Relaxed) {
                            let _guard = lock.read();
                            entries.fetch_add(1, Relaxed);
                        }
                    });
                }
                let _stop = Stop(&stop);
                for _ in 0..ROUNDS {
                    let inside = lock.read();
                    let writer = scope.spawn(|| {
                        let _guard = lock.write();
                        entries.load(Relaxed)
                    });
                    while lock.raw().queued().0 == 0 {
                        thread::yield_now();
                    }
                    let before = entries.load(Relaxed);
                    // Time for readers to pass, if they could.
                    (0..10).for_each(|_| thread::yield_now());
                    drop(inside);
                    assert!(writer.join().unwrap() <= before + STORM, "no reader enters that has come since");
                }
            });
        }
    });
}

/// A storm of writers beside a reader that waits: it enters after the one that is inside.
#[test]
fn a_storm_of_writers_lets_a_reader_in_after_one() {
    watchdog("a_storm_of_writers_lets_a_reader_in_after_one", || {
        let (lock, stop, entries) =
            (RwLock::with_policy((), Policy::PhaseFair), AtomicBool::new(false), AtomicUsize::new(0));
        let (lock, entries) = (&lock, &entries);
        thread::scope(|scope| {
            for _ in 0..STORM {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        let _guard = lock.write();
                        entries.fetch_add(1, Relaxed);
                    }
                });
            }
            let _stop = Stop(&stop);
            for _ in 0..ROUNDS {
                let inside = lock.write();
                let before = entries.load(Relaxed);
                let reader = scope.spawn(|| {
                    let _guard = lock.read();
                    entries.load(Relaxed)
                });
                while lock.raw().queued().1 == 0 {
                    thread::yield_now();
                }
                drop(inside);
                assert_eq!(reader.join().unwrap(), before, "no writer has entered in between");
            }
        });
    });
}

/// Breaks if a second writer is woken while one is on its way.
#[test]
fn one_woken_writer_at_a_time() {
    watchdog("one_woken_writer_at_a_time", || {
        for _ in 0..ROUNDS {
            let (lock, written) = (RwLock::new(()), AtomicUsize::new(0));
            thread::scope(|scope| {
                let inside = lock.write();
                for _ in 0..2 {
                    scope.spawn(|| {
                        let _guard = lock.write();
                        written.fetch_add(1, Relaxed);
                    });
                }
                while lock.raw().queued().0 < 2 {
                    thread::yield_now();
                }
                // Time to fall asleep; without, the first is granted the lock, and nothing is tested.
                thread::sleep(Duration::from_micros(200));
                drop(inside);
                drop(lock.try_write());
                let (queued, _) = lock.raw().queued();
                assert!(queued > 0 || written.load(Relaxed) > 0, "the second waits until the first has been");
            });
        }
    });
}
