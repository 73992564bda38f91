//! Atomics and fences: shuttle's, with what each value publishes. Only the operations that are in use.

use std::fmt;

pub use shuttle::sync::atomic::Ordering;

use super::clocks::{self, Published};

/// A fence, by the ordering that is asked for.
pub fn fence(ordering: Ordering) {
    shuttle::sync::atomic::fence(ordering);
    clocks::fence(ordering);
}

/// The atomic of one type of value. Shuttle may switch threads only before an operation: what follows is one step with it.
macro_rules! atomic {
    ($(#[$meta:meta])* $Atomic:ident $(<$T:ident>)?, $Value:ty $(, $operation:ident)*) => {
        $(#[$meta])*
        #[derive(Default)]
        pub struct $Atomic $(<$T>)? {
            value: shuttle::sync::atomic::$Atomic $(<$T>)?,
            published: Published,
        }

        impl $(<$T>)? $Atomic $(<$T>)? {
            /// An atomic that holds this value.
            pub const fn new(value: $Value) -> Self {
                Self { value: shuttle::sync::atomic::$Atomic::new(value), published: Published::new() }
            }

            /// Reads the value.
            pub fn load(&self, ordering: Ordering) -> $Value {
                let value = self.value.load(ordering);
                self.published.load(ordering);
                value
            }

            /// Writes a value.
            pub fn store(&self, value: $Value, ordering: Ordering) {
                self.value.store(value, ordering);
                self.published.store(ordering);
            }

            /// Writes a value, and returns the one before.
            pub fn swap(&self, value: $Value, ordering: Ordering) -> $Value {
                let before = self.value.swap(value, ordering);
                self.published.update(ordering);
                before
            }

            /// Writes a value if the one before is the expected one, and returns that.
            ///
            /// # Errors
            ///
            /// The value, where it is another: that is a load with the ordering `failure`.
            pub fn compare_exchange(
                &self,
                expected: $Value,
                value: $Value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$Value, $Value> {
                let result = self.value.compare_exchange(expected, value, success, failure);
                match result {
                    Ok(_) => self.published.update(success),
                    Err(_) => self.published.load(failure),
                }
                result
            }

            $(
                /// Replaces the value by what the operation makes of it and the operand, and returns the one before.
                pub fn $operation(&self, operand: $Value, ordering: Ordering) -> $Value {
                    let before = self.value.$operation(operand, ordering);
                    self.published.update(ordering);
                    before
                }
            )*
        }

        impl $(<$T>)? fmt::Debug for $Atomic $(<$T>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.value.fmt(f)
            }
        }
    };
}

atomic!(
    /// A `bool`.
    AtomicBool,
    bool
);
atomic!(
    /// A pointer.
    AtomicPtr<T>,
    *mut T
);
atomic!(
    /// A `u8`.
    AtomicU8,
    u8,
    fetch_add,
    fetch_sub,
    fetch_or
);
atomic!(
    /// A `u32`.
    AtomicU32,
    u32,
    fetch_add,
    fetch_sub,
    fetch_or
);
atomic!(
    /// A `u64`.
    AtomicU64,
    u64,
    fetch_add,
    fetch_sub,
    fetch_or
);

impl AtomicU32 {
    /// What the kernel sees of a futex word: to it, no value publishes anything.
    pub(super) fn look(&self) -> u32 {
        self.value.load(Ordering::Relaxed)
    }
}
