//! A bounded queue of work, that tasks fill and threads and tasks empty, and its shutdown: what has been accepted is done, and what
//! comes later is given back.
//!
//! Whoever waits says what for, as a predicate of the queue. Nobody notifies anybody, not even the one who shuts down.
//!
//! `cargo run -p latchwork-examples --bin work_queue`

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;

use latchwork_monitor::Monitor;

const CAPACITY: usize = 8;
const PRODUCERS: u64 = 10;
const WORKERS: usize = 3;

struct Line<T> {
    waiting: VecDeque<T>,
    is_closed: bool,
}

impl<T> Line<T> {
    fn has_room(&self) -> bool {
        self.waiting.len() < CAPACITY || self.is_closed
    }

    /// Whether there is something to do, or will be nothing any more.
    fn has_news(&self) -> bool {
        !self.waiting.is_empty() || self.is_closed
    }

    /// Gives the item back where the queue is closed.
    fn push(&mut self, item: T) -> Result<(), T> {
        if self.is_closed {
            return Err(item);
        }
        self.waiting.push_back(item);
        assert!(self.waiting.len() <= CAPACITY, "whoever pushes has waited for room");
        Ok(())
    }
}

struct Queue<T>(Monitor<Line<T>>);

impl<T: Send + 'static> Queue<T> {
    fn new() -> Self {
        Self(Monitor::new(Line { waiting: VecDeque::new(), is_closed: false }))
    }

    async fn push_async(&self, item: T) -> Result<(), T> {
        self.0.enter_when_async(Line::has_room).await.push(item)
    }

    /// The oldest item, or `None` where the queue is closed and empty.
    fn pop(&self) -> Option<T> {
        self.0.enter_when(Line::has_news).waiting.pop_front()
    }

    async fn pop_async(&self) -> Option<T> {
        self.0.enter_when_async(Line::has_news).await.waiting.pop_front()
    }

    fn close(&self) {
        self.0.enter().is_closed = true;
    }

    /// Waits until nobody has anything left to take.
    fn wait_until_empty(&self) {
        drop(self.0.enter_when(|line| line.waiting.is_empty()));
    }
}

/// Pushes one number after the other until one is given back. Returns how many have been accepted, and their sum.
async fn produce(queue: Arc<Queue<u64>>, first: u64) -> (u64, u64) {
    let (mut count, mut sum) = (0, 0);
    for number in (first..).step_by(PRODUCERS as usize) {
        match queue.push_async(number).await {
            Ok(()) => (count, sum) = (count + 1, sum + number),
            Err(back) => {
                assert_eq!(back, number);
                break;
            }
        }
    }
    (count, sum)
}

fn add(totals: impl IntoIterator<Item = (u64, u64)>) -> (u64, u64) {
    totals.into_iter().fold((0, 0), |(count, sum), (more, number)| (count + more, sum + number))
}

#[tokio::main]
async fn main() {
    latchwork_examples::watchdog();
    let queue = Arc::new(Queue::new());
    let producers: Vec<_> = (0..PRODUCERS).map(|number| tokio::spawn(produce(Arc::clone(&queue), number))).collect();
    let threads: Vec<_> = (0..WORKERS)
        .map(|_| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || add(std::iter::from_fn(|| queue.pop()).map(|number| (1, number))))
        })
        .collect();
    let tasks: Vec<_> = (0..WORKERS)
        .map(|_| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move {
                let mut done = (0, 0);
                while let Some(number) = queue.pop_async().await {
                    done = (done.0 + 1, done.1 + number);
                }
                done
            })
        })
        .collect();

    for number in 0..1000 {
        queue.push_async(number).await.expect("the queue is open");
    }
    let mine = (1000, (0..1000).sum());
    queue.close();
    queue.wait_until_empty();
    assert_eq!(queue.push_async(7).await, Err(7));

    let mut accepted = vec![mine];
    for producer in producers {
        accepted.push(producer.await.expect("no producer panics"));
    }
    let mut done: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect();
    for task in tasks {
        done.push(task.await.expect("no task panics"));
    }
    let counts: Vec<_> = done.iter().map(|(count, _)| *count).collect();
    println!("{} numbers have been accepted; the workers have done {counts:?} of them", add(accepted.clone()).0);
    assert_eq!(add(done), add(accepted));
}
