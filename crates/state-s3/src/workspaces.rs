//! Workspaces, and older versions of a state: what a bucket holds beside the one state that a store keeps.

use std::sync::Arc;

use sdt_state::StoreError;

use crate::config::S3Config;
use crate::locking::Slot as _;
use crate::objects::Objects;
use crate::table::Table;

/// Under which prefix the states of other workspaces lie, unless `workspace_key_prefix` says otherwise.
const PREFIX: &str = "env:";

/// An older state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateVersion {
    /// The version's id in S3.
    pub id: String,
    /// When it was written, in seconds since 1970.
    pub time: i64,
    /// Its size.
    pub bytes: usize,
}

impl S3Config {
    fn prefix(&self) -> &str {
        self.workspace_key_prefix.as_deref().filter(|p| !p.is_empty()).unwrap_or(PREFIX)
    }

    /// The same backend for another workspace than the default one.
    #[must_use]
    pub fn in_workspace(mut self, name: &str) -> Self {
        self.key = format!("{}/{name}/{}", self.prefix(), self.key);
        self
    }
}

async fn objects(config: &S3Config) -> Result<(Objects, Option<Table>), StoreError> {
    let aws = sdt_aws_sdk::load(&config.aws)
        .await
        .map_err(|error| StoreError::Config { message: format!("backend \"s3\": {error}") })?;
    let id = format!("{}/{}", config.bucket, config.key);
    let table = config.dynamodb_table.as_ref().map(|name| Table::new(&aws, name, id));
    Ok((Objects::new(&aws, Arc::new(config.clone()))?, table))
}

/// The workspaces that have a state, besides the default one. `config` is that of the default one.
///
/// # Errors
/// When the bucket cannot be listed.
pub async fn workspaces(config: &S3Config) -> Result<Vec<String>, StoreError> {
    let (objects, _) = objects(config).await?;
    let prefix = format!("{}/", config.prefix());
    let suffix = format!("/{}", config.key);
    let found = objects.list(&prefix).await.map_err(|e| objects.failed("listing workspaces under", &prefix, e))?;
    let name = |(key, _): (String, i64)| -> Option<String> {
        let name = key.strip_prefix(&prefix)?.strip_suffix(&suffix)?;
        (!name.is_empty() && !name.contains('/')).then(|| name.to_owned())
    };
    Ok(found.into_iter().filter_map(name).collect())
}

/// Deletes a state with its journal and digest.
///
/// # Errors
/// When something cannot be deleted.
pub async fn delete_state(config: &S3Config) -> Result<(), StoreError> {
    let (objects, table) = objects(config).await?;
    let key = &config.key;
    let failed = |e| objects.failed("deleting", key, e);
    let mut keys = vec![key.clone()];
    keys.extend(objects.list(&format!("{key}.sdt-journal/")).await.map_err(failed)?.into_iter().map(|(k, _)| k));
    objects.delete_all(&keys).await.map_err(failed)?;
    match table {
        None => Ok(()),
        Some(table) => table.delete_digest().await.map_err(|e| table.failed("deleting the digest of the state", e)),
    }
}

/// Older versions of the state, newest first; none when the bucket keeps none.
///
/// # Errors
/// When they cannot be listed.
pub async fn versions(config: &S3Config) -> Result<Vec<StateVersion>, StoreError> {
    let (objects, _) = objects(config).await?;
    objects.versions_of(&config.key).await.map_err(|e| objects.failed("listing versions of", &config.key, e))
}

/// The bytes of one version.
///
/// # Errors
/// When it is not there.
pub async fn version(config: &S3Config, id: &str) -> Result<Vec<u8>, StoreError> {
    let (objects, _) = objects(config).await?;
    objects.get_version(&config.key, id).await.map_err(|e| objects.failed("reading a version of", &config.key, e))
}
