//! The local store: a file, its backup, its lock and its journal.

mod file;
mod journal;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

pub use journal::JournalFile;
use journal::blocking;

use crate::{
    Entry, Lock, LockInfo, LockRequest, OpenActions, Revision, Snapshot, State, StateStore, StoreError, Unlocked, v4,
};

/// How long the first wait for a lock is, and the longest.
const WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// A state in a file, as Terraform's local backend keeps it: `terraform.tfstate` with `terraform.tfstate.backup`,
/// locked by `fcntl` and described by `.terraform.tfstate.lock.info`; the journal is `terraform.tfstate.journal`.
#[derive(Clone)]
pub struct LocalStore {
    path: Arc<Path>,
    backup: Option<Arc<Path>>,
    journal: JournalFile,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    held: Option<Held>,
    open: OpenActions,
    backed_up: bool,
}

struct Held {
    id: String,
    _lock: file::Locked,
}

impl LocalStore {
    /// Opens nothing yet; the file need not exist.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            backup: Some(file::beside(&path, "backup").into()),
            journal: JournalFile::new(file::beside(&path, "journal")),
            path: path.into(),
            inner: Arc::default(),
        }
    }

    /// Puts the backup elsewhere, or makes none (`-backup=-`).
    #[must_use]
    pub fn with_backup(mut self, backup: Option<PathBuf>) -> Self {
        self.backup = backup.map(Into::into);
        self
    }

    /// The state file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn info_path(&self) -> PathBuf {
        file::hidden(&self.path, "lock.info")
    }

    /// What the lock's holder has written about itself; a bare info if nothing can be read.
    fn info(&self) -> Option<LockInfo> {
        serde_json::from_slice(&std::fs::read(self.info_path()).ok()?).ok()
    }

    fn try_lock(&self, request: &LockRequest) -> Result<Option<Lock>, StoreError> {
        let what = || format!("locking {}", self.location());
        let Some(locked) = file::lock(&self.path).map_err(|e| StoreError::io(what(), e))? else { return Ok(None) };
        // The file lock is the truth: an info that is still there is that of a dead process.
        let taken_from = self.info();
        let info = LockInfo { path: self.path.display().to_string(), ..request.info.clone() };
        let json = serde_json::to_vec(&info).unwrap_or_default();
        // Only for people, and for as long as the process lives: it need not survive a power cut.
        std::fs::write(self.info_path(), json).map_err(|e| StoreError::io(what(), e))?;
        self.inner().held = Some(Held { id: info.id.clone(), _lock: locked });
        Ok(Some(Lock { info, taken_from }))
    }

    fn write_now(&self, old: &[u8], new: &[u8]) -> Result<(), StoreError> {
        let first = !std::mem::replace(&mut self.inner().backed_up, true);
        if let Some(backup) = self.backup.as_deref().filter(|_| first && !old.is_empty() && old != new) {
            file::replace_unsynced(backup, old)
                .map_err(|e| StoreError::io(format!("writing {}", backup.display()), e))?;
        }
        file::write(&self.path, old, new).map_err(|e| StoreError::io(format!("writing {}", self.location()), e))
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>, StoreError> {
        file::read(&self.path).map_err(|e| StoreError::io(format!("reading {}", self.location()), e))
    }
}

#[async_trait]
impl StateStore for LocalStore {
    fn location(&self) -> String {
        self.path.display().to_string()
    }

    async fn read(&self) -> Result<Snapshot, StoreError> {
        let this = self.clone();
        blocking(move || Snapshot::from_bytes(&this.location(), this.bytes()?.as_deref(), None)).await
    }

    async fn write(&self, state: &State, base: &Revision) -> Result<Revision, StoreError> {
        let new = v4::write(state);
        let revision = Revision::of(Some(&new), None);
        if self.journal.has_entries() {
            let (lineage, md5) = (state.lineage.clone(), revision.md5.clone().unwrap_or_default());
            self.journal.append(vec![Entry::Persisting { lineage, serial: state.serial, md5 }]).await?;
        }
        let (this, base) = (self.clone(), base.clone());
        blocking(move || {
            let old = this.bytes()?.unwrap_or_default();
            if Revision::of(Some(&old), None).md5 != base.md5 {
                return Err(StoreError::Conflict { location: this.location() });
            }
            this.write_now(&old, &new)
        })
        .await?;
        Ok(revision)
    }

    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError> {
        let mut waited = Duration::ZERO;
        let mut pause = WAIT.0;
        loop {
            let (this, asked) = (self.clone(), request.clone());
            if let Some(lock) = blocking(move || this.try_lock(&asked)).await? {
                return Ok(lock);
            }
            if waited >= request.timeout {
                let unknown = || LockInfo { path: self.location(), ..LockInfo::default() };
                return Err(StoreError::LockHeld { info: Box::new(self.info().unwrap_or_else(unknown)) });
            }
            let now = pause.min(request.timeout - waited);
            tokio::time::sleep(now).await;
            waited += now;
            pause = (pause * 2).min(WAIT.1);
        }
    }

    async fn unlock(&self, lock: &Lock) -> Result<Unlocked, StoreError> {
        let this = self.clone();
        let id = lock.info.id.clone();
        blocking(move || {
            let mut inner = this.inner();
            if inner.held.as_ref().is_none_or(|held| held.id != id) {
                return Err(StoreError::NotLocked { location: this.location() });
            }
            if let Some(unresolved) = inner.open.count() {
                return Ok(Unlocked::Kept { unresolved });
            }
            // First the description, then the lock: the next holder's description must not be the one that goes.
            file::remove(&this.info_path()).map_err(|e| StoreError::io(format!("unlocking {}", this.location()), e))?;
            inner.held = None;
            Ok(Unlocked::Released)
        })
        .await
    }

    async fn force_unlock(&self, id: &str) -> Result<LockInfo, StoreError> {
        let this = self.clone();
        let id = id.to_owned();
        blocking(move || {
            let location = this.location();
            let Some(info) = this.info() else { return Err(StoreError::NotLocked { location }) };
            if info.id != id {
                return Err(StoreError::WrongLockId { given: id, actual: info.id.clone(), info: Box::new(info) });
            }
            let what = format!("unlocking {location}");
            let Some(_lock) = file::lock(&this.path).map_err(|e| StoreError::io(&what, e))? else {
                return Err(StoreError::LockAlive { info: Box::new(info) });
            };
            file::remove(&this.info_path()).map_err(|e| StoreError::io(&what, e))?;
            Ok(info)
        })
        .await
    }

    async fn journal_append(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        // What may have been written counts as begun, whatever the outcome.
        self.inner().open.follow(&entries);
        self.journal.append(entries).await
    }

    async fn journal_read(&self) -> Result<Vec<Entry>, StoreError> {
        let entries = self.journal.read().await?;
        self.inner().open.follow(&entries);
        Ok(entries)
    }

    fn has_open_actions(&self) -> bool {
        self.inner().open.count().is_some()
    }

    async fn journal_clear(&self, keep: &[Entry]) -> Result<(), StoreError> {
        self.journal.clear(keep).await?;
        let mut inner = self.inner();
        inner.open = OpenActions::default();
        inner.open.follow(keep);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
