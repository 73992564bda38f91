//! Waiting for a predicate.

use super::*;

type Future = Pin<Box<When<'static, u32, Predicate>>>;
type Predicate = Box<dyn FnMut(&u32) -> bool + Send>;

fn monitor() -> &'static Monitor<u32> {
    leaked(Monitor::new(0))
}

/// A hand-polled future that enters when the number is as it says.
fn entering(
    monitor: &'static Monitor<u32>,
    alarm: &Arc<Alarm>,
    expected: impl Fn(u32) -> bool + Send + 'static,
) -> Future {
    let predicate: Predicate = Box::new(move |number| expected(*number));
    let mut future = Box::pin(monitor.enter_when_async(predicate));
    assert!(poll(future.as_mut(), alarm).is_pending());
    future
}

/// A thread waits until the number is not 0, and counts it down.
fn take_one(monitor: &Monitor<u32>) {
    *monitor.enter_when(|number| *number > 0) -= 1;
}

/// The same from inside.
fn take_one_inside(monitor: &Monitor<u32>) {
    let mut guard = monitor.enter();
    guard.wait_until(|number| *number > 0);
    *guard -= 1;
}

/// A task does the same.
fn take_one_async(monitor: &Monitor<u32>) {
    block_on(async { *monitor.enter_when_async(|number| *number > 0).await -= 1 });
}

/// A task does the same from inside.
fn take_one_inside_async(monitor: &Monitor<u32>) {
    block_on(async {
        let guard = monitor.enter_async().await;
        *guard.wait_until_async(|number| *number > 0).await -= 1;
    });
}

fn add_one(monitor: &Monitor<u32>) {
    *monitor.enter() += 1;
}

fn add_one_async(monitor: &Monitor<u32>) {
    block_on(async { *monitor.enter_async().await += 1 });
}

/// Breaks if whoever leaves misses one that has just been registered, does not ask, or does not wake.
#[test]
fn a_predicate_that_a_leaver_makes_true_lets_the_waiter_in() {
    let takers: [fn(&Monitor<u32>); 4] = [take_one, take_one_inside, take_one_async, take_one_inside_async];
    let givers: [fn(&Monitor<u32>); 2] = [add_one, add_one_async];
    for take in takers {
        for give in givers {
            // Without a bound, the eight together take minutes.
            model_bounded(5, move || {
                let monitor = monitor();
                let taker = spawn(move || take(monitor));
                give(monitor);
                taker.join();
                assert_at_rest(monitor, 0);
            });
        }
    }
}

/// Breaks if a thread that was let in does not let in a task when it leaves, or the other way round.
#[test]
fn two_changes_let_two_in() {
    for is_task_first in [true, false] {
        // Without a bound it does not end in minutes.
        model_bounded(4, move || {
            let (monitor, alarm) = (monitor(), alarm());
            let enter = || entering(monitor, &alarm, |number| number > 0);
            let before = is_task_first.then(enter);
            let taker = spawn(move || take_one(monitor));
            let mut task = before.unwrap_or_else(enter);
            add_one(monitor);
            add_one(monitor);
            taker.join();
            assert_eq!(alarm.rings(), 1, "whoever leaves has asked it");
            *take(&mut task) -= 1;
            assert_at_rest(monitor, 0);
        });
    }
}

/// Breaks if one change that is enough for two lets in one alone: whoever is let in leaves, and has to ask who was not asked before.
#[test]
fn one_change_lets_two_in_one_after_the_other() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let monitor = monitor();
        let read = move || drop(monitor.enter_when(|number| *number == 2));
        let readers = [spawn(read), spawn(read)];
        *monitor.enter() = 2;
        readers.into_iter().for_each(JoinHandle::join);
        assert_at_rest(monitor, 2);
    });
}

