//! `sdt taint` and `sdt untaint`

use sdt_diag::Diagnostics;
use sdt_state::{InstanceAddr, Mode, State};

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Flag, Parsed, switch};
use crate::commands::state::no_instance;
use crate::commands::{COMMON, LOCAL_STATE, LOCKING, REMOTE, fail};
use crate::session;

const ALLOW: &[Flag] = &[switch("allow-missing", "Succeed when there is no such object.")];

pub(crate) static TAINT: Command = Command {
    name: "taint",
    summary: "Mark an object as to be replaced",
    usage: "[options] ADDRESS",
    about: "Marks an object in the state, so that the next apply replaces it. plan -replace=ADDRESS does so without changing the state first.",
    flags: &[ALLOW, LOCKING, REMOTE, LOCAL_STATE, COMMON],
    run: |app, parsed| run(app, parsed, true),
};

pub(crate) static UNTAINT: Command = Command {
    name: "untaint",
    summary: "Take the mark of taint away",
    usage: "[options] ADDRESS",
    about: "Takes the mark away that makes the next apply replace an object.",
    flags: &[ALLOW, LOCKING, REMOTE, LOCAL_STATE, COMMON],
    run: |app, parsed| run(app, parsed, false),
};

fn run(app: &App, parsed: &Parsed, taint: bool) -> u8 {
    let [address] = parsed.rest.as_slice() else {
        let verb = if taint { "taint" } else { "untaint" };
        app.ui.error("Exactly one argument expected", format!("sdt {verb} needs the address of one object."));
        return FAILED;
    };
    let allow = parsed.on("allow-missing");
    match session::edit(app, parsed, if taint { "taint" } else { "untaint" }, |state| {
        mark(state, address, taint, allow)
    }) {
        Ok(said) => {
            app.ui.say(&said);
            OK
        }
        Err(diags) => fail(app, diags),
    }
}

fn mark(state: &mut State, address: &str, taint: bool, allow: bool) -> Result<String, Diagnostics> {
    let addr: InstanceAddr = address.parse().map_err(|e| crate::ui::failure("Invalid resource instance address", e))?;
    if addr.resource.mode == Mode::Data {
        return Err(crate::ui::failure(
            "Invalid resource instance address",
            format!("{address} is a data source: it is only read, so there is nothing to replace"),
        ));
    }
    let missing = no_instance(state, address);
    let Some(instance) = state.instance_mut(&addr, None) else {
        return if allow { Ok(format!("There is no object {address}; nothing was done.\n")) } else { Err(missing) };
    };
    if instance.tainted == taint {
        if !taint {
            return Err(crate::ui::failure("Resource instance is not tainted", format!("{address} is not tainted")));
        }
        return Ok(format!("Resource instance {address} was already tainted.\n"));
    }
    instance.tainted = taint;
    Ok(if taint {
        format!("Resource instance {address} has been marked as tainted.\n")
    } else {
        format!("Resource instance {address} has been successfully untainted.\n")
    })
}
