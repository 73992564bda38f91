//! What holds in any order of the calls of several threads.

use latchwork_calls::together;

use super::*;

/// What a thread does.
#[derive(Clone, Copy, Debug)]
enum Action {
    Call(Call),
    /// Its task polls its futures when it is woken, until this one is ready. If there is none, it is made.
    Await(usize, Way),
}

fn action() -> impl Strategy<Value = Action> {
    let way = prop_oneof![Just(Way::Spin), Just(Way::Read), Just(Way::Write), Just(Way::Upgradable)];
    prop_oneof![
        8 => call().prop_map(Action::Call),
        1 => (0..SLOTS, way).prop_map(|(slot, way)| Action::Await(slot, way)),
    ]
}

fn act(caller: &mut Caller<'_>, action: Action) {
    match action {
        Action::Call(call) => {
            caller.call(call);
        }
        Action::Await(slot, way) => wait_for(caller, slot, way),
    }
}

/// Settles first: whoever has a guard may wait for itself.
fn wait_for(caller: &mut Caller<'_>, slot: usize, way: Way) {
    caller.guards.clear();
    caller.slots[slot] = caller.future(slot, Want::Lock(way));
    let task = Arc::new(Alarm::default());
    loop {
        let seen = task.rings();
        for index in 0..SLOTS {
            let poll = caller.slots[index].as_mut().map(|future| future.slot.poll_by(&task));
            let Some(Poll::Ready(guard)) = poll else { continue };
            caller.slots[index] = None;
            caller.take(Some(guard));
            if index == slot {
                return;
            }
            caller.guards.clear();
        }
        task.wait(seen);
    }
}

/// Breaks if anybody is inside beside a writer, or writes in spite of an upgradable reader, if a thread or a task that is polled waits
/// for ever, or if anything is left over.
#[test]
fn random_calls_exclude_each_other_and_come_to_an_end() {
    together(action(), |program| {
        move || {
            let shared = Arc::new(Shared::default());
            let run = |actions: &Vec<Action>| {
                let actions = actions.clone();
                with(&shared, move |shared: &Shared| {
                    let mut caller = Caller::new(shared);
                    actions.into_iter().for_each(|action| act(&mut caller, action));
                    caller.leave()
                })
            };
            let threads: Vec<_> = program.iter().map(run).collect();
            let writes = threads.into_iter().map(|thread| thread.join()).sum();
            shared.assert_at_rest(writes);
        }
    });
}
