//! The comparison of those who wait for one another.

use latchwork_benches::contenders::{bounded_buffer, ping_pong};
use latchwork_benches::measure::exchange::{self, Parties};

use crate::{Arguments, Comparison, at_least_one};

/// Producers and consumers, as in `4:1`.
pub(crate) fn parties(text: &str) -> Result<Parties, String> {
    let (producers, consumers) =
        text.split_once(':').ok_or("producers and consumers are needed, with a colon between them, as in 4:1")?;
    Ok(Parties {
        producers: at_least_one(producers).map_err(|error| format!("producers: {error}"))?,
        consumers: at_least_one(consumers).map_err(|error| format!("consumers: {error}"))?,
    })
}

impl Arguments {
    /// How many measurements of monitors a round has.
    pub(crate) fn monitor_cells(&self) -> usize {
        let buffers = self.chosen(&bounded_buffer::BLOCKING).count() + self.chosen(&bounded_buffer::ASYNC).count();
        let turns = self.chosen(&ping_pong::BLOCKING).count() + self.chosen(&ping_pong::ASYNC).count();
        self.slots.len() * self.pairs.len() * buffers + turns
    }

    /// Every number of slots, each with every pair.
    fn buffers(&self) -> impl Iterator<Item = (usize, Parties)> {
        self.slots.iter().flat_map(|&slots| self.pairs.iter().map(move |&parties| (slots, parties)))
    }
}

impl Comparison {
    /// Bounded buffers and turns: of threads, and then of tasks.
    pub(crate) fn monitors(&self) {
        for (slots, parties) in self.arguments.buffers() {
            let title = title("threads", slots, parties);
            self.cell(&title, &bounded_buffer::BLOCKING, |name, make| {
                exchange::stream(name, &*make(slots), parties, self.slice(parties.sum()))
            });
        }
        self.cell("two threads that take turns", &ping_pong::BLOCKING, |name, make| {
            exchange::ping_pong(name, &*make(), self.slice(2))
        });
        for (slots, parties) in self.arguments.buffers() {
            let title = title("tasks", slots, parties);
            self.cell(&title, &bounded_buffer::ASYNC, |name, make| {
                exchange::stream_of_tasks(name, make(slots), &self.runtime, parties, self.slice(1))
            });
        }
        self.cell("two tasks that take turns", &ping_pong::ASYNC, |name, make| {
            exchange::ping_pong_of_tasks(name, make(), &self.runtime, self.slice(1))
        });
    }
}

fn title(who: &str, slots: usize, parties: Parties) -> String {
    let Parties { producers, consumers } = parties;
    format!("{who}: {producers} that put, {consumers} that take, slots: {slots}")
}