/// Breaks if a thread is let in though its predicate does not hold any more, or is forgotten once it was woken in vain.
#[test]
fn a_predicate_that_flips_back_is_waited_for_again() {
    for take in [take_one, take_one_async] {
        // Each preemption more takes about ten times as long.
        model_bounded(3, move || {
            let monitor = monitor();
            let taker = spawn(move || take(monitor));
            *monitor.enter() = 1;
            let was_taken = {
                let mut number = monitor.enter();
                std::mem::replace(&mut *number, 0) == 0
            };
            *monitor.enter() = 1;
            taker.join();
            assert_at_rest(monitor, u32::from(was_taken));
        });
    }
}

/// Breaks if a thread that was woken, and came too late, is only woken again.
#[test]
fn a_thread_that_was_passed_is_granted_the_monitor() {
    // Each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (monitor, asked_itself) = (monitor(), alarm());
        // One that looks on asks itself once more.
        monitor.roster().outlook().expect_late();
        let taker = spawn({
            let asked_itself = asked_itself.waker();
            move || {
                let own = latchwork_core::sync::identity::of_this_thread();
                let _guard = monitor.enter_when(|number| {
                    if latchwork_core::sync::identity::of_this_thread() == own {
                        asked_itself.wake_by_ref();
                    }
                    *number == 1
                });
            }
        });
        *monitor.enter() = 1;
        *monitor.enter() = 0;
        let mut guard = monitor.enter();
        // Twice: when it came, and in vain.
        let was_passed = asked_itself.rings() == 2;
        *guard = 1;
        drop(guard);
        assert!(!was_passed || !monitor.roster().has_turn(), "it is woken, and can be passed again");
        taker.join();
        assert_at_rest(monitor, 1);
    });
}

/// Two threads that look on take one each, while a woken task is cancelled and passes its wake-up on.
///
/// Breaks if one that looks on does not leave, or does not ask itself before it registers.
#[test]
fn onlookers_come_beside_those_who_are_let_in() {
    // Each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (monitor, alarm) = (monitor(), alarm());
        let task = entering(monitor, &alarm, |number| number > 0);
        monitor.roster().outlook().expect_soon();
        let takers = [(); 2].map(|()| spawn(move || take_one(monitor)));
        *monitor.enter() = 2;
        drop(task);
        takers.into_iter().for_each(JoinHandle::join);
        assert_at_rest(monitor, 0);
    });
}

/// Breaks if what one has changed that looks on next is not asked about.
#[test]
fn the_change_of_one_that_looks_on_is_asked_about() {
    // Without a bound it does not end in minutes.
    model_bounded(4, || {
        let monitor = monitor();
        monitor.roster().outlook().expect_soon();
        let other = spawn(move || *monitor.enter_when(|number| *number == 1) = 2);
        let mut guard = monitor.enter();
        *guard = 1;
        guard.wait_until(|number| *number == 2);
        drop(guard);
        other.join();
        assert_at_rest(monitor, 2);
    });
}

/// One is on its way, changes nothing, and has been passed as often as it may be.
///
/// Breaks if one that looked on, and has registered without being asked, is not asked by the one that is on its way.
#[test]
fn one_that_may_not_pass_is_asked_after_that() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let monitor = monitor();
        monitor.roster().outlook().expect_soon();
        let takers = [(); 2].map(|()| spawn(move || drop(monitor.enter_when(|number| *number > 0))));
        *monitor.enter() = 1;
        let guard = monitor.enter();
        while monitor.roster().has_turn() && monitor.roster().may_pass() {
            monitor.roster().note_passing();
        }
        drop(guard);
        takers.into_iter().for_each(JoinHandle::join);
        assert_at_rest(monitor, 1);
    });
}

/// Breaks if a change calls many, or if one that looks on no more is counted.
#[test]
fn few_look_on_at_a_time() {
    model(|| {
        let monitor = monitor();
        let _inside = monitor.enter();
        let mut onlookers: Vec<_> = (0..MOST_ONLOOKERS).map(|_| monitor.roster().look_on()).collect();
        assert!(onlookers.iter().all(Option::is_some));
        assert!(monitor.roster().look_on().is_none());
        onlookers.pop();
        assert!(monitor.roster().look_on().is_some());
    });
}

