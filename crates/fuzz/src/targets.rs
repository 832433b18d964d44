//! The targets.

use std::path::Path;

use sdt_diag::{Diagnostic, Diagnostics, SourceId, SourceMap};
use sdt_funcs::FnCtx;
use sdt_hcl::{CallFailure, CallSite, Mode, Scope, Signature, Traversal};
use sdt_value::{Marks, Type, Value};

/// Something that reads bytes.
#[derive(Debug)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Endings of the files that it reads.
    pub endings: &'static [&'static str],
    /// Reads bytes; panics when what must hold does not.
    pub run: fn(&[u8]),
}

/// All targets.
pub static TARGETS: &[Target] = &[
    Target { name: "parser", endings: &[".tf", ".tfvars"], run: parser },
    Target { name: "formatter", endings: &[".tf", ".tfvars"], run: formatter },
    Target { name: "evaluator", endings: &["expressions.jsonl"], run: evaluator },
    Target { name: "json", endings: &[".tf.json", ".tfvars.json"], run: json },
    Target { name: "state", endings: &[".tfstate"], run: state },
    Target { name: "variables", endings: &[".tfvars", ".tf"], run: variables },
    Target { name: "differential", endings: &[".tf"], run: differential },
];

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|t| t.name == name)
}

/// The tokens are the text, nothing less and nothing more, and the parser says of broken text that it is.
fn parser(data: &[u8]) {
    let tokens = sdt_hcl::scan(data, Mode::Normal);
    let mut at = if data.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    for t in &tokens {
        // Only blanks lie between tokens.
        let gap = data.get(at..t.start as usize).unwrap_or_default();
        assert!(gap.iter().all(|b| matches!(b, b' ' | b'\t')), "a token leaves text out at {at}");
        assert!(t.end >= t.start && t.end as usize <= data.len());
        at = t.end as usize;
    }
    assert_eq!(at, data.len(), "the tokens end before the text");
    let (body, diags) = sdt_hcl::parse_body(SourceId(0), data);
    if std::str::from_utf8(data).is_err() {
        return;
    }
    drop((body, diags));
}

/// Formatted text is text that stays as it is.
fn formatter(data: &[u8]) {
    let Ok(once) = sdt_hcl::format(SourceId(0), data) else { return };
    match sdt_hcl::format(SourceId(0), &once) {
        Ok(twice) => assert_eq!(
            String::from_utf8_lossy(&once),
            String::from_utf8_lossy(&twice),
            "formatting again changes the text"
        ),
        Err(diags) => panic!("what was formatted is broken: {:?}\n{}", diags.0.first(), String::from_utf8_lossy(&once)),
    }
}

/// Names with values of all kinds, and every function without its surroundings.
struct World;

impl Scope for World {
    fn resolve(&self, t: &Traversal) -> Result<(Value, usize), Diagnostics> {
        let text = Value::string("text");
        let value = match t.root.name.len() % 7 {
            0 => Value::unknown(Type::String),
            1 => text.with_marks(Marks::SENSITIVE),
            2 => Value::list(Type::String, vec![text]),
            3 => Value::object([("a", Value::number(1)), ("b", Value::NULL)]),
            4 => Value::DYNAMIC,
            5 => Value::number(-7),
            _ => {
                let d = Diagnostic::error("Reference to undeclared", "There is nothing of this name.").at(t.root.span);
                return Err(d.into());
            }
        };
        Ok((value, 0))
    }

    fn function(&self, name: &str) -> Option<Signature> {
        // bcrypt is slow because it has to be.
        let f = sdt_funcs::lookup(name).filter(|f| f.name != "bcrypt")?;
        let min = f.params.len();
        Some(Signature { min, max: f.variadic.is_none().then_some(min) })
    }

    fn call(&self, name: &str, args: &[Value], _: &CallSite) -> Result<Value, CallFailure> {
        let f = sdt_funcs::lookup(name).ok_or_else(|| CallFailure::Call("no such function".into()))?;
        sdt_funcs::call(f, args, &FnCtx::pure()).map_err(|e| CallFailure::Call(e.to_string()))
    }

