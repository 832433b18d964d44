//! Values of root module variables: environment, files, command line, questions.

use std::path::Path;

use sdt_config::{Config, ParsingMode, Variable};
use sdt_diag::{Diagnostic, Diagnostics, SourceMap, Span};
use sdt_engine::{InputValue, Variables};
use sdt_value::Value;

use crate::app::App;
use crate::args::Parsed;
use crate::ui::failure;

/// Collects the values of all variables, later sources winning: `TF_VAR_…`, `terraform.tfvars`, `*.auto.tfvars`, then `-var` and
/// `-var-file` in their order. What is still missing is asked for, if `ask`.
pub(crate) fn collect(
    app: &App,
    config: &Config,
    parsed: &Parsed,
    ask: bool,
    sources: &mut SourceMap,
) -> (Variables, Diagnostics) {
    let mut all = Collector { config, sources, values: Variables::new(), diags: Diagnostics::new(), undeclared: 0 };
    for (name, text) in &app.env.vars {
        if let Some(variable) = name.strip_prefix("TF_VAR_").and_then(|n| config.root.variables.get(n)) {
            all.text(
                variable,
                text,
                &format!("from the environment variable {name}"),
                &format!("<value for var.{}>", variable.name),
            );
        }
    }
    for name in ["terraform.tfvars", "terraform.tfvars.json"] {
        if Path::new(name).is_file() {
            all.file(name, false);
        }
    }
    let mut auto: Vec<String> = std::fs::read_dir(".")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|e| e.file_name().into_string().ok())
        .filter(|n| n.ends_with(".auto.tfvars") || n.ends_with(".auto.tfvars.json"))
        .collect();
    auto.sort();
    for name in auto {
        all.file(&name, false);
    }
    for (flag, text) in &parsed.flags {
        match *flag {
            "var" => all.argument(text),
            "var-file" => all.file(text, true),
            _ => {}
        }
    }
    if all.undeclared > 2 {
        let detail = format!(
            "{} more values in variables files are for variables that the root module does not declare. Values that serve many configurations can be given as TF_VAR_… in the environment instead.",
            all.undeclared - 2
        );
        all.diags.push(Diagnostic::warning("Values for undeclared variables", detail));
    }
    let Collector { mut values, mut diags, .. } = all;
    if diags.has_errors() {
        for variable in config.root.variables.values().filter(|v| v.required() && !values.contains_key(&v.name)) {
            let detail =
                format!("The root module's variable {:?} has no usable value and no default.", &*variable.name);
            diags.push(Diagnostic::error("No value for required variable", detail).at(variable.span));
        }
    }
    if ask && !diags.has_errors() {
        for variable in config.root.variables.values() {
            if variable.required() && !values.contains_key(&variable.name) {
                match question(app, variable) {
                    Some(text) => {
                        let mut one = Collector {
                            config,
                            sources,
                            values: std::mem::take(&mut values),
                            diags: Diagnostics::new(),
                            undeclared: 0,
                        };
                        one.text(variable, &text, "as typed", "<typed>");
                        if one.diags.has_errors() {
                            return (one.values, one.diags);
                        }
                        values = one.values;
                    }
                    None => break,
                }
            }
        }
    }
    (values, diags)
}

fn question(app: &App, variable: &Variable) -> Option<String> {
    let mut text = format!("var.{}\n", variable.name);
    if let Some(description) = variable.description.as_deref().filter(|d| !d.is_empty()) {
        text += &format!("  {}\n", description.replace('\n', "\n  "));
    }
    text += "\n  Enter a value: ";
    if variable.sensitive || variable.ephemeral {
        let answer = without_echo(|| app.ui.ask(&text));
        app.ui.out("\n");
        return answer;
    }
    let answer = app.ui.ask(&text);
    app.ui.out("\n");
    answer
}

