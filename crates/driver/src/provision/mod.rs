//! Provisioners: `local-exec` here, `file` and `remote-exec` over SSH.

mod connection;
mod local;
mod remote;
mod ssh;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use sdt_value::Value;

/// What a provisioner may touch of the world.
pub(crate) struct World<'a> {
    /// The working folder; paths in arguments are relative to it.
    pub(crate) cwd: &'a Path,
    /// The environment.
    pub(crate) vars: &'a BTreeMap<String, String>,
    /// Takes what it writes, line by line.
    pub(crate) say: &'a (dyn Fn(&str) + Sync),
}

/// Runs a provisioner. `connection` is its connection block, where it or its resource has one.
pub(crate) async fn run(
    kind: &str,
    config: &Value,
    connection: Option<&Value>,
    world: &World<'_>,
) -> Result<(), String> {
    match kind {
        "local-exec" => local::run(config, world).await,
        "file" | "remote-exec" => {
            let Some(connection) = connection else {
                return Err("There is no connection block, neither in the provisioner nor in the resource. Say there which host it is.".into());
            };
            let target = connection::read(connection, world.vars)?;
            if kind == "file" {
                remote::file(config, &target, world).await
            } else {
                remote::exec(config, &target, world).await
            }
        }
        other => Err(format!("There is no provisioner \"{other}\".")),
    }
}

fn text(config: &Value, name: &str) -> Option<String> {
    config.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn texts(config: &Value, name: &str) -> Option<Vec<String>> {
    let items = config.get(name).and_then(Value::as_items)?;
    Some(items.iter().map(|v| v.as_str().unwrap_or_default().to_owned()).collect())
}
