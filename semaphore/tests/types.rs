//! What the types promise: `Send`, `Sync`, `Unpin`, and sizes.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use latchwork_semaphore::{Acquire, Closed, Permit, Semaphore, TryAcquireError};
use static_assertions::{assert_impl_all, assert_not_impl_any};

assert_impl_all!(Semaphore: Send, Sync, Unpin);
assert_impl_all!(Permit<'static>: Send, Sync, Unpin);
assert_impl_all!(Acquire<'static>: Send, Sync);
assert_not_impl_any!(Acquire<'static>: Unpin);
assert_impl_all!(Closed: std::error::Error, Send, Sync, Copy);
assert_impl_all!(TryAcquireError: std::error::Error, Send, Sync, Copy);

#[test]
fn sizes_are_what_the_documentation_says() {
    assert!(size_of::<Semaphore>() <= 32);
    assert_eq!(size_of::<Permit<'_>>(), 2 * size_of::<usize>());
}

#[test]
fn errors_say_what_they_mean() {
    let semaphore = Semaphore::new(0);
    assert_eq!(semaphore.try_acquire().unwrap_err().to_string(), "too few permits are free");
    assert_eq!(format!("{semaphore:?}"), "Semaphore { available_permits: 0, is_closed: false, .. }");
    semaphore.close();
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
    assert_eq!(semaphore.acquire().unwrap_err().to_string(), "the semaphore is closed");
}
