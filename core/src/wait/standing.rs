//! What is known of those who wait.

use crate::sync::time::Instant;

/// Who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A parked thread.
    Thread,
    /// A pending task.
    Task,
}

/// One of the two lists of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Of threads, where that is what divides the lanes.
    First,
    /// Of tasks, then.
    Second,
}

impl From<Kind> for Lane {
    #[inline]
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Thread => Self::First,
            Kind::Task => Self::Second,
        }
    }
}

/// What is known of a waiter from the outside.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Who it is.
    pub kind: Kind,
    /// When its patience began: for a thread, when it was first queued; for a task, when it first came back to the front, having
    /// been woken and found nothing.
    pub since: Option<Instant>,
    /// Whether it has been woken, found nothing, and come back to the front.
    pub has_returned: bool,
    /// Whether it has come from [another queue](super::QueueGuard::move_oldest).
    pub has_moved: bool,
    /// Whether it is a thread that was not asleep a moment ago, where its contender [asks](super::Contender::ASKS_WHO_IS_AWAKE).
    pub is_awake: bool,
    /// What it asks for.
    pub request: u64,
    /// What the owner of the queue has [attached](super::QueueGuard::attach) to it.
    pub subject: *const (),
    /// When it first came, counted in waiters.
    pub(super) place: u32,
}

impl Standing {
    /// Whether it first came before that moment.
    pub const fn came_before(&self, moment: Moment) -> bool {
        is_older(self.place, moment.0)
    }
}

/// A moment in the life of a queue, counted in waiters.
#[derive(Clone, Copy, Debug)]
pub struct Moment(pub(super) u32);

/// Whether place `a` came before place `b`. Right while fewer than 2^31 waiters came between them; beyond that two
/// waiters swap their order, and nothing else happens.
pub(super) const fn is_older(a: u32, b: u32) -> bool {
    a != b && b.wrapping_sub(a) < 1 << 31
}
