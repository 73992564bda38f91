//! Who is next.

use core::time::Duration;

use latchwork_core::sync::time::Instant;
use latchwork_core::wait::{Kind, Lane, Moment, QueueGuard, Signal, Standing, WakeList};

use crate::mode::Mode;
use crate::policy::Policy;
use crate::request::{Request, Rights};
use crate::state::State;

/// How long a task puts up with losing the race for the lock: it is reserved for it after that.
const PATIENCE: Duration = Duration::from_millis(1);

/// The lanes of the queue: who enters alone, and who enters together.
pub(crate) const EXCLUSIVE: Lane = Lane::First;
pub(crate) const SHARED: Lane = Lane::Second;

/// Whose turn it is where both wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A writer has left.
    Readers,
    /// Readers have left.
    Writers,
}

/// A look at the queue, with its lock held, for those who may enter now.
///
/// Of those who enter together, all are let in, of those who enter alone the first. Whoever is let in leaves the queue, in one of
/// three ways:
///
/// - It is *granted* what it asks for, and has it. Only a thread is, since a task may never be polled again: one that is awake, one
///   that came too late before, a reader whose phase it is, and a writer to whom the last reader hands the lock.
/// - It is *woken*, and has to come. Of threads only one at a time is on its way like that.
/// - Threads that sleep and may read together are *invited*: they have to come as well, but nobody counts on it.
///
/// Where all that were let in are tasks, the first thread is woken, too.
pub(crate) struct Look<'a, 'q> {
    pub(crate) state: &'a State,
    pub(crate) queue: &'a mut QueueGuard<'q>,
    pub(crate) wakes: &'a mut WakeList<8>,
    pub(crate) turn: Turn,
    /// Whoever came later is not of this turn.
    pub(crate) moment: Moment,
}

impl Look<'_, '_> {
    /// Takes out of the queue whoever is to enter now, up to what the list holds, as the policy says.
    pub(crate) fn admit(&mut self) {
        let mut mode = self.state.mode();
        let found = if self.state.is_written() {
            // Whoever has it will look.
            Found::default()
        } else if mode.upgrading {
            self.admit_upgrade(&mut mode)
        } else {
            let readers = if self.is_for_readers(mode) { self.admit_readers() } else { Found::default() };
            if readers.somebody { readers } else { self.admit_writer(&mut mode) }
        };
        if found.left_to_tasks && !mode.waking && !self.wakes.is_full() {
            let _ = self.wake_thread(EXCLUSIVE, &mut mode) || self.wake_thread(SHARED, &mut mode);
        }
        mode.left = found.left_to_tasks && !mode.waking;
        refresh(self.state, self.queue, mode);
        if found.reserved {
            self.state.reserve();
        }
    }

    /// Lets in threads that read, before the writer that makes this look leaves, where it is their turn: no newcomer takes a lock
    /// that has not been free.
    pub(crate) fn admit_before_the_writer_leaves(&mut self) {
        let is_for_readers = self.is_for_readers(self.state.mode());
        while is_for_readers && !self.wakes.is_full() {
            let let_in = self.queue.pop_if(SHARED, |waiter| {
                let may = waiter.came_before(self.moment) && is_granted_a_share(waiter, self.state.policy());
                (may && self.state.let_in(request(waiter)).is_ok()).then_some(Signal::Granted)
            });
            match let_in {
                Some(wake) => self.wakes.push(wake),
                None => break,
            }
        }
    }

    /// Whether those who enter together come before those who enter alone.
    fn is_for_readers(&self, mode: Mode) -> bool {
        let writer_waits = self.queue.has(EXCLUSIVE) || mode.writer_comes;
        !writer_waits
            || match self.state.policy() {
                Policy::WriterPreferring => false,
                Policy::PhaseFair => self.turn == Turn::Readers,
                Policy::ReaderPreferring => true,
            }
    }

    /// Lets in whoever has the upgradable share and waits, if nobody else is inside.
    fn admit_upgrade(&mut self, mode: &mut Mode) -> Found {
        let mut found = Found::default();
        if self.wakes.is_full() || !self.state.would_take(Request::Upgrade, ADMITTED) {
            return found;
        }
        let wake = self.queue.pop_if(EXCLUSIVE, |waiter| match waiter.kind {
            _ if request(waiter) != Request::Upgrade => None,
            // It has nobody to race with.
            Kind::Thread => self.state.try_take(Request::Upgrade, ADMITTED).is_ok().then_some(Signal::Granted),
            Kind::Task => {
                found.left_to_tasks = true;
                Some(found.task_signal(waiter))
            }
        });
        mode.upgrading = wake.is_none();
        self.wakes.extend(wake);
        found
    }

