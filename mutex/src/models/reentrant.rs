//! Models of the reentrant lock.
//!
//! Its value is a number that is read and written as a user's data is: the checkers report two sections that overlap, and one
//! that does not see what the last has done.

// The programs are too long for loom.
#[cfg(not(latchwork = "loom"))]
mod calls;
mod named;
mod threads;

use latchwork_core::sync::model::Data;

use super::*;
use crate::{ByOwner, LockOwnedAs, OwnedReentrantLockGuard, Owner, ReentrantLock, ReentrantLockGuard};

type Lock = Arc<ReentrantLock<Data>>;

fn lock() -> Lock {
    Arc::new(ReentrantLock::new(Data::default()))
}

fn owner() -> Arc<Owner> {
    Arc::new(Owner::new())
}

/// Runs on a thread of its own, with the lock.
fn with_lock<T: Send + 'static>(
    lock: &Lock,
    body: impl FnOnce(&Lock) -> T + Send + 'static,
) -> latchwork_core::sync::model::JoinHandle<T> {
    let lock = Arc::clone(lock);
    spawn(move || body(&lock))
}

/// Counts up through a loan for writing, which the checkers compare with the guards of others.
fn count_up_alone(guard: &mut ReentrantLockGuard<'_, Data>) {
    ReentrantLockGuard::get_mut(guard).expect("the thread's only entry").count_up();
}

fn count_up_by_thread(lock: &Lock) {
    lock.lock().count_up();
}

fn count_up_by_owner(lock: &Lock) {
    lock.lock_as(&Owner::new()).count_up();
}

fn count_up_by_task(lock: &Lock) {
    let owner = Owner::new();
    block_on(async { lock.lock_async(&owner).await.count_up() });
}

/// A hand-polled future that has been polled once and is queued.
fn queued_as(lock: &Lock, owner: &Arc<Owner>, alarm: &Arc<Alarm>) -> Pin<Box<LockOwnedAs<Data>>> {
    let mut future = Box::pin(Arc::clone(lock).lock_owned_async(Arc::clone(owner)));
    assert!(poll(future.as_mut(), alarm).is_pending());
    future
}

fn alarm() -> Arc<Alarm> {
    Arc::new(Alarm::default())
}

/// Turns until so many threads are queued. The caller holds the lock.
fn wait_for_queued(lock: &Lock, count: usize) {
    while lock.raw().mutex().queued_threads() < count {
        yield_now();
    }
}

/// Whatever has happened: the lock is free for whoever tries, and nobody is queued.
fn assert_free(lock: &Lock, count: u32) {
    let mut guard = lock.try_lock().expect("nobody holds it now");
    let value = ReentrantLockGuard::get_mut(&mut guard).expect("and this thread holds it once");
    assert_eq!(value.get(), count);
    drop(value);
    drop(guard);
    assert!(lock.raw().mutex().is_at_rest(), "the queue is empty, and no mode is set");
}
