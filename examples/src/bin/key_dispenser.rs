//! A dispenser of keys for one use each: a thousand callers, threads and tasks, wait for keys that are delivered in batches, and no
//! two get the same.
//!
//! The semaphore counts the keys that are in stock, so that callers wait for one; the mutex guards the stock itself.
//!
//! `cargo run -p latchwork-examples --bin key_dispenser`

use std::collections::HashSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use latchwork_mutex::Mutex;
use latchwork_semaphore::{Closed, Semaphore};

const THREADS: usize = 40;
const TASKS: usize = 960;
const CALLERS: usize = THREADS + TASKS;
const BATCH: usize = 50;

/// A key. It can be neither copied nor cloned: whoever has it is the only one.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key(u64);

struct Dispenser {
    /// As many permits as there are keys that nobody has taken or been promised.
    in_stock: Semaphore,
    stock: Mutex<Vec<Key>>,
}

impl Dispenser {
    fn new() -> Self {
        Self { in_stock: Semaphore::new(0), stock: Mutex::default() }
    }

    fn deliver(&self, keys: Vec<Key>) {
        let count = keys.len();
        self.stock.lock().extend(keys);
        // After the keys, not before: who has a permit finds a key.
        self.in_stock.add_permits(count);
    }

    /// Waits for a key on a thread.
    fn take(&self) -> Result<Key, Closed> {
        let permit = self.in_stock.acquire()?;
        let key = self.stock.lock().pop().expect("a permit stands for a key");
        permit.forget();
        Ok(key)
    }

    /// Waits for a key in a task. A caller that goes away at either `await` takes none: until the permit is forgotten, it goes back
    /// when it is dropped, and the key is taken in the same step.
    async fn take_async(&self) -> Result<Key, Closed> {
        let permit = self.in_stock.acquire_async().await?;
        let key = self.stock.lock_async().await.pop().expect("a permit stands for a key");
        permit.forget();
        Ok(key)
    }
}

#[tokio::main]
async fn main() {
    latchwork_examples::watchdog();
    let dispenser = Arc::new(Dispenser::new());

    // Before the first delivery some callers come who will not wait, and go again.
    for _ in 0..100 {
        let nothing = tokio::time::timeout(Duration::ZERO, dispenser.take_async()).await;
        assert!(nothing.is_err(), "there is no key yet");
    }

    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let dispenser = Arc::clone(&dispenser);
            thread::spawn(move || dispenser.take())
        })
        .collect();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let dispenser = Arc::clone(&dispenser);
            tokio::spawn(async move { dispenser.take_async().await })
        })
        .collect();
    let supplier = thread::spawn({
        let dispenser = Arc::clone(&dispenser);
        move || {
            for batch in (0..CALLERS).step_by(BATCH) {
                dispenser.deliver((batch..batch + BATCH).map(|number| Key(number as u64)).collect());
            }
        }
    });

    let mut keys = HashSet::new();
    for task in tasks {
        let key = task.await.expect("no task panics").expect("the dispenser is not closed");
        assert!(keys.insert(key), "two callers have the same key");
    }
    for thread in threads {
        let key = thread.join().expect("no thread panics").expect("the dispenser is not closed");
        assert!(keys.insert(key), "two callers have the same key");
    }
    supplier.join().expect("the supplier does not panic");
    println!("{CALLERS} callers have {} keys", keys.len());
    assert_eq!(keys.len(), CALLERS);

    end(&dispenser);
}

/// Nothing is left, and whoever comes now waits, until it is told that nothing will come.
fn end(dispenser: &Arc<Dispenser>) {
    assert_eq!((dispenser.in_stock.available_permits(), dispenser.stock.lock().len()), (0, 0));
    let late = thread::spawn({
        let dispenser = Arc::clone(dispenser);
        move || dispenser.take()
    });
    dispenser.in_stock.close();
    assert!(late.join().expect("the last thread does not panic").is_err());
}
