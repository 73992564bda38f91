//! What the two checkers share: the list of the sleepers in a futex, the clock, and backing off.
//!
//! Both checkers run all their threads as coroutines of one thread of the system, and switch only inside their own
//! operations. Plain data is therefore atomic between two such operations, and creates no happens-before edge of its own
//! that could hide a missing one in the code under test.

use core::time::Duration;

/// A point in the time of a model, which stands still until `model::let_time_pass` lets it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

const EARLY: Instant = Instant(0);
const LATE: Instant = Instant(1 << 40);

impl Instant {
    /// The model's time as this thread sees it.
    pub fn now() -> Self {
        if super::imp::time_has_passed() { LATE } else { EARLY }
    }

    /// The time `duration` later, or `None` where that is beyond what can be told.
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let nanos = u64::try_from(duration.as_nanos()).ok()?;
        self.0.checked_add(nanos).map(Self)
    }

    /// How long after `earlier` this is; zero where it is not after it.
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// There are no cores under a checker.
pub(crate) const CORES_ARE_KNOWN: bool = false;

/// See [`CORES_ARE_KNOWN`].
pub(crate) const fn current_core() -> Option<u32> {
    None
}

/// So many pause hints: under a checker one says as much as a hundred.
pub fn pause(_: u32) {
    super::hint::spin_loop();
}

/// Backing off, as crossbeam-utils does: under a checker every pause lets the other threads run, and lasts no time.
#[derive(Debug, Default)]
pub struct Backoff(());

impl Backoff {
    /// The first pause is the shortest.
    pub fn new() -> Self {
        Self::default()
    }

    /// Pauses.
    pub fn spin(&self) {
        super::hint::spin_loop();
    }

    /// Pauses, or yields.
    pub fn snooze(&self) {
        super::hint::spin_loop();
    }
}

/// A thread asleep in `futex::wait` or `futex::wait_until`.
pub(super) struct Sleeper<Handle> {
    pub(super) address: usize,
    pub(super) deadline: Option<Instant>,
    pub(super) handle: Handle,
    ticket: u64,
}

/// The sleepers of one execution, longest asleep first.
pub(super) struct Sleepers<Handle> {
    list: Vec<Sleeper<Handle>>,
    next_ticket: u64,
}

impl<Handle> Sleepers<Handle> {
    pub(super) const fn new() -> Self {
        Self { list: Vec::new(), next_ticket: 0 }
    }

    /// Puts a thread to sleep. It sleeps for as long as [`is_asleep`](Self::is_asleep) says so of the ticket.
    pub(super) fn push(&mut self, address: usize, deadline: Option<Instant>, handle: Handle) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.list.push(Sleeper { address, deadline, handle, ticket });
        ticket
    }

    pub(super) fn is_asleep(&self, ticket: u64) -> bool {
        self.list.iter().any(|sleeper| sleeper.ticket == ticket)
    }

    /// Takes out up to `limit` sleepers that `which` selects.
    pub(super) fn take(&mut self, limit: usize, mut which: impl FnMut(&Sleeper<Handle>) -> bool) -> Vec<Handle> {
        let mut taken = Vec::new();
        let mut index = 0;
        while index < self.list.len() && taken.len() < limit {
            if which(&self.list[index]) {
                taken.push(self.list.remove(index).handle);
            } else {
                index += 1;
            }
        }
        taken
    }

    /// Takes out those whose deadline has come once it is [`LATE`].
    pub(super) fn take_late(&mut self) -> Vec<Handle> {
        self.take(usize::MAX, |sleeper| sleeper.deadline.is_some_and(|deadline| deadline <= LATE))
    }
}

/// The fence that all running threads of the process pass. To the checkers a full fence on both sides is the pair.
pub mod barrier {
    use core::cell::Cell;
    use core::time::Duration;

    use super::super::atomic::{Ordering, fence};

    std::thread_local! {
        static IS_REFUSED: Cell<bool> = const { Cell::new(false) };
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }

    /// Starts an execution in which the fence is offered, and has not run.
    pub(in super::super) fn begin() {
        IS_REFUSED.set(false);
        COUNT.set(0);
    }

    /// Refuses the fence from here on.
    pub(in super::super) fn refuse() {
        IS_REFUSED.set(true);
    }

    /// The fence is refused, as the model says.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Refused;

    /// Whether the model has not refused it.
    pub fn is_offered() -> bool {
        !IS_REFUSED.get()
    }

    /// A model knows from the beginning.
    pub fn is_known() -> bool {
        true
    }

    /// There is nobody to ask.
    pub fn ask() {}

    /// One side.
    pub fn light() {
        fence(Ordering::SeqCst);
    }

    /// The other.
    ///
    /// # Errors
    ///
    /// It is refused; nothing has been ordered then.
    pub fn heavy() -> Result<(), Refused> {
        COUNT.set(COUNT.get() + 1);
        if IS_REFUSED.get() {
            return Err(Refused);
        }
        fence(Ordering::SeqCst);
        Ok(())
    }

    /// What a processor has buffered reaches all in the end.
    pub fn wait_out(_: Duration) {
        fence(Ordering::SeqCst);
    }

    /// How many times the fence was asked for, in this execution.
    pub fn heavy_count() -> u64 {
        COUNT.get()
    }
}
