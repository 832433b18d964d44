//! Unpacking archives so that nothing gets out of the folder and nothing grows without bound.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// Bounds of what is accepted.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Size of a download.
    pub download_bytes: u64,
    /// Size of everything unpacked.
    pub unpacked_bytes: u64,
    /// Number of files and folders.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { download_bytes: 1 << 30, unpacked_bytes: 4 << 30, entries: 200_000 }
    }
}

/// Form of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `.zip`
    Zip,
    /// `.tar`
    Tar,
    /// `.tar.gz`, `.tgz`
    TarGz,
}

impl Kind {
    /// The form that a URL's query (`archive=zip`) or the end of its path tells.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        let named = sdt_config::query(url).into_iter().find(|(k, _)| k == "archive").map(|(_, v)| v);
        let path = url.split('?').next().unwrap_or(url);
        let is = |suffix: &str| match &named {
            Some(named) => named == suffix,
            None => path.ends_with(&format!(".{suffix}")),
        };
        if is("zip") {
            Some(Self::Zip)
        } else if is("tar.gz") || is("tgz") {
            Some(Self::TarGz)
        } else {
            is("tar").then_some(Self::Tar)
        }
    }
}

/// Unpacks an archive into a folder that is made for it.
///
/// # Errors
/// When it is broken, has entries that lead outside, or is too large.
pub fn unpack(kind: Kind, bytes: &[u8], dest: &Path, limits: &Limits) -> Result<(), String> {
    std::fs::create_dir_all(dest).map_err(|e| format!("{}: {e}", dest.display()))?;
    match kind {
        Kind::Zip => unzip(bytes, dest, limits),
        Kind::Tar => untar(bytes, dest, limits),
        Kind::TarGz => untar(flate2::read::MultiGzDecoder::new(bytes), dest, limits),
    }
}

/// The path of an entry inside the folder.
fn inside(name: &Path) -> Result<PathBuf, String> {
    let mut out = PathBuf::new();
    for c in name.components() {
        match c {
            Component::Normal(part) => out.push(part),
            Component::CurDir => {}
            _ => return Err(format!("the archive's entry {:?} leads out of its folder", name.display().to_string())),
        }
    }
    Ok(out)
}

/// Writes a file below `dest`.
pub(crate) fn write_inside(dest: &Path, name: &Path, bytes: &[u8]) -> Result<(), String> {
    let path = dest.join(inside(name)?);
    let failed = |e: std::io::Error| format!("{}: {e}", path.display());
    if let Some(parent) = path.parent() {
        real_folder(dest, parent)?;
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    // A link that an earlier entry made is replaced, not followed.
    if path.symlink_metadata().is_ok_and(|m| m.is_symlink()) {
        std::fs::remove_file(&path).map_err(failed)?;
    }
    std::fs::write(&path, bytes).map_err(failed)
}

/// Refuses to go through links that an archive brought.
fn real_folder(dest: &Path, folder: &Path) -> Result<(), String> {
    let mut path = folder;
    while path != dest {
        if path.symlink_metadata().is_ok_and(|m| m.is_symlink()) {
            return Err(format!("the archive writes through the link {}", path.display()));
        }
        let Some(parent) = path.parent() else { break };
        path = parent;
    }
    Ok(())
}

struct Budget {
    bytes: u64,
    entries: u64,
}

impl Budget {
    fn entry(&mut self) -> Result<(), String> {
        self.entries = self.entries.checked_sub(1).ok_or("the archive has too many entries")?;
        Ok(())
    }

    /// Reads an entry as far as the budget goes; its declared size is not believed.
    fn read(&mut self, from: impl Read) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let read =
            from.take(self.bytes + 1).read_to_end(&mut out).map_err(|e| format!("the archive is broken: {e}"))?;
        self.bytes = self.bytes.checked_sub(read as u64).ok_or("the archive is too large when unpacked")?;
        Ok(out)
    }
}

fn unzip(bytes: &[u8], dest: &Path, limits: &Limits) -> Result<(), String> {
    let mut budget = Budget { bytes: limits.unpacked_bytes, entries: limits.entries };
    let broken = |e: zip::result::ZipError| format!("the archive is broken: {e}");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).map_err(broken)?;
    for i in 0..archive.len() {
        budget.entry()?;
        let file = archive.by_index(i).map_err(broken)?;
        let name = PathBuf::from(file.name().map_err(broken)?.into_owned());
        let mode = file.unix_mode().unwrap_or(0o644);
        if file.is_dir() {
            make_folder(dest, &name)?;
        } else if file.is_symlink() {
            let target = budget.read(file)?;
            link(dest, &name, Path::new(&*String::from_utf8_lossy(&target)))?;
        } else {
            let content = budget.read(file)?;
            write_inside(dest, &name, &content)?;
            set_executable(&dest.join(inside(&name)?), mode);
        }
    }
    Ok(())
}

