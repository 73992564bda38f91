//! Where no thread waits, nobody turns or sleeps, and there is nothing to guess.

/// What is guessed of the next wait: nothing.
#[derive(Debug, Default)]
pub struct Outlook(());

impl Outlook {
    /// Nobody has been woken.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }

    /// This thread is about to wake one.
    #[inline]
    pub const fn note_waker(&self) {}
}
