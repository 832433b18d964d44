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
mod validate;
mod version;
mod workspace;

use sdt_diag::{Diagnostics, SourceMap};

use crate::app::{App, Command, FAILED};
use crate::args::{Flag, Parsed, option, switch};

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
    let bad = || format!("invalid duration {text:?}: it is a number with a unit, such as 30s or 5m");
    let mut total = 0.0;
    let mut rest = text;
    if rest == "0" {
        return Ok(std::time::Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
        let number: f64 = rest[..digits].parse().map_err(|_| bad())?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return Err(bad()),
            };
        rest = &rest[unit..];
    }
    std::time::Duration::try_from_secs_f64(total).map_err(|_| bad())
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
