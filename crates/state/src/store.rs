//! The contract of everything that keeps a state.

use std::error::Error as StdError;
use std::sync::Arc;

use async_trait::async_trait;

use crate::v4::ReadError;
use crate::{Entry, Lock, LockInfo, LockRequest, State, Unlocked};

/// Keeps one state with its lock and journal. All methods may be called concurrently.
///
/// The order of a command that changes something: lock, read state and journal, work while appending to the journal,
/// write, clear the journal, unlock. A command that only looks reads state and journal.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// Where the state is, for people: `terraform.tfstate`, `s3://bucket/key`.
    fn location(&self) -> String;

    /// Reads the state; an empty [`State`] of serial 0 and no lineage when there is none yet.
    ///
    /// # Errors
    /// When it cannot be read, is damaged or does not have the expected digest.
    async fn read(&self) -> Result<Snapshot, StoreError>;

    /// Writes the state as it is (the caller has set lineage and serial: [`State::succeed`]) if the stored one is
    /// still at `base`. Returns the new revision.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else has written meanwhile, [`StoreError::LockLost`] when our lock is
    /// somebody else's by now. In either case nothing is overwritten.
    async fn write(&self, state: &State, base: &Revision) -> Result<Revision, StoreError>;

    /// Takes the lock, waiting as long as the request says.
    ///
    /// # Errors
    /// [`StoreError::LockHeld`] names the holder.
    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError>;

    /// Releases the lock, unless actions recorded in the journal under it are unresolved.
    ///
    /// # Errors
    /// When the lock is not ours any more, or the store cannot be reached.
    async fn unlock(&self, lock: &Lock) -> Result<Unlocked, StoreError>;

    /// Removes somebody's lock by its id. Returns what it was.
    ///
    /// # Errors
    /// [`StoreError::WrongLockId`] when the lock there has another id, [`StoreError::NotLocked`] when there is none.
    async fn force_unlock(&self, id: &str) -> Result<LockInfo, StoreError>;

    /// Appends entries and returns when they are durable. Concurrent calls share one write.
    ///
    /// # Errors
    /// [`StoreError::JournalDenied`] when journals cannot be written there; [`StoreError::LockLost`].
    async fn journal_append(&self, entries: Vec<Entry>) -> Result<(), StoreError>;

    /// Reads every entry that has not been cleared, oldest first, those of dead processes too.
    ///
    /// # Errors
    /// When it cannot be read. A torn end, from a death while writing, is no error: it was never acknowledged.
    async fn journal_read(&self) -> Result<Vec<Entry>, StoreError>;

    /// Forgets everything in the journal but `keep`, after the state with all their outcomes is durable.
    ///
    /// # Errors
    /// When it cannot be written; then nothing is lost, and clearing again is harmless.
    async fn journal_clear(&self, keep: &[Entry]) -> Result<(), StoreError>;

    /// Whether something was begun and has not ended, in the journal as this process has read and written it; true where that is not
    /// known. Cheap: asks nobody.
    fn has_open_actions(&self) -> bool {
        true
    }

    /// Tells an error when the lock this process took is not its own any more (its lease ran out while the process
    /// was suspended, or it was broken by force). Cheap: asks nobody.
    ///
    /// # Errors
    /// [`StoreError::LockLost`].
    fn check_lock(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A state as read, and where it stood.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The state; empty when the store has none.
    pub state: State,
    /// What a later write is conditional on.
    pub revision: Revision,
}

/// Identifies what was read or written.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Revision {
    /// MD5 of the bytes, hexadecimal; none when there was no state.
    pub md5: Option<String>,
    /// The store's own tag, where it has one.
    pub etag: Option<String>,
}

impl State {
    /// Makes this state the next snapshot after `base`: takes its lineage (or `new_lineage`, for the first one) and a
    /// serial one higher. Call it only if [`State::same_content`] says that there is something to persist.
    pub fn succeed(&mut self, base: &State, new_lineage: impl FnOnce() -> String) {
        self.lineage = if base.lineage.is_empty() { new_lineage() } else { base.lineage.clone() };
        self.serial = base.serial + 1;
        self.terraform_version = crate::model::TERRAFORM_VERSION.into();
    }

    /// Checks that this state may replace `current`, as `state push` must without `-force`.
    ///
    /// # Errors
    /// [`StoreError::Lineage`] or [`StoreError::Serial`].
    pub fn may_replace(&self, current: &State) -> Result<(), StoreError> {
        if current.lineage.is_empty() {
            return Ok(());
        }
        if self.lineage != current.lineage && !self.lineage.is_empty() {
            return Err(StoreError::Lineage { ours: self.lineage.clone(), theirs: current.lineage.clone() });
        }
        if self.serial < current.serial || (self.serial == current.serial && !self.same_content(current)) {
            return Err(StoreError::Serial { ours: self.serial, theirs: current.serial });
        }
        Ok(())
    }
}

/// A source kept for those who want to look; errors are shared among the waiters of a group commit.
pub type Source = Arc<dyn StdError + Send + Sync>;

