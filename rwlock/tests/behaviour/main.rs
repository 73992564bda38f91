//! The reader-writer lock on real threads and in real executors: a module for each concern. One program, linked once.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

mod futures;
mod runtimes;
mod stress;
mod threads;
mod types;
mod ways;
