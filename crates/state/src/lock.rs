//! Locks: who holds one, in Terraform's form, and what sdt adds to it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What Terraform writes about the holder of a lock; sdt writes the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LockInfo {
    /// A uuid.
    #[serde(rename = "ID")]
    pub id: String,
    /// `OperationTypeApply`, `OperationTypePlan`, `state-mv`, …
    pub operation: String,
    /// Free text.
    pub info: String,
    /// `user@host`
    pub who: String,
    /// Version of Terraform.
    pub version: String,
    /// RFC 3339, UTC.
    pub created: String,
    /// Where the state is; the store fills it in.
    pub path: String,
    /// Keys that Terraform ignores; sdt's lease among them.
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

impl Default for LockInfo {
    fn default() -> Self {
        Self {
            id: String::new(),
            operation: String::new(),
            info: String::new(),
            who: String::new(),
            version: crate::model::TERRAFORM_VERSION.into(),
            created: "0001-01-01T00:00:00Z".into(),
            path: String::new(),
            extra: Map::new(),
        }
    }
}

impl fmt::Display for LockInfo {
    /// The block that Terraform prints under a lock error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Lock Info:")?;
        for (name, value) in [
            ("ID", &self.id),
            ("Path", &self.path),
            ("Operation", &self.operation),
            ("Who", &self.who),
            ("Version", &self.version),
            ("Created", &self.created),
            ("Info", &self.info),
        ] {
            let value = value.replace(char::is_control, " ");
            writeln!(f, "{}", format!("  {:<10} {value}", format!("{name}:")).trim_end())?;
        }
        Ok(())
    }
}

/// The process that asks for a lock: lets another sdt on the same machine see whether it still runs.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Holder {
    /// Host name.
    pub host: String,
    /// Changes with each boot of the machine (and names the process-id namespace, for containers).
    pub boot: String,
    /// Process id.
    pub pid: u32,
    /// When the process started, in the kernel's ticks since boot: a process id is used again, this pair is not.
    pub started: u64,
}

/// A wish for a lock.
#[derive(Clone, Debug)]
pub struct LockRequest {
    /// Everything but `path`. The id must be a fresh uuid.
    pub info: LockInfo,
    /// The asking process.
    pub holder: Holder,
    /// How long to wait for another holder; zero fails at once.
    pub timeout: Duration,
}

/// A lock that is held.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    /// As written to the store.
    pub info: LockInfo,
    /// The dead sdt process from which the lock was taken over, if so: its journal wants to be resolved.
    pub taken_from: Option<LockInfo>,
}

/// What unlocking did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlocked {
    /// Nobody holds the lock now.
    Released,
    /// The journal has begun actions whose outcome is unknown: the lock stays where it is, so that nobody but sdt,
    /// which can resolve them, goes on. The next sdt takes it over when this process has ended.
    Kept {
        /// How many.
        unresolved: usize,
    },
}

/// Follows a journal: which actions are begun and not ended. While there are any, the lock stays.
#[derive(Clone, Debug, Default)]
pub struct OpenActions {
    tokens: std::collections::HashSet<String>,
    ended: std::collections::HashSet<String>,
}

impl OpenActions {
    /// Takes note of entries; seeing one twice changes nothing.
    pub fn follow(&mut self, entries: &[crate::Entry]) {
        use crate::Entry;
        for entry in entries {
            match entry {
                Entry::Begun(begun) if !self.ended.contains(&begun.token) => {
                    self.tokens.insert(begun.token.clone());
                }
                Entry::Done(crate::Done { token, .. }) | Entry::Failed(crate::Failed { token, .. }) => {
                    self.tokens.remove(token);
                    self.ended.insert(token.clone());
                }
                _ => {}
            }
        }
    }

    /// How many are open; none if all have ended.
    #[must_use]
    pub fn count(&self) -> Option<usize> {
        Some(self.tokens.len()).filter(|n| *n > 0)
    }
}
