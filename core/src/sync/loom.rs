//! The facade under loom.
//!
//! The futex: `wait` and `wake` each start with a relaxed read-modify-write of one common word, the *bucket*, which is
//! where loom may switch threads; what follows is one step. `wait` reads the newest value of its word, as the kernel
//! does under its bucket lock, by a compare-exchange that fails. `wake` never looks at what its address points to.

#![expect(clippy::disallowed_types, reason = "the facade is where these types are renamed")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use self::atomic::{AtomicU32, Ordering::Relaxed};
use super::shim::Sleepers;

/// What one execution of a model shares between its threads.
struct World {
    bucket: AtomicU32,
    late: AtomicU32,
    sleepers: RefCell<Sleepers<loom::thread::Thread>>,
    threads: Cell<u32>,
    turns: Cell<u32>,
}

/// Turns of spinning in one execution with three threads or more, after which what is left of it runs once.
///
/// Two threads that spin for a third can take turns any number of times before it runs, and none of that is a preemption:
/// there would be no end of executions. After so many turns loom goes on with the thread that has turned least, which is fair:
/// a wait that never ends is still found. Two threads have no such choice, and are explored to the end.
const EXPLORED_TURNS: u32 = 8;

std::thread_local! {
    // All of loom's threads run on the thread that called `model`.
    static WORLD: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
}

fn world() -> Rc<World> {
    WORLD.with(|world| world.borrow().clone()).expect("the facade is used outside of `sync::model::model`")
}

/// Starts an execution with nobody asleep and no time passed.
pub(super) fn begin() {
    barrier::begin();
    let world = World {
        bucket: AtomicU32::new(0),
        late: AtomicU32::new(0),
        sleepers: RefCell::new(Sleepers::new()),
        threads: Cell::new(1),
        turns: Cell::new(0),
    };
    WORLD.with(|slot| slot.replace(Some(Rc::new(world))));
}

/// A thread more takes part in this execution.
pub(super) fn add_thread() {
    let world = world();
    world.threads.set(world.threads.get() + 1);
}

/// Whether this thread sees that the time has passed. It may see it late, as a thread may read a clock and be delayed.
pub(super) fn time_has_passed() -> bool {
    world().late.load(Relaxed) != 0
}

/// Lets every deadline pass.
pub(super) fn let_time_pass() {
    let world = world();
    world.late.store(1, Relaxed);
    world.bucket.fetch_add(1, Relaxed);
    let late = world.sleepers.borrow_mut().take_late();
    late.into_iter().for_each(|thread| thread.unpark());
}

/// Makes every futex wait in progress return for no reason.
pub(super) fn wake_spuriously() {
    let world = world();
    world.bucket.fetch_add(1, Relaxed);
    let all = world.sleepers.borrow_mut().take(usize::MAX, |_| true);
    all.into_iter().for_each(|thread| thread.unpark());
}

/// Atomics and fences.
pub mod atomic {
    pub use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, Ordering, fence};
}

/// Cells whose accesses loom watches.
pub mod cell {
    /// An `UnsafeCell` that lends its pointer for the length of a closure, or for the life of a [`Claim`].
    #[derive(Debug)]
    pub struct UnsafeCell<T: ?Sized> {
        track: loom::cell::UnsafeCell<()>,
        value: core::cell::UnsafeCell<T>,
    }

    impl<T> UnsafeCell<T> {
        /// A cell around `value`.
        #[track_caller]
        pub fn new(value: T) -> Self {
            Self { track: loom::cell::UnsafeCell::new(()), value: core::cell::UnsafeCell::new(value) }
        }

        /// The value.
        pub fn into_inner(self) -> T {
            self.value.into_inner()
        }
    }

    impl<T: Default> Default for UnsafeCell<T> {
        fn default() -> Self {
            Self::new(T::default())
        }
    }

    impl<T: ?Sized> UnsafeCell<T> {
        /// Lends the pointer for reading.
        #[track_caller]
        pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
            self.track.with(|_| read(self.value.get()))
        }

