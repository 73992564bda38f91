//! Who is next.

use core::time::Duration;

use latchwork_core::sync::time::Instant;
use latchwork_core::wait::{Kind, Lane, Moment, QueueGuard, Signal, Standing, WakeList};

use crate::mode::Mode;
use crate::policy::Policy;
use crate::raw::RawRwLock;
use crate::request::{Request, Rights};

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

impl RawRwLock {
    /// Takes out of the queue who is to be woken, up to what the list holds, as the policy says.
    ///
    /// - Of those who enter together, all threads are granted their shares, and all tasks are woken.
    /// - Of those who enter alone, the first is woken, if no other thread is on its way. Until it comes, the free lock is for the
    ///   first that comes; where it came too late before, it is granted the lock instead.
    /// - A task may never be polled again: where the lock is left to tasks, the first thread is woken, too.
    pub(crate) fn admit(&self, queue: &mut QueueGuard<'_>, turn: Turn, moment: Moment, wakes: &mut WakeList<8>) {
        let mut mode = self.state.mode();
        let mut reserved = false;
        let first = queue.first(EXCLUSIVE);
        let to_tasks = if self.state.is_written() {
            false
        } else if mode.upgrading {
            self.admit_upgrade(queue, &mut mode, wakes, &mut reserved)
        } else if self.is_for_readers(queue, turn) && self.admit_readers(queue, moment, wakes, &mut reserved) {
            self.state.is_free()
        } else {
            first.is_some_and(|first| self.admit_writer(queue, first, &mut mode, wakes, &mut reserved))
        };
        if to_tasks && !mode.waking && !wakes.is_full() {
            let mut wake_thread = |lane| {
                let thread = queue.pop_if(lane, |waiter| (waiter.kind == Kind::Thread).then_some(Signal::Woken));
                mode.waking = thread.is_some();
                mode.writer_comes = thread.is_some() && lane == EXCLUSIVE;
                wakes.extend(thread);
                mode.waking
            };
            let _ = wake_thread(EXCLUSIVE) || wake_thread(SHARED);
        }
        mode.left = to_tasks && !mode.waking;
        self.refresh(queue, mode);
        if reserved {
            self.state.reserve();
        }
    }

    /// Whether those who enter together come before those who enter alone.
    pub(crate) fn is_for_readers(&self, queue: &QueueGuard<'_>, turn: Turn) -> bool {
        let writer_waits = queue.has(EXCLUSIVE) || self.state.mode().writer_comes;
        !writer_waits
            || match self.state.policy() {
                Policy::WriterPreferring => false,
                Policy::PhaseFair => turn == Turn::Readers,
                Policy::ReaderPreferring => true,
            }
    }

    /// Lets in threads that enter together, before the writer that has the queue's lock leaves.
    pub(crate) fn let_readers_in(&self, queue: &mut QueueGuard<'_>, moment: Moment, wakes: &mut WakeList<8>) {
        while !wakes.is_full() {
            let let_in = queue.pop_if(SHARED, |waiter| {
                let may = waiter.kind == Kind::Thread && waiter.came_before(moment);
                (may && self.state.let_in(request(waiter)).is_ok()).then_some(Signal::Granted)
            });
            match let_in {
                Some(wake) => wakes.push(wake),
                None => break,
            }
        }
    }

    /// Lets in whoever has the upgradable share and waits, if nobody else is inside. Returns whether the lock is left to a task.
    fn admit_upgrade(
        &self,
        queue: &mut QueueGuard<'_>,
        mode: &mut Mode,
        wakes: &mut WakeList<8>,
        reserved: &mut bool,
    ) -> bool {
        if wakes.is_full() || !self.state.would_take(Request::Upgrade, ADMITTED) {
            return false;
        }
        let mut to_task = false;
        let wake = queue.pop_if(EXCLUSIVE, |waiter| match waiter.kind {
            _ if request(waiter) != Request::Upgrade => None,
            // It has nobody to race with.
            Kind::Thread => self.state.try_take(Request::Upgrade, ADMITTED).is_ok().then_some(Signal::Granted),
            Kind::Task => {
                to_task = true;
                Some(task_signal(waiter, reserved))
            }
        });
        mode.upgrading = wake.is_none();
        wakes.extend(wake);
        to_task
    }

