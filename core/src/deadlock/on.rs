//! Holds and waits are recorded.

use core::cell::{Cell, RefCell};
use core::task::Context;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Hold, Party, Report, Share, Wait};
use crate::busy::Busy;
use crate::site::Site;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::thread::local;
use crate::sync::time::Instant;

/// Whether anything is recorded.
pub const IS_ON: bool = true;

/// What is recorded.
struct Table {
    /// Who holds what, by its address, the oldest hold first.
    holds: BTreeMap<usize, Vec<Hold>>,
    /// Threads that wait, by the numbers of their waits.
    threads: BTreeMap<u64, Waiter>,
    /// Tasks that wait, by the addresses of their futures. One that was forgotten stays, until another is at its address.
    tasks: BTreeMap<usize, Waiter>,
}

/// Somebody who waits.
#[derive(Clone)]
struct Waiter {
    who: Party,
    what: &'static str,
    lock: usize,
    site: Site,
    since: Instant,
    has_a_part: bool,
}

static TABLE: Mutex<Table> =
    Mutex::new(Table { holds: BTreeMap::new(), threads: BTreeMap::new(), tasks: BTreeMap::new() });

/// Numbers of threads, tasks and waits.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

local! {
    /// Whether this thread has the table: what its allocator locks is not recorded (D2).
    static BUSY: Cell<bool> = const { Cell::new(false) };
    /// The number of this thread, or 0.
    static NUMBER: Cell<u64> = const { Cell::new(0) };
    /// The task that this thread runs, where that has a name.
    static TASK: RefCell<Option<(u64, Arc<str>)>> = const { RefCell::new(None) };
}

