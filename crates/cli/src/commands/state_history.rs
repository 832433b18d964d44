//! `sdt state history`, `sdt state diff`, `sdt state restore`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sdt_diag::{Diagnostic, Diagnostics};
use sdt_state::{State, v4};

use crate::app::{App, Command, OK};
use crate::args::{Parsed, switch};
use crate::backend::{Backend, LocalPaths};
use crate::commands::{COMMON, LOCKING, fail, lock_timeout};
use crate::session;
use crate::ui::failure;
use crate::workspace;

pub(crate) static HISTORY: Command = Command {
    name: "state history",
    summary: "List older snapshots of the state",
    usage: "[options]",
    about: "Lists older snapshots of the state, newest first: the backups beside a local state, or the versions of the object in S3 when its bucket keeps versions.",
    flags: &[COMMON],
    run: |app, parsed| finish(app, history(app, parsed)),
};

pub(crate) static DIFF: Command = Command {
    name: "state diff",
    summary: "Compare snapshots of the state",
    usage: "[options] FROM [TO]",
    about: "Shows which objects and outputs differ between two snapshots, named as state history names them, or the path of a state file. Without TO the present state is taken. Of changed objects only the names of what differs are shown.",
    flags: &[COMMON],
    run: |app, parsed| finish(app, diff(app, parsed)),
};

pub(crate) static RESTORE: Command = Command {
    name: "state restore",
    summary: "Go back to an older snapshot of the state",
    usage: "[options] SNAPSHOT",
    about: "Makes an older snapshot the present state, with a serial one higher. No object is touched: what was created since is then managed by nobody, so compare first with state diff.",
    flags: &[&[switch("auto-approve", "Do not ask before writing.")], LOCKING, COMMON],
    run: |app, parsed| finish(app, restore(app, parsed)),
};

/// One older state.
struct Version {
    name: String,
    time: String,
    bytes: usize,
}

fn finish(app: &App, done: Result<String, Diagnostics>) -> u8 {
    match done {
        Ok(text) => {
            app.ui.out(&text);
            OK
        }
        Err(diags) => fail(app, diags),
    }
}

fn history(app: &App, _parsed: &Parsed) -> Result<String, Diagnostics> {
    let backend = session::backend(app)?;
    let mut text = String::new();
    for v in versions(app, &backend)? {
        let what = match snapshot(app, &backend, &v.name) {
            Ok(state) => format!("serial {}, {} object(s)", state.serial, state.instances().count()),
            Err(_) => "unreadable".into(),
        };
        let _ = writeln!(text, "{}  {}  {what}, {} bytes", v.time, v.name, v.bytes);
    }
    if text.is_empty() {
        text = "There are no older snapshots.\n".into();
    }
    Ok(text)
}

fn versions(app: &App, backend: &Backend) -> Result<Vec<Version>, Diagnostics> {
    if backend.kind == "local" {
        return Ok(backups(&workspace::local_path(backend)));
    }
    #[cfg(feature = "aws")]
    {
        let config = crate::backend::s3_config(backend)?;
        let found = app.block_on(sdt_state_s3::versions(&config)).map_err(|e| failure("Failed to list versions", e))?;
        let found = found.map_err(|e| failure("Failed to list versions", e))?;
        let one =
            |v: sdt_state_s3::StateVersion| Version { name: v.id, time: crate::clock::text(v.time), bytes: v.bytes };
        Ok(found.into_iter().map(one).collect())
    }
    #[cfg(not(feature = "aws"))]
    {
        let _ = app;
        Err(failure("Unsupported backend type", format!("this build of sdt has no backend {:?}", backend.kind)))
    }
}

/// Files beside a state that look like backups of it.
fn backups(path: &Path) -> Vec<Version> {
    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let mut found: Vec<(std::time::SystemTime, Version)> = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let Ok(file) = entry.file_name().into_string() else { continue };
        let Ok(meta) = entry.metadata() else { continue };
        if !(file.starts_with(&format!("{name}.")) && file.ends_with("backup")) {
            continue;
        }
        let changed = meta.modified().unwrap_or(std::time::UNIX_EPOCH);
        let seconds = changed.duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
        let time = crate::clock::text(i64::try_from(seconds).unwrap_or_default());
        let bytes = usize::try_from(meta.len()).unwrap_or_default();
        found.push((changed, Version { name: dir.join(file).display().to_string(), time, bytes }));
    }
    found.sort_by_key(|(changed, _)| std::cmp::Reverse(*changed));
    found.into_iter().map(|(_, v)| v).collect()
}

/// Reads a snapshot by its name, or a state file by its path.
fn snapshot(app: &App, backend: &Backend, name: &str) -> Result<State, Diagnostics> {
    let unreadable = |e: &dyn std::fmt::Display| failure("Failed to read the snapshot", format!("{name}: {e}"));
    let path = PathBuf::from(name);
    let bytes = if path.is_file() || backend.kind == "local" {
        std::fs::read(path).map_err(|e| unreadable(&e))?
    } else {
        remote(app, backend, name)?
    };
    v4::read(&bytes).map_err(|e| unreadable(&e))
}