    /// Lets in those who enter together. Returns whether there was somebody.
    fn admit_readers(
        &self,
        queue: &mut QueueGuard<'_>,
        moment: Moment,
        wakes: &mut WakeList<8>,
        reserved: &mut bool,
    ) -> bool {
        let mut has_admitted = false;
        let mut upgradable = false;
        while !wakes.is_full() {
            let admitted = queue.pop_if(SHARED, |waiter| {
                let request = request(waiter);
                let is_out = request == Request::Upgradable && upgradable;
                if is_out || !waiter.came_before(moment) {
                    return None;
                }
                let signal = match waiter.kind {
                    Kind::Thread => self.state.try_take(request, ADMITTED).is_ok().then_some(Signal::Granted),
                    // There is room for one, which may never be polled.
                    Kind::Task => self.state.would_take(request, ADMITTED).then(|| task_signal(waiter, reserved)),
                };
                upgradable |= request == Request::Upgradable;
                signal
            });
            let Some(admitted) = admitted else { break };
            has_admitted = true;
            wakes.push(admitted);
        }
        has_admitted
    }

    /// Lets in the first of those who enter alone, if nobody is inside. Returns whether the lock is left to a task.
    fn admit_writer(
        &self,
        queue: &mut QueueGuard<'_>,
        first: Standing,
        mode: &mut Mode,
        wakes: &mut WakeList<8>,
        reserved: &mut bool,
    ) -> bool {
        if wakes.is_full() || !self.state.would_take(Request::Write, ADMITTED) {
            return false;
        }
        if first.kind == Kind::Task {
            wakes.extend(queue.pop(EXCLUSIVE, task_signal(first, reserved)));
            return true;
        }
        if first.has_returned && self.state.try_take(Request::Write, ADMITTED).is_ok() {
            wakes.extend(queue.pop(EXCLUSIVE, Signal::Granted));
        } else if !mode.waking {
            (mode.waking, mode.writer_comes) = (true, true);
            wakes.extend(queue.pop(EXCLUSIVE, Signal::Woken));
        }
        false
    }

    /// Brings the mode into agreement with the queue and with who is on its way (W5).
    pub(crate) fn refresh(&self, queue: &QueueGuard<'_>, mode: Mode) {
        // While a thread is on its way, newcomers may pass: nobody gains from a lock that is free until it has woken up.
        let writer_waits = queue.has(EXCLUSIVE) && !mode.waking;
        let held_back = mode.upgrading || writer_waits && holds_back(Request::Write, self.state.policy());
        self.state.set_mode(Mode { queued: !queue.is_empty(), held_back, left: held_back && mode.left, ..mode });
    }
}

/// The rights of those who are let in: to enter beside, or before, all who wait.
const ADMITTED: Rights = Rights { woken: true, reserved_too: true };

/// With which signal a task is woken. Where it has waited for long, the lock is reserved for it.
fn task_signal(waiter: Standing, reserved: &mut bool) -> Signal {
    let favoured = has_waited_for_long(waiter);
    *reserved |= favoured;
    if favoured { Signal::Favoured } else { Signal::Woken }
}

/// Whether readers do not enter while somebody waits for this.
pub(crate) const fn holds_back(request: Request, policy: Policy) -> bool {
    match request {
        Request::Upgrade => true,
        Request::Write => !matches!(policy, Policy::ReaderPreferring),
        Request::Read | Request::ReadAgain | Request::Upgradable => false,
    }
}

/// What a queued waiter asks for.
fn request(waiter: Standing) -> Request {
    Request::of(waiter.request)
}

fn has_waited_for_long(waiter: Standing) -> bool {
    waiter.since.is_some_and(|since| Instant::now().saturating_duration_since(since) >= PATIENCE)
}
