//! The facade: the one place that names the standard library's atomics, atomic-wait, loom or shuttle.
//!
//! | built with                    | atomics and cells      | futex                   | time                         |
//! |-------------------------------|------------------------|-------------------------|------------------------------|
//! | no cfg                        | `core`                 | atomic-wait, rustix     | `std::time`                  |
//! | the same, without `std`       | `core`                 | turns                   | none                         |
//! | `--cfg 'latchwork="loom"'`    | loom                   | a list of loom threads  | passes at once, at any moment |
//! | `--cfg 'latchwork="shuttle"'` | shuttle, vector clocks | a list of shuttle tasks | passes at once, at any moment |
//!
//! Both report accesses of a cell that the orderings asked for do not order. Loom also lets loads read values that are not the newest;
//! shuttle has no such values, and keeps clocks in the facade, since it takes every ordering for `SeqCst`.
//!
//! The checkers lack three things, which [`model`] adds as events that a model's own thread lets happen at any moment:
//! a deadline that passes ([`model::let_time_pass`]), a futex wait that returns for no reason
//! ([`model::wake_spuriously`]). The third, a weak compare-exchange that fails for no reason, is avoided instead: the
//! workspace uses strong ones (see `.clippy.toml`).
//!
//! A thread that spins is a yield to the checkers. Loom would follow three of them for ever: see `EXPLORED_TURNS` in
//! `sync/loom.rs`, which bounds what is explored, and not how long one may wait.
//!
//! All three builds run the same algorithm; only constructors differ, since loom's are not `const`
//! ([`const_unless_checked!`](crate::const_unless_checked)).

#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
mod native;
#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
use native as imp;

#[cfg(latchwork = "loom")]
#[path = "loom.rs"]
mod imp;
#[cfg(latchwork = "shuttle")]
#[path = "shuttle.rs"]
mod imp;
#[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
mod shim;

pub mod identity;
#[cfg(any(feature = "std", latchwork = "loom", latchwork = "shuttle"))]
pub mod model;
mod transition;

#[cfg(any(feature = "std", latchwork = "loom", latchwork = "shuttle"))]
pub use imp::thread;
pub use imp::{atomic, barrier, cell, futex, hint, time};
pub use transition::Transition;

// `cargo loom` and `cargo shuttle` set this variable beside the cfg. A RUSTFLAGS in the environment drops the cfg and
// keeps the variable; without this line the models would then run unchecked on real threads, and pass.
#[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
const _: () = assert!(
    option_env!("LATCHWORK_CHECK").is_none(),
    "a checker was asked for but its cfg did not arrive: is RUSTFLAGS set in the environment?"
);

/// Declares a `const fn`, or under the checkers the same function without `const`.
#[doc(hidden)]
#[macro_export]
macro_rules! const_unless_checked {
    ($(#[$meta:meta])* $vis:vis const fn $($rest:tt)*) => {
        #[cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]
        $(#[$meta])*
        $vis const fn $($rest)*

        #[cfg(any(latchwork = "loom", latchwork = "shuttle"))]
        $(#[$meta])*
        $vis fn $($rest)*
    };
}
