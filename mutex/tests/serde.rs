//! Locks in serde's data model: each is its value alone, and is locked while that is written.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

use std::panic::{AssertUnwindSafe, catch_unwind};

use latchwork_mutex::{Mutex, ReentrantLock, ReentrantLockGuard};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{from_str, to_string};

#[derive(Serialize, Deserialize)]
struct Account {
    entries: Mutex<Vec<i32>>,
    owner: ReentrantLock<String>,
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
    let text = r#"{"entries":[3,-1],"owner":"Ada"}"#;
    let account: Account = from_str(text).unwrap();
    account.entries.lock().push(4);
    assert_eq!(*account.owner.lock(), "Ada");
    assert_eq!(to_string(&account).unwrap(), r#"{"entries":[3,-1,4],"owner":"Ada"}"#);
    assert!(account.entries.try_lock().is_some() && !account.owner.is_locked());
}

#[test]
fn what_is_no_value_is_no_lock() {
    assert!(from_str::<Mutex<u8>>("256").is_err());
    assert!(from_str::<ReentrantLock<u8>>("256").is_err());
}

#[test]
fn a_value_without_a_known_size_is_written() {
    let (mutex, lock): (&Mutex<[u8]>, &ReentrantLock<[u8]>) = (&Mutex::new([1, 2]), &ReentrantLock::new([3, 4]));
    assert_eq!(to_string(&(mutex, lock)).unwrap(), "[[1,2],[3,4]]");
}

#[test]
fn a_lock_is_held_while_its_value_is_written() {
    static MUTEX: Mutex<Asks> = Mutex::new(Asks(|| MUTEX.try_lock().is_none()));
    static LOCK: ReentrantLock<Asks> = ReentrantLock::new(Asks(|| LOCK.is_held_by_current_thread()));
    assert_eq!(to_string(&(&MUTEX, &LOCK)).unwrap(), "[true,true]");
    assert!(MUTEX.try_lock().is_some() && !LOCK.is_locked());
}

#[test]
fn a_thread_that_holds_a_reentrant_lock_writes_its_value() {
    let lock = ReentrantLock::new(7);
    let mut guard = lock.lock();
    assert_eq!(to_string(&lock).unwrap(), "7");

    let loan = ReentrantLockGuard::get_mut(&mut guard).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| to_string(&lock))).is_err());
    drop(loan);
    assert_eq!(to_string(&lock).unwrap(), "7");
}
