//! The contended path of a thread.

use core::pin::pin;

use super::contend::{Contender, Entrant, Entry, Held, Place, Progress};
use super::parker::Signal;
use super::waiter::Waiter;
use crate::Spin;
use crate::sync::thread::yield_now;
use crate::sync::time::Instant;

/// Blocks this thread until it has what it asks for, or until `deadline`: false then. One attempt, where that has passed.
///
/// # Errors
///
/// Why it will never have it.
#[cold]
pub fn block<C: Contender>(contender: &C, deadline: Option<Instant>) -> Result<bool, C::Never> {
    if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
        return match contender.try_take(Progress::Waiting, true) {
            Ok(()) => Ok(true),
            Err(Held::Locked | Held::Reserved) => Ok(false),
            Err(Held::Never(never)) => Err(never),
        };
    }
    let mut gave_way = false;
    if spin(contender, Place::Back, &mut gave_way)? {
        return Ok(true);
    }
    contender.begin_waiting();
    let is_in = wait(contender, deadline, gave_way);
    contender.end_waiting();
    is_in
}

/// The path of one that has not been lucky.
fn wait<C: Contender>(contender: &C, deadline: Option<Instant>, mut gave_way: bool) -> Result<bool, C::Never> {
    let waiter = pin!(Waiter::requesting(contender.request()));
    let waiter = waiter.as_ref();
    let (mut place, mut is_on_its_way) = (Place::Back, false);
    loop {
        let now = Some(Instant::now());
        let entrant = Entrant {
            waiter,
            waker: None,
            place,
            was_on_its_way: is_on_its_way,
            is_asked: C::ASKS_WHO_IS_AWAKE,
            now,
            reserved_too: gave_way,
        };
        let has_joined = match contender.enqueue(entrant) {
            Entry::Queued => {
                waiter.parker().spin(match place {
                    Place::Back => C::TURNS.queued,
                    Place::Front => C::TURNS.returned,
                });
                let signal = match deadline {
                    None => Some(waiter.parker().park()),
                    Some(deadline) => waiter.parker().park_until(deadline),
                };
                match signal.or_else(|| contender.leave(waiter)) {
                    None => return Ok(false),
                    Some(Signal::Granted) => return Ok(true),
                    Some(signal) => {
                        place = Place::Front;
                        is_on_its_way = signal != Signal::Invited;
                    }
                }
                false
            }
            Entry::NotQueued(_) => false,
            Entry::Joined(_) => true,
        };
        let end = if has_joined { Ok(true) } else { spin(contender, place, &mut gave_way) };
        if !matches!(end, Ok(false)) {
            if is_on_its_way {
                contender.arrive();
            }
            return end;
        }
    }
}

/// Tries a bounded number of times. A newcomer gives up at once where others wait already.
fn spin<C: Contender>(contender: &C, place: Place, gave_way: &mut bool) -> Result<bool, C::Never> {
    let (progress, turns) = match place {
        Place::Back => (Progress::New, C::TURNS.newcomer),
        Place::Front => (Progress::Woken, C::TURNS.woken),
    };
    let mut spin = Spin::new(turns);
    loop {
        match contender.try_take(progress, *gave_way) {
            Ok(()) => return Ok(true),
            Err(Held::Reserved) => {
                *gave_way = true;
                yield_now();
                continue;
            }
            Err(Held::Locked) => {}
            Err(Held::Never(never)) => return Err(never),
        }
        if place == Place::Back && contender.has_company() || !spin.turn() {
            return Ok(false);
        }
    }
}
