//! A line of input from a terminal: editing, history, completion.
//!
//! Small on purpose. The usual libraries for this come with `nix`, which switches a feature of `libc` on that the AWS SDK is then
//! compiled anew with: twenty minutes of build for a prompt.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// Entries kept in the history.
const KEPT: usize = 1000;

/// What was read.
#[derive(Debug)]
pub(crate) enum Line {
    /// A line without its end.
    Text(String),
    /// Ctrl-C: what was typed is dropped.
    Interrupted,
    /// Ctrl-D on an empty line, or the end of input.
    End,
}

/// Reads lines from standard input.
#[derive(Debug)]
pub(crate) struct LineEditor {
    names: Vec<String>,
    history: Vec<String>,
    file: Option<PathBuf>,
}

impl LineEditor {
    /// `names` are what completion offers, sorted; `file` keeps the history.
    pub(crate) fn new(names: Vec<String>, file: Option<PathBuf>) -> Self {
        let text = file.as_ref().and_then(|f| std::fs::read_to_string(f).ok()).unwrap_or_default();
        let history: Vec<String> = text.lines().map(str::to_owned).collect();
        Self { names, history, file }
    }

    /// Adds to the history, in memory and in its file, which only the user can read.
    pub(crate) fn remember(&mut self, text: &str) {
        if text.is_empty() || text.contains('\n') || self.history.last().is_some_and(|l| l == text) {
            return;
        }
        self.history.push(text.to_owned());
        let from = self.history.len().saturating_sub(KEPT);
        let Some(path) = &self.file else { return };
        let _ = crate::backend::write_private(path, (self.history[from..].join("\n") + "\n").as_bytes());
    }

    /// Reads a line.
    pub(crate) fn read(&mut self, prompt: &str) -> Line {
        let stdin = std::io::stdin();
        let Ok(before) = tcgetattr(&stdin) else { return plain(prompt) };
        if tcsetattr(&stdin, OptionalActions::Drain, &raw(&before)).is_err() {
            return plain(prompt);
        }
        let line = self.edit(prompt);
        let _ = tcsetattr(&stdin, OptionalActions::Drain, &before);
        write("\r\n");
        line
    }

    fn edit(&mut self, prompt: &str) -> Line {
        let mut buffer = Buffer::default();
        let mut place = self.history.len();
        let mut draft = String::new();
        loop {
            buffer.show(prompt);
            match key() {
                Key::Char(c) => buffer.insert(c),
                Key::Enter => return Line::Text(buffer.text()),
                Key::Interrupt => return Line::Interrupted,
                Key::Delete if buffer.chars.is_empty() => return Line::End,
                Key::End => return Line::End,
                Key::Delete => buffer.remove(buffer.at),
                Key::Backspace => buffer.backspace(),
                Key::Left => buffer.at = buffer.at.saturating_sub(1),
                Key::Right => buffer.at = (buffer.at + 1).min(buffer.chars.len()),
                Key::Home => buffer.at = 0,
                Key::Last => buffer.at = buffer.chars.len(),
                Key::KillAfter => buffer.chars.truncate(buffer.at),
                Key::KillBefore => {
                    buffer.chars.drain(..buffer.at);
                    buffer.at = 0;
                }
                Key::Up if place > 0 => {
                    if place == self.history.len() {
                        draft = buffer.text();
                    }
                    place -= 1;
                    buffer = Buffer::of(&self.history[place]);
                }
                Key::Down if place < self.history.len() => {
                    place += 1;
                    buffer = Buffer::of(self.history.get(place).unwrap_or(&draft));
                }
                Key::Tab => self.complete(&mut buffer, prompt),
                Key::Up | Key::Down | Key::Other => {}
            }
        }
    }

    /// Completes the word before the cursor as far as it is clear, and shows what it may become.
    fn complete(&self, buffer: &mut Buffer, prompt: &str) {
        let word = word(&buffer.chars[..buffer.at]);
        let found = candidates(&self.names, &word);
        let common = common_start(&found);
        if common.len() > word.len() {
            common[word.len()..].chars().for_each(|c| buffer.insert(c));
        } else if found.len() > 1 {
            write(&format!("\r\n{}\r\n", found.join("  ")));
            buffer.show(prompt);
        }
    }
}

fn word(before: &[char]) -> String {
    let part = |c: &char| c.is_alphanumeric() || "._-:".contains(*c);
    let start = before.iter().rposition(|c| !part(c)).map_or(0, |n| n + 1);
    before[start..].iter().collect()
}

fn candidates<'a>(names: &'a [String], word: &str) -> Vec<&'a str> {
    if word.is_empty() {
        return Vec::new();
    }
    names.iter().map(String::as_str).filter(|n| n.starts_with(word)).take(100).collect()
}

