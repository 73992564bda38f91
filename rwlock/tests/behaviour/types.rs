//! What the types promise: `Send`, `Sync`, `Unpin`, and sizes.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use latchwork_rwlock::{
    Acquire, MappedRwLockReadGuard, MappedRwLockWriteGuard, OwnedMappedRwLockReadGuard, OwnedMappedRwLockWriteGuard,
    OwnedRwLockReadGuard, OwnedRwLockUpgradableGuard, OwnedRwLockWriteGuard, Policy, Read, RwLock, RwLockReadGuard,
    RwLockUpgradableGuard, RwLockWriteGuard, UpgradableRead, Upgrade, UpgradedGuard, Write,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};

/// `Send`, and not `Sync`.
type Sends = Cell<u32>;
/// `Sync`, and not `Send`.
type Shares = std::sync::MutexGuard<'static, u32>;
/// Neither.
type Stays = Rc<u32>;

assert_impl_all!(RwLock<u32>: Send, Sync, Unpin, Default, From<u32>);
// What may be sent, and not be shared: no reader may lend it to another thread.
assert_impl_all!(RwLock<Sends>: Send);
assert_not_impl_any!(RwLock<Sends>: Sync);
assert_not_impl_any!(RwLock<Shares>: Send, Sync);
assert_not_impl_any!(RwLock<Stays>: Send, Sync);

