//! Where values of root module variables come from: environment, files, command line, questions.

use sdt_config::{
    Assignment, Config, Files as _, Given, Origin, Variable, assign_values, auto_value_files, missing_values,
    parse_var_option, read_values_file,
};
use sdt_diag::{Diagnostic, Diagnostics, SourceMap};
use sdt_engine::{InputValue, Variables};
use sdt_plan::Plan;
use sdt_value::Str;

use crate::app::App;
use crate::args::Parsed;
use crate::load::Disk;
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
    let (mut given, mut diags) = gather(app, Some(parsed), sources);
    if diags.has_errors() {
        // What is missing may stand in what could not be read.
        return (Variables::new(), diags);
    }
    if ask {
        for variable in missing_values(&config.root, &given) {
            let Some(text) = question(app, variable) else { break };
            let name = variable.name.clone();
            given.push(Assignment { name, given: Given::Text(text), origin: Origin::Prompt });
        }
    }
    let (values, more) = assign(config, &given, sources);
    diags.extend(more);
    (values, diags)
}

/// The values that apply uses with a saved plan: those of the plan, and ephemeral ones given again.
pub(crate) fn for_plan(
    app: &App,
    config: &Config,
    parsed: &Parsed,
    plan: &Plan,
    sources: &mut SourceMap,
) -> (Variables, Diagnostics) {
    let (found, mut diags) = gather(app, Some(parsed), sources);
    let mut given = of_plan(plan);
    for assignment in found {
        let variable = config.root.variables.get(&assignment.name);
        // What is not declared is warned of again.
        if variable.is_none_or(|v| v.ephemeral) && (variable.is_some() || matches!(assignment.origin, Origin::File(_)))
        {
            given.push(assignment);
        } else if assignment.origin == Origin::CommandLine {
            let detail = format!(
                "The plan has a value for var.{} already; only ephemeral variables are given with a plan file.",
                assignment.name
            );
            diags.push(Diagnostic::error("Can't change variable when applying a saved plan", detail));
        }
    }
    // One without a default is missed anyway.
    let is_open = |name: &Str, given: &[Assignment]| {
        config.root.variables.get(name).is_some_and(|v| v.default.is_some()) && !given.iter().any(|a| a.name == *name)
    };
    for name in plan.ephemeral_variables.iter().filter(|n| is_open(n, &given)) {
        let detail = format!(
            "The plan was made with a value for the ephemeral var.{name}, which a plan does not keep: give it again."
        );
        diags.push(Diagnostic::error("No value for required variable", detail));
    }
    let (values, more) = assign(config, &given, sources);
    diags.extend(more);
    (values, diags)
}

/// The values of variables that a plan was made with.
pub(crate) fn of_plan(plan: &Plan) -> Vec<Assignment> {
    plan.variables
        .iter()
        .map(|(name, v)| Assignment { name: name.clone(), given: Given::Value(v.clone()), origin: Origin::Prompt })
        .collect()
}

/// Values of the variables that a configuration has; what is set beside them is passed over.
pub(crate) fn collect_known(
    app: &App,
    config: &Config,
    parsed: &Parsed,
    sources: &mut SourceMap,
) -> (Variables, Diagnostics) {
    let (mut given, mut diags) = gather(app, Some(parsed), sources);
    given.retain(|a| config.root.variables.contains_key(&a.name));
    let (values, mut more) = assign(config, &given, sources);
    // What has no value yet may get one from the test file; planning says so when it does not.
    more.0.retain(|d| d.summary != "No value for required variable");
    diags.extend(more);
    (values, diags)
}

/// What is given to variables before the configuration is read; what is wrong with it is told later, with its place.
pub(crate) fn early(app: &App, parsed: Option<&Parsed>) -> Vec<Assignment> {
    gather(app, parsed, &mut SourceMap::default()).0
}

fn gather(app: &App, parsed: Option<&Parsed>, sources: &mut SourceMap) -> (Vec<Assignment>, Diagnostics) {
    let mut diags = Diagnostics::new();
    let mut given: Vec<Assignment> = Vec::new();
    for (name, text) in &app.env.vars {
        if let Some(name) = name.strip_prefix("TF_VAR_") {
            let text = Given::Text(text.clone());
            given.push(Assignment { name: name.into(), given: text, origin: Origin::Environment });
        }
    }
    let names = Disk.read_dir("".as_ref()).unwrap_or_default();
    for name in auto_value_files(&names) {
        file(&name, sources, &mut given, &mut diags);
    }
    for (flag, text) in parsed.iter().flat_map(|p| &p.flags) {
        match *flag {
            "var" => match parse_var_option(text) {
                Ok(assignment) => given.push(assignment),
                Err(more) => diags.extend(more),
            },
            "var-file" => file(text, sources, &mut given, &mut diags),
            _ => {}
        }
    }
    (given, diags)
}

fn assign(config: &Config, given: &[Assignment], sources: &mut SourceMap) -> (Variables, Diagnostics) {
    let (mut prepared, diags) = assign_values(&config.root, given, sources);
    let mut values = Variables::new();
    for assignment in given {
        if let Some(value) = prepared.remove(&assignment.name) {
            let span = match assignment.origin {
                Origin::File(span) => Some(span),
                _ => None,
            };
            values.insert(assignment.name.clone(), InputValue { value, origin: String::new(), span });
        }
    }
    (values, diags)
}

fn file(name: &str, sources: &mut SourceMap, given: &mut Vec<Assignment>, diags: &mut Diagnostics) {
    match std::fs::read(name) {
        Ok(text) => {
            let (found, more) = read_values_file(name, &text, sources);
            given.extend(found);
            diags.extend(more);
        }
        Err(e) => diags.extend(failure("Failed to read variables file", format!("the variables file {name:?}: {e}"))),
    }
}

fn question(app: &App, variable: &Variable) -> Option<String> {
    let mut text = format!("var.{}\n", variable.name);
    if let Some(description) = variable.description.as_deref().filter(|d| !d.is_empty()) {
        text += &format!("  {}\n", description.replace('\n', "\n  "));
    }
    text += "\n  Enter a value: ";
    let answer =
        if variable.sensitive || variable.ephemeral { without_echo(|| app.ui.ask(&text)) } else { app.ui.ask(&text) };
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
