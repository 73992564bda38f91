//! A filter on system calls that refuses the fence of all threads, installed when locks rely on it. A program of its own: the filter
//! stays.

#![cfg(all(target_os = "linux", not(any(latchwork = "loom", latchwork = "shuttle"))))]

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::pin::pin;
use std::thread;

use latchwork_core::fence;
use latchwork_core::sync::model::{poll_once, watchdog};
use latchwork_mutex::Mutex;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter_all_threads};

/// From here on the system refuses the call, as sandboxes do that do not know it.
fn refuse_membarrier() {
    let rules = BTreeMap::from([(libc::SYS_membarrier, Vec::new())]);
    let refusal = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let arch = ARCH.try_into().expect("the filter knows the processor");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refusal, arch).expect("the filter is sound");
    let program = BpfProgram::try_from(filter).expect("the filter can be compiled");
    apply_filter_all_threads(&program).expect("a process may filter its own calls");
}

/// Threads that meet at the lock, and count.
fn count_together(mutex: &Mutex<u32>) {
    const EACH: u32 = 50_000;
    let before = *mutex.lock();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| (0..EACH).for_each(|_| *mutex.lock() += 1));
        }
    });
    assert_eq!(*mutex.lock(), before + 3 * EACH);
}

/// Breaks if whoever queues at a quiet lock sleeps, though the fence was refused.
#[test]
fn locks_that_relied_on_the_fence_lose_no_wake_up_when_it_is_refused() {
    watchdog("locks whose fence is refused", || {
        let used = [const { Mutex::new(0) }; 2];
        latchwork_mutex::prepare();
        let was_offered = fence::is_offered();
        (0..10_000).for_each(|_| used.iter().for_each(|mutex| *mutex.lock() += 1));
        assert_eq!(fence::heavy_count(), 0);
        refuse_membarrier();

        let guard = used[0].lock();
        let mut waiting = pin!(used[0].lock_async());
        assert!(poll_once(waiting.as_mut()).is_pending());
        assert!(!fence::is_offered());
        drop(guard);
        assert!(poll_once(waiting.as_mut()).is_ready(), "unlock has woken it");
        used.iter().for_each(count_together);
        assert!(
            fence::heavy_count() <= if was_offered { 2 } else { 0 },
            "a lock becomes quiet though the fence is refused"
        );
        count_together(&Mutex::new(0));
    });
}
