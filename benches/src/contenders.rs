//! One trait per world, one implementation per contender.

pub mod bounded_buffer;
pub mod broken;
mod conditions;
pub mod ping_pong;
pub mod read_write;

use std::hint::black_box;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use latchwork_spinlock::{Pause, SpinLock, TicketLock, Yield};
use read_write::{ReadWrite, ReadWriteAsync, Saa};

/// Turns a dependent multiplication this many times: work of a fixed length that no compiler shortens.
///
/// Not inlined, so that every contender runs the same code: inlined, its loop was laid out differently in each, and a
/// section of 100 ns lasted up to a tenth longer in one than in another.
#[inline(never)]
pub fn work(units: u32) -> u64 {
    let mut value = black_box(u64::from(units) | 1);
    for _ in 0..units {
        value = black_box(value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
    value
}

/// A lock for threads around a counter.
pub trait Blocking: Sync {
    /// Locks, counts, works for `units`, unlocks. Returns how long it waited for the lock, where that is asked for.
    fn enter(&self, units: u32, is_timed: bool) -> Duration;
    /// How often it was entered: less than the threads counted, and it does not exclude.
    fn count(&self) -> u64;
}

/// A task's way through a section, and how long it waited for that, where it is asked for.
pub type Entering<'a> = Pin<Box<dyn Future<Output = Duration> + Send + 'a>>;

/// A lock for tasks around a counter.
pub trait Async: Send + Sync {
    /// Locks, counts, works for `units`, unlocks.
    fn enter(&self, units: u32, is_timed: bool) -> Entering<'_>;
    /// How often it was entered.
    fn count(&self) -> u64;
}

/// How long ago that was, if it was.
pub(crate) fn elapsed(start: Option<Instant>) -> Duration {
    start.map_or(Duration::ZERO, |start| start.elapsed())
}

macro_rules! blocking {
    ($lock:ty, |$it:ident| $guard:expr) => {
        impl Blocking for $lock {
            fn enter(&self, units: u32, is_timed: bool) -> Duration {
                let ($it, start) = (self, is_timed.then(Instant::now));
                let mut guard = $guard;
                let waited = elapsed(start);
                *guard += 1;
                work(units);
                waited
            }

            fn count(&self) -> u64 {
                let $it = self;
                *$guard
            }
        }
    };
}

blocking!(latchwork_mutex::Mutex<u64>, |it| it.lock());
blocking!(std::sync::Mutex<u64>, |it| it.lock().expect("no section panics"));
blocking!(parking_lot::Mutex<u64>, |it| it.lock());
blocking!(usync::Mutex<u64>, |it| it.lock());
blocking!(xutex::Mutex<u64>, |it| it.lock());
blocking!(SpinLock<u64>, |it| it.lock());
blocking!(SpinLock<u64, Pause>, |it| it.lock());
blocking!(SpinLock<u64, Yield>, |it| it.lock());
blocking!(TicketLock<u64>, |it| it.lock());
blocking!(spin::Mutex<u64>, |it| it.lock());
blocking!(spin::mutex::TicketMutex<u64>, |it| it.lock());

impl Blocking for mcslock::raw::spins::Mutex<u64> {
    fn enter(&self, units: u32, is_timed: bool) -> Duration {
        let start = is_timed.then(Instant::now);
        self.lock_then(|count| {
            let waited = elapsed(start);
            *count += 1;
            work(units);
            waited
        })
    }

    fn count(&self) -> u64 {
        self.lock_then(|count| *count)
    }
}

impl Blocking for Saa {
    fn enter(&self, units: u32, is_timed: bool) -> Duration {
        ReadWrite::write(self, units, is_timed)
    }

    fn count(&self) -> u64 {
        ReadWrite::count(self)
    }
}

macro_rules! asynchronous {
    ($lock:ty, |$it:ident| $guard:expr) => {
        impl Async for $lock {
            fn enter(&self, units: u32, is_timed: bool) -> Entering<'_> {
                let $it = self;
                Box::pin(async move {
                    let start = is_timed.then(Instant::now);
                    let mut guard = $guard.await;
                    let waited = elapsed(start);
                    *guard += 1;
                    work(units);
                    waited
                })
            }

            fn count(&self) -> u64 {
                let $it = self;
                *futures_lite::future::block_on($guard)
            }
        }
    };
}

asynchronous!(latchwork_mutex::Mutex<u64>, |it| it.lock_async());
asynchronous!(SpinLock<u64>, |it| it.lock_async());
asynchronous!(tokio::sync::Mutex<u64>, |it| it.lock());
asynchronous!(async_lock::Mutex<u64>, |it| it.lock());
asynchronous!(asyncband::mutex::Mutex<u64>, |it| it.lock());
asynchronous!(xutex::AsyncMutex<u64>, |it| it.lock());

impl Async for Saa {
    fn enter(&self, units: u32, is_timed: bool) -> Entering<'_> {
        ReadWriteAsync::write(self, units, is_timed)
    }

    fn count(&self) -> u64 {
        ReadWriteAsync::count(self)
    }
}

