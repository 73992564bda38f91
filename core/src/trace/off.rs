//! Nothing is told.

use super::Outcome;
use crate::site::Site;

/// Whether waits are told.
pub const IS_ON: bool = false;

/// When a wait began.
#[derive(Clone, Copy, Debug)]
pub struct Start(());

impl Start {
    /// At this moment.
    #[inline]
    #[must_use]
    pub const fn now() -> Self {
        Self(())
    }
}

/// The wait of a thread, which is told when it ends.
#[derive(Debug)]
pub struct Told(());

impl Told {
    /// A wait that begins.
    #[inline]
    #[must_use]
    pub const fn begin(_: &'static str, _: Site) -> Self {
        Self(())
    }

    /// It has ended.
    #[inline]
    pub const fn end(self, _: Outcome, _: *const (), _: bool) {}
}

/// The wait of a task begins.
#[inline]
pub const fn begin_task(_: *const (), _: &'static str, _: Site, _: Start) {}

/// The wait of a task has ended.
#[inline]
pub const fn end_task(_: *const (), _: Outcome, _: *const (), _: bool) -> Site {
    Site::NOWHERE
}

/// Tells of the waits for a lock.
#[derive(Debug)]
#[must_use]
pub struct Release(());

impl Release {
    /// Made by whoever is about to give the lock back.
    #[inline]
    pub const fn of(_: *const ()) -> Self {
        Self(())
    }
}

/// Runs what is a part of a longer wait.
#[inline]
pub fn silently<R>(run: impl FnOnce() -> R) -> R {
    run()
}

/// The wait of a task that is cancelled.
#[derive(Debug)]
pub struct Cancels(());

impl Cancels {
    /// It is cancelled.
    #[inline]
    #[must_use]
    pub const fn when_dropped(_: *const (), _: *const (), _: bool) -> Self {
        Self(())
    }
}
