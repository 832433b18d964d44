//! Work on a state: opening the store, locking, reading, writing.

use std::sync::Arc;
use std::time::Duration;

use sdt_diag::Diagnostics;
use sdt_state::{Entry, Lock, Merged, Snapshot, State, StateStore, StoreError, Unlocked, overlay};

use crate::app::App;
use crate::backend::{self, Backend, LocalPaths};
use crate::load;
use crate::ui::failure;
use crate::workspace;

/// The backend of the working folder, for commands that need nothing else of the configuration.
pub(crate) fn backend(app: &App) -> Result<Backend, Diagnostics> {
    let project = load::load(app, None, false);
    let root = &project.loaded.config.root;
    // A configuration that does not load is in the way only if the backend cannot be told from it.
    if project.loaded.diagnostics.has_errors() && root.backend.is_none() && root.cloud.is_none() {
        let workspace = workspace::selected(&app.env)?;
        return Ok(Backend::stored(&app.env).unwrap_or_else(Backend::implied).in_workspace(workspace));
    }
    backend::current(&app.env, &project.loaded.config)
}

/// Reads the state as it is, the journal laid over it, without a lock.
pub(crate) fn read_state(app: &App, path: Option<&str>) -> Result<State, Diagnostics> {
    let backend = match path {
        Some(_) => Backend::implied(),
        None => backend(app)?,
    };
    let paths = LocalPaths { state: path.map(str::to_owned), backup: None };
    app.block_on(async {
        let store = backend::open(&backend, &paths).await?;
        Ok(merged(&*store).await?.state)
    })
    .map_err(|e| failure("Failed to read state", e))?
}

/// Reads state and journal at once.
pub(crate) async fn read(store: &dyn StateStore) -> Result<(Snapshot, Vec<Entry>), Diagnostics> {
    let (snapshot, entries) = futures::join!(store.read(), store.journal_read());
    let snapshot = snapshot.map_err(store_failure("Failed to read state"))?;
    Ok((snapshot, entries.map_err(store_failure("Failed to read the journal"))?))
}

/// The state with the journal laid over it.
pub(crate) async fn merged(store: &dyn StateStore) -> Result<Merged, Diagnostics> {
    let (snapshot, entries) = read(store).await?;
    Ok(overlay(snapshot, &entries))
}

/// Turns a store's error into a diagnostic; a held lock has Terraform's title.
pub(crate) fn store_failure(summary: &'static str) -> impl Fn(StoreError) -> Diagnostics {
    move |e| match e {
        StoreError::LockHeld { .. } => failure("Error acquiring the state lock", e),
        StoreError::Unreadable { ref error, .. } => failure(error.title(), e),
        _ => failure(summary, e),
    }
}

/// A store that is held while work goes on.
pub(crate) struct Held {
    /// The store.
    pub(crate) store: Arc<dyn StateStore>,
    /// The lock, unless `-lock=false`.
    pub(crate) lock: Option<Lock>,
}

/// Opens the store and takes its lock.
pub(crate) async fn hold(
    app: &App,
    backend: &Backend,
    paths: &LocalPaths,
    operation: &str,
    lock: bool,
    timeout: Duration,
) -> Result<Held, Diagnostics> {
    let store = backend::open(backend, paths).await?;
    tracing::debug!(location = store.location(), operation, lock, "state");
    if !lock {
        return Ok(Held { store, lock: None });
    }
    let request = backend::lock_request(&app.env, operation, timeout);
    let notice = async {
        // A lock that is free is there at once; say why nothing happens when it is not.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        app.ui.say(&format!("Acquiring the lock of {}. This may take a few moments...\n", store.location()));
        std::future::pending::<()>().await;
    };
    let lock = tokio::select! {
        result = store.lock(&request) => result.map_err(store_failure("Error acquiring the state lock"))?,
        () = notice => return Err(Diagnostics::new()),
    };
    if let Some(dead) = &lock.taken_from {
        app.ui.err(&format!("Took over the lock of {} (since {}), whose process has died.\n", dead.who, dead.created));
    }
    Ok(Held { store, lock: Some(lock) })
}

impl Held {
    /// Releases the lock.
    pub(crate) async fn release(self) -> Diagnostics {
        let Some(lock) = self.lock else { return Diagnostics::new() };
        match self.store.unlock(&lock).await {
            Ok(Unlocked::Released) => Diagnostics::new(),
            Ok(Unlocked::Kept { unresolved }) => sdt_diag::Diagnostic::warning(
                "The state stays locked",
                format!(
                    "{unresolved} action(s) were begun whose outcome is not known. The lock on {} stays, so that nobody else works on these objects; the next sdt command on this machine takes it over and finds out what became of them.",
                    self.store.location()
                ),
            )
            .into(),
            Err(e) => failure("Failed to unlock state", e),
        }
    }

    /// Writes a changed state as the next snapshot, resolved journal entries cleared.
    pub(crate) async fn write(&self, merged: &Merged, base: &State, mut next: State) -> Result<State, Diagnostics> {
        next.succeed(base, backend::uuid);
        self.store.write(&next, &merged.revision).await.map_err(store_failure("Failed to save state"))?;
        self.store.journal_clear(&merged.keep()).await.map_err(store_failure("Failed to clear the journal"))?;
        Ok(next)
    }
}

/// Changes the state under its lock: `change` returns what to say, or what is wrong.
pub(crate) fn edit(
    app: &App,
    parsed: &crate::args::Parsed,
    operation: &str,
    change: impl FnOnce(&mut State) -> Result<String, Diagnostics>,
) -> Result<String, Diagnostics> {
    let timeout = crate::commands::lock_timeout(parsed)?;
    let paths =
        LocalPaths { state: parsed.get("state").map(str::to_owned), backup: parsed.get("backup").map(str::to_owned) };
    let backend = if paths.state.is_some() { Backend::implied() } else { backend(app)? };
    app.block_on(async {
        let held = hold(app, &backend, &paths, operation, parsed.is("lock", true), timeout).await?;
        let result: Result<String, Diagnostics> = async {
            let merged = merged(&*held.store).await?;
            let base = held.store.read().await.map_err(store_failure("Failed to read state"))?.state;
            let mut next = merged.state.clone();
            let said = change(&mut next)?;
            if !next.same_content(&base) {
                held.write(&merged, &base, next).await?;
            }
            Ok(said)
        }
        .await;
        let released = held.release().await;
        match result {
            Err(mut diags) => {
                diags.extend(released);
                Err(diags)
            }
            Ok(_) if released.has_errors() => Err(released),
            Ok(said) => Ok(said),
        }
    })
    .map_err(|e| failure("Failed to change state", e))?
}
