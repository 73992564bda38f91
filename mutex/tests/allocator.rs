//! The locks inside a global allocator: they use nothing that allocates, also where a thread begins and ends.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle", latchwork_deadlock)))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::thread;

use latchwork_core::sync::model::watchdog;
use latchwork_mutex::{Mutex, ReentrantLock};

/// The system's allocator under two locks, which count what is out.
struct Locked {
    allocated: Mutex<usize>,
    freed: ReentrantLock<Cell<usize>>,
}

#[global_allocator]
static ALLOCATOR: Locked = Locked { allocated: Mutex::new(0), freed: ReentrantLock::new(Cell::new(0)) };

// SAFETY: every call is passed on to the system's allocator.
unsafe impl GlobalAlloc for Locked {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let mut allocated = self.allocated.lock();
        *allocated += 1;
        // SAFETY: the caller keeps to the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let (outer, inner) = (self.freed.lock(), self.freed.lock());
        inner.set(outer.get() + 1);
        // SAFETY: the caller keeps to the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[test]
fn an_allocator_may_lock() {
    watchdog("an_allocator_may_lock", || {
        for _ in 0..20 {
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| (0..2_000).for_each(|number| drop(black_box(Box::new(number)))));
                }
            });
        }
        let (freed, allocated) = (ALLOCATOR.freed.with(Cell::get), *ALLOCATOR.allocated.lock());
        assert!(freed >= 160_000 && freed <= allocated, "{freed} of {allocated}");
    });
}
