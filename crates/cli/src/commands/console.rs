//! `sdt console`

use std::io::BufRead as _;

use sdt_addr::ModuleInstance;
use sdt_diag::{Diagnostics, SourceMap};
use sdt_engine::{Console, Env};
use sdt_hcl::{ConsoleResult, TokenKind};
use sdt_render::{type_text, value_text};
use sdt_state::State;

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, option, switch};
use crate::backend::LocalPaths;
use crate::commands::{COMMON, VARIABLES, metadata, no_arguments};
use crate::functions::Library;
use crate::operation::{self, Ready};
use crate::prompt::{Input, Prompt};
use crate::session;

pub(crate) static COMMAND: Command = Command {
    name: "console",
    summary: "Try expressions",
    usage: "[options]",
    about: "Evaluates expressions against the configuration and the state, one a line; open brackets go on in the next line. From a pipe only the last result is written. It takes no lock and changes nothing.",
    flags: &[
        &[
            option("state", "PATH", "Use another local state file than terraform.tfstate."),
            option("scope", "MODULE", "Evaluate in a module: module.NAME."),
            switch("plan", "Accepted; values are those of the state."),
            switch("input", "Ask for variables that have no value (default true)."),
        ],
        VARIABLES,
        COMMON,
    ],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "console") {
        return code;
    }
    let wish = match operation::wish(app, parsed, false) {
        Ok(wish) => wish,
        Err(diags) => return crate::commands::fail(app, diags),
    };
    let (mut console, library) = match prepare(app, parsed, &wish) {
        Ok(ready) => ready,
        Err((diags, sources)) => {
            app.ui.diagnostics(diags, &sources);
            return FAILED;
        }
    };
    if let Some(scope) = parsed.get("scope") {
        let entered = scope.parse::<ModuleInstance>().is_ok_and(|m| console.enter(&m));
        if !entered {
            app.ui.error(
                "Invalid scope",
                format!("There is no module {scope:?}; a scope is written module.NAME, with its key where it has one."),
            );
            return FAILED;
        }
    }
    if app.env.stdin_tty { interactive(app, &mut console, &library) } else { piped(app, &mut console, &library) }
}

/// Evaluates what comes from a pipe; only the last result is written.
fn piped(app: &App, console: &mut Console, library: &Library) -> u8 {
    let mut last = None;
    let mut text = String::new();
    loop {
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(n) if n > 0 => {}
            _ => break,
        }
        text += &line;
        if open_brackets(&text) {
            continue;
        }
        let expression = std::mem::take(&mut text);
        match answer(console, library, expression.trim()) {
            Said::Nothing => {}
            Said::Text(shown) => last = Some(shown),
            Said::End => return OK,
            Said::Wrong(diags, sources) => {
                app.ui.diagnostics(diags, &sources);
                return FAILED;
            }
        }
    }
    if let Some(shown) = last {
        app.ui.out(&format!("{shown}\n"));
    }
    OK
}

/// Reads from a terminal, with history and completion.
fn interactive(app: &App, console: &mut Console, library: &Library) -> u8 {
    let mut names = console.names();
    names.extend(metadata::documented().iter().map(|f| format!("{}(", f.name)));
    names.sort();
    // Expressions may hold secrets: the history is for the user alone.
    let history = app.env.home().map(|home| home.join(".sdt_history"));
    let mut prompt = match Prompt::new(names, open_brackets, history) {
        Ok(prompt) => prompt,
        Err(e) => {
            app.ui.error("Failed to read from the terminal", e.to_string());
            return FAILED;
        }
    };
    loop {
        let text = match prompt.read() {
            Input::Text(text) => text,
            Input::Interrupted => continue,
            Input::End => return OK,
        };
        match answer(console, library, text.trim()) {
            Said::Nothing => {}
            Said::Text(shown) => app.ui.out(&format!("{shown}\n")),
            Said::End => return OK,
            Said::Wrong(diags, sources) => app.ui.diagnostics(diags, &sources),
        }
    }
}

