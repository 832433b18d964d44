//! Values in words, for messages.

use std::cell::Cell;

use sdt_diag::{Diagnostic, Diagnostics, ExprValue};
use sdt_value::{Kind, MAX_MEMBERS, Marks, Type, Value, mismatch};

use super::{Env, Scope};
use crate::ast::{Expr, Traversal};
use crate::strings::quote;

/// Why a message is given, which decides which values are worth mentioning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// Something is not known yet.
    pub unknown: bool,
    /// Something is sensitive.
    pub sensitive: bool,
    /// Something is ephemeral.
    pub ephemeral: bool,
}

/// Returns a value in words, as under a message: `is "a"`, `has a sensitive value`, `is a string, known only after apply`.
/// `None` when it should not be mentioned: a sensitive value would only mislead unless being sensitive is the problem.
#[must_use]
pub fn describe(value: &Value, cause: Cause) -> Option<String> {
    if value.contains_mark(Marks::SENSITIVE) {
        return cause.sensitive.then(|| "has a sensitive value".into());
    }
    if value.contains_mark(Marks::EPHEMERAL) {
        return cause.ephemeral.then(|| "has an ephemeral value".into());
    }
    if let Kind::Unknown(ty, _) = value.kind() {
        return match (ty, cause.unknown) {
            (Type::Dynamic, true) => Some("will be known only after apply".into()),
            (Type::Dynamic, false) => None,
            (ty, true) => Some(format!("is a {}, known only after apply", ty.friendly_name())),
            (ty, false) => Some(format!("is a {}", ty.friendly_name())),
        };
    }
    Some(format!("is {}", compact(value)))
}

fn compact(value: &Value) -> String {
    let counted = |n: usize, name: String| match n {
        0 => format!("empty {name}"),
        1 => format!("{name} with 1 element"),
        n => format!("{name} with {n} elements"),
    };
    match value.kind() {
        Kind::Null(_) => "null".into(),
        Kind::Bool(b) => b.to_string(),
        Kind::Number(n) => n.short_text(),
        Kind::String(s) => quote(s),
        Kind::List(e, v) => counted(v.len(), Type::list(e.clone()).friendly_name()),
        Kind::Set(e, v) => counted(v.len(), Type::set(e.clone()).friendly_name()),
        Kind::Map(e, m) => counted(m.len(), Type::map(e.clone()).friendly_name()),
        Kind::Tuple(v) => counted(v.len(), "tuple".into()),
        Kind::Object(m) => match m.len() {
            0 => "object with no attributes".into(),
            1 => format!("object with 1 attribute {}", quote(m.keys().next().map_or("", |k| k))),
            n => format!("object with {n} attributes"),
        },
        Kind::Unknown(ty, _) => format!("a {}", ty.friendly_name()),
    }
}

/// The references of an expression with their values in words, as shown under a message.
#[must_use]
pub fn expr_values(expr: &Expr, scope: &dyn Scope, cause: Cause) -> Vec<ExprValue> {
    let budget = Cell::new(MAX_MEMBERS);
    let env = Env { scope, frame: None, item: None, in_template: false, budget: &budget };
    let mut out = Vec::new();
    env.collect_values(&[expr], cause, &mut out);
    out
}

/// Says in which way the results of a conditional do not fit together.
pub(super) fn type_mismatch(yes: &Type, no: &Type) -> String {
    let difference = match (yes, no) {
        (Type::Object(a), Type::Object(b)) => {
            let only = |x: &sdt_value::ObjectType, y: &sdt_value::ObjectType| {
                x.attrs.keys().find(|k| !y.attrs.contains_key(*k)).map(|k| quote(k))
            };
            if let Some(name) = only(a, b) {
                format!("only the one for true has an attribute {name}")
            } else if let Some(name) = only(b, a) {
                format!("only the one for false has an attribute {name}")
            } else {
                let differs = a.attrs.iter().find(|(k, t)| b.attrs.get(*k) != Some(t));
                match differs {
                    Some((k, t)) => {
                        let other = b.attrs.get(k).map_or_else(String::new, Type::friendly_name);
                        format!("attribute {} is {} and {other}", quote(k), t.friendly_name())
                    }
                    None => mismatch(yes, no),
                }
            }
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() != b.len() => {
            format!("one is a tuple of {} elements, the other of {}", a.len(), b.len())
        }
        _ => format!("one is {}, the other {}", yes.friendly_name(), no.friendly_name()),
    };
    format!("The results for true and false must have one type, but {difference}.")
}

impl Env<'_> {
    /// Adds a diagnostic with the values that `expr` refers to.
    pub(super) fn report(&self, d: Diagnostic, expr: &Expr, diags: &mut Diagnostics) {
        self.report_all(d, &[expr], diags);
    }

    pub(super) fn report_all(&self, mut d: Diagnostic, exprs: &[&Expr], diags: &mut Diagnostics) {
        self.collect_values(exprs, Cause::default(), &mut d.values);
        diags.push(d);
    }

    /// Adds the values along a reference to the diagnostics about it.
    pub(super) fn explained_traversal(&self, mut diags: Diagnostics, t: &Traversal) -> Diagnostics {
        for d in &mut diags.0 {
            if d.values.is_empty() {
                self.value_of(t, Cause::default(), &mut d.values);
            }
        }
        diags
    }

    fn collect_values(&self, exprs: &[&Expr], cause: Cause, out: &mut Vec<ExprValue>) {
        for expr in exprs {
            expr.visit_traversals(&mut |t| self.value_of(t, cause, out));
        }
        out.sort_by(|a, b| a.traversal.cmp(&b.traversal));
    }

    /// The value of the longest part of a reference that has one; a bare root name is not mentioned.
    fn value_of(&self, t: &Traversal, cause: Cause, out: &mut Vec<ExprValue>) {
        let mut t = t.clone();
        while !t.steps.is_empty() {
            if let Ok(value) = self.resolve(&t) {
                let traversal = t.to_string();
                if !out.iter().any(|v| v.traversal == traversal)
                    && let Some(statement) = describe(&value, cause)
                {
                    out.push(ExprValue { traversal, statement });
                }
                return;
            }
            t.steps.pop();
        }
    }
}
