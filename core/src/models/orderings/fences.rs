//! Fences, whose edges are by the relaxed operations before and after them.

use super::*;
use crate::sync::atomic::fence;

/// The flag is written after a fence.
fn fence_and_store(ordering: Ordering) -> impl Step {
    move |flag: &AtomicU32| {
        fence(ordering);
        flag.store(1, Relaxed);
    }
}

/// The flag is read before a fence.
fn load_and_fence(ordering: Ordering) -> impl Step<u32> {
    move |flag: &AtomicU32| {
        let value = flag.load(Relaxed);
        fence(ordering);
        value
    }
}

#[test]
fn a_release_fence_publishes_by_the_relaxed_stores_after_it() {
    for ordering in [Release, AcqRel, SeqCst] {
        model(message(fence_and_store(ordering), |flag| flag.load(Acquire)));
    }
    model(message(
        |flag| {
            fence(Release);
            flag.fetch_add(1, Relaxed);
        },
        |flag| flag.load(Acquire),
    ));
    model_finds_a_race(message(fence_and_store(Acquire), |flag| flag.load(Acquire)));
    let store_and_fence = |flag: &AtomicU32| {
        flag.store(1, Relaxed);
        fence(SeqCst);
    };
    model_finds_a_race(message(store_and_fence, |flag| flag.load(Acquire)));
}

#[test]
fn an_acquire_fence_sees_by_the_relaxed_loads_before_it() {
    for ordering in [Acquire, AcqRel, SeqCst] {
        model(message(|flag| flag.store(1, Release), load_and_fence(ordering)));
    }
    model(message(
        |flag| flag.store(1, Release),
        |flag| {
            let value = found(flag.compare_exchange(1, 2, Relaxed, Relaxed));
            fence(Acquire);
            value
        },
    ));
    model_finds_a_race(message(|flag| flag.store(1, Release), load_and_fence(Release)));
    let fence_and_load = |flag: &AtomicU32| {
        fence(SeqCst);
        flag.load(Relaxed)
    };
    model_finds_a_race(message(|flag| flag.store(1, Release), fence_and_load));
}

#[test]
fn a_release_fence_publishes_to_an_acquire_fence() {
    for (before, after) in [(Release, Acquire), (AcqRel, AcqRel), (SeqCst, SeqCst)] {
        model(message(fence_and_store(before), load_and_fence(after)));
    }
    model_finds_a_race(message(fence_and_store(Acquire), load_and_fence(Acquire)));
    model_finds_a_race(message(fence_and_store(Release), load_and_fence(Release)));
    model_finds_a_race(message(|flag| flag.store(1, Relaxed), load_and_fence(SeqCst)));
    model_finds_a_race(message(fence_and_store(SeqCst), |flag| flag.load(Relaxed)));
}

/// Breaks if a fence publishes what comes after it.
#[test]
fn what_is_written_after_a_release_fence_is_not_published_by_it() {
    model_finds_a_race(|| {
        let shared = shared();
        let writer = with(&shared, |shared| {
            fence(SeqCst);
            shared.data.set(7);
            shared.flag.store(1, Relaxed);
        });
        if shared.flag.load(Acquire) == 1 {
            shared.data.get();
        }
        writer.join();
    });
}

/// Two fences of which one comes first order nothing by that: what is before the one is not ordered before what is after the other.
#[test]
fn sequentially_consistent_fences_order_nothing_without_a_value_that_is_read() {
    model_finds_a_race(message(
        |flag| {
            flag.store(1, Relaxed);
            fence(SeqCst);
        },
        |flag| {
            fence(SeqCst);
            flag.load(Relaxed)
        },
    ));
}