    /// Lets in those who enter together.
    fn admit_readers(&mut self) -> Found {
        let mut found = Found::default();
        let (mut threads, mut upgradable) = (false, false);
        while !self.wakes.is_full() {
            let let_in = self.queue.pop_if(SHARED, |waiter| {
                let request = request(waiter);
                let is_out = request == Request::Upgradable && upgradable;
                if is_out || !waiter.came_before(self.moment) {
                    return None;
                }
                let signal = if is_granted_a_share(waiter, self.state.policy()) {
                    self.state.try_take(request, ADMITTED).is_ok().then_some(Signal::Granted)
                } else {
                    let may = self.state.would_take(request, ADMITTED);
                    may.then(|| if waiter.kind == Kind::Thread { Signal::Invited } else { found.task_signal(waiter) })
                };
                upgradable |= request == Request::Upgradable;
                threads |= signal.is_some() && waiter.kind == Kind::Thread;
                signal
            });
            let Some(let_in) = let_in else { break };
            found.somebody = true;
            self.wakes.push(let_in);
        }
        found.left_to_tasks = found.somebody && !threads && self.state.is_free();
        found
    }

    /// Lets in the first of those who enter alone, if nobody is inside.
    fn admit_writer(&mut self, mode: &mut Mode) -> Found {
        let mut found = Found::default();
        let Some(first) = self.queue.first(EXCLUSIVE) else { return found };
        if self.wakes.is_full() || !self.state.would_take(Request::Write, ADMITTED) {
            return found;
        }
        let signal = match first.kind {
            Kind::Task => {
                found.left_to_tasks = true;
                Some(found.task_signal(first))
            }
            // From writer to writer, newcomers among them gain from a lock that is free while a sleeping one wakes up.
            Kind::Thread
                if (self.turn == Turn::Writers || is_at_hand(first))
                    && self.state.try_take(Request::Write, ADMITTED).is_ok() =>
            {
                Some(Signal::Granted)
            }
            Kind::Thread if mode.waking => None,
            Kind::Thread => {
                (mode.waking, mode.writer_comes) = (true, true);
                Some(Signal::Woken)
            }
        };
        self.wakes.extend(signal.and_then(|signal| self.queue.pop(EXCLUSIVE, signal)));
        found
    }

    /// Wakes the first of a lane, if that is a thread.
    fn wake_thread(&mut self, lane: Lane, mode: &mut Mode) -> bool {
        let thread = self.queue.pop_if(lane, |waiter| (waiter.kind == Kind::Thread).then_some(Signal::Woken));
        mode.waking = thread.is_some();
        mode.writer_comes = thread.is_some() && lane == EXCLUSIVE;
        self.wakes.extend(thread);
        mode.waking
    }
}

/// What came of a look.
#[derive(Clone, Copy, Default)]
struct Found {
    /// Readers have been let in.
    somebody: bool,
    /// Nobody but tasks has been let in.
    left_to_tasks: bool,
    /// One of them has waited for long: the lock is to be reserved.
    reserved: bool,
}

impl Found {
    /// With which signal a task is woken.
    fn task_signal(&mut self, waiter: Standing) -> Signal {
        let has_waited_for_long =
            waiter.since.is_some_and(|since| Instant::now().saturating_duration_since(since) >= PATIENCE);
        self.reserved |= has_waited_for_long;
        if has_waited_for_long { Signal::Favoured } else { Signal::Woken }
    }
}

/// Brings the mode into agreement with the queue and with who is on its way (W5).
pub(crate) fn refresh(state: &State, queue: &QueueGuard<'_>, mode: Mode) {
    let held_back = holds_back(mode, queue.has(EXCLUSIVE), state.policy());
    state.set_mode(Mode { queued: !queue.is_empty(), held_back, left: held_back && mode.left, ..mode });
}

/// Whether readers do not enter, by the mode and by whether a writer is queued.
pub(crate) fn holds_back(mode: Mode, writer_waits: bool, policy: Policy) -> bool {
    mode.upgrading || policy != Policy::ReaderPreferring && (writer_waits || mode.writer_comes)
}

/// The rights of those who are let in: to enter beside, or before, all who wait.
const ADMITTED: Rights = Rights { woken: true, reserved_too: true };

/// Whether it is a thread that has come too late before, or does not sleep: it is there at once.
fn is_at_hand(waiter: Standing) -> bool {
    waiter.kind == Kind::Thread && (waiter.is_awake || waiter.has_returned)
}

/// Whether it has its share as soon as it is let in.
fn is_granted_a_share(waiter: Standing, policy: Policy) -> bool {
    is_at_hand(waiter) || waiter.kind == Kind::Thread && policy == Policy::PhaseFair
}

/// What a queued waiter asks for.
fn request(waiter: Standing) -> Request {
    Request::of(waiter.request)
}
