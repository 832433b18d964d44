//! Faults at a step: every durable action and every call is a step, counted through the life of a process.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The process ends at that step: what was asked before it has happened, nothing after.
    Death(u64),
    /// The reply of the call at that step is lost, though the call was made.
    LostReply(u64),
}

/// One life of the process.
#[derive(Debug)]
pub struct Mortal {
    fault: Fault,
    steps: AtomicU64,
    dead: AtomicBool,
    /// Wakes whoever waits for the end.
    ended: Notify,
}

impl Mortal {
    /// A life with a fault ahead.
    #[must_use]
    pub fn new(fault: Fault) -> Self {
        Self { fault, steps: AtomicU64::new(0), dead: AtomicBool::new(false), ended: Notify::new() }
    }

    /// How many steps were taken.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::SeqCst)
    }

    /// Takes a step. The dead never return. Returns true when the reply of this step is lost.
    pub async fn step(&self) -> bool {
        let n = self.steps.fetch_add(1, Ordering::SeqCst) + 1;
        if self.fault == Fault::Death(n) {
            self.dead.store(true, Ordering::SeqCst);
            self.ended.notify_waiters();
            self.ended.notify_one();
        }
        if self.dead.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        self.fault == Fault::LostReply(n)
    }

    /// Waits for death.
    pub async fn death(&self) {
        while !self.dead.load(Ordering::SeqCst) {
            self.ended.notified().await;
        }
    }
}
