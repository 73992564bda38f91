//! What the crates' guides call equivalent: every cell of their tables is in the function of its column here, is compiled, and does what
//! those beside it do.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_lite::future::block_on;

const TIME: Duration = Duration::from_micros(1);

mod mutex {
    use super::*;
    use std::sync::Arc;

    fn first(pair: &mut (u32, u32)) -> &mut u32 {
        &mut pair.0
    }

    fn std() {
        let mut m = std::sync::Mutex::new((1, 2));
        m.lock().unwrap().0 += 1;
        assert!(m.try_lock().is_ok());
        m.get_mut().unwrap().1 += 1;
        assert_eq!(m.into_inner().unwrap(), (2, 3));
    }

    fn parking_lot() {
        use parking_lot::{Mutex, MutexGuard};
        let m = Arc::new(Mutex::new((1, 2)));
        let now = Instant::now();
        m.lock().0 += 1;
        assert!(m.try_lock().is_some());
        assert!(m.try_lock_for(TIME).is_some() && m.try_lock_until(now).is_some());
        m.lock_arc().1 += 1;
        let mut g = m.lock();
        let run = || m.is_locked();
        assert!(!MutexGuard::unlocked(&mut g, run));
        MutexGuard::bump(&mut g);
        assert_eq!(*MutexGuard::map(g, first), 2);
        let mut m = Arc::into_inner(m).unwrap();
        m.get_mut().0 += 1;
        assert_eq!(m.into_inner(), (3, 3));
    }

    fn tokio() {
        use tokio::sync::{Mutex, MutexGuard};
        let m = Arc::new(Mutex::new((1, 2)));
        m.blocking_lock().0 += 1;
        block_on(async { m.lock().await.1 += 1 });
        assert!(m.try_lock().is_ok());
        m.clone().blocking_lock_owned().0 += 1;
        block_on(async { m.clone().lock_owned().await.1 += 1 });
        let g = m.blocking_lock();
        assert_eq!(*MutexGuard::map(g, first), 3);
        let mut m = Arc::into_inner(m).unwrap();
        m.get_mut().0 += 1;
        assert_eq!(m.into_inner(), (4, 4));
    }

    fn here() {
        use latchwork_mutex::{Mutex, MutexGuard};
        let m = Arc::new(Mutex::new((1, 2)));
        let now = Instant::now();
        m.lock().0 += 1;
        block_on(async { m.lock_async().await.1 += 1 });
        assert!(m.try_lock().is_some());
        assert!(m.try_lock_for(TIME).is_some() && m.try_lock_until(now).is_some());
        m.clone().lock_owned().0 += 1;
        block_on(async { m.clone().lock_owned_async().await.1 += 1 });
        let mut g = m.lock();
        let run = || m.is_locked();
        assert!(!MutexGuard::unlocked(&mut g, run));
        MutexGuard::bump(&mut g);
        assert_eq!(*MutexGuard::map(g, first), 3);
        let mut m = Arc::into_inner(m).unwrap();
        m.get_mut().0 += 1;
        assert_eq!(m.into_inner(), (4, 4));
    }

    #[test]
    fn calls_of_a_mutex_do_the_same() {
        std();
        parking_lot();
        tokio();
        here();
        super::check("mutex", "mutex", &["std", "parking_lot", "tokio", "here"]);
    }
}

mod rwlock {
    use super::*;
    use std::sync::Arc;

    #[expect(clippy::incompatible_msrv, reason = "the crates build with 1.85; what is compared is the newest")]
    fn std() {
        use std::sync::{RwLock, RwLockWriteGuard};
        let l = RwLock::new(1);
        *l.write().unwrap() += 1;
        assert!(l.try_read().is_ok() && *l.read().unwrap() == 2);
        assert!(l.try_write().is_ok());
        let w = l.write().unwrap();
        assert_eq!(*RwLockWriteGuard::downgrade(w), 2);
        assert_eq!(l.into_inner().unwrap(), 2);
    }

