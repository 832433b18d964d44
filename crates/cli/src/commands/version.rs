//! `sdt version`

use serde_json::json;

use crate::app::{App, Command, OK};
use crate::args::{Parsed, switch};
use crate::commands::COMMON;
use crate::ui::Ui;

pub(crate) static COMMAND: Command = Command {
    name: "version",
    summary: "Show the version",
    usage: "[options]",
    about: "Shows the version of sdt, and of Terraform and hashicorp/aws whose job it does.",
    flags: &[&[switch("json", "Write JSON.")], COMMON],
    run: |app: &App, parsed: &Parsed| print(&app.ui, parsed.on("json")),
};

/// Writes the version.
pub(crate) fn print(ui: &Ui, json: bool) -> u8 {
    let version = env!("CARGO_PKG_VERSION");
    let platform = platform();
    if json {
        let out = json!({
            "terraform_version": sdt_state::TERRAFORM_VERSION,
            "sdt_version": version,
            "platform": platform,
            "provider_selections": {"registry.terraform.io/hashicorp/aws": "5.100.0"},
            "terraform_outdated": false,
        });
        ui.out(&format!("{out:#}\n"));
    } else {
        ui.out(&format!(
            "sdt v{version}\non {platform}\nacts as Terraform v{} with provider registry.terraform.io/hashicorp/aws v5.100.0\n",
            sdt_state::TERRAFORM_VERSION
        ));
    }
    OK
}

fn platform() -> String {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{}_{arch}", std::env::consts::OS.replace("macos", "darwin"))
}
