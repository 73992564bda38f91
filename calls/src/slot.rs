//! A future that is polled by hand, and the tasks that have polled it.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::Poll;
use std::sync::Arc;

use latchwork_core::sync::model::{Alarm, poll_with};

/// How many futures a caller has at a time.
pub const SLOTS: usize = 4;

/// A future, and who is woken when it can go on.
pub struct Slot<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + 'a>>,
    /// Of the task that polled it last.
    alarm: Arc<Alarm>,
    /// Of those that have polled it before.
    former: Vec<Arc<Alarm>>,
    /// How often both had rung when it was last polled.
    seen: (u32, u32),
}

impl<'a, T> Slot<'a, T> {
    /// A future that has not been polled.
    pub fn new(future: impl Future<Output = T> + 'a) -> Self {
        Self { future: Box::pin(future), alarm: Arc::default(), former: Vec::new(), seen: (0, 0) }
    }

    /// Its task polls it.
    pub fn poll(&mut self) -> Poll<T> {
        self.seen = (self.alarm.rings(), self.former_rings());
        poll_with(self.future.as_mut(), &self.alarm.waker())
    }

    /// The task of this alarm polls it.
    pub fn poll_by(&mut self, alarm: &Arc<Alarm>) -> Poll<T> {
        if !Arc::ptr_eq(alarm, &self.alarm) {
            self.former.push(core::mem::replace(&mut self.alarm, Arc::clone(alarm)));
        }
        self.poll()
    }

    /// How often its task has been woken since that began to poll it.
    pub fn rings(&self) -> u32 {
        self.alarm.rings() - self.seen.0
    }

    /// How often tasks have been woken since then whose it is no longer.
    pub fn rings_elsewhere(&self) -> u32 {
        self.former_rings() - self.seen.1
    }

    fn former_rings(&self) -> u32 {
        self.former.iter().map(|alarm| alarm.rings()).sum()
    }
}

impl<T> fmt::Debug for Slot<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("alarm", &self.alarm).finish_non_exhaustive()
    }
}
