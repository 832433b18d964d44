//! Values of the root module's input variables: from files, the environment, the command line.

use std::collections::BTreeMap;

use sdt_diag::{Diagnostic, Diagnostics, SourceMap, Span};
use sdt_hcl::{eval_const, parse_expression};
use sdt_value::{Marks, Str, Value, convert};

use crate::load::{at_path, parse, schema};
use crate::{Module, ParsingMode, Variable};

/// A value that somebody gives to a variable.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The variable.
    pub name: Str,
    /// The value.
    pub given: Given,
    /// Who gives it.
    pub origin: Origin,
}

/// A value as given.
#[derive(Clone, Debug)]
pub enum Given {
    /// A text, which the variable's type says how to read.
    Text(String),
    /// A value.
    Value(Value),
}

/// Who gives a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `TF_VAR_name`
    Environment,
    /// A file of values, and the place in it.
    File(Span),
    /// `-var`
    CommandLine,
    /// Asked for on the terminal.
    Prompt,
}

/// Names of the value files that count without being named, in the order in which they are read, later ones winning.
#[must_use]
pub fn auto_value_files(names: &[String]) -> Vec<String> {
    let mut auto: Vec<String> =
        names.iter().filter(|n| n.ends_with(".auto.tfvars") || n.ends_with(".auto.tfvars.json")).cloned().collect();
    auto.sort();
    let first = ["terraform.tfvars", "terraform.tfvars.json"].into_iter().filter(|n| names.iter().any(|m| m == n));
    first.map(str::to_owned).chain(auto).collect()
}

/// Takes a `-var` option apart.
///
/// # Errors
/// When it is not of the form `name=value`.
pub fn parse_var_option(option: &str) -> Result<Assignment, Diagnostics> {
    let bad = |detail: String| Diagnostic::error("Invalid -var option", detail).into();
    let Some((name, value)) = option.split_once('=') else {
        return Err(bad(format!("{option:?} has no value: write -var \"name=value\".")));
    };
    if name.ends_with(char::is_whitespace) {
        return Err(bad(format!("There is a space after the name in {option:?}: write -var \"name=value\".")));
    }
    Ok(Assignment { name: name.into(), given: Given::Text(value.into()), origin: Origin::CommandLine })
}

/// Reads a file of values. `name` tells the syntax: with `.json` at its end, JSON.
#[must_use]
pub fn read_values_file(name: &str, text: &[u8], sources: &mut SourceMap) -> (Vec<Assignment>, Diagnostics) {
    let json = name.ends_with(".json");
    let (body, mut diags) = parse(text, name, json, sources);
    if diags.has_errors() {
        return (Vec::new(), diags);
    }
    if !json {
        let (declared, _, _) = body.partial_content(&schema(&[], &[("variable", &["name"])]));
        for b in &declared.blocks {
            let detail = format!(
                "This file gives values; variables are declared in .tf files. To give a value, write {} = \"value\".",
                b.labels.first().map_or("name", |l| &l.value)
            );
            diags.push(Diagnostic::error("Variable declaration in .tfvars file", detail).at(b.kind.span));
        }
        if diags.has_errors() {
            return (Vec::new(), diags);
        }
    }
    let (attributes, more) = body.just_attributes();
    diags.extend(more);
    let mut found = Vec::new();
    for (name, a) in attributes {
        let (value, more) = eval_const(&a.expr);
        let failed = more.has_errors();
        diags.extend(more);
        if !failed {
            found.push(Assignment { name, given: Given::Value(value), origin: Origin::File(a.expr.span()) });
        }
    }
    (found, diags)
}

/// The variables that still need a value.
#[must_use]
pub fn missing_values<'a>(module: &'a Module, given: &[Assignment]) -> Vec<&'a Variable> {
    let is_missing = |v: &&Variable| v.required() && !given.iter().any(|a| a.name == v.name);
    module.variables.values().filter(is_missing).collect()
}

/// Gives every variable of the root module its value, converted to its type. Later assignments win. Conditions are not checked here, and
/// no marks are set.
#[must_use]
pub fn assign_values(
    module: &Module,
    given: &[Assignment],
    sources: &mut SourceMap,
) -> (BTreeMap<Str, Value>, Diagnostics) {
    let mut diags = Diagnostics::new();
    let last = last_of(given);
    undeclared(module, &last, &mut diags);
    let values = assign(module.variables.values(), &last, sources, &mut diags);
    (values, diags)
}

/// The same for one variable.
pub(crate) fn assign_one(v: &Variable, given: &[Assignment], sources: &mut SourceMap) -> Result<Value, String> {
    let mut diags = Diagnostics::new();
    let value = assign(std::iter::once(v), &last_of(given), sources, &mut diags).remove(&v.name);
    value.ok_or_else(|| diags.0.first().map(|d| d.detail.clone()).unwrap_or_default())
}

fn last_of(given: &[Assignment]) -> BTreeMap<Str, &Assignment> {
    given.iter().map(|a| (a.name.clone(), a)).collect()
}

fn assign<'a>(
    variables: impl Iterator<Item = &'a Variable>,
    last: &BTreeMap<Str, &Assignment>,
    sources: &mut SourceMap,
    diags: &mut Diagnostics,
) -> BTreeMap<Str, Value> {
    let mut values = BTreeMap::new();
    for v in variables {
        let name = &v.name;
        let read = last.get(name).map(|a| (*a, read(v, a, sources, diags)));
        let value = match read {
            Some((a, Some(value))) => v.prepare(&value).map_err(|e| unsuitable(v, a, &e)),
            _ => match &v.default {
                Some(d) => Ok(d.clone()),
                None => {
                    let detail = format!(
                        "Variable {name:?} has no default and no value. Give it with -var '{name}=…', in a .tfvars file, or as TF_VAR_{name}."
                    );
                    Err(Diagnostic::error("No value for required variable", detail).at(v.span))
                }
            },
        };
        match value {
            Ok(value) => {
                values.insert(name.clone(), value);
            }
            Err(d) => diags.push(d),
        }
    }
    values
}

