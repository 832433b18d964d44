//! The evaluator.

mod scope;

pub use scope::{CallFailure, CallSite, NoScope, Scope, Signature};

use sdt_diag::{Diagnostics, Span};
use sdt_value::Value;

use crate::ast::{Expr, Step};

/// Evaluates an expression. On errors the value is unknown of any type, or as much as could be found out.
#[must_use]
pub fn eval(expr: &Expr, scope: &dyn Scope) -> (Value, Diagnostics) {
    let _ = (expr, scope);
    todo!()
}

/// Evaluates an expression that must be constant. In JSON syntax, strings are plain text here.
#[must_use]
pub fn eval_const(expr: &Expr) -> (Value, Diagnostics) {
    eval(expr, &NoScope)
}

/// Takes one step from a value.
///
/// # Errors
/// When it leads nowhere.
pub fn apply_step(value: &Value, step: &Step) -> Result<Value, Diagnostics> {
    let _ = (value, step);
    todo!()
}

/// Indexes a value.
///
/// # Errors
/// When there is no such element.
pub fn index(collection: &Value, key: &Value, at: Span) -> Result<Value, Diagnostics> {
    let _ = (collection, key, at);
    todo!()
}

/// Returns a value in words, as under a message: `is "a"`, `has a sensitive value`.
#[must_use]
pub fn describe(value: &Value) -> Option<String> {
    let _ = value;
    todo!()
}
