//! Why permits were not acquired.

use core::fmt;

/// The semaphore has been closed: nobody acquires from it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed(pub(crate) ());

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the semaphore is closed")
    }
}

impl core::error::Error for Closed {}

/// Why an attempt has acquired nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// Fewer permits are free, or those that are gather for somebody who waits; or the time has run out.
    NoPermits,
    /// The semaphore has been closed.
    Closed,
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPermits => f.write_str("too few permits are free"),
            Self::Closed => Closed(()).fmt(f),
        }
    }
}

impl core::error::Error for TryAcquireError {}

impl From<Closed> for TryAcquireError {
    fn from(Closed(()): Closed) -> Self {
        Self::Closed
    }
}

/// More permits are to be given back than are in use. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverRelease;

impl fmt::Display for OverRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("more permits are given back than are in use")
    }
}

impl core::error::Error for OverRelease {}
