//! Who is asked, and in which order.
//!
//! The large crowds are on one thread, and have one schedule. Shuttle would run it ten thousand times, and is spared them.

use super::*;

type Future = Pin<Box<When<'static, u32, Predicate>>>;
type Predicate = Box<dyn FnMut(&u32) -> bool + Send>;

/// So many who wait, each with a predicate that is made for it, which counts how often it is asked.
struct Crowd {
    monitor: &'static Monitor<u32>,
    alarms: Vec<Arc<Alarm>>,
    asked: Vec<Arc<Alarm>>,
    futures: Vec<Future>,
}

impl Crowd {
    fn new(size: u32, holds: impl Fn(u32, u32) -> bool + Copy + Send + 'static) -> Self {
        let mut crowd = Self {
            monitor: leaked(Monitor::new(u32::MAX)),
            alarms: (0..size).map(|_| alarm()).collect(),
            asked: (0..size).map(|_| alarm()).collect(),
            futures: Vec::new(),
        };
        for index in 0..size {
            let asked = crowd.asked[index as usize].waker();
            let predicate: Predicate = Box::new(move |number| {
                asked.wake_by_ref();
                holds(index, *number)
            });
            let mut future = Box::pin(crowd.monitor.enter_when_async(predicate));
            assert!(poll(future.as_mut(), &crowd.alarms[index as usize]).is_pending());
            crowd.futures.push(future);
        }
        crowd
    }

    fn set(&self, number: u32) {
        *self.monitor.enter() = number;
    }

    fn woken(&self) -> Vec<usize> {
        (0..self.alarms.len()).filter(|index| self.alarms[*index].rings() > 0).collect()
    }

    fn asked(&self) -> Vec<u32> {
        self.asked.iter().map(|count| count.rings()).collect()
    }

    fn take(&mut self, index: usize) {
        drop(take(&mut self.futures[index]));
    }

    fn end(self, number: u32) {
        drop(self.futures);
        assert_at_rest(self.monitor, number);
    }
}

/// Breaks if those who wait are asked out of turn, or if somebody else is woken beside the one that is let in.
#[test]
fn the_first_whose_predicate_holds_is_let_in() {
    model(|| {
        let mut crowd = Crowd::new(4, |index, number| number != u32::MAX && index >= number);
        crowd.set(1);
        assert_eq!(crowd.woken(), [1]);
        // Those behind a task that was woken wait for it to leave.
        crowd.take(1);
        assert_eq!(crowd.woken(), [1, 2]);
        crowd.take(2);
        assert_eq!(crowd.woken(), [1, 2, 3]);
        crowd.take(3);
        assert_eq!(crowd.woken(), [1, 2, 3], "the first is still waiting");
        crowd.end(1);
    });
}

/// Breaks if somebody is woken to see for itself.
#[test]
#[cfg(not(latchwork = "shuttle"))]
fn nobody_is_woken_whose_predicate_does_not_hold() {
    model(|| {
        let mut crowd = Crowd::new(32, |index, number| index == number);
        crowd.set(100);
        assert_eq!(crowd.woken(), [0; 0]);
        for index in [31, 7, 0] {
            crowd.set(index);
            assert_eq!(crowd.alarms[index as usize].rings(), 1);
            crowd.take(index as usize);
        }
        assert_eq!(crowd.woken(), [0, 7, 31]);
        crowd.end(0);
    });
}

/// Breaks if a predicate is asked without need.
#[test]
fn nobody_is_asked_while_the_value_is_not_changed() {
    model(|| {
        let crowd = Crowd::new(3, |index, number| index == number);
        assert_eq!(crowd.asked(), [1, 1, 1], "each has asked itself");
        drop(crowd.monitor.enter());
        assert!(crowd.monitor.enter().eq(&u32::MAX));
        assert_eq!(crowd.asked(), [1, 1, 1]);
        crowd.set(5);
        assert_eq!(crowd.asked(), [2, 2, 2]);
        drop(crowd.monitor.enter());
        assert_eq!(crowd.asked(), [2, 2, 2], "all have been asked since");
        // One that changes the value and then waits asks for itself once, and the others are asked once.
        let mut guard = crowd.monitor.enter();
        *guard = 6;
        let mut wait = Box::pin(guard.wait_until_async(|number| *number == 9));
        assert!(poll_once(wait.as_mut()).is_pending());
        assert_eq!(crowd.asked(), [3, 3, 3]);
        drop(wait);
        crowd.end(6);
    });
}

