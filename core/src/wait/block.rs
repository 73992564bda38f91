//! The contended path of a thread.

use core::pin::{Pin, pin};

use super::contend::{Contender, Entrant, Entry, Held, Place, Progress};
use super::parker::Signal;
use super::turning::Turning;
use super::waiter::Waiter;
use crate::deadlock::Waiting;
use crate::sync::thread::yield_now;
use crate::sync::time::Instant;
use crate::trace::{Outcome, Site, Told};

/// Blocks this thread until it has what it asks for there, or until `deadline`: false then. One attempt, where that has passed.
///
/// # Errors
///
/// Why it will never have it.
#[cold]
pub fn block<C: Contender>(contender: &C, deadline: Option<Instant>, site: Site) -> Result<bool, C::Never> {
    if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
        return match contender.try_take(Progress::Waiting, true) {
            Ok(()) => Ok(true),
            Err(Held::Locked | Held::Reserved) => Ok(false),
            Err(Held::Never(never)) => Err(never),
        };
    }
    let told = Told::begin(C::WHAT, site);
    let is_in = queue(contender, deadline, site);
    let outcome = match &is_in {
        Ok(true) => Outcome::Acquired,
        Ok(false) => Outcome::TimedOut,
        Err(_) => Outcome::Closed,
    };
    told.end(outcome, contender.address(), outcome == Outcome::Acquired || contender.has_a_part());
    is_in
}

/// The wait of a newcomer.
fn queue<C: Contender>(contender: &C, deadline: Option<Instant>, site: Site) -> Result<bool, C::Never> {
    let _waiting = Waiting::begin(contender.address(), C::WHAT, site, contender.has_a_part());
    let mut gave_way = false;
    if spin(contender, Place::Back, deadline, &mut gave_way)? {
        return Ok(true);
    }
    contender.begin_waiting();
    let waiter = pin!(Waiter::requesting(contender.request()));
    let is_in = wait(contender, waiter.as_ref(), None, deadline, gave_way);
    contender.end_waiting();
    is_in
}

/// Blocks this thread until it has what it asks for, where its waiter was queued by other means and has left by this signal.
///
/// # Errors
///
/// Why it will never have it.
#[cold]
pub fn resume<C: Contender>(contender: &C, waiter: Pin<&Waiter>, signal: Signal) -> Result<(), C::Never> {
    let is_in = wait(contender, waiter, Some(signal), None, false)?;
    debug_assert!(is_in, "there is no deadline");
    Ok(())
}

/// How a stay in the queue ended.
enum Stay {
    /// With a signal, or because the time ran out.
    Ended(Option<Signal>),
    /// It was not queued: what it asks for may be free.
    NotQueued,
    /// It was not queued, and let in.
    Joined,
}

/// The path of one that has not been lucky: it queues, or has been queued and got a signal.
fn wait<C: Contender>(
    contender: &C,
    waiter: Pin<&Waiter>,
    mut signal: Option<Signal>,
    deadline: Option<Instant>,
    mut gave_way: bool,
) -> Result<bool, C::Never> {
    let (mut place, mut was_on_its_way) = (Place::Back, false);
    loop {
        let stay = match signal.take() {
            Some(signal) => Stay::Ended(Some(signal)),
            None => {
                let now = Some(Instant::now());
                let entrant = Entrant {
                    waiter,
                    waker: None,
                    place,
                    was_on_its_way,
                    is_asked: C::ASKS_WHO_IS_AWAKE,
                    now,
                    reserved_too: gave_way,
                };
                stay(contender, entrant, deadline)
            }
        };
        let end = match stay {
            Stay::Ended(None) => return Ok(false),
            Stay::Ended(Some(Signal::Granted)) => return Ok(true),
            Stay::Ended(Some(signal)) => {
                place = Place::Front;
                was_on_its_way = signal != Signal::Invited;
                spin(contender, place, deadline, &mut gave_way)
            }
            Stay::NotQueued => spin(contender, place, deadline, &mut gave_way),
            Stay::Joined => Ok(true),
        };
        if !matches!(end, Ok(false)) {
            if was_on_its_way {
                contender.arrive();
            }
            return end;
        }
    }
}

/// One stay in the queue.
fn stay<C: Contender>(contender: &C, entrant: Entrant<'_>, deadline: Option<Instant>) -> Stay {
    let (waiter, place) = (entrant.waiter, entrant.place);
    match contender.enqueue(entrant) {
        Entry::Queued => {}
        Entry::NotQueued(_) => return Stay::NotQueued,
        Entry::Joined(_) => return Stay::Joined,
    }
    let turns = match place {
        Place::Back => C::TURNS.queued,
        Place::Front => C::TURNS.returned,
    };
    waiter.parker().spin(turns);
    let signal = waiter.parker().await_signal(deadline);
    Stay::Ended(signal.or_else(|| contender.leave(waiter)))
}

/// Tries for a bounded time. A newcomer may have to give up at once.
fn spin<C: Contender>(
    contender: &C,
    place: Place,
    deadline: Option<Instant>,
    gave_way: &mut bool,
) -> Result<bool, C::Never> {
    let progress = match place {
        Place::Back => Progress::New,
        Place::Front => Progress::Woken,
    };
    let mut turning = Turning::new(contender.pace(), deadline);
    take(contender, progress, gave_way, || {
        if place == Place::Back && contender.is_to_queue_at_once() {
            return false;
        }
        let pause = turning.next();
        if let Some(hints) = pause {
            contender.pause(hints);
        }
        pause.is_some()
    })
}

/// Tries until this says that it has tried often enough.
fn take<C: Contender>(
    contender: &C,
    progress: Progress,
    gave_way: &mut bool,
    mut turn: impl FnMut() -> bool,
) -> Result<bool, C::Never> {
    loop {
        match contender.try_take(progress, *gave_way) {
            Ok(()) => return Ok(true),
            Err(Held::Reserved) => {
                *gave_way = true;
                yield_now();
            }
            Err(Held::Locked) if turn() => {}
            Err(Held::Locked) => return Ok(false),
            Err(Held::Never(never)) => return Err(never),
        }
    }
}
