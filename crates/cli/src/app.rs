//! From the arguments to a command: global options, `TF_CLI_ARGS`, help.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::future::Future;
use std::path::{Path, PathBuf};

use sdt_render::Frame;

use crate::args::{self, Flag, Parsed};
use crate::commands;
use crate::env::Env;
use crate::ui::Ui;

/// The command did what it was asked.
pub(crate) const OK: u8 = 0;
/// It failed.
pub(crate) const FAILED: u8 = 1;
/// It found differences, where that was the question.
pub(crate) const CHANGES: u8 = 2;

/// A command: a word, its flags and what runs.
pub(crate) struct Command {
    /// `plan`; with a blank for a subcommand: `state list`.
    pub(crate) name: &'static str,
    /// One line for the list of commands.
    pub(crate) summary: &'static str,
    /// What follows the name: `[options] [PLAN]`.
    pub(crate) usage: &'static str,
    /// A paragraph or two.
    pub(crate) about: &'static str,
    /// Its flags.
    pub(crate) flags: &'static [&'static [Flag]],
    /// Does it.
    pub(crate) run: fn(&App, &Parsed) -> u8,
}

/// What every command gets.
pub(crate) struct App {
    /// The surroundings.
    pub(crate) env: Env,
    /// How to speak.
    pub(crate) ui: Ui,
}

impl App {
    /// Runs asynchronous work to its end. The runtime starts only here.
    pub(crate) fn block_on<F: Future>(&self, work: F) -> Result<F::Output, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 8)))
            .enable_all()
            .build()
            .map_err(|e| format!("the asynchronous runtime does not start: {e}"))?;
        let out = runtime.block_on(work);
        // What still runs in the background has nothing to say any more.
        runtime.shutdown_background();
        Ok(out)
    }
}

/// Runs the program.
pub(crate) fn run(raw: Vec<OsString>) -> u8 {
    let env = Env::read();
    let mut argv = Vec::with_capacity(raw.len());
    for arg in raw {
        match arg.into_string() {
            Ok(arg) => argv.push(arg),
            Err(arg) => return complain(&env, &format!("The argument {} is not UTF-8 text.", arg.display())),
        }
    }
    match prepare(env, argv) {
        Ok((mut app, command, parsed)) => {
            // What init tells has no other form: its words become messages.
            app.ui.narrates = command.name == "init" && parsed.on("json");
            app.ui.json |= app.ui.narrates;
            (command.run)(&app, &parsed)
        }
        Err(code) => code,
    }
}

fn complain(env: &Env, text: &str) -> u8 {
    let ui = Ui::new(env.theme(true), Frame::Plain);
    ui.err(&format!("{text}\n"));
    FAILED
}

fn prepare(env: Env, argv: Vec<String>) -> Result<(App, &'static Command, Parsed), u8> {
    let (global, mut rest) = split_global(argv);
    let words = |name: &str| env.get(name).map(args::split_words).unwrap_or_else(|| Ok(Vec::new()));
    let extra = words("TF_CLI_ARGS").map_err(|e| complain(&env, &format!("TF_CLI_ARGS cannot be read: {e}.")))?;
    // Flags of TF_CLI_ARGS stand right behind the command.
    let Some((command, consumed)) = find(&rest) else {
        if let Some(code) = no_command(&env, &global, &rest) {
            return Err(code);
        }
        return Err(FAILED);
    };
    rest.drain(..consumed);
    let var = format!("TF_CLI_ARGS_{}", command.name.replace([' ', '-'], "_"));
    let own = words(&var).map_err(|e| complain(&env, &format!("{var} cannot be read: {e}.")))?;
    let args: Vec<String> = own.into_iter().chain(extra).chain(rest).collect();
    enter(&env, &global).map_err(|e| complain(&env, &e))?;
    let no_color = args.iter().any(|a| matches!(a.as_str(), "-no-color" | "--no-color" | "-no-color=true"));
    let theme = env.theme(no_color);
    let frame = if no_color { Frame::Plain } else { Frame::Box };
    let ui = Ui::new(theme, frame);
    if global.help {
        ui.out(&help(command));
        return Err(OK);
    }
    let json = args.iter().any(|a| matches!(a.as_str(), "-json" | "--json" | "-json=true"));
    match args::parse(command.flags, &args) {
        Ok(parsed) if parsed.help => {
            ui.out(&help(command));
            Err(OK)
        }
        Ok(parsed) => {
            start_log(&env);
            tracing::info!(command = command.name, version = env!("CARGO_PKG_VERSION"), "start");
            Ok((App { env, ui }, command, parsed))
        }
        Err(text) => {
            let ui = ui.with_json(json);
            ui.error("Failed to parse command-line flags", text);
            if !ui.json {
                ui.err(&format!("\nFor more help on using this command, run:\n  sdt {} -help\n", command.name));
            }
            Err(FAILED)
        }
    }
}

