//! What is known at one moment.

use core::fmt;
use core::panic::Location;
use core::time::Duration;

/// What is known at one moment.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Those who wait for each other: each for the next, and the last for the first. Who waits until a deadline is among them. Every
    /// deadlock has one of its cycles here.
    pub cycles: Vec<Vec<Wait>>,
    /// Those who have waited for longer than the bound, the longest first.
    pub long: Vec<Wait>,
}

impl Report {
    /// Whether there is nothing to report.
    ///
    /// # Examples
    ///
    /// ```
    /// use latchwork_core::deadlock::report;
    /// use std::time::Duration;
    ///
    /// assert!(report(Duration::from_secs(1)).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cycles.is_empty() && self.long.is_empty()
    }
}

/// Somebody who waits.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Wait {
    /// Who.
    pub who: Party,
    /// For what: `mutex`, `rwlock`, `semaphore`, `condition` (a condition variable, too) or `predicate`.
    pub what: &'static str,
    /// Where that was asked for.
    pub at: Option<&'static Location<'static>>,
    /// For how long it has waited.
    pub waited: Duration,
    /// Who holds what it waits for; of a condition or a predicate, the mutex or the monitor.
    pub holders: Vec<Hold>,
}

/// Somebody who holds a lock, or a part of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Hold {
    /// Who.
    pub who: Party,
    /// Where that was asked for.
    pub at: Option<&'static Location<'static>>,
}

/// A thread or a task.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Party {
    /// A thread, with its number here and its name.
    Thread(u64, Option<String>),
    /// A task, with its number here and the name that it was given.
    Task(u64, String),
    /// A task without a name, by the address of what its waker wakes.
    Nameless(usize),
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Thread(_, Some(name)) => write!(f, "thread {name:?}"),
            Self::Thread(number, None) => write!(f, "thread {number}"),
            Self::Task(_, name) => write!(f, "task {name:?}"),
            Self::Nameless(address) => write!(f, "task {address:#x}"),
        }
    }
}

/// A place, where it is known.
struct At(Option<&'static Location<'static>>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |at| write!(f, " at {at}"))
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has waited for a {} for {:?}{}", self.who, self.what, self.waited, At(self.at))?;
        self.holders.iter().try_for_each(|hold| write!(f, "; {} has the lock{}", hold.who, At(hold.at)))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for cycle in &self.cycles {
            writeln!(f, "these wait for each other:")?;
            cycle.iter().try_for_each(|wait| writeln!(f, "  {wait}"))?;
        }
        self.long.iter().try_for_each(|wait| writeln!(f, "{wait}"))
    }
}