/// Breaks if whoever waits behind those that one can ask is forgotten, while the value changes or not.
#[test]
#[cfg(not(latchwork = "shuttle"))]
fn more_than_one_can_ask_are_all_asked() {
    // The second has as many steps as loom follows.
    for (last, changes) in [(69, false), (39, true)] {
        model(move || {
            let mut crowd = Crowd::new(last + 1, move |index, number| index == last && number != u32::MAX);
            crowd.set(0);
            assert_eq!(crowd.asked().iter().sum::<u32>(), last + 1 + 32);
            let mut polls = 0;
            while crowd.alarms[last as usize].rings() == 0 {
                if changes {
                    crowd.set(polls);
                    if crowd.alarms[last as usize].rings() > 0 {
                        break;
                    }
                }
                let woken = crowd.woken().into_iter().max().expect("somebody goes on");
                assert!(poll(crowd.futures[woken].as_mut(), &crowd.alarms[woken]).is_pending());
                polls += 1;
                assert!(polls <= 2, "each asks 32 more");
            }
            crowd.take(last as usize);
            let number = *crowd.monitor.enter();
            crowd.end(number);
        });
    }
}

/// Breaks if a change that comes while not all have been asked is kept from those who have.
#[test]
#[cfg(not(latchwork = "shuttle"))]
fn a_change_while_a_round_is_in_parts_is_asked_about() {
    model(|| {
        let mut crowd = Crowd::new(40, |index, number| index == 0 && number == 5);
        crowd.set(0);
        assert_eq!((crowd.woken(), crowd.asked()[39]), (vec![32], 1), "the next goes on");
        crowd.set(5);
        assert_eq!((crowd.woken(), crowd.asked()[39]), (vec![0, 32], 2));
        crowd.take(0);
        crowd.end(5);
    });
}

/// Breaks if a change starts a round that is in parts over: those behind would wait for as long as the value changes.
#[test]
#[cfg(not(latchwork = "shuttle"))]
fn a_change_does_not_start_a_round_in_parts_over() {
    model(|| {
        let mut crowd = Crowd::new(40, |index, number| index == 39 && number != u32::MAX);
        crowd.set(0);
        assert_eq!(crowd.woken(), [32], "the next goes on");
        crowd.set(1);
        assert_eq!(crowd.woken(), [32, 39], "those behind it are asked first");
        crowd.take(39);
        crowd.end(1);
    });
}

/// Breaks if others are asked, and so woken, while a woken thread is on its way.
#[test]
fn nobody_else_is_asked_while_a_thread_is_on_its_way() {
    // Each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (monitor, asked) = (leaked(Monitor::new(0_u32)), alarm());
        let count = asked.waker();
        let mut task = Box::pin(monitor.enter_when_async(move |_| {
            count.wake_by_ref();
            false
        }));
        assert!(poll_once(task.as_mut()).is_pending());
        // It does not leave, and so asks nobody.
        let thread = spawn(move || std::mem::forget(monitor.enter_when(|number| *number > 0)));
        *monitor.enter() = 1;
        if let Some(mut guard) = monitor.try_enter() {
            let (is_on_its_way, before) = (monitor.roster().has_turn(), asked.rings());
            *guard = 2;
            drop(guard);
            assert!(!is_on_its_way || asked.rings() == before);
        }
        thread.join();
        drop(task);
    });
}

/// Breaks if a change that somebody makes while a woken thread is on its way is asked about by nobody: whoever makes it leaves that to
/// the thread, which changes nothing itself.
#[test]
fn a_change_while_a_thread_is_on_its_way_is_asked_about_by_that_thread() {
    // Each preemption more takes about ten times as long.
    model_bounded(3, || {
        let (monitor, alarm) = (leaked(Monitor::new(0_u32)), alarm());
        let mut task = Box::pin(monitor.enter_when_async(|number| *number == 2));
        assert!(poll(task.as_mut(), &alarm).is_pending());
        let thread = spawn(move || drop(monitor.enter_when(|number| *number > 0)));
        *monitor.enter() = 1;
        *monitor.enter() = 2;
        thread.join();
        assert_eq!(alarm.rings(), 1);
        drop(take(&mut task));
        assert_at_rest(monitor, 2);
    });
}

/// Breaks if a woken task that is not polled holds back a thread whose predicate holds.
#[test]
fn a_thread_passes_a_task_that_is_not_polled() {
    // Without a bound it does not end in minutes.
    model_bounded(5, || {
        let monitor = leaked(Monitor::new(0_u32));
        let mut task = Box::pin(monitor.enter_when_async(|number| *number == 1));
        assert!(poll_once(task.as_mut()).is_pending());
        let thread = spawn(move || drop(monitor.enter_when(|number| *number == 1)));
        *monitor.enter() = 1;
        thread.join();
        drop(task);
        assert_at_rest(monitor, 1);
    });
}

/// Breaks if a task behind one that is not polled is left alone by all that leave later.
#[test]
fn the_next_that_leaves_wakes_the_task_behind_one_that_is_not_polled() {
    model(|| {
        let crowd = Crowd::new(3, |_, number| number == 1);
        crowd.set(1);
        assert_eq!(crowd.woken(), [0]);
        drop(crowd.monitor.enter());
        assert_eq!(crowd.woken(), [0, 1]);
        drop(crowd.monitor.enter());
        assert_eq!(crowd.woken(), [0, 1, 2]);
        crowd.end(1);
    });
}

