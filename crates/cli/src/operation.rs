//! What plan, apply, destroy and drift share: reading the flags, loading, planning under the lock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sdt_addr::{ResourceInstance, Target};
use sdt_config::Config;
use sdt_diag::{Diagnostic, Diagnostics, SourceMap};
use sdt_driver::{Interrupt, Settings};
use sdt_engine::{PlanInput, PlanOptions, Variables};
use sdt_plan::file::PlanFile;
use sdt_plan::{Plan, PlanMode};
use sdt_provider::ProviderEnv;
use sdt_render::{Message, PlanView, Tally, plan_text};
use sdt_state::{Merged, State};
use serde_json::{Value as Json, json};

use crate::app::App;
use crate::args::{Flag, Parsed, option, switch};
use crate::backend::{self, Backend, LocalPaths};
use crate::clock;
use crate::commands::lock_timeout;
use crate::functions::Library;
use crate::load;
use crate::progress::Display;
use crate::providers::{self, Registry};
use crate::session::{self, Held};
use crate::ui::{Ui, failure};
use crate::vars;

/// Flags of everything that plans.
pub(crate) const PLANNING: &[Flag] = &[
    switch("destroy", "Plan to destroy everything that is managed."),
    switch("refresh-only", "Only take into the state what has changed outside."),
    switch("refresh", "Look at the real objects first (default true)."),
    option(
        "target",
        "ADDRESS",
        "Only this module, resource or instance, and what it needs. May be given several times.",
    ),
    option("target-file", "FILE", "As -target for each line of a file; # begins a comment."),
    option(
        "exclude",
        "ADDRESS",
        "Everything but this module, resource or instance and what depends on it. May be given several times.",
    ),
    option("exclude-file", "FILE", "As -exclude for each line of a file; # begins a comment."),
    option("replace", "ADDRESS", "Replace this instance whatever the difference. May be given several times."),
    switch(
        "allow-deferral",
        "Leave for a later run what cannot be planned yet: unknown count, for_each, or configuration of a provider.",
    ),
    option("parallelism", "N", "How many calls run at once (default 10)."),
    switch("input", "Ask for variables that have no value (default true)."),
    switch("compact-warnings", "Show warnings by their titles only."),
    switch("json", "Write one JSON message a line."),
    option("json-into", "FILE", "Write the messages of -json into a file, beside the text."),
    switch("concise", "Do not tell of every object that is looked at."),
    switch("stats", "Tell at the end which API calls were made, and how often."),
];

/// What the flags say.
pub(crate) struct Wish {
    pub(crate) options: PlanOptions,
    pub(crate) parallelism: usize,
    pub(crate) lock: bool,
    pub(crate) timeout: Duration,
    pub(crate) paths: LocalPaths,
    pub(crate) ask: bool,
}

/// Makes the way to speak from the flags.
pub(crate) fn ui(app: &App, parsed: &Parsed) -> Ui {
    let mut ui = Ui::new(app.ui.theme, app.ui.frame).with_json(parsed.on("json"));
    ui.compact = parsed.on("compact-warnings");
    ui.concise = parsed.on("concise");
    ui.warns_in_place = true;
    ui.stats = parsed.on("stats");
    if let Some(path) = parsed.get("json-into")
        && let Err(e) = ui.write_into(path)
    {
        ui.err(&format!("The messages cannot be written into {path}: {e}\n"));
    }
    ui
}

