//! Being asked to stop: once to end gracefully, twice to end at once.

use std::sync::Arc;

use tokio::sync::watch;

/// Shared by whoever hears the signal and whatever is to stop.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<watch::Sender<u32>>);

impl Default for Interrupt {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Interrupt {
    /// Asks to stop; the second time, at once.
    pub fn raise(&self) {
        self.0.send_modify(|n| *n += 1);
    }

    /// How often it was asked.
    #[must_use]
    pub fn count(&self) -> u32 {
        *self.0.borrow()
    }

    /// Waits until it has been asked more often than `seen`.
    pub(crate) async fn more_than(&self, seen: u32) -> u32 {
        let mut receiver = self.0.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        match receiver.wait_for(|n| *n > seen).await {
            Ok(n) => *n,
            Err(_) => std::future::pending().await,
        }
    }
}
