//! What becomes of those who wait to be notified.

use std::sync::Arc;

use super::record::{Count, Record};

/// Counts those who wait for one condition, and the notifications.
pub(super) struct Notices {
    record: Arc<Record>,
    begun: Count,
    sent: Count,
    notified: Count,
    late: Count,
    cancelled: Count,
}

impl Notices {
    pub(super) fn new(record: Arc<Record>) -> Self {
        let [begun, sent, notified, late, cancelled] = Default::default();
        Self { record, begun, sent, notified, late, cancelled }
    }

    /// Somebody begins to wait.
    pub(super) fn wait(&self) -> Waiting<'_> {
        self.begun.add(1);
        Waiting { notices: self, has_ended: false }
    }

    /// So many were notified, as the condition says.
    pub(super) fn sent(&self, notified: usize) {
        self.sent.add(notified as u64);
    }

    /// At the end of a round: all have ended, and as many were notified as notifications were sent, but for those whom a cancelled wait
    /// may have taken with it.
    pub(super) fn check(&self) {
        let Self { record, begun, sent, notified, late, cancelled } = self;
        let (begun, sent, notified) = (begun.get(), sent.get(), notified.get());
        let (late, cancelled) = (late.get(), cancelled.get());
        record.expect(begun == notified + late + cancelled, || {
            format!("of {begun} waits {notified} were notified, {late} timed out, and {cancelled} were cancelled")
        });
        record.expect((sent.saturating_sub(cancelled)..=sent).contains(&notified), || {
            format!("of {sent} notifications {notified} have arrived, and {cancelled} waits were cancelled")
        });
    }
}

/// A wait. Dropping it cancels it.
pub(super) struct Waiting<'a> {
    notices: &'a Notices,
    has_ended: bool,
}

impl Waiting<'_> {
    /// It was notified, or its time ran out.
    pub(super) fn ended(mut self, is_late: bool) {
        self.has_ended = true;
        let Notices { record, notified, late, .. } = self.notices;
        record.tally.timeouts.add(u64::from(is_late));
        if is_late { late } else { notified }.add(1);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.notices.cancelled.add(1);
        }
    }
}
