//! A bounded buffer of threads and tasks together: once with conditions, which somebody has to notify, and once with predicates,
//! which nobody has to. `cargo run -p latchwork-monitor --example bounded_buffer`

use std::collections::VecDeque;
use std::thread;

use futures_lite::future::block_on;
use latchwork_monitor::{Condition, Monitor};

const SLOTS: usize = 4;
const ITEMS: u64 = 1_000;

/// A buffer between threads and tasks.
trait Buffer: Sync {
    fn put(&self, item: u64);
    fn take(&self) -> u64;
    fn put_async(&self, item: u64) -> impl Future<Output = ()> + Send;
    fn take_async(&self) -> impl Future<Output = u64> + Send;
}

struct WithConditions {
    items: Monitor<VecDeque<u64>>,
    not_full: Condition,
    not_empty: Condition,
}

impl Default for WithConditions {
    fn default() -> Self {
        let items = Monitor::default();
        Self { not_full: items.condition(), not_empty: items.condition(), items }
    }
}

impl Buffer for WithConditions {
    fn put(&self, item: u64) {
        let mut items = self.items.enter();
        items.wait_while(&self.not_full, |items| items.len() == SLOTS);
        items.push_back(item);
        self.not_empty.notify_one(&items);
    }

    fn take(&self) -> u64 {
        let mut items = self.items.enter();
        items.wait_while(&self.not_empty, |items| items.is_empty());
        self.not_full.notify_one(&items);
        items.pop_front().expect("it is not empty")
    }

    async fn put_async(&self, item: u64) {
        let items = self.items.enter_async().await;
        let mut items = items.wait_while_async(&self.not_full, |items| items.len() == SLOTS).await;
        items.push_back(item);
        self.not_empty.notify_one(&items);
    }

    async fn take_async(&self) -> u64 {
        let items = self.items.enter_async().await;
        let mut items = items.wait_while_async(&self.not_empty, |items| items.is_empty()).await;
        self.not_full.notify_one(&items);
        items.pop_front().expect("it is not empty")
    }
}

#[derive(Default)]
struct WithPredicates(Monitor<VecDeque<u64>>);

impl Buffer for WithPredicates {
    fn put(&self, item: u64) {
        self.0.enter_when(|items| items.len() < SLOTS).push_back(item);
    }

    fn take(&self) -> u64 {
        self.0.enter_when(|items| !items.is_empty()).pop_front().expect("it is not empty")
    }

    async fn put_async(&self, item: u64) {
        self.0.enter_when_async(|items| items.len() < SLOTS).await.push_back(item);
    }

    async fn take_async(&self) -> u64 {
        self.0.enter_when_async(|items| !items.is_empty()).await.pop_front().expect("it is not empty")
    }
}

/// Two producers and two consumers, of each a thread and a task. Returns the sum of what was taken.
fn run(buffer: &impl Buffer) -> u64 {
    thread::scope(|scope| {
        scope.spawn(|| (0..ITEMS).for_each(|item| buffer.put(item)));
        scope.spawn(|| {
            block_on(async {
                for item in 0..ITEMS {
                    buffer.put_async(item).await;
                }
            });
        });
        let thread = scope.spawn(|| (0..ITEMS).map(|_| buffer.take()).sum::<u64>());
        let task = scope.spawn(|| {
            block_on(async {
                let mut sum = 0;
                for _ in 0..ITEMS {
                    sum += buffer.take_async().await;
                }
                sum
            })
        });
        thread.join().expect("it does not panic") + task.join().expect("it does not panic")
    })
}

fn main() {
    let sums = [run(&WithConditions::default()), run(&WithPredicates::default())];
    assert_eq!(sums, [ITEMS * (ITEMS - 1); 2]);
    println!("{} items went through each buffer, and add up to {}", 2 * ITEMS, sums[0]);
}
