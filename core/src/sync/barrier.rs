//! A fence that all running threads of the process pass: `membarrier`, on Linux.

use core::sync::atomic::compiler_fence;
use core::time::Duration;

use super::atomic::{AtomicU8, AtomicU64, Ordering};

/// The system refuses the fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

const NOT_ASKED: u8 = 0;
const ASKING: u8 = 1;
const OFFERED: u8 = 2;
const REFUSED: u8 = 3;

/// What the system has said.
static STANDING: AtomicU8 = AtomicU8::new(NOT_ASKED);
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Whether the system is known to offer it.
#[inline]
pub fn is_offered() -> bool {
    // ORDERING: Relaxed, here and below: whoever believes what is no longer true meets the refusal itself.
    STANDING.load(Ordering::Relaxed) == OFFERED
}

/// Whether the system has said what it offers.
pub fn is_known() -> bool {
    STANDING.load(Ordering::Relaxed) > ASKING
}

/// Asks the system, unless somebody has.
#[inline]
pub fn ask() {
    if STANDING.load(Ordering::Relaxed) == NOT_ASKED {
        ask_first();
    }
}

#[cold]
fn ask_first() {
    if STANDING.compare_exchange(NOT_ASKED, ASKING, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        STANDING.store(if membarrier().is_ok() { OFFERED } else { REFUSED }, Ordering::Relaxed);
    }
}

/// Stops the compiler: the fence of the others does the rest.
#[inline]
pub fn light() {
    compiler_fence(Ordering::SeqCst);
}

/// The fence.
///
/// # Errors
///
/// It is refused; nothing has been ordered then.
pub fn heavy() -> Result<(), Refused> {
    COUNT.fetch_add(1, Ordering::Relaxed);
    membarrier().inspect_err(|Refused| STANDING.store(REFUSED, Ordering::Relaxed))
}

/// Waits until what the processors have buffered has reached all.
pub fn wait_out(grace: Duration) {
    std::thread::sleep(grace);
}

/// How many times the fence was asked for.
pub fn heavy_count() -> u64 {
    COUNT.load(Ordering::Relaxed)
}

/// The kernel keeps the process's registration, and refuses whoever has none.
#[cfg(all(target_os = "linux", not(any(miri, latchwork_no_membarrier, latchwork_portable))))]
fn membarrier() -> Result<(), Refused> {
    use rustix::thread::{MembarrierCommand, membarrier as call};

    call(MembarrierCommand::PrivateExpedited)
        .or_else(|_| {
            call(MembarrierCommand::RegisterPrivateExpedited)?;
            call(MembarrierCommand::PrivateExpedited)
        })
        .map_err(|_| Refused)
}

#[cfg(not(all(target_os = "linux", not(any(miri, latchwork_no_membarrier, latchwork_portable)))))]
fn membarrier() -> Result<(), Refused> {
    Err(Refused)
}
