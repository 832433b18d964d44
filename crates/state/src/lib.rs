//! State: its model, its file format, its stores, its locks and its journal.
//!
//! A [`State`] is plain data. [`v4`] reads and writes it byte for byte as Terraform does. A [`StateStore`] keeps it
//! somewhere, guards it with a lock that Terraform respects too, and keeps a [`journal`] of what apply has begun and
//! finished, so that a death at any instant loses nothing. [`overlay`] puts the two together again.
//!
//! ```no_run
//! # async fn example(store: &dyn sdt_state::StateStore, request: sdt_state::LockRequest) -> Result<(), sdt_state::StoreError> {
//! let lock = store.lock(&request).await?;
//! let snapshot = store.read().await?;
//! let base = snapshot.state.clone();
//! let mut merged = sdt_state::overlay(snapshot, &store.journal_read().await?);
//! // … resolve, plan and apply against `merged.state`, appending to the journal …
//! merged.state.succeed(&base, || "a new uuid".into());
//! store.write(&merged.state, &merged.revision).await?;
//! store.journal_clear(&merged.keep()).await?;
//! store.unlock(&lock).await?;
//! # Ok(()) }
//! ```
//!
//! It never reads a clock, an environment or a random source, and never prints: those are handed in. Only the local
//! store touches files, and only those of the state it was opened for.

mod address;
pub mod backends;
mod group;
pub mod journal;
mod local;
mod lock;
mod memory;
mod migrate;
mod model;
mod overlay;
mod store;
pub mod v4;

pub use address::{AddressError, InstanceAddr, ResourceKey};
pub use group::GroupCommit;
pub use journal::{Action, Begun, Done, Entry, Failed, IdKnown};
pub use local::{JournalFile, LocalStore};
pub use lock::{Holder, Lock, LockInfo, LockRequest, OpenActions, Unlocked};
pub use memory::MemoryStore;
pub use migrate::{Migration, migrate};
pub use model::{IndexKey, Instance, Mode, OutputValue, ResourceState, State, TERRAFORM_VERSION};
pub use overlay::{Merged, Note, Unresolved, overlay};
pub use store::{Revision, Snapshot, Source, StateStore, StoreError, md5_hex};
