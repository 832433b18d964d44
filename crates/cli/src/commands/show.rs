//! `sdt show`

use sdt_diag::Diagnostics;
use sdt_plan::file::PlanFile;
use sdt_render::{PlanView, plan_json, plan_text, state_json, state_text};
use sdt_state::v4;

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, switch};
use crate::commands::output::{Pretty, go_escapes};
use crate::commands::{COMMON, fail};
use crate::providers::{self, Registry};
use crate::session;
use crate::ui::failure;

pub(crate) static COMMAND: Command = Command {
    name: "show",
    summary: "Show the state or a plan file",
    usage: "[options] [PATH]",
    about: "Shows the state, or the plan or state in a file. -json writes the documented JSON, which holds sensitive values in the clear, as Terraform's does.",
    flags: &[&[switch("json", "Write JSON.")], COMMON],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    let shown = match parsed.rest.as_slice() {
        [] => session::read_state(app, None).map(|state| {
            let registry = providers::registry();
            let decode =
                |p: &str, k: &sdt_state::ResourceKey, i: &sdt_state::Instance| providers::decode(&registry, p, k, i);
            if parsed.on("json") {
                format!("{}\n", Pretty(&state_json(&state, &decode)))
            } else if state.lineage.is_empty() && state.is_empty() {
                "No state.\n".into()
            } else {
                state_text(&state, &decode, &app.ui.theme)
            }
        }),
        [path] => file(app, parsed, path),
        _ => {
            app.ui.error("Too many command line arguments", "sdt show takes at most one file.");
            return FAILED;
        }
    };
    match shown {
        Ok(text) => {
            app.ui.out(&text);
            OK
        }
        Err(diags) => fail(app, diags),
    }
}

fn file(app: &App, parsed: &Parsed, path: &str) -> Result<String, Diagnostics> {
    let bytes = std::fs::read(path).map_err(|e| failure("Failed to read the given file", format!("{path}: {e}")))?;
    let registry = providers::registry();
    if bytes.trim_ascii_start().starts_with(b"{") {
        let state = v4::read(&bytes)
            .map_err(|e| failure("Failed to read the given file as a state or plan file", format!("{path}: {e}")))?;
        let decode =
            |p: &str, k: &sdt_state::ResourceKey, i: &sdt_state::Instance| providers::decode(&registry, p, k, i);
        return Ok(if parsed.on("json") {
            format!("{}\n", Pretty(&state_json(&state, &decode)))
        } else {
            state_text(&state, &decode, &app.ui.theme)
        });
    }
    let file = crate::saved_plan::unpack(&app.env, &bytes)
        .map_err(|e| failure("Failed to read the given file as a state or plan file", format!("{path}: {e}")))?;
    Ok(plan(app, &file, &registry, parsed.on("json")))
}

fn plan(app: &App, file: &PlanFile, registry: &Registry, json: bool) -> String {
    let schema = |addr: &_, mode, ty: &_| providers::schema(registry, addr, mode, ty);
    if json {
        let view = PlanView::new(&file.plan, &schema);
        let decode =
            |p: &str, k: &sdt_state::ResourceKey, i: &sdt_state::Instance| providers::decode(registry, p, k, i);
        let configuration = crate::config_json::of_plan(file, registry);
        go_escapes(&plan_json(&file.plan, &view, &decode, configuration)) + "\n"
    } else {
        plan_text(&PlanView::of_changes(&file.plan, &schema), &app.ui.theme)
    }
}