/// A semaphore, and what is counted with its permits.
struct Gate<S> {
    semaphore: S,
    permits: usize,
    inside: AtomicUsize,
    entered: AtomicU64,
}

impl<S> Gate<S> {
    const fn new(semaphore: S, permits: usize) -> Self {
        Self { semaphore, permits, inside: AtomicUsize::new(0), entered: AtomicU64::new(0) }
    }

    /// With a permit.
    fn pass(&self, units: u32) {
        self.go_in(units);
        self.go_out();
    }

    /// With a permit, which is kept while the task yields: what semaphores guard is asynchronous itself.
    async fn pass_slowly(&self, units: u32) {
        self.go_in(units);
        tokio::task::yield_now().await;
        self.go_out();
    }

    fn go_in(&self, units: u32) {
        assert!(self.inside.fetch_add(1, Relaxed) < self.permits, "more are inside than there are permits");
        self.entered.fetch_add(1, Relaxed);
        work(units);
    }

    fn go_out(&self) {
        self.inside.fetch_sub(1, Relaxed);
    }
}

macro_rules! gate {
    ($semaphore:ty, |$it:ident| $permit:expr $(, $release:expr)?) => {
        impl Blocking for Gate<$semaphore> {
            fn enter(&self, units: u32, is_timed: bool) -> Duration {
                let ($it, start) = (&self.semaphore, is_timed.then(Instant::now));
                let _permit = $permit;
                let waited = elapsed(start);
                self.pass(units);
                $($release;)?
                waited
            }

            fn count(&self) -> u64 {
                self.entered.load(Relaxed)
            }
        }
    };
}

gate!(latchwork_semaphore::Semaphore, |it| it.acquire().expect("it is open"));
gate!(async_lock::Semaphore, |it| it.acquire_blocking());
gate!(saa::Semaphore, |it| it.acquire_sync(), it.release());

macro_rules! gate_for_tasks {
    ($semaphore:ty, |$it:ident| $permit:expr $(, $release:expr)?) => {
        impl Async for Gate<$semaphore> {
            fn enter(&self, units: u32, is_timed: bool) -> Entering<'_> {
                let $it = &self.semaphore;
                Box::pin(async move {
                    let start = is_timed.then(Instant::now);
                    let _permit = $permit;
                    let waited = elapsed(start);
                    self.pass_slowly(units).await;
                    $($release;)?
                    waited
                })
            }

            fn count(&self) -> u64 {
                self.entered.load(Relaxed)
            }
        }
    };
}

gate_for_tasks!(latchwork_semaphore::Semaphore, |it| it.acquire_async().await.expect("it is open"));
gate_for_tasks!(tokio::sync::Semaphore, |it| it.acquire().await.expect("it is open"));
gate_for_tasks!(async_lock::Semaphore, |it| it.acquire().await);
gate_for_tasks!(asyncband::semaphore::Semaphore, |it| it.acquire(1).await);
gate_for_tasks!(saa::Semaphore, |it| it.acquire_async().await, it.release());

