//! `sdt apply` and `sdt destroy`

use std::sync::Arc;

use sdt_config::Config;
use sdt_diag::{Diagnostic, Diagnostics, SourceMap};
use sdt_driver::{Interrupt, Persistence};
use sdt_engine::{ApplyInput, Variables};
use sdt_plan::{Action, Plan, PlanMode};
use sdt_render::{Message, PlanView, Style, apply_summary_text, outputs_text};
use sdt_state::{LockInfo, Merged, State, v4};

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Flag, Parsed, option, switch};
use crate::backend;
use crate::commands::{COMMON, LOCAL_STATE, LOCKING, VARIABLES};
use crate::functions::Library;
use crate::operation::{self, PLANNING, Ready, Wish};
use crate::progress::Display;
use crate::providers::{self, Registry};
use crate::session::{self, Held};
use crate::ui::{Ui, failure};
use crate::vars;

const APPLYING: &[Flag] = &[
    switch("auto-approve", "Do not ask before acting."),
    option("state-out", "PATH", "Accepted; the state is written where it was read."),
];

pub(crate) static APPLY: Command = Command {
    name: "apply",
    summary: "Make reality what the configuration says",
    usage: "[options] [PLAN]",
    about: "Plans, shows the plan, asks, and does it; with a plan file it does what that plan says and nothing else. Ctrl-C once ends gracefully and saves.",
    flags: &[APPLYING, PLANNING, VARIABLES, LOCKING, LOCAL_STATE, COMMON],
    run: |app, parsed| run(app, parsed, false),
};

pub(crate) static DESTROY: Command = Command {
    name: "destroy",
    summary: "Destroy everything that is managed",
    usage: "[options]",
    about: "Plans the destruction of all objects in the state, shows the plan, asks, and does it. The same as apply -destroy.",
    flags: &[APPLYING, PLANNING, VARIABLES, LOCKING, LOCAL_STATE, COMMON],
    run: |app, parsed| run(app, parsed, true),
};

fn run(app: &App, parsed: &Parsed, destroy: bool) -> u8 {
    let ui = operation::ui(app, parsed);
    ui.open();
    let mut sources = SourceMap::default();
    let result = match parsed.rest.as_slice() {
        [] => fresh(app, &ui, parsed, destroy, &mut sources),
        [_] if destroy => Err(failure(
            "Unexpected argument",
            "sdt destroy takes no plan file: make one with plan -destroy and apply that",
        )),
        [path] => saved(app, &ui, parsed, path, &mut sources),
        _ => Err(failure("Too many command line arguments", "sdt apply takes at most one argument, a plan file")),
    };
    match result {
        Ok(diags) => {
            let failed = diags.has_errors();
            ui.diagnostics(diags, &sources);
            if failed { FAILED } else { OK }
        }
        Err(diags) => {
            ui.diagnostics(diags, &sources);
            FAILED
        }
    }
}

/// What an apply needs beside the plan.
struct Job<'a> {
    app: &'a App,
    ui: &'a Ui,
    config: &'a Config,
    variables: Variables,
    registry: Arc<Registry>,
    library: Arc<Library>,
    parallelism: usize,
    workspace: &'a str,
    /// Whether the result is told by somebody else.
    quiet: bool,
    /// Whether the plan comes from a file.
    saved: bool,
    /// Whether the objects are looked at once more, since time has passed.
    verify: bool,
    /// What is to be said before the result.
    warnings: Diagnostics,
}

fn fresh(
    app: &App,
    ui: &Ui,
    parsed: &Parsed,
    destroy: bool,
    sources: &mut SourceMap,
) -> Result<Diagnostics, Diagnostics> {
    let wish = operation::wish(app, parsed, destroy)?;
    let approved = parsed.on("auto-approve");
    if !approved && (ui.json || !app.env.may_ask() || !parsed.is("input", true)) {
        let detail = "Nobody can be asked here: give -auto-approve, or a plan file that was looked at before.";
        let title = if ui.json { "Plan file or auto-approve required" } else { "Approval is required" };
        return Err(Diagnostic::error(title, detail).into());
    }
    let ready = operation::prepare(app, parsed, &wish).map_err(|(diags, read)| {
        *sources = read;
        diags
    })?;
    *sources = ready.sources.clone();
    let approval = if approved { Approval::Given } else { Approval::Asked };
    carry_out(app, ui, &wish, &ready, approval, sources)
}

/// Who says that a plan is to be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Approval {
    /// The user is asked.
    Asked,
    /// The user has said so.
    Given,
    /// As given, and the plan is not even shown: a command that does one thing.
    Silent,
}

