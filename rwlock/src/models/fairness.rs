//! The sentences of the section on fairness of [`RwLock`] and of [`Policy`].

use super::*;

/// Breaks if a reader enters that came after a writer.
#[test]
fn readers_do_not_pass_a_writer_that_waits() {
    for policy in [Policy::WriterPreferring, Policy::PhaseFair] {
        model(move || {
            let guarded = guarded(policy);
            let inside = guarded.lock.read();
            let alarms = [(); 2].map(|()| alarm());
            let mut writer = guarded.queued_writer(&alarms[0]);
            assert!(guarded.lock.try_read().is_none() && guarded.lock.try_upgradable_read().is_none());
            let mut late = guarded.queued_reader(&alarms[1]);
            assert!(poll(late.as_mut(), &alarms[1]).is_pending());
            drop(guarded.lock.read_recursive());
            drop(inside);
            assert_eq!(alarms[0].rings(), 1);
            drop(take(&mut writer));
            assert_eq!(alarms[1].rings(), 1);
            drop(take(&mut late));
            guarded.assert_at_rest(0);
        });
    }
}

/// The same while the writer, a thread, has been woken and has not come.
#[test]
fn readers_do_not_pass_a_writer_on_its_way() {
    for policy in [Policy::WriterPreferring, Policy::PhaseFair] {
        // Without a bound it does not end in a minute.
        model_bounded(5, move || {
            let guarded = guarded(policy);
            let inside = guarded.lock.write();
            let writer = guarded.spawn(Guarded::write);
            guarded.wait_for_company();
            drop(inside);
            if let Some(_guard) = guarded.lock.try_read() {
                assert_eq!(guarded.data.get(), 1, "the writer comes first");
            }
            writer.join();
            guarded.assert_at_rest(1);
        });
    }
}

/// Breaks if a reader that was invited before takes the place of the writer that is on its way.
#[test]
fn an_invited_reader_is_not_the_writer_on_its_way() {
    // Three threads: 345 000 executions. With a bound of 1 it finds nothing.
    model_bounded(2, || {
        let guarded = preferring_writers();
        let inside = guarded.lock.write();
        let reader = guarded.spawn(Guarded::look);
        guarded.wait_for_company();
        drop(inside);
        if let Some(inside) = guarded.lock.try_write() {
            let writer = guarded.spawn(Guarded::write);
            guarded.wait_for_company();
            let (writers, _) = guarded.lock.raw().queued();
            drop(inside);
            if let Some(_guard) = guarded.lock.try_read() {
                assert!(writers == 0 || guarded.data.get() == 1, "the writer comes first");
            }
            writer.join();
        } else {
            guarded.write();
        }
        reader.join();
        guarded.assert_at_rest(1);
    });
}

/// Breaks if the last reader leaves a lock free for which a thread waits.
#[test]
fn the_last_reader_hands_the_lock_to_a_writer() {
    // Without a bound it does not end in a minute.
    model_bounded(5, || {
        let guarded = preferring_writers();
        let inside = guarded.lock.read();
        let writer = guarded.spawn(Guarded::write);
        guarded.wait_for_company();
        drop(inside);
        if let Some(_guard) = guarded.lock.try_write() {
            assert_eq!(guarded.data.get(), 1, "it has been granted the lock");
        }
        writer.join();
        guarded.assert_at_rest(1);
    });
}

/// Breaks if a writer that leaves lets in readers though another writer waits.
#[test]
fn a_writer_that_leaves_wakes_the_next() {
    model(|| {
        let guarded = preferring_writers();
        let inside = guarded.lock.write();
        let alarms = [(); 2].map(|()| alarm());
        let mut reader = guarded.queued_reader(&alarms[0]);
        let mut writer = guarded.queued_writer(&alarms[1]);
        drop(inside);
        assert_eq!(alarms.each_ref().map(|alarm| alarm.rings()), [0, 1]);
        drop(take(&mut writer));
        drop(take(&mut reader));
        guarded.assert_at_rest(0);
    });
}

