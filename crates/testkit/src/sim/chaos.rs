//! Faults by chance: what may go wrong at a call, a journal write or a state write.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sdt_driver::Interrupt;
use tokio::sync::Notify;

use super::rng::Rng;

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It was made and answered.
    Fine,
    /// It was refused: too many.
    Throttled,
    /// The service failed; nothing was done.
    Failed,
    /// It was made, and the answer was lost.
    Lost,
}

/// A part of the program that is taken out, to see that the simulation notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mutation {
    /// The program as it is.
    #[default]
    None,
    /// `begun` is acknowledged before it is durable.
    UnsyncedBegun,
    /// A repeated creation comes with a new token.
    FreshTokens,
    /// Destructions come in any order.
    NoDestroyOrder,
    /// The state is written whatever is there.
    BlindWrite,
}

/// How much goes wrong.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Deaths per thousand steps.
    pub death: u64,
    /// Faults of calls per hundred.
    pub call: u64,
    /// Failing journal and state writes per hundred.
    pub store: u64,
    /// Interrupts per thousand steps.
    pub interrupt: u64,
}

impl Rates {
    /// Nothing goes wrong.
    pub const NONE: Self = Self { death: 0, call: 0, store: 0, interrupt: 0 };
}

/// One life of the process and its luck.
pub struct Chaos {
    inner: Mutex<Inner>,
    ended: Notify,
    /// Raised by chance.
    pub interrupt: Interrupt,
}

struct Inner {
    rng: Rng,
    rates: Rates,
    dead: bool,
    log: Vec<String>,
}

impl Chaos {
    /// A life with its luck.
    #[must_use]
    pub fn new(seed: u64, rates: Rates) -> Self {
        let inner = Inner { rng: Rng::new(seed), rates, dead: false, log: Vec::new() };
        Self { inner: Mutex::new(inner), ended: Notify::new(), interrupt: Interrupt::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has happened, in order.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.inner().log.clone()
    }

    /// Notes something.
    pub fn note(&self, text: impl Into<String>) {
        self.inner().log.push(text.into());
    }

    /// Whether the process is dead.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.inner().dead
    }

    /// A moment at which the process may die or be interrupted. The dead never return.
    pub async fn moment(&self) {
        let dead = {
            let mut inner = self.inner();
            let (death, interrupt) = (inner.rates.death, inner.rates.interrupt);
            if !inner.dead && inner.rng.below(1000) < death {
                inner.dead = true;
                inner.log.push("death".into());
                self.ended.notify_waiters();
                self.ended.notify_one();
            }
            if inner.rng.below(1000) < interrupt {
                inner.log.push("interrupt".into());
                self.interrupt.raise();
            }
            inner.dead
        };
        if dead {
            std::future::pending::<()>().await;
        }
        // Others may go on here: what is concurrent is interleaved by chance.
        if self.inner().rng.chance(50) {
            tokio::task::yield_now().await;
        }
    }

    /// Waits for death.
    pub async fn death(&self) {
        while !self.is_dead() {
            self.ended.notified().await;
        }
    }

    /// The fate of a call to the cloud.
    pub fn reply(&self) -> Reply {
        let mut inner = self.inner();
        let rate = inner.rates.call;
        if !inner.rng.chance(rate) {
            return Reply::Fine;
        }
        match inner.rng.below(3) {
            0 => Reply::Throttled,
            1 => Reply::Failed,
            _ => Reply::Lost,
        }
    }

    /// Whether a write to the store fails.
    pub fn store_fails(&self) -> bool {
        let mut inner = self.inner();
        let rate = inner.rates.store;
        inner.rng.chance(rate)
    }

    /// A number below `n`.
    pub fn below(&self, n: u64) -> u64 {
        self.inner().rng.below(n)
    }
}
