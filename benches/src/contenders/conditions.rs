//! What each contender has for those who wait for one another: a value, and two conditions.

use std::ops::DerefMut;
use std::pin::pin;

use futures_lite::future::block_on;
use latchwork_monitor::{Condition, Condvar, Monitor, MonitorGuard};
use latchwork_mutex::{Mutex, MutexGuard};

/// A value, and two conditions of it, which are 0 and 1.
pub(super) trait Conditions<T: Send + 'static>: Send + Sync {
    /// Having the value to oneself.
    type Guard<'a>: DerefMut<Target = T>
    where
        Self: 'a;

    /// Unlocks, and notifies one that waits for the condition; the other way round where only somebody inside may notify, or where
    /// [`Pair::notifying_inside`] says so.
    fn leave(&self, guard: Self::Guard<'_>, condition: usize);
}

/// The same for threads.
pub(super) trait Threads<T: Send + 'static>: Conditions<T> {
    /// Locks, and waits for the condition while the value holds this thread back.
    fn enter_while(&self, condition: usize, holds_back: impl Fn(&T) -> bool + Send + 'static) -> Self::Guard<'_>;
}

/// The same for tasks.
pub(super) trait Tasks<T: Send + 'static>: Conditions<T> {
    /// Locks, and waits for the condition while the value holds this task back.
    fn enter_while_async(
        &self,
        condition: usize,
        holds_back: impl Fn(&T) -> bool + Send + 'static,
    ) -> impl Future<Output = Self::Guard<'_>> + Send;
}

/// A lock, and the conditions that are used with it.
pub(super) struct Pair<L, C> {
    lock: L,
    conditions: [C; 2],
    notifies_inside: bool,
}

pub(super) type Std<T> = Pair<std::sync::Mutex<T>, std::sync::Condvar>;
pub(super) type ParkingLot<T> = Pair<parking_lot::Mutex<T>, parking_lot::Condvar>;
pub(super) type Usync<T> = Pair<usync::Mutex<T>, usync::Condvar>;
pub(super) type Tokio<T> = Pair<tokio::sync::Mutex<T>, tokio::sync::Notify>;
pub(super) type Asyncband<T> = Pair<asyncband::mutex::Mutex<T>, asyncband::condvar::Condvar>;
pub(super) type Classic<T> = Pair<Mutex<T>, Condvar>;
pub(super) type Named<T> = Pair<Monitor<T>, Condition>;

impl<L, C: Default> Pair<L, C> {
    pub(super) fn new(lock: L) -> Self {
        Self { lock, conditions: Default::default(), notifies_inside: false }
    }

    /// Whoever leaves notifies first, and unlocks then.
    pub(super) fn notifying_inside(self) -> Self {
        Self { notifies_inside: true, ..self }
    }
}

impl<T> Named<T> {
    pub(super) fn named(monitor: Monitor<T>) -> Self {
        Self { conditions: [monitor.condition(), monitor.condition()], lock: monitor, notifies_inside: true }
    }
}

/// Those whose condition may be notified by anybody.
macro_rules! notified_outside {
    ($($pair:ident: $guard:ty;)*) => { $(
        impl<T: Send + 'static> Conditions<T> for $pair<T> {
            type Guard<'a> = $guard;

            fn leave(&self, guard: Self::Guard<'_>, condition: usize) {
                let inside = Some(guard).filter(|_| self.notifies_inside);
                self.conditions[condition].notify_one();
                drop(inside);
            }
        }
    )* };
}

notified_outside! {
    Std: std::sync::MutexGuard<'a, T>;
    ParkingLot: parking_lot::MutexGuard<'a, T>;
    Usync: usync::MutexGuard<'a, T>;
    Tokio: tokio::sync::MutexGuard<'a, T>;
    Asyncband: asyncband::mutex::MutexGuard<'a, T>;
    Classic: MutexGuard<'a, T>;
}

impl<T: Send + 'static> Conditions<T> for Named<T> {
    type Guard<'a> = MonitorGuard<'a, T>;

    fn leave(&self, guard: Self::Guard<'_>, condition: usize) {
        self.conditions[condition].notify_one(&guard);
    }
}

