//! The state file itself: Terraform's lock on it, and writing that survives a death without giving that lock up.
//!
//! Terraform locks by `fcntl` on the state file and opens it once, however long it waits for the lock. So the file must
//! stay the same inode for ever: replacing it by `rename` would leave a waiting Terraform with the lock of an unlinked
//! file, whose old content it would read and into which it would write its new state. Therefore the file is written in
//! place, and beforehand the old and the new content go, complete and synced, into a record beside it. A file that is a
//! mixture of the two (the death came in between) is read as the new content, and completed by whoever has the lock
//! next. For the same reason an empty file that locking created is not removed.
//!
//! `fcntl` locks end when the process closes *any* descriptor of the file. While a lock is held, everything in this
//! process therefore goes through the one descriptor that is registered in [`HELD`], which also keeps two stores of
//! one process apart, something that `fcntl` does not.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use rustix::fs::{FlockOperation, fcntl_lock};

use crate::journal::crc32;

static HELD: LazyLock<Mutex<HashMap<PathBuf, Arc<File>>>> = LazyLock::new(Mutex::default);

fn registry() -> MutexGuard<'static, HashMap<PathBuf, Arc<File>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The path by which one file is known to the whole process.
fn canonical(path: &Path) -> io::Result<PathBuf> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(parent.canonicalize()?.join(path.file_name().unwrap_or_default()))
}

/// `.terraform.tfstate.SUFFIX` beside the file.
pub(super) fn hidden(path: &Path, suffix: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{suffix}"))
}

/// `terraform.tfstate.SUFFIX` beside the file.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".");
    name.push(suffix);
    path.with_file_name(name)
}

/// The lock, held until this is dropped.
pub(super) struct Locked {
    key: PathBuf,
    file: Arc<File>,
}

impl Drop for Locked {
    fn drop(&mut self) {
        registry().remove(&self.key);
        // Closing would do, but a descriptor may still be in use by a read.
        let _ = fcntl_lock(&self.file, FlockOperation::Unlock);
    }
}

/// Takes the lock if nobody has it, creating the file if it is missing, and repairs a write that a death cut off.
pub(super) fn lock(path: &Path) -> io::Result<Option<Locked>> {
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    let key = canonical(path)?;
    let mut held = registry();
    loop {
        if held.contains_key(&key) {
            return Ok(None);
        }
        let file = open(path)?;
        match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        // Whoever had it before may have removed the file (Terraform does so with one it created and left empty).
        let ours = file.metadata()?;
        match fs::metadata(path) {
            Ok(now) if (now.dev(), now.ino()) == (ours.dev(), ours.ino()) => {}
            Ok(_) => continue,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        }
        let file = Arc::new(file);
        let bytes = all(&file)?;
        if let Some(right) = unfinished(path, &bytes)? {
            put(&file, &right, bytes.len())?;
        }
        remove(&hidden(path, "sdt-write"))?;
        held.insert(key.clone(), file.clone());
        return Ok(Some(Locked { key, file }));
    }
}

/// Reads the file, as it is or as an unfinished write meant it to be.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let Ok(key) = canonical(path) else { return Ok(None) };
    // Kept while reading: nobody may take the lock between the look at the registry and the closing of our descriptor.
    let held = registry();
    let bytes = match held.get(&key) {
        Some(file) => all(file)?,
        None => match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        },
    };
    Ok(Some(unfinished(path, &bytes)?.unwrap_or(bytes)))
}

/// Writes `new` in place of `old`, which must be what the file holds.
pub(super) fn write(path: &Path, old: &[u8], new: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    let key = canonical(path)?;
    let held = registry();
    let file = match held.get(&key) {
        Some(file) => file.clone(),
        None => Arc::new(open(path)?),
    };
    let record = hidden(path, "sdt-write");
    let mut crc = old.to_vec();
    crc.extend_from_slice(new);
    let head = format!("sdt-write 1 {} {} {:08x}\n", old.len(), new.len(), crc32(&crc));
    replace(&record, &[head.as_bytes(), &crc])?;
    put(&file, new, old.len())?;
    remove(&record)
}

