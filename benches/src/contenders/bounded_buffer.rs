//! The bounded buffers.

use std::collections::VecDeque;
use std::pin::Pin;

use latchwork_monitor::Monitor;

use super::conditions::{Asyncband, Classic, Named, ParkingLot, Std, Tasks, Threads, Tokio, Usync};

/// A queue with so many slots, for threads.
pub trait BoundedBuffer: Sync {
    /// Puts the item in at the end, waiting for a free slot.
    fn put(&self, item: u64);
    /// Takes the first item out, waiting for one.
    fn take(&self) -> u64;
}

/// A task's way to a free slot.
pub type Putting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A task's way to an item.
pub type Taking<'a> = Pin<Box<dyn Future<Output = u64> + Send + 'a>>;

/// A queue with so many slots, for tasks.
pub trait BoundedBufferAsync: Send + Sync {
    /// Puts the item in at the end, waiting for a free slot.
    fn put(&self, item: u64) -> Putting<'_>;
    /// Takes the first item out, waiting for one.
    fn take(&self) -> Taking<'_>;
}

/// How to make a new buffer with so many slots.
pub type MakeBuffer<B> = fn(usize) -> Box<B>;

/// The buffers for threads. The first is the one that ratios refer to.
pub const BLOCKING: [(&str, MakeBuffer<dyn BoundedBuffer>); 10] = [
    ("std", |slots| Box::new(Buffer::new(slots, |items| Std::new(items.into())))),
    ("std-in", |slots| Box::new(Buffer::new(slots, |items| Std::new(items.into()).notifying_inside()))),
    ("parking_lot", |slots| Box::new(Buffer::new(slots, |items| ParkingLot::new(items.into())))),
    ("parking_lot-in", |slots| Box::new(Buffer::new(slots, |items| ParkingLot::new(items.into()).notifying_inside()))),
    ("usync", |slots| Box::new(Buffer::new(slots, |items| Usync::new(items.into())))),
    ("Condvar", |slots| Box::new(Buffer::new(slots, |items| Classic::new(items.into())))),
    ("Condvar-in", |slots| Box::new(Buffer::new(slots, |items| Classic::new(items.into()).notifying_inside()))),
    ("Condition", |slots| Box::new(Buffer::new(slots, |items| Named::named(items.into())))),
    ("Monitor", |slots| Box::new(Buffer::new(slots, Monitor::new))),
    ("asyncband", |slots| Box::new(Buffer::new(slots, |items| Asyncband::new(asyncband::mutex::Mutex::new(items))))),
];

/// The buffers for tasks. The first is the one that ratios refer to.
pub const ASYNC: [(&str, MakeBuffer<dyn BoundedBufferAsync>); 4] = [
    ("tokio", |slots| Box::new(Buffer::new(slots, |items| Tokio::new(items.into())))),
    ("asyncband", |slots| Box::new(Buffer::new(slots, |items| Asyncband::new(asyncband::mutex::Mutex::new(items))))),
    ("Condition", |slots| Box::new(Buffer::new(slots, |items| Named::named(items.into())))),
    ("Monitor", |slots| Box::new(Buffer::new(slots, Monitor::new))),
];

type Items = VecDeque<u64>;

/// The condition that a slot is free.
const NOT_FULL: usize = 0;
/// The condition that there is an item.
const NOT_EMPTY: usize = 1;

/// A buffer by means of two conditions.
struct Buffer<L> {
    items: L,
    slots: usize,
}

impl<L> Buffer<L> {
    fn new(slots: usize, around: impl FnOnce(Items) -> L) -> Self {
        Self { items: around(VecDeque::with_capacity(slots)), slots }
    }

    fn push(&self, items: &mut Items, item: u64) {
        assert!(items.len() < self.slots, "an item is put where there is no free slot");
        items.push_back(item);
    }
}

/// What holds a producer back.
fn is_full(slots: usize) -> impl Fn(&Items) -> bool + Send + 'static {
    move |items| items.len() == slots
}

/// The item, for whoever waited until there was one.
fn pop(items: &mut Items) -> u64 {
    items.pop_front().expect("an item is taken where there is one")
}

impl<L: Threads<Items>> BoundedBuffer for Buffer<L> {
    fn put(&self, item: u64) {
        let mut items = self.items.enter_while(NOT_FULL, is_full(self.slots));
        self.push(&mut items, item);
        self.items.leave(items, NOT_EMPTY);
    }

    fn take(&self) -> u64 {
        let mut items = self.items.enter_while(NOT_EMPTY, VecDeque::is_empty);
        let item = pop(&mut items);
        self.items.leave(items, NOT_FULL);
        item
    }
}

impl<L: Tasks<Items>> BoundedBufferAsync for Buffer<L> {
    fn put(&self, item: u64) -> Putting<'_> {
        Box::pin(async move {
            let mut items = self.items.enter_while_async(NOT_FULL, is_full(self.slots)).await;
            self.push(&mut items, item);
            self.items.leave(items, NOT_EMPTY);
        })
    }

    fn take(&self) -> Taking<'_> {
        Box::pin(async move {
            let mut items = self.items.enter_while_async(NOT_EMPTY, VecDeque::is_empty).await;
            let item = pop(&mut items);
            self.items.leave(items, NOT_FULL);
            item
        })
    }
}
