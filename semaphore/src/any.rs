//! What is known of a semaphore of either kind.

use crate::layout::Layout;
use crate::raw::RawSemaphore;

/// A semaphore of either kind: [`Semaphore`](crate::Semaphore) or [`BoundedSemaphore`](crate::BoundedSemaphore). Nothing else is
/// one.
#[expect(private_bounds, reason = "sealed")]
pub trait AnySemaphore: Raw {}

/// What permits and futures need of a semaphore.
pub(crate) trait Raw {
    type Layout: Layout;

    fn raw(&self) -> &RawSemaphore<Self::Layout>;
}