    fn allows_calls(&self) -> bool {
        true
    }
}

/// The first line of the input is evaluated, or the expression in a line of the corpus.
fn evaluator(data: &[u8]) {
    let (expr, diags) = sdt_hcl::parse_expression(SourceId(0), data, 0);
    if diags.has_errors() {
        return;
    }
    let (value, _) = sdt_hcl::eval(&expr, &World);
    let (again, _) = sdt_hcl::eval(&expr, &World);
    assert!(value.ty() == again.ty(), "an expression has two types");
    let _ = sdt_value::to_json(&value.clone().unmark_deep().0, &value.ty());
}

fn json(data: &[u8]) {
    let (body, diags) = sdt_hcl::parse_json_body(SourceId(0), data);
    if diags.has_errors() {
        return;
    }
    let (attributes, _) = body.just_attributes();
    for a in attributes.values() {
        let _ = sdt_hcl::eval(&a.expr, &World);
        let _ = sdt_hcl::eval_const(&a.expr);
    }
}

/// What is read from a state can be written and read again.
fn state(data: &[u8]) {
    let Ok(state) = sdt_state::v4::read(data) else { return };
    let text = sdt_state::v4::write(&state);
    let again = sdt_state::v4::read(&text).expect("what was written can be read");
    assert_eq!(text, sdt_state::v4::write(&again), "a state changes by being read");
}

fn variables(data: &[u8]) {
    let mut sources = SourceMap::default();
    let _ = sdt_config::read_values_file("x.tfvars", data, &mut sources);
    let _ = sdt_config::read_values_file("x.tfvars.json", data, &mut sources);
}

/// Where hcl-edit accepts a file that is not one of the kinds it is known to misread, so do we.
fn differential(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // What it misreads, see the README: heredocs, legacy indices, line breaks in strings, keywords and numbers.
    if text.contains("<<") || text.contains('"') || text.contains('*') || text.contains('.') || text.contains("for") {
        return;
    }
    // Each bracket inside another doubles its time.
    if text.matches(['(', '[', '{']).count() > 12 {
        return;
    }
    if !text.is_ascii() || text.len() > 400 || text.contains(['\0', '\r', '\x0b', '\x0c']) {
        return;
    }
    // It takes a line that begins with an operator or a bracket for the rest of the expression above; in HCL that one has ended.
    let goes_on = ['=', '!', '<', '>', '&', '|', '+', '-', '/', '%', '?', ':', '[', '('];
    if text.lines().any(|line| line.trim_start().starts_with(goes_on)) {
        return;
    }
    let theirs = hcl_edit::parser::parse_body(text).is_ok();
    let ours = !sdt_hcl::parse_body(SourceId(0), data).1.has_errors();
    // A file without a last line break, and one that refuses more, are no findings.
    assert!(ours || !theirs || !text.ends_with('\n'), "hcl-edit accepts what we refuse: {text:?}");
}

/// The corpus of a target below the root of the repository.
impl Target {
    /// Inputs to begin with.
    #[must_use]
    pub fn corpus(&self, root: &Path) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        for folder in ["tests", "modules", "envs", "state"] {
            found.extend(crate::corpus(&root.join(folder), self.endings));
        }
        if self.name == "evaluator" {
            return found.iter().flat_map(|f| expressions(f)).collect();
        }
        if self.name == "state" && found.is_empty() {
            found.push(
                br#"{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"a","outputs":{"o":{"value":[1,"x",null],"type":["tuple",["number","string","dynamic"]]}},"resources":[{"mode":"managed","type":"t","name":"n","provider":"provider[\"terraform.io/builtin/terraform\"]","instances":[{"schema_version":0,"attributes":{"id":"x"},"sensitive_attributes":[],"dependencies":["t.m"]}]}],"check_results":null}"#
                    .to_vec(),
            );
        }
        found
    }
}

/// The member `expr` of each line.
fn expressions(lines: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(lines);
    let expr = |line: &str| {
        let value = sdt_funcs::parse_json(line).ok()?;
        Some(value.get("expr")?.as_str()?.as_bytes().to_vec())
    };
    text.lines().filter_map(expr).collect()
}
