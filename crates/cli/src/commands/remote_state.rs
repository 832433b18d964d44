//! Reading the outputs of another configuration's state, for `data "terraform_remote_state"`.

use sdt_diag::Severity;
use sdt_provider::Complaint;
use sdt_state::v4::ReadError;
use sdt_state::{State, StoreError};
use sdt_value::{Path, Value};
use serde_json::Map;

use crate::backend::{Backend, LocalPaths, to_json};

/// Reads the outputs of a state: backend type, its configuration, workspace.
pub(crate) fn read(kind: &str, config: &Value, workspace: Option<&str>) -> Result<Value, Vec<Complaint>> {
    let settings = if config.is_null() { Map::new() } else { to_json(config).as_object().cloned().unwrap_or_default() };
    let mut backend =
        Backend { kind: kind.into(), config: settings, hash: 0, workspace: workspace.unwrap_or("default").into() };
    backend.config.retain(|_, v| !v.is_null());
    if kind == "local" {
        let path = crate::workspace::local_path(&backend);
        // The lock of a run that has not written yet leaves an empty file.
        if std::fs::metadata(&path).map_or(0, |m| m.len()) == 0 {
            return Err(complaint(
                "Unable to find remote state",
                format!(
                    "There is no state file {path:?}. Either it has another path, or that configuration was never applied."
                ),
            ));
        }
    }
    let state = state(&backend)?;
    let outputs = state.outputs.iter().map(|(name, o)| Ok((name.clone(), o.to_value()?)));
    let outputs: Result<Vec<_>, sdt_value::JsonError> = outputs.collect();
    match outputs {
        Ok(outputs) => Ok(Value::object(outputs)),
        Err(e) => Err(complaint("Unable to read remote state", e.to_string())),
    }
}

/// The question comes from inside asynchronous work, where a second runtime must not start: a thread of its own takes it.
fn state(backend: &Backend) -> Result<State, Vec<Complaint>> {
    let failed = |why: String| complaint("Unable to read remote state", why);
    let work = || -> Result<State, Vec<Complaint>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|e| failed(e.to_string()))?.block_on(async {
            let store = crate::backend::open(backend, &LocalPaths::default())
                .await
                .map_err(|d| failed(d.0.first().map(|d| d.detail.clone()).unwrap_or_default()))?;
            store.read().await.map(|s| s.state).map_err(|e| match &e {
                StoreError::Unreadable { error, .. } => {
                    let mut all = complaint(error.title(), e.to_string());
                    if matches!(error, ReadError::NotJson { .. } | ReadError::Truncated { .. }) {
                        // Without JSON there is no version either, which programs expect to be told apart.
                        all.extend(complaint(error.title(), "It has no version of a state.".into()));
                    }
                    all
                }
                _ => failed(e.to_string()),
            })
        })
    };
    let ended = || Err(failed("reading ended unexpectedly".into()));
    std::thread::scope(|scope| scope.spawn(work).join().unwrap_or_else(|_| ended()))
}

fn complaint(summary: &str, detail: String) -> Vec<Complaint> {
    vec![Complaint { severity: Severity::Error, summary: summary.into(), detail, path: Path::root() }]
}
