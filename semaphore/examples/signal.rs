//! A semaphore that starts with no permits is a signal: threads count down the jobs that a task waits for.
//!
//! `cargo run -p latchwork-semaphore --example signal`

use std::thread;

use latchwork_semaphore::Semaphore;

const JOBS: usize = 4;

fn main() {
    let done = Semaphore::new(0);
    thread::scope(|scope| {
        for job in 0..JOBS {
            let done = &done;
            scope.spawn(move || {
                println!("job {job} is done");
                done.add_permits(1);
            });
        }
        futures_lite::future::block_on(async {
            // All at once: the permits gather for whoever asks for many.
            let all = done.acquire_many_async(JOBS).await.expect("the signal is never closed");
            println!("all {} jobs are done", all.count());
            // A signal is used up: its permits do not come back.
            all.forget();
        });
    });
    assert_eq!(done.available_permits(), 0);
}
