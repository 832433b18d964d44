//! The journal file beside a state, also usable for a state that is elsewhere (`-journal=local`).

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::group::GroupCommit;
use crate::journal::{decode, encode};
use crate::{Entry, StoreError};

use super::file::{remove, replace, sync_dir};

/// A journal in a file of its own.
#[derive(Clone)]
pub struct JournalFile {
    path: Arc<Path>,
    file: Arc<Mutex<Option<File>>>,
    group: GroupCommit,
}

impl JournalFile {
    /// Nothing is touched until the first entry.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path: path.into(), file: Arc::default(), group: GroupCommit::default() }
    }

    /// See [`crate::StateStore::journal_append`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn append(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        self.group
            .append(entries, |entries| {
                let this = self.clone();
                async move { blocking(move || this.append_now(&entries)).await }
            })
            .await
    }

    /// See [`crate::StateStore::journal_read`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn read(&self) -> Result<Vec<Entry>, StoreError> {
        let this = self.clone();
        blocking(move || match std::fs::read(&this.path) {
            Ok(bytes) => Ok(this.decode(&bytes)?.0),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(this.failed("reading", error)),
        })
        .await
    }

    /// See [`crate::StateStore::journal_clear`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn clear(&self, keep: &[Entry]) -> Result<(), StoreError> {
        let _alone = self.group.pause().await;
        let this = self.clone();
        let bytes = encode(keep);
        blocking(move || {
            *this.file.lock().unwrap_or_else(PoisonError::into_inner) = None;
            if bytes.is_empty() && !this.path.exists() {
                return Ok(());
            }
            let done = match bytes.is_empty() {
                true => remove(&this.path).and_then(|()| sync_dir(&this.path)),
                false => replace(&this.path, &[&bytes]),
            };
            done.map_err(|error| this.failed("clearing", error))
        })
        .await
    }

    /// Tells whether there is something in it.
    #[must_use]
    pub fn has_entries(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|m| m.len() > 0)
    }

    fn append_now(&self, entries: &[Entry]) -> Result<(), StoreError> {
        let mut slot = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // After an error the file is opened anew, which cuts what may be half a line.
        let mut file = match slot.take() {
            Some(file) => file,
            None => self.open()?,
        };
        file.write_all(&encode(entries))
            .and_then(|()| file.sync_data())
            .map_err(|error| self.failed("writing", error))?;
        *slot = Some(file);
        Ok(())
    }

    /// Opens for appending after the last whole line.
    fn open(&self) -> Result<File, StoreError> {
        let open = || -> io::Result<(File, Vec<u8>)> {
            if let Some(parent) = self.path.parent().filter(|p| !p.as_os_str().is_empty()) {
                std::fs::create_dir_all(parent)?;
            }
            let bytes = match std::fs::read(&self.path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
                Err(error) => return Err(error),
            };
            let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
            Ok((file, bytes))
        };
        let (file, bytes) = open().map_err(|error| self.failed("opening", error))?;
        let (_, good) = self.decode(&bytes)?;
        let settle = || -> io::Result<()> {
            if good < bytes.len() {
                file.set_len(good as u64)?;
            }
            sync_dir(&self.path)
        };
        settle().map_err(|error| self.failed("opening", error))?;
        Ok(file)
    }

    fn decode(&self, bytes: &[u8]) -> Result<(Vec<Entry>, usize), StoreError> {
        decode(bytes).map_err(|error| StoreError::JournalUnreadable {
            location: self.path.display().to_string(),
            message: error.to_string(),
        })
    }

    fn failed(&self, what: &str, error: io::Error) -> StoreError {
        StoreError::io(format!("{what} the journal {}", self.path.display()), error)
    }
}

/// Runs file work off the driver's threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(StoreError::Io { what: "file access".into(), message: error.to_string(), source: None })
    })
}
