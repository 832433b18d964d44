//! Writing to the terminal and asking on it.

use std::io::{BufRead as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use sdt_diag::{Diagnostic, Diagnostics, Severity, SourceMap};
use sdt_render::{Frame, Message, Theme, compact_warnings, consolidate_warnings, diagnostic_text, in_order};

use crate::clock;

/// Where and how a command speaks. Data goes to standard output, everything else to standard error, unless `json`: then every
/// line of standard output is a message.
#[derive(Debug)]
pub(crate) struct Ui {
    /// Colours and width.
    pub(crate) theme: Theme,
    /// How diagnostics are framed.
    pub(crate) frame: Frame,
    /// `-json`: messages instead of text.
    pub(crate) json: bool,
    /// `-compact-warnings`
    pub(crate) compact: bool,
    /// `-stats`: the calls that were made, at the end.
    pub(crate) stats: bool,
    /// `-concise`: no word on objects that are only looked at.
    pub(crate) concise: bool,
    /// Warnings belong to the story that standard output tells: of commands whose standard output is no data.
    pub(crate) warns_in_place: bool,
    /// With `json`: what is said becomes messages too.
    pub(crate) narrates: bool,
    silent: bool,
    opened: AtomicBool,
    /// Where messages go beside what people read.
    into: Option<std::sync::Mutex<std::fs::File>>,
}

impl Ui {
    /// A way to speak.
    pub(crate) const fn new(theme: Theme, frame: Frame) -> Self {
        Self {
            theme,
            frame,
            json: false,
            compact: false,
            concise: false,
            stats: false,
            warns_in_place: false,
            narrates: false,
            silent: false,
            opened: AtomicBool::new(false),
            into: None,
        }
    }

    /// Switches to messages.
    pub(crate) fn with_json(mut self, json: bool) -> Self {
        self.json = json;
        self
    }

    /// Lets messages go into a file.
    pub(crate) fn write_into(&mut self, path: &str) -> std::io::Result<()> {
        self.into = Some(std::fs::File::create(path)?.into());
        Ok(())
    }

    /// Whether anybody reads messages.
    pub(crate) fn wants_messages(&self) -> bool {
        self.json || self.into.is_some()
    }

    /// Keeps from writing prose and progress.
    pub(crate) fn silenced(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Writes data. A closed pipe is not an error worth a word.
    pub(crate) fn out(&self, text: &str) {
        if self.silent {
            return;
        }
        let mut stdout = std::io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }

    /// Writes prose for people; nothing in JSON.
    pub(crate) fn say(&self, text: &str) {
        if !self.json {
            self.out(text);
        } else if self.narrates && !text.trim().is_empty() {
            self.message(&Message::of("log", text.trim(), Vec::new()));
        }
    }

    /// Tells of a step of `init`, which programs know by a code.
    pub(crate) fn step(&self, code: &'static str, text: &str) {
        if self.json {
            self.message(&Message::of("init_output", text.trim(), vec![("message_code", code.into())]));
        } else {
            self.out(text);
        }
    }

    /// Writes beside the data.
    pub(crate) fn err(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        let _ = stderr.write_all(text.as_bytes());
    }

    /// Writes a message; nothing for people.
    pub(crate) fn message(&self, message: &Message) {
        if self.wants_messages() {
            self.open();
            self.write_message(message);
        }
    }

    /// Opens the stream of messages.
    pub(crate) fn open(&self) {
        if self.wants_messages() && !self.opened.swap(true, Ordering::Relaxed) {
            self.write_message(&Message::version(sdt_state::TERRAFORM_VERSION, env!("CARGO_PKG_VERSION")));
        }
    }

    fn write_message(&self, message: &Message) {
        let line = crate::commands::output::go_escapes(&message.line(&clock::now_micros())) + "\n";
        if let Some(file) = &self.into {
            let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let _ = file.write_all(line.as_bytes());
        }
        if self.json {
            self.out(&line);
        }
    }

    /// Shows diagnostics.
    pub(crate) fn diagnostics(&self, diags: Diagnostics, sources: &SourceMap) {
        if diags.is_empty() {
            return;
        }
        for d in &diags.0 {
            self.message(&Message::diagnostic(d, sources));
        }
        if self.json {
            return;
        }
        let diags = consolidate_warnings(in_order(diags, sources));
        if self.compact && !diags.has_errors() {
            self.beside(Severity::Warning, &format!("\n{}", compact_warnings(&diags, sources)));
            return;
        }
        // Warnings come first.
        for d in &diags.0 {
            let mut text = diagnostic_text(d, sources, self.frame, &self.theme);
            if self.frame == Frame::Plain {
                text.push('\n');
            }
            self.beside(d.severity, &text);
        }
    }

    fn beside(&self, severity: Severity, text: &str) {
        if severity == Severity::Warning && self.warns_in_place { self.out(text) } else { self.err(text) }
    }

    /// Shows one error without a place.
    pub(crate) fn error(&self, summary: impl Into<String>, detail: impl Into<String>) {
        self.diagnostics(Diagnostic::error(summary, detail).into(), &SourceMap::default());
    }

    /// Asks a question and returns the answer without blanks around it; `None` at the end of input.
    pub(crate) fn ask(&self, question: &str) -> Option<String> {
        self.out(question);
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(n) if n > 0 => Some(line.trim().to_owned()),
            _ => {
                self.out("\n");
                None
            }
        }
    }
}

/// Makes an error with a title and the text of a cause.
pub(crate) fn failure(summary: impl Into<String>, cause: impl std::fmt::Display) -> Diagnostics {
    let mut text = cause.to_string();
    // A cause becomes a sentence, unless it starts with a name or ends with something to copy.
    let first = text.split(' ').next().unwrap_or_default();
    if !first.is_empty() && first.chars().all(|c| c.is_ascii_lowercase()) {
        let upper = text[..1].to_uppercase();
        text.replace_range(..1, &upper);
    }
    if !text.contains('\n') && !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    Diagnostic::error(summary, text).into()
}
