//! A pool of connections whose limit is changed while threads and tasks use it.
//!
//! `cargo run -p latchwork-semaphore --example connection_pool`

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use latchwork_mutex::Mutex;
use latchwork_semaphore::{BoundedSemaphore, OwnedPermit, TryAcquireError};

/// Something that is costly to open.
struct Connection {
    number: usize,
}

/// What the pool knows of its connections.
#[derive(Default)]
struct Connections {
    idle: Vec<Connection>,
    opened: usize,
    open: usize,
}

/// Opens connections when they are wanted, and closes those that are too many: never more are in use than the limit, but for
/// those that were out when it shrank.
struct Pool {
    limit: Arc<BoundedSemaphore>,
    connections: Mutex<Connections>,
}

/// A connection in use. Dropping it gives it back, and then the permit.
struct Lease {
    pool: Arc<Pool>,
    connection: Option<Connection>,
    _permit: OwnedPermit<BoundedSemaphore>,
}

impl Pool {
    fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit: Arc::new(BoundedSemaphore::new(limit)), connections: Mutex::default() })
    }

    async fn lease(self: &Arc<Self>) -> Lease {
        let permit = Arc::clone(&self.limit).acquire_owned_async().await.expect("the pool is never closed");
        self.lease_with(permit)
    }

    fn lease_blocking(self: &Arc<Self>, timeout: Duration) -> Result<Lease, TryAcquireError> {
        Arc::clone(&self.limit).try_acquire_owned_for(timeout).map(|permit| self.lease_with(permit))
    }

    fn lease_with(self: &Arc<Self>, permit: OwnedPermit<BoundedSemaphore>) -> Lease {
        let mut connections = self.connections.lock();
        let connection = connections.idle.pop().unwrap_or_else(|| {
            connections.open += 1;
            connections.opened += 1;
            Connection { number: connections.opened }
        });
        Lease { pool: Arc::clone(self), connection: Some(connection), _permit: permit }
    }

    /// From now on at most so many are in use. What is too many is closed, as it comes back.
    fn set_limit(&self, limit: usize) {
        self.limit.set_limit(limit);
        self.connections.lock().close_beyond(limit);
    }

    fn print(&self) {
        let (limit, in_use, debt) = (self.limit.limit(), self.limit.in_use(), self.limit.debt());
        println!("limit {limit}: {in_use} in use, {debt} too many, {} open", self.connections.lock().open);
    }
}

impl Connections {
    fn close_beyond(&mut self, limit: usize) {
        while self.open > limit && self.idle.pop().is_some() {
            self.open -= 1;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut connections = self.pool.connections.lock();
        connections.idle.extend(self.connection.take());
        connections.close_beyond(self.pool.limit.limit());
    }
}

#[tokio::main]
async fn main() {
    let pool = Pool::new(2);
    pool.set_limit(6);
    let mut leases = Vec::new();
    for _ in 0..6 {
        leases.push(pool.lease().await);
    }
    pool.set_limit(3);
    pool.print();
    // Three are owed: as they come back, nobody has them.
    for lease in leases.drain(..3) {
        println!("connection {} comes back", lease.connection.as_ref().map_or(0, |connection| connection.number));
        drop(lease);
        assert!(pool.lease_blocking(Duration::ZERO).is_err());
    }
    pool.print();
    drop(leases);

    // Threads and tasks, while the limit goes up and down.
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move {
                for _ in 0..100 {
                    let _lease = pool.lease().await;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let impatient = thread::spawn({
        let pool = Arc::clone(&pool);
        move || (0..100).filter(|_| pool.lease_blocking(Duration::from_micros(50)).is_ok()).count()
    });
    for limit in (1..=8).chain((1..=8).rev()) {
        pool.set_limit(limit);
        tokio::task::yield_now().await;
    }
    pool.set_limit(4);
    for task in tasks {
        task.await.expect("no task panics");
    }
    println!("the impatient thread had {} of 100", impatient.join().expect("it does not panic either"));
    pool.print();
    assert!(pool.limit.in_use() == 0 && pool.connections.lock().open <= 4);
}