/// Options before the command.
#[derive(Default)]
struct Global {
    chdir: Option<String>,
    env: Option<String>,
    help: bool,
    version: bool,
    unknown: Option<String>,
}

fn split_global(argv: Vec<String>) -> (Global, Vec<String>) {
    let mut global = Global::default();
    let mut rest = Vec::new();
    let mut args = argv.into_iter().peekable();
    while let Some(arg) = args.next() {
        let Some(body) = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')) else {
            rest.push(arg);
            break;
        };
        match body.split_once('=').map_or((body, None), |(n, v)| (n, Some(v.to_owned()))) {
            ("chdir", value) => global.chdir = value.or_else(|| args.next()),
            ("env", value) => global.env = value.or_else(|| args.next()),
            ("help" | "h", _) => global.help = true,
            ("version" | "v", _) => global.version = true,
            _ => global.unknown = Some(arg.clone()),
        }
    }
    // `--env` may also stand behind the command, where no command has a flag of that name.
    let mut tail = Vec::new();
    while let Some(arg) = args.next() {
        let body = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-'));
        match body {
            Some("env") => global.env = args.next(),
            Some(body) if body.starts_with("env=") => global.env = Some(body[4..].to_owned()),
            _ => tail.push(arg),
        }
    }
    rest.extend(tail);
    (global, rest)
}

/// The command that the first words name, and how many words that are.
fn find(words: &[String]) -> Option<(&'static Command, usize)> {
    let first = words.first()?;
    if let Some(second) = words.get(1) {
        let name = format!("{first} {second}");
        if let Some(c) = commands::ALL.iter().find(|c| c.name == name) {
            return Some((c, 2));
        }
    }
    commands::ALL.iter().find(|c| c.name == first).map(|c| (*c, 1))
}

/// What to say when no command was found.
fn no_command(env: &Env, global: &Global, words: &[String]) -> Option<u8> {
    let ui = Ui::new(env.theme(false), Frame::Box);
    if let Some(flag) = &global.unknown {
        ui.err(&format!("The option {flag} is unknown before a command; a command's own options follow it.\n"));
        return Some(FAILED);
    }
    if global.version {
        return Some(commands::print_version(&ui, false));
    }
    let Some(first) = words.first() else {
        ui.out(&overview());
        return Some(if global.help { OK } else { 127 });
    };
    let names: Vec<_> = commands::ALL.iter().map(|c| c.name).collect();
    let group: Vec<_> = commands::ALL.iter().filter(|c| c.name.starts_with(&format!("{first} "))).collect();
    if !group.is_empty() {
        let given = words.get(1).filter(|w| !w.starts_with('-'));
        let mut text = String::new();
        if let Some(given) = given {
            let subs: Vec<_> = group.iter().filter_map(|c| c.name.split_once(' ')).map(|(_, s)| s).collect();
            let hint = args::nearest(given, &subs).map(|n| format!(" Did you mean \"{n}\"?")).unwrap_or_default();
            let _ = writeln!(text, "sdt {first} has no subcommand named {given:?}.{hint}\n");
        }
        let _ = writeln!(text, "Usage: sdt {first} <subcommand> [options] [args]\n\nSubcommands:");
        for c in group {
            let _ = writeln!(text, "  {:14} {}", c.name.split_once(' ').map_or("", |(_, s)| s), c.summary);
        }
        ui.err(&text);
        return Some(if global.help { OK } else { FAILED });
    }
    let hint = args::nearest(first, &names).map(|n| format!(" Did you mean \"{n}\"?")).unwrap_or_default();
    ui.err(&format!("sdt has no command named {first:?}.{hint}\n\nTo see all of sdt's commands, run:\n  sdt -help\n"));
    Some(FAILED)
}

