//! State in S3, locked by DynamoDB, by a lock file, or by both, as Terraform's `s3` backend keeps it.
//!
//! | what | where |
//! | --- | --- |
//! | state | object `<key>` |
//! | lock | item `LockID = <bucket>/<key>` and, with `use_lockfile`, object `<key>.tflock` |
//! | digest | item `LockID = <bucket>/<key>-md5` |
//! | journal | objects `<key>.sdt-journal/<lock id>/<n>` |
//!
//! Locks carry Terraform's `Info`. What sdt adds (until when, which process) Terraform ignores; only a lock that has
//! these and whose holder is dead, or silent past its time, is ever taken over.
//!
//! ```no_run
//! # async fn example(settings: serde_json::Map<String, serde_json::Value>) -> Result<(), sdt_state::StoreError> {
//! use sdt_state::StateStore as _;
//! let store = sdt_state_s3::S3Store::open(sdt_state_s3::S3Config::parse(&settings)?).await?;
//! let snapshot = store.read().await?;
//! # Ok(()) }
//! ```

mod config;
mod download;
mod host;
mod journal;
mod lease;
mod lockfile;
mod locking;
mod objects;
mod store;
mod table;
mod workspaces;

pub use config::S3Config;
pub use download::{Download, download};
pub use host::current_holder;
pub use store::S3Store;
pub use workspaces::{StateVersion, delete_state, version, versions, workspaces};
