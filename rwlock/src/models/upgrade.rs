//! The share that may become the writer's.

use super::*;

/// Breaks if somebody writes between the share and the upgrade.
#[test]
fn nobody_writes_before_an_upgrade_has() {
    // Two turns of each thread: without a bound it does not end in a minute.
    model_bounded(8, || {
        let guarded = preferring_writers();
        let upgrade = |guarded: &'static Guarded| {
            let guard = guarded.lock.upgradable_read();
            let count = guarded.data.get();
            let _guard = RwLockUpgradableGuard::upgrade(guard);
            guarded.data.set(count + 1);
        };
        let other = guarded.spawn(upgrade);
        upgrade(guarded);
        other.join();
        guarded.assert_at_rest(2);
    });
}

/// Breaks if the upgrade does not wait for a reader, or is not woken when that leaves.
#[test]
fn an_upgrade_waits_for_readers() {
    model(|| {
        let guarded = preferring_writers();
        let guard = guarded.lock.upgradable_read();
        let reader = guarded.spawn(Guarded::read);
        let guard = RwLockUpgradableGuard::upgrade(guard);
        guarded.data.count_up();
        drop(guard);
        reader.join();
        guarded.assert_at_rest(1);
    });
}

/// Breaks if a reader that counted itself in vain keeps the upgrade out, and does not look when it takes itself out.
#[test]
fn a_refused_reader_does_not_keep_an_upgrade_out() {
    model(|| {
        let guarded = preferring_writers();
        let guard = guarded.lock.upgradable_read();
        let writer = guarded.queued_writer(&alarm());
        let reader = guarded.spawn(|guarded| assert!(guarded.lock.try_read().is_none()));
        let guard = RwLockUpgradableGuard::upgrade(guard);
        reader.join();
        drop(guard);
        drop(writer);
        guarded.assert_at_rest(0);
    });
}

/// The same for a task, whose guard is an upgradable reader's again afterwards.
#[test]
fn an_upgrading_task_waits_for_readers() {
    // Without a bound it does not end in a minute.
    model_bounded(5, || {
        let guarded = preferring_writers();
        let mut guard = guarded.lock.upgradable_read();
        let reader = guarded.spawn(Guarded::read);
        let upgraded = block_on(RwLockUpgradableGuard::upgrade_async(&mut guard));
        guarded.data.count_up();
        drop(upgraded);
        assert!(guarded.lock.try_upgradable_read().is_none(), "it is an upgradable reader's");
        assert_eq!((guarded.data.get(), guarded.read()), (1, 1));
        reader.join();
        drop(guard);
        guarded.assert_at_rest(1);
    });
}

/// Breaks if one whom a writer has let in upgrades before that writer has left: the word would say that nobody writes.
#[test]
fn an_upgrade_waits_for_the_writer_that_has_let_it_in() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let guarded = guarded(Policy::PhaseFair);
        let guard = guarded.lock.write();
        let upgrade = guarded.spawn(|guarded| {
            let _guard = RwLockUpgradableGuard::upgrade(guarded.lock.upgradable_read());
            guarded.data.count_up();
        });
        guarded.wait_for_company();
        let reader = guarded.spawn(Guarded::look);
        drop(guard);
        upgrade.join();
        reader.join();
        guarded.assert_at_rest(1);
    });
}

/// Breaks if readers keep an upgrade from happening, whatever the policy, or if one that is given up keeps them out.
#[test]
fn readers_do_not_pass_an_upgrade_that_waits() {
    for policy in [Policy::WriterPreferring, Policy::PhaseFair, Policy::ReaderPreferring] {
        model(move || {
            let guarded = guarded(policy);
            let mut guard = guarded.lock.upgradable_read();
            let reader = guarded.lock.read();
            let alarms = [(); 2].map(|()| alarm());
            let upgrade = queued(RwLockUpgradableGuard::upgrade_async(&mut guard), &alarms[0]);
            assert!(guarded.lock.try_read().is_none());
            let mut late = guarded.queued_reader(&alarms[1]);
            drop(guarded.queued_reader(&alarm()));
            assert!(guarded.lock.try_read().is_none(), "whoever leaves the queue changes nothing");
            drop(upgrade);
            assert_eq!(alarms.each_ref().map(|alarm| alarm.rings()), [0, 1]);
            drop(take(&mut late));
            let mut upgrade = queued(RwLockUpgradableGuard::upgrade_async(&mut guard), &alarms[0]);
            drop(reader);
            assert_eq!(alarms[0].rings(), 1);
            drop(take(&mut upgrade));
            drop(upgrade);
            drop(guard);
            guarded.assert_at_rest(0);
        });
    }
}

