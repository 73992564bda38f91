//! What the types promise: `Send`, `Sync`, `Unpin`, unwind safety aside, and sizes.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use std::cell::Cell;
use std::rc::Rc;

use latchwork_mutex::{Lock, LockOwned, MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard};
use static_assertions::{assert_impl_all, assert_not_impl_any};

/// `Send`, and not `Sync`.
type Sends = Cell<u8>;
/// `Sync`, and not `Send`.
type Shares = std::sync::MutexGuard<'static, u8>;
/// Neither.
type Stays = Rc<u8>;

assert_impl_all!(Mutex<Sends>: Send, Sync, Unpin);
assert_not_impl_any!(Mutex<Shares>: Send, Sync);
assert_not_impl_any!(Mutex<Stays>: Send, Sync);

assert_impl_all!(MutexGuard<'static, Sends>: Send);
assert_not_impl_any!(MutexGuard<'static, Sends>: Sync);
assert_impl_all!(MutexGuard<'static, Shares>: Sync);
assert_not_impl_any!(MutexGuard<'static, Shares>: Send);
assert_not_impl_any!(MutexGuard<'static, Stays>: Send, Sync);

assert_impl_all!(MappedMutexGuard<'static, Sends>: Send);
assert_not_impl_any!(MappedMutexGuard<'static, Sends>: Sync);
assert_impl_all!(MappedMutexGuard<'static, Shares>: Sync);
assert_not_impl_any!(MappedMutexGuard<'static, Shares>: Send);

assert_impl_all!(OwnedMutexGuard<Sends>: Send);
assert_not_impl_any!(OwnedMutexGuard<Sends>: Sync);
assert_not_impl_any!(OwnedMutexGuard<Shares>: Send, Sync);
assert_impl_all!(OwnedMappedMutexGuard<Sends, u8>: Send, Sync);
assert_not_impl_any!(OwnedMappedMutexGuard<Sends, Sends>: Sync);
assert_not_impl_any!(OwnedMappedMutexGuard<u8, Stays>: Send, Sync);
assert_not_impl_any!(OwnedMappedMutexGuard<Stays, u8>: Send, Sync);

assert_impl_all!(Lock<'static, Sends>: Send, Sync);
assert_not_impl_any!(Lock<'static, Sends>: Unpin);
assert_not_impl_any!(Lock<'static, Stays>: Send);
assert_impl_all!(LockOwned<Sends>: Send, Sync);
assert_not_impl_any!(LockOwned<Sends>: Unpin);
assert_not_impl_any!(LockOwned<Stays>: Send);

#[test]
fn sizes_are_what_the_documentation_says() {
    assert!(size_of::<Mutex<()>>() <= 32);
    assert_eq!(size_of::<MutexGuard<'_, u64>>(), size_of::<usize>());
    assert_eq!(size_of::<MappedMutexGuard<'_, u64>>(), 2 * size_of::<usize>());
    assert_eq!(size_of::<OwnedMutexGuard<u64>>(), size_of::<usize>());
    assert!(size_of::<Lock<'_, u64>>() <= 96, "{}", size_of::<Lock<'_, u64>>());
}

#[test]
fn a_mutex_around_a_slice_and_a_trait_object_works() {
    let slice: &Mutex<[u8]> = &Mutex::new([1, 2, 3]);
    slice.lock()[0] = 9;
    assert_eq!(&*slice.lock(), &[9, 2, 3]);
    let object: Box<Mutex<dyn std::fmt::Debug + Send>> = Box::new(Mutex::new(7));
    assert_eq!(format!("{:?}", futures_lite::future::block_on(object.lock_async())), "7");
    assert_eq!(format!("{object:?}"), "Mutex { value: 7, .. }");
}

#[test]
fn conversions_make_an_unlocked_mutex() {
    assert_eq!(Mutex::from(3).into_inner(), 3);
    assert_eq!(*Mutex::<u8>::default().lock(), 0);
}
