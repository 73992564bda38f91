//! The spin locks on real threads and in real executors: a module for each concern. One program, linked once.

#![cfg(not(any(latchwork = "loom", latchwork = "shuttle")))]

mod tasks;
mod threads;
mod types;
