//! `sdt init`

use sdt_config::{Config, LOCK_FILE, LockFile};
use sdt_diag::{Diagnostic, Diagnostics, Severity, SourceMap};
use sdt_state::{Migration, migrate};

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, option, switch};
use crate::backend::{self, Backend, LocalPaths};
use crate::commands::{COMMON, LOCKING, REMOTE, VARIABLES, get, lock_timeout, no_arguments};
use crate::load::{self, Project};
use crate::modules;
use crate::providers;
use crate::session::{self, store_failure};
use crate::ui::failure;

pub(crate) static COMMAND: Command = Command {
    name: "init",
    summary: "Make the working folder ready",
    usage: "[options]",
    about: "Checks that everything the configuration needs is there (modules, providers, backend) and notes in .terraform where it is. Safe to run at any time. Providers are built in: nothing is downloaded, and an existing .terraform.lock.hcl stays as it is.",
    flags: &[
        &[
            switch("backend", "Set the backend up (default true)."),
            option(
                "backend-config",
                "FILE or KEY=VALUE",
                "Settings laid over the backend block. May be given several times.",
            ),
            switch("reconfigure", "Take the backend as it is configured now, leaving the former state where it is."),
            switch("migrate-state", "Copy the state from the former backend to the new one."),
            switch("force-copy", "Copy without asking."),
            switch("upgrade", "Install modules anew, in the newest version that the configuration accepts."),
            switch("get", "Install modules (default true)."),
            switch("json", "Write one JSON message a line."),
            switch("input", "Ask where something is to be decided (default true)."),
            option("lockfile", "MODE", "Accepted and without effect."),
            option("plugin-dir", "PATH", "Accepted and without effect."),
            option("test-directory", "PATH", "Where further test files are (default tests)."),
            option("from-module", "SOURCE", "Copy a module into this empty folder first."),
        ],
        LOCKING,
        REMOTE,
        VARIABLES,
        COMMON,
    ],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "init") {
        return code;
    }
    let mut sources = SourceMap::default();
    let (diags, code) = match init(app, parsed, &mut sources) {
        Ok(warnings) => (warnings, OK),
        Err(errors) => (errors, FAILED),
    };
    app.ui.diagnostics(diags, &sources);
    if code == OK {
        const DONE: &str = "sdt has been successfully initialized!";
        let painted = format!("\n{}\n", app.ui.theme.paint(sdt_render::Style::Green, DONE));
        app.ui.step("output_init_success_message", if app.ui.json { DONE } else { &painted });
        if !app.env.in_automation() {
            app.ui.step("output_init_success_cli_message", "\n\"sdt plan\" shows what it would do. After changes of modules, providers or the backend run\n\"sdt init\" again; the other commands say so when it is needed.\n");
        }
    }
    code
}

fn init(app: &App, parsed: &Parsed, sources: &mut SourceMap) -> Result<Diagnostics, Diagnostics> {
    if parsed.on("reconfigure") && parsed.on("migrate-state") {
        return Err(failure("Invalid init options", "-reconfigure and -migrate-state exclude each other"));
    }
    crate::workspace::selected(&app.env)?;
    if let Some(source) = parsed.get("from-module") {
        if !load::is_empty_folder() {
            let detail = "-from-module needs a folder without configuration files, to copy the module into.";
            return Err(Diagnostic::error("Can't populate non-empty directory", detail).into());
        }
        app.ui.say(&format!("Copying configuration from {source:?}...\n\n"));
        modules::copy_here(app, source)?;
    }
    if load::is_empty_folder() {
        app.ui.step("output_init_empty_message", "sdt initialized in an empty directory!\n\nThe folder has no configuration files; sdt works as soon as there are some.\n");
        return Ok(Diagnostics::new());
    }
    let installs = parsed.is("get", true);
    let Project { loaded, sources: read } =
        if installs { load::install(app, parsed, parsed.on("upgrade")) } else { load::load(app, Some(parsed), false) };
    *sources = read;
    let mut warnings = loaded.diagnostics;
    warnings.extend(crate::testing::find(parsed, sources).map_or_else(|e| e, |(_, more)| more));
    if warnings.has_errors() {
        // Without module calls nothing but the configuration itself is looked at, and the headline says so.
        return Err(if loaded.config.root.has_calls { warnings } else { introduce(warnings, sources) });
    }
    if parsed.is("backend", true) {
        app.ui.step("initializing_backend_message", "\nInitializing the backend...\n");
        set_up(app, parsed, &loaded.config)?;
    }
    if installs {
        get::install(app, &loaded.manifest).map_err(|e| failure("Failed to write the module manifest", e))?;
    }
    app.ui.step("initializing_provider_plugin_message", "Initializing provider plugins...\n");
    let registry = providers::registry();
    builtin_without_version(&loaded.config)?;
    let mut found = providers::check(&loaded.config, None, &registry);
    if found.has_errors() {
        for d in found.0.iter_mut().filter(|d| d.summary == "Missing required provider") {
            d.summary = "Failed to query available provider packages".into();
        }
        return Err(found);
    }
    let locked = locked()?;
    for addr in loaded.config.required_providers().keys() {
        let Some(version) = registry.get(addr).and_then(|p| p.version()) else { continue };
        app.ui.say(&format!("- {} is built in and acts as v{version}\n", addr.for_display()));
        if let Some(locked) = locked.providers.get(addr).filter(|l| l.version.to_string() != version) {
            warnings.push(Diagnostic::warning(
                "Locked version differs from the built-in one",
                format!(
                    "{LOCK_FILE} says that {} is used at version {}; the one that is built in acts as {version}. Attributes that came or went between the two differ accordingly.",
                    addr.for_display(),
                    locked.version
                ),
            ));
        }
    }
    warnings.extend(found);
    Ok(warnings)
}

