//! Bounded buffers that are waited for by predicates: nothing is lost, and wake-ups are counted.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::{self, ThreadId};
use std::time::Duration;

use latchwork_core::sync::model::watchdog;
use latchwork_monitor::{Monitor, MonitorGuard};
use tokio::runtime::Builder;

const ITEMS: usize = 600;

type Items = VecDeque<usize>;

/// A buffer that counts what its predicates say, and to whom.
struct Counted {
    items: Monitor<Items>,
    slots: usize,
    /// One that left has found a predicate to hold: somebody was woken, or granted the monitor.
    let_in: AtomicUsize,
    /// One that was let in has found its predicate not to hold any more.
    in_vain: AtomicUsize,
}

impl Counted {
    fn new(slots: usize) -> Self {
        let (let_in, in_vain) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { items: Monitor::new(VecDeque::with_capacity(slots)), slots, let_in, in_vain }
    }

    fn enter_when(&self, holds: impl Fn(&Items) -> bool + Sync) -> MonitorGuard<'_, Items> {
        let own = thread::current().id();
        let mut guard = self.items.enter();
        if holds(&guard) {
            return guard;
        }
        let (mut is_let_in, mut in_vain) = (false, 0);
        guard.wait_until(|items| self.ask(own, holds(items), &mut is_let_in, &mut in_vain));
        assert!(in_vain <= 1, "it was passed more than once");
        guard
    }

    fn ask(&self, own: ThreadId, holds: bool, is_let_in: &mut bool, in_vain: &mut usize) -> bool {
        if thread::current().id() != own {
            *is_let_in = holds;
            self.let_in.fetch_add(usize::from(holds), Relaxed);
        } else if std::mem::take(is_let_in) && !holds {
            *in_vain += 1;
            self.in_vain.fetch_add(1, Relaxed);
        }
        holds
    }

    fn put(&self, item: usize) {
        self.enter_when(|items| items.len() < self.slots).push_back(item);
    }

    fn take(&self) -> usize {
        self.enter_when(|items| !items.is_empty()).pop_front().unwrap()
    }

    /// So many producers and consumers move all items. How many were let in, and how many in vain.
    fn run(&self, producers: usize, consumers: usize) -> (usize, usize) {
        let total = producers * ITEMS;
        thread::scope(|scope| {
            for _ in 0..producers {
                scope.spawn(|| (0..ITEMS).for_each(|item| self.put(item)));
            }
            let take = || (0..total / consumers).map(|_| self.take()).sum::<usize>();
            let consumers: Vec<_> = (0..consumers).map(|_| scope.spawn(take)).collect();
            let sum: usize = consumers.into_iter().map(|consumer| consumer.join().unwrap()).sum();
            assert_eq!(sum, producers * ITEMS * (ITEMS - 1) / 2);
        });
        assert!(self.items.enter().is_empty());
        (self.let_in.load(Relaxed), self.in_vain.load(Relaxed))
    }
}

/// With one of each, nobody can pass the other: whoever is let in can proceed.
#[test]
fn one_producer_and_one_consumer_are_never_woken_in_vain() {
    watchdog("one_producer_and_one_consumer_are_never_woken_in_vain", || {
        for slots in [1, 16, 1024] {
            let (let_in, in_vain) = Counted::new(slots).run(1, 1);
            assert_eq!(in_vain, 0, "{slots} slots, {let_in} let in");
        }
    });
}

/// With more, each is passed once at most for each time it waits, which `enter_when` asserts; and nobody is woken but by one that has
/// found its predicate to hold.
#[test]
fn whoever_is_woken_can_proceed_unless_it_is_passed_once() {
    watchdog("whoever_is_woken_can_proceed_unless_it_is_passed_once", || {
        for slots in [1, 16, 1024] {
            for (producers, consumers) in [(4, 4), (16, 1), (1, 4)] {
                let (let_in, in_vain) = Counted::new(slots).run(producers, consumers);
                assert!(in_vain <= let_in, "{slots} slots: {let_in} let in, {in_vain} in vain");
            }
        }
    });
}

/// Threads whose time runs out and come back, and tasks, some of which are cancelled.
#[test]
fn a_buffer_of_threads_and_tasks_that_give_up_loses_nothing() {
    watchdog("a_buffer_of_threads_and_tasks_that_give_up_loses_nothing", || {
        for slots in [1, 16] {
            let items: Arc<Monitor<Items>> = Arc::default();
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
            let mut tasks = Vec::new();
            let mut threads = Vec::new();
            for _ in 0..3 {
                let producer = Arc::clone(&items);
                threads.push(thread::spawn(move || {
                    (0..ITEMS).for_each(|item| put_with_patience(&producer, slots, item));
                    0
                }));
                let consumer = Arc::clone(&items);
                threads.push(thread::spawn(move || (0..ITEMS).map(|_| take_with_patience(&consumer)).sum::<usize>()));
                let producer = Arc::clone(&items);
                tasks.push(runtime.spawn(async move {
                    for item in 0..ITEMS {
                        let has_room = move |items: &Items| items.len() < slots;
                        producer.enter_async().await.wait_until_async(has_room).await.push_back(item);
                    }
                    0
                }));
                let consumer = Arc::clone(&items);
                tasks.push(runtime.spawn(async move {
                    let mut sum = 0;
                    for _ in 0..ITEMS {
                        sum += take_with_patience_async(&consumer).await;
                    }
                    sum
                }));
            }
            let mut sum: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
            for task in tasks {
                sum += runtime.block_on(task).unwrap();
            }
            assert_eq!(sum, 6 * ITEMS * (ITEMS - 1) / 2);
            assert!(items.try_enter().unwrap().is_empty());
        }
    });
}

const MOMENT: Duration = Duration::from_micros(100);

fn put_with_patience(items: &Monitor<Items>, slots: usize, item: usize) {
    loop {
        if let Some(mut items) = items.try_enter_when_for(|items| items.len() < slots, MOMENT) {
            return items.push_back(item);
        }
    }
}

fn take_with_patience(items: &Monitor<Items>) -> usize {
    let mut items = items.enter();
    while !items.wait_until_for(|items| !items.is_empty(), MOMENT) {}
    items.pop_front().unwrap()
}

async fn take_with_patience_async(items: &Monitor<Items>) -> usize {
    loop {
        let enter = items.enter_when_async(|items: &Items| !items.is_empty());
        if let Ok(mut items) = tokio::time::timeout(MOMENT, enter).await {
            return items.pop_front().unwrap();
        }
    }
}
