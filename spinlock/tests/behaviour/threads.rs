//! The locks among real threads: every form at once, panics, forgotten guards, bounds in turns and in time.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use latchwork_core::sync::model::{on_one_core, watchdog};
use latchwork_spinlock::{
    Backoff, MappedRwSpinLockWriteGuard, Pause, Relax, RwSpinLock, RwSpinLockReadGuard, RwSpinLockUpgradableGuard,
    RwSpinLockWriteGuard, SpinLock, SpinLockGuard, TicketLock, TicketLockGuard, Yield,
};

const THREADS: usize = 4;

/// Each of several threads runs `body` so often.
fn on_threads(name: &str, rounds: usize, body: impl Fn() + Sync) {
    watchdog(name, || {
        thread::scope(|scope| {
            (0..THREADS).for_each(|_| {
                scope.spawn(|| (0..rounds).for_each(|_| body()));
            });
        });
    });
}

fn spin_locks_count<R: Relax>(name: &str, rounds: usize) {
    let lock = SpinLock::<usize, R>::with_relax(0);
    on_threads(name, rounds, || *lock.lock() += 1);
    assert_eq!(lock.into_inner(), THREADS * rounds);
}

#[test]
fn every_increment_is_counted_with_each_strategy() {
    spin_locks_count::<Pause>("pause", 2_000);
    spin_locks_count::<Backoff>("backoff", 20_000);
    spin_locks_count::<Yield>("yield", 20_000);
}

#[test]
fn every_increment_under_a_ticket_lock_is_counted() {
    let lock = TicketLock::new(0);
    on_threads("ticket", 1_000, || *lock.lock() += 1);
    assert_eq!(lock.into_inner(), THREADS * 1_000);
}

#[test]
fn every_form_of_a_spin_lock_shares_one_lock() {
    let lock = SpinLock::new(0_usize);
    let counted = AtomicUsize::new(0);
    let count = |guard: Option<SpinLockGuard<'_, usize>>| {
        if let Some(mut guard) = guard {
            *guard += 1;
            counted.fetch_add(1, Relaxed);
        }
    };
    on_threads("forms", 5_000, || {
        count(Some(lock.lock()));
        count(lock.try_lock());
        count(lock.try_lock_spins(3));
        count(lock.try_lock_for(Duration::from_nanos(500)));
        count(lock.try_lock_for(Duration::MAX));
        count(Some(futures_lite::future::block_on(lock.lock_async())));
    });
    assert_eq!(*lock.lock(), counted.load(Relaxed));
}

/// Two numbers that are equal whenever nobody writes.
#[test]
fn every_form_of_a_reader_writer_lock_shares_one_lock() {
    let lock = RwSpinLock::new((0_usize, 0_usize));
    let written = AtomicUsize::new(0);
    let read = |guard: Option<RwSpinLockReadGuard<'_, (usize, usize)>>| {
        if let Some(guard) = guard {
            assert_eq!(guard.0, guard.1);
        }
    };
    let write = |guard: &mut (usize, usize)| {
        guard.0 += 1;
        std::hint::black_box(&mut *guard);
        guard.1 += 1;
        written.fetch_add(1, Relaxed);
    };
    let try_write = |guard: Option<RwSpinLockWriteGuard<'_, (usize, usize)>>| {
        if let Some(mut guard) = guard {
            write(&mut guard);
        }
    };
    on_threads("forms", 2_000, || {
        read(Some(lock.read()));
        read(lock.try_read());
        read(lock.try_read_spins(3));
        read(lock.try_read_for(Duration::from_nanos(500)));
        read(Some(futures_lite::future::block_on(lock.read_async())));
        try_write(lock.try_write());
        try_write(lock.try_write_spins(3));
        try_write(lock.try_write_for(Duration::from_nanos(500)));
        try_write(Some(futures_lite::future::block_on(lock.write_async())));
        let mut guard = lock.write();
        write(&mut guard);
        read(Some(RwSpinLockWriteGuard::downgrade(guard)));
        let guard = lock.upgradable_read();
        assert_eq!(guard.0, guard.1);
        match RwSpinLockUpgradableGuard::try_upgrade_for(guard, Duration::from_nanos(500)) {
            Ok(guard) => try_write(Some(guard)),
            Err(guard) => read(Some(RwSpinLockUpgradableGuard::downgrade(guard))),
        }
        let guard = futures_lite::future::block_on(lock.upgradable_read_async());
        try_write(Some(RwSpinLockUpgradableGuard::upgrade(guard)));
    });
    let written = written.load(Relaxed);
    assert_eq!(lock.into_inner(), (written, written));
}

