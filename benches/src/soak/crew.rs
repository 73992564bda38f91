//! Who uses the primitives: threads, and tasks of two executors.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};

use async_executor::Executor;
use fastrand::Rng;
use futures_lite::future::{block_on, pending, yield_now};
use latchwork_benches::measure::cores;
use tokio::runtime::Runtime;

use super::call::{Call, Post};
use super::fate::{Fated, note_panic};
use super::keeper::{Keeper, LONGEST};
use super::record::Record;
use super::subject::Subject;

/// So many tasks has each executor.
pub(super) const TASKS: usize = 8;

/// How many threads there are: more than cores.
pub(super) fn threads() -> usize {
    2 * cores() + 2
}

/// The executors, each with a thread for each core.
pub(super) struct Executors {
    tokio: Runtime,
    smol: Arc<Executor<'static>>,
}

impl Executors {
    pub(super) fn start() -> Self {
        let smol = Arc::new(Executor::new());
        for _ in 0..cores() {
            let smol = Arc::clone(&smol);
            // They run until the program ends.
            thread::spawn(move || block_on(smol.run(pending::<()>())));
        }
        Self { tokio: Runtime::new().expect("a runtime can be started"), smol }
    }
}

/// What the workers of a round share.
pub(super) struct Shared {
    pub(super) subjects: Vec<(Arc<Record>, Arc<dyn Subject>)>,
    pub(super) keeper: Keeper,
    stop: AtomicBool,
    running: AtomicUsize,
}

impl Shared {
    pub(super) fn new(subjects: Vec<(Arc<Record>, Arc<dyn Subject>)>) -> Self {
        Self { subjects, keeper: Keeper::default(), stop: AtomicBool::new(false), running: AtomicUsize::new(0) }
    }

    /// Every worker ends after the step that it is making.
    pub(super) fn stop(&self) {
        // ORDERING: Relaxed: it publishes nothing.
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether some worker has not ended.
    pub(super) fn is_running(&self) -> bool {
        // ORDERING: Acquire pairs with the Release of a worker that ends: what it did is there to be checked.
        self.running.load(Ordering::Acquire) > 0
    }
}

/// The threads of a round, and what all its workers say of themselves.
pub(super) struct Crew {
    pub(super) posts: Vec<Arc<Post>>,
    threads: Vec<JoinHandle<()>>,
}

impl Crew {
    /// Starts all workers.
    pub(super) fn start(shared: &Arc<Shared>, executors: &Executors, dice: &mut Rng) -> Self {
        let mut crew = Self { posts: Vec::new(), threads: Vec::new() };
        for index in 0..threads() {
            let worker = crew.hire(format!("thread {index}"), shared, dice);
            crew.threads.push(thread::spawn(|| worker.work_as_thread()));
        }
        for index in 0..TASKS {
            let worker = crew.hire(format!("task {index} of tokio"), shared, dice);
            executors.tokio.spawn(worker.work_as_task());
            let worker = crew.hire(format!("task {index} of async-executor"), shared, dice);
            executors.smol.spawn(worker.work_as_task()).detach();
        }
        crew
    }

    fn hire(&mut self, name: String, shared: &Arc<Shared>, dice: &mut Rng) -> Worker {
        let post = Arc::new(Post::new(name));
        self.posts.push(Arc::clone(&post));
        shared.running.fetch_add(1, Ordering::Relaxed);
        Worker { shared: Arc::clone(shared), post, dice: dice.fork() }
    }

    /// Waits for the threads of a round that is no longer running.
    pub(super) fn join(self) {
        self.threads.into_iter().for_each(|thread| thread.join().expect("panics are caught"));
    }
}

/// A thread or a task.
struct Worker {
    shared: Arc<Shared>,
    post: Arc<Post>,
    dice: Rng,
}

impl Worker {
    fn is_to_stop(&self) -> bool {
        self.shared.stop.load(Ordering::Relaxed)
    }

    fn work_as_thread(mut self) {
        while !self.is_to_stop() {
            let (subject, mut call) = self.begin();
            if self.dice.u8(..4) == 0 {
                self.poll_by_hand(Fated::new(subject, call));
                continue;
            }
            let step = catch_unwind(AssertUnwindSafe(|| subject.by_thread(&mut call)));
            if let Err(payload) = step {
                note_panic(&call.record, &*payload);
            }
        }
    }

    async fn work_as_task(mut self) {
        while !self.is_to_stop() {
            let (subject, call) = self.begin();
            let kept = Fated::new(subject, call).await;
            self.keep(kept);
            yield_now().await;
        }
    }

    /// Chooses a primitive.
    fn begin(&mut self) -> (Arc<dyn Subject>, Call) {
        let (record, subject) = &self.shared.subjects[self.dice.usize(..self.shared.subjects.len())];
        record.tally.operations.add(1);
        (Arc::clone(subject), Call::new(self.dice.fork(), Arc::clone(record), Arc::clone(&self.post)))
    }

    /// Polls a future some times with a waker that wakes nobody, and then as it is to be.
    fn poll_by_hand(&mut self, mut fated: Fated) {
        for _ in 0..self.dice.u8(..3) {
            if let Poll::Ready(kept) = Pin::new(&mut fated).poll(&mut Context::from_waker(Waker::noop())) {
                return self.keep(kept);
            }
            thread::yield_now();
        }
        self.keep(block_on(fated));
    }

    fn keep(&mut self, kept: Option<Fated>) {
        if let Some(fated) = kept {
            self.shared.keeper.keep(fated, LONGEST.mul_f64(self.dice.f64()));
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.post.end();
        // ORDERING: Release: see `Shared::is_running`.
        self.shared.running.fetch_sub(1, Ordering::Release);
    }
}
