//! A cell of the comparison: all that its contenders have in common.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use crate::contenders::broken::BROKEN;
use crate::contenders::{ASYNC, BLOCKING, bounded_buffer, ping_pong, read_write, semaphores, semaphores_for_tasks};
use crate::measure::exchange::{self, Parties};
use crate::measure::{self, Load, Mix, Sample, Slice};

/// What is measured of each contender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// What the contenders are used for.
    pub scene: Scene,
    /// Who uses them.
    pub crew: Crew,
    /// How long a section is, in nanoseconds.
    pub section: u32,
    /// How much of its time, in percent, a thread or task would be outside of sections if it never had to wait.
    pub outside: u32,
}

/// What contenders are used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scene {
    /// One at a time.
    Mutex,
    /// One that writes at a time, or many that read.
    ReaderWriter(Mix),
    /// So many at a time.
    Semaphore(usize),
    /// A bounded buffer with so many slots.
    Buffer(usize, Parties),
    /// Two that take turns.
    Turns,
}

/// Who uses a contender: so many threads or tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Crew {
    /// Threads.
    Threads(usize),
    /// Tasks on a runtime that has a thread for each core.
    Tasks(usize),
}

/// One measurement of one contender in a cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The cell.
    pub cell: Cell,
    /// The name of the contender.
    pub contender: String,
    /// How long to measure; longer where there are more threads than cores, so that each gets its turns.
    pub slice: Duration,
    /// How often to measure at most, until the machine runs all the time.
    pub attempts: usize,
    /// How much longer than a slice one may take, before the contender is given up.
    pub bound: Duration,
    /// How many units of [`work`](crate::contenders::work) take a nanosecond.
    pub units_per_nanosecond: f64,
}

impl Cell {
    /// The names of the contenders. Ratios refer to the first.
    #[must_use]
    pub fn contenders(&self) -> Vec<&'static str> {
        match (self.scene, self.crew) {
            (Scene::Mutex, Crew::Threads(_)) => names(&BLOCKING),
            (Scene::Mutex, Crew::Tasks(_)) => names(&ASYNC),
            (Scene::ReaderWriter(_), Crew::Threads(_)) => names(&read_write::BLOCKING),
            (Scene::ReaderWriter(_), Crew::Tasks(_)) => names(&read_write::ASYNC),
            (Scene::Semaphore(permits), Crew::Threads(_)) => names(&semaphores(permits)),
            (Scene::Semaphore(permits), Crew::Tasks(_)) => names(&semaphores_for_tasks(permits)),
            (Scene::Buffer(..), Crew::Threads(_)) => names(&bounded_buffer::BLOCKING),
            (Scene::Buffer(..), Crew::Tasks(_)) => names(&bounded_buffer::ASYNC),
            (Scene::Turns, Crew::Threads(_)) => names(&ping_pong::BLOCKING),
            (Scene::Turns, Crew::Tasks(_)) => names(&ping_pong::ASYNC),
        }
    }

    /// The names of contenders that are broken on purpose, and measured only where they are named.
    #[must_use]
    pub fn broken(&self) -> Vec<&'static str> {
        match (self.scene, self.crew) {
            (Scene::Mutex, Crew::Threads(_)) => names(&BROKEN),
            _ => Vec::new(),
        }
    }

    /// The classes in which the parties wait.
    #[must_use]
    pub const fn classes(&self) -> &'static [&'static str] {
        match self.scene {
            Scene::ReaderWriter(_) => &["reads", "writes"],
            Scene::Buffer(..) => &["puts", "takes"],
            Scene::Mutex | Scene::Semaphore(_) | Scene::Turns => &["all"],
        }
    }

    /// What it has in common with cells that differ by the length of the section.
    #[must_use]
    pub fn family(&self) -> String {
        self.use_of_contenders() + &self.time_outside()
    }

    fn use_of_contenders(&self) -> String {
        let (crew, size) = (self.crew.noun(), self.crew.size());
        match self.scene {
            Scene::Mutex => format!("{size} {crew}"),
            Scene::ReaderWriter(Mix::Writes(percent)) => format!("{size} {crew}, {percent} % writes"),
            Scene::ReaderWriter(Mix::WriterStorm) => format!("{size} {crew}, all write but one"),
            Scene::ReaderWriter(Mix::ReaderStorm) => format!("{size} {crew}, all read but one"),
            Scene::Semaphore(permits) => format!("{size} {crew}, {permits} permits"),
            Scene::Buffer(slots, Parties { producers, consumers }) => {
                format!("{crew}: {producers} that put, {consumers} that take, slots: {slots}")
            }
            Scene::Turns => format!("two {crew} that take turns"),
        }
    }

    fn time_outside(&self) -> String {
        match self.outside {
            0 => String::new(),
            percent => format!(", {percent} % of the time outside"),
        }
    }

    /// How long a party is between two sections, in nanoseconds.
    #[must_use]
    pub fn pause(&self) -> f64 {
        // The shortest section lasts as long as its counter takes.
        f64::from(self.section.max(SHORTEST)) * f64::from(self.outside) / f64::from(100 - self.outside)
    }
}

