//! Models of your own code that stands on these locks: every execution of it, instead of those that a test happens to meet.
//!
//! A body is written once. [`model`] runs it as often as the build asks for:
//!
//! | command                                              | what it runs                                                 |
//! |------------------------------------------------------|--------------------------------------------------------------|
//! | `cargo test`                                         | 100 times on real threads, under a watchdog                  |
//! | `RUSTFLAGS='--cfg latchwork="loom"' cargo test`      | once for each execution that the memory model allows         |
//! | `RUSTFLAGS='--cfg latchwork="shuttle"' cargo test`   | on 10 000 random schedules (`LATCHWORK_SHUTTLE_SCHEDULES`)   |
//!
//! The checkers take turns with the threads of a body, and see each access of what a lock protects. Two accesses that nothing
//! orders fail the model, as do a deadlock and an assertion that does not hold, in any one of the executions.
//!
//! - Whatever takes part is created in the body, which runs many times, and is shared by the standard library's `Arc`.
//! - Threads are started with [`spawn`], and futures polled with [`block_on`] or [`poll_once`]: a thread or a runtime of another
//!   kind is none that the checkers know.
//! - No time passes. A timeout runs out when the body says so: [`let_time_pass`].
//! - Two or three threads are what loom can exhaust, and five all it runs; shuttle copes with more. Where loom takes too long,
//!   [`model_bounded`] says how many preemptions it tries: take 3 or more, and say why. `LOOM_MAX_PREEMPTIONS=3` does so for a
//!   run, and finds most faults sooner. Dependencies that are optimised in `profile.dev.package` help, too.
//! - Constructors are `const` without a checker only: a lock in a `static` is not for models.
//! - Atomics of your own have to be the checker's: `loom::sync::atomic` under `--cfg 'latchwork="loom"'`.
//!
//! The cfg is for models alone: a program that is built with it panics where it uses a lock outside of a model.

pub use crate::sync::model::{JoinHandle, block_on, let_time_pass, model, model_bounded, poll_once, spawn};
