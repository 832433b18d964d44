//! Files and byte ranges in them.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use unicode_segmentation::UnicodeSegmentation;

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
    /// No place at all: shown as the empty range of a file without a name.
    pub const NOWHERE: Self = Self { source: SourceId(u32::MAX), start: 0, end: 0 };

    /// Returns the range from the start of `self` to the end of `other` (same file).
    #[must_use]
    pub const fn to(self, other: Self) -> Self {
        Self { source: self.source, start: self.start, end: other.end }
    }

    /// Returns the empty range where `self` starts.
    #[must_use]
    pub const fn head(self) -> Self {
        Self { source: self.source, start: self.start, end: self.start }
    }

    /// Returns the empty range where `self` ends.
    #[must_use]
    pub const fn tail(self) -> Self {
        Self { source: self.source, start: self.end, end: self.end }
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
    /// Where each line starts, per file; filled when the first position is asked for, since most files never need it.
    lines: Vec<OnceLock<Vec<u32>>>,
}

impl SourceMap {
    /// Adds a file.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<[u8]>>) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).expect("fewer than 2^32 files"));
        self.files.push(SourceFile { name: name.into(), text: text.into() });
        self.lines.push(OnceLock::new());
        id
    }

    /// The file, or `None` for an id from another map.
    #[must_use]
    pub fn file(&self, id: SourceId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// The file of that name, the latest when there are several.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<SourceId> {
        self.files.iter().rposition(|f| &*f.name == name).map(|i| SourceId(i as u32))
    }

    /// All files in the order they were added.
    pub fn files(&self) -> impl Iterator<Item = (SourceId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, f)| (SourceId(i as u32), f))
    }

    /// Line and column of a byte offset. An offset past the end is the end; an unknown file gives 1:1.
    #[must_use]
    pub fn pos(&self, id: SourceId, byte: u32) -> Pos {
        let Some(file) = self.file(id) else { return Pos { line: 1, column: 1, byte } };
        let byte = byte.min(file.text.len() as u32);
        let starts = self.line_starts(id);
        let line = starts.partition_point(|&s| s <= byte).max(1);
        let head = &file.text[starts[line - 1] as usize..byte as usize];
        // A byte-order mark has no column.
        let head = if line == 1 { head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head) } else { head };
        Pos { line: line as u32, column: graphemes(head) + 1, byte }
    }

    /// Start and end of a range.
    #[must_use]
    pub fn range(&self, span: Span) -> (Pos, Pos) {
        (self.pos(span.source, span.start), self.pos(span.source, span.end))
    }

    /// The text of a line, counted from 1, without its line break. Invalid UTF-8 is replaced.
    #[must_use]
    pub fn line(&self, id: SourceId, line: u32) -> Option<Cow<'_, str>> {
        let file = self.file(id)?;
        let starts = self.line_starts(id);
        let i = (line as usize).checked_sub(1)?;
        let start = *starts.get(i)? as usize;
        let end = starts.get(i + 1).map_or(file.text.len(), |&e| e as usize);
        let text = &file.text[start..end];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        Some(String::from_utf8_lossy(text.strip_suffix(b"\r").unwrap_or(text)))
    }

    /// How many lines a file has; a line break at the end starts one more, empty line.
    #[must_use]
    pub fn line_count(&self, id: SourceId) -> u32 {
        self.line_starts(id).len() as u32
    }

    /// The text of a range. Invalid UTF-8 is replaced.
    #[must_use]
    pub fn text(&self, span: Span) -> Cow<'_, str> {
        let text = self.file(span.source).map_or(&[][..], |f| &f.text);
        String::from_utf8_lossy(text.get(span.start as usize..span.end as usize).unwrap_or_default())
    }

    fn line_starts(&self, id: SourceId) -> &[u32] {
        let Some(file) = self.file(id) else { return &[0] };
        self.lines[id.0 as usize].get_or_init(|| {
            let breaks = file.text.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i as u32 + 1);
            std::iter::once(0).chain(breaks).collect()
        })
    }
}

fn graphemes(text: &[u8]) -> u32 {
    if text.is_ascii() {
        return text.len() as u32;
    }
    String::from_utf8_lossy(text).graphemes(true).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        let mut map = SourceMap::default();
        let check = |map: &mut SourceMap, text: &str, byte: u32, expected: (u32, u32)| {
            let id = map.add("x", text.as_bytes());
            let pos = map.pos(id, byte);
            assert_eq!((pos.line, pos.column), expected, "{text:?} at {byte}");
        };
        check(&mut map, "", 0, (1, 1));
        check(&mut map, "ab\ncd", 1, (1, 2));
        check(&mut map, "ab\ncd", 2, (1, 3));
        check(&mut map, "ab\ncd", 3, (2, 1));
        check(&mut map, "ab\n", 99, (2, 1));
        check(&mut map, "\u{e9}e\u{301}x", 5, (1, 3));
        check(&mut map, "\u{feff}a", 4, (1, 2));
        let id = map.add("y", &b"a\r\nb"[..]);
        assert_eq!(map.line(id, 1).as_deref(), Some("a"));
        assert_eq!(map.line(id, 2).as_deref(), Some("b"));
        assert_eq!(map.line(id, 3), None);
    }
}
