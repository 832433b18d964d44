//! `sdt validate`

use std::sync::Arc;

use sdt_diag::{Diagnostics, Severity};
use sdt_engine::Env;
use sdt_render::diagnostic_view;
use serde_json::{Value as Json, json};

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, option, switch};
use crate::commands::output::Pretty;
use crate::commands::{COMMON, VARIABLES, no_arguments};
use crate::functions::Library;
use crate::load;
use crate::providers;
use crate::testing::find;

pub(crate) static COMMAND: Command = Command {
    name: "validate",
    summary: "Check the configuration",
    usage: "[options]",
    about: "Checks the configuration by itself: syntax, references, types, arguments of resources. It reads no state, asks no service and needs no values of variables.",
    flags: &[
        &[
            switch("json", "Write JSON."),
            switch("no-tests", "Do not look at test files."),
            option("test-directory", "PATH", "Where further test files are (default tests)."),
        ],
        VARIABLES,
        COMMON,
    ],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "validate") {
        return code;
    }
    let project = load::load(app, Some(parsed), false);
    let mut diags = project.loaded.diagnostics;
    let mut sources = project.sources;
    if !parsed.on("no-tests") {
        diags.extend(find(parsed, &mut sources).map_or_else(|e| e, |(_, warnings)| warnings));
    }
    if !diags.has_errors() {
        let registry = providers::registry();
        let missing = providers::check(&project.loaded.config, None, &registry);
        if missing.has_errors() {
            diags.extend(missing);
        } else {
            let library = Library::new(&app.env, sources, None);
            let env = Env {
                functions: library.clone(),
                workspace: crate::workspace::selected(&app.env).unwrap_or_else(|_| "default".into()),
                cwd: app.env.cwd.clone(),
                console: false,
            };
            diags.extend(sdt_engine::validate(&project.loaded.config, Arc::new(registry), env));
            sources = library.sources();
        }
    }
    let failed = diags.has_errors();
    if parsed.on("json") {
        app.ui.out(&format!("{:#}\n", Pretty(&document(&diags, &sources))));
    } else {
        let warned = !diags.is_empty();
        app.ui.diagnostics(diags, &sources);
        if !failed {
            let theme = &app.ui.theme;
            let success = theme.paint(sdt_render::Style::Green, &theme.paint(sdt_render::Style::Bold, "Success!"));
            let but = if warned { ", but there were some validation warnings as shown above" } else { "" };
            app.ui.say(&format!("{success} The configuration is valid{but}.\n\n"));
        }
    }
    if failed { FAILED } else { OK }
}

fn document(diags: &Diagnostics, sources: &sdt_diag::SourceMap) -> Json {
    let count = |s: Severity| diags.0.iter().filter(|d| d.severity == s).count();
    let list: Vec<_> =
        diags.0.iter().map(|d| serde_json::to_value(diagnostic_view(d, sources)).unwrap_or(Json::Null)).collect();
    json!({
        "format_version": "1.0",
        "valid": !diags.has_errors(),
        "error_count": count(Severity::Error),
        "warning_count": count(Severity::Warning),
        "diagnostics": list,
    })
}
