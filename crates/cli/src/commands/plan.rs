//! `sdt plan`

use sdt_diag::{Diagnostics, SourceMap};
use sdt_driver::Interrupt;

use crate::app::{App, CHANGES, Command, FAILED, OK};
use crate::args::{Parsed, option, switch};
use crate::commands::{COMMON, LOCAL_STATE, LOCKING, VARIABLES};
use crate::operation::{self, PLANNING, Planned, Ready, Wish};
use crate::session::Held;
use crate::ui::{Ui, failure};

pub(crate) static COMMAND: Command = Command {
    name: "plan",
    summary: "Show what would change",
    usage: "[options]",
    about: "Compares the configuration with the state and the real objects, and shows what apply would do. -out keeps the plan for exactly that apply.",
    flags: &[
        &[
            option("out", "FILE", "Write the plan to a file, for sdt apply FILE. It holds secrets."),
            switch("detailed-exitcode", "Exit with 2 when something would change, 0 when not, 1 on errors."),
            option(
                "generate-config-out",
                "PATH",
                "Write configuration into this new file for what import blocks name and nothing declares.",
            ),
        ],
        PLANNING,
        VARIABLES,
        LOCKING,
        LOCAL_STATE,
        COMMON,
    ],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    let ui = operation::ui(app, parsed);
    ui.open();
    if let Some(extra) = parsed.rest.first() {
        ui.error(
            "Too many command line arguments",
            format!("sdt plan takes no argument such as {extra:?}; -chdir={extra} works in that folder."),
        );
        return FAILED;
    }
    let generate = parsed.get("generate-config-out");
    if let Some(path) = generate.filter(|path| std::path::Path::new(path).exists()) {
        let detail = format!("{path} exists: configuration is only written into a new file.");
        ui.error("Target generated file already exists", detail);
        return FAILED;
    }
    let wish = match operation::wish(app, parsed, false) {
        Ok(mut wish) => {
            wish.options.generate = generate.is_some();
            wish.options.keep = parsed.get("out").is_some();
            wish
        }
        Err(diags) => return fail(&ui, diags, &SourceMap::default()),
    };
    let mut ready = match operation::prepare(app, parsed, &wish) {
        Ok(ready) => ready,
        Err((diags, sources)) => return fail(&ui, diags, &sources),
    };
    let interrupt = Interrupt::default();
    let result = app.block_on(async {
        let signals = operation::watch_signals(&interrupt);
        let held = operation::hold(app, &ready.backend, &wish, "OperationTypePlan", &interrupt).await?;
        let mut planned = operation::plan(app, &ui, &ready, &wish, &held, &interrupt).await;
        if let (Some(path), Ok(first)) = (generate, &planned)
            && !first.plan.generated.is_empty()
            && !first.diags.has_errors()
        {
            planned = with_generated(app, &ui, parsed, wish, &mut ready, &held, &interrupt, first, path).await;
        }
        let released = held.release().await;
        signals.abort();
        planned.map(|p| (p, released))
    });
    let (mut planned, released) = match result {
        Ok(Ok(done)) => done,
        Ok(Err(diags)) => return fail(&ui, diags, &ready.sources),
        Err(e) => return fail(&ui, failure("Failed to plan", e), &ready.sources),
    };
    operation::show(&ui, &planned);
    let mut diags = ready.warnings.clone();
    diags.extend(std::mem::take(&mut planned.diags));
    diags.extend(released);
    let Planned { plan, view, merged, base, library, .. } = planned;
    let changes = plan.has_changes();
    let out = parsed.get("out");
    // The process is about to end: giving back the memory of each object would only take time.
    std::mem::forget((view, merged, base));
    match out.filter(|_| !diags.has_errors()) {
        Some(path) => diags.extend(operation::save(app, &ready, plan, path).err().unwrap_or_default()),
        None => std::mem::forget(plan),
    }
    let failed = diags.has_errors();
    ui.diagnostics(diags, &library.sources());
    if failed {
        return FAILED;
    }
    advise(app, &ui, out, changes);
    if changes && parsed.on("detailed-exitcode") { CHANGES } else { OK }
}

/// Writes configuration for what is to be imported, and plans again with it.
#[allow(clippy::too_many_arguments, reason = "all of them are what one run consists of")]
async fn with_generated(
    app: &App,
    ui: &Ui,
    parsed: &Parsed,
    mut wish: Wish,
    ready: &mut Ready,
    held: &Held,
    interrupt: &Interrupt,
    first: &Planned,
    path: &str,
) -> Result<Planned, Diagnostics> {
    let mut text = String::from("# Review these blocks, and move them to where they belong.\n");
    for g in &first.plan.generated {
        text.push('\n');
        text += &sdt_render::resource_block(&g.addr, &g.id, &g.schema.block, &g.object);
    }
    let mut sources = SourceMap::default();
    let id = sources.add(path, text.as_bytes());
    let text = sdt_hcl::format(id, text.as_bytes())?;
    crate::backend::write_private(std::path::Path::new(path), &text)
        .map_err(|e| failure("Failed to write generated configuration", format!("{path}: {e}")))?;
    let name = std::path::Path::new(path).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let name = if name.ends_with(".tf") { name } else { format!("{name}.tf") };
    let project = crate::load::load_with(app, parsed, &name, &text);
    wish.options.generate = false;
    *ready = operation::prepare_project(app, parsed, &wish, project).map_err(|(diags, _)| diags)?;
    let mut planned = operation::plan(app, ui, ready, &wish, held, interrupt).await?;
    for view in &mut planned.view.changes {
        view.generated = first.plan.generated.iter().any(|g| g.addr == view.addr);
    }
    planned.diags.push(sdt_diag::Diagnostic::warning(
        "Configuration was generated",
        format!(
            "{path} holds what was found of the imported objects. Review it, secrets above all, before it is kept."
        ),
    ));
    Ok(planned)
}

fn fail(ui: &Ui, diags: Diagnostics, sources: &SourceMap) -> u8 {
    ui.diagnostics(diags, sources);
    FAILED
}

/// What to do with the plan.
fn advise(app: &App, ui: &Ui, out: Option<&str>, changes: bool) {
    let rule = "─".repeat(ui.theme.width.saturating_sub(1));
    match out {
        Some(path) if !changes => ui.say(&format!("\n{rule}\n\nSaved the plan to {path}; it changes nothing.\n")),
        Some(path) => ui.say(&format!("\n{rule}\n\nSaved the plan to: {path}\n\nThis performs exactly these actions:\n    sdt apply {path:?}\n")),
        None if changes && !app.env.in_automation() => ui.say(&format!(
            "\n{rule}\n\nThe plan was not kept (-out=FILE keeps it): sdt apply plans again and shows the result before it acts.\n"
        )),
        None => {}
    }
}