/// A guard of any kind goes where a borrow of its lock does.
macro_rules! goes_with_its_lock {
    ($($Guard:ident),*) => {$(
        assert_impl_all!($Guard<'static, u32>: Send, Sync, Unpin);
        assert_not_impl_any!($Guard<'static, Sends>: Send, Sync);
        assert_not_impl_any!($Guard<'static, Shares>: Send, Sync);
        assert_not_impl_any!($Guard<'static, Stays>: Send, Sync);
    )*};
}
/// The same for one that owns a count of the `Arc`.
macro_rules! owned_goes_with_its_lock {
    ($($Guard:ident),*) => {$(
        assert_impl_all!($Guard<u32>: Send, Sync, Unpin);
        assert_not_impl_any!($Guard<Sends>: Send, Sync);
        assert_not_impl_any!($Guard<Shares>: Send, Sync);
        assert_not_impl_any!($Guard<Stays>: Send, Sync);
    )*};
}
goes_with_its_lock!(RwLockReadGuard, RwLockWriteGuard, RwLockUpgradableGuard);
owned_goes_with_its_lock!(OwnedRwLockReadGuard, OwnedRwLockWriteGuard, OwnedRwLockUpgradableGuard);
assert_impl_all!(UpgradedGuard<'static, &'static RwLock<u32>>: Send, Sync);
assert_not_impl_any!(UpgradedGuard<'static, &'static RwLock<Sends>>: Send, Sync);
assert_not_impl_any!(UpgradedGuard<'static, Arc<RwLock<Shares>>>: Send, Sync);

// A narrowed one goes where its lock and its part do.
assert_impl_all!(MappedRwLockReadGuard<'static, u32, Shares>: Send, Sync);
assert_not_impl_any!(MappedRwLockReadGuard<'static, u32, Sends>: Send, Sync);
assert_not_impl_any!(MappedRwLockReadGuard<'static, Sends, u8>: Send, Sync);
assert_impl_all!(MappedRwLockWriteGuard<'static, u32, Sends>: Send);
assert_not_impl_any!(MappedRwLockWriteGuard<'static, u32, Sends>: Sync);
assert_impl_all!(MappedRwLockWriteGuard<'static, u32, Shares>: Sync);
assert_not_impl_any!(MappedRwLockWriteGuard<'static, u32, Shares>: Send);
assert_not_impl_any!(MappedRwLockWriteGuard<'static, Sends, u8>: Send, Sync);
assert_impl_all!(OwnedMappedRwLockReadGuard<u32, Shares>: Send, Sync);
assert_not_impl_any!(OwnedMappedRwLockReadGuard<u32, Sends>: Send, Sync);
assert_not_impl_any!(OwnedMappedRwLockReadGuard<Shares, u8>: Send, Sync);
assert_impl_all!(OwnedMappedRwLockWriteGuard<u32, Sends>: Send);
assert_not_impl_any!(OwnedMappedRwLockWriteGuard<u32, Sends>: Sync);
assert_not_impl_any!(OwnedMappedRwLockWriteGuard<u32, Shares>: Send);
assert_not_impl_any!(OwnedMappedRwLockWriteGuard<Shares, u8>: Send, Sync);

/// A future, too, and it is not moved.
macro_rules! future_goes_with_its_lock {
    ($($Future:ident),*) => {$(
        assert_impl_all!($Future<'static, u32>: Send, Sync);
        assert_not_impl_any!($Future<'static, u32>: Unpin);
        assert_not_impl_any!($Future<'static, Sends>: Send, Sync);
        assert_not_impl_any!($Future<'static, Shares>: Send, Sync);
    )*};
}
future_goes_with_its_lock!(Read, Write, UpgradableRead);
assert_impl_all!(Acquire<Arc<RwLock<u32>>, OwnedRwLockReadGuard<u32>>: Send, Sync);
assert_not_impl_any!(Acquire<Arc<RwLock<Sends>>, OwnedRwLockReadGuard<Sends>>: Send, Sync, Unpin);
assert_impl_all!(Upgrade<'static, &'static RwLock<u32>>: Send, Sync);
assert_not_impl_any!(Upgrade<'static, &'static RwLock<u32>>: Unpin);
assert_not_impl_any!(Upgrade<'static, &'static RwLock<Sends>>: Send, Sync);
assert_impl_all!(Policy: Send, Sync, Copy, Default);

#[test]
fn sizes_are_what_the_documentation_says() {
    assert_eq!(size_of::<RwLock<()>>(), 32);
}

#[test]
fn a_lock_around_a_slice_and_a_trait_object_works() {
    let slice: Box<RwLock<[u8]>> = Box::new(RwLock::new([1, 2, 3]));
    slice.write()[0] = 9;
    assert_eq!(*slice.read(), [9, 2, 3]);
    let object: Arc<RwLock<dyn std::fmt::Debug + Send + Sync>> = Arc::new(RwLock::new(7));
    assert_eq!(format!("{:?}", object.read_owned()), "7");
}

#[test]
fn debug_shows_the_value_or_that_it_is_locked() {
    let lock = RwLock::new(7);
    assert_eq!(format!("{lock:?}"), "RwLock { value: 7, .. }");
    let guard = lock.write();
    assert_eq!(
        (format!("{lock:?}"), format!("{guard} {guard:?}")),
        ("RwLock { value: <locked>, .. }".into(), "7 7".into())
    );
}

#[test]
fn guards_can_be_narrowed() {
    let lock = Arc::new(RwLock::new((vec![1], 2)));
    let guard = RwLockWriteGuard::map(lock.write(), |value| &mut value.0);
    let mut guard = MappedRwLockWriteGuard::try_map(guard, |values| values.first_mut()).unwrap();
    *guard += 8;
    assert!(lock.try_read().is_none());
    assert_eq!(format!("{guard:?}"), "9");
    drop(guard);
    let guard = OwnedRwLockReadGuard::map(Arc::clone(&lock).read_owned(), |value| &value.0);
    assert_eq!((guard.len(), lock.read().1), (1, 2));
    let guard = OwnedMappedRwLockReadGuard::try_map(guard, |values| values.get(5)).unwrap_err();
    let guard = OwnedMappedRwLockReadGuard::map(guard, |values| &values[0]);
    std::thread::spawn(move || assert_eq!((*guard, format!("{guard:?}")), (9, "9".into()))).join().unwrap();
    assert!(RwLockReadGuard::try_map(lock.read(), |_| None::<&u8>).is_err() && !lock.is_locked());
}

#[test]
fn owned_guards_keep_the_lock_alive() {
    let lock = Arc::new(RwLock::new(1));
    let weak = Arc::downgrade(&lock);
    let mut guard = Arc::clone(&lock).write_owned();
    *guard += 1;
    let guard = OwnedRwLockWriteGuard::downgrade_to_upgradable(guard);
    assert!(Arc::clone(&lock).try_write_owned().is_none() && Arc::clone(&lock).try_read_owned().is_some());
    let guard = OwnedRwLockUpgradableGuard::downgrade(guard);
    drop(futures_lite::future::block_on(lock.upgradable_read_owned_async()));
    assert_eq!((*guard, weak.strong_count()), (2, 1));
    std::thread::spawn(move || drop(guard)).join().unwrap();
    assert_eq!(weak.strong_count(), 0);
}

/// With the feature `tracing` and without.
#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux", not(latchwork_portable)))]
fn futures_have_the_same_size_whether_waits_are_told_or_not() {
    assert_eq!(size_of::<latchwork_rwlock::Read<'_, ()>>(), 112);
}
