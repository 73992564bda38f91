//! What happens before what, by the orderings that are asked for: vector clocks, beside the schedules of shuttle.
//!
//! A thread counts its own time, which goes on when it publishes what it has done, and knows how far each other thread has come. What
//! another has done is ordered before what it does if it knows of that time.
//!
//! | operation         | effect, by the rules of C++20, which are Rust's                                                         |
//! |-------------------|---------------------------------------------------------------------------------------------------------|
//! | load              | Acquire: learns what the value publishes. Relaxed: learns it at the next acquire fence                  |
//! | store             | Release: the value publishes what the thread knows. Relaxed: what it knew at its last release fence     |
//! | read-modify-write | both; what the value published before it publishes still: a release sequence, which a store ends        |
//! | fence             | Acquire, Release: see above. SeqCst: both                                                               |
//! | spawn, join       | the thread begins with what its parent knew; whoever joins it learns what it knew at its end            |
//!
//! Nothing else is an edge: not the wake-up by a futex, not the time that passes, not a yield. The wake-up of a task is one, by the
//! atomic of the [`Alarm`](super::super::model::Alarm). That one SeqCst fence comes before another is none either: it decides which
//! values are read after them. Loom takes it for an edge, and so it does the wake-up by a futex.
//!
//! Every load reads the newest value, as shuttle has it, so that one that is too old is never seen: only loom looks for those.

use std::cell::RefCell;
use std::mem;
use std::sync::{Mutex, PoisonError};

use super::atomic::Ordering::{self, AcqRel, Acquire, Release, SeqCst};

/// How far each thread has come, as somebody knows it. Threads are told apart by their place.
#[derive(Debug, Default)]
struct Clock(Vec<u32>);

impl Clock {
    const fn new() -> Self {
        Self(Vec::new())
    }

    fn of(&self, thread: usize) -> u32 {
        self.0.get(thread).copied().unwrap_or(0)
    }

