//! The contended path of a thread.

use core::pin::pin;

use super::contend::{Contender, Entrant, Entry, Held, Place, Progress};
use super::parker::Signal;
use super::waiter::Waiter;
use crate::Spin;
use crate::sync::thread::yield_now;
use crate::sync::time::Instant;

/// Turns before a newcomer queues: one pause hint. With 15, two threads with empty sections of a mutex have half the throughput,
/// since each attempt takes the lock's cache line from the owner; longer sections do not gain
/// (`cargo run --release -p latchwork-benches -- --threads 2`).
const NEWCOMER_TURNS: u32 = 1;
/// Turns before a woken thread queues again: 127 pause hints, since it has paid for the wake-up already. With 3, sections of
/// 10 us lose a tenth of their throughput (same command).
const WOKEN_TURNS: u32 = 7;
/// Turns before a thread that has been woken and lost the race sleeps again: 127 pause hints. It is woken by the next unlock,
/// which is spared the system call; without, two threads with sections of 1 us lose a fifth of their throughput (same
/// command).
const RETURNED_TURNS: u32 = 7;

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
    let mut place = Place::Back;
    loop {
        let now = Some(Instant::now());
        let has_joined = match contender.enqueue(Entrant { waiter, waker: None, place, now, reserved_too: gave_way }) {
            Entry::Queued => {
                if place == Place::Front {
                    waiter.parker().spin(RETURNED_TURNS);
                }
                let signal = match deadline {
                    None => Some(waiter.parker().park()),
                    Some(deadline) => waiter.parker().park_until(deadline),
                };
                match signal.or_else(|| contender.leave(waiter)) {
                    None => return Ok(false),
                    Some(Signal::Granted) => return Ok(true),
                    Some(Signal::Woken | Signal::Favoured) => place = Place::Front,
                }
                false
            }
            Entry::NotQueued(_) => false,
            Entry::Joined(_) => true,
        };
        let end = if has_joined { Ok(true) } else { spin(contender, place, &mut gave_way) };
        if !matches!(end, Ok(false)) {
            if place == Place::Front {
                contender.arrive();
            }
            return end;
        }
    }
}

/// Tries a bounded number of times. A newcomer gives up at once where others wait already.
fn spin<C: Contender>(contender: &C, place: Place, gave_way: &mut bool) -> Result<bool, C::Never> {
    let (progress, turns) = match place {
        Place::Back => (Progress::New, NEWCOMER_TURNS),
        Place::Front => (Progress::Woken, WOKEN_TURNS),
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
