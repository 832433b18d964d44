//! `sdt recover`

use std::fmt::Write as _;

use sdt_diag::{Diagnostic, Diagnostics};
use sdt_state::{Entry, Failed, Merged};

use crate::app::{App, Command, OK};
use crate::args::{Parsed, option};
use crate::backend::LocalPaths;
use crate::commands::{COMMON, LOCKING, fail, lock_timeout};
use crate::session;
use crate::ui::failure;

pub(crate) static COMMAND: Command = Command {
    name: "recover",
    summary: "Show and repair what an interrupted run left open",
    usage: "[options]",
    about: "Shows what the journal of a run that did not come to its end knows: actions whose outcome is open, and outcomes that the stored state does not hold yet. Plan and apply resolve all of this by themselves; -forget is for what they cannot tell, and -write takes known outcomes into the state without planning.",
    flags: &[
        &[
            option(
                "forget",
                "ADDRESS",
                "Take the open action on this address as not having happened. May be given several times.",
            ),
            crate::args::switch("write", "Write the known outcomes into the state."),
        ],
        LOCKING,
        COMMON,
    ],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    let forget: Vec<&str> = parsed.all("forget").collect();
    let done = if forget.is_empty() && !parsed.on("write") { look(app) } else { repair(app, parsed, &forget) };
    match done {
        Ok(text) => {
            app.ui.out(&text);
            OK
        }
        Err(diags) => fail(app, diags),
    }
}

fn look(app: &App) -> Result<String, Diagnostics> {
    let backend = session::backend(app)?;
    app.block_on(async {
        let store = crate::backend::open(&backend, &LocalPaths::default()).await?;
        Ok(describe(&session::merged(&*store).await?))
    })
    .map_err(|e| failure("Failed to read the journal", e))?
}

fn describe(merged: &Merged) -> String {
    let mut text = String::new();
    for note in &merged.notes {
        let _ = writeln!(text, "{note}");
    }
    for open in &merged.unresolved {
        let b = &open.begun;
        let verb = match b.action {
            sdt_state::Action::Create => "create",
            sdt_state::Action::Update => "update",
            sdt_state::Action::Delete => "delete",
            sdt_state::Action::Read => "read",
        };
        let id = open.id_known.as_ref().and_then(|k| k.attributes["id"].as_str()).or(b.prior_id.as_deref());
        let id = id.map(|id| format!(", id {id}")).unwrap_or_default();
        let since = if b.time.is_empty() { String::new() } else { format!(", begun {}", b.time) };
        let _ = writeln!(text, "open: {verb} {}{id}{since}, token {}", b.address, b.token);
    }
    if merged.changed {
        text += "The journal knows outcomes that the stored state does not hold: plan and apply take them up, sdt recover -write does it now.\n";
    }
    if text.is_empty() { "Nothing is open: every run came to its end.\n".into() } else { text }
}

fn repair(app: &App, parsed: &Parsed, forget: &[&str]) -> Result<String, Diagnostics> {
    let backend = session::backend(app)?;
    let timeout = lock_timeout(parsed)?;
    app.block_on(async {
        let lock = parsed.is("lock", true);
        let held = session::hold(app, &backend, &LocalPaths::default(), "recover", lock, timeout).await?;
        let result = async {
            let merged = session::merged(&*held.store).await?;
            let mut entries = Vec::new();
            for address in forget {
                let open = merged.unresolved.iter().find(|u| u.begun.address.to_string() == **address);
                let Some(open) = open else {
                    let detail = format!("No action on {address} is open; sdt recover lists those that are.");
                    return Err(Diagnostic::error("Nothing to forget", detail).into());
                };
                entries.push(Entry::Failed(Failed {
                    token: open.begun.token.clone(),
                    message: "forgotten by hand".into(),
                    object: None,
                }));
            }
            if !entries.is_empty() {
                held.store
                    .journal_append(entries)
                    .await
                    .map_err(session::store_failure("Failed to write the journal"))?;
            }
            let merged = session::merged(&*held.store).await?;
            let base = held.store.read().await.map_err(session::store_failure("Failed to read state"))?.state;
            if merged.state.same_content(&base) {
                let keep = merged.keep();
                held.store.journal_clear(&keep).await.map_err(session::store_failure("Failed to clear the journal"))?;
            } else {
                held.write(&merged, &base, merged.state.clone()).await?;
            }
            let count = merged.unresolved.len();
            let left = if count == 0 { String::new() } else { format!(" {count} action(s) are still open.") };
            Ok(format!("The journal's outcomes are in the state.{left}\n"))
        }
        .await;
        let released = held.release().await;
        if released.has_errors() { Err(released) } else { result }
    })
    .map_err(|e| failure("Failed to recover", e))?
}