/// Breaks if a writer that comes back to the front of the queue hides an upgrade that waits behind it.
#[test]
fn an_upgrade_is_woken_behind_a_writer_that_came_too_late() {
    model(|| {
        let guarded = preferring_writers();
        let inside = guarded.lock.write();
        let mut writer = guarded.queued_writer(&alarm());
        drop(inside);
        // The writer was woken, and is not there yet.
        let (mut guard, reader) = (guarded.lock.upgradable_read(), guarded.lock.read());
        let alarm = alarm();
        let mut upgrade = queued(RwLockUpgradableGuard::upgrade_async(&mut guard), &alarm);
        assert!(poll_once(writer.as_mut()).is_pending());
        drop(reader);
        assert_eq!(alarm.rings(), 1);
        drop(take(&mut upgrade));
        drop(upgrade);
        drop(guard);
        drop(take(&mut writer));
        guarded.assert_at_rest(0);
    });
}

/// Breaks if the reader that an upgrade waits for leaves the look to a writer on its way, which is passed by the upgrade.
#[test]
fn an_upgrade_is_woken_while_a_writer_is_on_its_way() {
    // Each preemption more takes about ten times as long.
    model_bounded(3, || {
        let guarded = preferring_writers();
        let inside = guarded.lock.write();
        let writer = guarded.spawn(Guarded::write);
        guarded.wait_for_company();
        drop(inside);
        // Where the writer has not come yet, it is passed.
        if let Some(inside) = guarded.lock.try_write() {
            let mut guard = RwLockWriteGuard::downgrade_to_upgradable(inside);
            let reader = guarded.lock.read_recursive();
            let alarm = alarm();
            let mut upgrade = queued(RwLockUpgradableGuard::upgrade_async(&mut guard), &alarm);
            drop(reader);
            assert_eq!(alarm.rings(), 1);
            drop(take(&mut upgrade));
        }
        writer.join();
        guarded.assert_at_rest(1);
    });
}

/// Breaks if one that waits for the upgradable share keeps readers out, or is forgotten.
#[test]
fn a_second_upgradable_reader_keeps_no_reader_out() {
    model(|| {
        let guarded = preferring_writers();
        let guard = guarded.lock.upgradable_read();
        let alarm = alarm();
        let mut second = queued(guarded.lock.upgradable_read_async(), &alarm);
        let reader = guarded.lock.try_read().expect("nobody writes");
        let guard = RwLockUpgradableGuard::downgrade(guard);
        assert_eq!(alarm.rings(), 1);
        drop(take(&mut second));
        drop((guard, reader));
        guarded.assert_at_rest(0);
    });
}

/// The same for threads, where the first leaves while the second queues.
#[test]
fn an_upgradable_reader_lets_the_next_one_in() {
    model(|| {
        let guarded = preferring_writers();
        let guard = guarded.lock.upgradable_read();
        let second = guarded.spawn(|guarded| drop(guarded.lock.upgradable_read()));
        drop(guard);
        second.join();
        guarded.assert_at_rest(0);
    });
}

/// Breaks if more are woken than one for a share that only one can have.
#[test]
fn one_upgradable_reader_is_woken_at_a_time() {
    model(|| {
        let guarded = preferring_writers();
        let guard = guarded.lock.write();
        let alarms = [(); 3].map(|()| alarm());
        let mut upgradable = [0, 1].map(|index| queued(guarded.lock.upgradable_read_async(), &alarms[index]));
        let mut reader = guarded.queued_reader(&alarms[2]);
        drop(guard);
        assert_eq!(alarms.each_ref().map(|alarm| alarm.rings()), [1, 0, 1]);
        let first = take(&mut upgradable[0]);
        drop(take(&mut reader));
        drop(first);
        drop(take(&mut upgradable[1]));
        guarded.assert_at_rest(0);
    });
}

/// Breaks if an upgrade that runs out of time keeps the lock, or the readers out.
#[test]
fn an_upgrade_that_times_out_is_a_reader_again() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (guarded, deadline) = (preferring_writers(), deadline());
        let (guard, reader) = (guarded.lock.upgradable_read(), guarded.lock.read());
        let clock = spawn(let_time_pass);
        let late = guarded.spawn(Guarded::read);
        let guard = RwLockUpgradableGuard::try_upgrade_until(guard, deadline).unwrap_err();
        late.join();
        clock.join();
        drop((guard, reader));
        guarded.assert_at_rest(0);
    });
}
