//! What the process finds around itself, read once.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use sdt_render::Theme;

/// Environment, folders and terminal.
#[derive(Clone, Debug)]
pub(crate) struct Env {
    /// Environment variables that are text.
    pub(crate) vars: BTreeMap<String, String>,
    /// The folder the program was started in: `path.cwd`.
    pub(crate) cwd: PathBuf,
    /// Standard input is a terminal.
    pub(crate) stdin_tty: bool,
    /// Standard output is a terminal.
    pub(crate) stdout_tty: bool,
    /// Standard error is a terminal.
    pub(crate) stderr_tty: bool,
    /// Columns of the terminal.
    pub(crate) columns: usize,
}

impl Env {
    /// Looks around.
    pub(crate) fn read() -> Self {
        let vars =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        let columns = rustix::termios::tcgetwinsize(std::io::stdout()).map_or(0, |w| usize::from(w.ws_col));
        Self {
            vars,
            cwd: std::env::current_dir().unwrap_or_else(|_| ".".into()),
            stdin_tty: std::io::stdin().is_terminal(),
            stdout_tty: std::io::stdout().is_terminal(),
            stderr_tty: std::io::stderr().is_terminal(),
            columns: if columns == 0 { 78 } else { columns.clamp(40, 140) },
        }
    }

    /// A variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// How output may look.
    pub(crate) fn theme(&self, no_color: bool) -> Theme {
        let plain = no_color || self.get("NO_COLOR").is_some() || self.get("TERM") == Some("dumb");
        Theme { color: self.stdout_tty && !plain, width: self.columns }
    }

    /// Home folder.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.get("HOME").map(PathBuf::from)
    }

    /// `.terraform`, or what `TF_DATA_DIR` says.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.get("TF_DATA_DIR").unwrap_or(".terraform").into()
    }

    /// Whether advice on what to type next is unwanted.
    pub(crate) fn in_automation(&self) -> bool {
        self.get("TF_IN_AUTOMATION").is_some()
    }

    /// Whether questions may be asked, as far as the environment tells.
    pub(crate) fn may_ask(&self) -> bool {
        self.stdin_tty && !matches!(self.get("TF_INPUT"), Some("0" | "false"))
    }
}
