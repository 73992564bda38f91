//! A bounded buffer between threads and tasks, some of which give up: nothing gets lost, and nobody hangs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use latchwork_core::sync::model::{on_one_core, watchdog};
use latchwork_monitor::{Condvar, Monitor};
use latchwork_mutex::Mutex;
use tokio::runtime::{Builder, Runtime};

const ITEMS: usize = 1_000;
const PARTIES: usize = 4;

/// Items are numbered by their producers; their sum tells what has come through.
struct Buffer {
    items: Mutex<VecDeque<usize>>,
    slots: usize,
    not_full: Condvar,
    not_empty: Condvar,
}

impl Buffer {
    fn new(slots: usize) -> Self {
        Self { items: Mutex::default(), slots, not_full: Condvar::new(), not_empty: Condvar::new() }
    }

    fn put(&self, item: usize) {
        let mut items = self.items.lock();
        self.not_full.wait_while(&mut items, |items| items.len() == self.slots);
        items.push_back(item);
        drop(items);
        self.not_empty.notify_one();
    }

    /// Gives up after a moment, and comes back.
    fn take(&self) -> usize {
        let moment = Duration::from_micros(50);
        let mut items = self.items.lock();
        while self.not_empty.wait_while_for(&mut items, |items| items.is_empty(), moment).timed_out() {}
        let item = items.pop_front().unwrap();
        self.not_full.notify_one();
        item
    }

    async fn put_async(&self, item: usize) {
        let mut items = self.items.lock_async().await;
        while items.len() == self.slots {
            items = self.not_full.wait_async(items).await;
        }
        items.push_back(item);
        self.not_empty.notify_one();
    }

    /// Every wait is cancelled if it takes longer than a moment.
    async fn take_async(&self) -> usize {
        loop {
            let moment = Duration::from_micros(200);
            let wait = async {
                let mut items = self.items.lock_async().await;
                while items.is_empty() {
                    items = self.not_empty.wait_async(items).await;
                }
                items
            };
            if let Ok(mut items) = tokio::time::timeout(moment, wait).await {
                let item = items.pop_front().unwrap();
                drop(items);
                self.not_full.notify_one();
                return item;
            }
        }
    }
}

fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()]
        .map(|mut builder| builder.enable_all().build().unwrap())
}

#[test]
fn a_bounded_buffer_of_threads_and_tasks_loses_nothing() {
    watchdog("a_bounded_buffer_of_threads_and_tasks_loses_nothing", || {
        for (runtime, slots) in runtimes().iter().flat_map(|runtime| [1, 16].map(|slots| (runtime, slots))) {
            let buffer = Arc::new(Buffer::new(slots));
            let spawn = |body: fn(&Buffer) -> usize| {
                let buffer = Arc::clone(&buffer);
                thread::spawn(move || body(&buffer))
            };
            let mut threads = Vec::new();
            for _ in 0..PARTIES {
                threads.push(spawn(|buffer| {
                    (0..ITEMS).for_each(|item| buffer.put(item));
                    0
                }));
                threads.push(spawn(|buffer| (0..ITEMS).map(|_| buffer.take()).sum()));
            }
            let mut sum = runtime.block_on(async {
                let mut tasks = Vec::new();
                for _ in 0..PARTIES {
                    let producer = Arc::clone(&buffer);
                    tasks.push(tokio::spawn(async move {
                        for item in 0..ITEMS {
                            producer.put_async(item).await;
                        }
                        0
                    }));
                    let consumer = Arc::clone(&buffer);
                    tasks.push(tokio::spawn(async move {
                        let mut sum = 0;
                        for _ in 0..ITEMS {
                            sum += consumer.take_async().await;
                        }
                        sum
                    }));
                }
                let mut sum = 0;
                for task in tasks {
                    sum += task.await.unwrap();
                }
                sum
            });
            sum += threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>();
            assert_eq!(sum, 2 * PARTIES * ITEMS * (ITEMS - 1) / 2);
            assert!(buffer.items.lock().is_empty());
        }
    });
}

/// Whoever has the turn loses the core with it, and whoever waits for it turns before it sleeps.
#[test]
fn turns_go_round_on_one_core() {
    watchdog("turns_go_round_on_one_core", || {
        let (turn, changed) = (Mutex::new(0), Condvar::new());
        let predicates = Monitor::new(0);
        on_one_core(|| {
            thread::scope(|scope| {
                for party in 0..PARTIES {
                    let (turn, changed, predicates) = (&turn, &changed, &predicates);
                    scope.spawn(move || {
                        for _ in 0..500 {
                            let mut guard = turn.lock();
                            changed.wait_while(&mut guard, |turn| *turn % PARTIES != party);
                            thread::yield_now();
                            *guard += 1;
                            changed.notify_all();
                            drop(guard);
                            let mut guard = predicates.enter_when(|turn| *turn % PARTIES == party);
                            thread::yield_now();
                            *guard += 1;
                        }
                    });
                }
            });
        });
        assert_eq!((turn.into_inner(), predicates.into_inner()), (500 * PARTIES, 500 * PARTIES));
    });
}
