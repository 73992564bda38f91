//! The semaphores: the counting one, and the one with a limit.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use latchwork_semaphore::{
    Acquire, AcquireOwned, AnySemaphore, BoundedSemaphore, Closed, OwnedPermit, Permit, Semaphore, TryAcquireError,
};

use super::call::Call;
use super::record::Record;
use super::subject::{Subject, Visit};

/// How many permits each of the instances has that follow one another in a round. Each is closed, but for the last.
const LIMITS: [usize; 8] = [2, 5, 1, 3, 8, 1, 4, 6];

/// What both semaphores can do.
trait Kind: AnySemaphore + Debug + Send + Sync + Sized + 'static {
    fn new(permits: usize) -> Self;
    fn acquire_many(&self, permits: usize) -> Result<Permit<'_, Self>, Closed>;
    fn try_acquire_many(&self, permits: usize) -> Result<Permit<'_, Self>, TryAcquireError>;
    fn try_acquire_many_for(&self, permits: usize, timeout: Duration) -> Result<Permit<'_, Self>, TryAcquireError>;
    fn acquire_many_async(&self, permits: usize) -> Acquire<'_, Self>;
    fn acquire_many_owned(self: Arc<Self>, permits: usize) -> Result<OwnedPermit<Self>, Closed>;
    fn acquire_many_owned_async(self: Arc<Self>, permits: usize) -> AcquireOwned<Self>;
    fn available_permits(&self) -> usize;
    fn debt(&self) -> usize;
    fn close(&self);
    fn is_closed(&self) -> bool;

    /// Gives back what a forgotten permit had.
    fn give_back(&self, permits: usize, record: &Record);

    /// Has fewer permits for a while.
    fn shrink(&self, limit: usize, call: &mut Call);

    /// Of all that there are, none are in use.
    fn check(&self, limit: usize, record: &Record) {
        let (free, debt) = (self.available_permits(), self.debt());
        record.expect((free, debt) == (limit, 0), || format!("of {limit} permits {free} are free, and {debt} owed"));
    }
}

macro_rules! forward {
    ($Semaphore:ident) => {
        fn new(permits: usize) -> Self {
            $Semaphore::new(permits)
        }

        fn acquire_many(&self, permits: usize) -> Result<Permit<'_, Self>, Closed> {
            self.acquire_many(permits)
        }

        fn try_acquire_many(&self, permits: usize) -> Result<Permit<'_, Self>, TryAcquireError> {
            self.try_acquire_many(permits)
        }

        fn try_acquire_many_for(&self, permits: usize, timeout: Duration) -> Result<Permit<'_, Self>, TryAcquireError> {
            self.try_acquire_many_for(permits, timeout)
        }

        fn acquire_many_async(&self, permits: usize) -> Acquire<'_, Self> {
            self.acquire_many_async(permits)
        }

        fn acquire_many_owned(self: Arc<Self>, permits: usize) -> Result<OwnedPermit<Self>, Closed> {
            $Semaphore::acquire_many_owned(self, permits)
        }

        fn acquire_many_owned_async(self: Arc<Self>, permits: usize) -> AcquireOwned<Self> {
            $Semaphore::acquire_many_owned_async(self, permits)
        }

        fn available_permits(&self) -> usize {
            self.available_permits()
        }

        fn debt(&self) -> usize {
            self.debt()
        }

        fn close(&self) {
            self.close();
        }

        fn is_closed(&self) -> bool {
            self.is_closed()
        }
    };
}

impl Kind for Semaphore {
    forward!(Semaphore);

    fn give_back(&self, permits: usize, _: &Record) {
        self.add_permits(permits);
    }

    fn shrink(&self, limit: usize, call: &mut Call) {
        if call.one_in(2) {
            call.at("reduce_permits");
            self.reduce_permits(limit);
            thread::yield_now();
            self.add_permits(limit);
        } else {
            call.at("forget_permits");
            let forgotten = self.forget_permits(limit);
            thread::yield_now();
            self.add_permits(forgotten);
        }
    }
}

impl Kind for BoundedSemaphore {
    forward!(BoundedSemaphore);

    fn give_back(&self, permits: usize, record: &Record) {
        let result = self.release(permits);
        record.expect(result.is_ok(), || format!("{permits} forgotten permits are not in use"));
    }

    fn shrink(&self, limit: usize, call: &mut Call) {
        call.at("set_limit");
        self.set_limit(call.pick(limit));
        thread::yield_now();
        self.set_limit(limit);
        let too_many = self.release(limit + 1);
        call.record.expect(too_many.is_err(), || format!("of {limit} permits one more is in use"));
    }

    fn check(&self, limit: usize, record: &Record) {
        let found = (self.limit(), self.in_use(), self.available_permits(), self.debt());
        record.expect(found == (limit, 0, limit, 0), || {
            format!("limit, in use, free and owed are {found:?}, and the limit was {limit}")
        });
    }
}

/// Instances that follow one another.
struct Permits<S> {
    record: Arc<Record>,
    current: AtomicUsize,
    generations: [Generation<S>; LIMITS.len()],
}

struct Generation<S> {
    semaphore: Arc<S>,
    limit: usize,
    /// How many permits are out, as those who have them count.
    out: AtomicUsize,
}

pub(super) fn make_counting(record: Arc<Record>) -> Arc<dyn Subject> {
    make::<Semaphore>(record)
}

pub(super) fn make_bounded(record: Arc<Record>) -> Arc<dyn Subject> {
    make::<BoundedSemaphore>(record)
}