    /// Learns what another clock knows.
    fn join(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// Knows what another clock knows, and no more. Allocates only where it has not been as long before.
    fn set(&mut self, other: &Self) {
        self.0.clone_from(&other.0);
    }
}

#[derive(Debug, Default)]
struct Thread {
    /// What the thread knows. Its own time is zero where it is no thread of the model.
    now: Clock,
    /// What it knew at its last release fence.
    fenced: Clock,
    /// What relaxed loads have read, for the next acquire fence.
    read: Clock,
}

/// The threads of one execution of a model.
#[derive(Debug)]
struct World {
    execution: u64,
    /// By the numbers that shuttle gives them.
    threads: Vec<Thread>,
    /// Not once a thread takes part that [`spawn`](super::super::model::spawn) has not started: it may be ordered by something that is
    /// not seen here.
    is_complete: bool,
}

std::thread_local! {
    // All of shuttle's threads run on the thread that called `model`.
    static WORLD: RefCell<World> = const { RefCell::new(World { execution: 0, threads: Vec::new(), is_complete: false }) };
}

/// The number of the running thread, if shuttle runs one.
fn running() -> Option<usize> {
    shuttle::current::try_get_current_task().map(usize::from)
}

/// Runs on what is known of the running thread; not where nothing is, or not all.
fn here<R>(body: impl FnOnce(&mut Thread, usize, u64) -> R) -> Option<R> {
    WORLD.with_borrow_mut(|world| {
        if !world.is_complete {
            return None;
        }
        let number = running()?;
        let thread = world.threads.get_mut(number).filter(|thread| thread.now.of(number) > 0);
        world.is_complete = thread.is_some();
        thread.map(|thread| body(thread, number, world.execution))
    })
}

/// A thread takes part that knows what `start` does, and its own time.
fn enter(world: &mut World, start: Clock) {
    let Some(number) = running() else { return };
    let threads = world.threads.len().max(number + 1);
    world.threads.resize_with(threads, Thread::default);
    let mut now = start;
    now.0.resize(threads, 0);
    now.0[number] = 1;
    world.threads[number].now = now;
}

/// Starts an execution, in its main thread.
pub(super) fn begin() {
    WORLD.with_borrow_mut(|world| {
        *world = World { execution: world.execution + 1, threads: Vec::new(), is_complete: true };
        enter(world, Clock::new());
    });
}

/// Whatever runs next is no part of the model.
pub(super) fn end() {
    WORLD.with_borrow_mut(|world| world.is_complete = false);
}

/// What a thread knows that is to be started.
#[derive(Debug)]
pub(super) struct Start(Clock);

/// The running thread is about to start another.
pub(super) fn spawning() -> Start {
    let start = here(|thread, number, _| {
        let mut start = Clock::new();
        start.set(&thread.now);
        thread.now.0[number] += 1;
        start
    });
    Start(start.unwrap_or_default())
}

/// The running thread has been started.
pub(super) fn started(start: Start) {
    WORLD.with_borrow_mut(|world| {
        if world.is_complete {
            enter(world, start.0);
        }
    });
}

/// The running thread has seen that another has ended.
pub(super) fn joined(ended: usize) {
    let last = WORLD.with_borrow_mut(|world| world.threads.get_mut(ended).map(|thread| mem::take(&mut thread.now)));
    if let Some(last) = last {
        here(|thread, _, _| thread.now.join(&last));
    }
}

fn acquires(ordering: Ordering) -> bool {
    matches!(ordering, Acquire | AcqRel | SeqCst)
}

fn releases(ordering: Ordering) -> bool {
    matches!(ordering, Release | AcqRel | SeqCst)
}

/// A fence of the running thread.
pub(super) fn fence(ordering: Ordering) {
    here(|thread, number, _| {
        if acquires(ordering) {
            thread.now.join(&thread.read);
        }
        if releases(ordering) {
            thread.fenced.set(&thread.now);
            thread.now.0[number] += 1;
        }
    });
}

/// What the value of an atomic publishes. No part of the model: it only has to be `Sync`.
#[derive(Debug, Default)]
pub(super) struct Published(Mutex<Publication>);

#[derive(Debug, Default)]
struct Publication {
    /// In another execution, the value publishes nothing.
    execution: u64,
    clock: Clock,
}

impl Published {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Publication { execution: 0, clock: Clock::new() }))
    }

    /// The running thread has read the value.
    pub(super) fn load(&self, ordering: Ordering) {
        self.here(|clock, thread, _| thread.read(clock, ordering));
    }

    /// The running thread has written another value.
    pub(super) fn store(&self, ordering: Ordering) {
        self.here(|clock, thread, number| {
            if releases(ordering) {
                clock.set(&thread.now);
                thread.now.0[number] += 1;
            } else {
                clock.set(&thread.fenced);
            }
        });
    }

    /// The running thread has replaced the value by what follows from it.
    pub(super) fn update(&self, ordering: Ordering) {
        self.here(|clock, thread, number| {
            thread.read(clock, ordering);
            if releases(ordering) {
                clock.join(&thread.now);
                thread.now.0[number] += 1;
            } else {
                clock.join(&thread.fenced);
            }
        });
    }

    fn here(&self, body: impl FnOnce(&mut Clock, &mut Thread, usize)) {
        here(|thread, number, execution| {
            let mut publication = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if publication.execution != execution {
                *publication = Publication { execution, clock: Clock::new() };
            }
            body(&mut publication.clock, thread, number);
        });
    }
}

impl Thread {
    fn read(&mut self, published: &Clock, ordering: Ordering) {
        if acquires(ordering) { &mut self.now } else { &mut self.read }.join(published);
    }
}

/// A moment in the life of a thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    execution: u64,
    thread: usize,
    time: u32,
}

impl Moment {
    /// What the running thread does now, and whether moments in the past are ordered before it. `None` where that is not known.
    pub(super) fn now<R>(compare: impl FnOnce(Self, &dyn Fn(&Self) -> bool) -> R) -> Option<R> {
        here(|thread, number, execution| {
            let now = Self { execution, thread: number, time: thread.now.of(number) };
            // What is left from another execution was over before this one began.
            let knows = |past: &Self| past.execution != execution || past.time <= thread.now.of(past.thread);
            compare(now, &knows)
        })
    }

    /// The number of the thread.
    pub(super) const fn thread(&self) -> usize {
        self.thread
    }
}
