//! `file` and `remote-exec`.
//!
//! Everything goes through commands of a POSIX shell (`cat`, `mkdir`, `chmod`, `rm`), which every machine with SSH has; neither scp nor
//! sftp has to be there.

use std::hash::{BuildHasher as _, Hasher as _};
use std::io::Read;
use std::path::{Path, PathBuf};

use sdt_value::Value;

use super::connection::Target;
use super::ssh::{self, Session};
use super::{World, text, texts};

/// How deep folders may be inside each other: symbolic links can go in circles.
const DEPTH: usize = 64;

/// Copies a file, a folder or a text to the machine.
pub(super) async fn file(config: &Value, target: &Target, world: &World<'_>) -> Result<(), String> {
    let destination = text(config, "destination").unwrap_or_default();
    if destination.is_empty() {
        return Err("destination is empty.".into());
    }
    let quiet = World { say: &|_| {}, ..*world };
    let session = ssh::connect(target, quiet.say).await?;
    let result = match (text(config, "content"), text(config, "source")) {
        (Some(content), _) => upload(&session, &mut content.as_bytes(), &destination, None).await,
        (None, Some(source)) => copy(&session, &source, &world.cwd.join(&source), &destination).await,
        (None, None) => Err("Neither source nor content is given.".into()),
    };
    session.close().await;
    result
}

/// Runs commands or scripts on the machine.
pub(super) async fn exec(config: &Value, target: &Target, world: &World<'_>) -> Result<(), String> {
    let mut scripts: Vec<Vec<u8>> = Vec::new();
    if let Some(lines) = texts(config, "inline") {
        scripts.push(format!("{}\n", lines.join("\n")).into_bytes());
    }
    for path in text(config, "script").into_iter().chain(texts(config, "scripts").unwrap_or_default()) {
        let script =
            std::fs::read(world.cwd.join(&path)).map_err(|e| format!("Failed to open script {path:?}: {e}."))?;
        scripts.push(script);
    }
    let session = ssh::connect(target, world.say).await?;
    let mut result = Ok(());
    for script in scripts {
        result = run_script(&session, script, target, world).await;
        if result.is_err() {
            break;
        }
    }
    session.close().await;
    result
}

async fn run_script(session: &Session, script: Vec<u8>, target: &Target, world: &World<'_>) -> Result<(), String> {
    let script = if script.starts_with(b"#!") { script } else { [b"#!/bin/sh\n".as_slice(), &script].concat() };
    // No secret, only another name than that of a script beside it.
    let number = std::hash::RandomState::new().build_hasher().finish() % 10_000_000_000;
    let path = target.script_path.replace("%RAND%", &number.to_string());
    upload(session, &mut script.as_slice(), &path, Some(0o700)).await?;
    let outcome = session.run(&quote(&path), None, world.say).await;
    let removed = session.run(&format!("rm -f {}", quote(&path)), None, &|_| {}).await;
    let outcome = outcome?;
    match outcome.status {
        Some(0) => {}
        Some(n) => return Err(format!("error executing {path:?}: Process exited with status {n}")),
        None => return Err(format!("error executing {path:?}: it ended without an exit status")),
    }
    if removed.is_ok_and(|o| o.status != Some(0)) {
        (world.say)(&format!("The script {path} could not be removed."));
    }
    Ok(())
}

/// A file goes to the destination itself. A folder goes into it, or, with a slash at its end, its content does.
async fn copy(session: &Session, named: &str, source: &Path, destination: &str) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("{}: {e}", source.display());
    let about = std::fs::metadata(source).map_err(failed)?;
    if !about.is_dir() {
        let mut file = std::fs::File::open(source).map_err(failed)?;
        return upload(session, &mut file, destination, mode(&about)).await;
    }
    let mut root = destination.trim_end_matches('/').to_owned();
    if root.is_empty() {
        root.push('/');
    }
    if !named.ends_with('/')
        && let Some(name) = source.file_name()
    {
        root = format!("{}/{}", root.trim_end_matches('/'), name.to_string_lossy());
    }
    let mut folders: Vec<(PathBuf, String, usize)> = vec![(source.to_owned(), root, 0)];
    while let Some((dir, to, depth)) = folders.pop() {
        if depth > DEPTH {
            return Err(format!("{} is too deep: folders go in a circle.", dir.display()));
        }
        command(session, &format!("mkdir -p {}", quote(&to)), None).await?;
        let mut entries: Vec<_> = std::fs::read_dir(&dir).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let about = std::fs::metadata(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            let to = format!("{}/{}", to.trim_end_matches('/'), entry.file_name().to_string_lossy());
            if about.is_dir() {
                folders.push((path, to, depth + 1));
            } else if about.is_file() {
                let mut file = std::fs::File::open(&path).map_err(|e| format!("{}: {e}", path.display()))?;
                upload(session, &mut file, &to, mode(&about)).await?;
            }
        }
    }
    Ok(())
}

#[cfg(unix)]
fn mode(about: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(about.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_: &std::fs::Metadata) -> Option<u32> {
    None
}

/// Writes a file there.
async fn upload(
    session: &Session,
    content: &mut (dyn Read + Send),
    path: &str,
    mode: Option<u32>,
) -> Result<(), String> {
    let path = quote(path);
    // The content is nobody else's business until it is known whose it is.
    let line = match mode {
        Some(mode) => format!("umask 077 && cat > {path} && chmod {mode:o} {path}"),
        None => format!("cat > {path}"),
    };
    command(session, &line, Some(content)).await
}

async fn command(session: &Session, line: &str, input: Option<&mut (dyn Read + Send)>) -> Result<(), String> {
    let outcome = session.run(line, input, &|_| {}).await?;
    match outcome.status {
        Some(0) => Ok(()),
        Some(n) => Err(format!("Upload failed with status {n}: {}", outcome.errors)),
        None => Err(format!("Upload failed: {}", outcome.errors)),
    }
}

/// A path as one word of a shell; a leading `~/` keeps its meaning.
fn quote(path: &str) -> String {
    let word = |s: &str| format!("'{}'", s.replace('\'', r"'\''"));
    match path.strip_prefix("~/") {
        Some(rest) => format!("\"$HOME\"/{}", word(rest)),
        // What begins with a dash is no option.
        None if path.starts_with('-') => word(&format!("./{path}")),
        None => word(path),
    }
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn paths_are_single_words() {
        for (path, expected) in [
            ("/tmp/a b", "'/tmp/a b'"),
            ("a'; rm -rf /; '", r"'a'\''; rm -rf /; '\'''"),
            ("$(x)`y`", "'$(x)`y`'"),
            ("~/x y", "\"$HOME\"/'x y'"),
            ("-rf", "'./-rf'"),
        ] {
            assert_eq!(quote(path), expected);
        }
    }
}