/// What is part of the program has no version of its own to be asked for.
fn builtin_without_version(config: &Config) -> Result<(), Diagnostics> {
    let mut diags = Diagnostics::new();
    for (addr, versions) in config.required_providers() {
        if addr.is_builtin() && !versions.is_empty() {
            let detail = format!(
                "{} is part of the program and has no version of its own: leave out {:?}.",
                addr.for_display(),
                versions.to_string()
            );
            diags.push(Diagnostic::error("Invalid dependency on built-in provider", detail));
        }
    }
    if diags.has_errors() { Err(diags) } else { Ok(()) }
}

/// What Terraform has noted about providers, if it was here.
fn locked() -> Result<LockFile, Diagnostics> {
    match std::fs::read_to_string(LOCK_FILE) {
        Ok(text) => LockFile::parse(&text),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(LockFile::default()),
        Err(e) => Err(failure("Failed to read the dependency lock file", format!("{LOCK_FILE}: {e}"))),
    }
}

/// Errors of the root module stand under a headline that says why nothing was initialized.
fn introduce(diags: Diagnostics, sources: &SourceMap) -> Diagnostics {
    let in_root = |d: &Diagnostic| {
        let late = [
            "Unreadable module directory",
            "Unsupported Terraform Core version",
            "Invalid required_version constraint",
            "Invalid import provider argument",
            "Module not installed",
        ];
        d.severity == Severity::Error
            && !late.contains(&&*d.summary)
            && d.subject.is_none_or(|s| sources.file(s.source).is_none_or(|f| !f.name.contains('/')))
    };
    if !diags.0.iter().any(in_root) {
        return diags;
    }
    let headline = Diagnostic::error(
        "Terraform encountered problems during initialisation, including problems\nwith the configuration, described below.",
        "The configuration must be valid before it can be told which modules and providers are needed.",
    );
    let mut out = Diagnostics(vec![headline]);
    out.extend(diags);
    out
}

fn set_up(app: &App, parsed: &Parsed, config: &Config) -> Result<(), Diagnostics> {
    let declared = backend::declared(config)?;
    let extra: Vec<&str> = parsed.all("backend-config").collect();
    let stored = Backend::stored(&app.env);
    let Some(declared) = declared else {
        if !extra.is_empty() {
            app.ui.diagnostics(
                Diagnostic::warning(
                    "Missing backend configuration",
                    "-backend-config was given, but the configuration has no backend block, so it has no effect.",
                )
                .into(),
                &SourceMap::default(),
            );
        }
        let Some(old) = stored else { return Ok(()) };
        change(app, parsed, Some(&old), &Backend::implied())?;
        note(app, None)?;
        app.ui.say(&format!("\nSuccessfully unset the backend {:?}. The state is local now.\n", old.kind));
        return Ok(());
    };
    let merged = backend::overlay(&declared, extra.iter().copied())?;
    let new = Backend::new(&declared, &merged);
    match &stored {
        Some(old) if old.kind == new.kind && old.hash == new.hash && (extra.is_empty() || old.config == new.config) => {
            // Nothing has changed; what was laid over the block before still counts.
            check(app, old)?;
            return Ok(());
        }
        None if parsed.on("reconfigure") => check(app, &new)?,
        None => {
            check(app, &new)?;
            adopt_local(app, parsed, &new)?;
        }
        Some(old) if old.kind == new.kind && old.config == new.config => check(app, &new)?,
        Some(old) => change(app, parsed, Some(old), &new)?,
    }
    note(app, Some(&new))?;
    app.ui.say(&format!(
        "\nSuccessfully configured the backend {:?}! sdt will use it until the\nbackend configuration changes.\n",
        new.kind
    ));
    Ok(())
}

