//! The store.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sdt_aws_sdk::AwsErrorKind;
use sdt_state::{
    Entry, JournalFile, Lock, LockInfo, LockRequest, OpenActions, Revision, Snapshot, State, StateStore, StoreError,
    Unlocked, md5_hex, v4,
};

use crate::config::S3Config;
use crate::journal::Journal;
use crate::lockfile::LockFile;
use crate::locking::{Held, Keeper, Slot, acquire, release};
use crate::objects::{Condition, Object, Objects};
use crate::table::Table;

/// Pauses between tries for a lock: the first, and the longest.
const WAIT: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(4));
/// Tries to read a state that agrees with its digest, a second apart: a writer may be between the two.
const DIGEST_TRIES: u32 = 8;

/// A state in S3.
#[derive(Clone)]
pub struct S3Store {
    config: Arc<S3Config>,
    objects: Objects,
    table: Option<Table>,
    journal: Place,
    inner: Arc<Mutex<Inner>>,
    /// Whether this process has written to the journal.
    journalled: Arc<AtomicBool>,
}

#[derive(Clone)]
enum Place {
    Remote(Journal),
    Local(JournalFile),
}

#[derive(Default)]
struct Inner {
    held: Option<Arc<Held>>,
    open: OpenActions,
}

impl S3Store {
    /// Prepares the clients; nothing is asked yet.
    ///
    /// # Errors
    /// [`StoreError::Config`] when the configuration cannot work.
    pub async fn open(config: S3Config) -> Result<Self, StoreError> {
        let aws = sdt_aws_sdk::load(&config.aws)
            .await
            .map_err(|error| StoreError::Config { message: format!("backend \"s3\": {error}") })?;
        let config = Arc::new(config);
        let objects = Objects::new(&aws, config.clone())?;
        let id = format!("{}/{}", config.bucket, config.key);
        let table = config.dynamodb_table.as_ref().map(|name| Table::new(&aws, name, id));
        let journal = Place::Remote(Journal::new(objects.clone(), &config.key));
        Ok(Self { config, objects, table, journal, inner: Arc::default(), journalled: Arc::default() })
    }

