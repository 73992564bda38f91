//! What holds in any order of the calls of several threads.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use latchwork_calls::{Action, action, together};

use super::*;
use crate::BoundedSemaphore;

fn act(caller: &mut Caller<'_, impl Kind>, action: Action<Call>) {
    match action {
        Action::Call(call) => {
            caller.call(call);
        }
        Action::Await(slot) => wait_for(caller, slot),
    }
}

fn gives_back(action: Action<Call>) -> bool {
    matches!(action, Action::Await(_) | Action::Call(Call::GiveBack | Call::Settle | Call::ForgetPermit))
}

/// Settles first: whoever has permits would wait for itself. Forgotten futures are dropped: where one is woken, nobody else is for
/// the same permits.
fn wait_for<S: Kind>(caller: &mut Caller<'_, S>, slot: usize) {
    caller.settle();
    caller.forgotten.clear();
    caller.slots[slot] = Some(caller.future(slot));
    let poll = |caller: &mut Caller<'_, S>, slot: usize, task: &Arc<Alarm>| {
        let poll = caller.slots[slot].as_mut().map(|future| future.poll_by(task));
        let Some(Poll::Ready(permit)) = poll else { return false };
        caller.slots[slot] = None;
        caller.take(permit.map_err(TryAcquireError::from));
        true
    };
    latchwork_calls::wait_for(caller, slot, poll, |caller| _ = caller.settle());
}

/// How many permits each thread has, or fewer. It is no part of the model: no thread takes another's turn here.
#[derive(Default)]
struct Tally([AtomicUsize; 3]);

impl Tally {
    /// Whoever is about to give some back says so before, and whoever has got some after that.
    fn set(&self, thread: usize, permits: usize) {
        self.0[thread].store(permits, Relaxed);
        let out: usize = self.0.iter().map(|permits| permits.load(Relaxed)).sum();
        assert!(out <= PERMITS, "{out} permits are out at once");
    }
}

fn run_together<S: Kind>() {
    together(action(call(), 0..SLOTS), |program| {
        move || {
            let semaphore = Arc::new(S::new());
            let tally = Arc::new(Tally::default());
            let run = |(thread, actions): (usize, &Vec<Action<Call>>)| {
                let (actions, semaphore, tally) = (actions.clone(), Arc::clone(&semaphore), Arc::clone(&tally));
                spawn(move || {
                    let mut caller = Caller::new(&semaphore);
                    for action in actions {
                        if gives_back(action) {
                            tally.set(thread, 0);
                        }
                        act(&mut caller, action);
                        tally.set(thread, caller.count());
                    }
                    tally.set(thread, 0);
                    caller.settle();
                })
            };
            let threads: Vec<_> = program.iter().enumerate().map(run).collect();
            threads.into_iter().for_each(|thread| thread.join());
            assert_eq!(semaphore.free(), PERMITS.cast_signed());
            semaphore.check(0, [0; 2]);
            assert!(semaphore.raw().is_at_rest(), "the queue is empty, and no flag is set");
        }
    });
}

/// Breaks if more permits are out than there are, if a thread or a task that is polled waits for ever, or if anything is left over.
#[test]
fn random_calls_add_up_and_come_to_an_end() {
    run_together::<Semaphore>();
}

/// The same where there is a limit.
#[test]
fn random_calls_keep_to_the_limit_and_come_to_an_end() {
    run_together::<BoundedSemaphore>();
}
