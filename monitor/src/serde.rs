//! Monitors in the data model of serde: each is written and read as its value alone.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Monitor;

impl<T: Serialize> Serialize for Monitor<T> {
    /// Writes the value, inside until it has been written: see [`enter`](Self::enter). No predicate is asked then, since nothing has
    /// changed. Conditions are not written.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread is inside, or if the value, while it is written, enters this very monitor.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.enter().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Monitor<T> {
    /// A monitor around what is read, which nobody is in, and which has no condition.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}
