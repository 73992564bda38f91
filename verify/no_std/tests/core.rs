//! The ground floor without the standard library.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use latchwork_core::fence;
use latchwork_core::sync::time::Instant;
use latchwork_core::wait::WaitQueue;
use latchwork_no_std::watchdog;

/// Otherwise none of these tests says anything.
#[test]
fn nobody_asks_for_the_standard_library() {
    assert!(!fence::is_offered(), "the fences are the operating system's");
    let earlier = Instant::now();
    assert_eq!(Instant::now().saturating_duration_since(earlier), Duration::MAX);
}

/// Nobody is put to sleep: whoever finds it locked turns, also where its holder does not run.
#[test]
fn the_lock_of_a_queue_excludes_those_who_turn_for_it() {
    watchdog("the_lock_of_a_queue_excludes_those_who_turn_for_it", || {
        let (queue, count) = (WaitQueue::new(), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let _guard = queue.lock();
                        // ORDERING: Relaxed, here and below: the lock orders it, or else the number is wrong.
                        let seen = count.load(Ordering::Relaxed);
                        thread::yield_now();
                        count.store(seen + 1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(count.load(Ordering::Relaxed), 2000);
    });
}