    /// Keeps the journal in a file on this machine (`-journal=local`), where the bucket allows nothing but the state.
    #[must_use]
    pub fn with_local_journal(mut self, path: PathBuf) -> Self {
        self.journal = Place::Local(JournalFile::new(path));
        self
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keeper(&self) -> Option<Keeper> {
        self.inner().held.as_ref().map(|held| held.keeper())
    }

    /// The places of the lock, in Terraform's order.
    fn slots(&self) -> Vec<Arc<dyn Slot>> {
        let mut slots: Vec<Arc<dyn Slot>> = Vec::new();
        if self.config.use_lockfile {
            let key = format!("{}.tflock", self.config.key);
            slots.push(Arc::new(LockFile { objects: self.objects.clone(), key }));
        }
        if let Some(table) = &self.table {
            slots.push(Arc::new(table.clone()));
        }
        slots
    }

    async fn lock_once(&self, info: &LockInfo, request: &LockRequest) -> Result<Result<Lock, LockInfo>, StoreError> {
        let mut holds = Vec::new();
        for slot in self.slots() {
            let refused = match acquire(slot, info, &request.holder).await {
                Ok(Ok(hold)) => {
                    holds.push(hold);
                    continue;
                }
                Ok(Err(holder)) => Ok(Err(holder)),
                Err(error) => Err(error),
            };
            while let Some(hold) = holds.pop() {
                // The refusal is what matters; a lock left behind is sdt's own and is taken over.
                let _ = release(&hold, &self.location()).await;
            }
            return refused;
        }
        let taken_from = holds.iter().find_map(|h| h.taken_from().cloned());
        self.inner().held = Some(Arc::new(Held::new(info.id.clone(), self.location(), holds)));
        if let Place::Remote(journal) = &self.journal {
            journal.set_run(&info.id);
        }
        Ok(Ok(Lock { info: info.clone(), taken_from }))
    }

    async fn get(&self) -> Result<Option<Object>, StoreError> {
        let key = &self.config.key;
        self.objects.get(key).await.map_err(|error| self.objects.failed("reading", key, error))
    }

    async fn digest(&self) -> Result<Option<String>, StoreError> {
        match &self.table {
            None => Ok(None),
            Some(table) => table.digest().await.map_err(|e| table.failed("reading the digest of the state", e)),
        }
    }

    async fn put_digest(&self, md5: &str) -> Result<(), StoreError> {
        match &self.table {
            None => Ok(()),
            Some(table) => table.put_digest(md5).await.map_err(|e| table.failed("writing the digest of the state", e)),
        }
    }

    /// Tells whether a run of ours was about to write this: it died between state and digest.
    async fn was_intended(&self, md5: &str) -> bool {
        let entries = match &self.journal {
            Place::Remote(journal) => journal.read().await,
            Place::Local(journal) => journal.read().await,
        };
        let intends = |e: &Entry| matches!(e, Entry::Persisting { md5: intended, .. } if intended == md5);
        entries.is_ok_and(|entries| entries.iter().any(intends))
    }

    /// Reads the state until it agrees with its digest.
    async fn get_consistent(&self) -> Result<Option<Object>, StoreError> {
        let mut tries = 0;
        loop {
            let (object, digest) = futures::join!(self.get(), self.digest());
            // Where both fail, the bucket comes first, whichever answer was faster.
            let object = object?;
            let Some(expected) = digest? else { return Ok(object) };
            let actual = object.as_ref().map(|o| md5_hex(&o.bytes));
            if actual.as_ref() == Some(&expected) {
                return Ok(object);
            }
            let locked = self.keeper();
            if let Some(md5) = &actual
                && self.was_intended(md5).await
            {
                if let Some(keeper) = locked {
                    keeper.ensure().await?;
                    self.put_digest(md5).await?;
                }
                return Ok(object);
            }
            tries += 1;
            // Under our lock there is no writer to wait for; one more look is for stores that are late.
            if tries >= if locked.is_some() { 2 } else { DIGEST_TRIES } {
                return Err(StoreError::Digest {
                    location: self.location(),
                    expected,
                    actual: actual.unwrap_or_else(|| "none".into()),
                    item: self.table.as_ref().map(Table::digest_id).unwrap_or_default(),
                });
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Writes the object; the new tag.
    async fn put(&self, bytes: &[u8], base: &Revision) -> Result<String, StoreError> {
        let key = &self.config.key;
        let condition = base.etag.clone().map_or(Condition::Absent, Condition::Tag);
        let result = match self.objects.put(key, bytes, &condition).await {
            // Not every S3 knows conditions: then the comparison is ours, and the lock must do.
            Err(error) if error.kind == AwsErrorKind::NotImplemented => {
                if self.get().await?.and_then(|o| o.etag) != base.etag {
                    return Err(StoreError::Conflict { location: self.location() });
                }
                self.objects.put(key, bytes, &Condition::Any).await
            }
            result => result,
        };
        match result {
            Ok(Some(etag)) => Ok(etag),
            Ok(None) => match self.get().await? {
                // Ours: the reply was lost, and the SDK sent it a second time.
                Some(object) if object.bytes == bytes => Ok(object.etag.unwrap_or_default()),
                _ => Err(StoreError::Conflict { location: self.location() }),
            },
            Err(error) if error.is_ambiguous() => match self.get().await {
                Ok(Some(object)) if object.bytes == bytes => Ok(object.etag.unwrap_or_default()),
                _ => Err(self.objects.failed("writing", key, error)),
            },
            Err(error) => Err(self.objects.failed("writing", key, error)),
        }
    }

    async fn append(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        match &self.journal {
            Place::Remote(journal) => journal.append(entries).await,
            Place::Local(journal) => journal.append(entries).await,
        }
    }
}

#[async_trait]
impl StateStore for S3Store {
    fn location(&self) -> String {
        format!("s3://{}/{}", self.config.bucket, self.config.key)
    }

    async fn read(&self) -> Result<Snapshot, StoreError> {
        let object = self.get_consistent().await?;
        let etag = object.as_ref().and_then(|o| o.etag.clone());
        Snapshot::from_bytes(&self.location(), object.as_ref().map(|o| o.bytes.as_slice()), etag)
    }

    async fn write(&self, state: &State, base: &Revision) -> Result<Revision, StoreError> {
        let keeper = self.keeper();
        if let Some(keeper) = &keeper {
            keeper.ensure().await?;
        }
        let bytes = v4::write(state);
        let md5 = md5_hex(&bytes);
        // Only a digest needs the intent, or a journal whose entries this write settles.
        let journalled = self.journalled.load(Ordering::Acquire);
        if keeper.is_some() && (self.table.is_some() || journalled) {
            let (lineage, serial) = (state.lineage.clone(), state.serial);
            match self.append(vec![Entry::Persisting { lineage, serial, md5: md5.clone() }]).await {
                // A command that only rewrites state needs no journal, and may lack the right to one.
                Err(StoreError::JournalDenied { .. }) if !journalled => {}
                result => result?,
            }
        }
        let etag = self.put(&bytes, base).await?;
        self.put_digest(&md5).await?;
        Ok(Revision { md5: Some(md5), etag: Some(etag) })
    }

    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError> {
        let path = format!("{}/{}", self.config.bucket, self.config.key);
        let info = LockInfo { path, ..request.info.clone() };
        let mut waited = Duration::ZERO;
        let mut pause = WAIT.0;
        loop {
            let holder = match self.lock_once(&info, request).await? {
                Ok(lock) => return Ok(lock),
                Err(holder) => holder,
            };
            if waited >= request.timeout {
                return Err(StoreError::LockHeld { info: Box::new(holder) });
            }
            let now = pause.min(request.timeout - waited);
            tokio::time::sleep(now).await;
            waited += now;
            pause = (pause * 2).min(WAIT.1);
        }
    }

    async fn unlock(&self, lock: &Lock) -> Result<Unlocked, StoreError> {
        let held = {
            let mut inner = self.inner();
            if inner.held.as_ref().is_none_or(|held| held.id() != lock.info.id) {
                return Err(StoreError::NotLocked { location: self.location() });
            }
            if let Some(unresolved) = inner.open.count() {
                return Ok(Unlocked::Kept { unresolved });
            }
            inner.held.take()
        };
        if let Some(held) = held {
            held.release().await?;
        }
        Ok(Unlocked::Released)
    }

    async fn force_unlock(&self, id: &str) -> Result<LockInfo, StoreError> {
        let mut removed = None;
        let mut other = None;
        for slot in self.slots() {
            let failed = |error| slot.failed("unlocking the state", error);
            let Some((there, tag)) = slot.read().await.map_err(failed)? else { continue };
            if there.info.id != id {
                other = Some(there.info);
            } else if slot.remove(&tag).await.map_err(failed)? {
                removed = Some(there.info);
            }
        }
        match (removed, other) {
            (Some(info), _) => Ok(info),
            (None, Some(info)) => {
                Err(StoreError::WrongLockId { given: id.into(), actual: info.id.clone(), info: Box::new(info) })
            }
            (None, None) => Err(StoreError::NotLocked { location: self.location() }),
        }
    }

    async fn journal_append(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        if let Some(keeper) = self.keeper() {
            keeper.ensure().await?;
        }
        // What may have been written counts as begun, whatever the outcome.
        self.inner().open.follow(&entries);
        self.append(entries).await?;
        self.journalled.store(true, Ordering::Release);
        Ok(())
    }

    async fn journal_read(&self) -> Result<Vec<Entry>, StoreError> {
        let entries = match &self.journal {
            Place::Remote(journal) => journal.read().await?,
            Place::Local(journal) => journal.read().await?,
        };
        if !entries.is_empty() {
            self.journalled.store(true, Ordering::Release);
        }
        self.inner().open.follow(&entries);
        Ok(entries)
    }

    fn has_open_actions(&self) -> bool {
        self.inner().open.count().is_some()
    }

    async fn journal_clear(&self, keep: &[Entry]) -> Result<(), StoreError> {
        if let Some(keeper) = self.keeper() {
            keeper.ensure().await?;
        }
        match &self.journal {
            Place::Remote(journal) => journal.clear(keep).await?,
            Place::Local(journal) => journal.clear(keep).await?,
        }
        let mut inner = self.inner();
        inner.open = OpenActions::default();
        inner.open.follow(keep);
        Ok(())
    }

    fn check_lock(&self) -> Result<(), StoreError> {
        self.keeper().map_or(Ok(()), |keeper| keeper.check())
    }
}
