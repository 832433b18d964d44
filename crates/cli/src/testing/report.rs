//! What a test run tells: lines for people, messages for programs, JUnit for machines that collect results.

use std::fmt::Write as _;
use std::time::Duration;

use sdt_diag::{Diagnostics, SourceMap};
use sdt_render::{Message, Style};
use serde_json::{Value as Json, json};

use super::model::{Run, TestFile};
use super::run::{Outcome, Status};
use crate::ui::Ui;

/// One result for JUnit.
struct Case {
    name: String,
    status: Status,
    time: Duration,
    message: String,
}

/// Tells what happens and remembers it.
pub(crate) struct Report<'a> {
    ui: &'a Ui,
    files: Vec<(String, Vec<Case>)>,
}

impl<'a> Report<'a> {
    pub(crate) const fn new(ui: &'a Ui) -> Self {
        Self { ui, files: Vec::new() }
    }

    pub(crate) fn found(&self, files: &[TestFile]) {
        let runs: usize = files.iter().map(|f| f.runs.len()).sum();
        let runs_of = |f: &TestFile| match f.runs.is_empty() {
            true => Json::Null,
            false => f.runs.iter().map(|r| r.name.clone()).collect::<Vec<_>>().into(),
        };
        let list: serde_json::Map<_, _> = files.iter().map(|f| (f.path.clone(), runs_of(f))).collect();
        let text =
            format!("Found {} {} and {runs} run {}", files.len(), noun(files.len(), "file"), noun(runs, "block"));
        self.ui.message(&Message::of("test_abstract", text, vec![("test_abstract", list.into())]));
    }

    fn file_message(&self, file: &TestFile, text: &str, part: serde_json::Value) {
        let mut part = part;
        part["path"] = file.path.clone().into();
        let rest = vec![("@testfile", file.path.clone().into()), ("test_file", part)];
        self.ui.message(&Message::of("test_file", format!("{}... {text}", file.path), rest));
    }

    fn paint(&self, status: Status) -> String {
        let style = match status {
            Status::Pass => Style::Green,
            Status::Skip => Style::Bold,
            Status::Fail | Status::Error => Style::Red,
        };
        // People need not tell errors from failures.
        let word = if status == Status::Error { "fail" } else { status.word() };
        self.ui.theme.paint(style, word)
    }

    pub(crate) fn file_started(&mut self, file: &TestFile) {
        self.files.push((file.path.clone(), Vec::new()));
        self.ui.say(&format!("{}... in progress\n", file.path));
        self.file_message(file, "in progress", json!({"progress": "starting"}));
    }

    pub(crate) fn run_started(&self, file: &TestFile, run: &Run) {
        let part = json!({"path": file.path, "run": run.name, "progress": "starting", "elapsed": 0});
        self.run_message(file, &run.name, "in progress", part);
    }

    fn run_message(&self, file: &TestFile, run: &str, text: &str, part: serde_json::Value) {
        let rest = vec![("@testfile", file.path.clone().into()), ("@testrun", run.into()), ("test_run", part)];
        self.ui.message(&Message::of("test_run", format!("  {run:?}... {text}"), rest));
    }

    pub(crate) fn run_done(&mut self, file: &TestFile, outcome: &Outcome) {
        self.ui.say(&format!("  run {:?}... {}\n", outcome.name, self.paint(outcome.status)));
        let word = if outcome.status == Status::Error { "fail" } else { outcome.status.word() };
        let part = json!({
            "path": file.path, "run": outcome.name, "progress": "complete", "status": outcome.status.word(),
        });
        self.run_message(file, &outcome.name, word, part);
        if !outcome.shown.is_empty() {
            self.ui.say(&format!("{}\n", outcome.shown));
        }
        if let Some((what, document)) = &outcome.document {
            let kind = if *what == "plan" { "test_plan" } else { "test_state" };
            let rest = vec![
                ("@testfile", file.path.clone().into()),
                ("@testrun", outcome.name.clone().into()),
                (kind, document.clone()),
            ];
            self.ui.message(&Message::of(kind, format!("-verbose flag enabled, printing {what}"), rest));
        }
        self.diagnostics(file, &outcome.name, outcome.diags.clone(), &outcome.sources);
        let errors = outcome.diags.0.iter().filter(|d| d.severity == sdt_diag::Severity::Error);
        let message = errors.map(|d| format!("{}: {}", d.summary, d.detail)).collect::<Vec<_>>().join("\n");
        let case = Case { name: outcome.name.clone(), status: outcome.status, time: outcome.time, message };
        if let Some((_, cases)) = self.files.last_mut() {
            cases.push(case);
        }
    }

    fn diagnostics(&self, file: &TestFile, run: &str, diags: Diagnostics, sources: &SourceMap) {
        if !self.ui.json {
            self.ui.diagnostics(diags, sources);
            return;
        }
        for d in &diags.0 {
            let message = Message::diagnostic(d, sources);
            self.ui.message(&message.and("@testfile", file.path.clone().into()).and("@testrun", run.into()));
        }
    }

