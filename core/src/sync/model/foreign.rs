//! What tests on real threads put in the place of a runtime's waker and of the allocator.

#![expect(unsafe_code, reason = "a waker's table and an allocator are made of raw pointers")]

use core::cell::Cell;
use core::fmt;
use core::mem::ManuallyDrop;
use core::task::{RawWaker, RawWakerVTable, Waker};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// A waker that is as foreign as can be: it counts, and runs something of the test's when it is cloned, woken or dropped.
#[derive(Default)]
pub struct Foreign {
    wakes: AtomicUsize,
    on_clone: Slot,
    on_wake: Slot,
    on_drop: Slot,
}

/// What it does next, once.
type Slot = Mutex<Option<Box<dyn FnMut() + Send>>>;

impl Foreign {
    /// A waker of this one.
    pub fn waker(self: &Arc<Self>) -> Waker {
        // SAFETY: the table keeps to the contract of `RawWaker`: the pointer is a count of the `Arc`.
        unsafe { Waker::from_raw(raw(Arc::clone(self))) }
    }

    /// How often it was woken.
    pub fn wakes(&self) -> usize {
        self.wakes.load(Relaxed)
    }

    /// Runs `action` when it is next cloned.
    pub fn on_clone(&self, action: impl FnMut() + Send + 'static) {
        set(&self.on_clone, action);
    }

    /// Runs `action` when it is next woken.
    pub fn on_wake(&self, action: impl FnMut() + Send + 'static) {
        set(&self.on_wake, action);
    }

    /// Runs `action` when a waker of it is next dropped.
    pub fn on_drop(&self, action: impl FnMut() + Send + 'static) {
        set(&self.on_drop, action);
    }

    fn wake(&self) {
        self.wakes.fetch_add(1, Relaxed);
        run(&self.on_wake);
    }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign").field("wakes", &self.wakes()).finish_non_exhaustive()
    }
}

fn set(slot: &Slot, action: impl FnMut() + Send + 'static) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(action));
}

fn run(slot: &Slot) {
    // Taken out while it runs: it may come back here.
    let action = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(mut action) = action {
        action();
    }
}

fn raw(foreign: Arc<Foreign>) -> RawWaker {
    RawWaker::new(Arc::into_raw(foreign).cast(), &TABLE)
}

/// # Safety
///
/// `pointer` is a count of the `Arc` of a [`Foreign`], which is used up when the result is dropped.
unsafe fn owned(pointer: *const ()) -> Arc<Foreign> {
    // SAFETY: as above.
    unsafe { Arc::from_raw(pointer.cast()) }
}

static TABLE: RawWakerVTable = RawWakerVTable::new(
    |pointer| {
        // SAFETY: the pointer is the waker's count, which is only looked at.
        let foreign = ManuallyDrop::new(unsafe { owned(pointer) });
        run(&foreign.on_clone);
        raw(Arc::clone(&foreign))
    },
    |pointer| {
        // SAFETY: the pointer is the waker's count, which is used up.
        unsafe { owned(pointer) }.wake();
    },
    |pointer| {
        // SAFETY: the pointer is the waker's count, which is only looked at.
        ManuallyDrop::new(unsafe { owned(pointer) }).wake();
    },
    |pointer| {
        // SAFETY: the pointer is the waker's count, which is used up.
        run(&unsafe { owned(pointer) }.on_drop);
    },
);

/// Runs `body`, and the threads that it starts, on one core, where the system lets a thread choose: whoever turns there keeps the one
/// from running that it waits for.
pub fn on_one_core<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let alone = scope.spawn(|| {
            #[cfg(target_os = "linux")]
            stay_here();
            body()
        });
        alone.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Keeps this thread on the first of the cores that it may run on.
#[cfg(target_os = "linux")]
fn stay_here() {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    let allowed = sched_getaffinity(None).expect("a thread may ask where it may run");
    let first = (0..CpuSet::MAX_CPU).find(|core| allowed.is_set(*core)).expect("it may run somewhere");
    let mut one = CpuSet::new();
    one.set(first);
    sched_setaffinity(None, &one).expect("it may run on less");
}

/// The system's allocator, which counts what each thread allocates: for `#[global_allocator]`.
#[derive(Debug)]
pub struct CountingAllocator;

std::thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Not counted while the thread ends, when there is nowhere to count.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps to the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps to the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// How often this thread allocates in a call, where the [`CountingAllocator`] is the global one.
pub fn allocations(run: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    run();
    ALLOCATIONS.get() - before
}
