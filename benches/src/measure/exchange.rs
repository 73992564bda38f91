//! One sample of those who wait for one another: producers and consumers, or two sides that take turns.

use std::iter::StepBy;
use std::ops::RangeFrom;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use latchwork_core::sync::model::watchdog_after;
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use super::{Load, Record, Sample, Slice, Spent, Waits, join, run_for};
use crate::contenders::bounded_buffer::{BoundedBuffer, BoundedBufferAsync};
use crate::contenders::elapsed;
use crate::contenders::ping_pong::{PingPong, PingPongAsync};

/// How many produce, and how many consume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// Those who put items in.
    pub producers: usize,
    /// Those who take items out.
    pub consumers: usize,
}

impl Parties {
    /// Both together.
    #[must_use]
    pub const fn sum(self) -> usize {
        self.producers + self.consumers
    }

    /// The items of a producer, which are nobody else's.
    fn items(self, producer: usize) -> StepBy<RangeFrom<u64>> {
        (producer as u64..).step_by(self.producers)
    }
}

/// Tells a consumer that nothing follows.
const END: u64 = u64::MAX;

/// So many items a task moves before it yields, so that none keeps a thread of the runtime from the others.
const STINT: u64 = 64;

/// What one thread or task has moved.
struct Tally {
    /// What it has moved in time.
    record: Record,
    items: u64,
    sum: u64,
}

impl Tally {
    fn new(is_timed: bool) -> Self {
        Self { record: Record::new(1, is_timed), items: 0, sum: 0 }
    }

    fn count(&mut self, item: u64, waited: Duration, stop: &AtomicBool) {
        if !stop.load(Relaxed) {
            self.record.count(0, waited);
        }
        self.items += 1;
        self.sum = self.sum.wrapping_add(item);
    }

    /// How many items they have moved, and their sum.
    fn total(tallies: &[Self]) -> (u64, u64) {
        tallies.iter().fold((0, 0), |(items, sum), tally| (items + tally.items, sum.wrapping_add(tally.sum)))
    }

    /// What they did in time.
    fn gather(tallies: Vec<Self>, spent: Spent) -> (Sample, Vec<Waits>) {
        let (ops, waits) = Record::gather(tallies.into_iter().map(|tally| tally.record).collect());
        (Sample::new(&ops, spent), waits)
    }
}

/// Threads that move a stream of items through the buffer. An operation is an item that is taken; what is timed is all of it. They
/// wait in two classes: those who put, and those who take.
///
/// # Panics
///
/// If what was taken is not what was put.
pub fn stream(name: &str, buffer: &dyn BoundedBuffer, parties: Parties, load: &Load) -> Slice {
    let stop = AtomicBool::new(false);
    let start = Barrier::new(parties.sum() + 1);
    let produce = |index| {
        let mut tally = Tally::new(load.is_timed);
        start.wait();
        for item in parties.items(index).take_while(|_| !stop.load(Relaxed)) {
            let begin = load.is_timed.then(Instant::now);
            buffer.put(item);
            tally.count(item, elapsed(begin), &stop);
        }
        tally
    };
    let consume = || {
        let mut tally = Tally::new(load.is_timed);
        start.wait();
        loop {
            let begin = load.is_timed.then(Instant::now);
            match buffer.take() {
                END => return tally,
                item => tally.count(item, elapsed(begin), &stop),
            }
        }
    };
    watchdog_after(name, load.limit(), || {
        std::thread::scope(|scope| {
            let consumers = (0..parties.consumers).map(|_| scope.spawn(consume)).collect();
            let producers = (0..parties.producers).map(|index| scope.spawn(move || produce(index))).collect();
            let (_, spent) = run_for(load, &stop, || start.wait());
            let put = join_threads(producers);
            (0..parties.consumers).for_each(|_| buffer.put(END));
            let taken = join_threads(consumers);
            stream_slice(name, put, taken, spent)
        })
    })
}

/// Tasks on a runtime that move a stream of items through the buffer. See [`stream`].
///
/// # Panics
///
/// If what was taken is not what was put.
pub fn stream_of_tasks(
    name: &str,
    buffer: Box<dyn BoundedBufferAsync>,
    runtime: &Runtime,
    parties: Parties,
    load: &Load,
) -> Slice {
    let shared = Shared { buffer: buffer.into(), stop: Arc::default(), is_timed: load.is_timed };
    watchdog_after(name, load.limit(), || {
        let ((producers, consumers), spent) = run_for(load, &shared.stop, || {
            let consumers: Vec<_> = (0..parties.consumers).map(|_| runtime.spawn(consume(shared.clone()))).collect();
            let produce = |index| runtime.spawn(produce(shared.clone(), parties.items(index)));
            ((0..parties.producers).map(produce).collect(), consumers)
        });
        runtime.block_on(async {
            let put = join(producers).await;
            for _ in 0..parties.consumers {
                shared.buffer.put(END).await;
            }
            let taken = join(consumers).await;
            stream_slice(name, put, taken, spent)
        })
    })
}