/// Why a store could not do what it was asked. The text says what happened and what to do; it holds no secrets.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody holds the lock.
    #[error("the state is locked by {}, so nothing was done.\n\n{info}\nWait until that run has ended (-lock-timeout=5m waits by itself). If you are sure that it is dead, release its lock with: sdt force-unlock {}", holder(info), info.id)]
    LockHeld {
        /// The holder, as far as it could be read.
        info: Box<LockInfo>,
    },
    /// Our lock is not ours any more.
    #[error(
        "the lock {id} on {location} is no longer ours: {reason}. Nothing further is written; run the command again to see where things stand"
    )]
    LockLost {
        /// Our id.
        id: String,
        /// The state.
        location: String,
        /// What was seen.
        reason: String,
    },
    /// `force-unlock` with the id of another lock.
    #[error("the lock has the id {actual}, not {given}; nothing was unlocked.\n\n{info}")]
    WrongLockId {
        /// As given.
        given: String,
        /// As found.
        actual: String,
        /// The holder.
        info: Box<LockInfo>,
    },
    /// There is no lock to release.
    #[error("{location} is not locked")]
    NotLocked {
        /// The state.
        location: String,
    },
    /// A local state is locked by a process that lives.
    #[error(
        "a local state cannot be unlocked while the process that locked it runs; end that process instead.\n\n{info}"
    )]
    LockAlive {
        /// The holder.
        info: Box<LockInfo>,
    },
    /// The stored state is not the one that was read.
    #[error(
        "{location} has changed since it was read, by somebody who did not hold the lock. It was not overwritten; what this run did is in the journal, and the next run merges it"
    )]
    Conflict {
        /// The state.
        location: String,
    },
    /// Two states with different histories.
    #[error(
        "the states have different lineages ({ours} here, {theirs} there): they describe different infrastructures. Check that the backend configuration names the right state; `sdt state push -force` overwrites regardless"
    )]
    Lineage {
        /// Of the state to write.
        ours: String,
        /// Of the state that is there.
        theirs: String,
    },
    /// The stored state is newer.
    #[error(
        "the stored state has serial {theirs}, the one to write {ours}: something newer would be lost. Pull the stored state and repeat your change on it; `sdt state push -force` overwrites regardless"
    )]
    Serial {
        /// Of the state to write.
        ours: u64,
        /// Of the state that is there.
        theirs: u64,
    },
    /// The stored state is damaged, too new or too old.
    #[error("{location}: {error}")]
    Unreadable {
        /// The state.
        location: String,
        /// What is wrong with it.
        error: ReadError,
    },
    /// State and digest disagree.
    #[error(
        "{location} does not have the content that its digest in DynamoDB names (stored digest {expected}, actual {actual}). Somebody may be writing it right now: wait a minute and try again. If it stays so, the object was changed by hand, or a writer died: compare the object's versions, restore the right one, and if the present one is right, delete the item {item:?} of the lock table"
    )]
    Digest {
        /// The state.
        location: String,
        /// In the table.
        expected: String,
        /// Of the object; "none" when there is no object.
        actual: String,
        /// Key of the table's item.
        item: String,
    },
    /// A journal cannot be written where the state is.
    #[error(
        "the journal of {location} cannot be written: {message}. Without it a crash could lose track of what was created, so nothing was started. Allow s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket under that prefix, or keep the journal on this machine with -journal=local"
    )]
    JournalDenied {
        /// The journal's place.
        location: String,
        /// What was answered.
        message: String,
    },
    /// The journal holds something this version cannot read.
    #[error(
        "the journal {location} cannot be read: {message}. It records actions whose outcome may not be in the state yet; use the version of sdt that wrote it"
    )]
    JournalUnreadable {
        /// The journal's place.
        location: String,
        /// What is wrong.
        message: String,
    },
    /// The backend's configuration is wrong.
    #[error("{message}")]
    Config {
        /// What, and what to do.
        message: String,
    },
    /// Something outside failed: file system, network, AWS.
    #[error("{what}: {message}")]
    Io {
        /// What was tried: "writing terraform.tfstate".
        what: String,
        /// What went wrong, and what to do.
        message: String,
        /// The cause.
        #[source]
        source: Option<Source>,
    },
}

impl StoreError {
    /// Wraps an error of the operating system.
    #[must_use]
    pub fn io(what: impl Into<String>, error: std::io::Error) -> Self {
        Self::Io { what: what.into(), message: error.to_string(), source: Some(Arc::new(error)) }
    }
}

fn holder(info: &LockInfo) -> &str {
    if info.who.is_empty() { "somebody" } else { &info.who }
}

impl Snapshot {
    /// Reads the bytes that a store holds; none and white space are the empty state.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub fn from_bytes(location: &str, bytes: Option<&[u8]>, etag: Option<String>) -> Result<Self, StoreError> {
        let state = match bytes {
            None => State::default(),
            Some(bytes) => {
                crate::v4::read(bytes).map_err(|error| StoreError::Unreadable { location: location.into(), error })?
            }
        };
        Ok(Self { state, revision: Revision::of(bytes, etag) })
    }
}

impl Revision {
    /// The revision of bytes that a store holds. An empty file is no state.
    #[must_use]
    pub fn of(bytes: Option<&[u8]>, etag: Option<String>) -> Self {
        Self { md5: bytes.filter(|b| !b.is_empty()).map(md5_hex), etag }
    }
}

/// MD5 in hexadecimal, as in the digest item.
#[must_use]
pub fn md5_hex(bytes: &[u8]) -> String {
    use md5::Digest as _;
    md5::Md5::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
