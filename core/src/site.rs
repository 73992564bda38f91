//! Places of calls, where somebody wants to know them: for events, or for reports of deadlocks.

pub use imp::Site;

#[cfg(all(
    any(feature = "tracing", all(latchwork_deadlock, feature = "std")),
    not(any(latchwork = "loom", latchwork = "shuttle"))
))]
mod imp {
    use core::panic::Location;

    /// The place of a call.
    #[derive(Clone, Copy, Debug)]
    pub struct Site(Option<&'static Location<'static>>);

    impl Site {
        /// That of no call: a wait that is a part of another, which is told instead.
        pub const NOWHERE: Self = Self(None);

        /// That of the caller.
        #[inline]
        #[must_use]
        #[track_caller]
        pub const fn here() -> Self {
            Self(Some(Location::caller()))
        }

        /// That which is known.
        #[inline]
        #[must_use]
        pub const fn location(self) -> Option<&'static Location<'static>> {
            self.0
        }

        /// Whether it is that of a call.
        #[inline]
        #[must_use]
        pub const fn is_known(self) -> bool {
            self.0.is_some()
        }

        #[cfg(feature = "tracing")]
        pub(crate) const fn at(location: &'static Location<'static>) -> Self {
            Self(Some(location))
        }
    }
}

#[cfg(not(all(
    any(feature = "tracing", all(latchwork_deadlock, feature = "std")),
    not(any(latchwork = "loom", latchwork = "shuttle"))
)))]
mod imp {
    /// The place of a call, which nobody wants to know.
    #[derive(Clone, Copy, Debug)]
    pub struct Site(());

    impl Site {
        /// That of no call.
        pub const NOWHERE: Self = Self(());

        /// That of the caller.
        #[inline]
        #[must_use]
        pub const fn here() -> Self {
            Self(())
        }

        /// Whether it is that of a call.
        #[inline]
        #[must_use]
        pub const fn is_known(self) -> bool {
            false
        }
    }
}