    fn parking_lot() {
        use parking_lot::{RecursiveRwLock, RwLock, RwLockUpgradableReadGuard, RwLockWriteGuard};
        let l = Arc::new(RwLock::new(1));
        *l.write() += 1;
        assert!(l.try_read().is_some() && *l.read() == 2 && *RecursiveRwLock::new(2).read() == 2);
        assert!(l.try_write().is_some());
        assert!(l.try_read_for(TIME).is_some() && l.try_write_for(TIME).is_some());
        let u = l.upgradable_read();
        *RwLockUpgradableReadGuard::upgrade(u) += 1;
        let w = l.write();
        assert!(l.is_locked_exclusive());
        assert_eq!(*RwLockWriteGuard::downgrade(w), 3);
        assert_eq!(*l.read_arc(), 3);
        let l = Arc::into_inner(l).unwrap();
        assert_eq!(l.into_inner(), 3);
    }

    fn tokio() {
        use tokio::sync::RwLock;
        let l = Arc::new(RwLock::new(1));
        *l.blocking_write() += 1;
        assert!(l.try_read().is_ok() && *l.blocking_read() == 2);
        assert!(l.try_write().is_ok());
        block_on(async {
            *l.write().await += 1;
            assert_eq!(*l.read().await, 3);
            let w = l.write().await;
            assert_eq!(*w.downgrade(), 3);
            assert_eq!(*l.clone().read_owned().await, 3);
        });
        let l = Arc::into_inner(l).unwrap();
        assert_eq!(l.into_inner(), 3);
    }

    fn here() {
        use latchwork_rwlock::{RwLock, RwLockUpgradableGuard, RwLockWriteGuard};
        let l = Arc::new(RwLock::new(1));
        *l.write() += 1;
        assert!(l.try_read().is_some() && *l.read() == 2 && *l.read_recursive() == 2);
        assert!(l.try_write().is_some());
        assert!(l.try_read_for(TIME).is_some() && l.try_write_for(TIME).is_some());
        block_on(async {
            *l.write_async().await += 1;
            assert_eq!(*l.read_async().await, 3);
        });
        let u = l.upgradable_read();
        *RwLockUpgradableGuard::upgrade(u) += 1;
        let w = l.write();
        assert!(l.is_write_locked());
        assert_eq!(*RwLockWriteGuard::downgrade(w), 4);
        assert_eq!(*l.clone().read_owned(), 4);
        let l = Arc::into_inner(l).unwrap();
        assert_eq!(l.into_inner(), 4);
    }

    #[test]
    fn calls_of_a_reader_writer_lock_do_the_same() {
        std();
        parking_lot();
        tokio();
        here();
        super::check("rwlock", "rwlock", &["std", "parking_lot", "tokio", "here"]);
    }
}

mod semaphore {
    use super::*;
    use std::sync::Arc;

    fn tokio() {
        use tokio::sync::Semaphore;
        let s = Arc::new(Semaphore::const_new(3));
        block_on(async {
            drop(s.acquire().await.unwrap());
            let mut p = s.acquire_many(2).await.unwrap();
            drop(p.split(1));
            assert_eq!((p.num_permits(), s.available_permits()), (1, 2));
            p.forget();
            drop(s.clone().acquire_owned().await.unwrap());
        });
        drop((s.blocking_acquire().unwrap(), s.try_acquire().unwrap()));
        s.add_permits(1);
        assert_eq!((s.forget_permits(1), s.available_permits()), (1, 2));
        s.close();
        assert!(s.is_closed());
    }

    fn here() {
        use latchwork_semaphore::Semaphore;
        let s = Arc::new(Semaphore::new(3));
        block_on(async {
            drop(s.acquire_async().await.unwrap());
            let mut p = s.acquire_many_async(2).await.unwrap();
            drop(p.split(1));
            assert_eq!((p.count(), s.available_permits()), (1, 2));
            p.forget();
            drop(s.clone().acquire_owned_async().await.unwrap());
        });
        drop((s.acquire().unwrap(), s.try_acquire().unwrap()));
        drop(s.try_acquire_for(TIME).unwrap());
        s.add_permits(1);
        assert_eq!((s.forget_permits(1), s.available_permits()), (1, 2));
        s.close();
        assert!(s.is_closed());
    }

    #[test]
    fn calls_of_a_semaphore_do_the_same() {
        tokio();
        here();
        super::check("semaphore", "semaphore", &["tokio", "here"]);
    }
}

mod monitor {
    use super::*;

    fn small(value: &mut u32) -> bool {
        *value < 2
    }

    fn large(value: &u32) -> bool {
        *value >= 2
    }

