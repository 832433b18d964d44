//! A store whose writes are steps.

use std::sync::Arc;

use async_trait::async_trait;
use sdt_state::{
    Entry, Lock, LockInfo, LockRequest, MemoryStore, Revision, Snapshot, State, StateStore, StoreError, Unlocked,
};

use super::Mortal;

/// A memory store seen by one life of the process.
pub struct MortalStore {
    /// What survives.
    pub inner: Arc<MemoryStore>,
    /// The life.
    pub mortal: Arc<Mortal>,
}

#[async_trait]
impl StateStore for MortalStore {
    fn location(&self) -> String {
        self.inner.location()
    }

    async fn read(&self) -> Result<Snapshot, StoreError> {
        self.inner.read().await
    }

    async fn write(&self, state: &State, base: &Revision) -> Result<Revision, StoreError> {
        self.mortal.step().await;
        let result = self.inner.write(state, base).await;
        self.mortal.step().await;
        result
    }

    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError> {
        self.inner.lock(request).await
    }

    async fn unlock(&self, lock: &Lock) -> Result<Unlocked, StoreError> {
        self.inner.unlock(lock).await
    }

    async fn force_unlock(&self, id: &str) -> Result<LockInfo, StoreError> {
        self.inner.force_unlock(id).await
    }

    async fn journal_append(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        self.mortal.step().await;
        let result = self.inner.journal_append(entries).await;
        self.mortal.step().await;
        result
    }

    async fn journal_read(&self) -> Result<Vec<Entry>, StoreError> {
        self.inner.journal_read().await
    }

    async fn journal_clear(&self, keep: &[Entry]) -> Result<(), StoreError> {
        self.mortal.step().await;
        let result = self.inner.journal_clear(keep).await;
        self.mortal.step().await;
        result
    }
}
