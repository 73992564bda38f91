//! Guards of a part of the value.
//!
//! G2. The part is reached by the guard alone, for as long as it lives: it was lent by a guard whose claim and hold it has taken
//!     over (G1).

#![expect(unsafe_code, reason = "a part of the value is kept as a pointer")]

#[cfg(feature = "alloc")]
use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use latchwork_core::sync::cell::{Claim, SharedClaim};

use crate::guard::{ReadGuard, WriteGuard};
use crate::handle::{Handle, Held};
use crate::lock::RwLock;

/// A reader's share of a lock, narrowed to a part of the value. Otherwise as [`ReadGuard`].
#[must_use = "the lock is released when the guard is dropped"]
pub struct MappedReadGuard<H: Handle, U: ?Sized> {
    part: NonNull<U>,
    // Ends first (G1).
    claim: SharedClaim,
    held: Held<H>,
}

/// A reader's share of a borrowed lock, narrowed to a part of the value.
pub type MappedRwLockReadGuard<'a, T, U> = MappedReadGuard<&'a RwLock<T>, U>;
/// A reader's share of a lock in an `Arc`, narrowed to a part of the value.
#[cfg(feature = "alloc")]
pub type OwnedMappedRwLockReadGuard<T, U> = MappedReadGuard<Arc<RwLock<T>>, U>;

/// The writer's lock, narrowed to a part of the value. Otherwise as [`WriteGuard`], but that it cannot be downgraded: others could
/// change the rest of the value then.
#[must_use = "the lock is released when the guard is dropped"]
pub struct MappedWriteGuard<H: Handle, U: ?Sized> {
    part: NonNull<U>,
    /// Lends `U` exclusively, and is invariant in it.
    lends: PhantomData<*mut U>,
    // Ends first (G1).
    claim: Claim,
    held: Held<H>,
}

/// The writer's lock of a borrowed lock, narrowed to a part of the value.
pub type MappedRwLockWriteGuard<'a, T, U> = MappedWriteGuard<&'a RwLock<T>, U>;
/// The writer's lock of a lock in an `Arc`, narrowed to a part of the value.
#[cfg(feature = "alloc")]
pub type OwnedMappedRwLockWriteGuard<T, U> = MappedWriteGuard<Arc<RwLock<T>>, U>;

