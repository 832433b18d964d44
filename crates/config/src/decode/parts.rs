//! A body cut into arguments and blocks by its schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use sdt_diag::{Diagnostic, Diagnostics};
use sdt_hcl::{AttributeSchema, BlockSchema, BodySchema, ConfigBody, Content, ContentBlock};
use sdt_schema::{Attribute, Block, NestedBlock, Nesting};
use sdt_value::{Str, Type};

/// What a body holds.
pub(crate) struct Parts {
    pub(crate) content: Content,
    pub(crate) diags: Diagnostics,
    /// Attributes of a list or set of objects that are written as blocks here.
    pub(crate) as_blocks: BTreeMap<Str, NestedBlock>,
    /// Dynamic blocks of types that do not exist: what they iterate over is looked at all the same.
    pub(crate) strays: Vec<ContentBlock>,
}

impl Parts {
    pub(crate) fn of(body: &ConfigBody, block: &Block) -> Self {
        let as_blocks = attributes_as_blocks(body, block);
        let attributes = block.attributes.iter().filter(|(n, _)| !as_blocks.contains_key(*n));
        let attributes = attributes.map(|(n, a)| AttributeSchema { name: n.to_string(), required: a.required });
        let nested = block.blocks.iter().chain(&as_blocks);
        let labels = |n: &NestedBlock| if n.nesting == Nesting::Map { vec!["key".to_owned()] } else { Vec::new() };
        let blocks = nested.map(|(n, b)| BlockSchema { kind: n.to_string(), labels: labels(b) });
        let dynamic = BlockSchema::new("dynamic", &["type"]);
        let schema =
            BodySchema { attributes: attributes.collect(), blocks: blocks.chain(std::iter::once(dynamic)).collect() };
        let (mut content, mut diags) = body.content(&schema);
        // Duplicate labels of a map of blocks, and dynamic blocks of types that do not exist.
        let mut strays = Vec::new();
        content.blocks.retain(|b| {
            let (true, Some(label)) = (is_dynamic(b), b.labels.first()) else { return true };
            let known = block.blocks.contains_key(&label.value) || as_blocks.contains_key(&label.value);
            if !known {
                let detail = format!("No blocks of type {:?} are expected here.", &*label.value);
                diags.push(Diagnostic::error("Unsupported block type", detail).at(label.span));
                strays.push(b.clone());
            }
            known
        });
        let mut seen: Vec<(Str, Str)> = Vec::new();
        content.blocks.retain(|b| {
            let (false, Some(label)) = (is_dynamic(b), b.labels.first()) else { return true };
            let key = (b.kind.name.clone(), label.value.clone());
            let again = seen.contains(&key);
            if again {
                let detail = format!("There is a block {:?} labelled {:?} already.", b.kind.as_str(), &*label.value);
                diags.push(Diagnostic::error(format!("Duplicate {} block", b.kind.as_str()), detail).at(b.header));
            }
            seen.push(key);
            !again
        });
        Self { content, diags, as_blocks, strays }
    }

    /// Nested block types, those of attributes written as blocks among them.
    pub(crate) fn nested(&self, block: &Block) -> Vec<(Str, NestedBlock)> {
        let own = block.blocks.iter().map(|(n, b)| (n.clone(), b.clone()));
        own.chain(self.as_blocks.iter().map(|(n, b)| (n.clone(), b.clone()))).collect()
    }

    /// The blocks of a type, and the dynamic ones that make such blocks.
    pub(crate) fn blocks_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a ContentBlock> {
        self.content.blocks.iter().filter(move |b| produced(b) == name)
    }
}

pub(crate) fn is_dynamic(b: &ContentBlock) -> bool {
    &*b.kind.name == "dynamic"
}

/// The type of the blocks that a block stands for.
fn produced(b: &ContentBlock) -> &str {
    match b.labels.first() {
        Some(label) if is_dynamic(b) => &label.value,
        _ => &b.kind.name,
    }
}

/// Finds attributes that are given as blocks: old modules write `ingress { … }` for an attribute of type set(object).
fn attributes_as_blocks(body: &ConfigBody, block: &Block) -> BTreeMap<Str, NestedBlock> {
    let mut found = BTreeMap::new();
    let candidates: Vec<(&Str, NestedBlock)> =
        block.attributes.iter().filter_map(|(n, a)| Some((n, as_block(a)?))).collect();
    if candidates.is_empty() || !has_native(body) {
        return found;
    }
    let mut blocks: Vec<BlockSchema> = candidates.iter().map(|(n, _)| BlockSchema::new(n, &[])).collect();
    blocks.push(BlockSchema::new("dynamic", &["type"]));
    let (content, _, _) = body.partial_content(&BodySchema { attributes: Vec::new(), blocks });
    for (name, nested) in candidates {
        if content.blocks.iter().any(|b| produced(b) == &**name) {
            found.insert(name.clone(), nested);
        }
    }
    found
}

/// In JSON a list of objects is the same text, whether it stands for blocks or for a value.
fn has_native(body: &ConfigBody) -> bool {
    match body {
        ConfigBody::Native(_) => true,
        ConfigBody::Json(_) => false,
        ConfigBody::Override { base, over, .. } => has_native(base) || has_native(over),
    }
}

fn as_block(a: &Attribute) -> Option<NestedBlock> {
    let (nesting, elem) = match &a.ty {
        Type::List(e) => (Nesting::List, e),
        Type::Set(e) => (Nesting::Set, e),
        _ => return None,
    };
    let Type::Object(object) = &**elem else { return None };
    let attributes = object
        .attrs
        .iter()
        .map(|(n, ty)| (n.clone(), Attribute { ty: ty.clone(), optional: true, ..Attribute::default() }));
    let block = Block { attributes: attributes.collect(), ..Block::default() };
    Some(NestedBlock { nesting, block: Arc::new(block), min: u64::from(a.required), max: 0 })
}
