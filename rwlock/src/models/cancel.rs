//! Whoever gives up its wait leaves no trace, and passes on what it was sent.

use super::*;

/// Breaks if a cancelled writer keeps readers out, upgradable or not, or lets them in though another writer waits.
#[test]
fn a_cancelled_writer_lets_readers_in_unless_another_waits() {
    model(|| {
        let guarded = preferring_writers();
        let guard = guarded.lock.read();
        let alarms = [(); 5].map(|()| alarm());
        let writers = [guarded.queued_writer(&alarms[0]), guarded.queued_writer(&alarms[1])];
        let mut readers = [guarded.queued_reader(&alarms[2]), guarded.queued_reader(&alarms[3])];
        let mut upgradable = queued(guarded.lock.upgradable_read_async(), &alarms[4]);
        let rings = || alarms.each_ref().map(|alarm| alarm.rings());
        let [first, second] = writers;
        drop(first);
        assert_eq!(rings(), [0, 0, 0, 0, 0]);
        assert!(guarded.lock.try_read().is_none());
        drop(second);
        assert_eq!(rings(), [0, 0, 1, 1, 1]);
        drop((readers.each_mut().map(take), take(&mut upgradable)));
        drop(guard);
        guarded.assert_at_rest(0);
    });
}

/// The same for a thread that runs out of time.
#[test]
fn a_writer_that_times_out_lets_readers_in() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (guarded, deadline) = (preferring_writers(), deadline());
        let guard = guarded.lock.read();
        let clock = spawn(let_time_pass);
        let writer = guarded.spawn(move |guarded| guarded.lock.try_write_until(deadline).is_none());
        guarded.read_async();
        assert!(writer.join());
        clock.join();
        drop(guard);
        guarded.assert_at_rest(0);
    });
}

/// Breaks if a cancelled writer keeps the wake-up that it was sent.
#[test]
fn a_woken_writer_that_is_cancelled_passes_the_wake_up_on() {
    model(|| {
        let guarded = preferring_writers();
        let guard = guarded.lock.read();
        let alarm = alarm();
        let first = guarded.queued_writer(&Arc::new(Alarm::default()));
        let mut second = guarded.queued_writer(&alarm);
        let release = spawn(move || drop(guard));
        drop(first);
        alarm.wait(0);
        drop(take(&mut second));
        release.join();
        guarded.assert_at_rest(0);
    });
}

/// Breaks if a queued reader that is dropped stays in the queue, or takes a share with it.
#[test]
fn a_queued_reader_that_is_cancelled_leaves_no_trace() {
    model(|| {
        let guarded = preferring_writers();
        let guard = guarded.lock.write();
        let reader = guarded.queued_reader(&alarm());
        let release = spawn(move || drop(guard));
        drop(reader);
        release.join();
        guarded.assert_at_rest(0);
    });
}

/// Breaks if the deadline and the release together lose the lock, or count a share twice.
#[test]
fn a_deadline_racing_a_writer_is_a_share_or_a_timeout() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (guarded, deadline) = (preferring_writers(), deadline());
        let guard = guarded.lock.write();
        let clock = spawn(let_time_pass);
        let release = spawn(move || drop(guard));
        drop(guarded.lock.try_read_until(deadline));
        clock.join();
        release.join();
        guarded.assert_at_rest(0);
    });
}
