//! Monitors and condition variables on real threads and in real executors: a module for each concern. One program, linked once.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

mod futures;
mod notified;
mod predicates;
mod runtimes;
mod stress;
mod types;
