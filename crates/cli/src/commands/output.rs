//! `sdt output`

use sdt_render::{outputs_json, outputs_text, value_text};
use sdt_value::{Kind, Value};

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, option, switch};
use crate::commands::{COMMON, fail};
use crate::session;

pub(crate) static COMMAND: Command = Command {
    name: "output",
    summary: "Show the outputs of the state",
    usage: "[options] [NAME]",
    about: "Shows the outputs of the root module as the last apply left them: all, or one by its name. Sensitive values are hidden unless they are asked for by name, with -json or -raw.",
    flags: &[
        &[
            switch("json", "Write JSON."),
            switch("raw", "Write the text of one output as it is, without quotes and line break."),
            option("state", "PATH", "Use another local state file than terraform.tfstate."),
        ],
        COMMON,
    ],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    let (json, raw) = (parsed.on("json"), parsed.on("raw"));
    let name = match parsed.rest.as_slice() {
        [] => None,
        [name] => Some(name),
        _ => {
            app.ui.error("Unexpected argument", "sdt output takes at most one argument, the name of an output.");
            return FAILED;
        }
    };
    if json && raw {
        app.ui.error("Invalid output format", "-raw and -json exclude each other.");
        return FAILED;
    }
    if raw && name.is_none() {
        app.ui.error("Output name required", "-raw writes a single output: give its name.");
        return FAILED;
    }
    let state = match session::read_state(app, parsed.get("state")) {
        Ok(state) => state,
        Err(diags) => return fail(app, diags),
    };
    let Some(name) = name else {
        if json {
            app.ui.out(&format!("{:#}\n", Pretty(&outputs_json(&state))));
        } else if state.outputs.is_empty() {
            app.ui.diagnostics(
                sdt_diag::Diagnostic::warning(
                    "No outputs found",
                    "The state has no outputs: the configuration declares none, or it was not applied since it does.",
                )
                .into(),
                &sdt_diag::SourceMap::default(),
            );
        } else {
            app.ui.out(&outputs_text(&state));
        }
        return OK;
    };
    let Some(output) = state.outputs.get(name) else {
        let names: Vec<&str> = state.outputs.keys().map(String::as_str).collect();
        let hint = crate::args::nearest(name, &names).map(|n| format!(" Did you mean {n:?}?")).unwrap_or_default();
        app.ui.error(
            format!("Output {name:?} not found"),
            format!("The state has no output of that name.{hint} An output that was just added is there after the next apply."),
        );
        return FAILED;
    };
    if json {
        app.ui.out(&format!("{:#}\n", Pretty(&output.value)));
        return OK;
    }
    let value = match output.to_value() {
        Ok(value) => value,
        Err(e) => {
            app.ui.error("Unreadable output", format!("The state's output {name:?} does not fit its type: {e}."));
            return FAILED;
        }
    };
    if !raw {
        app.ui.out(&format!("{}\n", value_text(&value)));
        return OK;
    }
    match raw_text(&value) {
        Some(text) => {
            app.ui.out(&text);
            OK
        }
        None => {
            app.ui.error(
                "Unsupported value for raw output",
                format!(
                    "-raw writes only text, numbers and booleans; {name:?} is {}. Use -json.",
                    value.ty().friendly_name()
                ),
            );
            FAILED
        }
    }
}

fn raw_text(value: &Value) -> Option<String> {
    Some(match value.kind() {
        Kind::String(s) => s.to_string(),
        Kind::Number(n) => n.to_string(),
        Kind::Bool(b) => b.to_string(),
        _ => return None,
    })
}

/// JSON with Go's escapes, so that the bytes are Terraform's.
pub(crate) struct Pretty<'a>(pub(crate) &'a serde_json::Value);

impl std::fmt::Display for Pretty<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = if f.alternate() { format!("{:#}", self.0) } else { self.0.to_string() };
        f.write_str(&go_escapes(&text))
    }
}

/// Escapes what Go's encoder escapes inside JSON strings; outside of strings none of these occurs.
pub(crate) fn go_escapes(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}
