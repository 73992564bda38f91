//! What the comparison makes of contenders that are broken, unfair or slow.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, OnceLock};
use std::thread::{self, ThreadId};
use std::time::Duration;

use latchwork_benches::cell::{Cell, Crew, MOST_OUTSIDE, Scene};
use latchwork_benches::contenders::bounded_buffer::BoundedBuffer;
use latchwork_benches::contenders::broken::Lossy;
use latchwork_benches::contenders::{Blocking, work};
use latchwork_benches::measure::exchange::{Parties, stream};
use latchwork_benches::measure::{Load, Sample, Slice, threads, undisturbed};

const LOAD: Load = Load {
    parties: 2,
    threads_per_core: 1,
    inside: 10,
    outside: 0,
    slice: Duration::from_millis(20),
    bound: Duration::from_secs(60),
    is_timed: false,
};

/// A slice may pass before anything is done, on a machine that is busy otherwise.
const ATTEMPTS: usize = 100;

/// Lets the first that comes in a thousand times for each time of another.
#[derive(Default)]
struct Unfair {
    count: AtomicU64,
    favourite: OnceLock<ThreadId>,
}

impl Blocking for Unfair {
    fn enter(&self, units: u32, _: bool) -> Duration {
        let own = thread::current().id();
        if *self.favourite.get_or_init(|| own) != own {
            let before = self.count();
            // In the end the favourite comes no more.
            for _ in 0..10_000 {
                if self.count() - before >= 1_000 {
                    break;
                }
                thread::yield_now();
            }
        }
        work(units);
        self.count.fetch_add(1, Relaxed);
        Duration::ZERO
    }

    fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }
}

/// Works a thousand times longer than it should.
#[derive(Default)]
struct Slow(Mutex<u64>);

impl Blocking for Slow {
    fn enter(&self, units: u32, is_timed: bool) -> Duration {
        self.0.enter(units * 1_000, is_timed)
    }

    fn count(&self) -> u64 {
        self.0.count()
    }
}

/// A buffer that puts each item in twice, or not at all.
struct Leaky {
    items: Mutex<VecDeque<u64>>,
    changed: Condvar,
    copies: usize,
}

impl BoundedBuffer for Leaky {
    fn put(&self, item: u64) {
        let mut items = self.items.lock().expect("no section panics");
        // The last tells a consumer to end.
        let copies = if item == u64::MAX { 1 } else { self.copies };
        items.extend(std::iter::repeat_n(item, copies));
        self.changed.notify_all();
    }

    fn take(&self) -> u64 {
        let items = self.items.lock().expect("no section panics");
        let mut items = self.changed.wait_while(items, |items| items.is_empty()).expect("no section panics");
        items.pop_front().expect("there is one")
    }
}

fn median(measure: impl Fn() -> Slice, value: impl Fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<f64> = (0..5).map(|_| value(&measure().sample)).collect();
    values.sort_by(f64::total_cmp);
    values[2]
}

#[test]
#[should_panic = "lossy does not exclude"]
fn a_lock_that_forgets_an_entry_is_reported() {
    threads("lossy", &Lossy::default(), &LOAD);
}

#[test]
fn an_unfair_lock_is_shown_as_unfair() {
    let unfair = || threads("unfair", &Unfair::default(), &LOAD);
    let share = median(unfair, |sample| sample.smallest_share);
    assert!(share < 0.1, "the smallest share is {share}");
    let share = median(unfair, |sample| sample.largest_share);
    assert!(share > 1.9, "the largest share is {share}");
}

#[test]
fn one_thread_has_its_whole_share() {
    let load = Load { parties: 1, ..LOAD };
    let mut samples = (0..ATTEMPTS).map(|_| threads("std", &Mutex::new(0), &load).sample);
    let sample = samples.find(|sample| sample.throughput > 0.0).expect("it enters now and then");
    assert!((sample.smallest_share - 1.0).abs() < 1e-9);
}

#[test]
fn a_disturbed_slice_is_measured_again() {
    let kept_and_left = |attempts, lost: &[u64]| {
        let mut lost = lost.iter();
        let slice = |&lost| {
            let nothing = Sample {
                throughput: 0.0,
                smallest_share: 0.0,
                largest_share: 0.0,
                cpu_per_op: 0.0,
                switches_per_op: 0.0,
                fences_per_op: 0.0,
                lost,
            };
            Slice { sample: nothing, waits: Vec::new() }
        };
        let kept = undisturbed(attempts, || lost.next().map(slice)).map(|kept| kept.sample.lost);
        (kept, lost.len())
    };
    assert_eq!(kept_and_left(4, &[0, 9]), (Some(0), 1));
    assert_eq!(kept_and_left(4, &[9, 0, 1]), (Some(0), 1));
    assert_eq!(kept_and_left(3, &[9, 8, 10, 0]), (Some(8), 1));
    assert_eq!(kept_and_left(1, &[9, 0]), (Some(9), 1));
    assert_eq!(kept_and_left(4, &[9]), (None, 0));
}

#[test]
fn the_time_outside_goes_with_the_section() {
    let cell = |section, outside| Cell { scene: Scene::Mutex, crew: Crew::Threads(2), section, outside };
    assert_eq!(cell(1_000, 0).pause(), 0.0);
    assert_eq!(cell(1_000, 50).pause(), 1_000.0);
    assert_eq!(cell(u32::MAX, MOST_OUTSIDE).pause(), f64::from(u32::MAX) * 99.0);
}

#[test]
fn a_slow_lock_is_ranked_slow() {
    let load = Load { parties: 1, inside: 100, ..LOAD };
    let slow = median(|| threads("slow", &Slow::default(), &load), |sample| sample.throughput);
    let fast = median(|| threads("std", &Mutex::new(0), &load), |sample| sample.throughput);
    assert!(slow < fast, "{slow} and {fast} operations per second");
}

#[test]
#[should_panic = "leaky loses items"]
fn a_buffer_that_loses_an_item_is_reported() {
    stream_through_leaky(0);
}

#[test]
#[should_panic = "leaky loses items, or takes some twice"]
fn a_buffer_that_gives_an_item_twice_is_reported() {
    stream_through_leaky(2);
}

fn stream_through_leaky(copies: usize) {
    let leaky = Leaky { items: Mutex::default(), changed: Condvar::new(), copies };
    for _ in 0..ATTEMPTS {
        stream("leaky", &leaky, Parties { producers: 1, consumers: 1 }, &LOAD);
    }
}
