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

/// Leaves first: whoever is inside may wait for itself. Forgotten futures are dropped: where one is woken, nobody else is before the
/// next leaves.
fn wait_for(caller: &mut Caller<'_>, slot: usize) {
    caller.entries.clear();
    caller.forgotten.clear();
    caller.slots[slot] = Some(caller.future(slot));
    let poll = |caller: &mut Caller<'_>, slot: usize, task: &Arc<Alarm>| {
        let Some(future) = &mut caller.slots[slot] else { return false };
        let Poll::Ready(guard) = future.slot.poll_by(task) else { return false };
        let name = future.name;
        caller.slots[slot] = None;
        caller.take(name, Some(guard));
        true
    };
    latchwork_calls::wait_for(caller, slot, poll, |caller| caller.entries.clear());
}

/// Breaks if two names are inside at once, if a thread or a task that is polled waits for ever, or if anything is left over.
#[test]
fn random_calls_of_several_names_exclude_each_other_and_come_to_an_end() {
    together(action(call(), 0..SLOTS), |program| {
        move || {
            let shared = Arc::new(Shared::new());
            let run = |(thread, actions): (usize, &Vec<Action<Call>>)| {
                let (actions, shared) = (actions.clone(), Arc::clone(&shared));
                spawn(move || {
                    let mut caller = Caller::new(&shared, thread);
                    actions.into_iter().for_each(|action| act(&mut caller, action));
                })
            };
            let threads: Vec<_> = program.iter().enumerate().map(run).collect();
            threads.into_iter().for_each(|thread| thread.join());
            shared.assert_at_rest();
        }
    });
}
