//! `sdt providers`

use std::fmt::Write as _;

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, option};
use crate::commands::{COMMON, VARIABLES, no_arguments};
use crate::load;
use crate::providers;

pub(crate) static COMMAND: Command = Command {
    name: "providers",
    summary: "Show which providers the configuration needs",
    usage: "[options]",
    about: "Shows every provider that the configuration needs, the versions it accepts, and what is built into sdt.",
    flags: &[
        &[option("test-directory", "PATH", "Accepted; test files need no providers of their own.")],
        VARIABLES,
        COMMON,
    ],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "providers") {
        return code;
    }
    let project = load::load(app, Some(parsed), false);
    let failed = project.loaded.diagnostics.has_errors();
    let config = &project.loaded.config;
    if !failed {
        let registry = providers::registry();
        let mut out = String::from("\nProviders required by configuration:\n.\n");
        for (addr, constraints) in config.required_providers() {
            let version = if constraints.is_empty() { String::new() } else { format!(" {constraints}") };
            let there = match registry.get(&addr) {
                Some(p) => p.version().map_or_else(|| "built in".into(), |v| format!("built in, acts as {v}")),
                None => "not available".into(),
            };
            let _ = writeln!(out, "├── provider[{addr}]{version} ({there})");
        }
        app.ui.out(&out);
    }
    app.ui.diagnostics(project.loaded.diagnostics, &project.sources);
    if failed { FAILED } else { OK }
}