    fn std() {
        let (m, c) = (std::sync::Mutex::new(2), std::sync::Condvar::new());
        let g = m.lock().unwrap();
        let g = c.wait_while(g, small).unwrap();
        let (g, _) = c.wait_timeout(g, TIME).unwrap();
        let (g, result) = c.wait_timeout_while(g, TIME, small).unwrap();
        assert!(*g == 2 && !result.timed_out());
        c.notify_one();
        c.notify_all();
    }

    fn parking_lot() {
        let (m, c) = (parking_lot::Mutex::new(2), parking_lot::Condvar::new());
        let mut g = m.lock();
        let now = Instant::now();
        c.wait_while(&mut g, small);
        assert!(c.wait_for(&mut g, TIME).timed_out() && c.wait_until(&mut g, now).timed_out());
        assert!(!c.wait_while_for(&mut g, small, TIME).timed_out());
        c.notify_one();
        c.notify_all();
    }

    fn condvar() {
        let (m, c) = (latchwork_mutex::Mutex::new(2), latchwork_monitor::Condvar::new());
        let mut g = m.lock();
        let now = Instant::now();
        c.wait_while(&mut g, small);
        assert!(c.wait_for(&mut g, TIME).timed_out() && c.wait_until(&mut g, now).timed_out());
        assert!(!c.wait_while_for(&mut g, small, TIME).timed_out());
        c.notify_one();
        c.notify_all();
        assert_eq!(block_on(async { *c.wait_while_async(g, small).await }), 2);
    }

    fn here() {
        let m = latchwork_monitor::Monitor::new(2);
        let now = Instant::now();
        assert_eq!(*m.enter_when(large), 2);
        assert!(m.try_enter_when_for(large, TIME).is_some() && m.try_enter_when_until(large, now).is_some());
        assert_eq!(block_on(async { *m.enter_when_async(large).await }), 2);
    }

    #[test]
    fn waits_for_a_value_do_the_same() {
        std();
        parking_lot();
        condvar();
        here();
        super::check("monitor", "monitor", &["std", "parking_lot", "condvar", "here"]);
    }
}

mod spinlock {
    use super::*;

    fn std() {
        let mut m = std::sync::Mutex::new(1);
        *m.lock().unwrap() += 1;
        assert!(m.try_lock().is_ok());
        *m.get_mut().unwrap() += 1;
        assert_eq!(m.into_inner().unwrap(), 3);
    }

    fn spin() {
        let mut m = spin::mutex::TicketMutex::<u32>::new(1);
        *m.lock() += 1;
        assert!(m.try_lock().is_some() && !m.is_locked());
        *m.get_mut() += 1;
        assert_eq!(m.into_inner(), 3);
    }

    fn here() {
        let mut m = latchwork_spinlock::SpinLock::<u32>::new(1);
        *m.lock() += 1;
        assert!(m.try_lock().is_some() && !m.is_locked());
        assert!(m.try_lock_spins(100).is_some() && m.try_lock_for(TIME).is_some());
        assert_eq!(block_on(async { *m.lock_async().await }), 2);
        *m.get_mut() += 1;
        assert_eq!(m.into_inner(), 3);
    }

    #[test]
    fn calls_of_a_spin_lock_do_the_same() {
        std();
        spin();
        here();
        super::check("spinlock", "spinlock", &["std", "spin", "here"]);
    }
}

/// Each cell of the guide's table stands in the function of its column, in this file.
fn check(package: &str, module: &str, columns: &[&str]) {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(package).join("GUIDE.md");
    let guide = fs::read_to_string(guide).expect("it can be read");
    let (_, table) = guide.split_once("\n## Equivalent calls\n").expect("it has a table");
    let rows =
        table.lines().skip_while(|line| !line.starts_with("|---")).skip(1).take_while(|line| line.starts_with('|'));
    let source = include_str!("moving.rs");
    let (_, source) = source.split_once(&format!("\nmod {module} {{\n")).expect("there is this module");
    let mut count = 0;
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), columns.len(), "{row}");
        for (column, cell) in columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            let (_, function) = source.split_once(&format!("    fn {column}() {{\n")).expect("there is this function");
            let (function, _) = function.split_once("\n    }\n").expect("it ends");
            assert!(function.contains(cell.trim_matches('`')), "{package}/GUIDE.md: {cell} is not tried for {column}");
            count += 1;
        }
    }
    assert!(count > 15, "{package}/GUIDE.md has {count} cells");
}
