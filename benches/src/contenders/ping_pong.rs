//! Two sides that take turns.

use std::pin::Pin;

use latchwork_monitor::Monitor;

use super::Contender;
use super::conditions::{Asyncband, Classic, Named, ParkingLot, Std, Tasks, Threads, Tokio};

/// A turn that two threads pass to each other.
pub trait PingPong: Sync {
    /// Waits for the turn of this side, 0 or 1, and passes it on; for the last time, where `is_last`. Returns whether the game is
    /// over for this side.
    fn pass(&self, side: usize, is_last: bool) -> bool;
    /// How often it was passed on.
    fn count(&self) -> u64;
}

/// A task's way to its turn, and whether the game is over for it.
pub type Passing<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// A turn that two tasks pass to each other.
pub trait PingPongAsync: Send + Sync {
    /// Waits for the turn of this side, 0 or 1, and passes it on; for the last time, where `is_last`. Ready with whether the game is
    /// over for this side.
    fn pass(&self, side: usize, is_last: bool) -> Passing<'_>;
    /// How often it was passed on.
    fn count(&self) -> u64;
}

/// The turns of threads. The first is the one that ratios refer to.
pub const BLOCKING: [Contender<dyn PingPong>; 6] = [
    ("std", || Box::new(Game(Std::new(Turn::default().into())))),
    ("parking_lot", || Box::new(Game(ParkingLot::new(Turn::default().into())))),
    ("Condvar", || Box::new(Game(Classic::new(Turn::default().into())))),
    ("Condition", || Box::new(Game(Named::named(Turn::default().into())))),
    ("Monitor", || Box::new(Game(Monitor::new(Turn::default())))),
    ("asyncband", || Box::new(Game(Asyncband::new(asyncband::mutex::Mutex::new(Turn::default()))))),
];

/// The turns of tasks. The first is the one that ratios refer to.
pub const ASYNC: [Contender<dyn PingPongAsync>; 4] = [
    ("tokio", || Box::new(Game(Tokio::new(Turn::default().into())))),
    ("asyncband", || Box::new(Game(Asyncband::new(asyncband::mutex::Mutex::new(Turn::default()))))),
    ("Condition", || Box::new(Game(Named::named(Turn::default().into())))),
    ("Monitor", || Box::new(Game(Monitor::new(Turn::default())))),
];

/// Whose turn it is.
#[derive(Default)]
struct Turn {
    side: usize,
    passes: u64,
    is_over: bool,
}

impl Turn {
    fn pass(&mut self, side: usize, is_last: bool) -> bool {
        assert_eq!(self.side, side, "a side passes a turn that it has not got");
        self.side = 1 - side;
        self.passes += 1;
        self.is_over |= is_last;
        self.is_over
    }
}

/// What holds a side back.
fn is_turn_of_other(side: usize) -> impl Fn(&Turn) -> bool + Send + 'static {
    move |turn| turn.side != side
}

/// A game by means of two conditions: that it is the turn of each side.
struct Game<L>(L);

impl<L: Threads<Turn>> PingPong for Game<L> {
    fn pass(&self, side: usize, is_last: bool) -> bool {
        let mut turn = self.0.enter_while(side, is_turn_of_other(side));
        let is_over = turn.pass(side, is_last);
        self.0.leave(turn, 1 - side);
        is_over
    }

    fn count(&self) -> u64 {
        self.0.enter_while(0, |_| false).passes
    }
}

impl<L: Tasks<Turn>> PingPongAsync for Game<L> {
    fn pass(&self, side: usize, is_last: bool) -> Passing<'_> {
        Box::pin(async move {
            let mut turn = self.0.enter_while_async(side, is_turn_of_other(side)).await;
            let is_over = turn.pass(side, is_last);
            self.0.leave(turn, 1 - side);
            is_over
        })
    }

    fn count(&self) -> u64 {
        futures_lite::future::block_on(self.0.enter_while_async(0, |_| false)).passes
    }
}
