//! Expressions looked at as syntax. Thin words over `sdt_hcl`'s for the cases that this crate needs.

use sdt_diag::{Diagnostics, Span};
use sdt_hcl::{Expr, ExprKind, StaticCall, Traversal, parse_traversal};
use sdt_value::Str;

/// The text of a quoted string without interpolation; none in JSON, where everything is in quotes.
pub(crate) fn quoted(expr: &Expr) -> Option<(String, Span)> {
    match &expr.kind {
        ExprKind::Literal(v) => v.as_str().map(|s| (s.to_owned(), expr.span)),
        _ => None,
    }
}

/// Reads the text of a quoted string as a reference.
pub(crate) fn parse_quoted(text: &str, span: Span) -> (Option<Traversal>, Diagnostics) {
    parse_traversal(span.source, text.as_bytes(), span.start + 1)
}

/// The bare word an expression is.
pub(crate) fn keyword(expr: &Expr) -> Option<Str> {
    expr.as_keyword()
}

/// The call an expression is.
pub(crate) fn call(expr: &Expr) -> Option<StaticCall> {
    expr.as_call().ok()
}

/// The items of a list in brackets.
pub(crate) fn list(expr: &Expr) -> Option<Vec<Expr>> {
    expr.as_list().ok()
}

/// The items of an object in braces.
pub(crate) fn map(expr: &Expr) -> Option<Vec<(Expr, Expr)>> {
    expr.as_map().ok()
}

/// The reference an expression is.
pub(crate) fn traversal(expr: &Expr) -> Option<Traversal> {
    expr.as_traversal().ok()
}

/// The expression itself; in JSON, what its string says when read as an expression.
pub(crate) fn inside(expr: &Expr) -> Expr {
    match &expr.kind {
        ExprKind::Json(json) => json.parsed().unwrap_or_else(|| expr.clone()),
        _ => expr.clone(),
    }
}
