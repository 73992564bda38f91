//! What holds in any order of the calls of several threads.

use latchwork_calls::{Action, action, together};

use super::*;

fn act(caller: &mut Caller<'_>, action: Action<Call>) {
    match action {
        Action::Call(call) => {
            caller.call(call);
        }
        Action::Await(slot) => wait_for(caller, slot),
    }
}

/// Unlocks first: whoever has the lock would wait for itself. Forgotten futures are dropped: where one is woken, nobody else is
/// before the next unlock.
fn wait_for(caller: &mut Caller<'_>, slot: usize) {
    caller.guard = None;
    caller.forgotten.clear();
    caller.slots[slot] = Some(caller.future(slot));
    let poll = |caller: &mut Caller<'_>, slot: usize, task: &Arc<Alarm>| {
        let poll = caller.slots[slot].as_mut().map(|future| future.poll_by(task));
        let Some(Poll::Ready(guard)) = poll else { return false };
        caller.slots[slot] = None;
        caller.take(Some(guard));
        true
    };
    latchwork_calls::wait_for(caller, slot, poll, |caller| caller.guard = None);
}

/// Breaks if two have the lock at once, if a thread or a task that is polled waits for ever, or if anything is left over.
#[test]
fn random_calls_exclude_each_other_and_come_to_an_end() {
    together(action(call(), 0..SLOTS), |program| {
        move || {
            let mutex = mutex();
            let run = |actions: &Vec<Action<Call>>| {
                let actions = actions.clone();
                with_mutex(&mutex, move |mutex| {
                    let mut caller = Caller::new(mutex);
                    actions.into_iter().for_each(|action| act(&mut caller, action));
                    caller.leave()
                })
            };
            let threads: Vec<_> = program.iter().map(run).collect();
            let turns = threads.into_iter().map(|thread| thread.join()).sum();
            assert_at_rest(&mutex, turns);
        }
    });
}
