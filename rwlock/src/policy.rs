//! Who is preferred.

/// Who is preferred where readers and writers wait for the same lock.
///
/// Whatever the policy: nobody enters beside a writer, a writer enters beside nobody, and whoever waits to [upgrade] comes before
/// all others. Each bound is asserted by the model named beside it.
///
/// A thread that is woken to write may be passed until it comes, since the lock is free meanwhile; if it comes too late, it is
/// granted the lock by the next release that leaves it free (`a_writer_that_came_too_late_is_granted_the_lock`). A task that has
/// been woken and is not polled owns nothing, and whoever comes meanwhile passes it.
///
/// [upgrade]: crate::RwLockUpgradableGuard::upgrade
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Policy {
    /// Once a writer waits, no reader enters that came later (`readers_do_not_pass_a_writer_that_waits`), and a writer that leaves
    /// wakes the next (`a_writer_that_leaves_wakes_the_next`). So a writer waits for those who were inside when it came, for other
    /// writers, and for those who pass it once; readers may wait for as long as writers come.
    #[default]
    WriterPreferring = 0,
    /// Once a writer waits, no reader enters that came later, and a writer that leaves lets in all readers that wait. So a reader
    /// waits for one writer (`a_reader_waits_for_one_writer`), and a writer for one phase of readers, beside other writers and those
    /// who pass it once.
    PhaseFair = 1,
    /// A reader waits for the writer inside, and for nobody who waits (`readers_pass_a_writer_that_waits`); writers may wait for as
    /// long as readers come.
    ReaderPreferring = 2,
}
