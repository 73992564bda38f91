//! What the types promise: `Send`, `Sync`, `Unpin`, unwind safety aside, and sizes.

use std::cell::Cell;
use std::rc::Rc;

use latchwork_mutex::{
    ByOwner, Lock, LockAs, LockOwned, LockOwnedAs, MappedMutexGuard, MappedReentrantLockGuard, Mutex, MutexGuard,
    OwnedMappedMutexGuard, OwnedMutexGuard, OwnedReentrantLockGuard, Owner, ReentrantLock, ReentrantLockGuard,
    ReentrantLockRefMut,
};
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
assert_not_impl_any!(MappedMutexGuard<'static, Stays>: Send, Sync);

assert_impl_all!(OwnedMutexGuard<Sends>: Send);
assert_not_impl_any!(OwnedMutexGuard<Sends>: Sync);
assert_not_impl_any!(OwnedMutexGuard<Shares>: Send, Sync);
assert_impl_all!(OwnedMappedMutexGuard<Sends, u8>: Send, Sync);
assert_not_impl_any!(OwnedMappedMutexGuard<Sends, Sends>: Sync);
assert_not_impl_any!(OwnedMappedMutexGuard<u8, Shares>: Send);
assert_not_impl_any!(OwnedMappedMutexGuard<Shares, u8>: Send);
assert_not_impl_any!(OwnedMappedMutexGuard<u8, Stays>: Send, Sync);
assert_not_impl_any!(OwnedMappedMutexGuard<Stays, u8>: Send, Sync);

assert_impl_all!(Lock<'static, Sends>: Send, Sync);
assert_not_impl_any!(Lock<'static, Sends>: Unpin);
assert_not_impl_any!(Lock<'static, Stays>: Send);
assert_impl_all!(LockOwned<Sends>: Send, Sync);
assert_not_impl_any!(LockOwned<Sends>: Unpin);
assert_not_impl_any!(LockOwned<Stays>: Send);

assert_impl_all!(Owner: Send, Sync, Unpin);
assert_impl_all!(ReentrantLock<Sends>: Send, Sync, Unpin);
assert_not_impl_any!(ReentrantLock<Shares>: Send, Sync);
assert_not_impl_any!(ReentrantLock<Stays>: Send, Sync);

// A guard by a thread stays there, whatever it lends; others may look at what it lends.
assert_not_impl_any!(ReentrantLockGuard<'static, u8>: Send);
assert_not_impl_any!(MappedReentrantLockGuard<'static, u8>: Send);
assert_not_impl_any!(OwnedReentrantLockGuard<u8>: Send);
assert_not_impl_any!(ReentrantLockRefMut<'static, u8>: Send);
assert_impl_all!(ReentrantLockGuard<'static, Shares>: Sync);
assert_impl_all!(MappedReentrantLockGuard<'static, Shares>: Sync);
assert_impl_all!(OwnedReentrantLockGuard<Shares>: Sync);
assert_impl_all!(ReentrantLockRefMut<'static, Shares>: Sync);
assert_not_impl_any!(ReentrantLockGuard<'static, Sends>: Sync);
assert_not_impl_any!(MappedReentrantLockGuard<'static, Sends>: Sync);
assert_not_impl_any!(OwnedReentrantLockGuard<Sends>: Sync);
assert_not_impl_any!(ReentrantLockRefMut<'static, Sends>: Sync);

// A guard by an owner lends a shared reference, wherever it is.
assert_impl_all!(ReentrantLockGuard<'static, u8, ByOwner>: Send, Sync);
assert_impl_all!(MappedReentrantLockGuard<'static, u8, ByOwner>: Send, Sync);
assert_impl_all!(OwnedReentrantLockGuard<u8, ByOwner>: Send, Sync);
assert_not_impl_any!(ReentrantLockGuard<'static, Sends, ByOwner>: Send, Sync);
assert_not_impl_any!(MappedReentrantLockGuard<'static, Sends, ByOwner>: Send, Sync);
assert_not_impl_any!(OwnedReentrantLockGuard<Sends, ByOwner>: Send, Sync);
assert_not_impl_any!(OwnedReentrantLockGuard<Shares, ByOwner>: Send);

assert_impl_all!(LockAs<'static, u8>: Send, Sync);
assert_not_impl_any!(LockAs<'static, u8>: Unpin);
assert_not_impl_any!(LockAs<'static, Stays>: Send);
assert_impl_all!(LockOwnedAs<u8>: Send, Sync);
assert_not_impl_any!(LockOwnedAs<u8>: Unpin);
assert_not_impl_any!(LockOwnedAs<Stays>: Send);

#[test]
fn sizes_are_what_the_documentation_says() {
    assert!(size_of::<Mutex<()>>() <= 32);
    assert_eq!(size_of::<MutexGuard<'_, u64>>(), size_of::<usize>());
    assert_eq!(size_of::<MappedMutexGuard<'_, u64>>(), 2 * size_of::<usize>());
    assert_eq!(size_of::<OwnedMutexGuard<u64>>(), size_of::<usize>());
    // The portable parker is larger, and leaves a waiter no room beside it for the note that it was moved.
    let parker = if cfg!(latchwork_portable) { 16 } else { 0 };
    assert!(size_of::<Lock<'_, u64>>() <= 104 + parker);

    assert!(size_of::<ReentrantLock<()>>() <= 40);
    assert_eq!(size_of::<ReentrantLockGuard<'_, u64>>(), size_of::<usize>());
    assert_eq!(size_of::<OwnedReentrantLockGuard<u64, ByOwner>>(), size_of::<usize>());
    assert_eq!(size_of::<MappedReentrantLockGuard<'_, u64>>(), 2 * size_of::<usize>());
    assert_eq!(size_of::<Owner>(), 16);
    assert!(size_of::<LockAs<'_, u64>>() <= 112 + parker);
}

#[test]
fn a_reentrant_lock_around_a_slice_and_a_trait_object_works() {
    let mut slice: Box<ReentrantLock<[u8]>> = Box::new(ReentrantLock::new([1, 2, 3]));
    slice.get_mut()[0] = 9;
    ReentrantLockGuard::get_mut(&mut slice.lock()).unwrap()[1] = 8;
    assert_eq!((&*slice.lock_as(&Owner::new()), slice.hold_count()), (&[9, 8, 3][..], 0));
    let object: Box<ReentrantLock<dyn std::fmt::Debug + Send + Sync>> = Box::new(ReentrantLock::new(7));
    let owner = Owner::new();
    assert_eq!(format!("{:?}", futures_lite::future::block_on(object.lock_async(&owner))), "7");
    assert_eq!(format!("{object:?}"), "ReentrantLock { value: 7, .. }");
    let guard = object.lock_as(&owner);
    assert_eq!(format!("{object:?} {guard:?}"), "ReentrantLock { value: <locked>, .. } 7");
    assert_eq!((ReentrantLock::from(3).into_inner(), *ReentrantLock::<u8>::default().lock()), (3, 0));
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

/// With the feature `tracing` and without.
#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux", not(latchwork_portable)))]
fn futures_have_the_same_size_whether_waits_are_told_or_not() {
    assert_eq!([size_of::<Lock<'_, ()>>(), size_of::<LockOwned<()>>(), size_of::<LockAs<'_, ()>>()], [104, 104, 112]);
}
