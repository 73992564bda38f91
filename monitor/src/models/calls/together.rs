//! What holds in any order of the calls of several threads.

use latchwork_calls::together;

use super::*;

/// What a thread does.
#[derive(Clone, Copy, Debug)]
enum Action {
    Call(Call),
    EnterWhen(Need),
    /// From inside, here and below.
    WaitUntil(Need),
    WaitWhileNot(Need),
    Wait,
    /// Its task polls its futures when it is woken, until this one is ready. If there is none, it is made.
    Await(usize, Want),
}

fn action() -> impl Strategy<Value = Action> {
    let want = prop_oneof![Just(Want::Entry), need().prop_map(Want::Turn)];
    prop_oneof![
        20 => call().prop_map(Action::Call),
        1 => need().prop_map(Action::EnterWhen),
        1 => need().prop_map(Action::WaitUntil),
        1 => need().prop_map(Action::WaitWhileNot),
        1 => Just(Action::Wait),
        2 => (0..SLOTS, want).prop_map(|(slot, want)| Action::Await(slot, want)),
    ]
}

impl Caller<'_> {
    fn act(&mut self, action: Action) {
        let (monitor, condition) = (&self.shared.monitor, &self.shared.condition);
        match (action, &mut self.guard) {
            (Action::Call(call), _) => {
                self.call(call);
            }
            (Action::Await(slot, want), _) => self.wait_for(slot, want),
            (Action::EnterWhen(need), None) => {
                let guard = monitor.enter_when(move |number| need.holds(*number));
                assert!(need.holds(*guard));
                self.take(Some(guard));
            }
            (Action::WaitUntil(need), Some(guard)) => {
                guard.wait_until(move |number| need.holds(*number));
                assert!(need.holds(**guard));
            }
            (Action::WaitWhileNot(need), Some(guard)) => {
                guard.wait_while(condition, move |number| !need.holds(*number));
                assert!(need.holds(**guard));
            }
            // Where there is plenty, nobody notifies any more.
            (Action::Wait, Some(guard)) if **guard < PLENTY => guard.wait(condition),
            _ => {}
        }
    }

    /// Leaves first: whoever is inside would wait for itself. Forgotten futures are dropped: where one is woken, no task behind it is
    /// before the next leaves.
    fn wait_for(&mut self, slot: usize, want: Want) {
        self.guard = None;
        self.forgotten.clear();
        self.slots[slot] = self.future(slot, want);
        let poll = |caller: &mut Self, slot: usize, task: &Arc<Alarm>| {
            let poll = caller.slots[slot].as_mut().map(|future| future.slot.poll_by(task));
            let Some(Poll::Ready(guard)) = poll else { return false };
            caller.slots[slot] = None;
            caller.take(Some(guard));
            true
        };
        latchwork_calls::wait_for(self, slot, poll, |caller| caller.guard = None);
    }
}

/// Breaks if two are inside at once, if a thread or a task that is polled waits for ever once every predicate holds and all have been
/// notified, or if anything is left over.
#[test]
fn random_calls_exclude_each_other_and_come_to_an_end() {
    together(action(), |program| {
        move || {
            let shared = Arc::new(Shared::new());
            let run = |actions: &Vec<Action>| {
                let (actions, shared) = (actions.clone(), Arc::clone(&shared));
                spawn(move || {
                    let mut caller = Caller::new(&shared);
                    actions.into_iter().for_each(|action| caller.act(action));
                    caller.leave()
                })
            };
            let threads: Vec<_> = program.iter().map(run).collect();
            {
                let mut number = shared.monitor.enter();
                *number += 2 * PLENTY;
                shared.condition.notify_all(&number);
            }
            let sum: i32 = threads.into_iter().map(|thread| thread.join()).sum();
            shared.assert_at_rest((2 * PLENTY).wrapping_add_signed(sum));
        }
    });
}
