//! Every way to lock, where it may and where it may not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_lite::future::{block_on, poll_once};
use latchwork_rwlock::RwLock;

const SHORT: Duration = Duration::from_millis(1);

/// Locks in all ten ways, or finds the eight closed that end.
macro_rules! check {
    (
        $lock:ident, $is_free:expr;
        $blocking:ident, $try:ident, $try_for:ident, $try_until:ident, $async:ident;
        $owned:ident, $try_owned:ident, $try_owned_for:ident, $try_owned_until:ident, $owned_async:ident
    ) => {{
        let (it, is_free) = (|| Arc::clone(&$lock), $is_free);
        assert_eq!(it().$try().is_some(), is_free);
        assert_eq!(it().$try_for(SHORT).is_some(), is_free);
        assert_eq!(it().$try_until(Instant::now() + SHORT).is_some(), is_free);
        assert_eq!(block_on(poll_once(it().$async())).is_some(), is_free);
        assert_eq!(it().$try_owned().is_some(), is_free);
        assert_eq!(it().$try_owned_for(SHORT).is_some(), is_free);
        assert_eq!(it().$try_owned_until(Instant::now() + SHORT).is_some(), is_free);
        assert_eq!(block_on(poll_once(it().$owned_async())).is_some(), is_free);
        if is_free {
            assert_eq!(*it().$blocking(), 7);
            assert_eq!(*it().$owned(), 7);
        }
    }};
}

/// What may be had beside the guard: a plain share, one for whoever has one, the upgradable share, the lock.
fn check_all(lock: &Arc<RwLock<u32>>, [read, read_recursive, upgradable, write]: [bool; 4]) {
    check! {
        lock, read;
        read, try_read, try_read_for, try_read_until, read_async;
        read_owned, try_read_owned, try_read_owned_for, try_read_owned_until, read_owned_async
    }
    check! {
        lock, read_recursive;
        read_recursive, try_read_recursive, try_read_recursive_for, try_read_recursive_until, read_recursive_async;
        read_recursive_owned, try_read_recursive_owned, try_read_recursive_owned_for, try_read_recursive_owned_until,
        read_recursive_owned_async
    }
    check! {
        lock, upgradable;
        upgradable_read, try_upgradable_read, try_upgradable_read_for, try_upgradable_read_until, upgradable_read_async;
        upgradable_read_owned, try_upgradable_read_owned, try_upgradable_read_owned_for, try_upgradable_read_owned_until,
        upgradable_read_owned_async
    }
    check! {
        lock, write;
        write, try_write, try_write_for, try_write_until, write_async;
        write_owned, try_write_owned, try_write_owned_for, try_write_owned_until, write_owned_async
    }
}

#[test]
fn each_way_is_open_beside_those_it_may_share_with() {
    let lock = Arc::new(RwLock::new(7));
    check_all(&lock, [true; 4]);
    {
        let _reader = lock.read();
        check_all(&lock, [true, true, true, false]);
    }
    {
        let _upgradable = lock.upgradable_read();
        check_all(&lock, [true, true, false, false]);
    }
    {
        let _writer = lock.write();
        check_all(&lock, [false; 4]);
    }
    {
        let _reader = lock.read();
        let mut writer = Box::pin(lock.write_async());
        assert!(block_on(poll_once(writer.as_mut())).is_none());
        check_all(&lock, [false, true, false, false]);
    }
    check_all(&lock, [true; 4]);
    assert_eq!(Arc::strong_count(&lock), 1, "no guard or future keeps a count");
}
