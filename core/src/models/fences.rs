//! The asymmetric pair of fences.

use super::*;
use crate::fence;

/// One side of the store-buffering shape: writes its own word, passes a fence, reads the other's.
fn store_then_load(own: &AtomicU32, other: &AtomicU32, fence: impl FnOnce()) -> u32 {
    own.store(1, Ordering::Relaxed);
    fence();
    other.load(Ordering::Relaxed)
}

fn store_buffering(light: fn(), heavy: fn()) {
    let words = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
    let rare = spawn({
        let words = Arc::clone(&words);
        move || store_then_load(&words.1, &words.0, heavy)
    });
    let often = store_then_load(&words.0, &words.1, light);
    assert_ne!((often, rare.join()), (0, 0), "neither side saw the other");
}

/// Breaks if either fence is removed, as the next two show.
#[test]
fn light_and_heavy_fence_forbid_store_buffering() {
    model(|| store_buffering(fence::light, fence::heavy));
}

/// The claim above can fail: without the light fence loom finds the outcome.
#[test]
#[cfg(latchwork = "loom")]
#[should_panic(expected = "neither side saw the other")]
fn without_the_light_fence_store_buffering_is_seen() {
    model(|| store_buffering(|| (), fence::heavy));
}

/// The claim above can fail: without the heavy fence loom finds the outcome.
#[test]
#[cfg(latchwork = "loom")]
#[should_panic(expected = "neither side saw the other")]
fn without_the_heavy_fence_store_buffering_is_seen() {
    model(|| store_buffering(fence::light, || ()));
}
