//! Bodies of either syntax, read by schema.

use std::sync::Arc;

use indexmap::IndexMap;
use sdt_diag::{Diagnostics, Span};
use sdt_value::Str;

use crate::ast::{Attribute, Body, Ident, Label};
use crate::json::JsonBody;
use crate::native::NativeBody;
use crate::schema::BodySchema;

/// A body in native or JSON syntax, or two bodies laid over each other. Clones are cheap.
#[derive(Clone, Debug)]
pub enum ConfigBody {
    /// Native syntax.
    Native(NativeBody),
    /// JSON syntax.
    Json(JsonBody),
    /// `over` replaces arguments of `base` by name and blocks of `base` by type, as override files do.
    Override {
        /// What is overridden.
        base: Arc<ConfigBody>,
        /// What replaces.
        over: Arc<ConfigBody>,
        /// Whether what the schema does not name is passed over.
        lax: bool,
    },
}

/// What a body holds, by a schema.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// Arguments by name.
    pub attributes: IndexMap<Str, Attribute>,
    /// Blocks in source order.
    pub blocks: Vec<ContentBlock>,
    /// Where something missing would be put.
    pub missing_item_span: Span,
}

/// A block with a body of either syntax.
#[derive(Clone, Debug)]
pub struct ContentBlock {
    /// The keyword.
    pub kind: Ident,
    /// The labels.
    pub labels: Vec<Label>,
    /// The body.
    pub body: ConfigBody,
    /// Keyword and labels: what a message about the block points at.
    pub header: Span,
}

impl Content {
    /// The argument of that name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.get(name)
    }

    /// The blocks of a type.
    pub fn blocks_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a ContentBlock> {
        self.blocks.iter().filter(move |b| &*b.kind.name == kind)
    }
}

impl ConfigBody {
    /// A body without anything.
    #[must_use]
    pub fn empty(at: Span) -> Self {
        Body { span: at, end: at, ..Body::default() }.into()
    }

    /// Lays `over` over this body.
    #[must_use]
    pub fn overridden_by(self, over: ConfigBody) -> Self {
        Self::Override { base: Arc::new(self), over: Arc::new(over), lax: false }
    }

    /// The same body, of which, once something is laid over it, nothing is said that the schema does not name. Terraform reads the
    /// arguments of resources and module calls so.
    #[must_use]
    pub fn passing_over(self) -> Self {
        match self {
            Self::Override { base, over, .. } => Self::Override { base, over, lax: true },
            other => other,
        }
    }

    /// Reads everything; what the schema does not name is an error.
    #[must_use]
    pub fn content(&self, schema: &BodySchema) -> (Content, Diagnostics) {
        match self {
            Self::Native(b) => b.content(schema),
            Self::Json(b) => b.content(schema),
            Self::Override { lax: true, .. } => {
                let (content, _, diags) = self.partial_content(schema);
                (content, diags)
            }
            Self::Override { base, over, .. } => {
                let (under, mut diags) = base.content(schema);
                let (upper, more) = over.content(&lenient(schema));
                diags.extend(more);
                (overlay(under, upper), diags)
            }
        }
    }

    /// Reads what the schema names, and returns the body that is left.
    #[must_use]
    pub fn partial_content(&self, schema: &BodySchema) -> (Content, ConfigBody, Diagnostics) {
        match self {
            Self::Native(b) => {
                let (content, rest, diags) = b.partial_content(schema);
                (content, Self::Native(rest), diags)
            }
            Self::Json(b) => {
                let (content, rest, diags) = b.partial_content(schema);
                (content, Self::Json(rest), diags)
            }
            Self::Override { base, over, lax } => {
                let (under, base, mut diags) = base.partial_content(schema);
                let (upper, over, more) = over.partial_content(&lenient(schema));
                diags.extend(more);
                let rest = Self::Override { base: Arc::new(base), over: Arc::new(over), lax: *lax };
                (overlay(under, upper), rest, diags)
            }
        }
    }

    /// Reads a body of arguments of any name; a block is an error.
    #[must_use]
    pub fn just_attributes(&self) -> (IndexMap<Str, Attribute>, Diagnostics) {
        match self {
            Self::Native(b) => b.just_attributes(),
            Self::Json(b) => b.just_attributes(),
            Self::Override { base, over, .. } => {
                let (mut all, mut diags) = base.just_attributes();
                let (upper, more) = over.just_attributes();
                diags.extend(more);
                all.extend(upper);
                (all, diags)
            }
        }
    }

    /// Where something missing would be put.
    #[must_use]
    pub fn missing_item_span(&self) -> Span {
        match self {
            Self::Native(b) => b.missing_item_span(),
            Self::Json(b) => b.missing_item_span(),
            Self::Override { base, .. } => base.missing_item_span(),
        }
    }
}

impl From<Body> for ConfigBody {
    fn from(body: Body) -> Self {
        Arc::new(body).into()
    }
}

impl From<Arc<Body>> for ConfigBody {
    fn from(body: Arc<Body>) -> Self {
        Self::Native(NativeBody::new(body))
    }
}

/// An override need not repeat what is required.
fn lenient(schema: &BodySchema) -> BodySchema {
    let mut schema = schema.clone();
    schema.attributes.iter_mut().for_each(|a| a.required = false);
    schema
}

fn overlay(mut base: Content, over: Content) -> Content {
    base.attributes.extend(over.attributes);
    // A dynamic block stands for blocks of its label's type.
    let produced = |b: &ContentBlock| -> Str {
        match (&*b.kind.name, b.labels.first()) {
            ("dynamic", Some(label)) => label.value.clone(),
            _ => b.kind.name.clone(),
        }
    };
    let replaced: Vec<Str> = over.blocks.iter().map(produced).collect();
    base.blocks.retain(|b| !replaced.contains(&produced(b)));
    base.blocks.extend(over.blocks);
    base
}