/// `map` and `try_map` of a guard of `$Value`, by shared or exclusive references.
macro_rules! narrows {
    (
        [$($generics:tt)*] $Guard:ty, of $Value:ty, to $Mapped:ident by [$($reference:tt)+],
        |$guard:ident $(as $mutable:tt)?| $whole:expr, $take:expr;
        example: $name:literal, $lock:literal, $part:literal;
    ) => {
        impl<$($generics)*> $Guard {
            /// Narrows the guard to a part of the value. An associated function, so that it hides no method of the value.
            ///
            /// # Examples
            ///
            /// ```
            /// # use latchwork_rwlock::*;
            /// let lock = RwLock::new((1, 2));
            #[doc = concat!("let guard = ", $lock, ";")]
            #[doc = concat!("assert_eq!(*", $name, "::map(guard, |value| ", $part, "), 2);")]
            /// ```
            #[inline]
            pub fn map<V: ?Sized>(
                guard: Self,
                part: impl FnOnce($($reference)+ $Value) -> $($reference)+ V,
            ) -> $Mapped<H, V> {
                let $($mutable)? $guard = guard;
                let part = NonNull::from(part($whole));
                $take(part, $guard)
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
            /// # use latchwork_rwlock::*;
            /// let lock = RwLock::new((1, 2));
            #[doc = concat!("let guard = ", $lock, ";")]
            #[doc = concat!("let part = ", $name, "::try_map(guard, |value| Some(", $part, "));")]
            /// assert_eq!(part.ok().as_deref(), Some(&2));
            #[doc = concat!("let guard = ", $lock, ";")]
            #[doc = concat!("let part = ", $name, "::try_map(guard, |value| (value.1 > 2).then_some(", $part, "));")]
            /// assert!(part.is_err());
            /// ```
            #[inline]
            pub fn try_map<V: ?Sized>(
                guard: Self,
                part: impl FnOnce($($reference)+ $Value) -> Option<$($reference)+ V>,
            ) -> Result<$Mapped<H, V>, Self> {
                let $($mutable)? $guard = guard;
                match part($whole).map(NonNull::from) {
                    Some(part) => Ok($take(part, $guard)),
                    None => Err($guard),
                }
            }
        }
    };
}

narrows! {
    [H: Handle] ReadGuard<H>, of H::Value, to MappedReadGuard by [&],
    |guard| &*guard, |part, guard: ReadGuard<H>| MappedReadGuard { part, claim: guard.claim, held: guard.held };
    example: "RwLockReadGuard", "lock.read()", "&value.1";
}
narrows! {
    [H: Handle] WriteGuard<H>, of H::Value, to MappedWriteGuard by [&mut],
    |guard as mut| &mut *guard,
    |part, guard: WriteGuard<H>| MappedWriteGuard { part, lends: PhantomData, claim: guard.claim, held: guard.held };
    example: "RwLockWriteGuard", "lock.write()", "&mut value.1";
}
narrows! {
    [H: Handle, U: ?Sized] MappedReadGuard<H, U>, of U, to MappedReadGuard by [&],
    |guard| &*guard, |part, guard: Self| MappedReadGuard { part, claim: guard.claim, held: guard.held };
    example: "MappedRwLockReadGuard", "RwLockReadGuard::map(lock.read(), |value| value)", "&value.1";
}
narrows! {
    [H: Handle, U: ?Sized] MappedWriteGuard<H, U>, of U, to MappedWriteGuard by [&mut],
    |guard as mut| &mut *guard,
    |part, guard: Self| MappedWriteGuard { part, lends: PhantomData, claim: guard.claim, held: guard.held };
    example: "MappedRwLockWriteGuard", "RwLockWriteGuard::map(lock.write(), |value| value)", "&mut value.1";
}

impl<H: Handle, U: ?Sized> Deref for MappedReadGuard<H, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: nobody writes the value (G1, G2), and the guard is borrowed for as long as the reference lives.
        unsafe { self.part.as_ref() }
    }
}

impl<H: Handle, U: ?Sized> Deref for MappedWriteGuard<H, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        // SAFETY: nobody else reaches the part (G2), and the guard is borrowed for as long as the reference lives.
        unsafe { self.part.as_ref() }
    }
}

impl<H: Handle, U: ?Sized> DerefMut for MappedWriteGuard<H, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        // SAFETY: nobody else reaches the part (G2), and the guard is borrowed exclusively.
        unsafe { self.part.as_mut() }
    }
}

impl<H: Handle, U: ?Sized + fmt::Debug> fmt::Debug for MappedReadGuard<H, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<H: Handle, U: ?Sized + fmt::Debug> fmt::Debug for MappedWriteGuard<H, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

// SAFETY: it lends `&U`, wherever it is; the hold goes where its handle may (the claim is a checker's, or nothing).
unsafe impl<H: Handle + Send, U: ?Sized + Sync> Send for MappedReadGuard<H, U> {}
// SAFETY: it lends `&U`.
unsafe impl<H: Handle + Sync, U: ?Sized + Sync> Sync for MappedReadGuard<H, U> {}
// SAFETY: it lends `&mut U` to the thread that has it; the hold goes where its handle may.
unsafe impl<H: Handle + Send, U: ?Sized + Send> Send for MappedWriteGuard<H, U> {}
// SAFETY: `&` of it lends `&U`.
unsafe impl<H: Handle + Sync, U: ?Sized + Sync> Sync for MappedWriteGuard<H, U> {}
