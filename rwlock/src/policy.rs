//! Who is preferred.

/// Who is preferred where readers and writers wait for the same lock.
///
/// Whatever the policy: nobody enters beside a writer, a writer enters beside nobody, and whoever waits to [upgrade] comes before
/// all others. Each bound is asserted by the model named beside it.
///
/// A thread that sleeps when its turn comes is woken, and may be passed by a writer until it has come, but in the cases below; if it
/// comes too late, it is granted the lock by the next release that lets it in (`a_writer_that_came_too_late_is_granted_the_lock`,
/// `a_reader_that_came_too_late_is_granted_its_share`). So it is passed once. A task that has been woken and is not polled owns
/// nothing, and whoever comes meanwhile passes it.
///
/// [upgrade]: crate::RwLockUpgradableGuard::upgrade
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Policy {
    /// Once a writer waits, no reader enters that came later (`readers_do_not_pass_a_writer_that_waits`,
    /// `readers_do_not_pass_a_writer_on_its_way`). The last reader hands the lock to the first writer
    /// (`the_last_reader_hands_the_lock_to_a_writer`), and a writer that leaves wakes the next
    /// (`a_writer_that_leaves_wakes_the_next`). So a writer waits for readers that came before it, and for other writers; readers
    /// may wait for as long as writers come.
    #[default]
    WriterPreferring = 0,
    /// Once a writer waits, no reader enters that came later, and a writer that leaves grants their shares to all readers that wait. So
    /// a reader waits for one writer (`a_reader_waits_for_one_writer`, `a_writer_does_not_pass_a_reader_whose_turn_it_is`), and a
    /// writer for one phase of readers and for the writers before it.
    PhaseFair = 1,
    /// A reader waits for the writer inside, and for nobody who waits (`readers_pass_a_writer_that_waits`,
    /// `a_writer_that_leaves_lets_preferred_readers_in`); writers may wait for as long as readers come.
    ReaderPreferring = 2,
}
