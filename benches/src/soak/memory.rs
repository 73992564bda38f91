//! Memory that does not grow.

use latchwork_core::wait::Waiter;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// So much may come and go with no leak: the allocator keeps what it was given back, and the system counts in pages.
const NOISE: u64 = 2 << 20;

/// One of so many operations that leaks the memory of a waiter is to be noticed.
const OPERATIONS_PER_LEAK: u64 = 1_000;

/// How much memory was resident, and after how many operations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) resident: u64,
    pub(super) operations: u64,
}

impl Sample {
    /// At this moment. None, where the system does not tell.
    pub(super) fn take(operations: u64) -> Option<Self> {
        let (mut system, this) = (System::new(), Pid::from_u32(std::process::id()));
        let memory = ProcessRefreshKind::nothing().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[this]), false, memory);
        system.process(this).map(|process| Self { resident: process.memory(), operations })
    }

    /// How much has come since then.
    pub(super) fn growth(self, since: Self) -> u64 {
        self.resident.saturating_sub(since.resident)
    }

    /// How much may have come since then: half of what would have if one operation of a thousand had leaked a waiter. In a short run
    /// such a leak is less than what comes and goes anyway, and only a larger one is noticed.
    pub(super) fn allowance(self, since: Self) -> u64 {
        let leaks = (self.operations - since.operations) / OPERATIONS_PER_LEAK;
        NOISE.max(leaks * size_of::<Waiter>() as u64 / 2)
    }
}
