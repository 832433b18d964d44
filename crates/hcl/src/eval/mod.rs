//! The evaluator.
//!
//! One recursive function over the tree. Names bound by `for` and the item of a splat live in a chain of frames on the
//! stack; everything else is asked of the [`Scope`]. Values are shared, never copied: a step into a large object costs
//! a reference count.
//!
//! Source: HCL Native Syntax Specification, "Expressions"; observed behaviour of Terraform 1.11.

mod access;
mod call;
mod explain;
mod iterate;
mod operator;
mod scope;
mod template;

pub use access::{apply_step, index};
pub use explain::{Cause, describe, expr_values};
pub use scope::{CallFailure, CallSite, NoScope, Scope, Signature};

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_value::{Kind, MAX_MEMBERS, Marks, Str, TOO_LARGE, Type, Value, convert};

use crate::ast::{Expr, ExprKind, ObjectItem, Traversal};
use crate::deep;

/// Evaluates an expression. On errors the value is unknown of any type, or as much as could be found out.
#[must_use]
pub fn eval(expr: &Expr, scope: &dyn Scope) -> (Value, Diagnostics) {
    let mut diags = Diagnostics::new();
    let budget = Cell::new(MAX_MEMBERS);
    let value = Env { scope, frame: None, item: None, in_template: false, budget: &budget }.eval(expr, &mut diags);
    // What is only named has been looked at where it was made.
    let made = !matches!(expr.kind, ExprKind::Literal(_) | ExprKind::Traversal(_));
    if made && value.is_too_large() {
        diags.push(too_large(expr.span));
        return (Value::DYNAMIC, diags);
    }
    (value, diags)
}

fn too_large(at: Span) -> Diagnostic {
    Diagnostic::error("Value too large", format!("This cannot be evaluated: {TOO_LARGE}.")).at(at)
}

/// Evaluates an expression that must be constant. In JSON syntax, strings are plain text here.
#[must_use]
pub fn eval_const(expr: &Expr) -> (Value, Diagnostics) {
    match &expr.kind {
        ExprKind::Json(json) => (json.literal(), Diagnostics::new()),
        _ => eval(expr, &NoScope),
    }
}

/// What the console shows for an expression.
#[derive(Clone, Debug)]
pub enum ConsoleResult {
    /// A value.
    Value(Value),
    /// The type that `type(…)` asks for.
    Type(Type),
}

/// Evaluates an expression for the console, where the whole may be a call of `type`.
#[must_use]
pub fn eval_console(expr: &Expr, scope: &dyn Scope) -> (ConsoleResult, Diagnostics) {
    if let ExprKind::Call(c) = &expr.unparenthesised().kind
        && matches!(&*c.name, "type" | "core::type")
        && c.args.len() == 1
        && !c.expand
    {
        let (value, diags) = eval(&c.args[0], scope);
        return (ConsoleResult::Type(value.ty()), diags);
    }
    let (value, diags) = eval(expr, scope);
    (ConsoleResult::Value(value), diags)
}

/// Names bound inside an expression.
struct Frame<'a> {
    names: Names<'a>,
    outer: Option<&'a Frame<'a>>,
}

enum Names<'a> {
    /// A name bound by a `for`.
    One(&'a str, &'a Value),
    /// The variables of a template.
    All(&'a BTreeMap<Str, Value>),
}

/// Where evaluation is.
#[derive(Clone, Copy)]
struct Env<'a> {
    scope: &'a dyn Scope,
    frame: Option<&'a Frame<'a>>,
    /// The item of the innermost splat.
    item: Option<&'a Value>,
    /// Inside a template file or string, where further ones are not allowed.
    in_template: bool,
    /// How many members for expressions may still make, nested ones together.
    budget: &'a Cell<usize>,
}

