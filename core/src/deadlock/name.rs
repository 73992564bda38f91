//! Tasks that have names.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

use pin_project_lite::pin_project;

use super::imp::Scope;

pin_project! {
    /// Future of [`with_name`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Named<F> {
        #[pin]
        future: F,
        name: Arc<str>,
        // Given with the first poll.
        number: u64,
    }
}

/// Gives the task that runs this future a name, by which a [report](super::report) calls it.
///
/// # Examples
///
/// ```
/// use latchwork_core::deadlock::{report, with_name};
/// use latchwork_core::sync::model::block_on;
/// use std::time::Duration;
///
/// let four = block_on(with_name("worker 3", async { 4 }));
/// assert_eq!(four, 4);
/// assert!(report(Duration::from_secs(1)).is_empty());
/// ```
pub fn with_name<F>(name: impl Into<Arc<str>>, future: F) -> Named<F> {
    Named { future, name: name.into(), number: 0 }
}

impl<F: Future> Future for Named<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _scope = Scope::enter(this.number, this.name);
        this.future.poll(cx)
    }
}
