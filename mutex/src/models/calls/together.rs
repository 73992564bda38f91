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

/// Unlocks first: whoever has the lock would wait for itself. Forgotten futures are dropped: where one is woken, nobody else is
/// before the next unlock.
fn wait_for(caller: &mut Caller<'_>, slot: usize) {
    caller.guard = None;
    caller.forgotten.clear();
    caller.slots[slot] = Some(caller.future(slot));
    let task = Arc::new(Alarm::default());
    loop {
        let seen = task.rings();
        for index in 0..SLOTS {
            let Some(Poll::Ready(guard)) = caller.slots[index].as_mut().map(|future| future.poll_by(&task)) else {
                continue;
            };
            caller.slots[index] = None;
            caller.take(Some(guard));
            if index == slot {
                return;
            }
            caller.guard = None;
        }
        task.wait(seen);
    }
}

/// Breaks if two have the lock at once, if a thread or a task that is polled waits for ever, or if anything is left over.
#[test]
fn random_calls_exclude_each_other_and_come_to_an_end() {
    together(action(), |program| {
        move || {
            let mutex = mutex();
            let run = |actions: &Vec<Action>| {
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
