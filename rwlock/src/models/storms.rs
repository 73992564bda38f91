//! What can only be counted on real threads: the bounds of the policies, in entries between arrival and entry, and wake-ups.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Wake, Waker};
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

/// Queues one more reader when it is woken.
struct Latecomer {
    lock: &'static RwLock<()>,
    reading: Mutex<Option<Pin<Box<Read<'static, ()>>>>>,
}

impl Wake for Latecomer {
    fn wake(self: Arc<Self>) {
        let mut reading = self.reading.lock().unwrap();
        if reading.is_none() {
            let reading = reading.insert(Box::pin(self.lock.read_async()));
            let _ = reading.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    }
}

/// Breaks if a reader that comes while those of a turn are being woken is of that turn, too: it might never end.
#[test]
fn who_comes_while_others_are_woken_is_not_of_their_turn() {
    watchdog("who_comes_while_others_are_woken_is_not_of_their_turn", || {
        let lock: &'static RwLock<()> = Box::leak(Box::new(RwLock::with_policy((), Policy::PhaseFair)));
        let waker = Waker::from(Arc::new(Latecomer { lock, reading: Mutex::new(None) }));
        let cx = &mut Context::from_waker(&waker);
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let inside = lock.write();
            // While it reads, whoever comes is held back by the writer that waits.
            scope.spawn(|| {
                let _guard = lock.read();
                while !stop.load(Relaxed) {
                    thread::yield_now();
                }
            });
            let _stop = Stop(&stop);
            while lock.raw().queued().1 == 0 {
                thread::yield_now();
            }
            // More than are woken at a time.
            let mut readers: Vec<_> = (0..9).map(|_| Box::pin(lock.read_async())).collect();
            for reader in &mut readers {
                assert!(reader.as_mut().poll(cx).is_pending());
            }
            let mut writer = Box::pin(lock.write_async());
            assert!(writer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            drop(inside);
            assert_eq!(lock.raw().queued(), (1, 1), "the writer and the latecomer wait");
        });
    });
}