#[cfg(feature = "aws")]
fn remote(app: &App, backend: &Backend, name: &str) -> Result<Vec<u8>, Diagnostics> {
    let config = crate::backend::s3_config(backend)?;
    app.block_on(sdt_state_s3::version(&config, name))
        .map_err(|e| failure("Failed to read the snapshot", e))?
        .map_err(|e| failure("Failed to read the snapshot", e))
}

#[cfg(not(feature = "aws"))]
fn remote(_app: &App, backend: &Backend, _name: &str) -> Result<Vec<u8>, Diagnostics> {
    Err(failure("Unsupported backend type", format!("this build of sdt has no backend {:?}", backend.kind)))
}

fn diff(app: &App, parsed: &Parsed) -> Result<String, Diagnostics> {
    let backend = session::backend(app)?;
    let (from, to) = match parsed.rest.as_slice() {
        [from] => (snapshot(app, &backend, from)?, session::read_state(app, None)?),
        [from, to] => (snapshot(app, &backend, from)?, snapshot(app, &backend, to)?),
        _ => return Err(failure("One or two arguments expected", "The command needs the name of a snapshot")),
    };
    Ok(compare(&from, &to))
}

/// Which objects and outputs differ. Values are not shown: they may be secret.
fn compare(from: &State, to: &State) -> String {
    let mut text = String::new();
    let objects = |s: &State| {
        let all = s.instances().map(|(a, _, i)| match &i.deposed {
            Some(key) => (format!("{a} (deposed {key})"), i.clone()),
            None => (a.to_string(), i.clone()),
        });
        all.collect::<std::collections::BTreeMap<_, _>>()
    };
    let (before, after) = (objects(from), objects(to));
    for (name, old) in &before {
        match after.get(name) {
            None => {
                let _ = writeln!(text, "- {name}");
            }
            Some(new) if new != old => {
                let _ = writeln!(text, "~ {name}: {}", differing(old, new).join(", "));
            }
            Some(_) => {}
        }
    }
    for name in after.keys().filter(|n| !before.contains_key(*n)) {
        let _ = writeln!(text, "+ {name}");
    }
    for (name, old) in &from.outputs {
        match to.outputs.get(name) {
            None => {
                let _ = writeln!(text, "- output.{name}");
            }
            Some(new) if new != old => {
                let _ = writeln!(text, "~ output.{name}");
            }
            Some(_) => {}
        }
    }
    for name in to.outputs.keys().filter(|n| !from.outputs.contains_key(*n)) {
        let _ = writeln!(text, "+ output.{name}");
    }
    if text.is_empty() { "The snapshots hold the same.\n".into() } else { text }
}

fn differing(old: &sdt_state::Instance, new: &sdt_state::Instance) -> Vec<String> {
    let empty = serde_json::Map::new();
    let (a, b) = (old.attributes.as_object().unwrap_or(&empty), new.attributes.as_object().unwrap_or(&empty));
    let mut names: Vec<String> = a.iter().filter(|(k, v)| b.get(*k) != Some(v)).map(|(k, _)| k.clone()).collect();
    names.extend(b.keys().filter(|k| !a.contains_key(*k)).cloned());
    if old.tainted != new.tainted {
        names.push("(tainted)".into());
    }
    if names.is_empty() {
        names.push("(notes beside the object)".into());
    }
    names
}

fn restore(app: &App, parsed: &Parsed) -> Result<String, Diagnostics> {
    let [name] = parsed.rest.as_slice() else {
        return Err(failure("Exactly one argument expected", "The command needs the name of a snapshot"));
    };
    let backend = session::backend(app)?;
    let old = snapshot(app, &backend, name)?;
    let timeout = lock_timeout(parsed)?;
    app.block_on(async {
        let lock = parsed.is("lock", true);
        let held = session::hold(app, &backend, &LocalPaths::default(), "state-restore", lock, timeout).await?;
        let result = async {
            let merged = session::merged(&*held.store).await?;
            if merged.changed || !merged.unresolved.is_empty() {
                let detail = "A run did not come to its end: its journal knows of objects that the stored state does not have. Run sdt plan or sdt apply first, which take them up.";
                return Err(Diagnostic::error("The state has an unfinished journal", detail).into());
            }
            if !merged.state.lineage.is_empty() && merged.state.lineage != old.lineage {
                let detail = format!("{name} is the snapshot of another state: their lineages differ.");
                return Err(Diagnostic::error("Snapshot of another state", detail).into());
            }
            let changes = compare(&merged.state, &old);
            app.ui.say(&format!("Going back to serial {}:\n\n{changes}", old.serial));
            if !parsed.on("auto-approve") {
                let question = "\nDo you want to restore this snapshot?\n  Only 'yes' will be accepted to confirm.\n\n  Enter a value: ";
                let answer = if app.env.may_ask() { app.ui.ask(question) } else { None };
                if answer.as_deref() != Some("yes") {
                    return Err(Diagnostic::error("Cancelled", "The state was left as it is.").into());
                }
            }
            let next = held.write(&merged, &merged.state, old).await?;
            Ok(format!("\nRestored {name} as serial {}.\n", next.serial))
        }
        .await;
        let released = held.release().await;
        if released.has_errors() { Err(released) } else { result }
    })
    .map_err(|e| failure("Failed to restore", e))?
}
