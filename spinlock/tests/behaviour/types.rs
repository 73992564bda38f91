//! What the types promise: `Send`, `Sync`, `Unpin`, and sizes.

use std::cell::Cell;
use std::rc::Rc;

use latchwork_spinlock::{
    Backoff, Lock, MappedRwSpinLockWriteGuard, Pause, Read, RwSpinLock, RwSpinLockReadGuard, RwSpinLockUpgradableGuard,
    RwSpinLockWriteGuard, SpinLock, SpinLockGuard, TicketLock, TicketLockGuard, UpgradableRead, Upgrade, Write, Yield,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};

/// `Send`, and not `Sync`.
type Sends = Cell<u8>;
/// `Sync`, and not `Send`.
type Shares = std::sync::MutexGuard<'static, u8>;
/// Neither.
type Stays = Rc<u8>;

assert_impl_all!(SpinLock<Sends, Stays>: Send, Sync, Unpin);
assert_not_impl_any!(SpinLock<Shares>: Send, Sync);
assert_impl_all!(TicketLock<Sends>: Send, Sync, Unpin);
assert_not_impl_any!(TicketLock<Shares>: Send, Sync);
assert_impl_all!(RwSpinLock<Sends>: Send, Unpin);
assert_not_impl_any!(RwSpinLock<Sends>: Sync);
assert_not_impl_any!(RwSpinLock<Shares>: Send, Sync);
assert_impl_all!(RwSpinLock<u8>: Send, Sync);

assert_impl_all!(SpinLockGuard<'static, Sends>: Send);
assert_not_impl_any!(SpinLockGuard<'static, Sends>: Sync);
assert_impl_all!(SpinLockGuard<'static, Shares>: Sync);
assert_not_impl_any!(SpinLockGuard<'static, Shares>: Send);
assert_impl_all!(TicketLockGuard<'static, Sends>: Send);
assert_not_impl_any!(TicketLockGuard<'static, Sends>: Sync);
assert_impl_all!(TicketLockGuard<'static, Shares>: Sync);
assert_not_impl_any!(TicketLockGuard<'static, Shares>: Send);

// A reader lends `&T` wherever it is: `Sync` is what it takes.
assert_impl_all!(RwSpinLockReadGuard<'static, Shares>: Send, Sync);
assert_not_impl_any!(RwSpinLockReadGuard<'static, Sends>: Send, Sync);
// A writer may become a reader beside others, and an upgradable reader a writer: both take both.
assert_impl_all!(RwSpinLockWriteGuard<'static, u8>: Send, Sync);
assert_not_impl_any!(RwSpinLockWriteGuard<'static, Sends>: Send, Sync);
assert_not_impl_any!(RwSpinLockWriteGuard<'static, Shares>: Send);
assert_impl_all!(RwSpinLockUpgradableGuard<'static, u8>: Send, Sync);
assert_not_impl_any!(RwSpinLockUpgradableGuard<'static, Sends>: Send, Sync);
assert_not_impl_any!(RwSpinLockUpgradableGuard<'static, Shares>: Send);
// A narrowed writer can become nothing else.
assert_impl_all!(MappedRwSpinLockWriteGuard<'static, Sends>: Send);
assert_not_impl_any!(MappedRwSpinLockWriteGuard<'static, Sends>: Sync);
assert_not_impl_any!(MappedRwSpinLockWriteGuard<'static, Shares>: Send);

assert_impl_all!(Lock<'static, Sends>: Send, Sync, Unpin);
assert_not_impl_any!(Lock<'static, Stays>: Send, Sync);
assert_impl_all!(Read<'static, u8>: Send, Sync, Unpin);
assert_impl_all!(Write<'static, u8>: Send, Sync, Unpin);
assert_impl_all!(UpgradableRead<'static, u8>: Send, Sync, Unpin);
assert_impl_all!(Upgrade<'static, u8>: Send, Sync, Unpin);
assert_not_impl_any!(Upgrade<'static, Sends>: Send, Sync);

#[test]
fn sizes_are_what_the_documentation_says() {
    assert_eq!(size_of::<SpinLock<()>>(), 1);
    assert_eq!(size_of::<SpinLock<(), Yield>>(), 1);
    assert_eq!(size_of::<SpinLock<u8>>(), 2);
    assert_eq!(size_of::<TicketLock<()>>(), 8);
    assert_eq!(size_of::<RwSpinLock<()>>(), 4);
    assert_eq!(size_of::<(Pause, Backoff, Yield)>(), 0);
    assert_eq!(size_of::<Lock<'_, u64>>(), size_of::<usize>());
    assert_eq!(size_of::<Write<'_, u64>>(), size_of::<usize>());
}

#[test]
fn locks_around_slices_and_trait_objects_work() {
    let slice: &SpinLock<[u8]> = &SpinLock::new([1, 2, 3]);
    slice.lock()[0] = 9;
    assert_eq!(&*slice.lock(), &[9, 2, 3]);
    let object: Box<TicketLock<dyn std::fmt::Debug + Send>> = Box::new(TicketLock::new(7));
    assert_eq!(format!("{:?}", object.lock()), "7");
    let object: Box<RwSpinLock<dyn std::fmt::Debug + Send + Sync>> = Box::new(RwSpinLock::new(7));
    assert_eq!(format!("{:?}", futures_lite::future::block_on(object.read_async())), "7");
    assert_eq!(format!("{object:?}"), "RwSpinLock { value: 7, .. }");
}

#[test]
fn a_lock_shows_itself_without_waiting() {
    let spin = SpinLock::new(1);
    let ticket = TicketLock::new(2);
    let rw = RwSpinLock::new(3);
    assert_eq!(format!("{spin:?} {ticket:?}"), "SpinLock { value: 1, .. } TicketLock { value: 2, .. }");
    let guards = (spin.lock(), ticket.lock(), rw.write());
    assert_eq!(format!("{spin:?}"), "SpinLock { value: <locked>, .. }");
    assert_eq!(format!("{ticket:?}"), "TicketLock { value: <locked>, .. }");
    assert_eq!(format!("{rw:?}"), "RwSpinLock { value: <locked>, .. }");
    assert_eq!(format!("{guards:?} {}", guards.2), "(1, 2, 3) 3");
}

#[test]
fn conversions_make_a_free_lock() {
    assert_eq!(SpinLock::from(3).into_inner(), 3);
    assert_eq!(*SpinLock::<u8, Pause>::default().lock(), 0);
    assert_eq!(TicketLock::from(3).into_inner(), 3);
    assert_eq!(*TicketLock::<u8>::default().lock(), 0);
    assert_eq!(RwSpinLock::from(3).into_inner(), 3);
    assert_eq!(*RwSpinLock::<u8>::default().read(), 0);
}