/// How to make a new semaphore with so many permits.
pub type MakeSemaphore<L> = fn(usize) -> Box<L>;

/// The semaphores for threads that can have so many permits. The first is the one that ratios refer to.
pub fn semaphores(permits: usize) -> Vec<(&'static str, MakeSemaphore<dyn Blocking>)> {
    with_so_many(
        permits,
        [
            ("async-lock", |permits| Box::new(Gate::new(async_lock::Semaphore::new(permits), permits))),
            ("Semaphore", |permits| Box::new(Gate::new(latchwork_semaphore::Semaphore::new(permits), permits))),
            ("saa", |permits| Box::new(Gate::new(saa::Semaphore::with_permits(permits), permits))),
        ],
    )
}

/// The semaphores for tasks that can have so many permits. The first is the one that ratios refer to.
pub fn semaphores_for_tasks(permits: usize) -> Vec<(&'static str, MakeSemaphore<dyn Async>)> {
    with_so_many(
        permits,
        [
            ("tokio", |permits| Box::new(Gate::new(tokio::sync::Semaphore::new(permits), permits))),
            ("async-lock", |permits| Box::new(Gate::new(async_lock::Semaphore::new(permits), permits))),
            ("asyncband", |permits| Box::new(Gate::new(asyncband::semaphore::Semaphore::new(permits), permits))),
            ("Semaphore", |permits| Box::new(Gate::new(latchwork_semaphore::Semaphore::new(permits), permits))),
            ("saa", |permits| Box::new(Gate::new(saa::Semaphore::with_permits(permits), permits))),
        ],
    )
}

/// Those that can have so many permits.
fn with_so_many<L: ?Sized, const N: usize>(
    permits: usize,
    all: [(&'static str, MakeSemaphore<L>); N],
) -> Vec<(&'static str, MakeSemaphore<L>)> {
    let can_have = |name| name != "saa" || permits <= saa::Semaphore::MAX_PERMITS;
    all.into_iter().filter(|(name, _)| can_have(*name)).collect()
}

/// A name, and how to make a new lock.
pub type Contender<L> = (&'static str, fn() -> Box<L>);

/// The locks for threads. The first is the one that ratios refer to.
pub const BLOCKING: [Contender<dyn Blocking>; 11] = [
    ("std", || Box::new(std::sync::Mutex::new(0))),
    ("parking_lot", || Box::new(parking_lot::Mutex::new(0))),
    ("usync", || Box::new(usync::Mutex::new(0))),
    ("saa", || Box::new(Saa::default())),
    ("xutex", || Box::new(xutex::Mutex::new(0))),
    ("Mutex", || Box::new(latchwork_mutex::Mutex::new(0))),
    ("SpinLock", || Box::new(SpinLock::new(0))),
    ("TicketLock", || Box::new(TicketLock::new(0))),
    ("spin", || Box::new(spin::Mutex::new(0))),
    ("spin-ticket", || Box::new(spin::mutex::TicketMutex::new(0))),
    ("mcslock", || Box::new(mcslock::raw::spins::Mutex::new(0))),
];

/// The locks for tasks. The first is the one that ratios refer to.
pub const ASYNC: [Contender<dyn Async>; 7] = [
    ("tokio", || Box::new(tokio::sync::Mutex::new(0))),
    ("async-lock", || Box::new(async_lock::Mutex::new(0))),
    ("asyncband", || Box::new(asyncband::mutex::Mutex::new(0))),
    ("saa", || Box::new(Saa::default())),
    ("xutex", || Box::new(xutex::AsyncMutex::new(0))),
    ("Mutex", || Box::new(latchwork_mutex::Mutex::new(0))),
    ("SpinLock", || Box::new(SpinLock::new(0))),
];