/// Reads the flags.
pub(crate) fn wish(app: &App, parsed: &Parsed, destroy: bool) -> Result<Wish, Diagnostics> {
    let mut diags = Diagnostics::new();
    let (destroy, refresh_only) = (destroy || parsed.on("destroy"), parsed.on("refresh-only"));
    let refresh = parsed.is("refresh", true);
    let allow_deferral = parsed.on("allow-deferral");
    if destroy && refresh_only {
        let detail = "-destroy and -refresh-only exclude each other.";
        diags.push(Diagnostic::error("Incompatible plan mode options", detail));
    }
    if refresh_only && !refresh {
        let detail = "-refresh=false leaves nothing to do for -refresh-only.";
        diags.push(Diagnostic::error("Incompatible refresh options", detail));
    }
    let (targets, more) = addresses(parsed, "target", "target-file");
    diags.extend(more);
    let (excludes, more) = addresses(parsed, "exclude", "exclude-file");
    diags.extend(more);
    if !targets.is_empty() && !excludes.is_empty() {
        let detail = "-target and -exclude say the same thing in opposite ways: give one of them.";
        diags.push(Diagnostic::error("Invalid combination of arguments", detail));
    }
    let mut replace = Vec::new();
    for text in parsed.all("replace") {
        match text.parse::<ResourceInstance>() {
            Ok(addr) => replace.push(addr),
            Err(e) => {
                let detail = format!("-replace={text:?}: {}", e.detail);
                diags.push(Diagnostic::error(format!("Invalid force-replace address {text:?}"), detail));
            }
        }
    }
    if !replace.is_empty() && (destroy || refresh_only) {
        let detail = "-replace has a meaning only in a normal plan, not with -destroy or -refresh-only.";
        diags.push(Diagnostic::error("Unsupported plan mode", detail));
    }
    let parallelism = match parsed.get("parallelism").unwrap_or("10").parse::<usize>() {
        // Terraform takes 0 for its default too.
        Ok(0) => 10,
        Ok(n) => n,
        Err(_) => {
            let detail = "-parallelism is a number of calls.";
            diags.push(Diagnostic::error("Failed to parse command-line flags", detail));
            10
        }
    };
    let timeout = lock_timeout(parsed).unwrap_or_else(|more| {
        diags.extend(more);
        Duration::ZERO
    });
    if diags.has_errors() {
        return Err(diags);
    }
    let mode = match (destroy, refresh_only) {
        (true, _) => PlanMode::Destroy,
        (_, true) => PlanMode::RefreshOnly,
        _ => PlanMode::Normal,
    };
    Ok(Wish {
        options: PlanOptions {
            mode,
            targets,
            excludes,
            replace,
            refresh,
            allow_deferral,
            evaluate_first: destroy,
            ..PlanOptions::default()
        },
        parallelism,
        lock: parsed.is("lock", true),
        timeout,
        paths: LocalPaths {
            state: parsed.get("state").map(str::to_owned),
            backup: parsed.get("backup").map(str::to_owned),
        },
        ask: parsed.is("input", true) && app.env.may_ask() && !parsed.on("json"),
    })
}

/// The addresses of a flag, and of the files of another one.
fn addresses(parsed: &Parsed, flag: &str, file_flag: &str) -> (Vec<Target>, Diagnostics) {
    let mut diags = Diagnostics::new();
    let mut texts: Vec<(String, String)> =
        parsed.all(flag).map(|text| (text.to_owned(), format!("-{flag}={text:?}"))).collect();
    for path in parsed.all(file_flag) {
        match std::fs::read_to_string(path) {
            Ok(content) => {
                for (i, line) in content.lines().enumerate() {
                    let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
                    if !line.is_empty() {
                        texts.push((line.to_owned(), format!("{path} line {}", i + 1)));
                    }
                }
            }
            Err(e) => diags.extend(failure("Failed to read file", format!("the file {path} of -{file_flag}: {e}"))),
        }
    }
    let mut found = Vec::new();
    for (text, origin) in texts {
        match text.parse::<Target>() {
            Ok(target) => found.push(target),
            Err(e) => {
                diags.push(Diagnostic::error(format!("Invalid {flag} {text:?}"), format!("{origin}: {}", e.detail)))
            }
        }
    }
    (found, diags)
}

/// Everything that is known before the state is looked at.
pub(crate) struct Ready {
    pub(crate) config: Config,
    pub(crate) sources: SourceMap,
    pub(crate) manifest: sdt_config::Manifest,
    pub(crate) variables: Variables,
    pub(crate) backend: Backend,
    pub(crate) registry: Arc<Registry>,
    /// Warnings so far.
    pub(crate) warnings: Diagnostics,
}

impl Ready {
    /// Nothing: for trying expressions in an empty folder.
    pub(crate) fn empty() -> Self {
        Self {
            config: Config { root: Arc::default() },
            sources: SourceMap::default(),
            manifest: sdt_config::Manifest::default(),
            variables: Variables::new(),
            backend: Backend::implied(),
            registry: Arc::new(providers::registry()),
            warnings: Diagnostics::new(),
        }
    }
}

/// Loads the configuration, finds the backend, collects variables.
///
/// # Errors
/// Diagnostics with the sources they refer to.
pub(crate) fn prepare(app: &App, parsed: &Parsed, wish: &Wish) -> Result<Ready, (Diagnostics, SourceMap)> {
    prepare_project(app, parsed, wish, load::load(app, Some(parsed), false))
}

