//! The prompt of `sdt console`: editing, history and completion by rustyline, with what the console knows.

use std::path::PathBuf;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::{History as _, MemHistory, SearchDirection};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

/// Entries kept in the history.
const KEPT: usize = 1000;

/// What was read.
#[derive(Debug)]
pub(crate) enum Input {
    /// An expression, maybe over several lines.
    Text(String),
    /// Ctrl-C: what was typed is dropped.
    Interrupted,
    /// Ctrl-D on an empty line, or the end of input.
    End,
}

/// Reads expressions from a terminal.
pub(crate) struct Prompt {
    editor: Editor<Knowledge, MemHistory>,
    file: Option<PathBuf>,
}

impl Prompt {
    /// `names` are what completion offers, sorted; `open` tells whether an expression goes on in the next line; `file` keeps the history.
    pub(crate) fn new(names: Vec<String>, open: fn(&str) -> bool, file: Option<PathBuf>) -> rustyline::Result<Self> {
        let config = Config::builder().max_history_size(KEPT)?.completion_type(CompletionType::List).build();
        let history = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, history)?;
        editor.set_helper(Some(Knowledge { names, open }));
        let text = file.as_ref().and_then(|f| std::fs::read_to_string(f).ok()).unwrap_or_default();
        for line in text.lines().filter(|l| !l.is_empty()) {
            editor.add_history_entry(unescaped(line))?;
        }
        Ok(Self { editor, file })
    }

    /// Reads an expression.
    pub(crate) fn read(&mut self) -> Input {
        match self.editor.readline("> ") {
            Ok(text) => {
                self.remember(text.trim());
                Input::Text(text)
            }
            Err(ReadlineError::Interrupted) => Input::Interrupted,
            Err(_) => Input::End,
        }
    }

    /// Adds to the history, in memory and in its file, which only the user can read.
    fn remember(&mut self, text: &str) {
        if text.is_empty() || !self.editor.add_history_entry(text).unwrap_or(false) {
            return;
        }
        let Some(path) = &self.file else { return };
        let history = self.editor.history();
        let mut lines = String::new();
        for i in 0..history.len() {
            if let Ok(Some(entry)) = history.get(i, SearchDirection::Forward) {
                lines += &escaped(&entry.entry);
                lines.push('\n');
            }
        }
        let _ = crate::backend::write_private(path, lines.as_bytes());
    }
}

/// What the editor asks for.
struct Knowledge {
    names: Vec<String>,
    open: fn(&str) -> bool,
}

impl Completer for Knowledge {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(candidates(&self.names, line.get(..pos).unwrap_or_default()))
    }
}

impl Validator for Knowledge {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if (self.open)(context.input()) { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Hinter for Knowledge {
    type Hint = String;
}

impl Highlighter for Knowledge {}

impl Helper for Knowledge {}

/// An entry as one line of the history file.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

/// A line of the history file as it was typed.
fn unescaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            other => out.push(other.unwrap_or('\\')),
        }
    }
    out
}

/// Where the word before the cursor begins, and the names that begin with it.
fn candidates(names: &[String], before: &str) -> (usize, Vec<String>) {
    let part = |c: char| c.is_alphanumeric() || "._-:".contains(c);
    let start = before.char_indices().rev().find(|(_, c)| !part(*c)).map_or(0, |(i, c)| i + c.len_utf8());
    let word = &before[start..];
    if word.is_empty() {
        return (start, Vec::new());
    }
    (start, names.iter().filter(|n| n.starts_with(word)).take(100).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::{candidates, escaped, unescaped};

    #[test]
    fn history_keeps_several_lines_in_one() {
        for text in ["[\n 1]", r"a\n", r"\\", "plain"] {
            assert!(!escaped(text).contains('\n'));
            assert_eq!(unescaped(&escaped(text)), text);
        }
    }

    #[test]
    fn words_are_completed() {
        let names: Vec<String> = ["length(", "local.a", "local.ab", "lookup("].map(str::to_owned).to_vec();
        for (before, start, found) in [
            ("1 + loc", 4, vec!["local.a", "local.ab"]),
            ("ü(len", 3, vec!["length("]),
            ("1 + ", 4, vec![]),
            ("local.ab", 0, vec!["local.ab"]),
        ] {
            assert_eq!(candidates(&names, before), (start, found.into_iter().map(str::to_owned).collect()), "{before}");
        }
    }
}