/// Plans and applies under the state's lock.
///
/// # Errors
/// Diagnostics, none when the user declined.
pub(crate) fn carry_out(
    app: &App,
    ui: &Ui,
    wish: &Wish,
    ready: &Ready,
    approval: Approval,
    sources: &mut SourceMap,
) -> Result<Diagnostics, Diagnostics> {
    let interrupt = Interrupt::default();
    app.block_on(async {
        let signals = operation::watch_signals(&interrupt);
        let held = operation::hold(app, &ready.backend, wish, "OperationTypeApply", &interrupt).await?;
        let result = plan_and_apply(app, ui, ready, wish, &held, &interrupt, approval, sources).await;
        let released = held.release().await;
        signals.abort();
        let mut diags = ready.warnings.clone();
        match result {
            Ok(more) => diags.extend(more),
            Err(more) => {
                diags.extend(more);
                diags.extend(released);
                return Err(diags);
            }
        }
        diags.extend(released);
        Ok(diags)
    })
    .map_err(|e| failure("Failed to apply", e))?
}

#[allow(clippy::too_many_arguments, reason = "all of them are what one run consists of")]
async fn plan_and_apply(
    app: &App,
    ui: &Ui,
    ready: &Ready,
    wish: &Wish,
    held: &Held,
    interrupt: &Interrupt,
    approval: Approval,
    sources: &mut SourceMap,
) -> Result<Diagnostics, Diagnostics> {
    let mut planned = operation::plan(app, ui, ready, wish, held, interrupt).await?;
    *sources = planned.library.sources();
    if approval != Approval::Silent {
        operation::show(ui, &planned);
    }
    if !wish.options.imports.is_empty() {
        // An import touches that object only.
        planned.plan.targets.clear();
        planned.plan.outputs.clear();
    }
    let mut diags = planned.diags.clone();
    if planned.plan.errored {
        return Err(diags);
    }
    let mode = planned.plan.mode;
    if planned.plan.has_changes() && approval == Approval::Asked {
        // Warnings belong before the question.
        ui.diagnostics(std::mem::take(&mut diags), sources);
        let answer = tokio::select! {
            answer = tokio::task::spawn_blocking({
                let (terminal, question) = (Ui::new(ui.theme, ui.frame), question(mode, &planned.plan));
                move || terminal.ask(&question)
            }) => answer.ok().flatten(),
            () = operation::interrupted(interrupt) => None,
        };
        if answer.as_deref() != Some("yes") {
            ui.say(if mode == PlanMode::Destroy { "\nDestroy cancelled.\n" } else { "\nApply cancelled.\n" });
            return Err(Diagnostics::new());
        }
        ui.say("\n");
    }
    let job = Job {
        app,
        ui,
        config: &ready.config,
        variables: ready.variables.clone(),
        registry: ready.registry.clone(),
        library: planned.library.clone(),
        parallelism: wish.parallelism,
        workspace: &ready.backend.workspace,
        quiet: approval == Approval::Silent,
        saved: false,
        // Who was asked may have taken his time.
        verify: approval == Approval::Asked && wish.options.refresh,
        // What checks come to is found out again.
        warnings: Diagnostics(diags.into_iter().filter(|d| !d.of_check).collect()),
    };
    let result = execute(&job, planned.plan, planned.merged, planned.base, held, interrupt).await;
    *sources = planned.library.sources();
    Ok(result)
}

/// The question, with the numbers of the plan: its summary may have scrolled away under the changes of outputs.
fn question(mode: PlanMode, plan: &Plan) -> String {
    let t = operation::tally(plan);
    let import = if t.import > 0 { format!("{} to import, ", t.import) } else { String::new() };
    let numbers = format!("{import}{} to add, {} to change, {} to destroy", t.add, t.change, t.remove);
    match mode {
        PlanMode::Destroy => format!(
            "\nDo you really want to destroy all resources?\n  sdt will destroy everything shown above ({} to destroy). There is no undo.\n  Only 'yes' will be accepted to confirm.\n\n  Enter a value: ",
            t.remove
        ),
        PlanMode::RefreshOnly => "\nWould you like to update the state to reflect these detected changes?\n  No real object is touched. Only 'yes' will be accepted to confirm.\n\n  Enter a value: ".into(),
        PlanMode::Normal => format!(
            "\nDo you want to perform these actions?\n  sdt will perform the actions described above ({numbers}).\n  Only 'yes' will be accepted to approve.\n\n  Enter a value: "
        ),
    }
}

