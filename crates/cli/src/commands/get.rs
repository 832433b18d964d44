//! `sdt get`

use sdt_config::Manifest;

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, option, switch};
use crate::backend::write_private;
use crate::commands::{COMMON, VARIABLES, no_arguments};
use crate::load;

pub(crate) static COMMAND: Command = Command {
    name: "get",
    summary: "Install the modules that the configuration calls",
    usage: "[options]",
    about: "Installs the modules of the configuration into .terraform/modules, as init does; providers and backend stay as they are.",
    flags: &[
        &[switch("update", "Install anew, in the newest version that the configuration accepts.")],
        &[option("test-directory", "PATH", "Accepted; test files install nothing.")],
        VARIABLES,
        COMMON,
    ],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "get") {
        return code;
    }
    let project = load::install(app, parsed, parsed.on("update"));
    let failed = project.loaded.diagnostics.has_errors();
    app.ui.diagnostics(project.loaded.diagnostics, &project.sources);
    if failed {
        return FAILED;
    }
    match install(app, &project.loaded.manifest) {
        Ok(()) => OK,
        Err(e) => {
            app.ui.error("Failed to write the module manifest", e.to_string());
            FAILED
        }
    }
}

/// Writes the manifest, unless there are no modules and never were.
pub(crate) fn install(app: &App, manifest: &Manifest) -> std::io::Result<()> {
    let path = load::manifest_path(&app.env);
    if manifest.modules.keys().all(String::is_empty) && !path.exists() {
        return Ok(());
    }
    write_private(&path, manifest.to_json().as_bytes())
}