/// Reads a given value. `None` after an error.
fn read(v: &Variable, a: &Assignment, sources: &mut SourceMap, diags: &mut Diagnostics) -> Option<Value> {
    let text = match &a.given {
        Given::Value(value) => return Some(value.clone()),
        Given::Text(text) => text,
    };
    if v.parsing == ParsingMode::Literal {
        return Some(Value::string(text));
    }
    let id = sources.add(format!("<value for var.{}>", v.name), text.as_bytes());
    let (expr, more) = parse_expression(id, text.as_bytes(), 0);
    let failed = more.has_errors();
    diags.extend(more);
    if failed {
        return None;
    }
    let (value, more) = eval_const(&expr);
    let failed = more.has_errors();
    diags.extend(more);
    (!failed).then_some(value)
}

fn unsuitable(v: &Variable, a: &Assignment, message: &str) -> Diagnostic {
    let (how, at) = match &a.origin {
        Origin::File(span) => ("in this file".to_owned(), *span),
        Origin::Environment => (format!("in the environment as TF_VAR_{}", v.name), v.span),
        Origin::CommandLine => (format!("with -var \"{}=…\"", v.name), v.span),
        Origin::Prompt => ("on the terminal".to_owned(), v.span),
    };
    let detail = format!("The value given {how} does not suit var.{}: {message}.", v.name);
    Diagnostic::error("Invalid value for input variable", detail).at(at)
}

fn undeclared(module: &Module, given: &BTreeMap<Str, &Assignment>, diags: &mut Diagnostics) {
    let mut in_files = 0;
    for (name, a) in given.iter().filter(|(n, _)| !module.variables.contains_key(*n)) {
        let hint = crate::suggestion(name, module.variables.keys().map(|n| &**n));
        let detail = format!("The root module has no variable {:?}.{hint}", &**name);
        match a.origin {
            // The environment may be meant for other configurations too.
            Origin::Environment => {}
            Origin::CommandLine | Origin::Prompt => {
                diags.push(Diagnostic::error("Value for undeclared variable", detail))
            }
            Origin::File(_) => {
                in_files += 1;
                if in_files <= 2 {
                    diags.push(Diagnostic::warning("Value for undeclared variable", detail));
                }
            }
        }
    }
    if in_files > 2 {
        let detail =
            format!("There are {} more values for variables that the root module does not have.", in_files - 2);
        diags.push(Diagnostic::warning("Values for undeclared variables", detail));
    }
}

impl Variable {
    /// Turns a given value into the variable's: defaults of optional attributes filled in, converted to its type; null becomes the default
    /// where the variable is not nullable.
    ///
    /// # Errors
    /// What is wrong with the value, as the end of a sentence.
    pub fn prepare(&self, given: &Value) -> Result<Value, String> {
        let value =
            convert(&self.defaults.apply(given), &self.ty).map_err(|e| format!("{}{}", at_path(&e), e.message))?;
        if !value.is_null() || self.nullable {
            return Ok(value);
        }
        match &self.default {
            Some(d) => Ok(d.clone().with_marks(value.marks())),
            None => Err("required variable may not be set to null".into()),
        }
    }

    /// The marks that the variable's value carries inside the module.
    #[must_use]
    pub fn marks(&self) -> Marks {
        let sensitive = if self.sensitive { Marks::SENSITIVE } else { Marks::NONE };
        sensitive.union(if self.ephemeral { Marks::EPHEMERAL } else { Marks::NONE })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::module;

    #[test]
    fn later_assignments_win_and_types_decide() {
        let m = module(
            "variable \"n\" { type = number }\nvariable \"l\" {\n type = list(string)\n default = [1]\n}\nvariable \"o\" {\n type = map(object({ a = optional(string, \"d\"), b = optional(number) }))\n default = { x = {} }\n}\nvariable \"s\" {\n type = string\n default = \"x\"\n nullable = false\n}",
        );
        let text = |name: &str, text: &str| parse_var_option(&format!("{name}={text}")).unwrap();
        let mut sources = SourceMap::default();
        let (file, diags) = read_values_file("x.tfvars", b"n = 4\ns = null\nzz = 1\n", &mut sources);
        assert!(diags.is_empty());
        let given: Vec<Assignment> = file.into_iter().chain([text("n", "5"), text("l", "[\"a\", 2]")]).collect();
        let (values, diags) = assign_values(&m, &given, &mut sources);
        assert!(!diags.has_errors(), "{diags:?}");
        let summaries: Vec<String> = diags.into_iter().map(|d| d.summary).collect();
        assert_eq!(summaries, ["Value for undeclared variable"]);
        assert_eq!(values["n"].as_number().and_then(sdt_value::Number::as_i64), Some(5));
        assert_eq!(values["s"].as_str(), Some("x"));
        assert_eq!(values["l"].as_items().unwrap()[1].as_str(), Some("2"));
        assert_eq!(values["o"].get("x").unwrap().get("a").unwrap().as_str(), Some("d"));
        for (options, expected) in [
            (vec![], "No value for required variable"),
            (vec![text("n", "null")], "Invalid value for input variable"),
            (vec![text("n", "1"), text("z", "1")], "Value for undeclared variable"),
            (vec![text("n", "1"), text("l", "[f()]")], "Function calls not allowed"),
        ] {
            let (_, diags) = assign_values(&m, &options, &mut sources);
            assert_eq!(diags.0[0].summary, expected);
        }
    }
}
