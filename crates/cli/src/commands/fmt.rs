//! `sdt fmt`

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use sdt_diag::{Diagnostics, SourceId, SourceMap};

use crate::app::{App, CHANGES, Command, FAILED, OK};
use crate::args::{Parsed, switch};
use crate::commands::COMMON;
use crate::ui::failure;

pub(crate) static COMMAND: Command = Command {
    name: "fmt",
    summary: "Rewrite configuration files in the canonical form",
    usage: "[options] [FILE or FOLDER ...]",
    about: "Rewrites .tf, .tfvars and .tftest.hcl files in the canonical form and lists what changed. With - it reads standard input and writes the result. Exit code 3 of -check means that something would change.",
    flags: &[
        &[
            switch("list", "List changed files (default true)."),
            switch("write", "Write the files (default true)."),
            switch("diff", "Show what changes."),
            switch("check", "Write nothing; fail with 3 if something would change."),
            switch("recursive", "Go into folders."),
        ],
        COMMON,
    ],
    run,
};

struct Work<'a> {
    app: &'a App,
    write: bool,
    list: bool,
    diff: bool,
    recursive: bool,
    changed: bool,
    /// Files to be looked at, in their order.
    found: Vec<PathBuf>,
    sources: SourceMap,
    diags: Diagnostics,
}

/// What became of a file.
enum Formatted {
    /// It is as it should be.
    Same,
    /// What it was and what it should be; and whether writing it went wrong.
    Changed { old: Vec<u8>, new: Vec<u8>, written: std::io::Result<()> },
    /// It does not parse.
    Broken(Vec<u8>),
    /// It cannot be read.
    Unread(std::io::Error),
}

fn run(app: &App, parsed: &Parsed) -> u8 {
    let check = parsed.on("check");
    let stdin = parsed.rest.iter().any(|a| a == "-");
    let mut work = Work {
        app,
        write: parsed.is("write", true) && !check && !stdin,
        list: parsed.is("list", true),
        diff: parsed.on("diff"),
        recursive: parsed.on("recursive"),
        changed: false,
        found: Vec::new(),
        sources: SourceMap::default(),
        diags: Diagnostics::new(),
    };
    if stdin {
        if parsed.rest.len() > 1 {
            app.ui.error("Only - alone", "Standard input cannot be formatted together with files.");
            return FAILED;
        }
        let mut text = Vec::new();
        if let Err(e) = std::io::stdin().read_to_end(&mut text) {
            work.diags.extend(failure("Failed to read standard input", e));
        } else if let Some(new) = work.format("<stdin>", &text) {
            work.changed = new != text;
            if !check && !work.diff {
                use std::io::Write as _;
                let _ = std::io::stdout().write_all(&new);
                // On standard output the last line is always ended; files keep their end as it is.
                if !new.ends_with(b"\n") {
                    let _ = std::io::stdout().write_all(b"\n");
                }
            }
            if work.diff {
                work.show_diff("<stdin>", &text, &new);
            }
        }
    } else {
        let here = [String::from(".")];
        let paths: &[String] = if parsed.rest.is_empty() { &here } else { &parsed.rest };
        for path in paths {
            work.path(Path::new(path));
        }
        work.files();
    }
    let failed = work.diags.has_errors();
    app.ui.diagnostics(work.diags, &work.sources);
    match (failed, check && work.changed) {
        (true, _) => CHANGES,
        (false, true) => 3,
        (false, false) => OK,
    }
}

impl Work<'_> {
    fn path(&mut self, path: &Path) {
        if path.is_dir() {
            self.folder(path);
        } else if path.is_file() {
            self.found.push(path.to_owned());
        } else {
            self.diags
                .extend(failure("No file or directory", format!("there is no file or folder {}", path.display())));
        }
    }

    fn folder(&mut self, dir: &Path) {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if name.starts_with('.') || name.ends_with('~') || name.starts_with('#') {
                continue;
            }
            let shown = path.strip_prefix(".").unwrap_or(&path).to_owned();
            if path.is_dir() {
                if self.recursive {
                    self.folder(&shown);
                }
            } else if [".tf", ".tfvars", ".tftest.hcl", ".tfmock.hcl"].iter().any(|s| name.ends_with(s)) {
                self.found.push(shown);
            }
        }
    }

    /// Formats what was found, on all cores; what is said about it comes in order.
    fn files(&mut self) {
        let found = std::mem::take(&mut self.found);
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(found.len());
        let next = AtomicUsize::new(0);
        let done: Vec<Mutex<Option<Formatted>>> = found.iter().map(|_| Mutex::new(None)).collect();
        let write = self.write;
        let work = || {
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                let (Some(path), Some(slot)) = (found.get(i), done.get(i)) else { break };
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(one(path, write));
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        for (path, done) in found.iter().zip(done) {
            let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
            self.tell(path, done.unwrap_or_else(|| one(path, write)));
        }
    }

    fn tell(&mut self, path: &Path, formatted: Formatted) {
        let shown = path.display().to_string();
        match formatted {
            Formatted::Same => {}
            Formatted::Unread(e) => self.diags.extend(failure("Failed to read file", format!("{shown}: {e}"))),
            Formatted::Broken(text) => {
                self.format(&shown, &text);
            }
            Formatted::Changed { old, new, written } => {
                self.changed = true;
                if self.list {
                    self.app.ui.out(&format!("{shown}\n"));
                }
                if self.diff {
                    self.show_diff(&shown, &old, &new);
                }
                if let Err(e) = written {
                    self.diags.extend(failure("Failed to write file", format!("{shown}: {e}")));
                }
            }
        }
    }

    fn format(&mut self, name: &str, text: &[u8]) -> Option<Vec<u8>> {
        let id = self.sources.add(name, text);
        match sdt_hcl::format(id, text) {
            Ok(new) => Some(new),
            Err(diags) => {
                self.diags.extend(diags);
                None
            }
        }
    }

    fn show_diff(&self, name: &str, old: &[u8], new: &[u8]) {
        let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
        self.app.ui.out(&sdt_render::unified_diff(name, &old, &new, &self.app.ui.theme));
    }
}

/// Formats one file. Where it does not parse, that is found out again with its place among the others.
fn one(path: &Path, write: bool) -> Formatted {
    let old = match std::fs::read(path) {
        Ok(text) => text,
        Err(e) => return Formatted::Unread(e),
    };
    match sdt_hcl::format(SourceId(0), &old) {
        Err(_) => Formatted::Broken(old),
        Ok(new) if new == old => Formatted::Same,
        Ok(new) => {
            let written = if write { replace(path, &new) } else { Ok(()) };
            Formatted::Changed { old, new, written }
        }
    }
}

/// Writes a file anew, permissions kept, as a whole or not at all.
fn replace(path: &Path, text: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(text)?;
    file.as_file().set_permissions(std::fs::metadata(path)?.permissions())?;
    file.persist(path)?;
    Ok(())
}
