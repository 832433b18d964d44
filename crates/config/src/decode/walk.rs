//! References in a body.

use sdt_hcl::{ConfigBody, Traversal};
use sdt_schema::Block;
use sdt_value::Str;

use super::dynamic::Dynamic;
use super::parts::Parts;

/// Every reference in what the schema knows of a body; iterators of dynamic blocks are none.
pub(crate) fn traversals(body: &ConfigBody, block: &Block) -> Vec<Traversal> {
    let mut found = Vec::new();
    collect(body, block, &mut Vec::new(), &mut found);
    found
}

fn collect(body: &ConfigBody, block: &Block, iterators: &mut Vec<Str>, found: &mut Vec<Traversal>) {
    let parts = Parts::of(body, block);
    let add = |e: &sdt_hcl::Expr, iterators: &[Str], found: &mut Vec<Traversal>| {
        found.extend(e.traversals().into_iter().filter(|t| !iterators.contains(&t.root.name)));
    };
    for a in parts.content.attributes.values() {
        add(&a.expr, iterators, found);
    }
    for (dynamic, _) in parts.strays.iter().filter_map(Dynamic::of) {
        if let Some(d) = dynamic {
            add(&d.for_each, iterators, found);
        }
    }
    for (name, nested) in parts.nested(block) {
        for b in parts.blocks_of(&name) {
            let Some((dynamic, _)) = Dynamic::of(b) else {
                collect(&b.body, &nested.block, iterators, found);
                continue;
            };
            let Some(d) = dynamic else { continue };
            add(&d.for_each, iterators, found);
            iterators.push(d.iterator.clone());
            if let Some(labels) = &d.labels {
                add(labels, iterators, found);
            }
            if let Some(content) = &d.content {
                collect(content, &nested.block, iterators, found);
            }
            iterators.pop();
        }
    }
}