impl<'a> Env<'a> {
    fn local(&self, name: &str) -> Option<&'a Value> {
        let mut frame = self.frame;
        while let Some(f) = frame {
            match &f.names {
                Names::One(n, value) if *n == name => return Some(value),
                Names::All(members) => {
                    if let Some(value) = members.get(name) {
                        return Some(value);
                    }
                }
                Names::One(..) => {}
            }
            frame = f.outer;
        }
        None
    }

    fn eval(&self, expr: &Expr, diags: &mut Diagnostics) -> Value {
        match &expr.kind {
            ExprKind::Literal(v) => v.clone(),
            ExprKind::Traversal(t) => self.traversal(t, diags),
            ExprKind::SplatItem => self.item.cloned().unwrap_or(Value::DYNAMIC),
            _ => deep(|| self.eval_composite(expr, diags)),
        }
    }

    fn eval_composite(&self, expr: &Expr, diags: &mut Diagnostics) -> Value {
        match &expr.kind {
            ExprKind::Literal(_) | ExprKind::Traversal(_) | ExprKind::SplatItem => self.eval(expr, diags),
            ExprKind::Parens(e) | ExprKind::TemplateWrap(e) => self.eval(e, diags),
            ExprKind::Template(parts) => self.template(parts, diags),
            ExprKind::TemplateJoin(e) => self.template_join(e, diags),
            ExprKind::RelativeTraversal { source, steps } => {
                let value = self.eval(source, diags);
                self.finish(access::walk(&value, steps), expr, diags)
            }
            ExprKind::Index { collection, key } => {
                let collection = self.eval(collection, diags);
                let key_value = self.eval(key, diags);
                self.finish(access::index(&collection, &key_value, key.span), expr, diags)
            }
            ExprKind::Splat { source, each, marker } => self.splat(source, each, *marker, diags),
            ExprKind::Call(c) => self.call(c, expr, diags),
            ExprKind::Conditional { cond, yes, no } => self.conditional(cond, yes, no, expr.span, diags),
            ExprKind::Binary { op, lhs, rhs } => self.binary(*op, lhs, rhs, expr, diags),
            ExprKind::Unary { op, operand } => self.unary(*op, operand, expr, diags),
            ExprKind::Tuple(items) => Value::tuple(items.iter().map(|e| self.eval(e, diags)).collect()),
            ExprKind::Object(items) => self.object(items, diags),
            ExprKind::For(f) => self.for_expr(f, diags),
            ExprKind::Json(json) => {
                let (lowered, syntax) = json.lowered();
                if syntax.has_errors() {
                    diags.extend(syntax.clone());
                    return Value::DYNAMIC;
                }
                match &lowered.kind {
                    ExprKind::Object(items) => self.json_object(items, diags),
                    _ => self.eval(lowered, diags),
                }
            }
        }
    }

    fn traversal(&self, t: &Traversal, diags: &mut Diagnostics) -> Value {
        let result = self.resolve(t);
        match result {
            Ok(v) => v,
            Err(more) => {
                diags.extend(self.explained_traversal(more, t));
                Value::DYNAMIC
            }
        }
    }

    fn resolve(&self, t: &Traversal) -> Result<Value, Diagnostics> {
        if let Some(v) = self.local(&t.root.name) {
            return access::walk(v, &t.steps);
        }
        let (value, used) = self.scope.resolve(t)?;
        access::walk(&value, t.steps.get(used..).unwrap_or_default())
    }

    /// The value, or unknown and the diagnostics with the values that `expr` refers to.
    fn finish(&self, result: Result<Value, Diagnostics>, expr: &Expr, diags: &mut Diagnostics) -> Value {
        result.unwrap_or_else(|more| {
            for d in more {
                self.report(d, expr, diags);
            }
            Value::DYNAMIC
        })
    }

    fn object(&self, items: &[ObjectItem], diags: &mut Diagnostics) -> Value {
        let mut out: BTreeMap<Str, Value> = BTreeMap::new();
        let mut marks = Marks::NONE;
        let mut known = true;
        for item in items {
            let before = diags.0.len();
            let name = match item.literal_key() {
                Some(name) => Some(name),
                None => self.object_key(&item.key, &mut marks, &mut known, diags),
            };
            let key_failed = diags.0.len() > before;
            let value = self.eval(&item.value, diags);
            match name {
                Some(name) if !key_failed => {
                    out.insert(name, value);
                }
                _ => known = false,
            }
        }
        if !known {
            return Value::DYNAMIC;
        }
        Value::from(Kind::Object(out.into())).with_marks(marks)
    }

    fn object_key(&self, key: &Expr, marks: &mut Marks, known: &mut bool, diags: &mut Diagnostics) -> Option<Str> {
        let before = diags.0.len();
        let (value, own) = self.eval(key, diags).unmark();
        *marks |= own;
        if diags.0.len() > before {
            return None;
        }
        if value.is_null() {
            let d = Diagnostic::error("Null value as key", "A key must not be null.").at(key.span);
            self.report(d, key, diags);
            return None;
        }
        match convert(&value, &Type::String).map(Value::into_kind) {
            Ok(Kind::String(s)) => Some(s),
            Ok(_) => {
                *known = false;
                None
            }
            Err(e) => {
                let detail = format!("This value cannot be a key: {}.", e.message);
                self.report(Diagnostic::error("Incorrect key type", detail).at(key.span), key, diags);
                None
            }
        }
    }

    /// As [`Env::object`], by the rules of JSON syntax: every key is a template, and no key may come twice.
    fn json_object(&self, items: &[ObjectItem], diags: &mut Diagnostics) -> Value {
        const SUMMARY: &str = "Invalid object key expression";
        let mut out: BTreeMap<Str, Value> = BTreeMap::new();
        let mut marks = Marks::NONE;
        let mut known = true;
        for item in items {
            let (key, own) = self.eval(&item.key, diags).unmark();
            marks |= own;
            let value = self.eval(&item.value, diags);
            let at = item.key.span;
            match convert(&key, &Type::String).map(Value::into_kind) {
                Err(e) => {
                    let detail = format!("This value cannot be a key: {}.", e.message);
                    self.report(Diagnostic::error(SUMMARY, detail).at(at), &item.key, diags);
                }
                Ok(Kind::Null(_)) => {
                    self.report(Diagnostic::error(SUMMARY, "A key must not be null.").at(at), &item.key, diags);
                }
                Ok(Kind::String(name)) => {
                    if let Entry::Vacant(e) = out.entry(name) {
                        e.insert(value);
                    } else {
                        let detail = "There is an attribute of this name above already.";
                        diags.push(Diagnostic::error("Duplicate object attribute", detail).at(at));
                    }
                }
                Ok(_) => known = false,
            }
        }
        if !known {
            return Value::DYNAMIC.with_marks(marks);
        }
        Value::from(Kind::Object(out.into())).with_marks(marks)
    }

    fn conditional(&self, cond: &Expr, yes: &Expr, no: &Expr, at: Span, diags: &mut Diagnostics) -> Value {
        // Both sides are always evaluated: they decide the type together. Only the chosen side's errors count.
        let (mut yes_diags, mut no_diags) = (Diagnostics::new(), Diagnostics::new());
        let yes_value = self.eval(yes, &mut yes_diags);
        let no_value = self.eval(no, &mut no_diags);
        let (yes_value, yes_marks) = yes_value.unmark();
        let (no_value, no_marks) = no_value.unmark();
        let Some(ty) = operator::common_type(&yes_value, &no_value) else {
            let detail = explain::type_mismatch(&yes_value.ty(), &no_value.ty());
            let d =
                Diagnostic::error("Inconsistent conditional result types", detail).at(yes.span.to(no.span)).within(at);
            self.report_all(d, &[cond, yes, no], diags);
            return Value::DYNAMIC;
        };
        let (cond_value, cond_marks) = self.eval(cond, diags).unmark();
        let marks = cond_marks | yes_marks | no_marks;
        if cond_value.is_null() {
            let d = Diagnostic::error("Null condition", "A condition must be true or false, not null.");
            self.report(d.at(cond.span).within(at), cond, diags);
            return Value::unknown(ty.unwrap_or_else(|| yes_value.ty())).with_marks(marks);
        }
        if cond_value.is_unknown() {
            let ty = ty.unwrap_or_else(|| yes_value.ty());
            return operator::either(&yes_value, &no_value, ty).with_marks(marks);
        }
        let chosen = match convert(&cond_value, &Type::Bool) {
            Ok(v) => v.as_bool().unwrap_or_default(),
            Err(_) => {
                let d = Diagnostic::error("Incorrect condition type", "A condition must be a bool.");
                self.report(d.at(cond.span).within(at), cond, diags);
                return Value::unknown(ty.unwrap_or_else(|| yes_value.ty()));
            }
        };
        let (value, own, side) = if chosen { (yes_value, yes_diags, yes) } else { (no_value, no_diags, no) };
        diags.extend(own);
        let value = match &ty {
            None => value,
            Some(ty) => match convert(&value, ty) {
                Ok(v) => v,
                Err(e) => {
                    let which = if chosen { "true" } else { "false" };
                    let detail = format!("The result for {which} has the wrong type: {}.", e.message);
                    let d = Diagnostic::error("Inconsistent conditional result types", detail);
                    self.report(d.at(side.span).within(at), side, diags);
                    Value::unknown(ty.clone())
                }
            },
        };
        value.with_marks(marks)
    }
}
