//! The lock in serde's data model: it is its value alone, and others may read while that is written.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use latchwork_rwlock::{Policy, RwLock};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{from_str, to_string};

#[derive(Serialize, Deserialize)]
struct Configuration {
    routes: RwLock<Vec<String>>,
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
    let configuration: Configuration = from_str(r#"{"routes":["/"]}"#).unwrap();
    configuration.routes.write().push("/help".to_owned());
    assert_eq!(to_string(&configuration).unwrap(), r#"{"routes":["/","/help"]}"#);
    assert!(configuration.routes.try_write().is_some());
}

#[test]
fn the_policy_is_not_written() {
    let lock = RwLock::with_policy(7, Policy::PhaseFair);
    let text = to_string(&lock).unwrap();
    assert_eq!(text, "7");
    assert_eq!(from_str::<RwLock<u8>>(&text).unwrap().policy(), Policy::WriterPreferring);
}

#[test]
fn what_is_no_value_is_no_lock() {
    assert!(from_str::<RwLock<u8>>("256").is_err());
}

#[test]
fn a_value_without_a_known_size_is_written() {
    let lock: &RwLock<[u8]> = &RwLock::new([1, 2]);
    assert_eq!(to_string(lock).unwrap(), "[1,2]");
}

#[test]
fn others_may_read_and_not_write_while_the_value_is_written() {
    static LOCK: RwLock<Asks> = RwLock::new(Asks(|| LOCK.try_read().is_some() && LOCK.try_write().is_none()));
    assert_eq!(to_string(&LOCK).unwrap(), "true");
    assert!(LOCK.try_write().is_some());
}
