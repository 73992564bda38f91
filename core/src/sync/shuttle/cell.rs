//! Cells whose races are reported: accesses that overlap, and those that are not ordered.

use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, thread};

use super::clocks::Moment;

/// Where in the source an access is made.
type Place = &'static Location<'static>;

/// An access: when, by whom, and from where.
#[derive(Clone, Copy, Debug)]
struct Access {
    moment: Moment,
    place: Place,
}

/// What an access is compared with. Not part of the model: it only has to be `Send`.
#[derive(Debug, Default)]
struct History {
    inside: Inside,
    /// The last write, or the creation.
    written: Option<Access>,
    /// The last read since then of each thread.
    read: Vec<Access>,
}

/// The accesses in progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Inside {
    #[default]
    Nobody,
    Readers(u32),
    Writer,
}

/// What is wrong with an access.
enum Fault {
    Overlap(&'static str),
    Race { this: Access, does: &'static str, other: Access, did: &'static str },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overlap(what) => f.write_str(what),
            Self::Race { this, does, other, did } => write!(
                f,
                "data race on a cell: thread {} {does} it at {}, and nothing orders that after thread {} {did} it at {}",
                this.moment.thread(),
                this.place,
                other.moment.thread(),
                other.place,
            ),
        }
    }
}

impl History {
    /// A write, or the beginning or the end of one.
    fn write(&mut self, place: Place) -> Result<(), Fault> {
        let ordered = Moment::now(|moment, knows| {
            let this = Access { moment, place };
            let race = |other: &Access, did| Err(Fault::Race { this, does: "writes", other: *other, did });
            let ordered = match (&self.written, self.read.iter().find(|read| !knows(&read.moment))) {
                (Some(written), _) if !knows(&written.moment) => race(written, "wrote"),
                (_, Some(read)) => race(read, "read"),
                _ => Ok(()),
            };
            self.written = Some(this);
            self.read.clear();
            ordered
        });
        ordered.unwrap_or(Ok(()))
    }

    /// A read, or the beginning or the end of one.
    fn read(&mut self, place: Place) -> Result<(), Fault> {
        let ordered = Moment::now(|moment, knows| {
            let this = Access { moment, place };
            let ordered = match &self.written {
                Some(written) if !knows(&written.moment) => {
                    Err(Fault::Race { this, does: "reads", other: *written, did: "wrote" })
                }
                _ => Ok(()),
            };
            // What is ordered before this read need not be compared any more: whoever knows of this knows of that.
            self.read.retain(|earlier| !knows(&earlier.moment));
            self.read.push(this);
            ordered
        });
        ordered.unwrap_or(Ok(()))
    }

    fn begin_write(&mut self, place: Place) -> Result<(), Fault> {
        if self.inside != Inside::Nobody {
            return Err(Fault::Overlap("write of a cell while it is read or written"));
        }
        self.inside = Inside::Writer;
        self.write(place)
    }

    fn begin_read(&mut self, place: Place) -> Result<(), Fault> {
        let before = match self.inside {
            Inside::Writer => return Err(Fault::Overlap("read of a cell while it is written")),
            Inside::Readers(count) => count,
            Inside::Nobody => 0,
        };
        self.inside = Inside::Readers(before + 1);
        self.read(place)
    }

    fn end_write(&mut self, place: Place) -> Result<(), Fault> {
        self.inside = Inside::Nobody;
        self.write(place)
    }

    fn end_read(&mut self, place: Place) -> Result<(), Fault> {
        self.inside = match self.inside {
            Inside::Readers(count @ 2..) => Inside::Readers(count - 1),
            _ => Inside::Nobody,
        };
        self.read(place)
    }
}

/// The history of one cell, for the cell and those who claim it.
#[derive(Clone, Debug, Default)]
struct Track(Arc<Mutex<History>>);

