//! Locks in the data model of serde: each is written and read as its value alone.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::RwLock;

impl<T: ?Sized + Serialize> Serialize for RwLock<T> {
    /// Writes the value, which others may read meanwhile: see [`read`](Self::read). The [policy](crate::Policy) is not written.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread has the lock to write, or if it reads and a writer waits.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.read().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for RwLock<T> {
    /// A free lock around what is read, which prefers writers.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}
