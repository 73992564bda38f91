//! Ends the program where something does not hold, or nothing goes on.

use std::process;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::call::Post;
use super::crew::{Crew, Shared};
use super::record::Fault;

/// What is watched.
#[derive(Default)]
pub(super) struct Watched(Mutex<Round>);

/// The round that is running, if one is.
#[derive(Default)]
struct Round {
    number: u64,
    shared: Option<Arc<Shared>>,
    posts: Vec<Arc<Post>>,
}

impl Watched {
    /// Starts a crew, which is watched from here on, and so is one more.
    pub(super) fn begin(
        &self,
        number: u64,
        shared: &Arc<Shared>,
        post: &Arc<Post>,
        start: impl FnOnce() -> Crew,
    ) -> Crew {
        // Locked while it starts: a fault is not reported before it is known of what round.
        let mut round = self.round();
        let crew = start();
        let posts = crew.posts.iter().chain([post]).map(Arc::clone).collect();
        *round = Round { number, shared: Some(Arc::clone(shared)), posts };
        crew
    }

    /// From here on nobody is watched.
    pub(super) fn clear(&self) {
        *self.round() = Round::default();
    }

    fn round(&self) -> MutexGuard<'_, Round> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a thread that ends the program with failure, and with a report, at the first fault, or where a worker makes the same step for
/// longer than `patience`. Time in which this process did not run at all, because the machine was suspended, counts as a second at most.
pub(super) fn start(watched: &Arc<Watched>, faults: Receiver<Fault>, patience: Duration, seed: u64) {
    let watched = Arc::clone(watched);
    let step = (patience / 20).min(Duration::from_secs(1));
    thread::spawn(move || {
        let mut idle = Vec::new();
        loop {
            match faults.recv_timeout(step) {
                Ok(fault) => watched.round().report(&fault, seed),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let round = watched.round();
            if let Some(fault) = round.stuck(&mut idle, step, patience) {
                round.report(&fault, seed);
            }
        }
    });
}

/// How long a worker has been making the same step.
struct Idle {
    post: Arc<Post>,
    steps: u64,
    time: Duration,
}

impl Round {
    /// What the one is stuck in that has been stuck for longest. `idle` is what was seen so far; another look is one step later.
    fn stuck(&self, idle: &mut Vec<Idle>, step: Duration, patience: Duration) -> Option<Fault> {
        idle.retain(|idle| self.posts.iter().any(|post| Arc::ptr_eq(post, &idle.post)));
        for post in &self.posts {
            if !idle.iter().any(|idle| Arc::ptr_eq(post, &idle.post)) {
                idle.push(Idle { post: Arc::clone(post), steps: post.steps(), time: Duration::ZERO });
            }
        }
        for Idle { post, steps, time } in &mut *idle {
            let has_moved = *steps != post.steps() || post.step().is_none();
            (*steps, *time) = (post.steps(), if has_moved { Duration::ZERO } else { *time + step });
        }
        let Idle { post, time, .. } = idle.iter().max_by_key(|idle| idle.time)?;
        let (name, what) = post.step().filter(|_| *time >= patience)?;
        Some(Fault { name, what: format!("no progress for {patience:?}: {} at {what}", post.worker) })
    }

    /// Says what is wrong and what everybody was doing, and ends the program.
    fn report(&self, fault: &Fault, seed: u64) -> ! {
        eprintln!("\nsoak: {}: {}", fault.name, fault.what);
        eprintln!("  seed {seed}, round {}", self.number);
        for post in &self.posts {
            if let Some((name, step)) = post.step() {
                eprintln!("  {}: {name}: {step}", post.worker);
            }
        }
        for (record, subject) in self.shared.iter().flat_map(|shared| &shared.subjects) {
            if record.name == fault.name {
                eprintln!("  {}", subject.state());
            }
        }
        process::exit(1);
    }
}
