//! Inputs: pieces of real files, put together and broken.

use std::path::Path;

/// Words that parsers care about.
const WORDS: &[&str] = &[
    "${",
    "%{",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "<<EOT\n",
    "<<-E\n",
    "EOT\n",
    "\n",
    "\r\n",
    "=",
    "=>",
    "...",
    "?",
    ":",
    ".",
    "*",
    "[*]",
    ".*",
    "for ",
    " in ",
    "if ",
    "endif",
    "endfor",
    "else",
    "~",
    "&&",
    "||",
    "==",
    "!",
    "-",
    "%",
    "/",
    "1e999999999",
    "0x",
    "1.5",
    "null",
    "true",
    "#",
    "//",
    "/*",
    "*/",
    "\\u",
    "\\n",
    "$${",
    "%%{",
    "\u{feff}",
    "\0",
    "\u{ff}",
    "日本",
    "e\u{301}",
    ",",
    "a",
    "local.x",
    "var.y",
    "each.key",
    "jsonencode(",
    "templatestring(",
    "regex(\"(a*)*\",",
    "range(",
    "format(\"%s\",",
    "yamldecode(\"",
    "&a [*a]",
    "\"//\"",
    "\"resource\":",
];

/// Makes inputs by chance; the seed decides everything.
#[derive(Debug)]
pub struct Mutator(u64);

impl Mutator {
    /// A mutator that always makes the same inputs for a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn piece<'a>(&mut self, text: &'a [u8], most: usize) -> &'a [u8] {
        let start = self.below(text.len() + 1);
        let len = self.below((text.len() - start).min(most) + 1);
        &text[start..start + len]
    }

    /// The next input.
    pub fn make(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let pick = self.below(corpus.len());
        let base = corpus.get(pick).map_or(&[][..], Vec::as_slice);
        let mut out =
            if base.len() > 400 || self.below(4) == 0 { self.piece(base, 400).to_vec() } else { base.to_vec() };
        for _ in 0..=self.below(5) {
            let at = self.below(out.len() + 1);
            match self.below(7) {
                0 => {
                    let word = WORDS[self.below(WORDS.len())];
                    out.splice(at..at, word.bytes());
                }
                1 => {
                    let len = self.below((out.len() - at).min(20) + 1);
                    out.drain(at..at + len);
                }
                2 if at < out.len() => out[at] = self.next() as u8,
                3 => {
                    let other = self.below(corpus.len());
                    let other = corpus.get(other).map_or(&[][..], Vec::as_slice);
                    let piece = self.piece(other, 60).to_vec();
                    out.splice(at..at, piece);
                }
                4 => {
                    let own = out.clone();
                    let piece = self.piece(&own, 40).to_vec();
                    out.splice(at..at, piece);
                }
                5 => {
                    let word = WORDS[self.below(WORDS.len())].repeat(self.below(30));
                    out.splice(at..at, word.into_bytes());
                }
                _ => out.truncate(at),
            }
        }
        out.truncate(4096);
        out
    }
}

/// Every file below a folder whose name ends in one of these.
#[must_use]
pub fn corpus(folder: &Path, endings: &[&str]) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().and_then(|n| n.to_str()).is_some_and(|n| endings.iter().any(|e| n.ends_with(e)))
            {
                names.push(path);
            }
        }
    }
    names.sort();
    names.iter().filter_map(|p| std::fs::read(p).ok()).collect()
}