fn names<M>(contenders: &[(&'static str, M)]) -> Vec<&'static str> {
    contenders.iter().map(|(name, _)| *name).collect()
}

/// What a section of no length is counted for, in nanoseconds.
const SHORTEST: u32 = 20;

/// The largest share of its time, in percent, that a party can be outside.
pub const MOST_OUTSIDE: u32 = 99;

impl Scene {
    /// Whether so many threads or tasks can be measured in it.
    #[must_use]
    pub const fn admits(self, crew: Crew) -> bool {
        match (self, crew) {
            // A storm of two is none; and none of tasks: they yield after each time.
            (Self::ReaderWriter(Mix::WriterStorm | Mix::ReaderStorm), Crew::Threads(threads)) => threads > 2,
            (Self::ReaderWriter(Mix::WriterStorm | Mix::ReaderStorm), Crew::Tasks(_)) => false,
            _ => true,
        }
    }
}

impl Crew {
    /// How many there are.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Threads(size) | Self::Tasks(size) => size,
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Threads(1) => "thread",
            Self::Threads(_) => "threads",
            Self::Tasks(1) => "task",
            Self::Tasks(_) => "tasks",
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scene {
            Scene::Buffer(..) | Scene::Turns => f.write_str(&self.use_of_contenders()),
            _ => write!(f, "{}, section of {} ns{}", self.use_of_contenders(), self.section, self.time_outside()),
        }
    }
}

impl Order {
    /// Measures twice, each time with a new lock: what is done, and then, with the clock read twice in each operation, how long it is
    /// waited for.
    ///
    /// # Errors
    ///
    /// There is no such contender in this cell.
    ///
    /// # Panics
    ///
    /// If the contender is broken: it does not exclude, or loses an item.
    pub fn carry_out(&self) -> Result<Slice, String> {
        let unknown = || format!("no contender of `{}` is called {}", self.cell, self.contender);
        let undisturbed = |is_timed| measure::undisturbed(self.attempts, || self.run(is_timed)).ok_or_else(unknown);
        let Slice { sample, .. } = undisturbed(false)?;
        let Slice { sample: timed, waits } = undisturbed(true)?;
        Ok(Slice { sample: Sample { lost: sample.lost.max(timed.lost), ..sample }, waits })
    }

    fn run(&self, is_timed: bool) -> Option<Slice> {
        fn find<M: Copy>(contenders: &[(&'static str, M)], name: &str) -> Option<M> {
            contenders.iter().find(|(known, _)| *known == name).map(|(_, make)| *make)
        }
        let name = &format!("{}, {}", self.contender, self.cell);
        let contender = &*self.contender;
        let load = &self.load(is_timed);
        let runtime = || Runtime::new().expect("a runtime can be started");
        Some(match (self.cell.scene, self.cell.crew) {
            (Scene::Mutex, Crew::Threads(_)) => {
                let make = find(&BLOCKING, contender).or_else(|| find(&BROKEN, contender))?;
                measure::threads(name, &*make(), load)
            }
            (Scene::Mutex, Crew::Tasks(_)) => measure::tasks(name, find(&ASYNC, contender)?(), &runtime(), load),
            (Scene::ReaderWriter(mix), Crew::Threads(_)) => {
                measure::readers_and_writers(name, &*find(&read_write::BLOCKING, contender)?(), mix, load)
            }
            (Scene::ReaderWriter(mix), Crew::Tasks(_)) => {
                let lock = find(&read_write::ASYNC, contender)?();
                measure::reading_and_writing_tasks(name, lock, &runtime(), mix, load)
            }
            (Scene::Semaphore(permits), Crew::Threads(_)) => {
                measure::threads(name, &*find(&semaphores(permits), contender)?(permits), load)
            }
            (Scene::Semaphore(permits), Crew::Tasks(_)) => {
                measure::tasks(name, find(&semaphores_for_tasks(permits), contender)?(permits), &runtime(), load)
            }
            (Scene::Buffer(slots, parties), Crew::Threads(_)) => {
                exchange::stream(name, &*find(&bounded_buffer::BLOCKING, contender)?(slots), parties, load)
            }
            (Scene::Buffer(slots, parties), Crew::Tasks(_)) => {
                let buffer = find(&bounded_buffer::ASYNC, contender)?(slots);
                exchange::stream_of_tasks(name, buffer, &runtime(), parties, load)
            }
            (Scene::Turns, Crew::Threads(_)) => {
                exchange::ping_pong(name, &*find(&ping_pong::BLOCKING, contender)?(), load)
            }
            (Scene::Turns, Crew::Tasks(_)) => {
                exchange::ping_pong_of_tasks(name, find(&ping_pong::ASYNC, contender)?(), &runtime(), load)
            }
        })
    }

    fn load(&self, is_timed: bool) -> Load {
        let units = |nanoseconds: f64| (nanoseconds * self.units_per_nanosecond) as u32;
        let threads_per_core = match self.cell.crew {
            Crew::Threads(threads) => threads.div_ceil(measure::cores()) as u32,
            // Their runtime has a thread for each core.
            Crew::Tasks(_) => 1,
        };
        Load {
            parties: self.cell.crew.size(),
            threads_per_core,
            inside: units(self.cell.section.into()),
            outside: units(self.cell.pause()),
            slice: self.slice * threads_per_core,
            bound: self.bound,
            is_timed,
        }
    }
}
