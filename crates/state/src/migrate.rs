//! Moving a state from one store to another, for `init -migrate-state`.

use crate::{LockRequest, StateStore, StoreError};

/// What a migration found or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Migration {
    /// The source has no state: nothing to do.
    NothingThere,
    /// Both hold the same already.
    Same,
    /// The destination now holds the source's state.
    Copied {
        /// Its serial.
        serial: u64,
    },
    /// The destination holds a state of its own, which `overwrite` would replace: ask.
    WouldOverwrite {
        /// Serial and lineage of the source.
        from: (u64, String),
        /// Serial and lineage of the destination.
        to: (u64, String),
    },
}

/// Copies the state, its serial and lineage kept, under both locks. The source keeps its copy.
///
/// # Errors
/// When a store fails or is locked, or when either has a journal that is not empty: those actions must be resolved
/// first, where they were begun.
pub async fn migrate(
    from: &dyn StateStore,
    to: &dyn StateStore,
    request: Option<&LockRequest>,
    overwrite: bool,
) -> Result<Migration, StoreError> {
    let Some(request) = request else { return copy(from, to, overwrite).await };
    let source = from.lock(request).await?;
    let result = match to.lock(request).await {
        Err(error) => Err(error),
        Ok(destination) => {
            let result = copy(from, to, overwrite).await;
            let unlocked = to.unlock(&destination).await;
            result.and_then(|done| unlocked.map(|_| done))
        }
    };
    let unlocked = from.unlock(&source).await;
    result.and_then(|done| unlocked.map(|_| done))
}

async fn copy(from: &dyn StateStore, to: &dyn StateStore, overwrite: bool) -> Result<Migration, StoreError> {
    for store in [from, to] {
        // What only tells of writing the state itself is no action that somebody must look after.
        if store.journal_read().await?.iter().any(|entry| entry.token().is_some()) {
            return Err(StoreError::Config {
                message: format!(
                    "{} has the journal of a run that did not come to its end. Run `sdt apply` there once, with the backend as it was, and migrate then",
                    store.location()
                ),
            });
        }
    }
    let source = from.read().await?;
    let destination = to.read().await?;
    if source.revision.md5.is_none() || (source.state.is_empty() && source.state.lineage.is_empty()) {
        return Ok(Migration::NothingThere);
    }
    let (ours, theirs) = (&source.state, &destination.state);
    if ours == theirs {
        return Ok(Migration::Same);
    }
    let older = ours.lineage == theirs.lineage && theirs.serial < ours.serial;
    if destination.revision.md5.is_some() && !theirs.is_empty() && !older && !overwrite {
        return Ok(Migration::WouldOverwrite {
            from: (ours.serial, ours.lineage.clone()),
            to: (theirs.serial, theirs.lineage.clone()),
        });
    }
    to.write(ours, &destination.revision).await?;
    to.journal_clear(&[]).await?;
    Ok(Migration::Copied { serial: ours.serial })
}