/// Breaks if a lock that was left to tasks is still for whoever comes when a reader has come.
#[test]
#[cfg_attr(latchwork = "loom", ignore = "too long: for shuttle")]
fn readers_do_not_pass_a_writer_that_waits_for_the_first_to_come() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        for waiting in 1..=2 {
            let guarded = preferring_writers();
            let inside = guarded.lock.write();
            let tasks = [(); 2].map(|()| alarm());
            let tasks: Vec<_> = tasks[..waiting].iter().map(|alarm| guarded.queued_writer(alarm)).collect();
            drop(inside);
            let first = guarded.lock.read();
            let writer = guarded.spawn(Guarded::write);
            while guarded.lock.raw().queued().0 < waiting {
                yield_now();
            }
            let newcomer = guarded.spawn(|guarded| guarded.lock.try_read().map(|_guard| guarded.data.get()));
            drop(first);
            assert!(matches!(newcomer.join(), None | Some(1)), "a newcomer has passed the writer");
            drop(tasks);
            writer.join();
            guarded.assert_at_rest(1);
        }
    });
}

/// Breaks if readers wait for a second writer.
#[test]
fn a_reader_waits_for_one_writer() {
    model(|| {
        let guarded = guarded(Policy::PhaseFair);
        let inside = guarded.lock.write();
        let alarms = [(); 3].map(|()| alarm());
        let mut writer = guarded.queued_writer(&alarms[0]);
        let mut readers = [guarded.queued_reader(&alarms[1]), guarded.queued_reader(&alarms[2])];
        drop(inside);
        let rings = || alarms.each_ref().map(|alarm| alarm.rings());
        assert_eq!(rings(), [0, 1, 1]);
        let guards = readers.each_mut().map(take);
        assert!(guarded.lock.try_read().is_none(), "the next phase is the writer's");
        drop(guards);
        assert_eq!(rings(), [1, 1, 1]);
        drop(take(&mut writer));
        guarded.assert_at_rest(0);
    });
}

/// Breaks if a writer that leaves does not let readers in, since another is on its way: they would wait for two.
#[test]
fn a_reader_waits_for_one_writer_though_another_is_on_its_way() {
    // Each preemption more takes about ten times as long.
    model_bounded(3, || {
        let guarded = guarded(Policy::PhaseFair);
        let inside = guarded.lock.write();
        let writer = guarded.spawn(Guarded::write);
        guarded.wait_for_company();
        drop(inside);
        // Where the writer has not come yet, it is passed.
        if let Some(inside) = guarded.lock.try_write() {
            let alarm = alarm();
            let reader = guarded.queued_reader(&alarm);
            drop(inside);
            let is_locked = guarded.lock.is_locked();
            // The other may have come meanwhile: a task that may not be polled does not keep it out.
            let comes = guarded.lock.raw().is_waking() && !is_locked;
            assert!(!comes || alarm.rings() == 1);
            drop(block_on(reader));
        }
        writer.join();
        guarded.assert_at_rest(1);
    });
}

/// Breaks if a newcomer takes the lock between a writer that leaves and the reader that waits for it.
#[test]
fn a_writer_does_not_pass_a_reader_whose_turn_it_is() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let guarded = guarded(Policy::PhaseFair);
        let inside = guarded.lock.write();
        let reader = guarded.spawn(Guarded::read);
        guarded.wait_for_company();
        let newcomer =
            guarded.spawn(|guarded| guarded.lock.try_write().map(|_guard| guarded.data.count_up()).is_some());
        drop(inside);
        assert_eq!(reader.join(), 0);
        let count = u32::from(newcomer.join());
        guarded.assert_at_rest(count);
    });
}

/// The same for threads, which are granted their shares.
#[test]
fn a_reading_thread_waits_for_one_writer() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let guarded = guarded(Policy::PhaseFair);
        let inside = guarded.lock.write();
        let writer = guarded.spawn(Guarded::write);
        let reader = guarded.spawn(Guarded::read);
        drop(inside);
        reader.join();
        writer.join();
        guarded.assert_at_rest(1);
    });
}

/// Breaks if a writer that waits keeps readers out.
#[test]
fn readers_pass_a_writer_that_waits() {
    model(|| {
        let guarded = guarded(Policy::ReaderPreferring);
        let inside = guarded.lock.read();
        let alarm = alarm();
        let mut writer = guarded.queued_writer(&alarm);
        drop(guarded.lock.try_read().expect("readers are preferred"));
        drop(inside);
        assert_eq!(alarm.rings(), 1);
        drop(take(&mut writer));
        guarded.assert_at_rest(0);
    });
}

