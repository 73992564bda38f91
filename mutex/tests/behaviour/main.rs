//! The mutex and the reentrant lock on real threads and in real executors: a module for each concern. One program, linked once.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

mod futures;
mod reentrant;
mod reentrant_tasks;
mod runtimes;
mod threads;
mod types;