std::thread_local! {
    static RELAXED: Cell<usize> = const { Cell::new(0) };
    static RELEASED_BY_RELAX: RefCell<Option<SpinLockGuard<'static, u32>>> = const { RefCell::new(None) };
}

/// Counts its turns, and releases a lock in the first of them if it has been given one.
struct Counting;

impl Relax for Counting {
    type Turns = ();

    fn relax((): &mut ()) {
        RELAXED.set(RELAXED.get() + 1);
        RELEASED_BY_RELAX.take();
    }
}

#[test]
fn turns_are_counted_and_the_last_is_followed_by_a_look() {
    static LOCK: SpinLock<u32, Counting> = SpinLock::with_relax(0);
    let guard = LOCK.try_lock_spins(0).expect("it is free");
    for turns in [0, 1, 5] {
        RELAXED.set(0);
        assert!(LOCK.try_lock_spins(turns).is_none());
        assert_eq!(RELAXED.get(), turns as usize);
    }
    RELEASED_BY_RELAX.set(Some(guard));
    assert!(LOCK.try_lock_spins(1).is_some());
}

#[test]
fn a_timeout_is_not_cut_short() {
    let lock = SpinLock::new(());
    let rw = RwSpinLock::new(());
    let guards = (lock.lock(), rw.write());
    let timeout = Duration::from_millis(5);
    let start = Instant::now();
    assert!(lock.try_lock_for(timeout).is_none());
    assert!(rw.try_read_for(timeout).is_none());
    assert!(rw.try_write_for(timeout).is_none());
    assert!(rw.try_upgradable_read_for(timeout).is_none());
    assert!(start.elapsed() >= 4 * timeout);
    drop(guards);
}

#[test]
fn the_longest_timeout_waits_and_does_not_overflow() {
    static LOCK: SpinLock<u32, Counting> = SpinLock::with_relax(0);
    RELEASED_BY_RELAX.set(Some(LOCK.lock()));
    assert!(LOCK.try_lock_for(Duration::MAX).is_some());

    watchdog("the_longest_timeout_waits_and_does_not_overflow", || {
        let rw = RwSpinLock::new(());
        let reader = rw.read();
        thread::scope(|scope| {
            let writing = scope.spawn(|| rw.try_write_for(Duration::MAX).is_some());
            // It is inside, and holds readers back.
            while rw.try_read().is_some() {
                thread::yield_now();
            }
            drop(reader);
            assert!(writing.join().unwrap());
        });
        let guard = rw.try_upgradable_read_for(Duration::MAX).unwrap();
        assert!(RwSpinLockUpgradableGuard::try_upgrade_for(guard, Duration::MAX).is_ok());
        assert!(rw.try_read_for(Duration::MAX).is_some());
    });
}

#[test]
fn a_panic_in_a_section_or_a_narrowing_unlocks_and_poisons_nothing() {
    fn narrow<T>(_: &mut T) -> &mut u8 {
        panic!("in the narrowing")
    }
    let spin = SpinLock::new(1);
    let ticket = TicketLock::new(1);
    let rw = RwSpinLock::new(1);
    let panics = |body: &dyn Fn()| assert!(catch_unwind(AssertUnwindSafe(body)).is_err());
    panics(&|| {
        spin.with(|value| {
            *value = 2;
            panic!("in the section");
        })
    });
    panics(&|| ticket.with(|_| panic!("in the section")));
    panics(&|| rw.with_read(|_| panic!("in the section")));
    panics(&|| rw.with_write(|_| panic!("in the section")));
    panics(&|| drop(SpinLockGuard::map(spin.lock(), narrow)));
    panics(&|| drop(TicketLockGuard::map(ticket.lock(), narrow)));
    panics(&|| drop(RwSpinLockWriteGuard::map(rw.write(), narrow)));
    panics(&|| drop(RwSpinLockReadGuard::map(rw.read(), |_| -> &u8 { panic!("in the narrowing") })));
    assert_eq!(*spin.try_lock().expect("it was unlocked"), 2);
    assert!(ticket.try_lock().is_some());
    assert!(rw.try_write().is_some());
}