/// By predicates: whoever leaves finds those whose predicate holds.
impl<T: Send + 'static> Conditions<T> for Monitor<T> {
    type Guard<'a> = MonitorGuard<'a, T>;

    fn leave(&self, guard: Self::Guard<'_>, _: usize) {
        drop(guard);
    }
}

impl<T: Send + 'static> Threads<T> for Std<T> {
    fn enter_while(&self, condition: usize, holds_back: impl Fn(&T) -> bool + Send + 'static) -> Self::Guard<'_> {
        let guard = self.lock.lock().expect("no section panics");
        self.conditions[condition].wait_while(guard, |value| holds_back(value)).expect("no section panics")
    }
}

impl<T: Send + 'static> Threads<T> for ParkingLot<T> {
    fn enter_while(&self, condition: usize, holds_back: impl Fn(&T) -> bool + Send + 'static) -> Self::Guard<'_> {
        let mut guard = self.lock.lock();
        self.conditions[condition].wait_while(&mut guard, |value| holds_back(value));
        guard
    }
}

impl<T: Send + 'static> Threads<T> for Usync<T> {
    fn enter_while(&self, condition: usize, holds_back: impl Fn(&T) -> bool + Send + 'static) -> Self::Guard<'_> {
        let mut guard = self.lock.lock();
        while holds_back(&guard) {
            self.conditions[condition].wait(&mut guard);
        }
        guard
    }
}

impl<T: Send + 'static> Threads<T> for Asyncband<T> {
    fn enter_while(&self, condition: usize, holds_back: impl Fn(&T) -> bool + Send + 'static) -> Self::Guard<'_> {
        block_on(self.enter_while_async(condition, holds_back))
    }
}

impl<T: Send + 'static> Threads<T> for Classic<T> {
    fn enter_while(&self, condition: usize, holds_back: impl Fn(&T) -> bool + Send + 'static) -> Self::Guard<'_> {
        let mut guard = self.lock.lock();
        self.conditions[condition].wait_while(&mut guard, |value| holds_back(value));
        guard
    }
}

impl<T: Send + 'static> Threads<T> for Named<T> {
    fn enter_while(&self, condition: usize, holds_back: impl Fn(&T) -> bool + Send + 'static) -> Self::Guard<'_> {
        let mut guard = self.lock.enter();
        guard.wait_while(&self.conditions[condition], |value| holds_back(value));
        guard
    }
}

impl<T: Send + 'static> Threads<T> for Monitor<T> {
    fn enter_while(&self, _: usize, holds_back: impl Fn(&T) -> bool + Send + 'static) -> Self::Guard<'_> {
        self.enter_when(move |value| !holds_back(value))
    }
}

impl<T: Send + 'static> Tasks<T> for Tokio<T> {
    async fn enter_while_async(
        &self,
        condition: usize,
        holds_back: impl Fn(&T) -> bool + Send + 'static,
    ) -> Self::Guard<'_> {
        loop {
            let guard = self.lock.lock().await;
            if !holds_back(&guard) {
                return guard;
            }
            // Enabled while the mutex is locked: it is notified by whoever changes the value later.
            let mut notified = pin!(self.conditions[condition].notified());
            notified.as_mut().enable();
            drop(guard);
            notified.await;
        }
    }
}

impl<T: Send + 'static> Tasks<T> for Asyncband<T> {
    async fn enter_while_async(
        &self,
        condition: usize,
        holds_back: impl Fn(&T) -> bool + Send + 'static,
    ) -> Self::Guard<'_> {
        self.conditions[condition].wait_while(self.lock.lock().await, move |value| holds_back(value)).await
    }
}

impl<T: Send + 'static> Tasks<T> for Named<T> {
    async fn enter_while_async(
        &self,
        condition: usize,
        holds_back: impl Fn(&T) -> bool + Send + 'static,
    ) -> Self::Guard<'_> {
        let guard = self.lock.enter_async().await;
        guard.wait_while_async(&self.conditions[condition], move |value| holds_back(value)).await
    }
}

impl<T: Send + 'static> Tasks<T> for Monitor<T> {
    fn enter_while_async(
        &self,
        _: usize,
        holds_back: impl Fn(&T) -> bool + Send + 'static,
    ) -> impl Future<Output = Self::Guard<'_>> + Send {
        self.enter_when_async(move |value| !holds_back(value))
    }
}
