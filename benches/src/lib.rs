//! The contenders, and how a cell of the comparison is measured.

pub mod contenders;
pub mod measure;
pub mod spin_lock;
