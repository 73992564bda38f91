//! One sample of those who wait for one another: producers and consumers, or two sides that take turns.

use std::iter::StepBy;
use std::ops::RangeFrom;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use latchwork_core::sync::model::watchdog_after;
use tokio::runtime::Runtime;

use super::{Sample, Spent, join, limit, run_for};
use crate::contenders::bounded_buffer::{BoundedBuffer, BoundedBufferAsync};
use crate::contenders::ping_pong::{PingPong, PingPongAsync};

/// How many produce, and how many consume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Default)]
struct Tally {
    in_time: u64,
    items: u64,
    sum: u64,
}

impl Tally {
    fn count(&mut self, item: u64, stop: &AtomicBool) {
        self.in_time += u64::from(!stop.load(Relaxed));
        self.items += 1;
        self.sum = self.sum.wrapping_add(item);
    }

    /// How many items the others have moved, and their sum.
    fn total(tallies: &[Self]) -> (u64, u64) {
        tallies.iter().fold((0, 0), |(items, sum), tally| (items + tally.items, sum.wrapping_add(tally.sum)))
    }
}

/// Threads that move a stream of items through the buffer for the length of a slice. An operation is an item that is taken.
///
/// # Panics
///
/// If what was taken is not what was put.
pub fn stream(name: &str, buffer: &dyn BoundedBuffer, parties: Parties, slice: Duration) -> Sample {
    let stop = AtomicBool::new(false);
    let start = Barrier::new(parties.sum() + 1);
    let produce = |index| {
        let mut tally = Tally::default();
        start.wait();
        for item in parties.items(index).take_while(|_| !stop.load(Relaxed)) {
            buffer.put(item);
            tally.count(item, &stop);
        }
        tally
    };
    let consume = || {
        let mut tally = Tally::default();
        start.wait();
        loop {
            match buffer.take() {
                END => return tally,
                item => tally.count(item, &stop),
            }
        }
    };
    watchdog_after(name, limit(slice), || {
        std::thread::scope(|scope| {
            let consumers = (0..parties.consumers).map(|_| scope.spawn(consume)).collect();
            let producers = (0..parties.producers).map(|index| scope.spawn(move || produce(index))).collect();
            let (_, spent) = run_for(slice, &stop, || start.wait());
            let put = join_threads(producers);
            (0..parties.consumers).for_each(|_| buffer.put(END));
            let taken = join_threads(consumers);
            stream_sample(name, &put, &taken, spent)
        })
    })
}

/// Tasks on a runtime that move a stream of items through the buffer for the length of a slice. See [`stream`].
///
/// # Panics
///
/// If what was taken is not what was put.
pub fn stream_of_tasks(
    name: &str,
    buffer: Box<dyn BoundedBufferAsync>,
    runtime: &Runtime,
    parties: Parties,
    slice: Duration,
) -> Sample {
    let buffer: Arc<dyn BoundedBufferAsync> = buffer.into();
    let stop = Arc::new(AtomicBool::new(false));
    watchdog_after(name, limit(slice), || {
        let shared = || (Arc::clone(&buffer), Arc::clone(&stop));
        let ((producers, consumers), spent) = run_for(slice, &stop, || {
            let consumers = (0..parties.consumers).map(|_| runtime.spawn(consume(shared())));
            let consumers: Vec<_> = consumers.collect();
            let producers = (0..parties.producers).map(|index| runtime.spawn(produce(shared(), parties.items(index))));
            (producers.collect(), consumers)
        });
        runtime.block_on(async {
            let put = join(producers).await;
            for _ in 0..parties.consumers {
                buffer.put(END).await;
            }
            let taken = join(consumers).await;
            stream_sample(name, &put, &taken, spent)
        })
    })
}

/// What the tasks of one measurement share: the buffer, and whether the slice has ended.
type Shared = (Arc<dyn BoundedBufferAsync>, Arc<AtomicBool>);

