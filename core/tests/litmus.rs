//! The asymmetric pair of fences on the processor itself: two threads write a word each, pass a fence, and read the other's, time and
//! again.
//!
//! Ten million times: `cargo test --release -p latchwork-core --test litmus -- --ignored`

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use std::hint::spin_loop;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::thread::{self, available_parallelism, yield_now};
use std::time::Duration;

use latchwork_core::fence;
use latchwork_core::sync::model::{watchdog, watchdog_after};

/// A word in a cache line of its own.
#[derive(Default)]
#[repr(align(128))]
struct Word(AtomicU64);

#[derive(Default)]
struct Litmus {
    words: [Word; 2],
    /// How often the threads have arrived where they meet.
    arrivals: Word,
    /// In how many rounds the first thread has not seen the other, or the second.
    blind: [Word; 2],
    /// In how many rounds both have not.
    both_blind: Word,
}

impl Litmus {
    /// Both go on from here at about the same time.
    fn meet(&self) {
        let all = self.arrivals.0.fetch_add(1, AcqRel) / 2 * 2 + 2;
        let mut turns = 0_u32;
        while self.arrivals.0.load(Acquire) < all {
            turns = turns.wrapping_add(1);
            // The other may need this very processor.
            if turns % 1024 == 0 { yield_now() } else { spin_loop() }
        }
    }

    /// One of the two threads: writes its word, passes its fence, reads the other's.
    fn play(&self, own: usize, rounds: u64, fence: fn()) {
        for round in 1..=rounds {
            self.meet();
            self.words[own].0.store(round, Relaxed);
            fence();
            let is_blind = self.words[1 - own].0.load(Relaxed) < round;
            self.blind[own].0.store(u64::from(is_blind), Relaxed);
            self.meet();
            if own == 0 && self.blind.iter().all(|blind| blind.0.load(Relaxed) == 1) {
                self.both_blind.0.fetch_add(1, Relaxed);
            }
        }
    }
}

/// In how many of so many rounds neither thread has seen the other's word.
fn store_buffering(rounds: u64, light: fn(), heavy: fn()) -> u64 {
    let litmus = Litmus::default();
    thread::scope(|scope| {
        scope.spawn(|| litmus.play(0, rounds, light));
        litmus.play(1, rounds, heavy);
    });
    litmus.both_blind.0.load(Relaxed)
}

/// Whether the fences are what is to be tried.
fn is_worth_a_try() -> bool {
    fence::ask();
    while !fence::is_known() {
        yield_now();
    }
    fence::is_offered() && available_parallelism().is_ok_and(|processors| processors.get() > 1)
}

/// Breaks if the heavy fence is none, as the next shows.
#[test]
fn one_of_two_threads_sees_the_other() {
    watchdog("the fences of two threads", || {
        if is_worth_a_try() {
            assert_eq!(store_buffering(10_000, fence::light, fence::heavy), 0);
        }
    });
}

/// The claim above can fail: without the heavy fence the outcome is seen, in about one of a hundred rounds where each thread has a
/// processor.
#[test]
fn without_the_heavy_fence_neither_sees_the_other() {
    watchdog("two threads, of which one passes no fence", || {
        if is_worth_a_try() {
            let seen = (0..1000).any(|_| store_buffering(10_000, fence::light, || ()) > 0);
            assert!(seen, "ten million rounds have not shown that the test can fail");
        }
    });
}

#[test]
#[ignore = "takes minutes"]
fn one_of_two_threads_sees_the_other_ten_million_times() {
    watchdog_after("the fences of two threads", Duration::from_secs(3600), || {
        assert!(is_worth_a_try(), "the system refuses the fence, or has a single processor");
        assert_eq!(store_buffering(10_000_000, fence::light, fence::heavy), 0);
    });
}
