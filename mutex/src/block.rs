//! A thread's way to the lock: the contended path of `raw.rs` for whoever blocks.

use core::pin::pin;

use latchwork_core::Spin;
use latchwork_core::sync::thread::yield_now;
use latchwork_core::sync::time::Instant;
use latchwork_core::wait::{Signal, Waiter};

use crate::contender::Contender;
use crate::raw::{Entry, Place, RawMutex};
use crate::state::Held;

/// Turns before a newcomer queues: one pause hint. With 15, two threads with empty sections have half the throughput, since
/// each attempt takes the byte's cache line from the owner; longer sections do not gain
/// (`cargo run --release -p latchwork-benches -- --threads 2`).
const NEWCOMER_TURNS: u32 = 1;
/// Turns before a woken thread queues again: 127 pause hints, since it has paid for the wake-up already. With 3, sections of
/// 10 us lose a tenth of their throughput (same command).
const WOKEN_TURNS: u32 = 7;
/// Turns before a thread that has been woken and lost the race sleeps again: 127 pause hints. It is woken by the next unlock,
/// which is spared the system call; without, two threads with sections of 1 us lose a fifth of their throughput (same
/// command).
const RETURNED_TURNS: u32 = 7;

impl RawMutex {
    /// The contended path of a thread. Returns whether it owns the lock, or a part in it; without a deadline it does.
    #[cold]
    pub(crate) fn lock_contended(&self, contender: &impl Contender, deadline: Option<Instant>) -> bool {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return self.try_take(true).is_ok();
        }
        let mut gave_way = false;
        if self.spin(Place::Back, &mut gave_way) {
            return true;
        }
        contender.begin_waiting();
        let is_in = self.wait(contender, deadline, gave_way);
        contender.end_waiting();
        is_in
    }

    /// The contended path of a thread that has not been lucky.
    fn wait(&self, contender: &impl Contender, deadline: Option<Instant>, mut gave_way: bool) -> bool {
        let waiter = pin!(Waiter::requesting(contender.request()));
        let waiter = waiter.as_ref();
        let mut place = Place::Back;
        loop {
            let is_in = match self.enqueue(waiter, None, place, contender) {
                Entry::Queued => {
                    if place == Place::Front {
                        waiter.parker().spin(RETURNED_TURNS);
                    }
                    let signal = match deadline {
                        None => Some(waiter.parker().park()),
                        Some(deadline) => waiter.parker().park_until(deadline),
                    };
                    match signal.or_else(|| self.leave(waiter)) {
                        None => return false,
                        Some(Signal::Granted) => return true,
                        Some(Signal::Woken | Signal::Favoured) => place = Place::Front,
                    }
                    false
                }
                Entry::NotLocked(_) => false,
                Entry::Joined(_) => true,
            };
            if is_in || self.spin(place, &mut gave_way) {
                if place == Place::Front {
                    self.arrive();
                }
                return true;
            }
        }
    }

    /// Tries for the lock a bounded number of times. A newcomer gives up at once where others wait already.
    fn spin(&self, place: Place, gave_way: &mut bool) -> bool {
        let mut spin = Spin::new(if place == Place::Back { NEWCOMER_TURNS } else { WOKEN_TURNS });
        loop {
            match self.try_take(*gave_way) {
                Ok(()) => return true,
                Err(Held::Reserved) => {
                    *gave_way = true;
                    yield_now();
                    continue;
                }
                Err(Held::Locked) => {}
            }
            if place == Place::Back && self.has_company() || !spin.turn() {
                return false;
            }
        }
    }
}
