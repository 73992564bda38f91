//! Primitives that are broken on purpose, to see that a soak notices.

use std::future;
use std::hint::black_box;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::audit::{Audit, Pair};
use super::call::Call;
use super::record::Record;
use super::subject::{Subject, Visit};

/// A lock, but for one thing.
struct Broken {
    audit: Audit,
    pair: Mutex<Pair>,
    way: Way,
}

/// What is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It lends copies: what is written is lost.
    Lossy,
    /// It lets nobody in.
    Hanging,
    /// It allocates, and frees nothing.
    Leaky,
}

pub(super) fn make_lossy(record: Arc<Record>) -> Arc<dyn Subject> {
    make(record, Way::Lossy)
}

pub(super) fn make_hanging(record: Arc<Record>) -> Arc<dyn Subject> {
    make(record, Way::Hanging)
}

pub(super) fn make_leaky(record: Arc<Record>) -> Arc<dyn Subject> {
    make(record, Way::Leaky)
}

fn make(record: Arc<Record>, way: Way) -> Arc<dyn Subject> {
    Arc::new(Broken { audit: Audit::new(record), pair: Mutex::default(), way })
}

impl Subject for Broken {
    fn by_thread(&self, call: &mut Call) {
        call.at("lock");
        let pair = self.pair.lock().unwrap_or_else(PoisonError::into_inner);
        match self.way {
            Way::Lossy => return self.audit.write(&Pair::default(), call),
            Way::Hanging => loop {
                thread::park();
            },
            // Of other bytes than zeros, for which no memory would be needed.
            Way::Leaky => _ = black_box(vec![1_u8; 1024].leak()),
        }
        self.audit.write(&pair, call);
    }

    fn by_task(self: Arc<Self>, mut call: Call) -> Visit {
        Box::pin(async move {
            if self.way == Way::Hanging {
                call.at("lock_async");
                future::pending::<()>().await;
            }
            self.by_thread(&mut call);
        })
    }

    fn check(&self) {
        self.audit.check(&self.pair.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn state(&self) -> String {
        format!("{:?}", self.pair)
    }
}
