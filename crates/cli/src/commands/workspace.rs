//! `sdt workspace …`

use sdt_diag::{Diagnostic, Diagnostics};
use sdt_state::v4;

use crate::app::{App, Command, OK};
use crate::args::{Parsed, option, switch};
use crate::backend::{Backend, LocalPaths};
use crate::commands::{COMMON, LOCKING, fail, lock_timeout};
use crate::session;
use crate::ui::failure;
use crate::workspace::{self, DEFAULT};

pub(crate) static LIST: Command = Command {
    name: "workspace list",
    summary: "List the workspaces",
    usage: "[options]",
    about: "Lists the workspaces of the backend; a star marks the selected one.",
    flags: &[COMMON],
    run: |app, parsed| finish(app, list(app, parsed)),
};

pub(crate) static SHOW: Command = Command {
    name: "workspace show",
    summary: "Show the selected workspace",
    usage: "[options]",
    about: "Writes the name of the selected workspace.",
    flags: &[COMMON],
    run: |app, _| finish(app, workspace::selected(&app.env).map(|name| format!("{name}\n"))),
};

pub(crate) static SELECT: Command = Command {
    name: "workspace select",
    summary: "Select a workspace",
    usage: "[options] NAME",
    about: "Selects the workspace that later commands work on.",
    flags: &[&[switch("or-create", "Make the workspace if there is none of that name.")], COMMON],
    run: |app, parsed| finish(app, select(app, parsed)),
};

pub(crate) static NEW: Command = Command {
    name: "workspace new",
    summary: "Make a workspace and select it",
    usage: "[options] NAME",
    about: "Makes a workspace with a state of its own and selects it.",
    flags: &[&[option("state", "PATH", "Begin with a copy of this state file.")], LOCKING, COMMON],
    run: |app, parsed| finish(app, new(app, parsed)),
};

pub(crate) static DELETE: Command = Command {
    name: "workspace delete",
    summary: "Delete a workspace",
    usage: "[options] NAME",
    about: "Deletes a workspace whose state holds nothing; -force deletes it regardless, and what it managed is then managed by nobody.",
    flags: &[&[switch("force", "Delete even if objects are still managed.")], LOCKING, COMMON],
    run: |app, parsed| finish(app, delete(app, parsed)),
};

fn finish(app: &App, done: Result<String, Diagnostics>) -> u8 {
    match done {
        Ok(text) => {
            app.ui.out(&text);
            OK
        }
        Err(diags) => fail(app, diags),
    }
}

fn error<T>(summary: impl Into<String>, detail: impl Into<String>) -> Result<T, Diagnostics> {
    Err(Diagnostic::error(summary, detail).into())
}

/// The one name that a command takes.
fn name<'a>(app: &App, parsed: &'a Parsed, verb: &str) -> Result<&'a str, Diagnostics> {
    let [name] = parsed.rest.as_slice() else {
        return error("Exactly one argument expected", format!("sdt workspace {verb} needs the name of a workspace."));
    };
    if workspace::is_overridden(&app.env) {
        return error(
            "The selected workspace is currently overridden using the TF_WORKSPACE environment variable",
            format!("Unset TF_WORKSPACE to use sdt workspace {verb}."),
        );
    }
    workspace::check_name(name)?;
    Ok(name)
}

fn names(app: &App, backend: &Backend) -> Result<Vec<String>, Diagnostics> {
    app.block_on(workspace::list(backend)).map_err(|e| failure("Failed to list workspaces", e))?
}

fn list(app: &App, parsed: &Parsed) -> Result<String, Diagnostics> {
    if let Some(extra) = parsed.rest.first() {
        return error(
            "Too many command line arguments",
            format!("sdt workspace list takes no argument such as {extra:?}."),
        );
    }
    let backend = session::backend(app)?;
    let mut text = String::new();
    for name in names(app, &backend)? {
        text += if name == backend.workspace { "* " } else { "  " };
        text += &name;
        text.push('\n');
    }
    Ok(text + "\n")
}

fn select(app: &App, parsed: &Parsed) -> Result<String, Diagnostics> {
    let name = name(app, parsed, "select")?;
    let backend = session::backend(app)?;
    if name == backend.workspace {
        return Ok(String::new());
    }
    if !names(app, &backend)?.iter().any(|n| n == name) {
        if parsed.on("or-create") {
            return make(app, parsed, &backend, name);
        }
        return error(
            format!("Workspace \"{name}\" doesn't exist."),
            "sdt workspace new makes it, or sdt workspace select with the flag -or-create.",
        );
    }
    note(app, name)?;
    Ok(format!("Switched to workspace \"{name}\".\n"))
}

