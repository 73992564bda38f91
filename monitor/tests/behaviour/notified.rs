//! Conditions and condition variables under hand-polled futures: wakers that re-enter, panic, or are replaced.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use latchwork_core::sync::model::{Foreign, poll_once, poll_with, watchdog};
use latchwork_monitor::{Condition, Condvar, Monitor};
use latchwork_mutex::Mutex;

/// What is waited for, and the lock that is released meanwhile.
enum Shared {
    Condvar(Mutex<u32>, Condvar),
    Condition(Monitor<u32>, Condition),
}

type Waiting = Pin<Box<dyn Future<Output = ()>>>;

/// A future that lets go of its output, and can be polled on after a panic.
struct Ends<F>(Pin<Box<F>>);

impl<F: Future> Future for Ends<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx).map(drop)
    }
}

/// Both kinds, for as long as the process lives.
fn both() -> [&'static Shared; 2] {
    let monitor = Monitor::new(0);
    let condition = monitor.condition();
    [Shared::Condvar(Mutex::new(0), Condvar::new()), Shared::Condition(monitor, condition)]
        .map(|shared| &*Box::leak(Box::new(shared)))
}

impl Shared {
    /// A wait that has not been polled, and owns the lock.
    fn wait(&'static self) -> Waiting {
        match self {
            Self::Condvar(mutex, condvar) => Box::pin(Ends(Box::pin(condvar.wait_async(mutex.lock())))),
            Self::Condition(monitor, condition) => Box::pin(Ends(Box::pin(monitor.enter().wait_async(condition)))),
        }
    }

    /// One that waits.
    fn waiting(&'static self, waker: &Waker) -> Waiting {
        let mut wait = self.wait();
        assert!(poll_with(wait.as_mut(), waker).is_pending());
        wait
    }

    fn notify_one(&self) -> bool {
        match self {
            Self::Condvar(_, condvar) => condvar.notify_one(),
            Self::Condition(monitor, condition) => condition.notify_one(&monitor.enter()) == 1,
        }
    }

    fn notify_all(&self) -> usize {
        match self {
            Self::Condvar(_, condvar) => condvar.notify_all(),
            Self::Condition(monitor, condition) => condition.notify_all(&monitor.enter()),
        }
    }

    fn is_locked(&self) -> bool {
        match self {
            Self::Condvar(mutex, _) => mutex.is_locked(),
            Self::Condition(monitor, _) => monitor.is_entered(),
        }
    }

    /// A future that waits for the lock.
    fn locking(&'static self, waker: &Waker) -> Waiting {
        let mut future: Waiting = match self {
            Self::Condvar(mutex, _) => Box::pin(Ends(Box::pin(mutex.lock_async()))),
            Self::Condition(monitor, _) => Box::pin(Ends(Box::pin(monitor.enter_async()))),
        };
        assert!(poll_with(future.as_mut(), waker).is_pending());
        future
    }
}

fn panics<T>(run: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(|| drop(run()))).is_err()
}

/// No queue is locked while a waker is cloned, woken or dropped: each may notify another.
#[test]
fn a_waker_may_notify_when_it_is_cloned_woken_or_dropped() {
    watchdog("a_waker_may_notify_when_it_is_cloned_woken_or_dropped", || {
        for shared in both() {
            let (foreign, other) = (Arc::new(Foreign::default()), Arc::new(Foreign::default()));
            let touches = Arc::new(AtomicUsize::new(0));
            let touch = |is_owner: bool| {
                let touches = Arc::clone(&touches);
                move || {
                    // Whoever has the lock cannot enter the monitor once more.
                    let notified = match shared {
                        Shared::Condition(..) if is_owner => shared.is_locked(),
                        _ => shared.notify_one(),
                    };
                    touches.fetch_add(usize::from(notified), Relaxed);
                }
            };
            let others = [(); 5].map(|()| shared.waiting(Waker::noop()));
            foreign.on_clone(touch(true));
            let mut wait = shared.waiting(&foreign.waker());
            // Polled with another waker, the first is dropped.
            foreign.on_drop(touch(false));
            other.on_clone(touch(false));
            assert!(poll_with(wait.as_mut(), &other.waker()).is_pending());
            assert_eq!(touches.load(Relaxed), 3);
            other.on_wake(touch(false));
            assert!(shared.notify_all() > 0);
            // Who was notified is woken by and by, as the lock is released.
            drop(others);
            while poll_with(wait.as_mut(), &other.waker()).is_pending() {
                assert!(!shared.is_locked());
            }
            // Cancelled, it drops its waker.
            let _spare = shared.waiting(Waker::noop());
            let cancelled = shared.waiting(&foreign.waker());
            foreign.on_drop(touch(false));
            drop(cancelled);
            assert_eq!(touches.load(Relaxed), 4);
            assert!(!shared.is_locked());
        }
    });
}

#[test]
fn a_waker_that_panics_when_cloned_leaves_the_wait_its_lock() {
    for shared in both() {
        let foreign = Arc::new(Foreign::default());
        let (mut wait, waker) = (shared.wait(), foreign.waker());
        foreign.on_clone(|| panic!("cloned"));
        assert!(panics(|| poll_with(wait.as_mut(), &waker)));
        assert!(shared.is_locked());
        assert!(poll_with(wait.as_mut(), &waker).is_pending(), "it can be polled on");
        // It waits, and is asked again.
        foreign.on_clone(|| panic!("cloned"));
        assert!(panics(|| poll_with(wait.as_mut(), &waker)));
        assert!(shared.notify_one() && !shared.notify_one());
        assert!(poll_with(wait.as_mut(), &waker).is_ready());
        assert!(!shared.is_locked());
    }
}