        /// Lends the pointer for writing.
        #[track_caller]
        pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
            self.track.with_mut(|_| write(self.value.get()))
        }

        /// The value, which nobody else can reach.
        pub fn get_mut(&mut self) -> &mut T {
            self.track.with_mut(|_| ());
            self.value.get_mut()
        }

        /// Starts an exclusive access that lasts until the claim is released.
        #[track_caller]
        pub fn claim(&self) -> Claim {
            Claim(Some(self.track.get_mut()))
        }

        /// Starts a shared access that lasts until the claim is released.
        #[track_caller]
        pub fn claim_shared(&self) -> SharedClaim {
            SharedClaim(Some(self.track.get()))
        }

        /// The pointer itself, for whoever holds a [`Claim`] or a [`SharedClaim`].
        pub const fn get(&self) -> *mut T {
            self.value.get()
        }
    }

    /// An exclusive access in progress. Loom reports a second one, and an earlier one that does not happen before it.
    #[derive(Debug)]
    pub struct Claim(Option<loom::cell::MutPtr<()>>);

    impl Claim {
        /// Moves the access to another holder, and leaves this one with none.
        pub fn hand_over(&mut self) -> Self {
            Self(self.0.take())
        }

        /// Ends the access, as dropping the claim does.
        pub fn release(&mut self) {
            self.0 = None;
        }
    }

    /// A shared access in progress. Loom reports an exclusive one beside it, and an earlier one that does not happen
    /// before it.
    #[derive(Debug)]
    pub struct SharedClaim(Option<loom::cell::ConstPtr<()>>);

    impl SharedClaim {
        /// Moves the access to another holder, and leaves this one with none.
        pub fn hand_over(&mut self) -> Self {
            Self(self.0.take())
        }

        /// Ends the access, as dropping the claim does.
        pub fn release(&mut self) {
            self.0 = None;
        }
    }
}

/// Waiting for a word to change.
pub mod futex {
    use super::atomic::{AtomicU32, Ordering::Relaxed};
    use super::time::Instant;
    use super::world;

    /// No word of this workspace ever holds this value.
    const IMPOSSIBLE: u32 = u32::MAX;

    /// Waits while `word` holds `expected`, until it is woken. May return for no reason.
    pub fn wait(word: &AtomicU32, expected: u32) {
        sleep(word, expected, None);
    }

    /// Waits while `word` holds `expected`, until it is woken or `deadline` passes. May return for no reason.
    pub fn wait_until(word: &AtomicU32, expected: u32, deadline: Instant) {
        sleep(word, expected, Some(deadline));
    }

    /// Wakes one thread that waits on the word at this address, which may no longer be there.
    pub fn wake_one(word: *const AtomicU32) {
        wake(word, 1);
    }

    /// Wakes every thread that waits on the word at this address, which may no longer be there.
    pub fn wake_all(word: *const AtomicU32) {
        wake(word, usize::MAX);
    }

    fn newest(word: &AtomicU32) -> u32 {
        word.compare_exchange(IMPOSSIBLE, IMPOSSIBLE, Relaxed, Relaxed).unwrap_err()
    }

    fn sleep(word: &AtomicU32, expected: u32, deadline: Option<Instant>) {
        let world = world();
        world.bucket.fetch_add(1, Relaxed);
        loom::stop_exploring();
        let has_changed = newest(word) != expected;
        // A sleeper that missed the end of time would never be woken by it: the newest value here too.
        let is_late = deadline.is_some() && newest(&world.late) != 0;
        loom::explore();
        if has_changed || is_late {
            return;
        }
        let address = core::ptr::from_ref(word).addr();
        let ticket = world.sleepers.borrow_mut().push(address, deadline, loom::thread::current());
        // `unpark` may find this thread between the two lines and be remembered; a park that returns early is one
        // more turn of the loop.
        while world.sleepers.borrow().is_asleep(ticket) {
            loom::thread::park();
        }
    }

    fn wake(word: *const AtomicU32, limit: usize) {
        let world = world();
        world.bucket.fetch_add(1, Relaxed);
        let woken = world.sleepers.borrow_mut().take(limit, |sleeper| sleeper.address == word.addr());
        woken.into_iter().for_each(|thread| thread.unpark());
    }
}

/// Hints to the processor.
pub mod hint {
    use super::{EXPLORED_TURNS, world};

    /// A turn of spinning: lets the others run.
    pub fn spin_loop() {
        let world = world();
        world.turns.set(world.turns.get() + 1);
        if world.threads.get() > 2 && world.turns.get() > EXPLORED_TURNS {
            loom::skip_branch();
        }
        loom::hint::spin_loop();
    }

    pub use super::super::shim::{Backoff, pause};
}

/// The current thread.
pub mod thread {
    pub use loom::thread::yield_now;

    /// Loom's, for the form that the standard library's is fastest in.
    macro_rules! local {
        ($(#[$meta:meta])* static $name:ident: $type:ty = const { $initial:expr };) => {
            loom::thread_local! { $(#[$meta])* static $name: $type = $initial; }
        };
    }

    pub(crate) use super::super::shim::{CORES_ARE_KNOWN, current_core};
    pub(crate) use local;
}

/// The clock of deadlines.
pub mod time {
    pub use super::super::shim::Instant;
}

/// The fence that all running threads of the process pass.
pub use super::shim::barrier;
