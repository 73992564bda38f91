//! Foreign code that panics, and the end of the program.
//!
//! Without the feature `std` there is nothing to catch a panic by: foreign code that panics ends the program where it would have been
//! caught. Without `std` most programs end at any panic.

pub use imp::{Payload, abort, catch, resume};

#[cfg(feature = "std")]
mod imp {
    use std::any::Any;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    /// What a panic has left.
    pub type Payload = Box<dyn Any + Send>;

    /// Runs foreign code. Whatever it may have left half done is its own.
    ///
    /// # Errors
    ///
    /// It has panicked.
    #[inline]
    pub fn catch<R>(run: impl FnOnce() -> R) -> Result<R, Payload> {
        catch_unwind(AssertUnwindSafe(run))
    }

    /// Goes on with a panic that was caught.
    #[inline]
    pub fn resume(payload: Payload) -> ! {
        resume_unwind(payload)
    }

    /// Ends the program.
    #[cold]
    pub fn abort() -> ! {
        std::process::abort()
    }
}

#[cfg(not(feature = "std"))]
mod imp {
    use core::convert::Infallible;

    /// What a panic has left: there is none that was caught.
    #[derive(Debug)]
    pub struct Payload(Infallible);

    /// Runs foreign code. If it panics, the program ends.
    ///
    /// # Errors
    ///
    /// None.
    #[inline]
    pub fn catch<R>(run: impl FnOnce() -> R) -> Result<R, Payload> {
        struct AbortOnUnwind;

        impl Drop for AbortOnUnwind {
            fn drop(&mut self) {
                abort();
            }
        }

        let abort_on_unwind = AbortOnUnwind;
        let result = run();
        core::mem::forget(abort_on_unwind);
        Ok(result)
    }

    /// Never happens.
    #[inline]
    pub fn resume(payload: Payload) -> ! {
        match payload.0 {}
    }

    /// Ends the program.
    #[cold]
    pub fn abort() -> ! {
        // A panic cannot leave a function of the C ABI.
        extern "C" fn panic() -> ! {
            panic!("the program cannot go on")
        }

        panic()
    }
}
