//! Internal ground floor of the latchwork crates: its API is for them, and changes with them.
//!
//! Use `latchwork-mutex` and its siblings instead. What is here:
//!
//! - [`sync`]: the facade over the standard library, loom and shuttle. Nothing else in the workspace names an atomic.
//!
//!
//! No path allocates, and none uses a thread-local or a global table.

#![deny(unsafe_code)]
// Under loom the lint flags exactly the code that goes past the facade; outside, it sees through the facade's own names.
#![cfg_attr(
    not(latchwork = "loom"),
    allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "outside loom the facade re-exports them")
)]

pub mod sync;