fn saved(app: &App, ui: &Ui, parsed: &Parsed, path: &str, sources: &mut SourceMap) -> Result<Diagnostics, Diagnostics> {
    let title = || format!("Failed to load {path:?} as a plan file");
    let bytes = std::fs::read(path).map_err(|e| failure(title(), format!("the file {path} cannot be read: {e}")))?;
    let file =
        crate::saved_plan::unpack(&app.env, &bytes).map_err(|e| failure(title(), format!("the file {path}: {e}")))?;
    for flag in ["destroy", "refresh-only", "target", "target-file", "exclude", "exclude-file", "replace"] {
        if parsed.get(flag).is_some() {
            let detail = format!("-{flag} belongs to planning: the plan file {path} is already made.");
            return Err(Diagnostic::error("Incompatible command line options", detail).into());
        }
    }
    let selected = crate::workspace::selected(&app.env)?;
    if selected != file.workspace {
        let detail = format!(
            "The plan was made in the workspace {:?}, the selected one is {selected:?}. Select the plan's workspace, or plan again.",
            file.workspace
        );
        return Err(Diagnostic::error("Plan file can't be applied in this workspace", detail).into());
    }
    let wish = operation::wish(app, parsed, false)?;
    let (loaded, read) = crate::config_json::load(&file);
    *sources = read;
    if loaded.diagnostics.has_errors() {
        return Err(loaded.diagnostics);
    }
    if file.plan.errored {
        return Err(failure("The plan cannot be applied", "planning had failed: make the plan again"));
    }
    let idle = file.plan.mode == PlanMode::RefreshOnly && !file.plan.has_changes();
    if idle && file.plan.outputs.values().any(|o| o.action != Action::NoOp) {
        let detail =
            "Its outputs cannot be stored without a change of the objects they come from: plan without -refresh-only.";
        return Err(Diagnostic::error("Cannot apply non-applyable plan", detail).into());
    }
    let mut warnings = loaded.diagnostics;
    let (variables, diags) = vars::for_plan(app, &loaded.config, parsed, &file.plan, sources);
    if diags.has_errors() {
        return Err(diags);
    }
    warnings.extend(diags);
    let registry = Arc::new(providers::registry());
    let backend = operation::backend_of(&file);
    let interrupt = Interrupt::default();
    let library = Library::new(&app.env, sources.clone(), plan_time(&file.plan));
    let result = app.block_on(async {
        let signals = operation::watch_signals(&interrupt);
        let held = operation::hold(app, &backend, &wish, "OperationTypeApply", &interrupt).await?;
        let result = async {
            let snapshot = held.store.read().await.map_err(session::store_failure("Failed to read state"))?;
            let base = snapshot.state.clone();
            let entries =
                held.store.journal_read().await.map_err(session::store_failure("Failed to read the journal"))?;
            let merged = sdt_state::overlay(snapshot, &entries);
            crate::saved_plan::check(&app.env, &file, &merged, &entries)?;
            crate::saved_plan::consume(&app.env, &file);
            let job = Job {
                app,
                ui,
                config: &loaded.config,
                variables,
                registry,
                library: library.clone(),
                parallelism: wish.parallelism,
                workspace: &backend.workspace,
                quiet: false,
                saved: true,
                verify: wish.options.refresh,
                warnings,
            };
            if ui.wants_messages() {
                let registry = &job.registry;
                let schema = |addr: &_, mode, ty: &_| providers::schema(registry, addr, mode, ty);
                operation::show_changes(ui, &PlanView::of_changes(&file.plan, &schema));
            }
            Ok::<_, Diagnostics>(execute(&job, file.plan, merged, base, &held, &interrupt).await)
        }
        .await;
        let released = held.release().await;
        signals.abort();
        match result {
            Ok(mut diags) => {
                diags.extend(released);
                Ok(diags)
            }
            Err(mut diags) => {
                diags.extend(released);
                Err(diags)
            }
        }
    });
    *sources = library.sources();
    result.map_err(|e| failure("Failed to apply", e))?
}

/// The time that `plantimestamp` gave.
fn plan_time(plan: &Plan) -> Option<time::OffsetDateTime> {
    time::OffsetDateTime::parse(&plan.timestamp, &time::format_description::well_known::Rfc3339).ok()
}

