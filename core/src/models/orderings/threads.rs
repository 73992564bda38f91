//! Threads, tasks, and what puts them to sleep and wakes them.

use super::*;
use crate::sync::futex;

#[test]
fn a_thread_sees_what_was_done_before_it_was_spawned() {
    let spawned = |before: bool| {
        move || {
            let shared = shared();
            if before {
                shared.data.set(7);
            }
            let reader = with(&shared, move |shared| {
                if before || shared.flag.load(Relaxed) == 1 {
                    assert_eq!(shared.data.get(), 7);
                }
            });
            if !before {
                shared.data.set(7);
                shared.flag.store(1, Relaxed);
            }
            reader.join();
        }
    };
    model(spawned(true));
    model_finds_a_race(spawned(false));
}

#[test]
fn whoever_joins_a_thread_sees_what_it_did() {
    let joined = |before: bool| {
        move || {
            let shared = shared();
            let writer = with(&shared, |shared| shared.data.set(7));
            if before {
                writer.join();
                assert_eq!(shared.data.get(), 7);
            } else {
                shared.data.get();
                writer.join();
            }
        }
    };
    model(joined(true));
    model_finds_a_race(joined(false));
}

/// A join is an edge from the thread that has ended, and from whom that one has joined.
#[test]
fn whoever_joins_a_thread_sees_what_that_one_has_seen() {
    model(|| {
        let shared = shared();
        let between = spawn({
            let shared = Arc::clone(&shared);
            move || with(&shared, |shared| shared.data.set(7)).join()
        });
        between.join();
        assert_eq!(shared.data.get(), 7);
    });
}

#[test]
fn a_poll_sees_what_was_done_before_the_wake_up() {
    let polled = |before: bool| {
        move || {
            let shared = shared();
            let mut waking = None;
            block_on(std::future::poll_fn(|cx| {
                if waking.is_some() {
                    shared.data.get();
                    return Poll::Ready(());
                }
                let waker = cx.waker().clone();
                waking = Some(with(&shared, move |shared| {
                    if before {
                        shared.data.set(7);
                    }
                    waker.wake();
                    if !before {
                        shared.data.set(7);
                    }
                }));
                Poll::Pending
            }));
            waking.expect("it was polled twice").join();
        }
    };
    model(polled(true));
    model_finds_a_race(polled(false));
}

/// The futex wakes, and the word says why: only its load is an edge.
#[test]
fn a_futex_orders_nothing() {
    let slept = |seen: Ordering| {
        move || {
            let shared = shared();
            let waker = with(&shared, |shared| {
                shared.data.set(7);
                shared.flag.store(1, Release);
                futex::wake_one(&raw const shared.flag);
            });
            while shared.flag.load(seen) == 0 {
                futex::wait(&shared.flag, 0);
            }
            assert_eq!(shared.data.get(), 7);
            waker.join();
        }
    };
    model(slept(Acquire));
    model_finds_a_race(slept(Relaxed));
}

/// The clock tells the time, and nothing else.
#[test]
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
fn time_that_passes_orders_nothing() {
    model_finds_a_race(|| {
        let (shared, deadline) = (shared(), deadline());
        let clock = with(&shared, |shared| {
            shared.data.set(7);
            let_time_pass();
        });
        if Instant::now() >= deadline {
            shared.data.get();
        }
        clock.join();
    });
}

/// Shuttle's own threads may be ordered by what is not seen here: breaks if a race is reported beside them.
#[test]
#[cfg(latchwork = "shuttle")]
fn threads_that_the_model_has_not_spawned_end_the_search_for_races() {
    model(|| {
        let (shared, relayed) = (shared(), Arc::new(AtomicU32::new(0)));
        let reader = with(&shared, {
            let relayed = Arc::clone(&relayed);
            move |shared| {
                if relayed.load(Acquire) == 1 {
                    assert_eq!(shared.data.get(), 7);
                }
            }
        });
        let relay = shuttle::thread::spawn({
            let shared = Arc::clone(&shared);
            move || relayed.store(shared.flag.load(Acquire), Release)
        });
        shared.data.set(7);
        shared.flag.store(1, Release);
        relay.join().expect("it ends");
        reader.join();
    });
}

/// Breaks if threads are taken for those of the model before, which had the same numbers.
#[test]
#[cfg(latchwork = "shuttle")]
fn what_is_run_without_a_model_is_not_searched() {
    // The thread is not joined, and so not known to have ended.
    model(|| std::mem::forget(spawn(|| ())));
    let run = || {
        let shared = shared();
        shared.data.set(7);
        let reader = shuttle::thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.data.get()
        });
        assert_eq!(reader.join().expect("it ends"), 7);
    };
    shuttle::check_random(run, 10);
}

/// Breaks if an access of an earlier execution counts: threads have the same numbers in each.
#[test]
#[cfg(latchwork = "shuttle")]
fn accesses_of_earlier_executions_are_over() {
    let kept = shared();
    model(move || {
        kept.data.get();
        with(&kept, |kept| kept.data.set(7)).join();
    });
}

/// Breaks if an atomic publishes what it did in an earlier execution.
#[test]
#[cfg(latchwork = "shuttle")]
fn nothing_is_published_by_earlier_executions() {
    let kept = shared();
    model_finds_a_race(move || {
        // The one before has published, at the time at which the writer of this one writes.
        let is_first = kept.flag.load(Acquire) == 0;
        let shared = shared();
        let writer = spawn({
            let (kept, shared) = (Arc::clone(&kept), Arc::clone(&shared));
            move || {
                shared.data.set(7);
                shared.flag.store(1, Relaxed);
                kept.flag.store(1, Release);
            }
        });
        if !is_first && shared.flag.load(Relaxed) == 1 {
            shared.data.get();
        }
        writer.join();
    });
}
