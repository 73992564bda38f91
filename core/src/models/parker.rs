//! The parker by itself.

use super::*;
use crate::sync::model::JoinHandle;

/// A parker with data beside it.
type Shared = Arc<(Parker, Data)>;

/// An armed parker.
fn armed() -> Shared {
    let shared = Shared::default();
    shared.0.arm();
    shared
}

/// A thread that writes 7 and sends the signal.
fn send(shared: &Shared, signal: Signal) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    spawn(move || {
        shared.1.set(7);
        if let Some(unpark) = shared.0.send(signal) {
            unpark.unpark();
        }
    })
}

/// Breaks if the Release in `send` or the Acquire in `signal` is weakened.
#[test]
fn a_signal_publishes_what_came_before_it() {
    model(|| {
        let shared = armed();
        let sender = send(&shared, Signal::Woken);
        if shared.0.signal().is_some() {
            assert_eq!(shared.1.get(), 7);
        }
        sender.join();
    });
}

/// Breaks if the Acquire in `prepare` is weakened, or if `send` does not wake whom it finds asleep.
#[test]
fn a_parked_thread_sees_what_came_before_its_signal() {
    model(|| {
        let shared = armed();
        let sender = send(&shared, Signal::Granted);
        assert_eq!(shared.0.park(), Signal::Granted);
        assert_eq!(shared.1.get(), 7);
        sender.join();
    });
}

/// Breaks if `park` returns, or if it forgets that it sleeps, when the futex returns for no reason.
#[test]
fn a_spurious_return_is_not_taken_for_a_signal() {
    model(|| {
        let shared = armed();
        let disturber = spawn(wake_spuriously);
        let sender = send(&shared, Signal::Favoured);
        assert_eq!(shared.0.park(), Signal::Favoured);
        disturber.join();
        sender.join();
    });
}

/// Breaks if a timed wait does not look at the clock, or sleeps past its deadline: nobody else would wake it.
#[test]
fn a_timed_park_ends_without_a_signal() {
    model(|| {
        let shared = armed();
        let deadline = deadline();
        let clock = spawn(let_time_pass);
        assert_eq!(shared.0.park_until(deadline), None);
        clock.join();
    });
}

/// Breaks if a timed wait that loses its signal to the deadline does not find it afterwards.
#[test]
fn a_signal_racing_the_deadline_is_found() {
    model(|| {
        let shared = armed();
        let deadline = deadline();
        let clock = spawn(let_time_pass);
        let sender = send(&shared, Signal::Woken);
        let in_time = shared.0.park_until(deadline);
        clock.join();
        sender.join();
        assert_eq!(in_time.or(shared.0.signal()), Some(Signal::Woken));
    });
}

/// Breaks if the state that a timeout leaves behind is taken for a new one.
#[test]
fn a_parker_can_be_armed_again_after_a_timeout() {
    model(|| {
        let shared = armed();
        let deadline = deadline();
        let clock = spawn(let_time_pass);
        assert_eq!(shared.0.park_until(deadline), None);
        clock.join();
        shared.0.disarm();
        shared.0.arm();
        let sender = send(&shared, Signal::Woken);
        assert_eq!(shared.0.park(), Signal::Woken);
        sender.join();
    });
}

/// Breaks if a wake that is put off is forgotten, or takes the place of another.
#[test]
fn of_two_wakes_one_is_put_off_and_none_is_lost() {
    model(|| {
        let sleepers = [armed(), armed()];
        let threads = sleepers.each_ref().map(|shared| {
            let shared = Arc::clone(shared);
            spawn(move || shared.0.park())
        });
        let pending = PendingWake::new();
        for shared in &sleepers {
            pending.put_off(shared.0.send(Signal::Woken).map_or(Wake::Nothing, Wake::Thread));
        }
        let mut wakes = WakeList::<1>::new();
        wakes.extend(pending.take());
        assert!(pending.is_empty());
        wakes.wake_all();
        threads.into_iter().for_each(|thread| assert_eq!(thread.join(), Signal::Woken));
    });
}