async fn produce((buffer, stop): Shared, mut items: StepBy<RangeFrom<u64>>) -> Tally {
    let mut tally = Tally::default();
    while !stop.load(Relaxed) {
        let item = items.next().expect("there is no last item");
        buffer.put(item).await;
        tally.count(item, &stop);
        if tally.items % STINT == 0 {
            tokio::task::yield_now().await;
        }
    }
    tally
}

async fn consume((buffer, stop): Shared) -> Tally {
    let mut tally = Tally::default();
    loop {
        match buffer.take().await {
            END => return tally,
            item => tally.count(item, &stop),
        }
        if tally.items % STINT == 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// # Panics
///
/// If what was taken is not what was put.
fn stream_sample(name: &str, put: &[Tally], taken: &[Tally], spent: Spent) -> Sample {
    assert_eq!(Tally::total(taken), Tally::total(put), "{name} loses items, or takes some twice");
    let in_time = |tallies: &[Tally]| tallies.iter().map(|tally| tally.in_time).collect::<Vec<_>>();
    let [puts, takes] = [put, taken].map(|tallies| Sample::new(&in_time(tallies), spent));
    Sample { smallest_share: puts.smallest_share.min(takes.smallest_share), ..takes }
}

/// Two threads that pass a turn to each other for the length of a slice. An operation is a turn that is passed.
///
/// # Panics
///
/// If a turn is passed by the wrong side, or is not counted.
pub fn ping_pong(name: &str, turns: &dyn PingPong, slice: Duration) -> Sample {
    let stop = AtomicBool::new(false);
    let start = Barrier::new(3);
    let play = |side| {
        let mut tally = Tally::default();
        start.wait();
        loop {
            // The first side ends the game, and the second passes once more.
            let is_over = turns.pass(side, side == 0 && stop.load(Relaxed));
            tally.count(0, &stop);
            if is_over {
                return tally;
            }
        }
    };
    watchdog_after(name, limit(slice), || {
        std::thread::scope(|scope| {
            let sides = [0, 1].map(|side| scope.spawn(move || play(side))).into();
            let (_, spent) = run_for(slice, &stop, || start.wait());
            let sides = join_threads(sides);
            ping_pong_sample(name, turns.count(), &sides, spent)
        })
    })
}

/// Two tasks on a runtime that pass a turn to each other for the length of a slice. See [`ping_pong`].
///
/// # Panics
///
/// If a turn is passed by the wrong side, or is not counted.
pub fn ping_pong_of_tasks(name: &str, turns: Box<dyn PingPongAsync>, runtime: &Runtime, slice: Duration) -> Sample {
    let turns: Arc<dyn PingPongAsync> = turns.into();
    let stop = Arc::new(AtomicBool::new(false));
    let play = |side| {
        let (turns, stop) = (Arc::clone(&turns), Arc::clone(&stop));
        runtime.spawn(async move {
            let mut tally = Tally::default();
            loop {
                let is_over = turns.pass(side, side == 0 && stop.load(Relaxed)).await;
                tally.count(0, &stop);
                if is_over {
                    return tally;
                }
            }
        })
    };
    watchdog_after(name, limit(slice), || {
        let (sides, spent) = run_for(slice, &stop, || [0, 1].map(play).into());
        let sides = runtime.block_on(join(sides));
        ping_pong_sample(name, turns.count(), &sides, spent)
    })
}

/// # Panics
///
/// If not every other turn that was counted was passed by each side.
fn ping_pong_sample(name: &str, count: u64, sides: &[Tally], spent: Spent) -> Sample {
    for side in sides {
        assert_eq!(2 * side.items, count, "{name} passes a turn twice, or counts one that was not passed");
    }
    let in_time: Vec<u64> = sides.iter().map(|side| side.in_time).collect();
    Sample::new(&in_time, spent)
}

fn join_threads<R>(threads: Vec<ScopedJoinHandle<'_, R>>) -> Vec<R> {
    threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
}