/// Goes to the folder that `-chdir` or `--env` names.
fn enter(env: &Env, global: &Global) -> Result<(), String> {
    let dir = match (&global.chdir, &global.env) {
        (Some(_), Some(_)) => return Err("-chdir and --env both say where to work: give one of them.".into()),
        (Some(dir), None) => PathBuf::from(dir),
        (None, Some(name)) => environment(&env.cwd, name)?,
        (None, None) => return Ok(()),
    };
    std::env::set_current_dir(&dir).map_err(|e| format!("The folder {} cannot be entered: {e}.", dir.display()))
}

/// `envs/NAME` of the nearest folder upwards that has `envs`.
fn environment(cwd: &Path, name: &str) -> Result<PathBuf, String> {
    let Some(root) = cwd.ancestors().find(|d| d.join("envs").is_dir()) else {
        return Err(format!("--env {name}: neither {} nor any folder above it has a folder envs.", cwd.display()));
    };
    let dir = root.join("envs").join(name);
    if !name.is_empty() && !name.contains(['/', '\\']) && name != ".." && dir.is_dir() {
        return Ok(dir);
    }
    let mut names: Vec<String> = std::fs::read_dir(root.join("envs"))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|e| e.path().is_dir())
        .filter_map(|e| e.file_name().into_string().ok())
        .collect();
    names.sort();
    Err(format!(
        "There is no environment {name:?} in {}; there are: {}.",
        root.join("envs").display(),
        names.join(", ")
    ))
}

fn help(command: &Command) -> String {
    let mut out = format!("Usage: sdt [global options] {} {}\n\n", command.name, command.usage);
    let _ = writeln!(out, "{}", sdt_render::wrap(command.about, 78));
    let flags: Vec<Flag> = command.flags.iter().flat_map(|g| g.iter()).copied().collect();
    if !flags.is_empty() {
        let _ = write!(out, "\nOptions:\n\n{}", args::flag_table(&flags));
    }
    out
}

fn overview() -> String {
    let mut out = String::from(
        "Usage: sdt [global options] <command> [args]\n\nsdt does Terraform's job in one program that manages AWS itself.\n\nCommands:\n",
    );
    for c in commands::ALL {
        let _ = writeln!(out, "  {:14} {}", c.name, c.summary);
    }
    out + "\nGlobal options (before the command):\n  -chdir=DIR     Work in another folder.\n  --env NAME     Work in envs/NAME of the repository.\n  -help          Show this, or help on a command.\n  -version       Show the version.\n"
}

/// Writes a log to standard error when `TF_LOG` asks for one.
fn start_log(env: &Env) {
    let Some(level) = env.get("TF_LOG").filter(|l| !l.eq_ignore_ascii_case("off")) else { return };
    let json = level.eq_ignore_ascii_case("json");
    let level = if json { "trace".to_owned() } else { level.to_lowercase() };
    // What libraries below us log may hold secrets (requests, headers): only our own crates speak.
    let filter = tracing_subscriber::EnvFilter::new(format!("sdt={level}"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    let writer: Box<dyn Fn() -> Box<dyn std::io::Write> + Send + Sync> = match env.get("TF_LOG_PATH").map(PathBuf::from)
    {
        Some(path) => Box::new(move || match std::fs::OpenOptions::new().create(true).append(true).open(&path) {
            Ok(file) => Box::new(file),
            Err(_) => Box::new(std::io::stderr()),
        }),
        None => Box::new(|| Box::new(std::io::stderr())),
    };
    let done =
        if json { builder.json().with_writer(writer).try_init() } else { builder.with_writer(writer).try_init() };
    drop(done);
}
