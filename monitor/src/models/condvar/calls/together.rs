//! What holds in any order of the calls of several threads.

use latchwork_calls::together;

use super::caller::Tally;
use super::*;

/// What a thread does.
#[derive(Clone, Copy, Debug)]
enum Action {
    Call(Call),
    /// As an owner.
    Wait,
    /// Its task polls its futures when it is woken, until this one is ready, if there is one.
    Await(usize),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        20 => call().prop_map(Action::Call),
        2 => Just(Action::Wait),
        3 => (0..SLOTS).prop_map(Action::Await),
    ]
}

impl Caller<'_> {
    fn act(&mut self, action: Action) {
        match (action, &mut self.guard) {
            (Action::Call(call), _) => {
                self.call(call);
            }
            (Action::Await(slot), _) => self.wait_for(slot),
            // Where there is plenty, nobody notifies any more.
            (Action::Wait, Some(guard)) if **guard < PLENTY => {
                self.tally.begun += 1;
                self.shared.changed.wait(guard);
                self.tally.ended += 1;
            }
            _ => {}
        }
    }

    /// Unlocks first: an owner would wait for itself. Forgotten futures are dropped: where one is woken, no task behind it is
    /// before the next unlocks.
    fn wait_for(&mut self, slot: usize) {
        self.guard = None;
        self.forgotten.clear();
        let task = alarm();
        while self.slots[slot].is_some() {
            let seen = task.rings();
            for index in 0..SLOTS {
                let Some(future) = self.slots[index].take() else { continue };
                if self.poll(index, future, Some(&task)) == Answer::Locked {
                    self.guard = None;
                }
            }
            if self.slots[slot].is_some() {
                task.wait(seen);
            }
        }
    }

    /// Gives up everything.
    fn leave(self) -> Tally {
        self.tally
    }
}

/// Breaks if two own the mutex at once, if a thread or a task that is polled waits for ever once all have been notified, if a
/// wait ends that nobody has notified, or if anything is left over.
#[test]
fn random_calls_with_one_mutex_come_to_an_end() {
    together(action(), |program| {
        move || {
            let shared = Arc::new(Shared { number: Mutex::new(0), changed: Condvar::new() });
            let run = |actions: &Vec<Action>| {
                let (actions, shared) = (actions.clone(), Arc::clone(&shared));
                spawn(move || {
                    let mut caller = Caller::new(&shared);
                    actions.into_iter().for_each(|action| caller.act(action));
                    caller.leave()
                })
            };
            let threads: Vec<_> = program.iter().map(run).collect();
            *shared.number.lock() += PLENTY;
            let last = shared.changed.notify_all();
            let tallies: Vec<Tally> = threads.into_iter().map(|thread| thread.join()).collect();
            let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
            let (begun, ended) = (sum(|tally| tally.begun), sum(|tally| tally.ended));
            let notified = last + sum(|tally| tally.notified);
            assert!(ended <= notified && notified <= begun, "of {begun}, {notified} were notified, and {ended} ended");
            shared.assert_at_rest(PLENTY + tallies.iter().map(|tally| tally.ups).sum::<u32>());
        }
    });
}
