//! A pool of threads that ends when it is told to, and not before its jobs are done.
//! `cargo run -p latchwork-monitor --example shutdown`

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use latchwork_monitor::Monitor;

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    running: usize,
    is_shutting_down: bool,
}

struct Pool {
    jobs: Arc<Monitor<Jobs>>,
    threads: Vec<JoinHandle<usize>>,
}

impl Pool {
    fn new(threads: usize) -> Self {
        let jobs = Arc::<Monitor<Jobs>>::default();
        let worker = || {
            let jobs = Arc::clone(&jobs);
            thread::spawn(move || work(&jobs))
        };
        Self { threads: (0..threads).map(|_| worker()).collect(), jobs }
    }

    fn submit(&self, job: impl FnOnce() + Send + 'static) {
        self.jobs.enter().waiting.push_back(Box::new(job));
    }

    /// Waits until nothing is left to be done, for a moment at most. Whether that is so.
    fn is_idle_within(&self, timeout: Duration) -> bool {
        self.jobs.try_enter_when_for(|jobs| jobs.waiting.is_empty() && jobs.running == 0, timeout).is_some()
    }

    /// Returns how many jobs each thread has done.
    fn shut_down(self) -> Vec<usize> {
        self.jobs.enter().is_shutting_down = true;
        self.threads.into_iter().map(|thread| thread.join().expect("no job panics")).collect()
    }
}

/// Does jobs until the pool shuts down and none is left.
fn work(jobs: &Monitor<Jobs>) -> usize {
    let mut done = 0;
    loop {
        let mut inside = jobs.enter_when(|jobs| !jobs.waiting.is_empty() || jobs.is_shutting_down);
        let Some(job) = inside.waiting.pop_front() else { return done };
        inside.running += 1;
        drop(inside);
        job();
        jobs.enter().running -= 1;
        done += 1;
    }
}

fn main() {
    let pool = Pool::new(3);
    let count = Arc::new(Monitor::new(0));
    for _ in 0..100 {
        let count = Arc::clone(&count);
        pool.submit(move || *count.enter() += 1);
    }
    // A task waits for half of them, on the same monitor.
    let half = futures_lite::future::block_on(async { *count.enter_when_async(|count| *count >= 50).await });
    assert!(half >= 50);
    assert!(pool.is_idle_within(Duration::from_secs(60)));
    let done = pool.shut_down();
    assert_eq!((done.iter().sum::<usize>(), *count.enter()), (100, 100));
    println!("each thread has ended; they have done {done:?} jobs");
}
