//! The parker by itself.

use super::*;

/// Breaks if the Release in `send` or the Acquire in `signal` is weakened.
#[test]
fn a_signal_publishes_what_came_before_it() {
    model(|| {
        let shared = Arc::new((Parker::new(), Data::default()));
        shared.0.arm();
        let sender = spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.1.set(7);
                unpark(shared.0.send(Signal::Woken));
            }
        });
        if shared.0.signal().is_some() {
            assert_eq!(shared.1.get(), 7);
        }
        sender.join();
    });
}

/// Breaks if the Acquire in `prepare` is weakened, if `send` stores before it swaps, or if it does not wake.
#[test]
fn a_parked_thread_sees_what_came_before_its_signal() {
    model(|| {
        let shared = Arc::new((Parker::new(), Data::default()));
        shared.0.arm();
        let sender = spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.1.set(7);
                unpark(shared.0.send(Signal::Granted));
            }
        });
        assert_eq!(shared.0.park(), Signal::Granted);
        assert_eq!(shared.1.get(), 7);
        sender.join();
    });
}

/// Breaks if `park` returns, or if it forgets that it sleeps, when the futex returns for no reason.
#[test]
fn a_spurious_return_is_not_taken_for_a_signal() {
    model(|| {
        let parker = Arc::new(Parker::new());
        parker.arm();
        let disturber = spawn(wake_spuriously);
        let sender = spawn({
            let parker = Arc::clone(&parker);
            move || unpark(parker.send(Signal::Favoured))
        });
        assert_eq!(parker.park(), Signal::Favoured);
        disturber.join();
        sender.join();
    });
}

/// Breaks if a timed wait does not look at the clock, or sleeps past its deadline: nobody else would wake it.
#[test]
fn a_timed_park_ends_without_a_signal() {
    model(|| {
        let parker = Parker::new();
        parker.arm();
        let deadline = deadline();
        let clock = spawn(let_time_pass);
        assert_eq!(parker.park_until(deadline), None);
        clock.join();
    });
}

/// Breaks if a timed wait that loses its signal to the deadline does not find it afterwards.
#[test]
fn a_signal_racing_the_deadline_is_found() {
    model(|| {
        let parker = Arc::new(Parker::new());
        parker.arm();
        let deadline = deadline();
        let clock = spawn(let_time_pass);
        let sender = spawn({
            let parker = Arc::clone(&parker);
            move || unpark(parker.send(Signal::Woken))
        });
        let in_time = parker.park_until(deadline);
        clock.join();
        sender.join();
        assert_eq!(in_time.or(parker.signal()), Some(Signal::Woken));
    });
}

/// Breaks if the state that a timeout leaves behind is taken for a new one.
#[test]
fn a_parker_can_be_armed_again_after_a_timeout() {
    model(|| {
        let parker = Arc::new(Parker::new());
        parker.arm();
        let deadline = deadline();
        let clock = spawn(let_time_pass);
        assert_eq!(parker.park_until(deadline), None);
        clock.join();
        parker.disarm();
        parker.arm();
        let sender = spawn({
            let parker = Arc::clone(&parker);
            move || unpark(parker.send(Signal::Woken))
        });
        assert_eq!(parker.park(), Signal::Woken);
        sender.join();
    });
}

fn unpark(unpark: Option<crate::wait::Unpark>) {
    if let Some(unpark) = unpark {
        unpark.unpark();
    }
}