/// What becomes of a line.
enum Said {
    Nothing,
    Text(String),
    End,
    Wrong(Diagnostics, SourceMap),
}

fn answer(console: &mut Console, library: &Library, text: &str) -> Said {
    match text {
        "" => return Said::Nothing,
        "exit" | "quit" => return Said::End,
        "help" => {
            return Said::Text(
                "Type an expression of the language. help NAME tells of a function; type(...) tells a type; exit, or the end of input, ends the console.".into(),
            );
        }
        _ => {}
    }
    if let Some(name) = text.strip_prefix("help ") {
        let found = metadata::documented().into_iter().find(|f| f.name == name.trim());
        return match found {
            Some(f) => Said::Text(format!("{}\n  {}", f.usage(), f.doc)),
            None => Said::Text(format!("There is no function {:?}.", name.trim())),
        };
    }
    match evaluate(console, library, text) {
        Ok(shown) => Said::Text(shown),
        Err((diags, sources)) => Said::Wrong(diags, sources),
    }
}

type Broken = (Diagnostics, SourceMap);

fn prepare(app: &App, parsed: &Parsed, wish: &operation::Wish) -> Result<(Console, std::sync::Arc<Library>), Broken> {
    if crate::load::is_empty_folder() {
        return make(app, Ready::empty(), State::default());
    }
    let ready = operation::prepare(app, parsed, wish)?;
    let paths = LocalPaths { state: parsed.get("state").map(str::to_owned), backup: None };
    let state = app
        .block_on(async {
            let store = crate::backend::open(&ready.backend, &paths).await?;
            Ok::<_, Diagnostics>(session::merged(&*store).await?.state)
        })
        .map_err(|e| crate::ui::failure("Failed to read state", e))
        .and_then(|r| r)
        .map_err(|diags| (diags, ready.sources.clone()))?;
    make(app, ready, state)
}

fn make(app: &App, ready: Ready, state: State) -> Result<(Console, std::sync::Arc<Library>), Broken> {
    let library = Library::new(&app.env, ready.sources, None);
    let workspace = ready.backend.workspace.as_str().into();
    let env = Env { functions: library.clone(), workspace, cwd: app.env.cwd.clone(), console: true };
    let (console, diags) = Console::new(ready.config, &state, ready.variables, ready.registry, env);
    if diags.has_errors() {
        return Err((diags, library.sources()));
    }
    app.ui.diagnostics(diags, &library.sources());
    Ok((console, library))
}

fn evaluate(console: &Console, library: &Library, text: &str) -> Result<String, Broken> {
    let id = library.add("<console-input>", text);
    let (expr, diags) = sdt_hcl::parse_expression(id, text.as_bytes(), 0);
    if diags.has_errors() {
        return Err((diags, library.sources()));
    }
    let (result, diags) = console.eval(&expr);
    if diags.has_errors() {
        return Err((diags, library.sources()));
    }
    Ok(match result {
        ConsoleResult::Value(value) => value_text(&value),
        ConsoleResult::Type(ty) => type_text(&ty),
    })
}

/// Whether a bracket, a template or a heredoc is still open, so that the expression goes on.
fn open_brackets(text: &str) -> bool {
    let mut depth = 0i32;
    let mut heredoc = 0i32;
    for token in sdt_hcl::scan(text.as_bytes(), sdt_hcl::Mode::Normal) {
        match token.kind {
            TokenKind::OParen
            | TokenKind::OBrack
            | TokenKind::OBrace
            | TokenKind::TemplateInterp
            | TokenKind::TemplateControl => {
                depth += 1;
            }
            TokenKind::CParen | TokenKind::CBrack | TokenKind::CBrace | TokenKind::TemplateSeqEnd => depth -= 1,
            TokenKind::OHeredoc => heredoc += 1,
            TokenKind::CHeredoc => heredoc -= 1,
            _ => {}
        }
    }
    depth > 0 || heredoc > 0
}
