//! Locks in the data model of serde: each is written and read as its value alone.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Mutex, ReentrantLock};

impl<T: ?Sized + Serialize> Serialize for Mutex<T> {
    /// Writes the value, locked until it has been written: see [`lock`](Self::lock).
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread holds the lock, or if the value, while it is written, locks this very mutex.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.lock().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Mutex<T> {
    /// An unlocked mutex around what is read.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}

impl<T: ?Sized + Serialize> Serialize for ReentrantLock<T> {
    /// Writes the value, locked by this thread until it has been written: see [`lock`](Self::lock). A thread that holds the lock
    /// enters it again.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread holds the lock as an [`Owner`](crate::Owner).
    ///
    /// # Panics
    ///
    /// As [`lock`](Self::lock): above all, if the value is lent for writing.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.lock().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ReentrantLock<T> {
    /// An unlocked lock around what is read.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}
