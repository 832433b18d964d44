//! A store in memory, for tests and simulation.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::lock::OpenActions;
use crate::{Entry, Lock, LockInfo, LockRequest, Revision, Snapshot, State, StateStore, StoreError, Unlocked, v4};

/// Keeps a state for the life of the process. What a "death" leaves is what it holds.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    bytes: Option<Vec<u8>>,
    journal: Vec<Entry>,
    open: OpenActions,
    lock: Option<LockInfo>,
}

impl MemoryStore {
    /// A store that holds a state.
    #[must_use]
    pub fn with_state(state: &State) -> Self {
        let inner = Inner { bytes: Some(v4::write(state)), ..Inner::default() };
        Self { inner: Mutex::new(inner) }
    }

    /// Forgets the lock, as if its holder had been recognised as dead.
    pub fn break_lock(&self) {
        self.inner().lock = None;
    }

    /// Puts a state there as somebody does who knows no journal.
    pub fn put(&self, state: &State) {
        self.inner().bytes = Some(v4::write(state));
    }

    /// The bytes of the state file, if there is one.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        self.inner().bytes.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl StateStore for MemoryStore {
    fn location(&self) -> String {
        "memory".into()
    }

    async fn read(&self) -> Result<Snapshot, StoreError> {
        Snapshot::from_bytes("memory", self.inner().bytes.as_deref(), None)
    }

    async fn write(&self, state: &State, base: &Revision) -> Result<Revision, StoreError> {
        let mut inner = self.inner();
        let stored = Revision::of(inner.bytes.as_deref(), None);
        if stored.md5 != base.md5 {
            return Err(StoreError::Conflict { location: "memory".into() });
        }
        let bytes = v4::write(state);
        let revision = Revision::of(Some(&bytes), None);
        if !inner.journal.is_empty() {
            inner.journal.push(Entry::Persisting {
                lineage: state.lineage.clone(),
                serial: state.serial,
                md5: revision.md5.clone().unwrap_or_default(),
            });
        }
        inner.bytes = Some(bytes);
        Ok(revision)
    }

    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError> {
        let mut inner = self.inner();
        if let Some(info) = &inner.lock {
            return Err(StoreError::LockHeld { info: Box::new(info.clone()) });
        }
        let info = LockInfo { path: "memory".into(), ..request.info.clone() };
        inner.lock = Some(info.clone());
        Ok(Lock { info, taken_from: None })
    }

    async fn unlock(&self, lock: &Lock) -> Result<Unlocked, StoreError> {
        let mut inner = self.inner();
        if let Some(unresolved) = inner.open.count() {
            return Ok(Unlocked::Kept { unresolved });
        }
        inner.lock.take_if(|held| held.id == lock.info.id);
        Ok(Unlocked::Released)
    }

    async fn force_unlock(&self, id: &str) -> Result<LockInfo, StoreError> {
        let mut inner = self.inner();
        match inner.lock.take() {
            None => Err(StoreError::NotLocked { location: "memory".into() }),
            Some(info) if info.id == id => Ok(info),
            Some(info) => {
                inner.lock = Some(info.clone());
                Err(StoreError::WrongLockId { given: id.into(), actual: info.id.clone(), info: Box::new(info) })
            }
        }
    }

    async fn journal_append(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        let mut inner = self.inner();
        inner.open.follow(&entries);
        inner.journal.extend(entries);
        Ok(())
    }

    async fn journal_read(&self) -> Result<Vec<Entry>, StoreError> {
        let mut inner = self.inner();
        let entries = inner.journal.clone();
        inner.open.follow(&entries);
        Ok(entries)
    }

    fn has_open_actions(&self) -> bool {
        self.inner().open.count().is_some()
    }

    async fn journal_clear(&self, keep: &[Entry]) -> Result<(), StoreError> {
        let mut inner = self.inner();
        inner.journal = keep.to_vec();
        inner.open = OpenActions::default();
        inner.open.follow(keep);
        Ok(())
    }
}
