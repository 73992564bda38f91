//! The monitor in two runtimes and on threads at the same time.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use async_executor::Executor;
use futures_lite::future::block_on;
use latchwork_core::sync::model::watchdog;
use latchwork_monitor::{Condition, Monitor};
use tokio::runtime::{Builder, Runtime};

const ROUNDS: u32 = 200;
const PARTIES: u32 = 3;

/// Whose turn it is, counted up: each party has every third.
struct Turns {
    turn: Monitor<u32>,
    changed: Condition,
}

impl Turns {
    fn new() -> Arc<Self> {
        let turn = Monitor::new(0);
        Arc::new(Self { changed: turn.condition(), turn })
    }

    /// A thread takes its turns: with the condition, or with predicates.
    fn run(&self, party: u32, with_condition: bool) {
        for _ in 0..ROUNDS {
            let mut turn = self.turn.enter();
            if with_condition {
                turn.wait_while(&self.changed, |turn| *turn % PARTIES != party);
                *turn += 1;
                self.changed.notify_all(&turn);
            } else {
                turn.wait_until(|turn| *turn % PARTIES == party);
                *turn += 1;
            }
        }
    }

    /// A task does the same, and is inside across an await.
    async fn run_async(&self, party: u32, with_condition: bool) {
        for _ in 0..ROUNDS {
            if with_condition {
                let turn = self.turn.enter_async().await;
                let mut turn = turn.wait_while_async(&self.changed, |turn| *turn % PARTIES != party).await;
                futures_lite::future::yield_now().await;
                *turn += 1;
                self.changed.notify_all(&turn);
            } else {
                let mut turn = self.turn.enter_when_async(move |turn| *turn % PARTIES == party).await;
                futures_lite::future::yield_now().await;
                *turn += 1;
            }
        }
    }
}

fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()].map(|mut builder| builder.build().unwrap())
}

#[test]
fn a_thread_and_tasks_of_two_runtimes_take_turns() {
    watchdog("a_thread_and_tasks_of_two_runtimes_take_turns", || {
        for (runtime, with_condition) in runtimes().iter().flat_map(|runtime| [(runtime, true), (runtime, false)]) {
            let turns = Turns::new();
            thread::scope(|scope| {
                scope.spawn(|| turns.run(0, with_condition));
                scope.spawn(|| {
                    let executor = Executor::new();
                    let task = executor.spawn(turns.run_async(1, with_condition));
                    block_on(executor.run(task));
                });
                let own = Arc::clone(&turns);
                runtime.block_on(async move {
                    tokio::spawn(async move { own.run_async(2, with_condition).await }).await.unwrap();
                });
            });
            assert_eq!(*turns.turn.enter(), PARTIES * ROUNDS);
        }
    });
}

/// A blocking call inside a runtime blocks its thread, and does not panic.
#[test]
fn a_blocking_call_inside_a_runtime_does_not_panic() {
    watchdog("a_blocking_call_inside_a_runtime_does_not_panic", || {
        for runtime in runtimes() {
            let monitor = Arc::new(Monitor::new(0));
            let own = Arc::clone(&monitor);
            let setter = thread::spawn(move || *own.enter() = 1);
            runtime.block_on(async {
                *monitor.enter_when(|number| *number == 1) = 2;
                assert!(monitor.try_enter_when_for(|number| *number == 3, Duration::from_millis(1)).is_none());
            });
            setter.join().unwrap();
            assert_eq!(*monitor.enter(), 2);
        }
    });
}
