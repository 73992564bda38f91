//! Locks in serde's data model: each is its value alone, and is locked while that is written.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use latchwork_spinlock::{Pause, RwSpinLock, SpinLock, TicketLock};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{from_str, to_string};

#[derive(Serialize, Deserialize)]
struct Counters {
    spin: SpinLock<Vec<u8>>,
    pause: SpinLock<u8, Pause>,
    ticket: TicketLock<u8>,
    limit: RwSpinLock<u8>,
}

/// Written as what is asked at that moment.
struct Asks(fn() -> bool);

impl Serialize for Asks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool((self.0)())
    }
}

#[test]
fn a_lock_is_written_and_read_as_its_value() {
    let counters: Counters = from_str(r#"{"spin":[1],"pause":2,"ticket":3,"limit":4}"#).unwrap();
    counters.spin.lock().push(5);
    *counters.pause.lock() += 10;
    *counters.ticket.lock() += 20;
    *counters.limit.write() += 30;
    assert_eq!(to_string(&counters).unwrap(), r#"{"spin":[1,5],"pause":12,"ticket":23,"limit":34}"#);
    assert!(counters.spin.try_lock().is_some() && counters.pause.try_lock().is_some());
    assert!(counters.ticket.try_lock().is_some() && counters.limit.try_write().is_some());
}

#[test]
fn what_is_no_value_is_no_lock() {
    assert!(from_str::<SpinLock<u8>>("256").is_err());
    assert!(from_str::<TicketLock<u8>>("256").is_err());
    assert!(from_str::<RwSpinLock<u8>>("256").is_err());
}

#[test]
fn a_value_without_a_known_size_is_written() {
    let (spin, ticket): (&SpinLock<[u8]>, &TicketLock<[u8]>) = (&SpinLock::new([1, 2]), &TicketLock::new([3, 4]));
    let limit: &RwSpinLock<[u8]> = &RwSpinLock::new([5, 6]);
    assert_eq!(to_string(&(spin, ticket, limit)).unwrap(), "[[1,2],[3,4],[5,6]]");
}

#[test]
fn a_lock_is_held_while_its_value_is_written() {
    static SPIN: SpinLock<Asks> = SpinLock::new(Asks(|| SPIN.try_lock().is_none()));
    static TICKET: TicketLock<Asks> = TicketLock::new(Asks(|| TICKET.try_lock().is_none()));
    assert_eq!(to_string(&(&SPIN, &TICKET)).unwrap(), "[true,true]");
    assert!(SPIN.try_lock().is_some() && TICKET.try_lock().is_some());
}

#[test]
fn others_may_read_and_not_write_while_the_value_is_written() {
    static LOCK: RwSpinLock<Asks> = RwSpinLock::new(Asks(|| LOCK.try_read().is_some() && LOCK.try_write().is_none()));
    assert_eq!(to_string(&LOCK).unwrap(), "true");
    assert!(LOCK.try_write().is_some());
}
