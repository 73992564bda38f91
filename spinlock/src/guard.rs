//! What the guards of all locks have in common.
//!
//! A guard is a loan of the value and a hold of the lock, in this order: the loan ends first (L2). No guard has a `Drop`
//! of its own, so that it can be taken apart and put together as another.

/// What every guard implements by the value that it lends; `exclusive` for those that lend it for writing, too.
macro_rules! guard_traits {
    ($guard:ident, shared) => {
        impl<T: ?Sized> core::ops::Deref for $guard<'_, T> {
            type Target = T;

            #[inline]
            fn deref(&self) -> &T {
                &self.loan
            }
        }

        impl<T: ?Sized + core::fmt::Debug> core::fmt::Debug for $guard<'_, T> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<T: ?Sized + core::fmt::Display> core::fmt::Display for $guard<'_, T> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                (**self).fmt(f)
            }
        }
    };
    ($guard:ident, exclusive) => {
        $crate::guard::guard_traits!($guard, shared);

        impl<T: ?Sized> core::ops::DerefMut for $guard<'_, T> {
            #[inline]
            fn deref_mut(&mut self) -> &mut T {
                &mut self.loan
            }
        }
    };
}

/// A guard that can be narrowed to a part of its value and stay what it is, since it can do no more than be dropped.
///
/// `lends` is `Exclusive` with `&mut`, or `Shared` with `&`; `example` makes a guard of `lock` for the documentation.
macro_rules! narrowing_guard {
    (
        $(#[$meta:meta])*
        pub struct $guard:ident: $kind:ident, lends $loan:ident by [$($reference:tt)+], holds $held:ident;
        example: $lock:ident, $example:literal;
    ) => {
        $(#[$meta])*
        #[must_use = "the lock is released when the guard is dropped"]
        pub struct $guard<'a, T: ?Sized> {
            // Ends first (L2).
            loan: $crate::lend::$loan<'a, T>,
            held: $held<'a>,
        }

        impl<'a, T: ?Sized> $guard<'a, T> {
            #[inline]
            pub(crate) fn new(loan: $crate::lend::$loan<'a, T>, held: $held<'a>) -> Self {
                Self { loan, held }
            }

            /// Narrows the guard to a part of the value. An associated function, so that it hides no method of the value.
            ///
            /// # Examples
            ///
            /// ```
            /// # use latchwork_spinlock::*;
            #[doc = concat!("let lock = ", stringify!($lock), "::new((1, 2));")]
            #[doc = concat!("let guard = ", $example, ";")]
            #[doc = concat!(
                "assert_eq!(*", stringify!($guard), "::map(guard, |pair| ", stringify!($($reference)+), " pair.1), 2);"
            )]
            /// ```
            #[inline]
            pub fn map<U: ?Sized>(
                guard: Self,
                part: impl FnOnce($($reference)+ T) -> $($reference)+ U,
            ) -> $guard<'a, U> {
                // Where the call panics, the loan ends before the lock is released: the last declared is dropped first.
                let Self { held, loan } = guard;
                $guard { loan: loan.map(part), held }
            }

            /// Narrows the guard to a part of the value, if there is such a part.
            ///
            /// # Errors
            ///
            /// The guard, where there is not.
            ///
            /// # Examples
            ///
            /// ```
            /// # use latchwork_spinlock::*;
            #[doc = concat!("let lock = ", stringify!($lock), "::new([1]);")]
            #[doc = concat!("let guard = ", $example, ";")]
            #[doc = concat!(
                "let guard = ", stringify!($guard), "::try_map(guard, |_| None::<", stringify!($($reference)+),
                " u8>).unwrap_err();"
            )]
            /// assert_eq!(*guard, [1]);
            /// ```
            #[inline]
            pub fn try_map<U: ?Sized>(
                guard: Self,
                part: impl FnOnce($($reference)+ T) -> Option<$($reference)+ U>,
            ) -> Result<$guard<'a, U>, Self> {
                let Self { held, loan } = guard;
                match loan.try_map(part) {
                    Ok(loan) => Ok($guard { loan, held }),
                    Err(loan) => Err(Self { loan, held }),
                }
            }
        }

        $crate::guard::guard_traits!($guard, $kind);
        $crate::guard::leak!($guard, $kind, $lock, $example);
    };
}

/// `leak`, of a guard.
macro_rules! leak {
    ($guard:ident, exclusive, $lock:ident, $example:literal) => {
        $crate::guard::leak!($guard, [&'a mut T], "&mut i32", $lock, $example);
    };
    ($guard:ident, shared, $lock:ident, $example:literal) => {
        $crate::guard::leak!($guard, [&'a T], "&i32", $lock, $example);
    };
    ($guard:ident, [$($reference:tt)+], $shown:literal, $lock:ident, $example:literal) => {
        impl<'a, T: ?Sized> $guard<'a, T> {
            /// Never releases the lock, and leaves the value to the caller for as long as the lock lives.
            ///
            /// # Examples
            ///
            /// ```
            /// # use latchwork_spinlock::*;
            #[doc = concat!("let lock = ", stringify!($lock), "::new(7);")]
            #[doc = concat!("let value: ", $shown, " = ", stringify!($guard), "::leak(", $example, ");")]
            /// assert_eq!(*value, 7);
            /// assert!(lock.is_locked());
            /// ```
            #[inline]
            #[must_use = "the lock is never released; `mem::forget` says so better"]
            pub fn leak(guard: Self) -> $($reference)+ {
                core::mem::forget(guard.held);
                guard.loan.leak()
            }
        }
    };
}

pub(crate) use {guard_traits, leak, narrowing_guard};
