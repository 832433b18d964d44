//! Bodies in JSON syntax, read by schema.

use std::sync::Arc;

use indexmap::IndexMap;
use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_value::Str;

use super::node::{JsonKind, JsonMember, JsonNode};
use super::to_expr;
use crate::ast::{Attribute, Expr, Ident, Label};
use crate::body::{ConfigBody, Content, ContentBlock};
use crate::native::missing_argument;
use crate::schema::{BlockSchema, BodySchema};
use crate::strings::{did_you_mean, quote};

/// A body in JSON syntax and what of it has been read already.
#[derive(Clone, Debug)]
pub struct JsonBody {
    node: Arc<JsonNode>,
    read: Arc<Vec<String>>,
}

/// A property with this name is a comment.
const COMMENT: &str = "//";

const WRONG_TYPE: &str = "Incorrect JSON value type";

impl JsonBody {
    pub(super) fn new(node: Arc<JsonNode>) -> Self {
        Self { node, read: Arc::default() }
    }

    pub(crate) fn missing_item_span(&self) -> Span {
        self.node.missing_item()
    }

    pub(crate) fn content(&self, schema: &BodySchema) -> (Content, Diagnostics) {
        let (content, rest, mut diags) = self.partial_content(schema);
        // A body that is no object is told of once for each of the two looks that Terraform takes here.
        for m in members(&self.node, &mut diags, None) {
            if &*m.name == COMMENT || rest.read.iter().any(|r| **r == *m.name) {
                continue;
            }
            let attributes = schema.attributes.iter().map(|a| &*a.name);
            let unset = attributes.filter(|n| !content.attributes.contains_key(*n));
            let hint = did_you_mean(&m.name, unset.chain(schema.blocks.iter().map(|b| &*b.kind)));
            let detail = format!("There is no argument or block type {} here.{hint}", quote(&m.name));
            let d = Diagnostic::error("Extraneous JSON object property", detail);
            diags.push(d.at(m.name_span).within(m.name_span.to(m.value.span)));
        }
        (content, diags)
    }

    pub(crate) fn partial_content(&self, schema: &BodySchema) -> (Content, JsonBody, Diagnostics) {
        let mut diags = Diagnostics::new();
        let mut content = Content { missing_item_span: self.missing_item_span(), ..Content::default() };
        let mut read = (*self.read).clone();
        for m in members(&self.node, &mut diags, None) {
            if self.read.iter().any(|r| **r == *m.name) {
                continue;
            }
            if schema.attributes.iter().any(|a| *a.name == *m.name) {
                if content.attributes.contains_key(&m.name) {
                    let detail = format!("The argument {} is set above already.", quote(&m.name));
                    let d = Diagnostic::error("Duplicate argument", detail);
                    diags.push(d.at(m.name_span).within(m.name_span.to(m.value.span)));
                    continue;
                }
                content.attributes.insert(m.name.clone(), attribute(m));
                read.push(m.name.to_string());
            } else if let Some(want) = schema.blocks.iter().find(|b| *b.kind == *m.name) {
                let kind = Ident { name: m.name.clone(), span: m.name_span };
                blocks(&m.value, &kind, want, &mut Vec::new(), &mut content.blocks, &mut diags);
                read.push(m.name.to_string());
            }
        }
        for want in schema.attributes.iter().filter(|a| a.required) {
            if !content.attributes.contains_key(&*want.name) {
                diags.push(missing_argument(&want.name, self.missing_item_span()));
            }
        }
        (content, Self { node: self.node.clone(), read: Arc::new(read) }, diags)
    }

    pub(crate) fn just_attributes(&self) -> (IndexMap<Str, Attribute>, Diagnostics) {
        let mut diags = Diagnostics::new();
        let mut out = IndexMap::new();
        let JsonKind::Object(all) = &self.node.kind else {
            let detail = "An object is required here, which sets the arguments of this block.";
            diags.push(Diagnostic::error(WRONG_TYPE, detail).at(self.node.start()));
            return (out, diags);
        };
        for m in all {
            if &*m.name == COMMENT || self.read.iter().any(|r| **r == *m.name) {
                continue;
            }
            if out.contains_key(&m.name) {
                let detail = format!("The argument {} is set above already.", quote(&m.name));
                diags.push(Diagnostic::error("Duplicate attribute definition", detail).at(m.name_span));
                continue;
            }
            out.insert(m.name.clone(), attribute(m));
        }
        (out, diags)
    }

    pub(crate) fn visit_exprs(&self, f: &mut dyn FnMut(&Expr)) {
        for m in members(&self.node, &mut Diagnostics::new(), None) {
            if &*m.name != COMMENT && !self.read.iter().any(|r| **r == *m.name) {
                f(&to_expr(&m.value));
            }
        }
    }
}

fn attribute(m: &JsonMember) -> Attribute {
    let name = Ident { name: m.name.clone(), span: m.name_span };
    Attribute { name, expr: to_expr(&m.value), span: m.name_span.to(m.value.span) }
}

/// The properties of an object, or of all objects of a list. `label` names the label that the properties stand for.
fn members<'a>(node: &'a JsonNode, diags: &mut Diagnostics, label: Option<&str>) -> Vec<&'a JsonMember> {
    let purpose = match label {
        Some(label) => format!("whose properties are the {label} labels of this block"),
        None => "which holds arguments and blocks".to_owned(),
    };
    let mut out = Vec::new();
    match &node.kind {
        JsonKind::Null => {}
        JsonKind::Object(all) => out.extend(all),
        JsonKind::Array(items) => {
            for item in items {
                if let JsonKind::Object(all) = &item.kind {
                    out.extend(all);
                } else {
                    let detail = format!("An object is required here, {purpose}.");
                    diags.push(Diagnostic::error(WRONG_TYPE, detail).at(item.start()));
                }
            }
        }
        _ => {
            let detail = format!("An object or a list of objects is required here, {purpose}.");
            diags.push(Diagnostic::error(WRONG_TYPE, detail).at(node.start()));
        }
    }
    out
}

/// Collects the blocks that a property stands for: one level of objects for each label, then an object or a list of them.
fn blocks(
    node: &Arc<JsonNode>,
    kind: &Ident,
    want: &BlockSchema,
    labels: &mut Vec<Label>,
    out: &mut Vec<ContentBlock>,
    diags: &mut Diagnostics,
) {
    if let Some(label) = want.labels.get(labels.len()) {
        let all = members(node, diags, Some(label));
        if all.is_empty() {
            let detail = format!("A property is required here, whose name is the {label} of the {} block.", want.kind);
            diags.push(Diagnostic::error("Missing block label", detail).at(node.start()));
        }
        for m in all {
            labels.push(Label { value: m.name.clone(), span: m.name_span });
            blocks(&m.value, kind, want, labels, out, diags);
            labels.pop();
        }
        return;
    }
    let block = |node: &Arc<JsonNode>, header: Span| ContentBlock {
        kind: kind.clone(),
        labels: labels.clone(),
        body: ConfigBody::Json(JsonBody::new(node.clone())),
        header,
    };
    match &node.kind {
        JsonKind::Null => {}
        JsonKind::Object(_) => out.push(block(node, node.start())),
        JsonKind::Array(items) => out.extend(items.iter().map(|item| block(item, node.start()))),
        _ => {
            let detail = format!("An object or a list is required here: the content of {} blocks.", quote(&want.kind));
            diags.push(Diagnostic::error(WRONG_TYPE, detail).at(node.start()));
        }
    }
}