/// Breaks if a thread that looks on does not meet the panic of its predicate.
#[test]
fn an_onlooker_meets_the_panic_of_its_predicate() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let monitor = monitor();
        monitor.roster().outlook().expect_soon();
        let first = spawn(move || drop(monitor.enter_when(|number| *number == 1)));
        let panicking = |number: &u32| if *number == 1 { resume_unwind(Box::new("on purpose")) } else { false };
        let second = spawn(move || panics(|| drop(monitor.enter_when(panicking))));
        *monitor.enter() = 1;
        first.join();
        assert!(second.join());
        assert_at_rest(monitor, 1);
    });
}

/// One is on its way, and has been passed as often as it may be.
///
/// Breaks if one that looks on goes in all the same, or if nobody asks it after that.
#[test]
fn one_that_is_on_its_way_is_not_passed_without_end() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let monitor = monitor();
        monitor.roster().outlook().expect_soon();
        let first = spawn(move || *monitor.enter_when(|number| *number > 0) += 10);
        let second = spawn(move || {
            let mut said_no = false;
            let seen = *monitor.enter_when(|number| {
                said_no |= *number < 2;
                *number >= 2
            });
            said_no && seen == 2
        });
        *monitor.enter() = 1;
        let mut guard = monitor.enter();
        let is_on_its_way = monitor.roster().has_turn();
        if is_on_its_way {
            for _ in 0..MOST_PASSINGS {
                assert!(monitor.roster().may_pass(), "it may be passed more often");
                monitor.roster().note_passing();
            }
        }
        *guard += 1;
        drop(guard);
        first.join();
        let passed = second.join();
        assert!(!(is_on_its_way && passed), "it has gone in");
        assert_at_rest(monitor, 12);
    });
}

/// Breaks if a panic reaches whoever asks, or does not reach whoever waits, or keeps others from being asked.
#[test]
fn a_panic_of_a_predicate_is_met_by_its_own_waiter() {
    // Without a bound it does not end in minutes.
    model_bounded(4, || {
        let monitor = monitor();
        let panicking = |number: &u32| if *number == 1 { resume_unwind(Box::new("on purpose")) } else { false };
        let mut task = Box::pin(monitor.enter_when_async(panicking));
        assert!(poll_once(task.as_mut()).is_pending());
        let thread = spawn(move || {
            let is_met = panics(|| drop(monitor.enter_when(panicking)));
            let mut guard = monitor.enter();
            *guard = 0;
            let is_met_inside = panics(|| {
                *guard = 1;
                guard.wait_until(panicking);
            });
            *guard = 3;
            (is_met, is_met_inside)
        });
        *monitor.enter() = 1;
        assert_eq!(thread.join(), (true, true));
        assert!(panics(|| drop(poll_once(task.as_mut()))));
        drop(task);
        assert_at_rest(monitor, 3);
    });
}

/// Breaks if the deadline and the turn together lose the turn, or leave the thread inside, or in the roster.
#[test]
fn a_deadline_racing_a_turn_is_one_or_the_other() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (monitor, deadline) = (monitor(), deadline());
        let clock = spawn(let_time_pass);
        let taker = spawn(move || {
            let taken = monitor.try_enter_when_until(|number| *number > 0, deadline);
            taken.map(|mut number| *number -= 1).is_some()
        });
        add_one(monitor);
        clock.join();
        assert_at_rest(monitor, u32::from(!taker.join()));
    });
}

/// Breaks if a thread whose time runs out keeps the turn that it was given, beside one that waits for the same.
#[test]
fn the_turn_of_one_whose_time_runs_out_goes_to_the_next() {
    // Each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (monitor, deadline) = (monitor(), deadline());
        let taker = spawn(move || {
            let taken = monitor.try_enter_when_until(|number| *number > 0, deadline);
            taken.map(|mut number| *number -= 1).is_some()
        });
        let alarm = alarm();
        let mut second = entering(monitor, &alarm, |number| number > 0);
        add_one(monitor);
        // Somebody is inside when the time runs out.
        let guard = monitor.enter();
        let_time_pass();
        drop(guard);
        if taker.join() {
            assert!(poll_once(second.as_mut()).is_pending());
            drop(second);
        } else {
            assert_eq!(alarm.rings(), 1, "it is woken in the place of the other");
            *take(&mut second) -= 1;
        }
        assert_at_rest(monitor, 0);
    });
}

