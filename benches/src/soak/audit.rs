//! What a lock protects, and what is counted beside it.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use latchwork_core::sync::model::Data;

use super::call::Call;
use super::record::{Count, Record};

/// Two numbers that are equal where nobody writes. They are read and written plainly, as a user's data is.
#[derive(Debug, Default)]
pub(super) struct Pair {
    first: Data,
    second: Data,
}

/// Who is inside of one instance, and how often somebody has written there.
pub(super) struct Audit {
    record: Arc<Record>,
    readers: AtomicUsize,
    writers: AtomicUsize,
    writes: Count,
}

impl Audit {
    pub(super) fn new(record: Arc<Record>) -> Self {
        Self { record, readers: AtomicUsize::new(0), writers: AtomicUsize::new(0), writes: Count::default() }
    }

    /// See [`Record::expect`].
    pub(super) fn expect(&self, holds: bool, what: impl FnOnce() -> String) {
        self.record.expect(holds, what);
    }

    /// Writes, staying for a moment halfway.
    pub(super) fn write(&self, pair: &Pair, call: &mut Call) {
        let _writing = self.writing(pair);
        call.linger();
    }

    /// The same for a moment that others may spin.
    pub(super) fn write_briefly(&self, pair: &Pair, call: &mut Call) {
        let _writing = self.writing(pair);
        call.linger_briefly();
    }

    /// The same for some polls.
    pub(super) async fn write_async(&self, pair: &Pair, call: &mut Call) {
        let _inside = call.inside();
        let _writing = self.writing(pair);
        call.linger_async().await;
    }

    /// Reads twice, staying for a moment in between.
    pub(super) fn read(&self, pair: &Pair, call: &mut Call) {
        let _reading = self.reading(pair);
        call.linger();
    }

    /// The same for a moment that others may spin.
    pub(super) fn read_briefly(&self, pair: &Pair, call: &mut Call) {
        let _reading = self.reading(pair);
        call.linger_briefly();
    }

    /// The same for some polls.
    pub(super) async fn read_async(&self, pair: &Pair, call: &mut Call) {
        let _inside = call.inside();
        let _reading = self.reading(pair);
        call.linger_async().await;
    }

    /// Begins to write.
    fn writing<'a>(&'a self, pair: &'a Pair) -> Writing<'a> {
        // ORDERING: Relaxed, here and below: the lock orders those who count one after the other.
        let (writers, readers) = (self.writers.fetch_add(1, Relaxed), self.readers.load(Relaxed));
        self.expect((writers, readers) == (0, 0), || {
            format!("a writer is let in beside {writers} writers and {readers} readers")
        });
        self.expect_equal(pair);
        pair.first.count_up();
        Writing { audit: self, pair }
    }

    /// Begins to read.
    fn reading<'a>(&'a self, pair: &'a Pair) -> Reading<'a> {
        self.readers.fetch_add(1, Relaxed);
        let writers = self.writers.load(Relaxed);
        self.expect(writers == 0, || format!("a reader is let in beside {writers} writers"));
        Reading { audit: self, pair, seen: self.expect_equal(pair) }
    }

    fn expect_equal(&self, pair: &Pair) -> u32 {
        let (first, second) = (pair.first.get(), pair.second.get());
        self.expect(first == second, || format!("somebody is let in halfway through a write: {first}, {second}"));
        first
    }

    /// How often was written to it, for one who is inside.
    pub(super) fn version(&self, pair: &Pair) -> u32 {
        self.expect_equal(pair)
    }

    /// Nobody has written since then.
    pub(super) fn expect_version(&self, pair: &Pair, seen: u32, during: &str) {
        let now = self.expect_equal(pair);
        self.expect(now == seen, || format!("{} writes happened during {during}", now.wrapping_sub(seen)));
    }

    /// At the end of a round: whoever tries has the lock, and the rest [holds](Self::check).
    pub(super) fn check_free(&self, tried: Option<impl Deref<Target = Pair>>) {
        self.expect(tried.is_some(), || "it is locked, and nobody has a guard".to_owned());
        tried.into_iter().for_each(|pair| self.check(&pair));
    }

    /// At the end of a round: nobody is inside, and no write is lost.
    pub(super) fn check(&self, pair: &Pair) {
        let (readers, writers) = (self.readers.load(Relaxed), self.writers.load(Relaxed));
        self.expect((readers, writers) == (0, 0), || format!("{readers} readers and {writers} writers have not left"));
        let (found, made) = (self.expect_equal(pair), self.writes.get());
        self.expect(u64::from(found) == made, || format!("{made} writes were made, and {found} are found"));
    }
}

/// Between the two halves of a write. The second is made where it ends, also by a panic or by a cancellation.
struct Writing<'a> {
    audit: &'a Audit,
    pair: &'a Pair,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.pair.second.count_up();
        self.audit.expect_equal(self.pair);
        self.audit.writes.add(1);
        let (writers, readers) = (self.audit.writers.fetch_sub(1, Relaxed), self.audit.readers.load(Relaxed));
        self.audit.expect((writers, readers) == (1, 0), || {
            format!("{writers} writers and {readers} readers are inside with a writer that leaves")
        });
    }
}

/// Between the two looks of a reader.
struct Reading<'a> {
    audit: &'a Audit,
    pair: &'a Pair,
    seen: u32,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.audit.expect_version(self.pair, self.seen, "a read");
        self.audit.readers.fetch_sub(1, Relaxed);
    }
}
