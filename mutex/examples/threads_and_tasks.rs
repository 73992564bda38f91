//! One mutex, shared by plain threads, by tasks of a runtime, and by a thread that does not wait for ever.
//!
//! `cargo run -p latchwork-mutex --example threads_and_tasks`

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use latchwork_mutex::Mutex;

const THREADS: usize = 4;
const TASKS: usize = 100;
const ROUNDS: usize = 100;

#[tokio::main]
async fn main() {
    let visits = Arc::new(Mutex::new(Vec::new()));

    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let visits = Arc::clone(&visits);
            thread::spawn(move || {
                for _ in 0..ROUNDS {
                    visits.lock().push(format!("thread {thread}"));
                }
            })
        })
        .collect();

    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let visits = Arc::clone(&visits);
            tokio::spawn(async move {
                for _ in 0..ROUNDS {
                    let mut visits = visits.lock_async().await;
                    visits.push(format!("task {task}"));
                    // The lock may be held across an await: whoever wants it waits without blocking the runtime.
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();

    let impatient = thread::spawn({
        let visits = Arc::clone(&visits);
        move || visits.try_lock_for(Duration::from_millis(1)).map(|visits| visits.len())
    });

    for task in tasks {
        task.await.expect("no task panics");
    }
    for thread in threads {
        thread.join().expect("no thread panics");
    }
    match impatient.join().expect("it does not panic either") {
        Some(visits) => println!("the impatient thread saw {visits} visits"),
        None => println!("the impatient thread gave up after a millisecond"),
    }
    let visits = visits.lock().len();
    println!("{visits} visits in all");
    assert_eq!(visits, (THREADS + TASKS) * ROUNDS);
}
