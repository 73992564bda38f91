//! What models are written with: one body that loom explores, shuttle samples, and real threads run.
//!
//! A body spawns its threads with [`spawn`], drives futures with [`block_on`] or by hand with [`poll_once`], and shares
//! what is under test by the standard library's `Arc` (with loom's, a deadlock that is found aborts the process).
//!
//! | built with | [`model`] runs the body                                            |
//! |------------|--------------------------------------------------------------------|
//! | no cfg     | 100 times on real threads, under a watchdog                        |
//! | loom       | once for each execution that its memory model allows, or up to a bound |
//! | shuttle    | on 10 000 random schedules (`LATCHWORK_SHUTTLE_SCHEDULES`)         |

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
mod foreign;

use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;
use std::task::{Wake, Waker};

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
pub use foreign::{CountingAllocator, Foreign, allocations, on_one_core};

use super::atomic::{AtomicU32, Ordering};
use super::futex;
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
use super::imp;
use super::time::Instant;

/// Threads that a model uses beside the main one where it can use any number: two are what loom can exhaust.
pub const THREADS: usize = if cfg!(latchwork = "loom") { 2 } else { 6 };

/// Checks the body, without a bound.
pub fn model(body: impl Fn() + Send + Sync + 'static) {
    run(None, body);
}

/// Checks the body, with a bound on how often loom takes the processor from a thread that could go on. Real bugs have
/// hidden behind a bound of 2: say at the call why the bound stands, and take 3 or more.
pub fn model_bounded(preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    run(Some(preemptions), body);
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
fn run(_: Option<usize>, body: impl Fn() + Send + Sync + 'static) {
    let name = std::thread::current().name().unwrap_or("a model").to_owned();
    watchdog(&name, || (0..100).for_each(|_| body()));
}

#[cfg(latchwork = "loom")]
#[expect(clippy::disallowed_types, reason = "the clock on the wall, and a count that is not part of the model")]
fn run(bound: Option<usize>, body: impl Fn() + Send + Sync + 'static) {
    // Loom maps stacks for most of its time, which two processes' worth of threads would only queue for.
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);

    let mut builder = loom::model::Builder::new();
    builder.location = true;
    builder.max_branches = 10_000;
    // For an experiment, LOOM_MAX_PREEMPTIONS takes the place of every bound, and of none.
    builder.preemption_bound = builder.preemption_bound.or(bound);
    let bound = builder.preemption_bound.map_or("unbounded".to_owned(), |bound| format!("bound {bound}"));
    let executions = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&executions);
    let start = std::time::Instant::now();
    builder.check(move || {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        imp::begin();
        body();
    });
    let name = std::thread::current().name().unwrap_or("a model").to_owned();
    let executions = executions.load(std::sync::atomic::Ordering::Relaxed);
    println!("loom: {name}: {executions} executions, {bound}, {:.1} s", start.elapsed().as_secs_f64());
}

#[cfg(latchwork = "shuttle")]
fn run(_: Option<usize>, body: impl Fn() + Send + Sync + 'static) {
    model_shared(1, body);
}

/// Checks the body as one of so many that share the schedules of a model.
///
/// # Panics
///
/// If it does, and if `LATCHWORK_SHUTTLE_SCHEDULES` is not a number.
#[cfg(latchwork = "shuttle")]
pub fn model_shared(bodies: usize, body: impl Fn() + Send + Sync + 'static) {
    use shuttle::scheduler::RandomScheduler;

    let schedules = std::env::var("LATCHWORK_SHUTTLE_SCHEDULES")
        .map_or(10_000, |text| text.parse::<usize>().expect("LATCHWORK_SHUTTLE_SCHEDULES is a number of schedules"));
    let mut config = shuttle::Config::new();
    config.silence_warnings = true;
    let _end = imp::End;
    shuttle::Runner::new(RandomScheduler::new(schedules.div_ceil(bodies)), config).run(move || {
        imp::begin();
        body();
    });
}

/// A thread of a model.
#[derive(Debug)]
pub struct JoinHandle<T>(
    #[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))] std::thread::JoinHandle<T>,
    #[cfg(latchwork = "loom")] Loom<T>,
    #[cfg(latchwork = "shuttle")] shuttle::thread::JoinHandle<T>,
);

#[cfg(latchwork = "loom")]
struct Loom<T>(loom::thread::JoinHandle<T>);

#[cfg(latchwork = "loom")]
impl<T> core::fmt::Debug for Loom<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("JoinHandle")
    }
}

