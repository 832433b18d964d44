//! `sdt test`

use sdt_diag::SourceMap;
use sdt_driver::Interrupt;
use std::sync::Arc;

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, option, switch};
use crate::commands::{COMMON, VARIABLES, no_arguments};
use crate::testing::{Report, Session, Status, find, junit, run_file};
use crate::ui::failure;
use crate::{backend, operation, providers};

pub(crate) static COMMAND: Command = Command {
    name: "test",
    summary: "Run the tests of a configuration",
    usage: "[options]",
    about: "Runs the .tftest.hcl files of this folder and of the folder tests: each run block plans or applies the configuration, its assertions are checked, and at the end of a file everything it made is destroyed. Objects are real unless a mock_provider block stands in.",
    flags: &[
        &[
            option("filter", "FILE", "Only this test file. May be given several times."),
            option("test-directory", "PATH", "Where further test files are (default tests)."),
            option("junit-xml", "FILE", "Write the results as JUnit XML."),
            switch("json", "Write one JSON message a line."),
            switch("verbose", "Show the plan or the state of each run."),
        ],
        VARIABLES,
        COMMON,
    ],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "test") {
        return code;
    }
    let ui = operation::ui(app, parsed);
    ui.open();
    let mut sources = SourceMap::default();
    let files = match find(parsed, &mut sources) {
        Ok((files, warnings)) => {
            ui.diagnostics(warnings, &sources);
            files
        }
        Err(diags) => {
            ui.diagnostics(diags, &sources);
            return FAILED;
        }
    };
    let interrupt = Interrupt::default();
    let mut report = Report::new(&ui);
    report.found(&files);
    let done = app.block_on(async {
        let signals = operation::watch_signals(&interrupt);
        let session = Session {
            app,
            parsed,
            registry: Arc::new(providers::registry()),
            interrupt: interrupt.clone(),
            verbose: parsed.on("verbose"),
        };
        let mut worst = Status::Pass;
        for file in &files {
            worst = worst.max(run_file(&session, file, &sources, &mut report).await);
        }
        signals.abort();
        worst
    });
    let worst = match done {
        Ok(worst) => worst,
        Err(e) => {
            ui.diagnostics(failure("Failed to run tests", e), &sources);
            return FAILED;
        }
    };
    let ok = report.summary(interrupt.count() == 0 && worst <= Status::Pass);
    if let Some(path) = parsed.get("junit-xml")
        && let Err(e) = backend::write_private(std::path::Path::new(path), junit(&report).as_bytes())
    {
        ui.diagnostics(failure("Failed to write file", format!("{path}: {e}")), &sources);
        return FAILED;
    }
    if ok { OK } else { FAILED }
}
