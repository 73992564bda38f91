//! What those who wait for others share: a few things that are put and taken.

use super::audit::{Audit, Pair};

/// There is room for so many.
const CAPACITY: usize = 4;

/// A number of things, and who has changed it.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) pair: Pair,
    things: usize,
    put: u64,
    taken: u64,
    /// The round ends: nobody waits.
    pub(super) is_over: bool,
}

impl Store {
    /// What one who puts waits for.
    pub(super) const fn may_put(&self) -> bool {
        self.things < CAPACITY || self.is_over
    }

    /// What one who takes waits for.
    pub(super) const fn may_take(&self) -> bool {
        self.things > 0 || self.is_over
    }

    /// Puts one, if that was waited for in vain by nobody.
    pub(super) fn put(&mut self, audit: &Audit) {
        audit.expect(self.may_put(), || format!("one who waited for room is let in: {self:?}"));
        if !self.is_over {
            self.things += 1;
            self.put += 1;
        }
        self.check(audit);
    }

    /// Takes one.
    pub(super) fn take(&mut self, audit: &Audit) {
        audit.expect(self.may_take(), || format!("one who waited for things is let in: {self:?}"));
        if !self.is_over {
            self.things -= 1;
            self.taken += 1;
        }
        self.check(audit);
    }

    /// Where nobody could put, or nobody take, somebody can.
    pub(super) fn shift(&mut self, audit: &Audit) {
        match self.things {
            0 => self.put(audit),
            CAPACITY => self.take(audit),
            _ => {}
        }
    }

    /// Nothing has been lost.
    pub(super) fn check(&self, audit: &Audit) {
        let is_whole = self.put - self.taken == self.things as u64 && self.things <= CAPACITY;
        audit.expect(is_whole, || format!("things are lost, or too many: {self:?}"));
    }
}