fn untar(from: impl Read, dest: &Path, limits: &Limits) -> Result<(), String> {
    let mut budget = Budget { bytes: limits.unpacked_bytes, entries: limits.entries };
    let broken = |e: std::io::Error| format!("the archive is broken: {e}");
    let mut archive = tar::Archive::new(from);
    for entry in archive.entries().map_err(broken)? {
        budget.entry()?;
        let entry = entry.map_err(broken)?;
        let name = entry.path().map_err(broken)?.into_owned();
        let mode = entry.header().mode().unwrap_or(0o644);
        match entry.header().entry_type() {
            tar::EntryType::Directory => make_folder(dest, &name)?,
            tar::EntryType::Regular | tar::EntryType::Continuous | tar::EntryType::GNUSparse => {
                let content = budget.read(entry)?;
                write_inside(dest, &name, &content)?;
                set_executable(&dest.join(inside(&name)?), mode);
            }
            tar::EntryType::Symlink => {
                let target = entry.link_name().map_err(broken)?.unwrap_or_default().into_owned();
                link(dest, &name, &target)?;
            }
            tar::EntryType::XGlobalHeader | tar::EntryType::XHeader => {}
            _ => {
                return Err(format!("the archive's entry {:?} is neither file nor folder", name.display().to_string()));
            }
        }
    }
    Ok(())
}

fn make_folder(dest: &Path, name: &Path) -> Result<(), String> {
    let path = dest.join(inside(name)?);
    real_folder(dest, &path)?;
    std::fs::create_dir_all(&path).map_err(|e| format!("{}: {e}", path.display()))
}

/// Makes a symbolic link, if what it means is in the folder too.
pub(crate) fn link(dest: &Path, name: &Path, target: &Path) -> Result<(), String> {
    let name = inside(name)?;
    let outside = || format!("the link {:?} leads out of its folder", name.display().to_string());
    let mut depth: i64 = name.parent().map_or(0, |p| p.components().count() as i64);
    for c in target.components() {
        match c {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir => depth -= 1,
            _ => return Err(outside()),
        }
        if depth < 0 {
            return Err(outside());
        }
    }
    let path = dest.join(&name);
    if let Some(parent) = path.parent() {
        real_folder(dest, parent)?;
        std::fs::create_dir_all(parent).map_err(|e| format!("{}: {e}", parent.display()))?;
    }
    std::os::unix::fs::symlink(target, &path).map_err(|e| format!("{}: {e}", path.display()))
}

fn set_executable(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    if mode & 0o111 != 0 {
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tar_of(entries: &[(&str, &str, Option<&str>)]) -> Vec<u8> {
        let mut b = tar::Builder::new(Vec::new());
        for (name, content, target) in entries {
            let mut h = tar::Header::new_gnu();
            h.set_size(content.len() as u64);
            h.set_mode(0o644);
            if let Some(t) = target {
                h.set_entry_type(tar::EntryType::Symlink);
                h.set_link_name_literal(t).unwrap();
            }
            // set_path refuses what a hostile archive would hold.
            h.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            h.set_cksum();
            b.append(&h, content.as_bytes()).unwrap();
        }
        b.into_inner().unwrap()
    }

    #[test]
    fn archives_stay_in_their_folder() {
        let small = Limits { unpacked_bytes: 100, entries: 5, ..Limits::default() };
        for (entries, expected) in [
            (vec![("a/b.tf", "x", None)], ""),
            (vec![("m.tf", "x", None), ("l.tf", "", Some("m.tf"))], ""),
            (vec![("../b.tf", "x", None)], "leads out"),
            (vec![("/etc/b.tf", "x", None)], "leads out"),
            (vec![("a/../../b.tf", "x", None)], "leads out"),
            (vec![("l", "", Some("/etc"))], "leads out"),
            (vec![("a/l", "", Some("../../x"))], "leads out"),
            (vec![("l", "", Some("d")), ("l/x.tf", "x", None)], "through the link"),
            (vec![("big", &*"x".repeat(101), None)], "too large"),
            (vec![("a", "", None); 6], "too many"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let dest = dir.path().join("m");
            let result = unpack(Kind::Tar, &tar_of(&entries), &dest, &small);
            match result {
                Ok(()) => assert!(expected.is_empty(), "{entries:?}"),
                Err(e) => assert!(!expected.is_empty() && e.contains(expected), "{entries:?}: {e}"),
            }
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "{entries:?}");
        }
        assert!(unpack(Kind::Zip, b"PK nonsense", &tempfile::tempdir().unwrap().path().join("z"), &small).is_err());
    }

    #[test]
    fn kinds() {
        for (url, kind) in [
            ("https://x/a.zip", Some(Kind::Zip)),
            ("https://x/a.tar.gz?x=1", Some(Kind::TarGz)),
            ("https://x/a?archive=tgz", Some(Kind::TarGz)),
            ("https://x/a.zip?archive=false", None),
            ("https://x/a", None),
        ] {
            assert_eq!(Kind::of(url), kind, "{url}");
        }
    }
}
