//! `sdt state replace-provider`

use sdt_addr::{AbsProviderConfig, ProviderAddr};
use sdt_diag::{Diagnostic, Diagnostics};

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, switch};
use crate::commands::{COMMON, LOCAL_STATE, LOCKING, REMOTE, fail};
use crate::session;

pub(crate) static COMMAND: Command = Command {
    name: "state replace-provider",
    summary: "Let another provider manage objects of the state",
    usage: "[options] FROM TO",
    about: "Writes another provider source address into every resource of the state that has the first one.",
    flags: &[&[switch("auto-approve", "Do not ask before writing.")], LOCKING, REMOTE, LOCAL_STATE, COMMON],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    let [from, to] = parsed.rest.as_slice() else {
        app.ui.error(
            "Exactly two arguments expected",
            "sdt state replace-provider needs the source address as it is and the one it shall be.",
        );
        return FAILED;
    };
    let done = session::edit(app, parsed, "state-replace-provider", |state| {
        let (from, to) = (address(from, "from")?, address(to, "to")?);
        let mut said = String::from("\nThese resources get another provider:\n");
        let mut found = Vec::new();
        for (key, resource) in &state.resources {
            let Ok(config) = resource.provider.parse::<AbsProviderConfig>() else { continue };
            if config.provider == from {
                said += &format!("\n  {key}");
                found.push((key.clone(), AbsProviderConfig { provider: to.clone(), ..config }));
            }
        }
        if found.is_empty() {
            return Ok("No matching resources found.\n".into());
        }
        said += &format!("\n\n  - {from}\n  + {to}\n");
        if !parsed.on("auto-approve") {
            app.ui.say(&said);
            said = String::new();
            let answer = if app.env.may_ask() {
                app.ui.ask("\nDo you want to make these changes?\n  Only 'yes' will be accepted to continue.\n\n  Enter a value: ")
            } else {
                None
            };
            if answer.as_deref() != Some("yes") {
                return Err(Diagnostic::error("Cancelled", "The providers were left as they are.").into());
            }
        }
        let count = found.len();
        for (key, config) in found {
            if let Some(resource) = state.resources.get_mut(&key) {
                resource.provider = config.to_string();
            }
        }
        Ok(format!("{said}\nSuccessfully replaced provider for {count} resources.\n"))
    });
    match done {
        Ok(said) => {
            app.ui.say(&said);
            OK
        }
        Err(diags) => fail(app, diags),
    }
}

fn address(text: &str, which: &str) -> Result<ProviderAddr, Diagnostics> {
    text.parse().map_err(|_| {
        let detail = format!("{text:?} is no source address of a provider, such as hashicorp/aws.");
        Diagnostic::error(format!("Invalid \"{which}\" provider {text:?}"), detail).into()
    })
}
