//! For tests: a subscriber that hands over what it is told.

use core::fmt;
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{set_global_default, with_default};
use tracing::{Event, Metadata, Subscriber};

/// Runs this on this thread, with a subscriber that calls this with each wait that it is told of.
pub fn telling<R>(tell: impl Fn(Wait) + Send + Sync + 'static, run: impl FnOnce() -> R) -> R {
    // The first thread that emits an event decides for all whether it is wanted, where there is one subscriber and it has none.
    static FIRST: Once = Once::new();
    FIRST.call_once(|| telling_all(drop));
    with_default(Collector(tell), run)
}

/// The same on every thread, from here on.
///
/// # Panics
///
/// If the process has a subscriber.
pub fn telling_all(tell: impl Fn(Wait) + Send + Sync + 'static) {
    set_global_default(Collector(tell)).expect("it has none yet");
}

/// What an event says of a wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// Its `what`.
    pub what: String,
    /// Its `who`.
    pub who: String,
    /// Its `outcome`.
    pub outcome: String,
    /// Its `at`.
    pub at: String,
    /// Its `lock`.
    pub lock: String,
    /// Its `waited_ns`.
    pub waited_ns: u64,
}

impl Visit for Wait {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "waited_ns" {
            self.waited_ns = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = match field.name() {
            "what" => &mut self.what,
            "who" => &mut self.who,
            "outcome" => &mut self.outcome,
            "at" => &mut self.at,
            "lock" => &mut self.lock,
            _ => return,
        };
        *text = format!("{value:?}");
    }
}

/// Calls its function with each wait that it is told of.
struct Collector<F>(F);

impl<F: Fn(Wait) + 'static> Subscriber for Collector<F> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "latchwork"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut wait = Wait::default();
        event.record(&mut wait);
        (self.0)(wait);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
