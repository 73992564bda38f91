//! Locks in the data model of serde: each is written and read as its value alone.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Relax, RwSpinLock, SpinLock, TicketLock};

impl<T: ?Sized + Serialize, R: Relax> Serialize for SpinLock<T, R> {
    /// Writes the value, locked until it has been written: see [`lock`](Self::lock). Others spin for as long.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread holds the lock, or if the value, while it is written, locks this very lock.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.lock().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, R> Deserialize<'de> for SpinLock<T, R> {
    /// A free lock around what is read.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::with_relax)
    }
}

impl<T: ?Sized + Serialize> Serialize for TicketLock<T> {
    /// Writes the value, locked until it has been written: see [`lock`](Self::lock). Others spin for as long.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread holds the lock, or if the value, while it is written, locks this very lock.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.lock().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for TicketLock<T> {
    /// A free lock around what is read.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}

impl<T: ?Sized + Serialize> Serialize for RwSpinLock<T> {
    /// Writes the value, which others may read meanwhile: see [`read`](Self::read). Writers spin for as long.
    ///
    /// # Deadlocks
    ///
    /// Waits for ever if this thread writes, or if it reads and a writer has come since.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.read().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for RwSpinLock<T> {
    /// A free lock around what is read.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}
