//! A configuration that threads and tasks read all the time, and that is loaded again when it has changed, once for each change.
//!
//! Whoever finds it old takes an upgradable guard: one at a time has that, readers go on beside it while it loads, and nobody writes
//! between its look and its upgrade.
//!
//! `cargo run -p latchwork-examples --bin config_cache`

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use latchwork_rwlock::{RwLock, RwLockUpgradableGuard};

const READERS: usize = 4;
const CHANGES: u64 = 20;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Config {
    version: u64,
    name: String,
    limits: Vec<u64>,
}

/// Where the configuration comes from: a file, or a service. It is slow, and says cheaply whether it has changed.
#[derive(Default)]
struct Source {
    version: AtomicU64,
    loads: AtomicU64,
}

impl Source {
    fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn change(&self) {
        self.version.fetch_add(1, Ordering::Release);
    }

    fn load(&self) -> Config {
        let version = self.version();
        self.loads.fetch_add(1, Ordering::Relaxed);
        Config { version, name: format!("version {version}"), limits: vec![version; 8] }
    }
}

struct Cache {
    source: Source,
    config: RwLock<Config>,
}

impl Cache {
    fn new(source: Source) -> Self {
        let config = RwLock::new(source.load());
        Self { source, config }
    }

    /// Loads the configuration again where it has changed, and says whether.
    fn refresh(&self) -> bool {
        let old = self.config.upgradable_read();
        if old.version == self.source.version() {
            return false;
        }
        let new = self.source.load();
        *RwLockUpgradableGuard::upgrade(old) = new;
        true
    }

    /// The same in a task. One that is cancelled while it waits to write leaves the old configuration in place.
    async fn refresh_async(&self) -> bool {
        let mut old = self.config.upgradable_read_async().await;
        if old.version == self.source.version() {
            return false;
        }
        let new = self.source.load();
        *RwLockUpgradableGuard::upgrade_async(&mut old).await = new;
        true
    }
}

/// What a reader sees is one configuration, and none that is older than what it saw before.
fn examine(config: &Config, last: &mut u64) {
    assert_eq!(config.name, format!("version {}", config.version));
    assert!(config.limits.iter().all(|limit| *limit == config.version));
    assert!(config.version >= *last, "version {} after {last}", config.version);
    *last = config.version;
}

/// Reads until the last change has been seen. Returns how often, and how often it has loaded the configuration.
fn read(cache: &Cache) -> (u64, u64) {
    let (mut last, mut reads, mut refreshed) = (0, 0, 0);
    while last < CHANGES {
        examine(&cache.config.read(), &mut last);
        reads += 1;
        refreshed += u64::from(reads % 100 == 0 && cache.refresh());
    }
    (reads, refreshed)
}

/// The same in a task.
async fn read_async(cache: Arc<Cache>) -> (u64, u64) {
    let (mut last, mut reads, mut refreshed) = (0, 0, 0);
    while last < CHANGES {
        examine(&*cache.config.read_async().await, &mut last);
        reads += 1;
        refreshed += u64::from(reads % 100 == 0 && cache.refresh_async().await);
        tokio::task::yield_now().await;
    }
    (reads, refreshed)
}

#[tokio::main]
async fn main() {
    latchwork_examples::watchdog();
    let cache = Arc::new(Cache::new(Source::default()));

    let threads: Vec<_> = (0..READERS)
        .map(|_| {
            let cache = Arc::clone(&cache);
            thread::spawn(move || read(&cache))
        })
        .collect();
    let tasks: Vec<_> = (0..READERS).map(|_| tokio::spawn(read_async(Arc::clone(&cache)))).collect();

    for version in 1..=CHANGES {
        cache.source.change();
        while cache.config.read_async().await.version < version {
            tokio::task::yield_now().await;
        }
    }

    let mut results: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect();
    for task in tasks {
        results.push(task.await.expect("no task panics"));
    }
    let (reads, refreshed) = results.iter().fold((0, 0), |sum, result| (sum.0 + result.0, sum.1 + result.1));
    let loads = cache.source.loads.load(Ordering::Relaxed);
    println!("{reads} reads of a configuration that has changed {CHANGES} times, and was loaded {loads} times");
    // Once at the start, and once for each change, by one of those who have found it old.
    assert_eq!((loads, refreshed), (1 + CHANGES, CHANGES));
    assert_eq!(cache.config.read().version, CHANGES);
}