/// The same for a configuration that is loaded already.
pub(crate) fn prepare_project(
    app: &App,
    parsed: &Parsed,
    wish: &Wish,
    project: load::Project,
) -> Result<Ready, (Diagnostics, SourceMap)> {
    let mut sources = project.sources;
    let loaded = project.loaded;
    if load::is_empty_folder() {
        let detail = "The folder has no configuration files. Without a configuration everything that the state knows would be destroyed; if that is meant, sdt destroy does it from any configuration, even an empty file.";
        return Err((Diagnostic::error("No configuration files", detail).into(), sources));
    }
    let mut warnings = loaded.diagnostics;
    if warnings.has_errors() {
        return Err((warnings, sources));
    }
    let registry = providers::registry();
    let missing = providers::check(&loaded.config, None, &registry);
    if missing.has_errors() {
        return Err((missing, sources));
    }
    let backend = match backend::current(&app.env, &loaded.config) {
        Ok(backend) if wish.paths.state.is_some() && backend.kind == "local" => backend,
        Ok(backend) => backend,
        Err(diags) => return Err((diags, sources)),
    };
    let (variables, diags) = vars::collect(app, &loaded.config, parsed, wish.ask, &mut sources);
    warnings.extend(diags);
    if warnings.has_errors() {
        return Err((warnings, sources));
    }
    Ok(Ready {
        config: loaded.config,
        sources,
        manifest: loaded.manifest,
        variables,
        backend,
        registry: Arc::new(registry),
        warnings,
    })
}

/// Settings of the driver.
pub(crate) fn settings(app: &App, parallelism: usize, interrupt: Interrupt) -> Settings {
    Settings {
        parallelism,
        env: ProviderEnv {
            vars: Arc::new(app.env.vars.clone()),
            home: app.env.home(),
            cwd: std::env::current_dir().unwrap_or_else(|_| app.env.cwd.clone()),
        },
        clock: Arc::new(clock::now_nanos),
        interrupt,
    }
}

/// Raises the interrupt on Ctrl-C and SIGTERM, and says what that means.
pub(crate) fn watch_signals(interrupt: &Interrupt) -> tokio::task::JoinHandle<()> {
    let interrupt = interrupt.clone();
    tokio::spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut int), Ok(mut term)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
            return;
        };
        loop {
            tokio::select! {
                Some(()) = int.recv() => {}
                Some(()) = term.recv() => {}
                else => return,
            }
            interrupt.raise();
            use std::io::Write as _;
            let text = if interrupt.count() == 1 {
                "\nInterrupt received: what is under way is brought to its end and saved, nothing new begins.\nA second interrupt ends at once; what was begun is then in the journal.\n\n"
            } else {
                "\nSecond interrupt: ending at once. The next run finds out what came of the calls under way.\n"
            };
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
    })
}

/// Waits until the user has asked to stop.
pub(crate) async fn interrupted(interrupt: &Interrupt) {
    while interrupt.count() == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Takes the state's lock, unless the user stops waiting for it.
pub(crate) async fn hold(
    app: &App,
    backend: &Backend,
    wish: &Wish,
    operation: &str,
    interrupt: &Interrupt,
) -> Result<Held, Diagnostics> {
    tokio::select! {
        held = session::hold(app, backend, &wish.paths, operation, wish.lock, wish.timeout) => held,
        () = interrupted(interrupt) => {
            Err(Diagnostic::error("Interrupted", "Waiting for the state's lock was stopped; nothing was done.").into())
        }
    }
}

/// A plan with what it was made from.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) view: PlanView,
    /// The stored state with the journal laid over it.
    pub(crate) merged: Merged,
    /// The state as stored.
    pub(crate) base: State,
    pub(crate) diags: Diagnostics,
    pub(crate) library: Arc<Library>,
}

