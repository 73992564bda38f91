//! Who is preferred.

/// Who is preferred where readers and writers wait for the same lock.
///
/// Whatever the policy: nobody enters beside a writer, a writer enters beside nobody, and whoever waits to [upgrade] comes before
/// all others. Each bound is asserted by the model named beside it. They are of threads: a task that has been woken and is not
/// polled owns nothing, and whoever comes meanwhile passes it.
///
/// [upgrade]: crate::RwLockUpgradableGuard::upgrade
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Policy {
    /// Once a writer waits, no reader enters that came later, and a writer that leaves wakes the next. So a writer waits for those
    /// who were inside when it came, and for other writers (`readers_do_not_pass_a_writer_that_waits`); readers may wait for as
    /// long as writers come.
    #[default]
    WriterPreferring = 0,
    /// Once a writer waits, no reader enters that came later, and a writer that leaves lets in all readers that wait. So a reader
    /// waits for one writer (`a_reader_waits_for_one_writer`), and a writer for one phase of readers beside other writers.
    PhaseFair = 1,
    /// A reader waits for the writer inside, and for nobody who waits (`readers_pass_a_writer_that_waits`); writers may wait for as
    /// long as readers come.
    ReaderPreferring = 2,
}
