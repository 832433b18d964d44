//! Expressions in JSON syntax: strings are templates, everything else stands for itself.

use std::sync::{Arc, OnceLock};

use sdt_diag::{Diagnostics, Span};
use sdt_value::Value;

use super::node::{JsonKind, JsonMember, JsonNode};
use super::to_expr;
use crate::ast::{Expr, ExprKind, ObjectItem, Traversal};
use crate::parse::{parse_expression, parse_template, parse_traversal};

/// A JSON value as an expression. Its strings are parsed when they are first needed, since only the use decides whether
/// they are templates, references, types or plain text.
#[derive(Debug)]
pub struct JsonExpr {
    node: Arc<JsonNode>,
    lowered: OnceLock<(Expr, Diagnostics)>,
}

impl JsonExpr {
    pub(super) fn new(node: Arc<JsonNode>) -> Self {
        Self { node, lowered: OnceLock::new() }
    }

    /// The value as an expression of the native kinds, one level deep: the members are JSON expressions again.
    #[must_use]
    pub fn lowered(&self) -> &(Expr, Diagnostics) {
        self.lowered.get_or_init(|| {
            let span = self.node.span;
            let kind = match &self.node.kind {
                JsonKind::String(s) => return parse_template(span.source, s.as_bytes(), span.start + 1),
                JsonKind::Null => ExprKind::Literal(Value::NULL),
                JsonKind::Bool(b) => ExprKind::Literal(Value::bool(*b)),
                JsonKind::Number(n) => ExprKind::Literal(Value::number(n.clone())),
                JsonKind::Invalid => ExprKind::Literal(Value::DYNAMIC),
                JsonKind::Array(items) => ExprKind::Tuple(items.iter().map(to_expr).collect()),
                JsonKind::Object(all) => ExprKind::Object(
                    all.iter().map(|m| ObjectItem { key: name_expr(m), value: to_expr(&m.value) }).collect(),
                ),
            };
            (Expr::new(kind, span), Diagnostics::new())
        })
    }

    /// The value with every string as plain text.
    #[must_use]
    pub fn literal(&self) -> Value {
        literal(&self.node)
    }

    /// The string as plain text.
    #[must_use]
    pub fn as_string(&self) -> Option<&str> {
        match &self.node.kind {
            JsonKind::String(s) => Some(s),
            _ => None,
        }
    }

    pub(crate) fn as_traversal(&self) -> Option<Traversal> {
        let text = self.as_string()?;
        let (t, diags) = parse_traversal(self.node.span.source, text.as_bytes(), self.inside().start);
        t.filter(|_| !diags.has_errors())
    }

    /// The string read as an expression; none when it is no string or does not parse.
    #[must_use]
    pub fn parsed(&self) -> Option<Expr> {
        let text = self.as_string()?;
        let (e, diags) = parse_expression(self.node.span.source, text.as_bytes(), self.inside().start);
        (!diags.has_errors()).then_some(e)
    }

    pub(crate) fn items(&self) -> Option<Vec<Expr>> {
        match &self.node.kind {
            JsonKind::Array(items) => Some(items.iter().map(to_expr).collect()),
            _ => None,
        }
    }

    pub(crate) fn members(&self) -> Option<Vec<(Expr, Expr)>> {
        match &self.node.kind {
            JsonKind::Object(all) => Some(all.iter().map(|m| (name_expr(m), to_expr(&m.value))).collect()),
            _ => None,
        }
    }

    fn inside(&self) -> Span {
        Span { start: self.node.span.start + 1, ..self.node.span }
    }
}

fn name_expr(m: &JsonMember) -> Expr {
    to_expr(&Arc::new(JsonNode { kind: JsonKind::String(m.name.clone()), span: m.name_span }))
}

fn literal(node: &JsonNode) -> Value {
    match &node.kind {
        JsonKind::Null => Value::NULL,
        JsonKind::Bool(b) => Value::bool(*b),
        JsonKind::Number(n) => Value::number(n.clone()),
        JsonKind::String(s) => Value::string(s),
        JsonKind::Invalid => Value::DYNAMIC,
        JsonKind::Array(items) => crate::deep(|| Value::tuple(items.iter().map(|i| literal(i)).collect())),
        JsonKind::Object(all) => crate::deep(|| Value::object(all.iter().map(|m| (m.name.clone(), literal(&m.value))))),
    }
}
