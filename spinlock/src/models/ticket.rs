//! The ticket lock: whoever is served has it alone, in the order of arrival.

use super::*;

fn increment(lock: &TicketLock<u32>) {
    *lock.lock() += 1;
}

/// Two threads lock a lock whose next ticket is `ticket`.
fn two_threads_from(ticket: u32) {
    model(move || {
        let lock = Arc::new(TicketLock::at(ticket, 0));
        let other = with(&lock, increment);
        increment(&lock);
        other.join();
        assert_eq!(*lock.try_lock().expect("nobody has it now"), 2);
    });
}

/// Breaks if the Release of the unlock, or the Acquire of whoever is served next, is weakened.
#[test]
fn unlock_publishes_the_section() {
    two_threads_from(0);
}

/// Breaks if a ticket is compared as a number, or its successor overflows.
#[test]
fn two_threads_exclude_each_other_where_the_tickets_wrap_around() {
    two_threads_from(u32::MAX);
    two_threads_from(u32::MAX - 1);
}

/// Breaks if one ticket is served twice, or one is left out.
#[test]
fn many_threads_exclude_each_other_where_the_tickets_wrap_around() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(4, || {
        let lock = Arc::new(TicketLock::at(u32::MAX - 1, 0));
        let others: Vec<_> = (0..THREADS).map(|_| with(&lock, increment)).collect();
        increment(&lock);
        others.into_iter().for_each(|other| other.join());
        assert_eq!(*lock.lock(), THREADS as u32 + 1);
    });
}

/// Breaks if a `try_lock` that fails has drawn a ticket, or one that succeeds has not: the next lock would wait for ever.
#[test]
fn try_lock_draws_a_ticket_only_if_it_is_served() {
    model(|| {
        let lock = Arc::new(TicketLock::at(u32::MAX, 0));
        let other = with(&lock, |lock| lock.try_lock().map(|mut value| *value += 1).is_some());
        let mine = lock.try_lock().map(|mut value| *value += 1).is_some();
        let count = u32::from(mine) + u32::from(other.join());
        assert!(count > 0, "one of them came first");
        assert_eq!(*lock.lock(), count);
    });
}

/// The sentence on fairness of the type.
#[test]
fn threads_are_served_in_the_order_in_which_they_came() {
    // Three threads: each preemption more takes about ten times as long.
    model_bounded(3, || {
        let lock = Arc::new(TicketLock::at(u32::MAX, Vec::new()));
        let guard = lock.lock();
        let waiters = [1, 2].map(|place| {
            let waiter = with(&lock, move |lock: &TicketLock<Vec<i32>>| lock.lock().push(place));
            wait_until(|| lock.drawn() > place as u32);
            waiter
        });
        drop(guard);
        waiters.into_iter().for_each(|waiter| waiter.join());
        assert_eq!(*lock.lock(), [1, 2]);
    });
}

/// The other sentence: breaks if `try_lock` looks only at whether somebody has the lock, or draws a ticket and waits.
#[test]
fn try_lock_passes_nobody_who_waits() {
    model(|| {
        let lock = Arc::new(TicketLock::new(0));
        let guard = lock.lock();
        let waiter = with(&lock, increment);
        wait_until(|| lock.drawn() == 2);
        assert!(lock.try_lock().is_none());
        drop(guard);
        if let Some(value) = lock.try_lock() {
            assert_eq!(*value, 1, "the waiter has been served");
        }
        waiter.join();
    });
}