/// What the tasks of one measurement share.
#[derive(Clone)]
struct Shared {
    buffer: Arc<dyn BoundedBufferAsync>,
    /// Whether the slice has ended.
    stop: Arc<AtomicBool>,
    is_timed: bool,
}

async fn produce(Shared { buffer, stop, is_timed }: Shared, mut items: StepBy<RangeFrom<u64>>) -> Tally {
    let mut tally = Tally::new(is_timed);
    while !stop.load(Relaxed) {
        let item = items.next().expect("there is no last item");
        let begin = is_timed.then(Instant::now);
        buffer.put(item).await;
        tally.count(item, elapsed(begin), &stop);
        if tally.items % STINT == 0 {
            tokio::task::yield_now().await;
        }
    }
    tally
}

async fn consume(Shared { buffer, stop, is_timed }: Shared) -> Tally {
    let mut tally = Tally::new(is_timed);
    loop {
        let begin = is_timed.then(Instant::now);
        match buffer.take().await {
            END => return tally,
            item => tally.count(item, elapsed(begin), &stop),
        }
        if tally.items % STINT == 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// # Panics
///
/// If what was taken is not what was put.
fn stream_slice(name: &str, put: Vec<Tally>, taken: Vec<Tally>, spent: Spent) -> Slice {
    assert_eq!(Tally::total(&taken), Tally::total(&put), "{name} loses items, or takes some twice");
    let [(puts, mut waits), (takes, waits_to_take)] = [put, taken].map(|tallies| Tally::gather(tallies, spent));
    waits.extend(waits_to_take);
    let sample = Sample {
        smallest_share: puts.smallest_share.min(takes.smallest_share),
        largest_share: puts.largest_share.max(takes.largest_share),
        ..takes
    };
    Slice { sample, waits }
}

/// Two threads that pass a turn to each other. An operation is a turn that is passed; what is timed is to wait for it and to pass it.
///
/// # Panics
///
/// If a turn is passed by the wrong side, or is not counted.
pub fn ping_pong(name: &str, turns: &dyn PingPong, load: &Load) -> Slice {
    let stop = AtomicBool::new(false);
    let start = Barrier::new(3);
    let play = |side| {
        let mut tally = Tally::new(load.is_timed);
        start.wait();
        loop {
            let begin = load.is_timed.then(Instant::now);
            // The first side ends the game, and the second passes once more.
            let is_over = turns.pass(side, side == 0 && stop.load(Relaxed));
            tally.count(0, elapsed(begin), &stop);
            if is_over {
                return tally;
            }
        }
    };
    watchdog_after(name, load.limit(), || {
        std::thread::scope(|scope| {
            let sides = [0, 1].map(|side| scope.spawn(move || play(side))).into();
            let (_, spent) = run_for(load, &stop, || start.wait());
            let sides = join_threads(sides);
            ping_pong_slice(name, turns.count(), sides, spent)
        })
    })
}

/// Two tasks on a runtime that pass a turn to each other. See [`ping_pong`].
///
/// # Panics
///
/// If a turn is passed by the wrong side, or is not counted.
pub fn ping_pong_of_tasks(name: &str, turns: Box<dyn PingPongAsync>, runtime: &Runtime, load: &Load) -> Slice {
    let turns: Arc<dyn PingPongAsync> = turns.into();
    let (stop, is_timed) = (Arc::new(AtomicBool::new(false)), load.is_timed);
    let play = |side| {
        let (turns, stop) = (Arc::clone(&turns), Arc::clone(&stop));
        runtime.spawn(async move {
            let mut tally = Tally::new(is_timed);
            loop {
                let begin = is_timed.then(Instant::now);
                let is_over = turns.pass(side, side == 0 && stop.load(Relaxed)).await;
                tally.count(0, elapsed(begin), &stop);
                if is_over {
                    return tally;
                }
            }
        })
    };
    watchdog_after(name, load.limit(), || {
        let (sides, spent) = run_for(load, &stop, || [0, 1].map(play).into());
        let sides = runtime.block_on(join(sides));
        ping_pong_slice(name, turns.count(), sides, spent)
    })
}

/// # Panics
///
/// If not every other turn that was counted was passed by each side.
fn ping_pong_slice(name: &str, count: u64, sides: Vec<Tally>, spent: Spent) -> Slice {
    for side in &sides {
        assert_eq!(2 * side.items, count, "{name} passes a turn twice, or counts one that was not passed");
    }
    let (sample, waits) = Tally::gather(sides, spent);
    Slice { sample, waits }
}

fn join_threads<R>(threads: Vec<ScopedJoinHandle<'_, R>>) -> Vec<R> {
    threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
}