/// Breaks if a change that was left to a thread on its way is asked about by nobody, where the time of that thread runs out.
#[test]
fn a_change_that_was_left_to_one_whose_time_runs_out_is_asked_about() {
    // Each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (monitor, deadline) = (monitor(), deadline());
        let alarm = alarm();
        let mut first = entering(monitor, &alarm, |number| number == 2);
        let second = spawn(move || drop(monitor.try_enter_when_until(|number| *number == 1, deadline)));
        add_one(monitor);
        let mut guard = monitor.enter();
        let_time_pass();
        *guard = 2;
        drop(guard);
        second.join();
        assert_eq!(alarm.rings(), 1);
        drop(take(&mut first));
        assert_at_rest(monitor, 2);
    });
}

/// Breaks if a wait from inside that runs out of time returns outside, or says that the predicate does not hold though it does.
#[test]
fn a_wait_that_times_out_is_inside_again() {
    let gives: [fn(&Monitor<u32>); 2] = [
        |monitor| {
            let_time_pass();
            add_one(monitor);
        },
        |monitor| {
            add_one(monitor);
            let_time_pass();
        },
    ];
    for give in gives {
        // Without a bound it does not end in minutes.
        model_bounded(4, move || {
            let (monitor, deadline) = (monitor(), deadline());
            let mut guard = monitor.enter();
            let giver = spawn(move || give(monitor));
            let holds = guard.wait_until_deadline(|number| *number > 0, deadline);
            assert_eq!(holds, *guard > 0);
            assert!(monitor.try_enter().is_none(), "it is inside");
            drop(guard);
            giver.join();
            assert_at_rest(monitor, 1);
        });
    }
}

/// What a predicate looks at, until it is dropped.
struct Captured(Arc<Data>);

impl Drop for Captured {
    fn drop(&mut self) {
        self.0.set(1);
    }
}

/// Breaks if a future ends while its predicate is being asked: the checkers see its memory written while it is read.
#[test]
fn a_future_that_is_asked_ends_after_that() {
    model(|| {
        let monitor = monitor();
        let captured = Captured(Arc::new(Data::default()));
        let alarm = alarm();
        let future = entering(monitor, &alarm, move |number| {
            let captured = &captured;
            captured.0.get() == 0 && number == 7
        });
        let giver = spawn(move || add_one(monitor));
        drop(future);
        giver.join();
        assert_at_rest(monitor, 1);
    });
}

/// Breaks if a cancelled future and whoever asks it miss each other: the turn is lost, or stays with one that is gone.
#[test]
fn a_turn_racing_a_cancelled_wait_goes_to_the_next() {
    // Without a bound it does not end in minutes.
    model_bounded(5, || {
        let monitor = monitor();
        let alarms = [alarm(), alarm()];
        let [first, mut second] = alarms.each_ref().map(|alarm| entering(monitor, alarm, |number| number > 0));
        let giver = spawn(move || add_one(monitor));
        drop(first);
        giver.join();
        assert_eq!(alarms[1].rings(), 1, "it is woken in the place of the other");
        *take(&mut second) -= 1;
        assert_at_rest(monitor, 0);
    });
}

/// Breaks if a waker is lost that took the place of another.
#[test]
fn a_waker_that_is_replaced_is_not_woken() {
    model(|| {
        let monitor = monitor();
        let (before, after) = (alarm(), alarm());
        let mut future = entering(monitor, &before, |number| number > 0);
        assert!(poll(future.as_mut(), &after).is_pending());
        add_one(monitor);
        assert_eq!((before.rings(), after.rings()), (0, 1));
        *take(&mut future) -= 1;
        assert_at_rest(monitor, 0);
    });
}
