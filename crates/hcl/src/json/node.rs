//! The tree of a JSON document.

use std::sync::Arc;

use sdt_diag::Span;
use sdt_value::{Number, Str};

/// A JSON value and where it stands.
#[derive(Debug)]
pub(crate) struct JsonNode {
    pub(crate) kind: JsonKind,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum JsonKind {
    Null,
    Bool(bool),
    Number(Number),
    String(Str),
    Array(Vec<Arc<JsonNode>>),
    Object(Vec<JsonMember>),
    /// Could not be parsed; an error says so.
    Invalid,
}

#[derive(Clone, Debug)]
pub(crate) struct JsonMember {
    pub(crate) name: Str,
    pub(crate) name_span: Span,
    pub(crate) value: Arc<JsonNode>,
}

impl JsonNode {
    /// What a message about the kind of value points at: the opening bracket, or the whole.
    pub(crate) fn start(&self) -> Span {
        match self.kind {
            JsonKind::Array(_) | JsonKind::Object(_) => Span { end: self.span.start + 1, ..self.span },
            _ => self.span,
        }
    }

    /// Where something missing would be put.
    pub(crate) fn missing_item(&self) -> Span {
        match self.kind {
            JsonKind::Object(_) => Span { start: self.span.end.saturating_sub(1), ..self.span },
            _ => self.start(),
        }
    }
}

impl Drop for JsonNode {
    fn drop(&mut self) {
        if matches!(self.kind, JsonKind::Array(_) | JsonKind::Object(_)) {
            let kind = std::mem::replace(&mut self.kind, JsonKind::Null);
            crate::deep(move || drop(kind));
        }
    }
}
