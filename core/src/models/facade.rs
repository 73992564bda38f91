//! The facade: what the checkers are made to believe.

use super::*;
use crate::sync::cell::UnsafeCell;

/// The loom and the shuttle futex agree on what can happen: the histories of a futex mutex that two threads lock once.
#[test]
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
fn both_shims_find_the_same_histories_of_a_futex_mutex() {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use crate::sync::futex;

    /// Locks, and says how often it found the lock taken (once before the sleep, once or more after it).
    fn lock(word: &AtomicU32) -> u32 {
        let mut turns = 0;
        if word.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            turns = 1;
            while word.swap(2, Ordering::Acquire) != 0 {
                turns += 1;
                futex::wait(word, 2);
            }
        }
        turns
    }

    let histories = Arc::new(Mutex::new(BTreeSet::new()));
    let found = Arc::clone(&histories);
    model(move || {
        let shared = Arc::new((AtomicU32::new(0), Data::default()));
        let visit = |shared: &(AtomicU32, Data)| {
            let turns = lock(&shared.0);
            let order = shared.1.get();
            shared.1.set(order + 1);
            let slept = shared.0.swap(0, Ordering::Release);
            if slept == 2 {
                futex::wake_one(&raw const shared.0);
            }
            (order, turns.min(2), slept)
        };
        let other = spawn({
            let shared = Arc::clone(&shared);
            move || visit(&shared)
        });
        let mine = visit(&shared);
        found.lock().unwrap().insert((mine, other.join()));
    });
    let histories = histories.lock().unwrap();
    assert_eq!(histories.len(), 6, "{histories:#?}");
}

/// The clock of a model passes deadlines, and none before.
#[test]
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
fn time_stands_still_until_it_passes() {
    model(|| {
        let deadline = deadline();
        assert!(Instant::now() < deadline);
        spawn(let_time_pass).join();
        assert!(Instant::now() >= deadline);
    });
}

/// The executor of the models sleeps until what it lent is woken: breaks if a wake before the sleep is lost.
#[test]
fn block_on_is_woken_by_the_waker_it_lends() {
    model(|| {
        let mut waking = None;
        block_on(std::future::poll_fn(|cx| {
            if waking.is_some() {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            waking = Some(spawn(move || waker.wake()));
            Poll::Pending
        }));
        waking.expect("it was polled twice").join();
    });
}

/// Breaks if the facade's cells let a guard that only reads go unseen: models of shared locks would then prove nothing.
#[test]
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
#[should_panic = "cell"]
fn a_write_beside_a_shared_claim_is_reported() {
    model(|| {
        let cell = UnsafeCell::new(0);
        let _first = cell.claim_shared();
        cell.claim_shared().release();
        cell.with_mut(|_| ());
    });
}

/// Breaks if a shared claim is still seen once it has ended.
#[test]
fn a_write_after_a_shared_claim_is_fine() {
    model(|| {
        let cell = UnsafeCell::new(0);
        let (mut first, mut second) = (cell.claim_shared(), cell.claim_shared());
        first.release();
        second.hand_over().release();
        cell.with_mut(|_| ());
    });
}

/// Two threads spin for a third, if `sets` it ever comes.
#[cfg(latchwork = "loom")]
fn two_threads_spin_for_a_third(sets: bool) {
    use crate::sync::hint::spin_loop;

    model_bounded(2, move || {
        let flag = Arc::new(AtomicU32::new(0));
        let spinning = [(); 2].map(|()| {
            let flag = Arc::clone(&flag);
            spawn(move || {
                while flag.load(Ordering::Relaxed) == 0 {
                    spin_loop();
                }
            })
        });
        flag.store(u32::from(sets), Ordering::Relaxed);
        spinning.into_iter().for_each(|thread| thread.join());
    });
}

/// Breaks if loom follows the two that spin in every order for ever.
#[test]
#[cfg(latchwork = "loom")]
fn threads_that_spin_for_another_come_to_an_end() {
    two_threads_spin_for_a_third(true);
}

/// Breaks if the bound on what is explored hides a wait that never ends.
#[test]
#[cfg(latchwork = "loom")]
#[should_panic = "maximum number of branches"]
fn threads_that_spin_for_ever_are_reported() {
    two_threads_spin_for_a_third(false);
}
