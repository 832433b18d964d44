//! JSON syntax: documents with places, bodies and expressions in them.
//!
//! Source: HCL JSON Syntax Specification.

mod body;
mod expr;
mod node;
mod parse;

use std::sync::Arc;

use sdt_diag::{Diagnostics, SourceId};

pub use body::JsonBody;
pub use expr::JsonExpr;
pub(crate) use node::{JsonKind, JsonNode};

use crate::ast::{Expr, ExprKind};
use crate::body::ConfigBody;

/// Parses a file in JSON syntax; its root must be an object, or a list of objects.
#[must_use]
pub fn parse_json_body(source: SourceId, text: &[u8]) -> (ConfigBody, Diagnostics) {
    let (mut node, mut diags) = parse::document(source, text);
    if !matches!(node.kind, JsonKind::Object(_) | JsonKind::Array(_)) {
        let detail = "A file in JSON syntax must hold an object, or a list of objects.";
        diags.push(sdt_diag::Diagnostic::error("Root value must be object", detail).at(node.start()));
        node.kind = JsonKind::Object(Vec::new());
    }
    (ConfigBody::Json(JsonBody::new(Arc::new(node))), diags)
}

/// Parses a text that is one value in JSON syntax.
#[must_use]
pub fn parse_json_expression(source: SourceId, text: &[u8]) -> (Expr, Diagnostics) {
    let (node, diags) = parse::document(source, text);
    (to_expr(&Arc::new(node)), diags)
}

fn to_expr(node: &Arc<JsonNode>) -> Expr {
    Expr::new(ExprKind::Json(JsonExpr::new(node.clone())), node.span)
}
