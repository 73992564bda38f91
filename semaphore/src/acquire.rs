//! What both semaphores have: the ways to acquire permits, written once.

/// The methods of `$Semaphore`, which has a field `raw`, a `MAX_PERMITS`, and a `new` that takes a number of permits.
macro_rules! acquire_methods {
    ($Semaphore:ident, $Layout:ident) => {
        impl $Semaphore {
            /// Acquires a permit, blocking this thread until one is free. Dropping it gives it back.
            ///
            /// # Fairness
            ///
            #[doc = concat!("See [`", stringify!($Semaphore), "`](Self#fairness).")]
            ///
            /// # Deadlocks
            ///
            #[doc = concat!("See [`", stringify!($Semaphore), "`](Self#deadlocks).")]
            ///
            /// # Errors
            ///
            /// [`Closed`], if the semaphore is, or is before a permit is free.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(1);")]
            /// let permit = semaphore.acquire().unwrap();
            /// assert_eq!(semaphore.available_permits(), 0);
            /// # drop(permit);
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn acquire(&self) -> Result<Permit<'_, Self>, Closed> {
                self.acquire_many(1)
            }

            /// Acquires so many permits at once, blocking this thread until they are free. None are taken before all are.
            ///
            /// No permits are acquired at once, however many are free.
            ///
            /// # Errors
            ///
            /// As for [`acquire`](Self::acquire).
            ///
            /// # Panics
            ///
            /// If they are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(3);")]
            /// let permit = semaphore.acquire_many(2).unwrap();
            /// assert_eq!((permit.count(), semaphore.available_permits()), (2, 1));
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn acquire_many(&self, permits: usize) -> Result<Permit<'_, Self>, Closed> {
                self.acquire_before(permits, None).map(|acquired| acquired.expect("there is no deadline"))
            }

            /// Acquires a permit if one is free, and gathers for nobody. Never blocks.
            ///
            /// # Errors
            ///
            /// Why it has not.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::{", stringify!($Semaphore), ", TryAcquireError};")]
            #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(1);")]
            /// let permit = semaphore.try_acquire().unwrap();
            /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
            /// # drop(permit);
            /// ```
            #[inline]
            pub fn try_acquire(&self) -> Result<Permit<'_, Self>, TryAcquireError> {
                self.try_acquire_many(1)
            }

            /// Acquires so many permits if they are free, and gather for nobody. Never blocks.
            ///
            /// # Errors
            ///
            /// Why it has not.
            ///
            /// # Panics
            ///
            /// If they are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(3);")]
            /// assert!(semaphore.try_acquire_many(4).is_err());
            /// assert!(semaphore.try_acquire_many(3).is_ok());
            /// ```
            #[inline]
            pub fn try_acquire_many(&self, permits: usize) -> Result<Permit<'_, Self>, TryAcquireError> {
                match self.raw.try_acquire(Self::counted(permits)) {
                    Ok(()) => Ok(Permit::new(self, permits)),
                    Err(Held::Locked | Held::Reserved) => Err(TryAcquireError::NoPermits),
                    Err(Held::Never(closed)) => Err(closed.into()),
                }
            }

            /// Acquires a permit, blocking this thread for at most `timeout`.
            ///
            /// A timeout of zero makes one attempt. One that reaches beyond what the clock can tell, like [`Duration::MAX`],
            /// is no timeout.
            ///
            /// # Errors
            ///
            /// Why it has not.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            /// use std::time::Duration;
            ///
            #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(1);")]
            /// let permit = semaphore.try_acquire_for(Duration::MAX).unwrap();
            /// assert!(semaphore.try_acquire_for(Duration::from_millis(1)).is_err());
            /// # drop(permit);
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn try_acquire_for(&self, timeout: Duration) -> Result<Permit<'_, Self>, TryAcquireError> {
                self.try_acquire_many_for(1, timeout)
            }

            /// Acquires so many permits at once, blocking this thread for at most `timeout`.
            ///
            /// # Errors
            ///
            /// Why it has not.
            ///
            /// # Panics
            ///
            /// If they are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            /// use std::time::Duration;
            ///
            #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(3);")]
            /// assert!(semaphore.try_acquire_many_for(4, Duration::from_millis(1)).is_err());
            /// ```
            #[cfg(feature = "std")]
            #[track_caller]
            pub fn try_acquire_many_for(
                &self,
                permits: usize,
                timeout: Duration,
            ) -> Result<Permit<'_, Self>, TryAcquireError> {
                match self.try_acquire_many(permits) {
                    Err(TryAcquireError::NoPermits) => {
                        let acquired = self.acquire_before(permits, Instant::now().checked_add(timeout))?;
                        acquired.ok_or(TryAcquireError::NoPermits)
                    }
                    acquired => acquired,
                }
            }

            /// Acquires a permit, blocking this thread until `deadline` at the latest. One attempt, where that has passed.
            ///
            /// # Errors
            ///
            /// Why it has not.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            /// use std::time::Instant;
            ///
            #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(1);")]
            /// assert!(semaphore.try_acquire_until(Instant::now()).is_ok());
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn try_acquire_until(&self, deadline: Instant) -> Result<Permit<'_, Self>, TryAcquireError> {
                self.try_acquire_many_until(1, deadline)
            }

            /// Acquires so many permits at once, blocking this thread until `deadline` at the latest.
            ///
            /// # Errors
            ///
            /// Why it has not.
            ///
            /// # Panics
            ///
            /// If they are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            /// use std::time::Instant;
            ///
            #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(3);")]
            /// assert!(semaphore.try_acquire_many_until(3, Instant::now()).is_ok());
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn try_acquire_many_until(
                &self,
                permits: usize,
                deadline: Instant,
            ) -> Result<Permit<'_, Self>, TryAcquireError> {
                self.acquire_before(permits, Some(deadline))?.ok_or(TryAcquireError::NoPermits)
            }

            const_unless_checked! {
                /// Acquires a permit, waiting asynchronously until one is free. Dropping it gives it back.
                ///
                /// Nothing happens before the first poll. The future allocates nothing, works in any runtime, and may be polled
                /// by any task; it is not `Unpin`.
                ///
                /// # Fairness
                ///
                #[doc = concat!("See [`", stringify!($Semaphore), "`](Self#fairness).")]
                ///
                /// # Cancel safety
                ///
                /// Dropping the future loses its place in the queue, and nothing else: a wake-up that it had been sent is passed
                /// on, and what has gathered for it is there for those behind it. A future that is neither polled nor dropped
                /// owns nothing.
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
                /// # futures_lite::future::block_on(async {
                #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(1);")]
                /// let permit = semaphore.acquire_async().await.unwrap();
                /// assert_eq!(semaphore.available_permits(), 0);
                /// # drop(permit);
                /// # });
                /// ```
                #[inline]
                #[track_caller]
                pub const fn acquire_async(&self) -> Acquire<'_, Self> {
                    Acquire::new(self, 1)
                }
            }

            const_unless_checked! {
                /// Acquires so many permits at once, waiting asynchronously until they are free. Otherwise as
                /// [`acquire_async`](Self::acquire_async).
                ///
                /// # Panics
                ///
                /// If they are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
                /// # futures_lite::future::block_on(async {
                #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(3);")]
                /// let permit = semaphore.acquire_many_async(2).await.unwrap();
                /// assert_eq!((permit.count(), semaphore.available_permits()), (2, 1));
                /// # });
                /// ```
                #[inline]
                #[track_caller]
                pub const fn acquire_many_async(&self, permits: usize) -> Acquire<'_, Self> {
                    Self::counted(permits);
                    Acquire::new(self, permits)
                }
            }

            /// How many permits are free at this moment, those too that gather for somebody. The answer may be old when it
            /// arrives.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(3);")]
            /// let permit = semaphore.acquire().unwrap();
            /// assert_eq!(semaphore.available_permits(), 2);
            /// # drop(permit);
            /// ```
            #[inline]
            #[must_use]
            pub fn available_permits(&self) -> usize {
                self.raw.free().max(0) as usize
            }

            /// How many permits are owed at this moment: so many of those that are given back next are not free. The answer may
            /// be old when it arrives.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(3);")]
            /// assert_eq!(semaphore.debt(), 0); // no more has been taken away than is free
            /// ```
            #[inline]
            #[must_use]
            pub fn debt(&self) -> usize {
                (-self.raw.free()).max(0) as usize
            }

            /// Closes the semaphore for good: whoever waits is woken with [`Closed`], and nobody acquires any more. Permits that
            /// are out may still be given back.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(1);")]
            /// semaphore.close();
            /// assert!(semaphore.acquire().is_err());
            /// ```
            pub fn close(&self) {
                self.raw.close();
            }

            /// Whether the semaphore has been closed.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            #[doc = concat!("let semaphore = ", stringify!($Semaphore), "::new(3);")]
            /// semaphore.close();
            /// assert!(semaphore.is_closed() && semaphore.acquire().is_err());
            /// ```
            #[inline]
            #[must_use]
            pub fn is_closed(&self) -> bool {
                self.raw.is_closed()
            }

            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            fn acquire_before(
                &self,
                permits: usize,
                deadline: Option<Instant>,
            ) -> Result<Option<Permit<'_, Self>>, Closed> {
                let is_in = self.raw.acquire_until(Self::counted(permits), deadline)?;
                Ok(is_in.then(|| Permit::new(self, permits)))
            }

            /// A number of permits as the word counts them.
            #[inline]
            const fn counted(permits: usize) -> i64 {
                assert!(permits <= Self::MAX_PERMITS, "more permits than a semaphore can hold");
                permits as i64
            }
        }

        /// With permits that own the `Arc`, and so may outlive every borrow.
        #[cfg(feature = "alloc")]
        impl $Semaphore {
            /// As [`acquire`](Self::acquire), with a permit that owns the `Arc`.
            ///
            /// # Errors
            ///
            /// As for [`acquire`](Self::acquire).
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            /// use std::sync::Arc;
            ///
            #[doc = concat!("let semaphore = Arc::new(", stringify!($Semaphore), "::new(1));")]
            /// let permit = Arc::clone(&semaphore).acquire_owned().unwrap();
            /// std::thread::spawn(move || drop(permit)).join().unwrap();
            /// assert_eq!(semaphore.available_permits(), 1);
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn acquire_owned(self: Arc<Self>) -> Result<OwnedPermit<Self>, Closed> {
                self.acquire_many_owned(1)
            }

            /// As [`acquire_many`](Self::acquire_many), with a permit that owns the `Arc`.
            ///
            /// # Errors
            ///
            /// As for [`acquire`](Self::acquire).
            ///
            /// # Panics
            ///
            /// As for [`acquire_many`](Self::acquire_many).
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            /// use std::sync::Arc;
            ///
            #[doc = concat!("let semaphore = Arc::new(", stringify!($Semaphore), "::new(3));")]
            /// let permit = Arc::clone(&semaphore).acquire_many_owned(2).unwrap();
            /// std::thread::spawn(move || assert_eq!(permit.count(), 2)).join().unwrap();
            /// assert_eq!(semaphore.available_permits(), 3);
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn acquire_many_owned(self: Arc<Self>, permits: usize) -> Result<OwnedPermit<Self>, Closed> {
                self.acquire_many(permits)?.disown();
                Ok(OwnedPermit::new(self, permits))
            }

            /// As [`try_acquire`](Self::try_acquire), with a permit that owns the `Arc`.
            ///
            /// # Errors
            ///
            /// Why it has not.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            /// use std::sync::Arc;
            ///
            #[doc = concat!("let semaphore = Arc::new(", stringify!($Semaphore), "::new(1));")]
            /// let permit = Arc::clone(&semaphore).try_acquire_owned().unwrap();
            /// assert!(semaphore.try_acquire_owned().is_err());
            /// # drop(permit);
            /// ```
            #[inline]
            pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedPermit<Self>, TryAcquireError> {
                self.try_acquire_many_owned(1)
            }

            /// As [`try_acquire_many`](Self::try_acquire_many), with a permit that owns the `Arc`.
            ///
            /// # Errors
            ///
            /// Why it has not.
            ///
            /// # Panics
            ///
            /// As for [`acquire_many`](Self::acquire_many).
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            /// use std::sync::Arc;
            ///
            #[doc = concat!("let semaphore = Arc::new(", stringify!($Semaphore), "::new(3));")]
            /// assert!(Arc::clone(&semaphore).try_acquire_many_owned(4).is_err());
            /// assert!(semaphore.try_acquire_many_owned(3).is_ok());
            /// ```
            #[inline]
            pub fn try_acquire_many_owned(
                self: Arc<Self>,
                permits: usize,
            ) -> Result<OwnedPermit<Self>, TryAcquireError> {
                self.try_acquire_many(permits)?.disown();
                Ok(OwnedPermit::new(self, permits))
            }

            /// As [`try_acquire_for`](Self::try_acquire_for), with a permit that owns the `Arc`.
            ///
            /// # Errors
            ///
            /// Why it has not.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            /// use std::sync::Arc;
            /// use std::time::Duration;
            ///
            #[doc = concat!("let semaphore = Arc::new(", stringify!($Semaphore), "::new(1));")]
            /// let permit = Arc::clone(&semaphore).acquire_owned().unwrap();
            /// assert!(semaphore.try_acquire_owned_for(Duration::from_millis(1)).is_err());
            /// # drop(permit);
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn try_acquire_owned_for(
                self: Arc<Self>,
                timeout: Duration,
            ) -> Result<OwnedPermit<Self>, TryAcquireError> {
                self.try_acquire_many_owned_for(1, timeout)
            }

            /// As [`try_acquire_many_for`](Self::try_acquire_many_for), with a permit that owns the `Arc`.
            ///
            /// # Errors
            ///
            /// Why it has not.
            ///
            /// # Panics
            ///
            /// As for [`acquire_many`](Self::acquire_many).
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            /// use std::sync::Arc;
            /// use std::time::Duration;
            ///
            #[doc = concat!("let semaphore = Arc::new(", stringify!($Semaphore), "::new(3));")]
            /// assert!(semaphore.try_acquire_many_owned_for(4, Duration::from_millis(1)).is_err());
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn try_acquire_many_owned_for(
                self: Arc<Self>,
                permits: usize,
                timeout: Duration,
            ) -> Result<OwnedPermit<Self>, TryAcquireError> {
                self.try_acquire_many_for(permits, timeout)?.disown();
                Ok(OwnedPermit::new(self, permits))
            }

            /// As [`try_acquire_until`](Self::try_acquire_until), with a permit that owns the `Arc`.
            ///
            /// # Errors
            ///
            /// Why it has not.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            /// use std::sync::Arc;
            /// use std::time::Instant;
            ///
            #[doc = concat!("let semaphore = Arc::new(", stringify!($Semaphore), "::new(1));")]
            /// assert!(semaphore.try_acquire_owned_until(Instant::now()).is_ok());
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn try_acquire_owned_until(
                self: Arc<Self>,
                deadline: Instant,
            ) -> Result<OwnedPermit<Self>, TryAcquireError> {
                self.try_acquire_many_owned_until(1, deadline)
            }

            /// As [`try_acquire_many_until`](Self::try_acquire_many_until), with a permit that owns the `Arc`.
            ///
            /// # Errors
            ///
            /// Why it has not.
            ///
            /// # Panics
            ///
            /// As for [`acquire_many`](Self::acquire_many).
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
            /// use std::sync::Arc;
            /// use std::time::Instant;
            ///
            #[doc = concat!("let semaphore = Arc::new(", stringify!($Semaphore), "::new(3));")]
            /// assert!(semaphore.try_acquire_many_owned_until(3, Instant::now()).is_ok());
            /// ```
            #[cfg(feature = "std")]
            #[inline]
            #[track_caller]
            pub fn try_acquire_many_owned_until(
                self: Arc<Self>,
                permits: usize,
                deadline: Instant,
            ) -> Result<OwnedPermit<Self>, TryAcquireError> {
                self.try_acquire_many_until(permits, deadline)?.disown();
                Ok(OwnedPermit::new(self, permits))
            }

            const_unless_checked! {
                /// As [`acquire_async`](Self::acquire_async), with a future and a permit that own the `Arc`.
                ///
                /// # Cancel safety
                ///
                /// As for [`acquire_async`](Self::acquire_async).
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
                /// use std::sync::Arc;
                ///
                /// # futures_lite::future::block_on(async {
                #[doc = concat!("let semaphore = Arc::new(", stringify!($Semaphore), "::new(1));")]
                /// let permit = Arc::clone(&semaphore).acquire_owned_async().await.unwrap();
                /// assert_eq!(semaphore.available_permits(), 0);
                /// # drop(permit);
                /// # });
                /// ```
                #[inline]
                #[track_caller]
                pub const fn acquire_owned_async(self: Arc<Self>) -> AcquireOwned<Self> {
                    AcquireOwned::new(self, 1)
                }
            }

            const_unless_checked! {
                /// As [`acquire_many_async`](Self::acquire_many_async), with a future and a permit that own the `Arc`.
                ///
                /// # Cancel safety
                ///
                /// As for [`acquire_async`](Self::acquire_async).
                ///
                /// # Panics
                ///
                /// As for [`acquire_many_async`](Self::acquire_many_async).
                ///
                /// # Examples
                ///
                /// ```
                #[doc = concat!("# use latchwork_semaphore::", stringify!($Semaphore), ";")]
                /// use std::sync::Arc;
                ///
                /// # futures_lite::future::block_on(async {
                #[doc = concat!("let semaphore = Arc::new(", stringify!($Semaphore), "::new(3));")]
                /// let permit = Arc::clone(&semaphore).acquire_many_owned_async(2).await.unwrap();
                /// assert_eq!((permit.count(), semaphore.available_permits()), (2, 1));
                /// # });
                /// ```
                #[inline]
                #[track_caller]
                pub const fn acquire_many_owned_async(self: Arc<Self>, permits: usize) -> AcquireOwned<Self> {
                    Self::counted(permits);
                    AcquireOwned::new(self, permits)
                }
            }
        }

        impl Raw for $Semaphore {
            type Layout = $Layout;

            #[inline]
            fn raw(&self) -> &RawSemaphore<$Layout> {
                &self.raw
            }
        }

        impl AnySemaphore for $Semaphore {}
    };
}

pub(crate) use acquire_methods;
