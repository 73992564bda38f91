//! Nothing is recorded.

use core::task::Context;
#[cfg(feature = "std")]
use core::time::Duration;
#[cfg(feature = "std")]
use std::sync::Arc;

#[cfg(feature = "std")]
use super::Report;
use super::Share;
use crate::site::Site;

/// Whether anything is recorded.
pub const IS_ON: bool = false;

/// What there is to report now; waits that are longer than this are. Empty without `--cfg latchwork_deadlock`.
///
/// # Examples
///
/// ```
/// use latchwork_core::deadlock::report;
/// use std::time::Duration;
///
/// // Nobody waits for anything.
/// assert!(report(Duration::from_secs(1)).cycles.is_empty());
/// ```
#[cfg(feature = "std")]
#[must_use]
pub fn report(_: Duration) -> Report {
    Report::default()
}

/// Somebody has acquired this.
#[inline]
pub const fn acquired(_: *const (), _: Share, _: Site, _: Option<&Context<'_>>) {}

/// Somebody is about to release this.
#[inline]
pub const fn released(_: *const (), _: Share) {}

/// The wait of a thread, which ends when this is dropped.
#[cfg(feature = "std")]
#[derive(Debug)]
pub struct Waiting(());

#[cfg(feature = "std")]
impl Waiting {
    /// It begins; `has_a_part` of what it waits for.
    #[inline]
    #[must_use]
    pub const fn begin(_: *const (), _: &'static str, _: Site, _has_a_part: bool) -> Self {
        Self(())
    }
}

/// The wait of a task begins there, or goes on: nowhere, then. It `has_a_part` of what it waits for.
#[inline]
pub const fn begin_task(_: *const (), _: *const (), _: &'static str, _: Site, _has_a_part: bool, _: &Context<'_>) {}

/// Where a task that waits has asked for it.
#[inline]
#[must_use]
pub const fn site_of(_: *const ()) -> Site {
    Site::NOWHERE
}

/// The wait of a task has ended, if it had begun.
#[inline]
pub const fn end_task(_: *const ()) {}

/// The poll of a task that has a name.
#[cfg(feature = "std")]
#[derive(Debug)]
pub(super) struct Scope(());

#[cfg(feature = "std")]
impl Scope {
    #[inline]
    pub(super) const fn enter(_: &mut u64, _: &Arc<str>) -> Self {
        Self(())
    }
}
