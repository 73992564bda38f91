//! Tasks whose futures are polled by hand, for the tests of the crates without the standard library.
//!
//! The tests themselves have it: they need threads, and something to allocate with.

use std::env;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::{Command, abort};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

/// A task with a future, which counts how often it is woken.
pub struct Task<F: ?Sized> {
    bell: Arc<Bell>,
    future: Pin<Box<F>>,
}

/// A future that gives nothing, of whatever type.
pub type Job<'a> = dyn Future<Output = ()> + 'a;

struct Bell {
    rings: AtomicUsize,
    thread: Thread,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // ORDERING: Release, here, pairs with the Acquire in `rings`: what was done before the wake is visible to the next poll.
        self.rings.fetch_add(1, Ordering::Release);
        self.thread.unpark();
    }
}

impl<F: Future> Task<F> {
    /// A task that has not been polled.
    pub fn new(future: F) -> Self {
        Self { bell: Bell::new(), future: Box::pin(future) }
    }
}

impl<F: Future + ?Sized> Task<F> {
    /// Polls it once.
    pub fn poll(&mut self) -> Poll<F::Output> {
        let waker = Waker::from(Arc::clone(&self.bell));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// Polls it once, and expects that it is ready.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub fn ready(&mut self) -> F::Output {
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it is not ready"),
        }
    }

    /// How often it was woken.
    pub fn rings(&self) -> usize {
        self.bell.rings.load(Ordering::Acquire)
    }

    /// Polls it on this thread until it is ready.
    pub fn block_on(mut self) -> F::Output {
        loop {
            let seen = self.rings();
            if let Poll::Ready(output) = self.poll() {
                return output;
            }
            while self.rings() == seen {
                thread::park();
            }
        }
    }
}

impl Bell {
    fn new() -> Arc<Self> {
        Arc::new(Self { rings: AtomicUsize::new(0), thread: thread::current() })
    }
}

/// Runs tasks on this thread, each when it is woken, until all are ready.
///
/// # Panics
///
/// If some are pending, and none of them was woken since it was last polled.
pub fn run<'a>(jobs: impl IntoIterator<Item = Pin<Box<Job<'a>>>>) {
    let mut tasks: Vec<_> = jobs.into_iter().map(|future| (Task { bell: Bell::new(), future }, 0)).collect();
    let mut is_new = true;
    while !tasks.is_empty() {
        let mut polled = 0;
        tasks.retain_mut(|(task, seen)| {
            let rings = task.rings();
            if !is_new && rings == *seen {
                return true;
            }
            (polled, *seen) = (polled + 1, rings);
            task.poll().is_pending()
        });
        assert!(polled > 0, "{} tasks wait, and nobody wakes them", tasks.len());
        is_new = false;
    }
}

/// Lets all other tasks run once.
pub async fn give_way() {
    let mut has_given_way = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut has_given_way, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Runs a test, and ends the process where it takes longer than five minutes: a test that hangs says so.
pub fn watchdog<T>(name: &str, body: impl FnOnce() -> T) -> T {
    let (finished, wait) = channel::<()>();
    let message = format!("watchdog: `{name}` hangs");
    thread::spawn(move || {
        // The sender is dropped when the test returns, and when it panics.
        if wait.recv_timeout(Duration::from_secs(300)) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{message}");
            abort();
        }
    });
    let result = body();
    drop(finished);
    result
}

/// Runs a test's body in another process, which has to end by a panic that nobody catches, and that says this.
///
/// # Panics
///
/// If it does not.
pub fn ends_the_program(name: &str, says: &str, body: impl FnOnce()) {
    const IS_CHILD: &str = "LATCHWORK_IS_CHILD";
    const GOES_ON: &str = "the program goes on";
    if env::var_os(IS_CHILD).is_some() {
        let _ = watchdog(name, || catch_unwind(AssertUnwindSafe(body)));
        println!("{GOES_ON}");
        return;
    }
    let this = env::current_exe().expect("it is known");
    let child = Command::new(this).args(["--exact", name, "--nocapture"]).env(IS_CHILD, "1").output();
    let child = child.expect("this program can be run");
    let (out, err) = (String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    assert!(err.contains(says) && !err.contains("hangs"), "{err}");
    assert!(!out.contains(GOES_ON) && !child.status.success(), "{out}");
}