fn new(app: &App, parsed: &Parsed) -> Result<String, Diagnostics> {
    let name = name(app, parsed, "new")?;
    let backend = session::backend(app)?;
    if names(app, &backend)?.iter().any(|n| n == name) {
        return error(format!("Workspace \"{name}\" already exists"), "sdt workspace select switches to it.");
    }
    make(app, parsed, &backend, name)
}

fn make(app: &App, parsed: &Parsed, backend: &Backend, name: &str) -> Result<String, Diagnostics> {
    let backend = Backend { workspace: name.into(), ..backend.clone() };
    let first = match parsed.get("state") {
        None => None,
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|e| failure("Failed to read the state", format!("{path}: {e}")))?;
            Some(v4::read(&bytes).map_err(|e| failure("Failed to read the state", format!("{path}: {e}")))?)
        }
    };
    let timeout = lock_timeout(parsed)?;
    app.block_on(async {
        workspace::create(&backend).await?;
        // A local workspace is its folder; in S3 it is there when its state is.
        if backend.kind == "local" && first.is_none() {
            return Ok(());
        }
        let lock = parsed.is("lock", true);
        let held = session::hold(app, &backend, &LocalPaths::default(), "workspace-new", lock, timeout).await?;
        let result = async {
            let merged = session::merged(&*held.store).await?;
            if merged.state.lineage.is_empty() {
                let mut state = first.unwrap_or_default();
                if state.lineage.is_empty() {
                    state.lineage = crate::backend::uuid();
                }
                held.store
                    .write(&state, &merged.revision)
                    .await
                    .map_err(session::store_failure("Failed to create workspace"))?;
            }
            Ok::<_, Diagnostics>(())
        }
        .await;
        let released = held.release().await;
        result.and(if released.has_errors() { Err(released) } else { Ok(()) })
    })
    .map_err(|e| failure("Failed to create workspace", e))??;
    note(app, name)?;
    Ok(format!(
        "Created and switched to workspace \"{name}\"!\n\nIts state is its own and empty: sdt plan sees nothing of what other workspaces manage.\n"
    ))
}

fn note(app: &App, name: &str) -> Result<(), Diagnostics> {
    workspace::select(&app.env, name).map_err(|e| failure("Failed to select workspace", e))
}

fn delete(app: &App, parsed: &Parsed) -> Result<String, Diagnostics> {
    let name = name(app, parsed, "delete")?;
    let current = session::backend(app)?;
    if name == DEFAULT {
        return error("Cannot delete the default workspace", "The workspace \"default\" is always there.");
    }
    if !names(app, &current)?.iter().any(|n| n == name) {
        return error(format!("Workspace \"{name}\" doesn't exist."), "sdt workspace list shows those that do.");
    }
    if name == current.workspace {
        return error(
            format!("Workspace \"{name}\" is your active workspace."),
            "Select another workspace first: sdt workspace select default.",
        );
    }
    let backend = Backend { workspace: name.into(), ..current };
    let timeout = lock_timeout(parsed)?;
    let managed = app
        .block_on(async {
            let lock = parsed.is("lock", true);
            let held = session::hold(app, &backend, &LocalPaths::default(), "workspace-delete", lock, timeout).await?;
            let result = async {
                let merged = session::merged(&*held.store).await?;
                let managed: Vec<String> = merged.state.instances().map(|(a, _, _)| format!("  - {a}")).collect();
                if !managed.is_empty() && !parsed.on("force") {
                    return error(
                        "Workspace is not empty",
                        format!(
                            "The workspace {name:?} still manages these objects:\n{}\n\nDestroy them first, or give -force to leave them to nobody.",
                            managed.join("\n")
                        ),
                    );
                }
                Ok(managed.len())
            }
            .await;
            // The lock lies where the state lies: it goes first.
            let released = held.release().await;
            let managed = result?;
            if released.has_errors() {
                return Err(released);
            }
            workspace::delete(&backend).await?;
            Ok(managed)
        })
        .map_err(|e| failure("Failed to delete workspace", e))??;
    let note = match managed {
        0 => String::new(),
        n => format!("\n{n} object(s) that it managed live on and are managed by nobody.\n"),
    };
    Ok(format!("Deleted workspace \"{name}\"!\n{note}"))
}
