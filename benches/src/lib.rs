//! The contenders, and how a cell of the comparison is measured.

pub mod cell;
pub mod contenders;
pub mod measure;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls a future that is ready at once.
///
/// # Panics
///
/// If it is not.
// Always inlined: a task polls a future where it lies. Moved in by value, one of 100 bytes would cost more than what it does.
#[expect(clippy::inline_always, reason = "the move is not to be measured")]
#[inline(always)]
pub fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nobody else holds the lock"),
    }
}