fn fresh() -> u64 {
    // ORDERING: Relaxed: a number says nothing about any other memory.
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

/// Runs this with the table, unless this thread has that, or ends.
fn with_table<R>(run: impl FnOnce(&mut Table) -> R) -> Option<R> {
    let _busy = Busy::begin(&BUSY)?;
    Some(run(&mut TABLE.lock().unwrap_or_else(PoisonError::into_inner)))
}

/// Who calls: a task with a name, the task that is polled with this, or the thread.
fn caller(cx: Option<&Context<'_>>) -> Party {
    let named =
        TASK.try_with(|task| task.borrow().as_ref().map(|(number, name)| Party::Task(*number, (**name).into())));
    if let Ok(Some(named)) = named {
        return named;
    }
    let woken = cx.map_or(0, |cx| cx.waker().data().addr());
    if woken != 0 {
        return Party::Nameless(woken);
    }
    let number = NUMBER.try_with(|own| {
        if own.get() == 0 {
            own.set(fresh());
        }
        own.get()
    });
    Party::Thread(number.unwrap_or(0), std::thread::current().name().map(str::to_owned))
}

/// Somebody has acquired this: a task that is polled with `cx`, or else a thread.
pub fn acquired(lock: *const (), share: Share, site: Site, cx: Option<&Context<'_>>) {
    with_table(|table| {
        let holds = table.holds.entry(lock.addr()).or_default();
        if share == Share::Whole {
            holds.clear();
        }
        holds.push(Hold { who: caller(cx), at: site.location() });
    });
}

/// Somebody is about to release this.
pub fn released(lock: *const (), share: Share) {
    with_table(|table| {
        let Some(holds) = table.holds.get_mut(&lock.addr()) else { return };
        if share == Share::Part && holds.len() > 1 {
            let who = caller(None);
            let own = holds.iter().rposition(|hold| hold.who == who).unwrap_or(0);
            holds.remove(own);
        } else {
            table.holds.remove(&lock.addr());
        }
    });
}

impl Waiter {
    fn new(lock: *const (), what: &'static str, site: Site, has_a_part: bool, cx: Option<&Context<'_>>) -> Self {
        Self { who: caller(cx), what, lock: lock.addr(), site, since: Instant::now(), has_a_part }
    }
}

/// The wait of a thread, which ends when this is dropped.
#[derive(Debug)]
pub struct Waiting(u64);

impl Waiting {
    /// It begins; `has_a_part` of what it waits for.
    #[must_use]
    pub fn begin(lock: *const (), what: &'static str, site: Site, has_a_part: bool) -> Self {
        let number = fresh();
        with_table(|table| table.threads.insert(number, Waiter::new(lock, what, site, has_a_part, None)));
        Self(number)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        with_table(|table| table.threads.remove(&self.0));
    }
}

/// The wait of a task begins there, or goes on: nowhere, then. It `has_a_part` of what it waits for.
pub fn begin_task(
    task: *const (),
    lock: *const (),
    what: &'static str,
    site: Site,
    has_a_part: bool,
    cx: &Context<'_>,
) {
    with_table(|table| {
        if site.is_known() || !table.tasks.contains_key(&task.addr()) {
            table.tasks.insert(task.addr(), Waiter::new(lock, what, site, has_a_part, Some(cx)));
        }
    });
}

/// Where a task that waits has asked for it.
#[must_use]
pub fn site_of(task: *const ()) -> Site {
    let site = with_table(|table| table.tasks.get(&task.addr()).map(|waiter| waiter.site));
    site.flatten().unwrap_or(Site::NOWHERE)
}

/// The wait of a task has ended, if it had begun.
pub fn end_task(task: *const ()) {
    with_table(|table| table.tasks.remove(&task.addr()));
}

/// The poll of a task that has a name. The task that the thread ran before is its again when this is dropped.
#[derive(Debug)]
pub(super) struct Scope(Option<(u64, Arc<str>)>);

impl Scope {
    pub(super) fn enter(number: &mut u64, name: &Arc<str>) -> Self {
        if *number == 0 {
            *number = fresh();
        }
        let task = Some((*number, Arc::clone(name)));
        Self(TASK.try_with(|before| before.replace(task)).unwrap_or(None))
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        let before = self.0.take();
        let _ = TASK.try_with(|task| task.replace(before));
    }
}

/// What there is to report now; waits that are longer than this are. Empty without `--cfg latchwork_deadlock`.
///
/// # Examples
///
/// ```
/// use latchwork_core::deadlock::report;
/// use std::time::Duration;
///
/// // Nobody waits for anything.
/// assert!(report(Duration::from_secs(1)).cycles.is_empty());
/// ```
#[must_use]
pub fn report(longer_than: Duration) -> Report {
    let waits = with_table(|table| {
        let waiters = table.threads.values().chain(table.tasks.values());
        waiters.map(|waiter| waiter.shown(&table.holds)).collect::<Vec<_>>()
    });
    let waits = waits.unwrap_or_default();
    let mut long: Vec<_> = waits.iter().filter(|wait| wait.waited > longer_than).cloned().collect();
    long.sort_by_key(|wait| core::cmp::Reverse(wait.waited));
    Report { cycles: Search::new(&waits).cycles(), long }
}

impl Waiter {
    fn shown(&self, holds: &BTreeMap<usize, Vec<Hold>>) -> Wait {
        let mut holders = holds.get(&self.lock).cloned().unwrap_or_default();
        // What it waits for is what the others have.
        let own = holders.iter().position(|hold| hold.who == self.who).filter(|_| self.has_a_part);
        own.map(|own| holders.remove(own));
        Wait { who: self.who.clone(), what: self.what, at: self.site.location(), waited: self.since.elapsed(), holders }
    }
}

/// A search for cycles, depth first.
struct Search<'a> {
    waits: &'a [Wait],
    /// Which have been searched from, or are on the path.
    seen: Vec<bool>,
    path: Vec<usize>,
    cycles: Vec<Vec<Wait>>,
}

impl<'a> Search<'a> {
    fn new(waits: &'a [Wait]) -> Self {
        Self { waits, seen: vec![false; waits.len()], path: Vec::new(), cycles: Vec::new() }
    }

    fn cycles(mut self) -> Vec<Vec<Wait>> {
        for wait in 0..self.waits.len() {
            self.search(wait);
        }
        self.cycles
    }

    fn search(&mut self, wait: usize) {
        if self.seen[wait] {
            if let Some(first) = self.path.iter().position(|on_path| *on_path == wait) {
                self.cycles.push(self.path[first..].iter().map(|wait| self.waits[*wait].clone()).collect());
            }
            return;
        }
        self.seen[wait] = true;
        self.path.push(wait);
        for hold in &self.waits[wait].holders {
            for next in 0..self.waits.len() {
                if self.waits[next].who == hold.who {
                    self.search(next);
                }
            }
        }
        self.path.pop();
    }
}