/// Breaks if a writer that leaves lets in another before readers that wait.
#[test]
fn a_writer_that_leaves_lets_preferred_readers_in() {
    model(|| {
        let guarded = guarded(Policy::ReaderPreferring);
        let inside = guarded.lock.write();
        let alarms = [(); 2].map(|()| alarm());
        let mut writer = guarded.queued_writer(&alarms[0]);
        let mut reader = guarded.queued_reader(&alarms[1]);
        drop(inside);
        assert_eq!(alarms.each_ref().map(|alarm| alarm.rings()), [0, 1]);
        drop(take(&mut reader));
        assert_eq!(alarms[0].rings(), 1);
        drop(take(&mut writer));
        guarded.assert_at_rest(0);
    });
}

/// Breaks if the queue is not first in, first out.
#[test]
fn those_who_wait_are_woken_in_the_order_in_which_they_came() {
    model(|| {
        let guarded = preferring_writers();
        let inside = guarded.lock.write();
        let alarms = [(); 3].map(|()| alarm());
        let mut writers = alarms.each_ref().map(|alarm| guarded.queued_writer(alarm));
        drop(inside);
        for (woken, writer) in writers.iter_mut().enumerate() {
            let rings = alarms.each_ref().map(|alarm| alarm.rings());
            assert!(rings.iter().enumerate().all(|(index, rings)| *rings == u32::from(index <= woken)));
            drop(take(writer));
        }
        guarded.assert_at_rest(0);
    });
}

/// Breaks if a thread that was woken and came too late is only woken again.
#[test]
fn a_writer_that_came_too_late_is_granted_the_lock() {
    // Without a bound it does not end in a minute.
    model_bounded(5, || {
        let guarded = preferring_writers();
        let inside = guarded.lock.write();
        let writer = guarded.spawn(|guarded| guarded.lock.write());
        guarded.wait_for_company();
        drop(inside);
        if let Some(first) = guarded.lock.try_write() {
            while guarded.lock.raw().is_waking() {
                yield_now();
            }
            drop(first);
            assert!(guarded.lock.try_write().is_none(), "it is the thread's already");
        }
        drop(writer.join());
        guarded.assert_at_rest(0);
    });
}

/// The same for a thread that waits to read.
#[test]
fn a_reader_that_came_too_late_is_granted_its_share() {
    // Without a bound it does not end in a minute.
    model_bounded(5, || {
        let guarded = preferring_writers();
        let inside = guarded.lock.write();
        let reader = guarded.spawn(|guarded| guarded.lock.read());
        guarded.wait_for_company();
        drop(inside);
        if let Some(first) = guarded.lock.try_write() {
            guarded.wait_for_company();
            drop(first);
            assert!(guarded.lock.try_write().is_none(), "it is the thread's already");
        }
        drop(reader.join());
        guarded.assert_at_rest(0);
    });
}

/// Breaks if writers that are not polled, woken or not, keep the lock from those who come.
#[test]
fn a_newcomer_passes_a_writer_that_is_not_polled() {
    for policy in [Policy::WriterPreferring, Policy::PhaseFair, Policy::ReaderPreferring] {
        model(move || {
            let guarded = guarded(policy);
            let inside = guarded.lock.write();
            let waiting = [(); 6].map(|()| guarded.queued_writer(&alarm()));
            drop(inside);
            guarded.read();
            guarded.write();
            guarded.read_async();
            guarded.write_async();
            drop(waiting);
            guarded.assert_at_rest(2);
        });
    }
}

/// Breaks if a reading thread that was woken alone, behind a writer that is not polled, does not look for others.
#[test]
fn a_woken_reader_lets_in_those_behind_it() {
    // Without a bound 600 000 executions, which take 40 seconds.
    model_bounded(6, || {
        let guarded = preferring_writers();
        let inside = guarded.lock.write();
        let thread = guarded.spawn(|guarded| guarded.lock.read());
        guarded.wait_for_company();
        let alarm = alarm();
        let (writer, mut reader) = (guarded.queued_writer(&Arc::new(Alarm::default())), guarded.queued_reader(&alarm));
        drop(inside);
        let guard = thread.join();
        assert_eq!(alarm.rings(), 1);
        drop((take(&mut reader), guard, writer));
        guarded.assert_at_rest(0);
    });
}

