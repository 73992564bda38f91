//! What holds in any order of the calls of several threads.

use latchwork_calls::{Action, action, together};

use super::*;

fn act(caller: &mut Caller<'_>, action: Action<Call, (usize, Way)>) {
    match action {
        Action::Call(call) => {
            caller.call(call);
        }
        Action::Await((slot, way)) => wait_for(caller, slot, way),
    }
}

/// Settles first: whoever has a guard may wait for itself.
fn wait_for(caller: &mut Caller<'_>, slot: usize, way: Way) {
    caller.guards.clear();
    caller.slots[slot] = caller.future(slot, Want::Lock(way));
    let poll = |caller: &mut Caller<'_>, slot: usize, task: &Arc<Alarm>| {
        let poll = caller.slots[slot].as_mut().map(|future| future.slot.poll_by(task));
        let Some(Poll::Ready(guard)) = poll else { return false };
        caller.slots[slot] = None;
        caller.take(Some(guard));
        true
    };
    latchwork_calls::wait_for(caller, slot, poll, |caller| caller.guards.clear());
}

/// Breaks if anybody is inside beside a writer, or writes in spite of an upgradable reader, if a thread or a task that is polled waits
/// for ever, or if anything is left over.
#[test]
fn random_calls_exclude_each_other_and_come_to_an_end() {
    let way = prop_oneof![Just(Way::Spin), Just(Way::Read), Just(Way::Write), Just(Way::Upgradable)];
    together(action(call(), (0..SLOTS, way)), |program| {
        move || {
            let shared = Arc::new(Shared::default());
            let run = |actions: &Vec<Action<Call, (usize, Way)>>| {
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