/// Overwrites and only then cuts: at no instant is the file empty, which Terraform would take for "no state".
fn put(file: &File, new: &[u8], old_len: usize) -> io::Result<()> {
    file.write_all_at(new, 0)?;
    // Whatever of the two reaches the disk first, the record tells what was meant.
    if new.len() < old_len {
        file.set_len(new.len() as u64)?;
    }
    file.sync_all()
}

/// Returns the content that a cut-off write meant, if the file is a mixture of the recorded old and new content.
fn unfinished(path: &Path, bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let record = match fs::read(hidden(path, "sdt-write")) {
        Ok(record) => record,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(parse_record(&record).and_then(|(old, new)| is_mixture(bytes, old, new).then(|| new.to_vec())))
}

fn parse_record(record: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = record.iter().position(|b| *b == b'\n')?;
    let head = std::str::from_utf8(&record[..end]).ok()?.strip_prefix("sdt-write 1 ")?;
    let mut words = head.split(' ');
    let (old, new) = (words.next()?.parse::<usize>().ok()?, words.next()?.parse::<usize>().ok()?);
    let crc = u32::from_str_radix(words.next()?, 16).ok()?;
    let body = &record[end + 1..];
    (body.len() == old.checked_add(new)? && crc32(body) == crc).then(|| body.split_at(old))
}

/// Tells whether each byte is the old or the new one of its place (or a zero of a block that never reached the disk),
/// and the whole is neither of the two.
fn is_mixture(bytes: &[u8], old: &[u8], new: &[u8]) -> bool {
    bytes != old
        && bytes != new
        && bytes.len() >= old.len().min(new.len())
        && bytes.len() <= old.len().max(new.len())
        && bytes.iter().enumerate().all(|(i, b)| Some(b) == new.get(i) || Some(b) == old.get(i) || *b == 0)
}

fn all(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Opens for reading and writing; a new file is for its owner only, since states hold secrets.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Replaces a file atomically and durably.
pub(super) fn replace(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new().prefix(".sdt-").tempfile_in(dir)?;
    for part in parts {
        temporary.write_all(part)?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|e| e.error)?;
    sync_dir(path)
}

/// Replaces a file atomically, but without waiting for the disk: for copies that only a person would miss.
pub(super) fn replace_unsynced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new().prefix(".sdt-").tempfile_in(dir)?;
    temporary.write_all(bytes)?;
    temporary.persist(path).map(drop).map_err(|e| e.error)
}

/// Makes the creation, renaming or removal of a file durable.
pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir)?.sync_all()
}

/// Removes a file that may not be there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_cut_off_anywhere_is_finished_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("terraform.tfstate");
        for (old, new) in
            [(&b"{old content}\n"[..], &b"{new}\n"[..]), (b"{a}", b"{something longer}"), (b"", b"{first}")]
        {
            for cut in 0..=new.len() {
                let mut torn = old.to_vec();
                torn.splice(..cut.min(torn.len()), new[..cut].iter().copied());
                fs::write(&path, &torn).unwrap();
                let body = [old, new].concat();
                let head = format!("sdt-write 1 {} {} {:08x}\n", old.len(), new.len(), crc32(&body));
                fs::write(hidden(&path, "sdt-write"), [head.as_bytes(), &body].concat()).unwrap();
                // Nothing written yet is the old content, since the writer has not been answered.
                let expected = if torn == old { old } else { new };
                assert_eq!(read(&path).unwrap().unwrap(), expected, "cut at {cut}");
                drop(lock(&path).unwrap().unwrap());
                assert_eq!(fs::read(&path).unwrap(), expected, "cut at {cut}");
                assert!(!hidden(&path, "sdt-write").exists());
            }
        }
        // A record that has nothing to do with the file is not used.
        fs::write(hidden(&path, "sdt-write"), "sdt-write 1 1 1 00000000\nab").unwrap();
        assert_eq!(read(&path).unwrap().unwrap(), b"{first}");
    }
}
