//! The commands: one file each, one line in the list.

pub(crate) mod apply;
mod completion;
mod console;
mod drift;
mod fmt;
mod force_unlock;
mod get;
mod graph;
mod import;
mod init;
pub(crate) mod metadata;
mod modules;
pub(crate) mod output;
mod plan;
mod providers;
mod providers_schema;
mod recover;
mod refresh;
pub(crate) mod remote_state;
mod show;
mod state;
mod state_history;
mod state_replace_provider;
mod state_verify;
mod taint;
mod test;
mod validate;
mod version;
mod workspace;

use sdt_diag::{Diagnostics, SourceMap};

use crate::app::{App, Command, FAILED};
use crate::args::{Flag, Parsed, option, switch};

pub(crate) use providers_schema::schemas_json;
pub(crate) use version::print as print_version;

/// Every command, in the order of the overview.
pub(crate) static ALL: &[&Command] = &[
    &init::COMMAND,
    &validate::COMMAND,
    &plan::COMMAND,
    &apply::APPLY,
    &apply::DESTROY,
    &refresh::COMMAND,
    &import::COMMAND,
    &drift::COMMAND,
    &test::COMMAND,
    &console::COMMAND,
    &output::COMMAND,
    &show::COMMAND,
    &state::LIST,
    &state::SHOW,
    &state::PULL,
    &state::PUSH,
    &state::MV,
    &state::RM,
    &state_replace_provider::COMMAND,
    &state_verify::COMMAND,
    &state_history::HISTORY,
    &state_history::DIFF,
    &state_history::RESTORE,
    &taint::TAINT,
    &taint::UNTAINT,
    &workspace::LIST,
    &workspace::SHOW,
    &workspace::SELECT,
    &workspace::NEW,
    &workspace::DELETE,
    &recover::COMMAND,
    &force_unlock::COMMAND,
    &fmt::COMMAND,
    &get::COMMAND,
    &graph::COMMAND,
    &metadata::COMMAND,
    &modules::COMMAND,
    &providers::COMMAND,
    &providers_schema::COMMAND,
    &completion::COMMAND,
    &version::COMMAND,
];

/// Flags of every command.
pub(crate) const COMMON: &[Flag] = &[switch("no-color", "Write no colours and no frames.")];

/// Flags of commands that lock the state.
pub(crate) const LOCKING: &[Flag] = &[
    switch("lock", "Take the state's lock (default true). -lock=false is dangerous while others may be at work."),
    option("lock-timeout", "DURATION", "How long to wait for somebody else's lock: 30s, 5m (default 0s)."),
];

/// A flag of commands that change states, for those who give it to Terraform.
pub(crate) const REMOTE: &[Flag] =
    &[switch("ignore-remote-version", "Accepted and without effect: it concerns HCP Terraform.")];

/// Flags that say where a local state is.
pub(crate) const LOCAL_STATE: &[Flag] = &[
    option("state", "PATH", "Use another local state file than terraform.tfstate."),
    option("backup", "PATH", "Where to keep the former local state; - for nowhere."),
];

/// Flags of commands that need values of variables.
pub(crate) const VARIABLES: &[Flag] = &[
    option("var", "NAME=VALUE", "Set a variable of the root module. May be given several times."),
    option("var-file", "FILE", "Read variables from a file, beside terraform.tfvars and *.auto.tfvars."),
];

/// Reads a duration as Terraform writes it: `90s`, `1m30s`, `500ms`.
pub(crate) fn duration(text: &str) -> Result<std::time::Duration, String> {
    if text == "0" {
        return Ok(std::time::Duration::ZERO);
    }
    sdt_provider::parse_duration(text)
        .ok_or_else(|| format!("invalid duration {text:?}: it is a number with a unit, such as 30s or 5m"))
}

/// The lock timeout of `-lock-timeout`.
pub(crate) fn lock_timeout(parsed: &Parsed) -> Result<std::time::Duration, Diagnostics> {
    let text = parsed.get("lock-timeout").unwrap_or("0s");
    duration(text).map_err(|e| crate::ui::failure("Failed to parse command-line flags", format!("{e} (-lock-timeout)")))
}

/// Shows diagnostics without places and fails.
pub(crate) fn fail(app: &App, diags: Diagnostics) -> u8 {
    app.ui.diagnostics(diags, &SourceMap::default());
    FAILED
}

/// Complains about arguments that the command does not take.
pub(crate) fn no_arguments(app: &App, parsed: &Parsed, command: &str) -> Result<(), u8> {
    match parsed.rest.first() {
        None => Ok(()),
        Some(first) => {
            app.ui.error(
                "Too many command line arguments",
                format!("sdt {command} takes no argument such as {first:?}."),
            );
            Err(FAILED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_gos() {
        for (text, millis) in
            [("0s", 0), ("0", 0), ("90s", 90_000), ("1m30s", 90_000), ("1.5h", 5_400_000), ("20ms", 20)]
        {
            assert_eq!(duration(text).unwrap().as_millis(), millis, "{text}");
        }
        for text in ["", "5", "x", "-1s", "5d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
