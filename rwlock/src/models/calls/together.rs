//! What holds in any order of the calls of several threads.

use latchwork_calls::together;

use super::caller::Pair;
use super::*;

/// What a thread does.
#[derive(Clone, Copy, Debug)]
enum Action {
    Call(Call),
    /// Its task polls its futures when it is woken, until this one is ready.
    Await(usize),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => call().prop_map(Action::Call),
        1 => (0..SLOTS).prop_map(Action::Await),
    ]
}

fn act(caller: &mut Caller, action: Action) {
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
    let task = alarm();
    loop {
        let seen = task.rings();
        for index in 0..SLOTS {
            let poll = caller.slots[index].as_mut().map(|future| future.poll_by(&task));
            let Some(Poll::Ready(guard)) = poll else { continue };
            caller.slots[index] = None;
            caller.take(Some(guard));
            if index == slot {
                return;
            }
            caller.settle();
        }
        task.wait(seen);
    }
}

/// Breaks if anybody is inside beside a writer, if a thread or a task that is polled waits for ever, or if anything is left over.
#[test]
fn random_calls_exclude_each_other_and_come_to_an_end() {
    for policy in POLICIES {
        together(action(), |program| {
            move || {
                let lock = Arc::new(RwLock::with_policy(Pair::default(), policy));
                let run = |actions: &Vec<Action>| {
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