/// A strategy is foreign code: where it panics, nothing is held and nobody is announced.
#[test]
fn a_panic_in_a_strategy_leaves_the_lock_as_it_was() {
    struct Panicking;
    impl Relax for Panicking {
        type Turns = ();

        fn relax((): &mut ()) {
            panic!("in the strategy");
        }
    }
    let lock = SpinLock::<_, Panicking>::with_relax(1);
    let guard = lock.lock();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(lock.lock()))).is_err());
    assert!(lock.is_locked());
    drop(guard);
    assert!(lock.try_lock().is_some());
}

#[test]
fn a_forgotten_guard_locks_for_ever_and_is_safe() {
    let mut spin = SpinLock::new(String::from("kept"));
    std::mem::forget(spin.lock());
    assert!(spin.try_lock().is_none());
    assert!(spin.try_lock_for(Duration::from_millis(1)).is_none());
    spin.get_mut().push('!');
    assert_eq!(spin.into_inner(), "kept!");

    let ticket = TicketLock::new(());
    std::mem::forget(ticket.lock());
    assert!(ticket.try_lock().is_none() && ticket.is_locked());

    let rw = RwSpinLock::new(());
    std::mem::forget(rw.read());
    assert!(rw.try_write().is_none() && rw.try_read().is_some());
    std::mem::forget(rw.upgradable_read());
    assert!(rw.try_upgradable_read().is_none() && rw.try_read().is_some());
    rw.into_inner();
}

/// A count that ran over would let a writer in beside all these readers.
#[test]
fn more_readers_than_can_be_counted_are_refused_and_change_nothing() {
    const MAX: usize = 2_097_152;
    let lock = RwSpinLock::new(7);
    let upgradable = lock.upgradable_read();
    (0..MAX - 1).for_each(|_| std::mem::forget(lock.read()));
    let last = lock.read();
    for _ in 0..2 {
        assert!(lock.try_read().is_none());
        assert!(catch_unwind(AssertUnwindSafe(|| drop(lock.read()))).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| lock.try_read_spins(0).is_some())).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| lock.try_read_for(Duration::MAX).is_some())).is_err());
        let polled = AssertUnwindSafe(|| futures_lite::future::block_on(async { *lock.read_async().await }));
        assert!(catch_unwind(polled).is_err());
        assert!(lock.try_write().is_none() && !lock.is_write_locked());
    }
    // The upgradable reader has its place among them; once it has taken it, there is none for another.
    let downgraded = RwSpinLockUpgradableGuard::downgrade(upgradable);
    assert!(lock.try_upgradable_read().is_none());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(lock.upgradable_read()))).is_err());
    assert!(lock.try_read().is_none());
    // Every place that is given back is there for the next.
    drop(downgraded);
    assert!(lock.try_read().is_none());
    drop(last);
    assert_eq!(lock.try_read().as_deref(), Some(&7));
    assert!(lock.try_upgradable_read().is_some());
}

/// As many writers can wait as there are threads, though only 255 are counted.
#[test]
fn more_waiting_writers_than_can_be_counted_still_write() {
    watchdog("waiting writers", || {
        const WRITERS: usize = 300;
        let lock = RwSpinLock::new(0);
        let reader = lock.read();
        let arrived = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    arrived.fetch_add(1, Relaxed);
                    *lock.write() += 1;
                });
            }
            while arrived.load(Relaxed) < WRITERS {
                thread::yield_now();
            }
            drop(reader);
        });
        assert_eq!(lock.try_read().as_deref(), Some(&WRITERS));
    });
}

#[test]
fn a_guard_may_be_dropped_by_another_thread() {
    let (spin, ticket, rw) = (SpinLock::new(0), TicketLock::new(0), RwSpinLock::new(0));
    let (mut first, mut second, mut third) = (spin.lock(), ticket.lock(), rw.write());
    thread::scope(|scope| {
        scope.spawn(move || (*first, *second, *third) = (1, 2, 3));
    });
    let reader = rw.read();
    assert_eq!((*spin.try_lock().unwrap(), *ticket.try_lock().unwrap(), *reader), (1, 2, 3));
    thread::scope(|scope| {
        scope.spawn(move || drop(reader));
    });
    assert!(rw.try_write().is_some());
}

