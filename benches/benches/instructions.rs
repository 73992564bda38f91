//! Instructions of the uncontended paths, counted by callgrind: they repeat where times do not.
//!
//! `cargo bench -p latchwork-benches --bench instructions`. It needs valgrind, and gungraun's runner of the version of the crate.
//! Where one of them is missing, nothing is counted, and a line says so.

#![allow(missing_docs, reason = "gungraun's macros make public functions")]

use std::env;
use std::process::{Command, ExitCode};

/// A lock of each contender that has been locked and unlocked some times, so that it knows that nobody waits, and what is counted: to
/// lock it and to unlock it. Names are not those of crates, since modules are made of them.
macro_rules! count {
    ($group:ident: $($name:ident: $lock:ty = $make:expr, |$it:ident| $acquire:expr;)+) => {
        mod $group {
            use std::hint::black_box;

            use gungraun::{library_benchmark, library_benchmark_group};
            #[allow(unused_imports, reason = "not every group has futures")]
            use latchwork_benches::ready;

            $(
                #[library_benchmark]
                #[bench::uncontended({ let $it = $make; (0..100).for_each(|_| drop(black_box($acquire))); $it })]
                fn $name($it: $lock) -> $lock {
                    drop(black_box($acquire));
                    $it
                }
            )+

            library_benchmark_group!(name = $group, benchmarks = [$($name),+]);
        }
    };
}

count! { mutex:
    std_lock: std::sync::Mutex<u64> = std::sync::Mutex::new(0), |it| it.lock();
    parking_lot_lock: parking_lot::Mutex<u64> = parking_lot::Mutex::new(0), |it| it.lock();
    usync_lock: usync::Mutex<u64> = usync::Mutex::new(0), |it| it.lock();
    xutex_lock: xutex::Mutex<u64> = xutex::Mutex::new(0), |it| it.lock();
    latchwork_lock: latchwork_mutex::Mutex<u64> = latchwork_mutex::Mutex::new(0), |it| it.lock();
    latchwork_spin_lock: latchwork_spinlock::SpinLock<u64> = latchwork_spinlock::SpinLock::new(0), |it| it.lock();
    latchwork_monitor_lock: latchwork_monitor::Monitor<u64> = latchwork_monitor::Monitor::new(0), |it| it.enter();
}

count! { async_mutex:
    tokio_lock: tokio::sync::Mutex<u64> = tokio::sync::Mutex::new(0), |it| ready(it.lock());
    async_lock_lock: async_lock::Mutex<u64> = async_lock::Mutex::new(0), |it| ready(it.lock());
    asyncband_lock: asyncband::mutex::Mutex<u64> = asyncband::mutex::Mutex::new(0), |it| ready(it.lock());
    xutex_lock: xutex::AsyncMutex<u64> = xutex::AsyncMutex::new(0), |it| ready(it.lock());
    latchwork_lock: latchwork_mutex::Mutex<u64> = latchwork_mutex::Mutex::new(0), |it| ready(it.lock_async());
}

count! { read:
    std_read: std::sync::RwLock<u64> = std::sync::RwLock::new(0), |it| it.read();
    parking_lot_read: parking_lot::RwLock<u64> = parking_lot::RwLock::new(0), |it| it.read();
    usync_read: usync::RwLock<u64> = usync::RwLock::new(0), |it| it.read();
    latchwork_read: latchwork_rwlock::RwLock<u64> = latchwork_rwlock::RwLock::new(0), |it| it.read();
}

count! { write:
    std_write: std::sync::RwLock<u64> = std::sync::RwLock::new(0), |it| it.write();
    parking_lot_write: parking_lot::RwLock<u64> = parking_lot::RwLock::new(0), |it| it.write();
    usync_write: usync::RwLock<u64> = usync::RwLock::new(0), |it| it.write();
    latchwork_write: latchwork_rwlock::RwLock<u64> = latchwork_rwlock::RwLock::new(0), |it| it.write();
}

count! { semaphore:
    async_lock_acquire: async_lock::Semaphore = async_lock::Semaphore::new(1), |it| it.acquire_blocking();
    latchwork_acquire: latchwork_semaphore::Semaphore = latchwork_semaphore::Semaphore::new(1), |it| it.acquire();
}

mod counted {
    use gungraun::main;

    use super::async_mutex::async_mutex;
    use super::mutex::mutex;
    use super::read::read;
    use super::semaphore::semaphore;
    use super::write::write;

    main!(library_benchmark_groups = [mutex, async_mutex, read, write, semaphore]);

    pub(super) fn count() {
        main();
    }
}

fn main() -> ExitCode {
    // Under valgrind, the runner starts this program once more.
    let is_counted = env::args().nth(1).is_some_and(|argument| argument == "--gungraun-run");
    if !is_counted {
        for (tool, source) in [
            ("valgrind", "the system's packages"),
            ("gungraun-runner", "cargo install gungraun-runner --version 0.18.2"),
        ] {
            if Command::new(tool).arg("--version").output().is_err() {
                println!("skipped: {tool} is not installed; it comes by {source}");
                return ExitCode::SUCCESS;
            }
        }
    }
    counted::count();
    ExitCode::SUCCESS
}
