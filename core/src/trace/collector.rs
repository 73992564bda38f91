//! For tests: a subscriber that hands over what it is told.

use core::fmt;
use std::sync::{Arc, Mutex, Once};

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

/// What is waited for, who waits, what comes of it, and in which line it was asked for.
pub type Short = (String, String, String, u32);

/// One of these.
pub fn short(what: &str, who: &str, outcome: &str, line: u32) -> Short {
    (what.to_owned(), who.to_owned(), outcome.to_owned(), line)
}

/// Runs this on this thread, and adds what is told meanwhile.
///
/// # Panics
///
/// In an event, if that does not say in which line.
pub fn adding(waits: &Arc<Mutex<Vec<Short>>>, run: impl FnOnce()) {
    let waits = Arc::clone(waits);
    let tell = move |wait: Wait| {
        let line = wait.at.split(':').nth(1).and_then(|line| line.parse().ok()).expect("a file, a line and a column");
        waits.lock().expect("nobody panics with it").push((wait.what, wait.who, wait.outcome, line));
    };
    telling(tell, run);
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
