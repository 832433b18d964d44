//! Native bodies read by schema.

use std::sync::Arc;

use indexmap::IndexMap;
use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_value::Str;

use crate::ast::{Attribute, Block, Body, Expr};
use crate::body::{ConfigBody, Content, ContentBlock};
use crate::schema::{BlockSchema, BodySchema};
use crate::strings::{did_you_mean, quote, suggest};

/// A native body and what of it has been read already.
#[derive(Clone, Debug)]
pub struct NativeBody {
    body: Arc<Body>,
    read: Arc<Read>,
}

#[derive(Clone, Debug, Default)]
struct Read {
    attributes: Vec<String>,
    blocks: Vec<String>,
}

impl NativeBody {
    pub(crate) fn new(body: Arc<Body>) -> Self {
        Self { body, read: Arc::default() }
    }

    /// The tree.
    #[must_use]
    pub fn tree(&self) -> &Arc<Body> {
        &self.body
    }

    pub(crate) fn missing_item_span(&self) -> Span {
        self.start()
    }

    /// The opening brace: where messages about something missing point, as in Terraform.
    fn start(&self) -> Span {
        let span = self.body.span;
        Span { end: span.end.min(span.start + 1), ..span }
    }

    fn attributes(&self) -> impl Iterator<Item = (&Str, &Attribute)> {
        self.body.attributes.iter().filter(|(n, _)| !self.read.attributes.iter().any(|r| **r == ***n))
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.body.blocks.iter().filter(|b| !self.read.blocks.iter().any(|r| **r == *b.kind.name))
    }

    pub(crate) fn content(&self, schema: &BodySchema) -> (Content, Diagnostics) {
        let (content, rest, mut diags) = self.partial_content(schema);
        for (name, attr) in rest.attributes() {
            let names = schema.attributes.iter().map(|a| &*a.name).filter(|n| !content.attributes.contains_key(*n));
            let hint = if schema.blocks.iter().any(|b| *b.kind == **name) {
                format!(" To define a block of type {}, leave out the equals sign.", quote(name))
            } else {
                let hint = did_you_mean(name, names);
                match suggest(name, schema.blocks.iter().map(|b| &*b.kind)) {
                    Some(kind) if hint.is_empty() => {
                        format!(" Did you mean to define a block of type {}?", quote(kind))
                    }
                    _ => hint,
                }
            };
            let detail = format!("No argument named {} is expected here.{hint}", quote(name));
            diags.push(Diagnostic::error("Unsupported argument", detail).at(attr.name.span));
        }
        for block in rest.blocks() {
            let name = &block.kind.name;
            let hint = if schema.attributes.iter().any(|a| *a.name == **name) {
                format!(" To set argument {}, put an equals sign before its value.", quote(name))
            } else {
                did_you_mean(name, schema.blocks.iter().map(|b| &*b.kind))
            };
            let detail = format!("No blocks of type {} are expected here.{hint}", quote(name));
            diags.push(Diagnostic::error("Unsupported block type", detail).at(block.kind.span));
        }
        (content, diags)
    }

    pub(crate) fn partial_content(&self, schema: &BodySchema) -> (Content, NativeBody, Diagnostics) {
        let mut diags = Diagnostics::new();
        let mut content = Content { missing_item_span: self.start(), ..Content::default() };
        for want in &schema.attributes {
            match self.body.attributes.get(&*want.name) {
                Some(a) if !self.read.attributes.contains(&want.name) => {
                    content.attributes.insert(a.name.name.clone(), a.clone());
                }
                _ if want.required => diags.push(missing_argument(&want.name, self.start())),
                _ => {}
            }
        }
        for block in self.blocks() {
            if let Some(want) = schema.blocks.iter().find(|b| *b.kind == *block.kind.name)
                && labels_fit(block, want, &mut diags)
            {
                content.blocks.push(ContentBlock {
                    kind: block.kind.clone(),
                    labels: block.labels.clone(),
                    body: ConfigBody::Native(NativeBody::new(block.body.clone())),
                    header: block.header,
                });
            }
        }
        let mut read = (*self.read).clone();
        read.attributes.extend(schema.attributes.iter().map(|a| a.name.clone()));
        read.blocks.extend(schema.blocks.iter().map(|b| b.kind.clone()));
        (content, Self { body: self.body.clone(), read: Arc::new(read) }, diags)
    }

    pub(crate) fn visit_exprs(&self, f: &mut dyn FnMut(&Expr)) {
        self.attributes().for_each(|(_, a)| f(&a.expr));
        self.blocks().for_each(|b| b.body.visit_exprs(&mut |e| f(e)));
    }

    pub(crate) fn just_attributes(&self) -> (IndexMap<Str, Attribute>, Diagnostics) {
        let mut diags = Diagnostics::new();
        if let Some(block) = self.blocks().next() {
            let summary = format!("Unexpected {} block", quote(&block.kind.name));
            diags.push(Diagnostic::error(summary, "Only arguments may be set here, not blocks.").at(block.kind.span));
        }
        (self.attributes().map(|(n, a)| (n.clone(), a.clone())).collect(), diags)
    }
}

pub(crate) fn missing_argument(name: &str, at: Span) -> Diagnostic {
    Diagnostic::error("Missing required argument", format!("The argument {} must be set here.", quote(name))).at(at)
}

fn labels_fit(block: &Block, want: &BlockSchema, diags: &mut Diagnostics) -> bool {
    let names = want.labels.join(", ");
    if let Some(extra) = block.labels.get(want.labels.len()) {
        let detail = match want.labels.len() {
            0 => format!("Blocks of type {} take no labels.", quote(&want.kind)),
            n => format!("Blocks of type {} take only {n} labels ({names}).", quote(&want.kind)),
        };
        let d = Diagnostic::error(format!("Extraneous label for {}", want.kind), detail);
        diags.push(d.at(extra.span).within(block.header.to(block.open)));
        return false;
    }
    if let Some(missing) = want.labels.get(block.labels.len()) {
        let n = want.labels.len();
        let detail = format!("Every block of type {} must have {n} labels ({names}).", quote(&want.kind));
        let d = Diagnostic::error(format!("Missing {missing} for {}", want.kind), detail);
        diags.push(d.at(block.open).within(block.header.to(block.open)));
        return false;
    }
    true
}
