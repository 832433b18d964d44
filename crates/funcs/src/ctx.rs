//! What functions may see of the world.

use std::io;
use std::path::Path;

/// Read-only access to files.
pub trait Files {
    /// Reads a whole file.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Tells what is at a path, following links.
    ///
    /// # Errors
    /// `NotFound` when nothing is there; anything else when that cannot be told.
    fn kind(&self, path: &Path) -> io::Result<FileKind>;

    /// Lists the names in a directory, in byte order.
    ///
    /// # Errors
    /// When it cannot be read.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A pipe, socket or device.
    Other,
}

/// No files at all.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn kind(&self, _: &Path) -> io::Result<FileKind> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn list(&self, _: &Path) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// An instant in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds after that second.
    pub nanos: u32,
}

/// Fills a buffer with random bytes.
pub type Random<'a> = dyn Fn(&mut [u8]) + 'a;

/// The world as one evaluation sees it.
#[derive(Clone, Copy)]
pub struct FnCtx<'a> {
    /// Files.
    pub files: &'a dyn Files,
    /// What relative paths are relative to: the working directory, absolute.
    pub base_dir: &'a Path,
    /// The home directory, for `~`.
    pub home: Option<&'a Path>,
    /// The time `timestamp` gives; `None` leaves it unknown, as during planning.
    pub clock: Option<Timestamp>,
    /// The time of the plan, which `plantimestamp` gives; `None` leaves it unknown, as during validation.
    pub plan_time: Option<Timestamp>,
    /// Fills a buffer with random bytes; `None` leaves `uuid` and `bcrypt` unknown, as during planning.
    pub random: Option<&'a Random<'a>>,
}

impl FnCtx<'static> {
    /// No files, no clock, no randomness.
    #[must_use]
    pub fn pure() -> Self {
        Self { files: &NoFiles, base_dir: Path::new("/"), home: None, clock: None, plan_time: None, random: None }
    }
}

impl std::fmt::Debug for FnCtx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FnCtx").field("base_dir", &self.base_dir).field("clock", &self.clock).finish_non_exhaustive()
    }
}