impl<T> JoinHandle<T> {
    /// Waits for the thread to end.
    ///
    /// # Panics
    ///
    /// If the thread panicked.
    pub fn join(self) -> T {
        #[cfg(latchwork = "loom")]
        let result = self.0.0.join();
        #[cfg(latchwork = "shuttle")]
        let result = imp::join(self.0);
        #[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
        let result = self.0.join();
        match result {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Starts a thread of the model.
#[track_caller]
pub fn spawn<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    #[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
    return JoinHandle(std::thread::spawn(body));
    #[cfg(latchwork = "loom")]
    return {
        imp::add_thread();
        JoinHandle(Loom(loom::thread::spawn(body)))
    };
    #[cfg(latchwork = "shuttle")]
    return JoinHandle(imp::spawn(body));
}

/// A deadline for models: one that [`let_time_pass`] lets pass, and that real threads reach within a millisecond.
///
/// # Panics
///
/// If the clock cannot tell the time a millisecond from now.
pub fn deadline() -> Instant {
    Instant::now().checked_add(Duration::from_millis(1)).expect("a millisecond from now can be told")
}

/// Lets every deadline pass, and every wait be a long one, from here on.
pub fn let_time_pass() {
    #[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
    imp::let_time_pass();
    #[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
    std::thread::sleep(Duration::from_millis(2));
}

/// Makes every futex wait in progress return for no reason. Real systems do so by themselves, if rarely.
pub fn wake_spuriously() {
    #[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
    imp::wake_spuriously();
}

/// Makes the system refuse the [heavy fence](crate::fence::heavy) from here on, as a filter on system calls does.
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
pub fn refuse_fences() {
    super::barrier::refuse();
}

/// A number that is reached by plain reads and writes, as a user's data is. The checkers report a race on it.
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
#[derive(Debug, Default)]
pub struct Data(super::cell::UnsafeCell<u32>);

/// A number that stands for a user's data. Outside the checkers a race on it is no worse than a wrong number.
#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
#[derive(Debug, Default)]
pub struct Data(AtomicU32);

#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
#[expect(unsafe_code, reason = "the checkers let a race happen to report it")]
impl Data {
    /// Writes it.
    #[track_caller]
    pub fn set(&self, value: u32) {
        // SAFETY: the checkers run all threads of a model in turns, on one thread of the system.
        self.0.with_mut(|data| unsafe { *data = value });
    }

    /// Reads it.
    #[track_caller]
    pub fn get(&self) -> u32 {
        // SAFETY: as in `set`.
        self.0.with(|data| unsafe { *data })
    }
}

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
impl Data {
    /// Writes it.
    pub fn set(&self, value: u32) {
        // ORDERING: Relaxed, here and below: the protocol under test orders it, or else the number is wrong.
        self.0.store(value, Ordering::Relaxed);
    }

    /// Reads it.
    pub fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Data {
    /// Adds one, by a read and a write.
    #[track_caller]
    pub fn count_up(&self) {
        self.set(self.get() + 1);
    }
}

// SAFETY: see `set`.
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
#[expect(unsafe_code, reason = "as for `set`")]
unsafe impl Sync for Data {}
// SAFETY: see `set`.
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
#[expect(unsafe_code, reason = "as for `set`")]
unsafe impl Send for Data {}

/// Wakes the thread that is in [`block_on`], and counts.
#[derive(Debug)]
pub struct Alarm(AtomicU32);

impl Default for Alarm {
    fn default() -> Self {
        Self(AtomicU32::new(0))
    }
}

impl Alarm {
    /// A waker that rings `self`.
    pub fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(Arc::clone(self))
    }

    /// How often it rang.
    pub fn rings(&self) -> u32 {
        // ORDERING: Acquire pairs with the Release in `wake_by_ref`: what was done before the wake is visible to the
        // poll that follows, as in any executor.
        self.0.load(Ordering::Acquire)
    }

    /// Blocks until it has rung more often than `seen` times.
    pub fn wait(&self, seen: u32) {
        while self.rings() == seen {
            futex::wait(&self.0, seen);
        }
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // ORDERING: Release pairs with the Acquire in `rings`.
        self.0.fetch_add(1, Ordering::Release);
        futex::wake_all(&raw const self.0);
    }
}

/// Polls the future on this thread until it is ready.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let alarm = Arc::new(Alarm::default());
    let waker = alarm.waker();
    loop {
        let seen = alarm.rings();
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => alarm.wait(seen),
        }
    }
}

/// Polls the future once, with a waker that goes nowhere.
pub fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    poll_with(future, Waker::noop())
}

/// Polls the future once, with this waker.
pub fn poll_with<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// Runs `body`, and aborts the process with `name` where it takes longer than five minutes: a test that hangs says so. That is
/// many times what the longest takes: machines that run tests may have little time for each. Time in which this process did not
/// run at all, because the machine was suspended, counts as a second.
#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
pub fn watchdog<T>(name: &str, body: impl FnOnce() -> T) -> T {
    watchdog_after(name, Duration::from_secs(300), body)
}

/// The same with another limit.
#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
pub fn watchdog_after<T>(name: &str, limit: Duration, body: impl FnOnce() -> T) -> T {
    let (finished, wait) = std::sync::mpsc::channel::<()>();
    let message = format!("watchdog: `{name}` hangs: no end after {limit:?}");
    let guard = std::thread::spawn(move || {
        let mut left = limit;
        while !left.is_zero() {
            let step = left.min(Duration::from_secs(1));
            // The sender is dropped when the body returns, and when it panics.
            if wait.recv_timeout(step) != Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                return;
            }
            left -= step;
        }
        use std::io::Write as _;
        // Past the test harness, which keeps the output of a test that has not ended.
        let _ = writeln!(std::io::stderr(), "{message}");
        std::process::abort();
    });
    let result = body();
    drop(finished);
    let _ = guard.join();
    result
}
