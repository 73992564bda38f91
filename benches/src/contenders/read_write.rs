//! The reader-writer locks.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crossbeam_utils::sync::ShardedLock;
use latchwork_spinlock::RwSpinLock;

use super::{Contender, Entering, elapsed, work};

/// A lock for threads that read and threads that write a counter.
pub trait ReadWrite: Sync {
    /// Locks for reading, works for `units`, unlocks. Returns how long it waited for the lock, where that is asked for.
    fn read(&self, units: u32, is_timed: bool) -> Duration;
    /// Locks for writing, counts, works for `units`, unlocks. Returns the same.
    fn write(&self, units: u32, is_timed: bool) -> Duration;
    /// How often it was written: less than the threads counted, and it does not exclude.
    fn count(&self) -> u64;
}

/// A lock for tasks that read and tasks that write a counter.
pub trait ReadWriteAsync: Send + Sync {
    /// Locks for reading, works for `units`, unlocks.
    fn read(&self, units: u32, is_timed: bool) -> Entering<'_>;
    /// Locks for writing, counts, works for `units`, unlocks.
    fn write(&self, units: u32, is_timed: bool) -> Entering<'_>;
    /// How often it was written.
    fn count(&self) -> u64;
}

/// The locks for threads. The first is the one that ratios refer to.
pub const BLOCKING: [Contender<dyn ReadWrite>; 9] = [
    ("std", || Box::new(std::sync::RwLock::new(0))),
    ("parking_lot", || Box::new(parking_lot::RwLock::new(0))),
    ("usync", || Box::new(usync::RwLock::new(0))),
    ("ShardedLock", || Box::new(ShardedLock::new(0))),
    ("RwLock", || Box::new(latchwork_rwlock::RwLock::new(0))),
    ("async-lock", || Box::new(async_lock::RwLock::new(0))),
    ("saa", || Box::new(Saa::default())),
    ("RwSpinLock", || Box::new(RwSpinLock::new(0))),
    ("spin", || Box::new(spin::RwLock::new(0))),
];

/// The locks for tasks. The first is the one that ratios refer to.
pub const ASYNC: [Contender<dyn ReadWriteAsync>; 5] = [
    ("tokio", || Box::new(tokio::sync::RwLock::new(0))),
    ("async-lock", || Box::new(async_lock::RwLock::new(0))),
    ("asyncband", || Box::new(asyncband::rwlock::RwLock::new(0))),
    ("RwLock", || Box::new(latchwork_rwlock::RwLock::new(0))),
    ("saa", || Box::new(Saa::default())),
];

macro_rules! blocking {
    ($lock:ty, |$it:ident| $reader:expr, $writer:expr) => {
        impl ReadWrite for $lock {
            fn read(&self, units: u32, is_timed: bool) -> Duration {
                let ($it, start) = (self, is_timed.then(Instant::now));
                let guard = $reader;
                let waited = elapsed(start);
                black_box(*guard);
                work(units);
                waited
            }

            fn write(&self, units: u32, is_timed: bool) -> Duration {
                let ($it, start) = (self, is_timed.then(Instant::now));
                let mut guard = $writer;
                let waited = elapsed(start);
                *guard += 1;
                work(units);
                waited
            }

            fn count(&self) -> u64 {
                let $it = self;
                *$reader
            }
        }
    };
}

blocking!(latchwork_rwlock::RwLock<u64>, |it| it.read(), it.write());
blocking!(RwSpinLock<u64>, |it| it.read(), it.write());
blocking!(std::sync::RwLock<u64>, |it| it.read().expect("no section panics"), it.write().expect("no section panics"));
blocking!(parking_lot::RwLock<u64>, |it| it.read(), it.write());
blocking!(usync::RwLock<u64>, |it| it.read(), it.write());
blocking!(ShardedLock<u64>, |it| it.read().expect("no section panics"), it.write().expect("no section panics"));
blocking!(async_lock::RwLock<u64>, |it| it.read_blocking(), it.write_blocking());
blocking!(spin::RwLock<u64>, |it| it.read(), it.write());

macro_rules! asynchronous {
    ($($lock:ty, |$it:ident| $reader:expr, $writer:expr;)*) => { $(
        impl ReadWriteAsync for $lock {
            fn read(&self, units: u32, is_timed: bool) -> Entering<'_> {
                let $it = self;
                Box::pin(async move {
                    let start = is_timed.then(Instant::now);
                    let guard = $reader.await;
                    let waited = elapsed(start);
                    black_box(*guard);
                    work(units);
                    waited
                })
            }

            fn write(&self, units: u32, is_timed: bool) -> Entering<'_> {
                let $it = self;
                Box::pin(async move {
                    let start = is_timed.then(Instant::now);
                    let mut guard = $writer.await;
                    let waited = elapsed(start);
                    *guard += 1;
                    work(units);
                    waited
                })
            }

            fn count(&self) -> u64 {
                let $it = self;
                *futures_lite::future::block_on($reader)
            }
        }
    )* };
}

asynchronous! {
    latchwork_rwlock::RwLock<u64>, |it| it.read_async(), it.write_async();
    tokio::sync::RwLock<u64>, |it| it.read(), it.write();
    async_lock::RwLock<u64>, |it| it.read(), it.write();
    asyncband::rwlock::RwLock<u64>, |it| it.read(), it.write();
}

/// saa's lock protects no value: beside it is a counter, from which counts get lost where it does not exclude.
#[derive(Default)]
pub(super) struct Saa {
    lock: saa::Lock,
    count: AtomicU64,
}

impl Saa {
    fn visit(&self, units: u32) {
        black_box(self.count.load(Relaxed));
        work(units);
        self.lock.release_share();
    }

    fn change(&self, units: u32) {
        self.count.store(self.count.load(Relaxed) + 1, Relaxed);
        work(units);
        self.lock.release_lock();
    }
}

impl ReadWrite for Saa {
    fn read(&self, units: u32, is_timed: bool) -> Duration {
        let start = is_timed.then(Instant::now);
        self.lock.share_sync();
        let waited = elapsed(start);
        self.visit(units);
        waited
    }

    fn write(&self, units: u32, is_timed: bool) -> Duration {
        let start = is_timed.then(Instant::now);
        self.lock.lock_sync();
        let waited = elapsed(start);
        self.change(units);
        waited
    }

    fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }
}

impl ReadWriteAsync for Saa {
    fn read(&self, units: u32, is_timed: bool) -> Entering<'_> {
        Box::pin(async move {
            let start = is_timed.then(Instant::now);
            self.lock.share_async().await;
            let waited = elapsed(start);
            self.visit(units);
            waited
        })
    }

    fn write(&self, units: u32, is_timed: bool) -> Entering<'_> {
        Box::pin(async move {
            let start = is_timed.then(Instant::now);
            self.lock.lock_async().await;
            let waited = elapsed(start);
            self.change(units);
            waited
        })
    }

    fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }
}
