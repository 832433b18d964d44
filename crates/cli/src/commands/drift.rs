//! `sdt drift`

use sdt_addr::InstanceKey;
use sdt_diag::{Diagnostics, SourceMap};
use sdt_driver::Interrupt;
use sdt_plan::{Action, PlanMode};
use sdt_render::{Style, Theme, drift_list, drift_paths};
use serde_json::{Value as Json, json};

use crate::app::{App, CHANGES, Command, FAILED, OK};
use crate::args::{Flag, Parsed, option, switch};
use crate::commands::output::Pretty;
use crate::commands::{COMMON, VARIABLES, no_arguments};
use crate::operation::{self, Planned};
use crate::session::Held;
use crate::ui::{Ui, failure};

const FLAGS: &[Flag] = &[
    switch("json", "Write JSON."),
    option("target", "ADDRESS", "Look only at this module, resource or instance. May be given several times."),
    option("parallelism", "N", "How many calls run at once (default 10)."),
    switch("input", "Ask for variables that have no value (default true)."),
    option("state", "PATH", "Use another local state file than terraform.tfstate."),
];

pub(crate) static COMMAND: Command = Command {
    name: "drift",
    summary: "Show what has changed behind the state's back",
    usage: "[options]",
    about: "Compares the state with the real objects and shows the differences. It takes no lock and writes nothing. Exit code 0: no drift, 2: drift, 1: an error.",
    flags: &[FLAGS, VARIABLES, COMMON],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    let json = parsed.on("json");
    // The document is one JSON object, not a stream of messages; diagnostics go to standard error.
    let ui = Ui::new(app.ui.theme, app.ui.frame);
    if let Err(code) = no_arguments(app, parsed, "drift") {
        return code;
    }
    let mut wish = match operation::wish(app, parsed, false) {
        Ok(wish) => wish,
        Err(diags) => return fail(&ui, diags, &SourceMap::default()),
    };
    wish.options.mode = PlanMode::RefreshOnly;
    wish.lock = false;
    let ready = match operation::prepare(app, parsed, &wish) {
        Ok(ready) => ready,
        Err((diags, sources)) => return fail(&ui, diags, &sources),
    };
    let interrupt = Interrupt::default();
    let quiet = Quiet { ui: &ui };
    let result = app.block_on(async {
        let signals = operation::watch_signals(&interrupt);
        let store = crate::backend::open(&ready.backend, &wish.paths).await?;
        let held = Held { store, lock: None };
        let planned = operation::plan(app, &quiet.silent(), &ready, &wish, &held, &interrupt).await;
        signals.abort();
        planned
    });
    let planned = match result {
        Ok(Ok(planned)) => planned,
        Ok(Err(diags)) => return fail(&ui, diags, &ready.sources),
        Err(e) => return fail(&ui, failure("Failed to look for drift", e), &ready.sources),
    };
    let sources = planned.library.sources();
    let failed = planned.diags.has_errors();
    let drifted = planned.view.drift.iter().filter(|d| d.change.action != Action::NoOp).count();
    if !failed {
        if json {
            ui.out(&format!("{:#}\n", Pretty(&document(&planned))));
        } else {
            ui.out(&text(&planned, drifted, &ui.theme));
        }
    }
    let mut diags = ready.warnings.clone();
    diags.extend(planned.diags);
    ui.diagnostics(diags, &sources);
    match (failed, drifted) {
        (true, _) => FAILED,
        (false, 0) => OK,
        (false, _) => CHANGES,
    }
}

struct Quiet<'a> {
    ui: &'a Ui,
}

impl Quiet<'_> {
    /// Refreshing is the whole command: its progress would be noise.
    fn silent(&self) -> Ui {
        Ui::new(self.ui.theme, self.ui.frame).silenced()
    }
}

fn fail(ui: &Ui, diags: Diagnostics, sources: &SourceMap) -> u8 {
    ui.diagnostics(diags, sources);
    FAILED
}

fn unfinished(planned: &Planned) -> Vec<String> {
    planned.merged.unresolved.iter().map(|u| u.begun.address.to_string()).collect()
}

fn text(planned: &Planned, drifted: usize, theme: &Theme) -> String {
    let mut out = String::new();
    if drifted == 0 {
        out += &format!("{} Every object is as the state remembers it.\n", theme.paint(Style::Green, "No drift."));
    } else {
        let s = if drifted == 1 { " has" } else { "s have" };
        out += &format!(
            "{}\n",
            theme.paint(Style::Yellow, &format!("Drift: {drifted} object{s} changed outside of sdt."))
        );
        out += &drift_list(&planned.view, theme);
    }
    let open = unfinished(planned);
    if !open.is_empty() {
        out += "\nA run did not come to its end; what became of these is found out by the next plan or apply:\n";
        for address in open {
            out += &format!("  {address}\n");
        }
    }
    out
}

fn document(planned: &Planned) -> Json {
    let drift: Vec<Json> = planned
        .view
        .drift
        .iter()
        .filter(|d| d.change.action != Action::NoOp)
        .map(|d| {
            let mut entry = json!({
                "address": d.address,
                "mode": d.mode,
                "type": d.type_name,
                "name": d.name,
                "provider_name": d.provider_name,
                "action": if d.change.action == Action::Delete { "delete" } else { "update" },
                "changes": drift_paths(d),
            });
            if let Some(key) = &d.addr.key {
                entry["index"] = match key {
                    InstanceKey::Int(n) => (*n).into(),
                    InstanceKey::String(s) => (&**s).into(),
                };
            }
            if let Some(deposed) = &d.deposed {
                entry["deposed"] = deposed.clone().into();
            }
            entry
        })
        .collect();
    json!({"format_version": "1.0", "drifted": !drift.is_empty(), "drift": drift, "unfinished": unfinished(planned)})
}
