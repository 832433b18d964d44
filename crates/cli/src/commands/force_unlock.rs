//! `sdt force-unlock`

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, switch};
use crate::backend::{self, LocalPaths};
use crate::commands::{COMMON, fail};
use crate::load;
use crate::ui::failure;

pub(crate) static COMMAND: Command = Command {
    name: "force-unlock",
    summary: "Release a lock that its holder left behind",
    usage: "[options] LOCK_ID",
    about: "Removes the lock of the state. Only for a lock whose holder is certainly dead: two programs at work on one state destroy each other's changes. A lock of an sdt that died is taken over by the next run on its own. The id is in the message of the command that met the lock.",
    flags: &[&[switch("force", "Do not ask.")], COMMON],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    let [id] = parsed.rest.as_slice() else {
        app.ui.error(
            "Expected a single argument",
            "sdt force-unlock needs the id of the lock, as the error message shows it.",
        );
        return FAILED;
    };
    let project = load::load(app, Some(parsed), false);
    let backend = match backend::current(&app.env, &project.loaded.config) {
        Ok(backend) => backend,
        Err(diags) => {
            app.ui.diagnostics(diags, &project.sources);
            return FAILED;
        }
    };
    if !parsed.on("force") {
        if !app.env.may_ask() {
            app.ui
                .error("Confirmation is needed", "Nobody can be asked here; -force releases the lock without asking.");
            return FAILED;
        }
        let question = format!(
            "Do you really want to release the lock of {}?\n  Its holder, if it is still alive, would go on changing the same state as you.\n\n  Only 'yes' will be accepted to confirm.\n\n  Enter a value: ",
            backend.describe()
        );
        if app.ui.ask(&question).as_deref() != Some("yes") {
            app.ui.say("\nforce-unlock cancelled.\n");
            return FAILED;
        }
    }
    let done = app.block_on(async {
        let store = backend::open(&backend, &LocalPaths::default()).await?;
        store.force_unlock(id).await.map_err(|e| failure("Failed to unlock state", e))
    });
    match done {
        Ok(Ok(info)) => {
            app.ui.say(&format!("The lock of {} is released; it was:\n\n{info}\n", info.who));
            OK
        }
        Ok(Err(diags)) => fail(app, diags),
        Err(e) => fail(app, failure("Failed to unlock state", e)),
    }
}
