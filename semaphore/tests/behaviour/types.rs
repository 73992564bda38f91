//! What the types promise: `Send`, `Sync`, `Unpin`, and sizes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use latchwork_semaphore::{
    Acquire, AcquireOwned, AnySemaphore, BoundedSemaphore, Closed, OverRelease, OwnedPermit, Permit, Semaphore,
    TryAcquireError,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};

assert_impl_all!(Semaphore: Send, Sync, Unpin, AnySemaphore);
assert_impl_all!(BoundedSemaphore: Send, Sync, Unpin, AnySemaphore);
assert_impl_all!(Permit<'static>: Send, Sync, Unpin);
assert_impl_all!(Permit<'static, BoundedSemaphore>: Send, Sync, Unpin);
assert_impl_all!(OwnedPermit: Send, Sync, Unpin);
assert_impl_all!(Acquire<'static>: Send, Sync);
assert_impl_all!(AcquireOwned: Send, Sync);
assert_impl_all!(AcquireOwned<BoundedSemaphore>: Send, Sync);
assert_not_impl_any!(AcquireOwned: Unpin);
assert_not_impl_any!(Acquire<'static>: Unpin);
assert_not_impl_any!(Acquire<'static, BoundedSemaphore>: Unpin);
assert_impl_all!(OwnedPermit<BoundedSemaphore>: Send, Sync, Unpin);
assert_impl_all!(Closed: std::error::Error, Send, Sync, Copy);
assert_impl_all!(TryAcquireError: std::error::Error, Send, Sync, Copy);
assert_impl_all!(OverRelease: std::error::Error, Send, Sync, Copy);

#[test]
fn sizes_are_what_the_documentation_says() {
    assert_eq!((size_of::<Semaphore>(), size_of::<BoundedSemaphore>()), (32, 32));
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
    let bounded = BoundedSemaphore::new(2);
    assert_eq!(bounded.release(1).unwrap_err().to_string(), "more permits are given back than are in use");
    assert_eq!(format!("{bounded:?}"), "BoundedSemaphore { limit: 2, in_use: 0, is_closed: false, .. }");
}

#[test]
fn permits_of_another_semaphore_are_not_merged() {
    let (semaphore, other) = (Semaphore::new(2), Semaphore::new(1));
    let mut permit = semaphore.acquire().unwrap();
    permit.merge(semaphore.acquire().unwrap()).unwrap();
    let refused = permit.merge(other.acquire().unwrap()).unwrap_err();
    assert_eq!((permit.count(), refused.count()), (2, 1));
    drop((permit, refused));
    assert_eq!((semaphore.available_permits(), other.available_permits()), (2, 1));
}

#[test]
fn owned_permits_keep_the_semaphore_alive_and_give_their_counts_back() {
    let (semaphore, other) = (Arc::new(Semaphore::new(6)), Arc::new(Semaphore::new(1)));
    let clone = || Arc::clone(&semaphore);
    let mut permit = clone().acquire_many_owned(2).unwrap();
    permit.merge(clone().try_acquire_owned().unwrap()).unwrap();
    permit.merge(clone().try_acquire_many_owned_for(1, Duration::ZERO).unwrap()).unwrap();
    permit.merge(clone().try_acquire_many_owned_until(1, Instant::now()).unwrap()).unwrap();
    permit.merge(futures_lite::future::block_on(clone().acquire_many_owned_async(1)).unwrap()).unwrap();
    assert_eq!((permit.count(), semaphore.available_permits(), Arc::strong_count(&semaphore)), (6, 0, 2));
    assert!(permit.merge(other.acquire_owned().unwrap()).is_err() && permit.split(7).is_none());
    permit.split(2).unwrap().forget();
    drop(permit.split(1).unwrap());
    assert_eq!((semaphore.available_permits(), format!("{permit:?}")), (1, "OwnedPermit { count: 3, .. }".to_owned()));
    let bounded = Arc::new(BoundedSemaphore::new(2));
    let mut both = Arc::clone(&bounded).acquire_owned().unwrap();
    both.merge(Arc::clone(&bounded).try_acquire_owned_for(Duration::ZERO).unwrap()).unwrap();
    assert!(Arc::clone(&bounded).try_acquire_owned_until(Instant::now()).is_err());
    both.forget();
    assert_eq!((bounded.in_use(), Arc::strong_count(&bounded)), (2, 1));
    let weak = Arc::downgrade(&semaphore);
    drop(semaphore);
    assert_eq!(weak.upgrade().map(|semaphore| semaphore.available_permits()), Some(1));
    drop(permit);
    assert!(weak.upgrade().is_none());
}

/// With the feature `tracing` and without.
#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux", not(latchwork_portable)))]
fn futures_have_the_same_size_whether_waits_are_told_or_not() {
    assert_eq!([size_of::<Acquire<'_>>(), size_of::<AcquireOwned>()], [112, 112]);
}