/// Breaks if a writer is woken while a thread that reads is on its way.
#[test]
#[cfg_attr(latchwork = "loom", ignore = "long: run by `--ignored`")]
fn one_thread_is_on_its_way_at_a_time() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let guarded = preferring_writers();
        let (inside, first) = (guarded.lock.write(), Arc::new(AtomicU32::new(0)));
        let enters_first = |number| {
            let first = Arc::clone(&first);
            move || _ = first.compare_exchange(0, number, Relaxed, Relaxed)
        };
        let enters = enters_first(1);
        let reader = guarded.spawn(move |guarded| {
            let guard = guarded.lock.read();
            enters();
            guard
        });
        guarded.wait_for_company();
        let task = guarded.queued_writer(&alarm());
        // Wakes the task, which is not polled, and the reader.
        drop(inside);
        let barger = guarded.lock.try_write();
        let enters = enters_first(2);
        let writer = guarded.spawn(move |guarded| {
            let guard = guarded.lock.write();
            enters();
            guard
        });
        while barger.is_some() && guarded.lock.raw().queued().0 < 1 {
            yield_now();
        }
        let had_barged = barger.is_some();
        drop(barger);
        while first.load(Relaxed) == 0 {
            yield_now();
        }
        if first.load(Relaxed) == 1 {
            assert!(!had_barged || guarded.lock.raw().returned() == 0, "the writer was woken beside the reader");
            drop(reader.join());
            drop(writer.join());
        } else {
            drop(writer.join());
            drop(reader.join());
        }
        drop(task);
        guarded.assert_at_rest(0);
    });
}

/// The same for threads that were queued behind them.
#[test]
fn a_thread_passes_a_writer_that_is_not_polled() {
    for pass in [Guarded::write, Guarded::look] {
        // Without a bound it does not end in a minute.
        model_bounded(5, move || {
            let guarded = preferring_writers();
            let inside = guarded.lock.write();
            let waiting = guarded.queued_writer(&alarm());
            let thread = guarded.spawn(pass);
            drop(inside);
            thread.join();
            drop(waiting);
            assert!(guarded.lock.try_write().is_some());
            assert!(guarded.lock.raw().is_at_rest());
        });
    }
}

/// A writing task that was woken, came too late, and has waited for long: the free lock is reserved for it.
fn starved(guarded: &'static Guarded) -> Pin<Box<Write<'static, ()>>> {
    let inside = guarded.lock.write();
    let mut starved = guarded.queued_writer(&alarm());
    drop(inside);
    let inside = guarded.lock.try_write().expect("a woken task owns nothing");
    assert!(poll_once(starved.as_mut()).is_pending());
    let_time_pass();
    drop(inside);
    starved
}

/// Breaks if the lock is not reserved for a starved task, or if somebody does not give way to it.
#[test]
fn newcomers_give_way_once_to_a_starved_task() {
    model(|| {
        let guarded = preferring_writers();
        let mut starved = starved(guarded);
        let alarms = [(); 2].map(|()| alarm());
        let mut reader = guarded.queued_reader(&alarms[0]);
        let mut writer = guarded.queued_writer(&alarms[1]);
        assert_eq!(alarms.each_ref().map(|alarm| alarm.rings()), [1, 1], "they are polled again");
        drop(take(&mut starved));
        drop(take(&mut reader));
        drop(take(&mut writer));
        guarded.assert_at_rest(0);
    });
}

/// Breaks if somebody gives way twice, or if the lock stays reserved once it has been taken.
#[test]
fn a_starved_task_that_does_not_come_is_passed() {
    for pass in [Guarded::look, Guarded::write, Guarded::write_async] {
        model(move || {
            let guarded = preferring_writers();
            let starved = starved(guarded);
            pass(guarded);
            // It is reserved no more.
            drop(take(&mut Box::pin(guarded.lock.read_async())));
            drop(starved);
            assert!(guarded.lock.try_write().is_some() && guarded.lock.raw().is_at_rest());
        });
    }
}
