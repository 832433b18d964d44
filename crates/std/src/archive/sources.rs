//! What goes into an archive, in which order.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sdt_funcs::glob::path_matches;
use sdt_value::Value;

use super::{Entry, strings};
use crate::helpers::get;

/// Links to folders may make circles.
const MAX_DEPTH: usize = 64;

/// The files that an object names.
pub(super) fn entries(object: &Value) -> Result<Vec<Entry>, String> {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    if let Some(dir) = text("source_dir") {
        return folder(
            dir,
            &strings(object, "excludes"),
            object.get("exclude_symlink_directories").and_then(Value::as_bool) == Some(true),
        );
    }
    if let Some(path) = text("source_file") {
        let found = std::fs::metadata(path).map_err(|e| missing("file", path, &e))?;
        let name = Path::new(path).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        return Ok(vec![entry(name, Path::new(path), &found)?]);
    }
    if let Some(name) = text("source_content_filename") {
        let content = text("source_content").unwrap_or_default().into();
        return Ok(vec![Entry { name: name.to_owned(), content, mode: None }]);
    }
    // By name; of two contents of one name the last counts.
    let named: BTreeMap<String, Vec<u8>> = get(object, "source")
        .as_items()
        .into_iter()
        .flatten()
        .filter_map(|s| Some((s.get("filename")?.as_str()?.to_owned(), s.get("content")?.as_str()?.into())))
        .collect();
    Ok(named.into_iter().map(|(name, content)| Entry { name, content, mode: None }).collect())
}

/// An octal (`0644`), hexadecimal (`0x1a4`), binary or decimal number, as Go reads it.
pub(super) fn file_mode(text: &str) -> Result<u32, String> {
    let digits = text.replace('_', "");
    let lower = digits.to_ascii_lowercase();
    let parsed = match lower.as_bytes() {
        [b'0', b'x', ..] => u32::from_str_radix(&lower[2..], 16),
        [b'0', b'b', ..] => u32::from_str_radix(&lower[2..], 2),
        [b'0', b'o', ..] => u32::from_str_radix(&lower[2..], 8),
        [b'0', _, ..] => u32::from_str_radix(&lower[1..], 8),
        _ => lower.parse(),
    };
    parsed.map_err(|_| format!("error parsing output_file_mode value: {text}"))
}

fn missing(what: &str, path: &str, e: &std::io::Error) -> String {
    if e.kind() == std::io::ErrorKind::NotFound {
        format!("could not archive missing {what}: {path}")
    } else {
        format!("{path}: {e}")
    }
}

fn entry(name: String, path: &Path, found: &Metadata) -> Result<Entry, String> {
    let content =
        std::fs::read(path).map_err(|e| format!("error reading file for archival: {}: {e}", path.display()))?;
    Ok(Entry { name, content, mode: Some(found.permissions().mode() & 0o7777) })
}

/// Goes on with the folder, or leaves out what is left of it.
enum Next {
    Go,
    SkipRest,
}

struct Walk<'a> {
    excludes: &'a [String],
    skip_linked: bool,
    found: Vec<Entry>,
}

fn folder(dir: &str, excludes: &[String], skip_linked: bool) -> Result<Vec<Entry>, String> {
    let found = std::fs::metadata(dir).map_err(|e| missing("directory", dir, &e))?;
    if !found.is_dir() {
        return Err(format!("could not archive directory that is a file: {dir}"));
    }
    let mut walk = Walk { excludes, skip_linked, found: Vec::new() };
    walk.folder(Path::new(dir), "", 0)?;
    if walk.found.is_empty() {
        return Err("archive has not been created as it would be empty".into());
    }
    Ok(walk.found)
}

impl Walk<'_> {
    fn excluded(&self, name: &str) -> Result<bool, String> {
        for pattern in self.excludes.iter().filter(|p| !p.is_empty()) {
            if path_matches(pattern, name).map_err(|e| format!("error checking excludes matches: {e}"))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Its entries by name, folders where their name comes.
    fn folder(&mut self, dir: &Path, inside: &str, depth: usize) -> Result<(), String> {
        let failed = |e: std::io::Error| format!("error encountered during file walk: {}: {e}", dir.display());
        if depth > MAX_DEPTH {
            return Err(format!("{}: the folder is too deep; do links make a circle?", dir.display()));
        }
        let listed: Result<Vec<_>, _> = std::fs::read_dir(dir).map_err(failed)?.collect();
        let mut names: Vec<PathBuf> = listed.map_err(failed)?.iter().map(|e| PathBuf::from(e.file_name())).collect();
        names.sort();
        for name in names {
            let short = name.to_string_lossy();
            let inside = if inside.is_empty() { short.into_owned() } else { format!("{inside}/{short}") };
            if let Next::SkipRest = self.one(&dir.join(&name), inside, depth)? {
                break;
            }
        }
        Ok(())
    }

    fn one(&mut self, path: &Path, inside: String, depth: usize) -> Result<Next, String> {
        let failed = |e: std::io::Error| format!("error encountered during file walk: {}: {e}", path.display());
        let mut found = std::fs::symlink_metadata(path).map_err(failed)?;
        if self.excluded(&inside)? {
            return Ok(Next::Go);
        }
        if found.is_symlink() {
            found = std::fs::metadata(path).map_err(failed)?;
            if found.is_dir() && self.skip_linked {
                // The public provider leaves out the rest of the folder with the link; so does this, for equal archives.
                return Ok(Next::SkipRest);
            }
        }
        if found.is_dir() {
            self.folder(path, &inside, depth + 1)?;
        } else {
            self.found.push(entry(inside, path, &found)?);
        }
        Ok(Next::Go)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_packed_in_order_without_what_is_excluded() {
        let root = std::env::temp_dir().join(format!("sdt-archive-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(root.join("d/e")).expect("a folder");
        for name in ["b.txt", "a.log", "d/c.txt", "d/e/f.txt", "z"] {
            std::fs::write(root.join(name), name).expect("a file");
        }
        std::os::unix::fs::symlink(root.join("d"), root.join("link")).expect("a link");
        let check = |excludes: &[&str], skip: bool, expected: &[&str]| {
            let excludes: Vec<String> = excludes.iter().map(|s| (*s).to_owned()).collect();
            let names: Vec<String> =
                folder(&root.to_string_lossy(), &excludes, skip).expect("files").into_iter().map(|e| e.name).collect();
            assert_eq!(names, expected, "{excludes:?}");
        };
        check(&[], false, &["a.log", "b.txt", "d/c.txt", "d/e/f.txt", "link/c.txt", "link/e/f.txt", "z"]);
        check(&["*.log", "**/e"], false, &["b.txt", "d/c.txt", "link/c.txt", "z"]);
        check(&["d/**"], true, &["a.log", "b.txt"]);
        assert!(folder(&root.to_string_lossy(), &["**".into()], false).is_err());
        std::fs::remove_dir_all(&root).expect("a folder to remove");
        assert_eq!([file_mode("0666"), file_mode("438"), file_mode("0o17")], [Ok(0o666), Ok(438), Ok(0o17)]);
        assert!(file_mode("rw-").is_err());
    }
}
