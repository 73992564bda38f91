//! Readers that wait for a version of something: each for its own, on threads and in tasks.
//! `cargo run -p latchwork-monitor --example versions`

use std::thread;

use futures_lite::future::{block_on, zip};
use latchwork_monitor::Monitor;

#[derive(Debug, Default)]
struct Document {
    version: u64,
    text: String,
}

fn publish(document: &Monitor<Document>, text: &str) {
    let mut document = document.enter();
    document.version += 1;
    document.text = text.to_owned();
}

/// The text of this version, or of a later one.
fn read(document: &Monitor<Document>, version: u64) -> (u64, String) {
    let document = document.enter_when(|document| document.version >= version);
    (document.version, document.text.clone())
}

async fn read_async(document: &Monitor<Document>, version: u64) -> (u64, String) {
    let document = document.enter_when_async(move |document| document.version >= version).await;
    (document.version, document.text.clone())
}

fn main() {
    let document = &Monitor::<Document>::default();
    thread::scope(|scope| {
        let threads: Vec<_> = (1..=3).map(|version| scope.spawn(move || read(document, version))).collect();
        let tasks = scope.spawn(|| block_on(zip(read_async(document, 3), read_async(document, 2))));
        for text in ["draft", "proof", "print"] {
            publish(document, text);
        }
        for (version, thread) in (1..).zip(threads) {
            let (read, text) = thread.join().expect("it does not panic");
            println!("a thread that waited for version {version} has read version {read}: {text}");
            assert!(read >= version);
        }
        let (third, second) = tasks.join().expect("it does not panic");
        println!("tasks that waited for versions 3 and 2 have read versions {} and {}", third.0, second.0);
        assert_eq!(third, (3, "print".to_owned()));
    });
}
