//! Files and byte ranges in them.

use std::sync::Arc;

/// Names a file in a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SourceId(pub u32);

/// A byte range in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Returns the range from the start of `self` to the end of `other` (same file).
    #[must_use]
    pub const fn to(self, other: Self) -> Self {
        Self { source: self.source, start: self.start, end: other.end }
    }
}

/// A position as Terraform reports it: line and column from 1, column in grapheme clusters; byte from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pos {
    /// Line, from 1.
    pub line: u32,
    /// Column in grapheme clusters, from 1.
    pub column: u32,
    /// Byte offset, from 0.
    pub byte: u32,
}

/// One file: its name as shown to the user (relative to the working folder) and its bytes.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Name as shown.
    pub name: Arc<str>,
    /// Content; may be invalid UTF-8.
    pub text: Arc<[u8]>,
}

/// All files of a run.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Adds a file.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<[u8]>>) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).expect("fewer than 2^32 files"));
        self.files.push(SourceFile { name: name.into(), text: text.into() });
        id
    }

    /// The file, or `None` for an id from another map.
    #[must_use]
    pub fn file(&self, id: SourceId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// All files in the order they were added.
    pub fn files(&self) -> impl Iterator<Item = (SourceId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, f)| (SourceId(i as u32), f))
    }

    /// Line and column of a byte offset.
    #[must_use]
    pub fn pos(&self, id: SourceId, byte: u32) -> Pos {
        let _ = (id, byte);
        todo!()
    }
}
