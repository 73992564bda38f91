//! What the types promise: `Send`, `Sync`, `Unpin`, and sizes.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use latchwork_monitor::{Condition, Condvar, Enter, Monitor, MonitorGuard, Wait, WaitTimeoutResult, WaitWhile, When};
use latchwork_mutex::{Mutex, MutexGuard};
use static_assertions::{assert_impl_all, assert_not_impl_any};

type Asks = fn(&mut u32) -> bool;

assert_impl_all!(Condvar: Send, Sync, Unpin, Default);
assert_impl_all!(Condition: Send, Sync, Unpin);
assert_impl_all!(WaitTimeoutResult: Send, Sync, Copy);

assert_impl_all!(Monitor<u32>: Send, Sync, Unpin, Default, From<u32>);
assert_impl_all!(Monitor<Cell<u32>>: Send, Sync);
assert_not_impl_any!(Monitor<Rc<u32>>: Send, Sync);
assert_impl_all!(MonitorGuard<'static, u32>: Send, Sync);
assert_impl_all!(MonitorGuard<'static, Cell<u32>>: Send);
assert_not_impl_any!(MonitorGuard<'static, Cell<u32>>: Sync);
assert_not_impl_any!(MonitorGuard<'static, Rc<u32>>: Send, Sync);

assert_impl_all!(Wait<'static, MutexGuard<'static, u32>>: Send, Sync);
assert_impl_all!(Wait<'static, MonitorGuard<'static, u32>>: Send, Sync);
assert_impl_all!(Wait<'static, MonitorGuard<'static, Cell<u32>>>: Send);
assert_not_impl_any!(Wait<'static, MonitorGuard<'static, Cell<u32>>>: Sync);
assert_not_impl_any!(Wait<'static, MonitorGuard<'static, Rc<u32>>>: Send, Sync);
assert_not_impl_any!(Wait<'static, MutexGuard<'static, u32>>: Unpin);
assert_not_impl_any!(Wait<'static, MutexGuard<'static, Rc<u32>>>: Send, Sync);
assert_not_impl_any!(WaitWhile<'static, MonitorGuard<'static, Rc<u32>>, Asks>: Send, Sync);
assert_not_impl_any!(WaitWhile<'static, MonitorGuard<'static, u32>, Rc<u32>>: Send);
assert_impl_all!(WaitWhile<'static, MonitorGuard<'static, u32>, Asks>: Send, Sync);
assert_not_impl_any!(WaitWhile<'static, MonitorGuard<'static, u32>, Asks>: Unpin);

assert_impl_all!(Enter<'static, u32>: Send, Sync);
assert_not_impl_any!(Enter<'static, u32>: Unpin);
assert_not_impl_any!(Enter<'static, Rc<u32>>: Send);
assert_impl_all!(When<'static, u32, Asks>: Send, Sync);
assert_impl_all!(When<'static, Cell<u32>, Asks>: Send);
assert_not_impl_any!(When<'static, u32, Asks>: Unpin);
assert_not_impl_any!(When<'static, Rc<u32>, Asks>: Send);
assert_not_impl_any!(When<'static, u32, Rc<u32>>: Send);

#[test]
fn sizes_are_what_the_documentation_says() {
    assert_eq!(size_of::<Condvar>(), 40);
    assert_eq!(size_of::<Condition>(), 48);
    assert_eq!(size_of::<Monitor<()>>(), 96);
    assert!(size_of::<MonitorGuard<'_, u64>>() <= size_of::<usize>());
}

#[test]
fn debug_shows_no_more_than_is_known() {
    assert_eq!(format!("{:?}", Condvar::new()), "Condvar { .. }");
    let monitor = Monitor::from(7);
    assert_eq!(format!("{monitor:?} {:?}", monitor.condition()), "Monitor { value: 7, .. } Condition { .. }");
    let guard = monitor.enter();
    assert_eq!(format!("{monitor:?} {guard:?} {guard}"), "Monitor { value: <entered>, .. } 7 7");
}

#[test]
fn the_value_can_be_reached_without_entering() {
    let mut monitor = Monitor::<u32>::default();
    *monitor.get_mut() = 5;
    assert!(!monitor.is_entered());
    assert_eq!((monitor.with(|value| *value), monitor.into_inner()), (5, 5));
}

/// R2: a deadline that the clock cannot tell is none, and one that has passed ends the wait at once.
#[test]
fn timeouts_may_be_anything() {
    let (mutex, condvar) = (Mutex::new(0), Condvar::new());
    let mut guard = mutex.lock();
    assert!(condvar.wait_for(&mut guard, Duration::ZERO).timed_out());
    assert!(!condvar.wait_while_for(&mut guard, |number| *number > 0, Duration::MAX).timed_out());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            *mutex.lock() = 1;
            condvar.notify_all()
        });
        assert!(!condvar.wait_while_for(&mut guard, |number| *number == 0, Duration::MAX).timed_out());
    });
}

/// With the feature `tracing` and without.
#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux", not(latchwork_portable)))]
fn futures_have_the_same_size_whether_waits_are_told_or_not() {
    assert_eq!(
        [
            size_of::<Enter<'_, ()>>(),
            size_of::<Wait<'_, MutexGuard<'_, ()>>>(),
            size_of::<When<'_, (), fn(&()) -> bool>>()
        ],
        [112, 128, 248]
    );
}