/// The wait is queued before it releases the lock, which wakes another.
#[test]
fn a_waker_that_panics_when_the_wait_releases_the_lock_leaves_it_waiting() {
    for shared in both() {
        let foreign = Arc::new(Foreign::default());
        let mut wait = shared.wait();
        let mut locking = shared.locking(&foreign.waker());
        foreign.on_wake(|| panic!("woken"));
        assert!(panics(|| poll_once(wait.as_mut())));
        assert!(!shared.is_locked() && poll_once(locking.as_mut()).is_ready());
        assert!(poll_once(wait.as_mut()).is_pending());
        assert!(shared.notify_one() && poll_once(wait.as_mut()).is_ready());
    }
}

std::thread_local! {
    /// One that waits behind the thread that is about to.
    static NEXT: RefCell<Option<Waiting>> = const { RefCell::new(None) };
}

/// A thread is queued, too, before it releases the lock. It is notified by what that wakes, and gives the notification up.
#[test]
fn a_waker_that_panics_when_a_thread_starts_to_wait_gives_back_the_lock_and_the_notification() {
    for shared in both() {
        let foreign = Arc::new(Foreign::default());
        let wake = move || {
            NEXT.set(Some(shared.waiting(Waker::noop())));
            assert!(shared.notify_one());
            panic!("woken");
        };
        let locking;
        match shared {
            Shared::Condvar(mutex, condvar) => {
                let mut guard = mutex.lock();
                locking = shared.locking(&foreign.waker());
                foreign.on_wake(wake);
                assert!(panics(|| condvar.wait(&mut guard)));
                assert!(mutex.is_locked());
            }
            Shared::Condition(monitor, condition) => {
                let mut guard = monitor.enter();
                locking = shared.locking(&foreign.waker());
                foreign.on_wake(wake);
                assert!(panics(|| guard.wait(condition)));
                assert!(monitor.is_entered());
            }
        }
        drop(locking);
        let mut next = NEXT.take().expect("it has been woken");
        assert!(!shared.is_locked() && poll_once(next.as_mut()).is_ready());
        assert!(!shared.is_locked() && !shared.notify_one());
    }
}

#[test]
fn a_waker_that_panics_when_notified_leaves_the_others_notified() {
    for shared in both() {
        let foreign = [(); 20].map(|()| Arc::new(Foreign::default()));
        let mut waits = foreign.each_ref().map(|foreign| shared.waiting(&foreign.waker()));
        for index in [0, 9] {
            foreign[index].on_wake(|| panic!("woken"));
        }
        assert!(panics(|| shared.notify_all()));
        assert_eq!(shared.notify_all(), 0, "all were notified");
        for (wait, foreign) in waits.iter_mut().zip(&foreign) {
            // Of a monitor, the next is woken by the one before it, when that leaves.
            let _ = panics(|| assert!(poll_with(wait.as_mut(), &foreign.waker()).is_ready()));
        }
        assert!(foreign.iter().all(|foreign| foreign.wakes() == 1));
        assert!(!shared.is_locked());
    }
}

/// It was notified, stands in the queue of the lock with its waker, and finds the lock free.
#[test]
fn a_waker_that_panics_when_dropped_by_one_that_was_notified_passes_the_notification_on() {
    for shared in both() {
        let foreign = Arc::new(Foreign::default());
        let waker = foreign.waker();
        let (mut wait, mut next) = (shared.waiting(&waker), shared.waiting(Waker::noop()));
        let head;
        match shared {
            Shared::Condvar(mutex, condvar) => {
                let _guard = mutex.lock();
                head = shared.locking(Waker::noop());
                assert!(condvar.notify_one());
                assert!(poll_with(wait.as_mut(), &waker).is_pending(), "it is behind the other");
            }
            Shared::Condition(monitor, condition) => {
                let guard = monitor.enter();
                head = shared.locking(Waker::noop());
                assert_eq!(condition.notify_one(&guard), 1);
            }
        }
        drop(waker);
        foreign.on_drop(|| panic!("dropped"));
        assert!(panics(|| poll_once(wait.as_mut())));
        assert!(!shared.is_locked() && poll_once(next.as_mut()).is_pending());
        drop((wait, head));
        assert!(poll_once(next.as_mut()).is_ready());
        assert!(!shared.is_locked() && !shared.notify_one());
    }
}

#[test]
fn a_wait_polled_by_another_task_wakes_that_one() {
    for shared in both() {
        let (first, second) = (Arc::new(Foreign::default()), Arc::new(Foreign::default()));
        let mut wait = shared.waiting(&first.waker());
        assert!(poll_with(wait.as_mut(), &second.waker()).is_pending());
        assert!(shared.notify_one());
        assert_eq!((first.wakes(), second.wakes()), (0, 1));
        // It comes too late, and moves again on its way to the lock.
        let owner = shared.wait();
        assert!(poll_with(wait.as_mut(), &second.waker()).is_pending());
        assert!(poll_with(wait.as_mut(), &first.waker()).is_pending());
        drop(owner);
        assert_eq!((first.wakes(), second.wakes()), (1, 1));
        assert!(poll_once(wait.as_mut()).is_ready());
    }
}

#[test]
fn a_notification_is_not_kept_for_those_who_come_later() {
    for shared in both() {
        assert!(!shared.notify_one() && shared.notify_all() == 0);
        let mut wait = shared.waiting(Waker::noop());
        assert!(poll_once(wait.as_mut()).is_pending());
        assert!(shared.notify_one());
        assert!(poll_once(wait.as_mut()).is_ready() && !shared.notify_one());
    }
}
