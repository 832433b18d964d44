//! Copying folders.

use std::path::Path;

use crate::archive::Limits;

/// Copies a folder into one that is made for it. Links are kept as far as they stay inside; `.git` and `.terraform` stay behind.
///
/// # Errors
/// When something cannot be read or written, or there is too much.
pub fn copy_folder(from: &Path, to: &Path, limits: &Limits) -> Result<(), String> {
    let mut left = (limits.entries, limits.unpacked_bytes);
    copy(from, to, from, to, &mut left)
}

fn copy(from: &Path, to: &Path, root: &Path, dest: &Path, left: &mut (u64, u64)) -> Result<(), String> {
    let failed = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    std::fs::create_dir_all(to).map_err(|e| failed(to, e))?;
    for entry in std::fs::read_dir(from).map_err(|e| failed(from, e))? {
        let entry = entry.map_err(|e| failed(from, e))?;
        let name = entry.file_name();
        if name == ".git" || name == ".terraform" {
            continue;
        }
        left.0 = left.0.checked_sub(1).ok_or("the folder has too many files")?;
        let (path, target) = (entry.path(), to.join(&name));
        // A folder that is copied into itself would never end.
        if target.starts_with(&path) || path == dest {
            continue;
        }
        let kind = entry.file_type().map_err(|e| failed(&path, e))?;
        if kind.is_dir() {
            copy(&path, &target, root, dest, left)?;
        } else if kind.is_symlink() {
            let goal = std::fs::read_link(&path).map_err(|e| failed(&path, e))?;
            let relative = path.strip_prefix(root).unwrap_or(&path);
            if crate::archive::link(dest, relative, &goal).is_err() {
                // What it means is outside: its content comes along instead.
                if path.is_file() {
                    std::fs::copy(&path, &target).map_err(|e| failed(&path, e))?;
                }
            }
        } else if kind.is_file() {
            let size = entry.metadata().map_err(|e| failed(&path, e))?.len();
            left.1 = left.1.checked_sub(size).ok_or("the folder is too large")?;
            std::fs::copy(&path, &target).map_err(|e| failed(&path, e))?;
        }
    }
    Ok(())
}
