//! Arbitrary bytes for everything that reads what others wrote: parser, formatter, evaluator, JSON syntax, states, values of variables.
//!
//! A target takes bytes and panics when something is wrong that no input may cause. cargo-fuzz runs the targets with coverage
//! (`crates/fuzz/cargo-fuzz`, outside of the workspace because it needs a nightly compiler); [`run`] mutates a corpus on any compiler, for
//! the test beside this and for `sdt-fuzz TARGET COUNT SEED`. What was run is noted in `docs/reliability.md`.

mod mutate;
mod targets;

pub use mutate::{Mutator, corpus};
pub use targets::{TARGETS, Target, target};

use std::time::{Duration, Instant};

/// What a run came to.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Executions.
    pub executions: u64,
    /// How long the slowest took.
    pub slowest: Duration,
    /// All together.
    pub total: Duration,
}

/// Runs a target `count` times on mutations of the corpus. `slow` hears of inputs that take longer than a second.
pub fn run(
    target: &Target,
    corpus: &[Vec<u8>],
    count: u64,
    seed: u64,
    slow: &mut dyn FnMut(&[u8], Duration),
) -> Report {
    let mut mutator = Mutator::new(seed);
    let start = Instant::now();
    let mut slowest = Duration::ZERO;
    for i in 0..count {
        let input = match corpus.get(i as usize) {
            Some(whole) => whole.clone(),
            None => mutator.make(corpus),
        };
        let begun = Instant::now();
        (target.run)(&input);
        let took = begun.elapsed();
        if took > Duration::from_secs(1) {
            slow(&input, took);
        }
        slowest = slowest.max(took);
    }
    Report { executions: count, slowest, total: start.elapsed() }
}
