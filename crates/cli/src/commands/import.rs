//! `sdt import`

use sdt_addr::{Mode, ResourceInstance, Target};
use sdt_diag::{Diagnostic, Diagnostics, SourceMap};
use sdt_plan::PlanMode;

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, option, switch};
use crate::commands::apply::{Approval, carry_out};
use crate::commands::{COMMON, LOCAL_STATE, LOCKING, REMOTE, VARIABLES};
use crate::operation;

pub(crate) static COMMAND: Command = Command {
    name: "import",
    summary: "Take an existing object into the state",
    usage: "[options] ADDRESS ID",
    about: "Takes an object that exists already into the state, at the address of a resource that the configuration declares. An import block does the same with a plan to look at first.",
    flags: &[
        &[
            option("config", "PATH", "Accepted; -chdir says where the configuration is."),
            option("parallelism", "N", "How many calls run at once (default 10)."),
            switch("input", "Ask for variables that have no value (default true)."),
        ],
        VARIABLES,
        LOCKING,
        REMOTE,
        LOCAL_STATE,
        COMMON,
    ],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    let [address, id] = parsed.rest.as_slice() else {
        app.ui.error(
            "Exactly two arguments expected",
            "sdt import needs the address of a resource instance and the id of the object.",
        );
        return FAILED;
    };
    let mut sources = SourceMap::default();
    let (failed, diags) = match import(app, parsed, address, id, &mut sources) {
        Ok(diags) => (diags.has_errors(), diags),
        Err(diags) => (true, diags),
    };
    app.ui.diagnostics(diags, &sources);
    if failed {
        return FAILED;
    }
    app.ui.say(&format!(
        "\nImport successful!\n\nThe object {id} is now in the state as {address}. sdt plan shows where the configuration differs from it.\n"
    ));
    OK
}

fn import(
    app: &App,
    parsed: &Parsed,
    address: &str,
    id: &str,
    sources: &mut SourceMap,
) -> Result<Diagnostics, Diagnostics> {
    let addr: ResourceInstance =
        address.parse().map_err(|e: sdt_addr::ParseError| Diagnostic::error(e.summary, e.detail))?;
    if addr.resource.mode != Mode::Managed {
        let detail = format!("{address} is a data source: it is read, and there is nothing to take into the state.");
        return Err(Diagnostic::error("A managed resource address is required", detail).into());
    }
    let mut wish = operation::wish(app, parsed, false)?;
    wish.options.mode = PlanMode::RefreshOnly;
    wish.options.targets = vec![Target::from(addr.clone())];
    wish.options.imports = vec![(addr.clone(), id.to_owned())];
    let ready = operation::prepare(app, parsed, &wish).map_err(|(diags, read)| {
        *sources = read;
        diags
    })?;
    *sources = ready.sources.clone();
    if ready.config.resource(&addr.config()).is_none() {
        let r = &addr.resource;
        let detail = format!(
            "Declare it first, for example:\n\nresource \"{}\" \"{}\" {{\n  # arguments\n}}",
            r.type_name, r.name
        );
        let summary = format!("resource address \"{address}\" does not exist in the configuration.");
        return Err(Diagnostic::error(summary, detail).into());
    }
    app.ui.say(&format!("{address}: Importing from ID {id:?}...\n"));
    carry_out(app, &app.ui, &wish, &ready, Approval::Silent, sources)
}