    pub(crate) fn tearing_down(&self, file: &TestFile) {
        self.ui.say(&format!("{}... tearing down\n", file.path));
        self.file_message(file, "tearing down", json!({"progress": "teardown"}));
    }

    pub(crate) fn run_tearing_down(&self, file: &TestFile, run: &str) {
        let part = json!({"path": file.path, "run": run, "progress": "teardown", "elapsed": 0});
        self.run_message(file, run, "tearing down", part);
    }

    /// Objects that could not be destroyed.
    pub(crate) fn left_behind(
        &self,
        file: &TestFile,
        run: &str,
        diags: Diagnostics,
        sources: &SourceMap,
        left: &[(String, Option<String>)],
    ) {
        let place = format!("{}/{run}", file.path);
        let objects: Vec<Json> = left
            .iter()
            .map(|(instance, deposed)| match deposed {
                Some(key) => json!({"instance": instance, "deposed_key": key}),
                None => json!({"instance": instance}),
            })
            .collect();
        if !left.is_empty() {
            let text = format!("{place} left objects behind that need to be destroyed by hand.");
            let rest = vec![
                ("@testfile", file.path.clone().into()),
                ("@testrun", run.into()),
                ("test_cleanup", json!({"failed_resources": objects})),
            ];
            self.ui.message(&Message::of("test_cleanup", text, rest).error());
        }
        if !self.ui.json {
            self.ui.err(&format!("What {place} made could not all be destroyed.\n"));
        }
        self.diagnostics(file, run, diags, sources);
        if !self.ui.json && !left.is_empty() {
            let each = left.iter().map(|(instance, deposed)| {
                let deposed = deposed.as_ref().map(|k| format!(" (deposed object {k})")).unwrap_or_default();
                format!("  - {instance}{deposed}\n")
            });
            let list: String = each.collect();
            self.ui.err(&format!(
                "\nThese objects of {place} are left behind and need to be destroyed by hand:\n{list}\n"
            ));
        }
    }

    pub(crate) fn file_done(&self, file: &TestFile, status: Status) {
        self.ui.say(&format!("{}... {}\n", file.path, self.paint(status)));
        let word = if status == Status::Error { "fail" } else { status.word() };
        self.file_message(file, word, json!({"progress": "complete", "status": status.word()}));
    }

    /// The last line; whether everything passed.
    pub(crate) fn summary(&self, good: bool) -> bool {
        let count = |s: Status| self.files.iter().flat_map(|(_, c)| c).filter(|c| c.status == s).count();
        let (passed, failed, errored, skipped) =
            (count(Status::Pass), count(Status::Fail), count(Status::Error), count(Status::Skip));
        let ok = failed + errored == 0 && good;
        let skip = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
        let text = format!("{passed} passed, {} failed{skip}.", failed + errored);
        let (title, style) = if ok { ("Success!", Style::Green) } else { ("Failure!", Style::Red) };
        self.ui.say(&format!("\n{} {text}\n", self.ui.theme.paint(style, title)));
        let status = match (ok, errored + failed) {
            (true, _) => "pass",
            // Something was left behind.
            (false, 0) => "error",
            (false, _) if errored > 0 => "error",
            (false, _) => "fail",
        };
        let part =
            json!({"status": status, "passed": passed, "failed": failed, "errored": errored, "skipped": skipped});
        self.ui.message(&Message::of("test_summary", format!("{title} {text}"), vec![("test_summary", part)]));
        ok
    }
}

fn noun(n: usize, word: &str) -> String {
    if n == 1 { word.to_owned() } else { format!("{word}s") }
}

/// The results as JUnit XML.
pub(crate) fn junit(report: &Report<'_>) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><testsuites>\n");
    for (file, cases) in &report.files {
        let count = |s: Status| cases.iter().filter(|c| c.status == s).count();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" skipped=\"{}\" failures=\"{}\" errors=\"{}\">",
            escape(file),
            cases.len(),
            count(Status::Skip),
            count(Status::Fail),
            count(Status::Error)
        );
        for c in cases {
            let seconds = c.time.as_secs_f64();
            let _ = write!(
                out,
                "    <testcase name=\"{}\" classname=\"{}\" time=\"{seconds:.3}\"",
                escape(&c.name),
                escape(file)
            );
            match c.status {
                Status::Pass => out.push_str("></testcase>\n"),
                Status::Skip => out
                    .push_str("><skipped message=\"A run before it could not be carried out\"></skipped></testcase>\n"),
                Status::Fail | Status::Error => {
                    let tag = if c.status == Status::Fail { "failure" } else { "error" };
                    let _ =
                        writeln!(out, "><{tag} message=\"Test run failed\">{}</{tag}></testcase>", escape(&c.message));
                }
            }
        }
        out.push_str("  </testsuite>\n");
    }
    out + "</testsuites>\n"
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => out.push(c),
        }
    }
    out
}