/// Does what the plan says, and tells what came of it.
async fn execute(
    job: &Job<'_>,
    plan: Plan,
    merged: Merged,
    base: State,
    held: &Held,
    interrupt: &Interrupt,
) -> Diagnostics {
    let (ui, mode) = (job.ui, plan.mode);
    let infinite = infinite_outputs(&plan, "Failed to save state");
    if infinite.has_errors() {
        return infinite;
    }
    let rises = job.saved && plan.has_changes();
    let total: usize = plan
        .changes
        .iter()
        .map(|c| match c.action {
            Action::NoOp | Action::Forget | Action::Read => 0,
            Action::Replace(_) => 2,
            _ => 1,
        })
        .sum();
    let imported = plan.counts().import;
    let live = job.app.env.stdout_tty && job.app.env.stderr_tty;
    let display = Display::new(ui, total, live);
    let lineage = if merged.state.lineage.is_empty() { backend::uuid() } else { merged.state.lineage.clone() };
    let input = ApplyInput {
        plan,
        config: job.config.clone(),
        variables: job.variables.clone(),
        providers: job.registry.clone(),
        env: operation::engine_env(job.app, &job.library, job.workspace),
        run_id: backend::uuid(),
        lineage,
        verify: job.verify,
    };
    let lock = held.lock.as_ref().map_or_else(LockInfo::default, |l| l.info.clone());
    let persistence = Persistence {
        store: held.store.clone(),
        base,
        revision: merged.revision.clone(),
        lock,
        shared_journal: merged.is_shared(),
        rises,
    };
    let settings = operation::settings(job.app, job.parallelism, interrupt.clone());
    let work = sdt_driver::apply(input, Some(&persistence), &settings, &display);
    tokio::pin!(work);
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(1));
    let outcome = loop {
        tokio::select! {
            outcome = &mut work => break outcome,
            _ = tick.tick(), if live => display.refresh(),
        }
    };
    display.finish();
    let mut diags = job.warnings.clone();
    diags.extend(outcome.diags);
    if let Err(e) = outcome.saved {
        diags.extend(rescue(&outcome.state, &e));
    }
    if diags.has_errors() || job.quiet {
        return diags;
    }
    ui.diagnostics(std::mem::take(&mut diags), &job.library.sources());
    let mut tally = display.tally();
    tally.import = imported;
    // As in Terraform, what a file plans is applied, be it a destruction.
    let destroy = mode == PlanMode::Destroy && !job.saved;
    ui.say(&format!(
        "\n{}\n",
        ui.theme.paint(Style::Green, &ui.theme.paint(Style::Bold, &apply_summary_text(tally, destroy)))
    ));
    ui.message(&Message::apply_summary(tally, destroy));
    if !destroy {
        if !outcome.state.outputs.is_empty() {
            ui.say(&format!("\nOutputs:\n\n{}", outputs_text(&outcome.state)));
        }
        ui.message(&Message::outputs(&outcome.state));
    }
    diags
}

/// A state cannot hold an infinite number. Found out before anything is done, it does no harm.
pub(crate) fn infinite_outputs(plan: &Plan, summary: &str) -> Diagnostics {
    let mut diags = Diagnostics::new();
    for (name, output) in &plan.outputs {
        let mut infinite = false;
        output.after.walk(&mut |_, v| {
            infinite |= v.as_number().is_some_and(sdt_value::Number::is_infinite);
            !infinite
        });
        if infinite {
            let detail =
                format!("The output \"{name}\" holds an infinite number, which a state cannot hold. Nothing was done.");
            diags.push(Diagnostic::error(summary, detail));
        }
    }
    diags
}

/// The state could not be written where it belongs: it is kept beside the configuration, or where temporary files are.
fn rescue(state: &State, error: &sdt_state::StoreError) -> Diagnostics {
    let mut diags = failure("Failed to save state", error);
    let beside = std::path::PathBuf::from("errored.tfstate");
    let elsewhere = std::env::temp_dir().join(format!("errored-{}-{}.tfstate", state.lineage, state.serial));
    let text = v4::write(state);
    let mut problems = Vec::new();
    for path in [beside, elsewhere] {
        match backend::write_private(&path, &text) {
            Ok(()) => {
                let path = path.display();
                diags.push(Diagnostic::error(
                    "Failed to persist state to backend",
                    format!("What was done is kept in the local file {path}. When the backend works again, \"sdt state push {path}\" puts it there. What the journal knows of it, the next sdt run takes up by itself."),
                ));
                return diags;
            }
            Err(e) => problems.push(format!("{}: {e}", path.display())),
        }
    }
    diags.push(Diagnostic::error(
        "Failed to create local state file",
        format!("The state could not be kept anywhere else ({}). Objects that exist outside are in the journal, and the next sdt run takes them up. What lives in the state alone, as generated passwords do, is lost.", problems.join("; ")),
    ));
    diags
}