/// Breaks if a woken task keeps its turn when it is cancelled, whether somebody is inside or not.
#[test]
fn a_woken_task_that_is_cancelled_lets_the_next_be_asked() {
    for is_occupied in [false, true] {
        model(move || {
            let mut crowd = Crowd::new(3, |index, number| number == 1 && index != 1);
            crowd.set(1);
            assert_eq!(crowd.woken(), [0]);
            let guard = is_occupied.then(|| crowd.monitor.enter());
            let first = crowd.futures.remove(0);
            drop(first);
            // Nobody can be asked while somebody is inside: the next is woken, and asks itself.
            assert_eq!(crowd.woken(), if is_occupied { [0, 1] } else { [0, 2] });
            drop(guard);
            if is_occupied {
                assert!(poll_once(crowd.futures[0].as_mut()).is_pending());
                assert_eq!(crowd.woken(), [0, 1, 2]);
            }
            drop(take(&mut crowd.futures[1]));
            crowd.end(1);
        });
    }
}

/// Breaks if one that was woken in vain loses its place.
#[test]
fn one_that_was_woken_in_vain_keeps_its_place() {
    model(|| {
        let mut crowd = Crowd::new(2, |_, number| number == 1);
        crowd.set(1);
        crowd.set(0);
        let alarm = alarm();
        assert!(poll(crowd.futures[0].as_mut(), &alarm).is_pending());
        crowd.set(1);
        assert_eq!((alarm.rings(), crowd.woken()), (1, vec![0]));
        crowd.take(0);
        assert_eq!(crowd.woken(), [0, 1]);
        crowd.take(1);
        crowd.end(1);
    });
}

/// Breaks if a wake-up that is passed on goes to one that is being asked: it would leave under the eyes of whoever asks.
#[test]
fn one_that_is_asked_is_not_woken_in_the_place_of_another() {
    for number in [2, 3] {
        // Without a bound, the two take minutes.
        model_bounded(5, move || {
            let mut crowd = Crowd::new(3, |index, number| number == index + 1);
            crowd.set(1);
            assert_eq!(crowd.woken(), [0]);
            let first = crowd.futures.remove(0);
            let cancelling = spawn(move || drop(first));
            crowd.set(number);
            cancelling.join();
            let last = number as usize - 1;
            if crowd.alarms[last].rings() == 0 {
                // The one before it was woken without being asked, since somebody was inside.
                assert_eq!(crowd.woken(), [0, 1]);
                assert!(poll_once(crowd.futures[0].as_mut()).is_pending());
            }
            assert_eq!(crowd.alarms[last].rings(), 1);
            drop(take(&mut crowd.futures[last - 1]));
            crowd.end(number);
        });
    }
}

/// Breaks if a wake-up that is passed on goes to one that is about to be granted the monitor: nobody would be inside, and nobody could
/// enter.
#[test]
fn one_that_is_granted_the_monitor_is_not_woken_in_the_place_of_another() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let monitor = leaked(Monitor::new(0_u32));
        let mut task = Box::pin(monitor.enter_when_async(|number| *number == 1));
        assert!(poll_once(task.as_mut()).is_pending());
        let thread = spawn(move || drop(monitor.enter_when(|number| *number == 1)));
        *monitor.enter() = 1;
        // Where the thread comes now, it is passed.
        *monitor.enter() = 0;
        let cancelling = spawn(move || drop(task));
        *monitor.enter() = 1;
        cancelling.join();
        thread.join();
        assert_at_rest(monitor, 1);
    });
}

/// Breaks if the wake-up of one that is cancelled while threads behind it are asked does not go to the task behind it.
#[test]
fn one_that_is_cancelled_while_threads_are_asked_is_followed_by_a_task() {
    // Each preemption more takes about ten times as long.
    model_bounded(4, || {
        let (monitor, alarms) = (leaked(Monitor::new(0_u32)), [alarm(), alarm()]);
        let [first, second] = alarms.each_ref().map(|alarm| {
            let mut task = Box::pin(monitor.enter_when_async(|number| *number == 1));
            assert!(poll(task.as_mut(), alarm).is_pending());
            task
        });
        let thread = spawn(move || {
            // Whoever asks this thread cancels the first task.
            let mut first = Some(first);
            drop(monitor.enter_when(|number| {
                if *number == 1 {
                    first = None;
                }
                *number == 2
            }));
            first.is_none()
        });
        *monitor.enter() = 1;
        *monitor.enter() = 2;
        let is_cancelled = thread.join();
        assert!(!is_cancelled || alarms[1].rings() == 1);
        drop(second);
        assert_at_rest(monitor, 2);
    });
}