#[test]
fn a_narrowed_guard_reaches_only_its_part_and_unlocks() {
    let lock = RwSpinLock::new((vec![1, 2], 3));
    let values = RwSpinLockWriteGuard::map(lock.write(), |value| &mut value.0);
    let mut first = MappedRwSpinLockWriteGuard::try_map(values, |values| values.first_mut()).unwrap();
    *first = 7;
    assert!(lock.try_read().is_none());
    drop(first);
    let second = RwSpinLockReadGuard::map(lock.read(), |value| &value.1);
    let second = RwSpinLockReadGuard::try_map(second, |_| None::<&()>).unwrap_err();
    assert!(lock.try_write().is_none());
    assert_eq!(format!("{second} {second:?} {lock:?}"), "3 3 RwSpinLock { value: ([7, 2], 3), .. }");
    drop(second);
    assert!(lock.try_write().is_some());
}

/// The next owner may end the lock as soon as it has it; nobody may touch it after that.
#[test]
fn a_lock_may_end_as_soon_as_its_last_owner_has_it() {
    watchdog("ends", || {
        for _ in 0..1_000 {
            let locks = Arc::new((SpinLock::new(0), TicketLock::new(0), RwSpinLock::new(0)));
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let locks = Arc::clone(&locks);
                    thread::spawn(move || {
                        *locks.0.lock() += 1;
                        *locks.1.lock() += 1;
                        *locks.2.write() += 1;
                    })
                })
                .collect();
            drop(locks);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        }
    });
}

/// Two threads run `busy` until this one has run `patient` so often.
fn beside_busy_threads(name: &str, busy: impl Fn() + Sync, patient: impl Fn()) {
    watchdog(name, || {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        busy();
                    }
                });
            }
            (0..200).for_each(|_| patient());
            stop.store(true, Relaxed);
        });
    });
}

#[test]
fn readers_that_keep_coming_cannot_keep_a_writer_out() {
    let lock = RwSpinLock::new(0);
    beside_busy_threads("readers", || drop(lock.read()), || *lock.write() += 1);
    assert_eq!(lock.into_inner(), 200);
}

#[test]
fn readers_that_keep_coming_cannot_keep_an_upgrade_out() {
    let lock = RwSpinLock::new(0);
    let upgrade = || *RwSpinLockUpgradableGuard::upgrade(lock.upgradable_read()) += 1;
    beside_busy_threads("readers", || drop(lock.read()), upgrade);
    assert_eq!(*lock.read(), 200);
}

#[test]
fn owners_that_lock_again_at_once_cannot_keep_a_ticket_out() {
    let lock = TicketLock::new(0);
    beside_busy_threads("owners", || drop(lock.lock()), || *lock.lock() += 1);
    assert_eq!(lock.into_inner(), 200);
}

/// The owner loses its core while it has the lock, in every section. Whoever turned without yielding would use up its time each time,
/// which takes longer than the watchdog lets it.
#[test]
fn whoever_waits_lets_the_owner_run_on_one_core() {
    const ROUNDS: usize = 10_000;
    watchdog("whoever_waits_lets_the_owner_run_on_one_core", || {
        let (spin, ticket, rw) = (SpinLock::new(0), TicketLock::new(0), RwSpinLock::new(0));
        on_one_core(|| {
            thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(|| {
                        for _ in 0..ROUNDS {
                            let guards = (spin.lock(), ticket.lock(), rw.upgradable_read());
                            thread::yield_now();
                            let (mut first, mut second, third) = guards;
                            let mut third = RwSpinLockUpgradableGuard::upgrade(third);
                            (*first, *second, *third) = (*first + 1, *second + 1, *third + 1);
                        }
                    });
                }
            });
        });
        let counts = [spin.into_inner(), ticket.into_inner(), rw.into_inner()];
        assert_eq!(counts, [THREADS * ROUNDS; 3]);
    });
}
