//! What is promised to a caller that is alone: in whose name it is inside and how deep, and who is woken.

use latchwork_calls::alone;

use super::caller::Future;
use super::*;

/// Checks what came of a call before which the lock was held in this name, so deep.
fn expect(caller: &Caller<'_>, call: Call, answer: Answer, before: Option<Name>, depth: usize) {
    let may_enter = |name| before.is_none_or(|inside| inside == name);
    let locked = |is_so| if is_so { Answer::Locked } else { Answer::Refused };
    match (call, answer) {
        (_, Answer::Skipped) => {}
        (Call::Lock(name) | Call::TryLock(name) | Call::TryLockFor(name), answer) => {
            assert_eq!(answer, locked(may_enter(name)), "{name:?} where {before:?} is inside");
        }
        (Call::GetMut, answer) => assert_eq!(answer, locked(depth == 1), "the value is lent for writing to one alone"),
        (Call::Future(..), Answer::Locked) => {
            let name = caller.name().expect("it has entered");
            assert!(may_enter(name), "{name:?} beside {before:?}");
        }
        (Call::Future(slot, _), Answer::Pending) => {
            let future = caller.slots[slot].as_ref().expect("it waits");
            let has_to_wait = before.is_some_and(|inside| inside != future.name);
            assert!(has_to_wait || before.is_none() && future.gives_way, "it waits where {before:?} is inside");
        }
        _ => {}
    }
}

/// Every name holds the lock as often as it has entered; nobody sleeps who could go on, unless another is on its way.
fn check(caller: &Caller<'_>) {
    let Shared { lock, owners } = caller.shared;
    let depth = |name| caller.entries.iter().filter(|entry| entry.name == name).count();
    assert_eq!(lock.hold_count() as usize, depth(Name::Thread));
    for (index, owner) in owners.iter().enumerate() {
        assert_eq!(lock.hold_count_of(owner) as usize, depth(Name::Owner(index)));
    }
    assert_eq!(lock.is_locked(), caller.name().is_some());
    let waiting = || caller.slots.iter().flatten().chain(&caller.forgotten).filter(|future| future.is_polled);
    let sleeps = |future: &Future<'_>| {
        let elsewhere = future.slot.rings_elsewhere();
        assert!(future.gives_way || elsewhere == 0, "a task is woken whose future it is no longer");
        future.slot.rings() + elsewhere == 0
    };
    match caller.name() {
        Some(name) => {
            assert!(
                !waiting().any(|future| future.name == name && sleeps(future)),
                "it sleeps, and could join {name:?}"
            );
        }
        None => assert!(waiting().next().is_none() || !waiting().all(sleeps), "all sleep beside a free lock"),
    }
}

/// Whatever has happened, the lock can be had, and by a future that is polled, too.
const END: [Call; 6] = [
    Call::Settle,
    Call::TryLock(Name::Thread),
    Call::Settle,
    Call::Future(0, Step::Forget),
    Call::Future(0, Step::Poll),
    Call::Future(0, Step::Poll),
];

/// Breaks if any call does anything else than its documentation says, a depth is another, or somebody sleeps who could go on.
#[test]
fn random_calls_enter_as_often_as_they_leave() {
    alone(call(), |calls| {
        let shared = Shared::new();
        let mut caller = Caller::new(&shared, 0);
        for &call in calls.iter().chain(&END) {
            let (before, depth) = (caller.name(), caller.entries.len());
            let answer = caller.call(call);
            expect(&caller, call, answer, before, depth);
            check(&caller);
        }
        assert_eq!(
            caller.name(),
            Some(Name::Owner(0)),
            "a fresh future has it, polled once, or twice where it gave way"
        );
        drop(caller);
        shared.assert_at_rest();
    });
}
