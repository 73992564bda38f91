//! A reader that reads again while a writer waits: the deadlock, and how to avoid it.
//!
//! `cargo run -p latchwork-rwlock --example recursive_read`

use std::thread;
use std::time::Duration;

use latchwork_rwlock::RwLock;

struct Site {
    name: String,
    pages: Vec<String>,
}

/// Called by itself, and by [`index`], which has a share already.
fn title(site: &RwLock<Site>, page: usize) -> String {
    let site = site.read_recursive();
    format!("{}: {}", site.name, site.pages[page])
}

/// As `title` would be with [`RwLock::read`], but that it gives up.
fn impatient_title(site: &RwLock<Site>, page: usize) -> Option<String> {
    let site = site.try_read_for(Duration::from_millis(20))?;
    Some(format!("{}: {}", site.name, site.pages[page]))
}

fn index(site: &RwLock<Site>) {
    let pages = site.read().pages.len();
    println!("{pages} pages");
    let outer = site.read();
    thread::scope(|scope| {
        scope.spawn(|| site.write().pages.push("news".into()));
        // No reader enters any more as soon as the writer waits.
        while site.try_read().is_some() {
            thread::sleep(Duration::from_millis(1));
        }
        // The writer waits for `outer`, and this thread would wait for the writer: for ever, but for the time that runs out.
        assert_eq!(impatient_title(site, 0), None);
        println!("a second share is refused while a writer waits for the first");
        println!("{}", title(site, outer.pages.len() - 1));
        drop(outer);
    });
    println!("{}", title(site, pages));
}

fn main() {
    let site = RwLock::new(Site { name: "Latchwork".into(), pages: vec!["home".into()] });
    index(&site);
    assert_eq!(site.into_inner().pages.len(), 2);
}
