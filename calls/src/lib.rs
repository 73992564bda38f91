//! Programs of random calls, for the models of the primitives: what they have in common.
//!
//! What can be called is an enum of the primitive's crate, in `src/models/calls.rs`, or, for the reentrant lock and the condition
//! variable, in `src/models/reentrant/calls.rs` and `src/models/condvar/calls.rs`, beside a *caller*, who makes the calls and keeps
//! the guards and futures that come of them. There are two kinds of programs:
//!
//! | | a program | what is checked | with |
//! |---|---|---|---|
//! | `alone` | a list of calls, made by one caller on one thread | what comes of each call, and whom it wakes, is what a reference says | `cargo test` |
//! | `together` | a list for each of a few threads, at once | what holds in any order: exclusion, nothing lost, everybody gets to the end | `cargo shuttle` |
//!
//! The programs are the same each time, unless these variables say otherwise. One that fails is made as short as it can be, and
//! shown. There is no file of those that have failed: what has found something becomes a model with a name.
//!
//! | variable            | meaning                                                                          |
//! |---------------------|----------------------------------------------------------------------------------|
//! | `PROPTEST_CASES`    | so many programs of the first kind, and a tenth of that of the second; 500       |
//! | `PROPTEST_RNG_SEED` | a number: other programs                                                         |
//!
//! Programs of the second kind share the schedules of one model: `LATCHWORK_SHUTTLE_SCHEDULES`.
//!
//! Beside them, [`test_lock_api_rwlock`]: what no crate of a primitive could share with another otherwise.

mod lock_api;
mod slot;

use core::fmt::{Debug, Write as _};
use std::sync::Arc;

use latchwork_core::sync::model::{self, Alarm};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

pub use proptest;
pub use slot::{SLOTS, Slot};

/// What is done to a future. The places of a caller's futures are numbered, up to [`SLOTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is polled by its task.
    Poll,
    /// It is polled by another task, whose it is from here on.
    PollElsewhere,
    /// It is dropped.
    Cancel,
    /// It is never polled again, and dropped last of all.
    Forget,
}

/// Any step, most often a poll.
pub fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => Just(Step::Poll),
        2 => Just(Step::PollElsewhere),
        2 => Just(Step::Cancel),
        1 => Just(Step::Forget),
    ]
}

/// What came of a call of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was not called: there is no such guard, or it would wait for its caller.
    Skipped,
    /// It has no answer.
    Done,
    /// It had the lock, and may have it still.
    Locked,
    /// It had not.
    Refused,
    /// A future waits.
    Pending,
}

/// What a thread does that is not alone.
#[derive(Clone, Copy, Debug)]
pub enum Action<C, A = usize> {
    /// A call.
    Call(C),
    /// Its task polls its futures when it is woken, until this one is [ready](wait_for).
    Await(A),
}

/// Any action, most often a call.
pub fn action<C: Clone + Debug, A: Clone + Debug>(
    call: impl Strategy<Value = C>,
    awaited: impl Strategy<Value = A>,
) -> impl Strategy<Value = Action<C, A>> {
    prop_oneof![
        8 => call.prop_map(Action::Call),
        1 => awaited.prop_map(Action::Await),
    ]
}

/// The task of a caller polls its futures when it is woken, until the one in this place is ready. `poll` polls the one in a place, if
/// there is one, and says whether it has ended; the caller then has what came of it, and gives it up by `settle` if it still waits.
pub fn wait_for<C>(
    caller: &mut C,
    awaited: usize,
    mut poll: impl FnMut(&mut C, usize, &Arc<Alarm>) -> bool,
    mut settle: impl FnMut(&mut C),
) {
    let task = Arc::new(Alarm::default());
    loop {
        let seen = task.rings();
        for slot in 0..SLOTS {
            if poll(caller, slot, &task) {
                if slot == awaited {
                    return;
                }
                settle(caller);
            }
        }
        task.wait(seen);
    }
}

/// Runs programs of one caller.
///
/// # Panics
///
/// With the shortest program for which `run` panics.
#[cfg(not(latchwork = "shuttle"))]
pub fn alone<C: Debug + Clone>(call: impl Strategy<Value = C>, run: impl Fn(&[C])) {
    // Whoever hangs says what was called.
    let limit = core::time::Duration::from_secs(60);
    check(
        config(),
        &vec(call, 1..=80),
        |calls| show(calls),
        |calls| model::watchdog_after(&show(&calls), limit, || run(&calls)),
    );
}

/// Runs programs of several threads: `run` makes a model's body of each.
///
/// # Panics
///
/// With the shortest program whose body fails.
#[cfg(latchwork = "shuttle")]
pub fn together<C, B>(call: impl Strategy<Value = C>, run: impl Fn(Vec<Vec<C>>) -> B)
where
    C: Debug + Clone,
    B: Fn() + Send + Sync + 'static,
{
    let cases = config().cases.div_ceil(10);
    // Each attempt to make it shorter takes as many schedules again.
    let config = Config { cases, max_shrink_iters: 200, ..config() };
    let show = |threads: &Vec<Vec<C>>| {
        threads.iter().enumerate().fold(String::new(), |mut text, (thread, calls)| {
            let _ = write!(text, "\n thread {thread}:{}", show(calls));
            text
        })
    };
    let programs = usize::try_from(cases).expect("a number of programs");
    let threads = vec(vec(call, 1..=16), 2..=3);
    check(config, &threads, show, |program| {
        let body = run(program);
        // On a thread of its own: after some panics, shuttle cannot run anything more on the same.
        let result = std::thread::spawn(move || model::model_shared(programs, body)).join();
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

fn config() -> Config {
    let config = Config { failure_persistence: None, ..Config::default() };
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { config.cases } else { 500 };
    let rng_seed = if config.rng_seed == RngSeed::Random { RngSeed::Fixed(0) } else { config.rng_seed };
    Config { cases, rng_seed, ..config }
}

fn check<S: Strategy>(config: Config, programs: &S, show: impl Fn(&S::Value) -> String, run: impl Fn(S::Value)) {
    let result = TestRunner::new(config).run(programs, |program| {
        run(program);
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, program)) => panic!("{reason}\nafter these calls:{}", show(&program)),
        Err(TestError::Abort(reason)) => panic!("no program could be made: {reason}"),
    }
}

/// The calls, one in each line.
fn show<C: Debug>(calls: &[C]) -> String {
    calls.iter().fold(String::new(), |mut text, call| {
        let _ = write!(text, "\n  {call:?}");
        text
    })
}
