//! What holds in any order of the calls of several threads.

use latchwork_calls::together;

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

fn act(caller: &mut Caller<'_>, action: Action) {
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
    let task = alarm();
    loop {
        let seen = task.rings();
        for index in 0..SLOTS {
            let Some(future) = &mut caller.slots[index] else { continue };
            let Poll::Ready(guard) = future.slot.poll_by(&task) else { continue };
            let name = future.name;
            caller.slots[index] = None;
            caller.take(name, Some(guard));
            if index == slot {
                return;
            }
            caller.entries.clear();
        }
        task.wait(seen);
    }
}

/// Breaks if two names are inside at once, if a thread or a task that is polled waits for ever, or if anything is left over.
#[test]
fn random_calls_of_several_names_exclude_each_other_and_come_to_an_end() {
    together(action(), |program| {
        move || {
            let shared = Arc::new(Shared::new());
            let run = |(thread, actions): (usize, &Vec<Action>)| {
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
