//! Repositories, by the git program.

use std::path::Path;
use std::process::Stdio;

use sdt_config::query;

/// Clones a repository and checks out what `ref` says; `depth` makes the clone shallow, `sshkey` brings a key.
pub(crate) async fn fetch(url: &str, dest: &Path) -> Result<(), String> {
    let values = query(url);
    let value = |name: &str| values.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()).filter(|v| !v.is_empty());
    let reference = value("ref");
    let depth = value("depth");
    if reference.as_deref().is_some_and(|r| r.starts_with('-')) {
        return Err("a ref cannot begin with a dash".into());
    }
    if depth.as_deref().is_some_and(|d| d.parse::<u32>().is_err()) {
        return Err("depth is a number".into());
    }
    let kept: Vec<String> = values
        .iter()
        .filter(|(k, _)| !["ref", "depth", "sshkey", "archive"].contains(&k.as_str()))
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    let mut bare = url.split('?').next().unwrap_or(url).to_owned();
    if !kept.is_empty() {
        bare = format!("{bare}?{}", kept.join("&"));
    }
    let key = value("sshkey").map(|k| key_file(&k)).transpose()?;
    let ssh = key.as_ref().map(|f| format!("ssh -i {} -o StrictHostKeyChecking=accept-new", f.path().display()));
    let dest_text = dest.to_string_lossy().into_owned();
    let mut clone = vec!["clone", "--quiet"];
    if let Some(depth) = &depth {
        clone.extend(["--depth", depth]);
        // A shallow clone holds one branch only: the one asked for.
        if let Some(r) = &reference {
            clone.extend(["--branch", r]);
        }
    }
    clone.extend(["--", &bare, &dest_text]);
    run(None, &clone, ssh.as_deref()).await?;
    if let Some(r) = reference.filter(|_| depth.is_none()) {
        run(Some(dest), &["checkout", "--quiet", &r, "--"], ssh.as_deref()).await?;
    }
    run(Some(dest), &["submodule", "--quiet", "update", "--init", "--recursive"], ssh.as_deref()).await
}

fn key_file(encoded: &str) -> Result<tempfile::NamedTempFile, String> {
    use std::io::Write as _;
    let bytes = base64(encoded).ok_or("sshkey is not base64")?;
    let mut file = tempfile::NamedTempFile::new().map_err(|e| e.to_string())?;
    file.write_all(&bytes).map_err(|e| e.to_string())?;
    Ok(file)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut out, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for b in text.bytes().filter(|b| *b != b'=') {
        bits = bits << 6 | SIGNS.iter().position(|s| *s == b)? as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    Some(out)
}

async fn run(dir: Option<&Path>, args: &[&str], ssh: Option<&str>) -> Result<(), String> {
    let mut git = tokio::process::Command::new("git");
    git.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    // A question for a password would be asked of nobody.
    git.env("GIT_TERMINAL_PROMPT", "0");
    // Inherited variables of a surrounding git command would lead to the wrong repository.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(name);
    }
    if let Some(ssh) = ssh {
        git.env("GIT_SSH_COMMAND", ssh);
    }
    if let Some(dir) = dir {
        git.current_dir(dir);
    }
    let out = git.output().await.map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            "the program git is not there, and git repositories are fetched with it".to_owned()
        }
        _ => format!("git cannot be started: {e}"),
    })?;
    if out.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&out.stderr);
    Err(format!("git {}: {}", args[0], text.trim()))
}
