//! What holds in any order of the calls of several threads.

use latchwork_calls::{Action, action, together};

use super::caller::Pair;
use super::*;

fn act(caller: &mut Caller, action: Action<Call>) {
    match action {
        Action::Call(call) => {
            caller.call(call);
        }
        Action::Await(slot) => wait_for(caller, slot),
    }
}

/// Settles first: whoever has a guard may wait for itself. Forgotten futures are dropped: where one is woken, nobody else is for
/// the same lock.
fn wait_for(caller: &mut Caller, slot: usize) {
    caller.settle();
    caller.forgotten.clear();
    caller.slots[slot] = Some(caller.future(slot));
    let poll = |caller: &mut Caller, slot: usize, task: &Arc<Alarm>| {
        let poll = caller.slots[slot].as_mut().map(|future| future.poll_by(task));
        let Some(Poll::Ready(guard)) = poll else { return false };
        caller.slots[slot] = None;
        caller.take(Some(guard));
        true
    };
    latchwork_calls::wait_for(caller, slot, poll, Caller::settle);
}

/// Breaks if anybody is inside beside a writer, if a thread or a task that is polled waits for ever, or if anything is left over.
#[test]
fn random_calls_exclude_each_other_and_come_to_an_end() {
    for policy in POLICIES {
        together(action(call(), 0..SLOTS), |program| {
            move || {
                let lock = Arc::new(RwLock::with_policy(Pair::default(), policy));
                let run = |actions: &Vec<Action<Call>>| {
                    let (actions, lock) = (actions.clone(), Arc::clone(&lock));
                    spawn(move || {
                        let mut caller = Caller::new(&lock);
                        actions.into_iter().for_each(|action| act(&mut caller, action));
                    })
                };
                let threads: Vec<_> = program.iter().map(run).collect();
                threads.into_iter().for_each(|thread| thread.join());
                assert!(!lock.is_locked() && lock.raw().is_at_rest(), "the queue is empty, and no flag is set");
            }
        });
    }
}
