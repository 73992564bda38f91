//! What a thread does not do again while it does it.

use core::cell::Cell;
use std::thread::LocalKey;

/// A time in which a flag of this thread is set.
pub(crate) struct Busy(&'static LocalKey<Cell<bool>>);

impl Busy {
    /// `None` where it is set already, or the thread ends.
    pub(crate) fn begin(flag: &'static LocalKey<Cell<bool>>) -> Option<Self> {
        let was_set = flag.try_with(|flag| flag.replace(true)).unwrap_or(true);
        (!was_set).then_some(Self(flag))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.0.try_with(|flag| flag.set(false));
    }
}