/// Plans against a store that is held.
///
/// # Errors
/// When state or journal cannot be read, or need a provider that is not there.
pub(crate) async fn plan(
    app: &App,
    ui: &Ui,
    ready: &Ready,
    wish: &Wish,
    held: &Held,
    interrupt: &Interrupt,
) -> Result<Planned, Diagnostics> {
    // What is wrong whatever the values are comes first, as it does in Terraform: some of it shows only while values are unknown. It needs
    // no state, so it is looked for while that is under way.
    let library = Library::new(&app.env, ready.sources.clone(), None);
    let (config, registry) = (ready.config.clone(), ready.registry.clone());
    let env = engine_env(app, &library, &ready.backend.workspace);
    let validation = tokio::task::spawn_blocking(move || sdt_engine::validate(&config, registry, env));
    let (read, wrong) = futures::join!(session::read(&*held.store), validation);
    let (snapshot, entries) = read?;
    let base = snapshot.state.clone();
    let merged = sdt_state::overlay(snapshot, &entries);
    for note in &merged.notes {
        ui.err(&format!("Journal: {note}\n"));
    }
    let missing = providers::check(&ready.config, Some(&merged.state), &ready.registry);
    if missing.has_errors() {
        return Err(missing);
    }
    let wrong = wrong.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
    if wrong.has_errors() {
        let mut all = ready.warnings.clone();
        all.extend(wrong);
        return Err(all);
    }
    let now = time::OffsetDateTime::now_utc();
    let library = Library::new(&app.env, ready.sources.clone(), Some(now));
    let input = PlanInput {
        config: ready.config.clone(),
        state: merged.state.clone(),
        unresolved: merged.unresolved.clone(),
        variables: ready.variables.clone(),
        options: wish.options.clone(),
        providers: ready.registry.clone(),
        env: engine_env(app, &library, &ready.backend.workspace),
        timestamp: clock::now(),
    };
    let display = Display::new(ui, 0, false);
    let (mut plan, diags) =
        sdt_driver::plan(input, &settings(app, wish.parallelism, interrupt.clone()), &display).await;
    plan.base.journal = crate::saved_plan::journal_digest(&entries);
    display.finish();
    let registry = ready.registry.clone();
    let view = PlanView::of_changes(&plan, &|addr, mode, ty| providers::schema(&registry, addr, mode, ty));
    Ok(Planned { plan, view, merged, base, diags, library })
}

/// What expressions see beside the walk.
pub(crate) fn engine_env(app: &App, library: &Arc<Library>, workspace: &str) -> sdt_engine::Env {
    sdt_engine::Env {
        functions: library.clone(),
        workspace: workspace.into(),
        cwd: app.env.cwd.clone(),
        console: false,
    }
}

/// Shows a plan, with messages or as text.
pub(crate) fn show(ui: &Ui, planned: &Planned) {
    let view = &planned.view;
    if !ui.json {
        if !(planned.plan.errored && planned.plan.changes.iter().all(|c| !c.is_effective())) {
            ui.say(&plan_text(view, &ui.theme));
        }
        if !ui.wants_messages() {
            return;
        }
    }
    show_changes(ui, view);
    if !planned.plan.errored {
        ui.message(&Message::plan_summary(tally(&planned.plan)));
        if !view.outputs.is_empty() {
            ui.message(&Message::planned_outputs(view));
        }
    }
}

/// Tells programs what a plan changes.
pub(crate) fn show_changes(ui: &Ui, view: &PlanView) {
    for drift in &view.drift {
        ui.message(&Message::drift(drift));
    }
    for change in &view.changes {
        ui.message(&Message::planned_change(change));
    }
}

/// The numbers of a plan.
pub(crate) fn tally(plan: &Plan) -> Tally {
    let c = plan.counts();
    Tally { add: c.add, change: c.change, import: c.import, remove: c.remove }
}

/// Packs a plan file.
pub(crate) fn plan_file(ready: &Ready, plan: Plan) -> PlanFile {
    let mut sources = BTreeMap::new();
    for (_, file) in ready.sources.files() {
        if !file.name.starts_with('<') && !file.name.ends_with(".tfvars") && !file.name.ends_with(".tfvars.json") {
            sources.insert(file.name.to_string(), file.text.to_vec());
        }
    }
    let modules =
        ready.manifest.modules.iter().map(|(key, entry)| (key.clone(), entry.dir.display().to_string())).collect();
    PlanFile {
        id: backend::uuid(),
        plan,
        sources,
        modules,
        lock_file: std::fs::read(sdt_config::LOCK_FILE).ok(),
        backend: json!({"type": ready.backend.kind, "config": ready.backend.config}),
        workspace: ready.backend.workspace.clone(),
        schemas: Json::Null,
    }
}

/// The backend that a plan file was made with.
pub(crate) fn backend_of(file: &PlanFile) -> Backend {
    Backend {
        kind: file.backend["type"].as_str().unwrap_or("local").to_owned(),
        config: file.backend["config"].as_object().cloned().unwrap_or_default(),
        hash: 0,
        workspace: file.workspace.clone(),
    }
}

/// Writes a plan file for `-out`.
pub(crate) fn save(app: &App, ready: &Ready, plan: Plan, path: &str) -> Result<(), Diagnostics> {
    let infinite = crate::commands::apply::infinite_outputs(&plan, "Failed to write plan file");
    if infinite.has_errors() {
        return Err(infinite);
    }
    crate::saved_plan::write(&app.env, &plan_file(ready, plan), path)
}
