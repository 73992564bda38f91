//! A crawler that goes easy on the site that it reads: so many requests at once, and no more than so many in a time. The site is a
//! server of this program's own, and counts.
//!
//! One semaphore has a permit for each connection, which comes back when the page has been read. The other is a bucket of tokens, each
//! of which is used up by a request, and which a ticker fills again. What has been seen is behind a mutex.
//!
//! `cargo run -p latchwork-examples --bin crawler`

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use latchwork_mutex::Mutex;
use latchwork_semaphore::Semaphore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const PAGES: usize = 60;
const CONNECTIONS: usize = 4;
const BURST: usize = 8;

/// The site: a server on this machine, whose page `n` links to the pages `2n + 1`, `2n + 2` and 0.
#[derive(Default)]
struct Site {
    requests: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl Site {
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.expect("connections can be accepted");
            let site = Arc::clone(&self);
            tokio::spawn(async move { site.answer(stream).await.expect("a page can be sent") });
        }
    }

    async fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        let open = 1 + self.open.fetch_add(1, Ordering::Relaxed);
        self.most_open.fetch_max(open, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        let page = stream.read_u32().await? as usize;
        tokio::time::sleep(Duration::from_millis(5)).await; // a slow site
        let links = [2 * page + 1, 2 * page + 2, 0].into_iter().filter(|page| *page < PAGES);
        let text: String = links.map(|page| format!("<a href={page}>")).collect();
        // Before the page is sent: the crawler opens the next connection when it has read this one's to its end.
        self.open.fetch_sub(1, Ordering::Relaxed);
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await
    }
}

struct Crawler {
    site: SocketAddr,
    connections: Semaphore,
    tokens: Semaphore,
    seen: Mutex<BTreeSet<usize>>,
}

impl Crawler {
    fn new(site: SocketAddr) -> Self {
        Self {
            site,
            connections: Semaphore::new(CONNECTIONS),
            tokens: Semaphore::new(BURST),
            seen: Mutex::new(BTreeSet::from([0])),
        }
    }

    /// Reads a page, and returns those it links to that nobody has seen before.
    async fn visit(&self, page: usize) -> io::Result<Vec<usize>> {
        // The token first: who waits for the rate keeps no connection from those who need not.
        self.tokens.acquire_async().await.map_err(io::Error::other)?.forget();
        let text = {
            let _connection = self.connections.acquire_async().await.map_err(io::Error::other)?;
            self.fetch(page).await?
        };
        let links = text.split("<a href=").filter_map(|rest| rest.split_once('>')?.0.parse().ok());
        let mut seen = self.seen.lock_async().await;
        Ok(links.filter(|link| seen.insert(*link)).collect())
    }

    async fn fetch(&self, page: usize) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.site).await?;
        stream.write_u32(page as u32).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Ok(text)
    }

    /// Adds a token with each tick, up to a full bucket; counts them in `added`.
    async fn fill(&self, added: &AtomicUsize) {
        let mut ticks = tokio::time::interval(Duration::from_millis(1));
        loop {
            ticks.tick().await;
            if self.tokens.available_permits() < BURST {
                added.fetch_add(1, Ordering::Relaxed);
                self.tokens.add_permits(1);
            }
        }
    }

    /// Reads every page that can be reached from the first.
    async fn crawl(self: Arc<Self>) {
        let mut visits = JoinSet::new();
        let visit = |page| {
            let crawler = Arc::clone(&self);
            async move { crawler.visit(page).await }
        };
        visits.spawn(visit(0));
        while let Some(links) = visits.join_next().await {
            for link in links.expect("no visit panics").expect("every page can be read") {
                visits.spawn(visit(link));
            }
        }
    }
}

#[tokio::main]
async fn main() -> io::Result<()> {
    latchwork_examples::watchdog();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let crawler = Arc::new(Crawler::new(listener.local_addr()?));
    let site = Arc::new(Site::default());
    tokio::spawn(Arc::clone(&site).serve(listener));

    let added = AtomicUsize::new(0);
    tokio::select! {
        () = Arc::clone(&crawler).crawl() => {}
        () = crawler.fill(&added) => {}
    }

    let (requests, most) = (site.requests.load(Ordering::Relaxed), site.most_open.load(Ordering::Relaxed));
    let tokens = BURST + added.load(Ordering::Relaxed);
    println!("{requests} pages by {most} connections at once, with {tokens} tokens");
    // Each page once.
    assert_eq!(*crawler.seen.lock(), (0..PAGES).collect());
    assert_eq!(requests, PAGES);
    assert!(most <= CONNECTIONS);
    // Each request has used up a token.
    assert_eq!(crawler.tokens.available_permits(), tokens - PAGES);
    assert_eq!(crawler.connections.available_permits(), CONNECTIONS);
    Ok(())
}
