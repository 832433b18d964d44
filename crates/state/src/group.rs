//! Group commit: entries of concurrent writers share one write.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::{Entry, StoreError};

type Waiting = (Vec<Entry>, oneshot::Sender<Result<(), StoreError>>);

/// Gathers what is pending while a write is under way into the next write, so that a slow store is paid per wave and
/// not per entry.
#[derive(Clone, Default)]
pub struct GroupCommit {
    pending: Arc<Mutex<VecDeque<Waiting>>>,
    writing: Arc<tokio::sync::Mutex<()>>,
}

impl GroupCommit {
    /// Appends entries with `commit`, which makes a batch durable. Batches go one after the other, in the order of the
    /// calls. A commit once begun runs to its end, even if this future is dropped.
    ///
    /// # Errors
    /// Whatever `commit` answers to the batch that held these entries.
    pub async fn append<F>(&self, entries: Vec<Entry>, commit: impl FnOnce(Vec<Entry>) -> F) -> Result<(), StoreError>
    where
        F: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let (reply, mut answer) = oneshot::channel();
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).push_back((entries, reply));
        let writing = self.writing.clone().lock_owned().await;
        // Whoever wrote while we waited may have taken ours along.
        match answer.try_recv() {
            Ok(result) => return result,
            Err(oneshot::error::TryRecvError::Empty) => {}
            Err(oneshot::error::TryRecvError::Closed) => return Err(interrupted()),
        }
        let batch = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        let mut entries = Vec::new();
        let mut replies = Vec::new();
        for (more, reply) in batch {
            entries.extend(more);
            replies.push(reply);
        }
        let commit = commit(entries);
        tokio::spawn(async move {
            let result = commit.await;
            for reply in replies {
                // A caller that is gone needs no answer.
                let _ = reply.send(result.clone());
            }
            drop(writing);
        });
        answer.await.unwrap_or_else(|_| Err(interrupted()))
    }

    /// Waits until no write is under way and keeps others out, for clearing.
    pub async fn pause(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.writing.clone().lock_owned().await
    }
}

fn interrupted() -> StoreError {
    StoreError::Io {
        what: "appending to the journal".into(),
        message: "the write was interrupted".into(),
        source: None,
    }
}