fn note(app: &App, backend: Option<&Backend>) -> Result<(), Diagnostics> {
    Backend::store(&app.env, backend).map_err(|e| failure("Failed to note the backend", e))
}

/// Reads the state once: what is wrong with bucket, table or credentials shows now and not in the middle of an apply.
fn check(app: &App, backend: &Backend) -> Result<(), Diagnostics> {
    app.block_on(async {
        let store = backend::open(backend, &LocalPaths::default()).await?;
        store.read().await.map(drop).map_err(store_failure("Failed to read the state of the backend"))
    })
    .map_err(|e| failure("Failed to open the backend", e))?
}

/// A state that was local so far is offered to the new backend.
fn adopt_local(app: &App, parsed: &Parsed, new: &Backend) -> Result<(), Diagnostics> {
    if new.kind == "local" && new.describe() == "terraform.tfstate"
        || !std::path::Path::new("terraform.tfstate").exists()
    {
        return Ok(());
    }
    copy(app, parsed, &Backend::implied(), new)
}

/// Goes from one backend to another, as the flags say.
fn change(app: &App, parsed: &Parsed, old: Option<&Backend>, new: &Backend) -> Result<(), Diagnostics> {
    if parsed.on("reconfigure") {
        return check(app, new);
    }
    let Some(old) = old else { return check(app, new) };
    let asked = parsed.on("migrate-state") || parsed.on("force-copy");
    if !asked {
        let detail = format!(
            "The backend was {} ({}) and is {} ({}) now, so a state may have to move.\n\nsdt init -migrate-state copies it; sdt init -reconfigure uses the new backend and leaves the former state where it is.",
            old.kind,
            old.describe(),
            new.kind,
            new.describe()
        );
        return Err(Diagnostic::error("Backend configuration changed", detail).into());
    }
    copy(app, parsed, old, new)
}

fn copy(app: &App, parsed: &Parsed, old: &Backend, new: &Backend) -> Result<(), Diagnostics> {
    let timeout = lock_timeout(parsed)?;
    let force = parsed.on("force-copy");
    let ask = app.env.may_ask() && parsed.is("input", true) && !app.ui.json;
    app.block_on(async {
        let from = backend::open(old, &LocalPaths::default()).await?;
        let to = backend::open(new, &LocalPaths::default()).await?;
        let source = session::merged(&*from).await?.state;
        if source.is_empty() {
            return to.read().await.map(drop).map_err(store_failure("Failed to read the state of the backend"));
        }
        if !force {
            let question = format!(
                "Do you want to copy the existing state to the new backend?\n  From {} ({} resources) to {}.\n\n  Enter \"yes\" to copy and \"no\" to start with what is there.\n\n  Enter a value: ",
                from.location(),
                source.resources.len(),
                to.location()
            );
            // Whoever says -migrate-state and cannot be asked means it.
            if !ask && !parsed.on("migrate-state") {
                let detail = format!(
                    "{} holds a state. Say -migrate-state to copy it to {}, or -reconfigure to leave it there.",
                    from.location(),
                    to.location()
                );
                return Err(Diagnostic::error("An existing state has to be decided about", detail).into());
            }
            if ask && app.ui.ask(&question).as_deref() != Some("yes") {
                return to.read().await.map(drop).map_err(store_failure("Failed to read the state of the backend"));
            }
        }
        let request = parsed.is("lock", true).then(|| backend::lock_request(&app.env, "init", timeout));
        let mut result = migrate(&*from, &*to, request.as_ref(), force).await.map_err(store_failure("Failed to migrate state"))?;
        if let Migration::WouldOverwrite { from: (serial, _), to: (there, lineage) } = &result {
            let question = format!(
                "The new backend holds a state of its own (serial {there}, lineage {lineage}).\n  Replace it by the one with serial {serial}?\n\n  Enter a value: "
            );
            if !ask || app.ui.ask(&question).as_deref() != Some("yes") {
                let detail = format!("{} holds another state already; -force-copy replaces it.", to.location());
                return Err(Diagnostic::error("The new backend is not empty", detail).into());
            }
            let request = parsed.is("lock", true).then(|| backend::lock_request(&app.env, "init", timeout));
            result = migrate(&*from, &*to, request.as_ref(), true).await.map_err(store_failure("Failed to migrate state"))?;
        }
        match result {
            Migration::Copied { serial } => {
                app.ui.say(&format!("Copied the state (serial {serial}) from {} to {}.\n", from.location(), to.location()));
            }
            Migration::Same => app.ui.say("Both backends hold the same state already.\n"),
            Migration::NothingThere | Migration::WouldOverwrite { .. } => {}
        }
        Ok(())
    })
    .map_err(|e| failure("Failed to migrate state", e))?
}
