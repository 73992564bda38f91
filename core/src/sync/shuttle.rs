//! The facade under shuttle.
//!
//! Shuttle may switch threads only *before* an operation, so what follows the first operation of a futex call is one
//! step. Sleepers wait in `future::block_on`, since shuttle's `park` returns for no reason at any turn.
//!
//! Shuttle treats every ordering as `SeqCst`. Beside it, vector clocks keep what happens before what by the orderings that are asked
//! for, and cells report accesses that nothing orders. Each load reads the newest value: what an older one does is for loom to find.

#[path = "shuttle/atomic.rs"]
pub mod atomic;
#[path = "shuttle/cell.rs"]
pub mod cell;
#[path = "shuttle/clocks.rs"]
mod clocks;

use std::cell::RefCell;
use std::task::Waker;

use shuttle::rand::Rng;
use shuttle::thread::JoinHandle;

use self::atomic::Ordering;
use super::shim::Sleepers;

/// One futex wait in this many returns for no reason, without having slept.
const SPURIOUS_RETURNS: u32 = 12;

std::thread_local! {
    // All of shuttle's threads run on the thread that called `model`.
    static SLEEPERS: RefCell<Sleepers<Waker>> = const { RefCell::new(Sleepers::new()) };
    static LATE: RefCell<bool> = const { RefCell::new(false) };
}

/// A scheduling point, and nothing else.
fn switch() {
    shuttle::sync::atomic::AtomicU32::new(0).load(Ordering::Relaxed);
}

/// Starts an execution with nobody asleep and no time passed.
pub(super) fn begin() {
    clocks::begin();
    barrier::begin();
    SLEEPERS.replace(Sleepers::new());
    LATE.replace(false);
}

/// Ends the executions of a model when it is dropped.
pub(super) struct End;

impl Drop for End {
    fn drop(&mut self) {
        clocks::end();
    }
}

/// Starts a thread of the model, which knows what its parent does.
#[track_caller]
pub(super) fn spawn<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let start = clocks::spawning();
    shuttle::thread::spawn(move || {
        clocks::started(start);
        body()
    })
}

/// Waits for a thread of the model to end, and learns what it knew.
pub(super) fn join<T>(thread: JoinHandle<T>) -> shuttle::thread::Result<T> {
    let number = thread.thread().id().into();
    let result = thread.join();
    clocks::joined(number);
    result
}

/// Whether the time has passed.
pub(super) fn time_has_passed() -> bool {
    switch();
    LATE.with_borrow(|late| *late)
}

/// Lets every deadline pass.
pub(super) fn let_time_pass() {
    switch();
    LATE.replace(true);
    let late = SLEEPERS.with_borrow_mut(|sleepers| sleepers.take_late());
    late.into_iter().for_each(Waker::wake);
}

/// Makes every futex wait in progress return for no reason.
pub(super) fn wake_spuriously() {
    switch();
    let all = SLEEPERS.with_borrow_mut(|sleepers| sleepers.take(usize::MAX, |_| true));
    all.into_iter().for_each(Waker::wake);
}

/// Waiting for a word to change.
pub mod futex {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::atomic::AtomicU32;
    use super::time::Instant;
    use super::{LATE, Rng, SLEEPERS, SPURIOUS_RETURNS, Waker, switch};

    /// Waits while `word` holds `expected`, until it is woken. May return for no reason.
    pub fn wait(word: &AtomicU32, expected: u32) {
        sleep(word, expected, None);
    }

    /// Waits while `word` holds `expected`, until it is woken or `deadline` passes. May return for no reason.
    pub fn wait_until(word: &AtomicU32, expected: u32, deadline: Instant) {
        sleep(word, expected, Some(deadline));
    }

    /// Wakes one thread that waits on the word at this address, which may no longer be there.
    pub fn wake_one(word: *const AtomicU32) {
        wake(word, 1);
    }

    /// Wakes every thread that waits on the word at this address, which may no longer be there.
    pub fn wake_all(word: *const AtomicU32) {
        wake(word, usize::MAX);
    }

    fn sleep(word: &AtomicU32, expected: u32, deadline: Option<Instant>) {
        let spurious = shuttle::rand::thread_rng().gen_ratio(1, SPURIOUS_RETURNS);
        let has_changed = word.look() != expected;
        // The time is read without a scheduling point of its own: from the load to the sleep is one step.
        let is_late = deadline.is_some() && LATE.with_borrow(|late| *late);
        if spurious || has_changed || is_late {
            return;
        }
        let address = core::ptr::from_ref(word).addr();
        let mut ticket = None;
        shuttle::future::block_on(poll_fn(|cx| {
            SLEEPERS.with_borrow_mut(|sleepers| match ticket {
                Some(ticket) if !sleepers.is_asleep(ticket) => Poll::Ready(()),
                Some(_) => Poll::Pending,
                None => {
                    ticket = Some(sleepers.push(address, deadline, cx.waker().clone()));
                    Poll::Pending
                }
            })
        }));
    }

    fn wake(word: *const AtomicU32, limit: usize) {
        switch();
        let woken = SLEEPERS.with_borrow_mut(|sleepers| sleepers.take(limit, |sleeper| sleeper.address == word.addr()));
        woken.into_iter().for_each(Waker::wake);
    }
}

/// Hints to the processor.
pub mod hint {
    pub use shuttle::hint::spin_loop;

    pub use super::super::shim::{Backoff, pause};
}

/// The current thread.
pub mod thread {
    pub(crate) use super::super::shim::{CORES_ARE_KNOWN, current_core};
    pub use shuttle::thread::yield_now;
    pub(crate) use shuttle::thread_local as local;
}

/// The clock of deadlines.
pub mod time {
    pub use super::super::shim::Instant;
}

/// The fence that all running threads of the process pass.
pub use super::shim::barrier;
