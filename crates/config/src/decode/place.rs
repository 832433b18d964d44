//! Where a part of a value stands in the text.

use sdt_diag::Span;
use sdt_hcl::ConfigBody;
use sdt_schema::Block;
use sdt_value::{Path, PathStep};

use super::dynamic::Dynamic;
use super::parts::Parts;

/// The place of the part at `path` inside a body: of the argument or block that gives it, or of the nearest one around it. `None`
/// when nothing in the body has to do with it.
#[must_use]
pub fn span_of(body: &ConfigBody, block: &Block, path: &Path) -> Option<Span> {
    find(body, block, &path.0)
}

fn find(body: &ConfigBody, block: &Block, steps: &[PathStep]) -> Option<Span> {
    let [PathStep::Attr(name), rest @ ..] = steps else { return None };
    let parts = Parts::of(body, block);
    if let Some(a) = parts.content.attributes.get(name) {
        return Some(a.expr.span());
    }
    let (_, nested) = parts.nested(block).into_iter().find(|(n, _)| n == name)?;
    let blocks: Vec<_> = parts.blocks_of(name).collect();
    // A position counts blocks as long as none before it is dynamic; a key is a label.
    let (chosen, rest) = match rest {
        [PathStep::Index(key), rest @ ..] => {
            let at = key.as_number().and_then(sdt_value::Number::as_i64).and_then(|i| usize::try_from(i).ok());
            let first_dynamic = blocks.iter().position(|b| Dynamic::of(b).is_some()).unwrap_or(blocks.len());
            let by_position = at.and_then(|i| blocks.get(i.min(first_dynamic)).or_else(|| blocks.first()));
            let by_label =
                || key.as_str().and_then(|k| blocks.iter().find(|b| b.labels.first().is_some_and(|l| *l.value == *k)));
            (by_position.or_else(by_label).or_else(|| blocks.first()), rest)
        }
        rest => (blocks.first(), rest),
    };
    let b = chosen?;
    let inner = match Dynamic::of(b) {
        Some((d, _)) => d.and_then(|d| d.content),
        None => Some(b.body.clone()),
    };
    inner.and_then(|i| find(&i, &nested.block, rest)).or(Some(b.header))
}
