//! `sdt refresh`

use sdt_diag::SourceMap;
use sdt_plan::PlanMode;

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, option, switch};
use crate::commands::apply::{Approval, carry_out};
use crate::commands::{COMMON, LOCAL_STATE, LOCKING, VARIABLES, no_arguments};
use crate::operation;

pub(crate) static COMMAND: Command = Command {
    name: "refresh",
    summary: "Take what has changed outside into the state",
    usage: "[options]",
    about: "Reads every object and takes what has changed outside into the state. The same as apply -refresh-only -auto-approve; apply -refresh-only shows the changes and asks first.",
    flags: &[
        &[
            option("target", "ADDRESS", "Only this module, resource or instance. May be given several times."),
            option("parallelism", "N", "How many calls run at once (default 10)."),
            switch("input", "Ask for variables that have no value (default true)."),
            switch("compact-warnings", "Show warnings by their titles only."),
            switch("json", "Write one JSON message a line."),
        ],
        VARIABLES,
        LOCKING,
        LOCAL_STATE,
        COMMON,
    ],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "refresh") {
        return code;
    }
    let ui = operation::ui(app, parsed);
    ui.open();
    let mut sources = SourceMap::default();
    let done = operation::wish(app, parsed, false).and_then(|mut wish| {
        wish.options.mode = PlanMode::RefreshOnly;
        let ready = operation::prepare(app, parsed, &wish).map_err(|(diags, read)| {
            sources = read;
            diags
        })?;
        sources = ready.sources.clone();
        carry_out(app, &ui, &wish, &ready, Approval::Given, &mut sources)
    });
    let (failed, diags) = match done {
        Ok(diags) => (diags.has_errors(), diags),
        Err(diags) => (true, diags),
    };
    ui.diagnostics(diags, &sources);
    if failed { FAILED } else { OK }
}