fn make<S: Kind>(record: Arc<Record>) -> Arc<dyn Subject> {
    let generation = |limit| Generation { semaphore: Arc::new(S::new(limit)), limit, out: AtomicUsize::new(0) };
    Arc::new(Permits { record, current: AtomicUsize::new(0), generations: LIMITS.map(generation) })
}

impl<S: Kind> Subject for Permits<S> {
    fn by_thread(&self, call: &mut Call) {
        let (generation, permits) = self.choose(call);
        call.meets(generation.semaphore.available_permits() < permits);
        match call.pick(32) {
            0 => generation.semaphore.shrink(generation.limit, call),
            1 if call.one_in(16) => self.close(call),
            2..=7 => self.owned(generation, permits, call),
            _ => self.borrowed(generation, permits, call),
        }
    }

    fn by_task(self: Arc<Self>, mut call: Call) -> Visit {
        Box::pin(async move {
            let (generation, permits) = self.choose(&mut call);
            if call.one_in(3) {
                call.at("acquire_many_owned_async");
                let permit = Arc::clone(&generation.semaphore).acquire_many_owned_async(permits).await;
                if let Some(permit) = self.unless_closed(generation, permit) {
                    let _inside = call.inside();
                    let _out = self.take(generation, permit.count());
                    call.linger_async().await;
                }
            } else {
                call.at("acquire_many_async");
                let permit = generation.semaphore.acquire_many_async(permits).await;
                if let Some(permit) = self.unless_closed(generation, permit) {
                    let _inside = call.inside();
                    let _out = self.take(generation, permit.count());
                    call.linger_async().await;
                }
            }
        })
    }

    fn check(&self) {
        let current = self.current.load(Relaxed);
        for (index, Generation { semaphore, limit, out }) in self.generations.iter().enumerate() {
            let out = out.load(Relaxed);
            self.record.expect(out == 0, || format!("{out} permits are still out"));
            semaphore.check(*limit, &self.record);
            self.record.expect(semaphore.is_closed() == (index < current), || "it has closed by itself".to_owned());
        }
    }

    fn state(&self) -> String {
        let Generation { semaphore, limit, out } = &self.generations[self.current.load(Relaxed)];
        format!("{semaphore:?} with {limit} permits, of which {} are known to be out", out.load(Relaxed))
    }
}

impl<S: Kind> Permits<S> {
    /// The instance that is not closed, most probably, and how many permits to take.
    fn choose(&self, call: &mut Call) -> (&Generation<S>, usize) {
        let generation = &self.generations[self.current.load(Relaxed)];
        (generation, if call.one_in(4) { 1 + call.pick(generation.limit) } else { 1 })
    }

    /// Counts permits as out for as long as what this returns lives.
    fn take<'a>(&'a self, generation: &'a Generation<S>, permits: usize) -> Out<'a> {
        // ORDERING: Relaxed, here and below: the semaphore orders a return before the acquisition that it lets in.
        let out = permits + generation.out.fetch_add(permits, Relaxed);
        self.record.expect(out <= generation.limit, || format!("{out} permits of {} are out", generation.limit));
        Out { out: &generation.out, permits }
    }

    fn unless_closed<P, E>(&self, generation: &Generation<S>, permit: Result<P, E>) -> Option<P> {
        let is_closed = generation.semaphore.is_closed();
        self.record.expect(permit.is_ok() || is_closed, || "nobody has closed what says that it is closed".to_owned());
        permit.ok()
    }

    /// Goes on with a new instance, and closes the old.
    fn close(&self, call: &Call) {
        call.at("close");
        let current = self.current.load(Relaxed);
        if current + 1 < LIMITS.len() && self.current.compare_exchange(current, current + 1, Relaxed, Relaxed).is_ok() {
            let semaphore = &self.generations[current].semaphore;
            semaphore.close();
            let result = semaphore.try_acquire_many(1);
            let is_closed = matches!(result, Err(TryAcquireError::Closed));
            self.record.expect(is_closed, || "a closed semaphore gives a permit".to_owned());
        }
    }

    fn borrowed(&self, generation: &Generation<S>, permits: usize, call: &mut Call) {
        let timeout = call.timeout();
        let semaphore = &generation.semaphore;
        let permit = match call.pick(4) {
            0 => {
                call.at("try_acquire_many");
                semaphore.try_acquire_many(permits).ok()
            }
            1 => {
                call.at("try_acquire_many_for");
                match semaphore.try_acquire_many_for(permits, timeout) {
                    Err(TryAcquireError::NoPermits) => call.unless_late(None),
                    permit => self.unless_closed(generation, permit),
                }
            }
            _ => {
                call.at("acquire_many");
                self.unless_closed(generation, semaphore.acquire_many(permits))
            }
        };
        let Some(mut permit) = permit else { return };
        if call.one_in(4) {
            let one = permit.split(1).expect("there is one at least");
            let out = self.take(generation, 1);
            call.linger();
            drop(out);
            drop(one);
        }
        let out = self.take(generation, permit.count());
        call.linger();
        drop(out);
        if call.one_in(8) {
            call.at("forget");
            let permits = permit.count();
            permit.forget();
            semaphore.give_back(permits, &self.record);
        }
    }

    fn owned(&self, generation: &Generation<S>, permits: usize, call: &mut Call) {
        call.at("acquire_many_owned");
        let permit = Arc::clone(&generation.semaphore).acquire_many_owned(permits);
        if let Some(permit) = self.unless_closed(generation, permit) {
            let _out = self.take(generation, permit.count());
            call.linger();
        }
    }
}

/// See [`Permits::take`].
struct Out<'a> {
    out: &'a AtomicUsize,
    permits: usize,
}

impl Drop for Out<'_> {
    fn drop(&mut self) {
        self.out.fetch_sub(self.permits, Relaxed);
    }
}