impl Track {
    /// Reports what is wrong with an access; but not while a thread unwinds, which leaves things as they should not be.
    #[track_caller]
    fn note(&self, access: impl FnOnce(&mut History) -> Result<(), Fault>) {
        let result = access(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
        match result {
            Err(fault) if !thread::panicking() => panic!("{fault}"),
            _ => {}
        }
    }
}

/// An `UnsafeCell` that lends its pointer for the length of a closure, or for the life of a [`Claim`].
#[derive(Debug)]
pub struct UnsafeCell<T: ?Sized> {
    track: Track,
    value: core::cell::UnsafeCell<T>,
}

impl<T> UnsafeCell<T> {
    /// A cell around `value`. Counts as a write.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let track = Track::default();
        let place = Location::caller();
        track.note(|history| history.write(place));
        Self { track, value: core::cell::UnsafeCell::new(value) }
    }

    /// The value. No access, and dropping the cell is none: the standard library's `Arc` may have made this thread the only owner, and
    /// what that orders is not seen here.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: Default> Default for UnsafeCell<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized> UnsafeCell<T> {
    /// Lends the pointer for reading.
    ///
    /// # Panics
    ///
    /// If the cell is being written, or was in a way that does not happen before this.
    #[track_caller]
    pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        let mut claim = self.claim_shared();
        let result = read(self.value.get());
        claim.release();
        result
    }

    /// Lends the pointer for writing.
    ///
    /// # Panics
    ///
    /// As [`claim`](Self::claim).
    #[track_caller]
    pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        let mut claim = self.claim();
        let result = write(self.value.get());
        claim.release();
        result
    }

    /// The value, which nobody else can reach. Counts as a write, as under loom.
    ///
    /// # Panics
    ///
    /// If the cell was read or written in a way that does not happen before this.
    #[track_caller]
    pub fn get_mut(&mut self) -> &mut T {
        let place = Location::caller();
        self.track.note(|history| history.write(place));
        self.value.get_mut()
    }

    /// Starts an exclusive access that lasts until the claim is released.
    ///
    /// # Panics
    ///
    /// If the cell is being read or written, or was in a way that does not happen before this.
    #[track_caller]
    pub fn claim(&self) -> Claim {
        let place = Location::caller();
        self.track.note(|history| history.begin_write(place));
        Claim(Some((self.track.clone(), place)))
    }

    /// Starts a shared access that lasts until the claim is released.
    ///
    /// # Panics
    ///
    /// If the cell is being written, or was in a way that does not happen before this.
    #[track_caller]
    pub fn claim_shared(&self) -> SharedClaim {
        let place = Location::caller();
        self.track.note(|history| history.begin_read(place));
        SharedClaim(Some((self.track.clone(), place)))
    }

    /// The pointer itself, for whoever holds a [`Claim`] or a [`SharedClaim`].
    pub const fn get(&self) -> *mut T {
        self.value.get()
    }
}

/// An exclusive access in progress, and where it began.
#[derive(Debug)]
pub struct Claim(Option<(Track, Place)>);

impl Claim {
    /// Moves the access to another holder, and leaves this one with none.
    pub fn hand_over(&mut self) -> Self {
        Self(self.0.take())
    }

    /// Ends the access, as dropping the claim does.
    ///
    /// # Panics
    ///
    /// If another thread has it than began it, and nothing orders the two.
    pub fn release(&mut self) {
        if let Some((track, place)) = self.0.take() {
            track.note(|history| history.end_write(place));
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.release();
    }
}

/// A shared access in progress, and where it began.
#[derive(Debug)]
pub struct SharedClaim(Option<(Track, Place)>);

impl SharedClaim {
    /// Moves the access to another holder, and leaves this one with none.
    pub fn hand_over(&mut self) -> Self {
        Self(self.0.take())
    }

    /// Ends the access, as dropping the claim does.
    ///
    /// # Panics
    ///
    /// If another thread has it than began it, and nothing orders the two.
    pub fn release(&mut self) {
        if let Some((track, place)) = self.0.take() {
            track.note(|history| history.end_read(place));
        }
    }
}

impl Drop for SharedClaim {
    fn drop(&mut self) {
        self.release();
    }
}