/// Runs with the terminal's echo off.
fn without_echo<T>(f: impl FnOnce() -> T) -> T {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = std::io::stdin();
    let Ok(before) = tcgetattr(&stdin) else { return f() };
    let mut quiet = before.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    quiet.local_modes.insert(LocalModes::ECHONL);
    let _ = tcsetattr(&stdin, OptionalActions::Now, &quiet);
    let out = f();
    let _ = tcsetattr(&stdin, OptionalActions::Now, &before);
    out
}

struct Collector<'a> {
    config: &'a Config,
    sources: &'a mut SourceMap,
    values: Variables,
    diags: Diagnostics,
    undeclared: usize,
}

impl Collector<'_> {
    fn set(&mut self, name: &str, value: Value, origin: &str, span: Option<Span>) {
        self.values.insert(name.into(), InputValue { value, origin: origin.into(), span });
    }

    /// Reads a text by the variable's rules: taken as it is, or an expression.
    fn text(&mut self, variable: &Variable, text: &str, origin: &str, file: &str) {
        if variable.parsing == ParsingMode::Literal {
            self.set(&variable.name, Value::string(text), origin, None);
            return;
        }
        let id = self.sources.add(file, text.as_bytes());
        let (expr, mut diags) = sdt_hcl::parse_expression(id, text.as_bytes(), 0);
        if !diags.has_errors() {
            let (value, more) = sdt_hcl::eval_const(&expr);
            diags.extend(more);
            if !diags.has_errors() {
                self.set(&variable.name, value, origin, None);
            }
        }
        self.diags.extend(diags);
    }

    fn argument(&mut self, text: &str) {
        let Some((name, value)) = text.split_once('=') else {
            let detail = format!("The argument -var={text:?} has no equals sign: it is -var=\"name=value\".");
            self.diags.push(Diagnostic::error("Invalid -var option", detail));
            return;
        };
        if name.ends_with(' ') || value.starts_with(' ') {
            let detail =
                format!("In -var={text:?} the equals sign must stand directly between name and value, without blanks.");
            self.diags.push(Diagnostic::error("Invalid -var option", detail));
            return;
        }
        let Some(variable) = self.config.root.variables.get(name) else {
            let names: Vec<&str> = self.config.root.variables.keys().map(|k| &**k).collect();
            let hint = crate::args::nearest(name, &names).map(|n| format!(" Did you mean {n:?}?")).unwrap_or_default();
            let detail = format!(
                "The command line sets the variable {name:?}, which the root module does not declare.{hint} A \"variable\" block would make it usable."
            );
            self.diags.push(Diagnostic::error("Value for undeclared variable", detail));
            return;
        };
        let variable = variable.clone();
        self.text(&variable, value, &format!("set using -var=\"{name}=...\""), &format!("<value for var.{name}>"));
    }

    fn file(&mut self, name: &str, named: bool) {
        let text = match std::fs::read(name) {
            Ok(text) => text,
            Err(e) => {
                let summary = if named { "Failed to read variables file" } else { "Failed to read file" };
                self.diags.extend(failure(summary, format!("the variables file {name:?}: {e}")));
                return;
            }
        };
        let id = self.sources.add(name, &text[..]);
        let (body, diags) = if name.ends_with(".json") {
            sdt_hcl::parse_json_body(id, &text)
        } else {
            let (body, diags) = sdt_hcl::parse_body(id, &text);
            (body.into(), diags)
        };
        let broken = diags.has_errors();
        self.diags.extend(diags);
        let (attributes, diags) = body.just_attributes();
        if !broken {
            self.diags.extend(diags);
        }
        for (key, attribute) in &attributes {
            let (value, diags) = sdt_hcl::eval_const(&attribute.expr);
            let bad = diags.has_errors();
            self.diags.extend(diags);
            if self.config.root.variables.contains_key(key) {
                if !bad {
                    self.set(key, value, &format!("from {name}"), Some(attribute.expr.span()));
                }
                continue;
            }
            self.undeclared += 1;
            if self.undeclared <= 2 {
                let detail = format!(
                    "{name} has a value for {:?}, which the root module does not declare. A \"variable\" block would make it usable.",
                    &**key
                );
                self.diags.push(Diagnostic::warning("Value for undeclared variable", detail));
            }
        }
    }
}
