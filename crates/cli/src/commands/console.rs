//! `sdt console`

use std::io::BufRead as _;

use sdt_diag::{Diagnostics, SourceMap};
use sdt_engine::{Console, Env};
use sdt_hcl::{ConsoleResult, TokenKind};
use sdt_render::{type_text, value_text};
use sdt_state::State;

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, option, switch};
use crate::backend::LocalPaths;
use crate::commands::{COMMON, VARIABLES, no_arguments};
use crate::functions::Library;
use crate::operation::{self, Ready};
use crate::session;

pub(crate) static COMMAND: Command = Command {
    name: "console",
    summary: "Try expressions",
    usage: "[options]",
    about: "Evaluates expressions against the configuration and the state, one a line; open brackets go on in the next line. From a pipe only the last result is written. It takes no lock and changes nothing.",
    flags: &[
        &[
            option("state", "PATH", "Use another local state file than terraform.tfstate."),
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
    let mut last = None;
    let mut text = String::new();
    let interactive = app.env.stdin_tty;
    loop {
        if interactive {
            app.ui.out(if text.is_empty() { "> " } else { "  " });
        }
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
        let expression = expression.trim();
        match expression {
            "" => continue,
            "exit" => return OK,
            "help" => {
                app.ui.out("Type an expression of the language; exit, or the end of input, ends the console.\n");
                continue;
            }
            _ => {}
        }
        match evaluate(&mut console, &library, expression) {
            Ok(shown) if interactive => app.ui.out(&format!("{shown}\n")),
            Ok(shown) => last = Some(shown),
            Err((diags, sources)) => {
                app.ui.diagnostics(diags, &sources);
                if !interactive {
                    return FAILED;
                }
            }
        }
    }
    if let Some(shown) = last {
        app.ui.out(&format!("{shown}\n"));
    }
    OK
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

fn evaluate(console: &mut Console, library: &Library, text: &str) -> Result<String, Broken> {
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
