//! Workspaces: which one is selected, where its state is, which others there are.

use std::path::PathBuf;

use sdt_diag::{Diagnostic, Diagnostics};
use serde_json::Value as Json;

use crate::backend::Backend;
use crate::env::Env;
use crate::ui::failure;

/// The workspace that is always there.
pub(crate) const DEFAULT: &str = "default";

/// The selected workspace: `TF_WORKSPACE`, else what `workspace select` noted.
///
/// # Errors
/// When its name cannot be one.
pub(crate) fn selected(env: &Env) -> Result<String, Diagnostics> {
    let name = match env.get("TF_WORKSPACE") {
        Some(name) => name.to_owned(),
        None => std::fs::read_to_string(note(env)).map(|t| t.trim().to_owned()).unwrap_or_default(),
    };
    if name.is_empty() {
        return Ok(DEFAULT.into());
    }
    check_name(&name)?;
    Ok(name)
}

/// Whether the environment decides, so that nothing can be selected.
pub(crate) fn is_overridden(env: &Env) -> bool {
    env.get("TF_WORKSPACE").is_some()
}

/// Notes the selection.
pub(crate) fn select(env: &Env, name: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(env.data_dir())?;
    std::fs::write(note(env), name)
}

fn note(env: &Env) -> PathBuf {
    env.data_dir().join("environment")
}

/// A name becomes part of a path, so it must be a plain part of one.
pub(crate) fn check_name(name: &str) -> Result<(), Diagnostics> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:@".contains(c);
    if !name.is_empty() && name != "." && name != ".." && name.chars().all(plain) {
        return Ok(());
    }
    let detail = format!(
        "The workspace name {name:?} is not allowed: it becomes part of a path, so it must not hold slashes, blanks or other signs that a URL would escape."
    );
    Err(Diagnostic::error("Invalid workspace name", detail).into())
}

/// The folder of a local backend's workspaces.
fn local_dir(backend: &Backend) -> PathBuf {
    backend.config.get("workspace_dir").and_then(Json::as_str).unwrap_or("terraform.tfstate.d").into()
}

/// The file of a local backend's state.
pub(crate) fn local_path(backend: &Backend) -> PathBuf {
    if backend.workspace == DEFAULT {
        return backend.config.get("path").and_then(Json::as_str).unwrap_or("terraform.tfstate").into();
    }
    local_dir(backend).join(&backend.workspace).join("terraform.tfstate")
}

/// Every workspace that a backend has, the default one too, in order.
pub(crate) async fn list(backend: &Backend) -> Result<Vec<String>, Diagnostics> {
    let mut names: Vec<String> = match backend.kind.as_str() {
        "local" => {
            let entries = std::fs::read_dir(local_dir(backend)).into_iter().flatten().flatten();
            entries.filter(|e| e.path().is_dir()).filter_map(|e| e.file_name().into_string().ok()).collect()
        }
        #[cfg(feature = "aws")]
        "s3" => {
            let config = crate::backend::s3_config(&Backend { workspace: DEFAULT.into(), ..backend.clone() })?;
            sdt_state_s3::workspaces(&config).await.map_err(|e| failure("Failed to list workspaces", e))?
        }
        other => {
            return Err(failure("Unsupported backend type", format!("this build of sdt has no backend {other:?}")));
        }
    };
    names.push(DEFAULT.to_owned());
    names.sort();
    names.dedup();
    Ok(names)
}

/// Makes room for a workspace's state. An S3 state is an object, which tells others that the workspace exists.
pub(crate) async fn create(backend: &Backend) -> Result<(), Diagnostics> {
    if backend.kind == "local" {
        let path = local_path(backend);
        let dir = path.parent().unwrap_or(std::path::Path::new("."));
        return std::fs::create_dir_all(dir).map_err(|e| failure("Failed to create workspace", e));
    }
    Ok(())
}

/// Removes a workspace's state and everything beside it.
pub(crate) async fn delete(backend: &Backend) -> Result<(), Diagnostics> {
    match backend.kind.as_str() {
        "local" => {
            let dir = local_dir(backend).join(&backend.workspace);
            match std::fs::remove_dir_all(&dir) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(failure("Failed to delete workspace", e)),
                _ => Ok(()),
            }
        }
        #[cfg(feature = "aws")]
        "s3" => {
            let config = crate::backend::s3_config(backend)?;
            sdt_state_s3::delete_state(&config).await.map_err(|e| failure("Failed to delete workspace", e))
        }
        other => Err(failure("Unsupported backend type", format!("this build of sdt has no backend {other:?}"))),
    }
}