fn common_start(names: &[&str]) -> String {
    let Some((first, rest)) = names.split_first() else { return String::new() };
    let mut len = first.len();
    for n in rest {
        len = first
            .char_indices()
            .zip(n.chars())
            .find(|((_, a), b)| a != b)
            .map_or(len.min(n.len()), |((i, _), _)| i.min(len));
    }
    first.get(..len).unwrap_or(first).to_owned()
}

/// What has been typed, and where the cursor is.
#[derive(Default)]
struct Buffer {
    chars: Vec<char>,
    at: usize,
}

impl Buffer {
    fn of(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        Self { at: chars.len(), chars }
    }

    fn text(&self) -> String {
        self.chars.iter().collect()
    }

    fn insert(&mut self, c: char) {
        self.chars.insert(self.at, c);
        self.at += 1;
    }

    fn remove(&mut self, at: usize) {
        if at < self.chars.len() {
            self.chars.remove(at);
        }
    }

    fn backspace(&mut self) {
        if self.at > 0 {
            self.at -= 1;
            self.remove(self.at);
        }
    }

    fn show(&self, prompt: &str) {
        let back = self.chars.len() - self.at;
        let back = if back > 0 { format!("\x1b[{back}D") } else { String::new() };
        write(&format!("\r\x1b[K{prompt}{}{back}", self.text()));
    }
}

enum Key {
    Char(char),
    Enter,
    Interrupt,
    End,
    Delete,
    Backspace,
    Left,
    Right,
    Up,
    Down,
    Home,
    Last,
    KillAfter,
    KillBefore,
    Tab,
    Other,
}

fn byte() -> Option<u8> {
    let mut one = [0];
    std::io::stdin().lock().read_exact(&mut one).ok().map(|()| one[0])
}

fn key() -> Key {
    let Some(b) = byte() else { return Key::End };
    match b {
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        0x01 => Key::Home,
        0x03 => Key::Interrupt,
        0x04 => Key::Delete,
        0x05 => Key::Last,
        0x0b => Key::KillAfter,
        0x0e => Key::Down,
        0x10 => Key::Up,
        0x15 => Key::KillBefore,
        0x08 | 0x7f => Key::Backspace,
        0x1b => escape(),
        b if b < 0x20 => Key::Other,
        b => character(b),
    }
}

/// Keys that send several bytes, `ESC [ A` and the like.
fn escape() -> Key {
    if !matches!(byte(), Some(b'[' | b'O')) {
        return Key::Other;
    }
    match byte() {
        Some(b'A') => Key::Up,
        Some(b'B') => Key::Down,
        Some(b'C') => Key::Right,
        Some(b'D') => Key::Left,
        Some(b'H') => Key::Home,
        Some(b'F') => Key::Last,
        Some(n @ b'0'..=b'9') => {
            let mut end = byte();
            while end.is_some_and(|b| b.is_ascii_digit() || b == b';') {
                end = byte();
            }
            match n {
                b'1' | b'7' => Key::Home,
                b'4' | b'8' => Key::Last,
                b'3' => Key::Delete,
                _ => Key::Other,
            }
        }
        _ => Key::Other,
    }
}

fn character(first: u8) -> Key {
    let more = match first {
        0xc0..=0xdf => 1,
        0xe0..=0xef => 2,
        0xf0..=0xf7 => 3,
        _ => 0,
    };
    let mut bytes = vec![first];
    bytes.extend((0..more).filter_map(|_| byte()));
    std::str::from_utf8(&bytes).ok().and_then(|s| s.chars().next()).map_or(Key::Other, Key::Char)
}

/// The terminal as it is, but every key comes at once and is not shown.
fn raw(before: &Termios) -> Termios {
    let mut raw = before.clone();
    raw.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
    raw.special_codes[SpecialCodeIndex::VMIN] = 1;
    raw.special_codes[SpecialCodeIndex::VTIME] = 0;
    raw
}

/// Without a terminal that can be set.
fn plain(prompt: &str) -> Line {
    write(prompt);
    let mut line = String::new();
    match std::io::stdin().read_line(&mut line) {
        Ok(n) if n > 0 => Line::Text(line.trim_end_matches(['\r', '\n']).to_owned()),
        _ => Line::End,
    }
}

fn write(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_completed() {
        let names: Vec<String> = ["length(", "local.a", "local.ab", "lookup("].map(str::to_owned).to_vec();
        let chars: Vec<char> = "1 + loc".chars().collect();
        assert_eq!(word(&chars), "loc");
        assert_eq!(candidates(&names, "loc"), ["local.a", "local.ab"]);
        assert_eq!(common_start(&candidates(&names, "loc")), "local.a");
        assert_eq!(common_start(&candidates(&names, "len")), "length(");
        assert!(candidates(&names, "").is_empty());
    }

    #[test]
    fn lines_are_edited() {
        let mut b = Buffer::of("aüc");
        b.at = 2;
        b.backspace();
        b.insert('b');
        assert_eq!((b.text().as_str(), b.at), ("abc", 2));
        b.remove(2);
        assert_eq!(b.text(), "ab");
    }
}
