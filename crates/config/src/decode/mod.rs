//! Bodies by schema: their value, their references, their places.

mod dynamic;
mod parts;
mod place;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeMap;

use sdt_diag::{Diagnostic, Diagnostics};
use sdt_hcl::{Attribute, ConfigBody, ContentBlock, Scope, eval};
use sdt_schema::{Block, NestedBlock, Nesting};
use sdt_value::{Marks, Str, Type, Value, convert};

use crate::load::at_path;

use dynamic::{Dynamic, IteratorScope};
use parts::Parts;

pub use place::span_of;
pub(crate) use walk::traversals;

/// Evaluates a body to the value of the schema's implied type. With errors the value is as much as could be found out, with unknowns
/// in place of the rest.
#[must_use]
pub fn decode(body: &ConfigBody, block: &Block, scope: &dyn Scope) -> (Value, Diagnostics) {
    let mut diags = Diagnostics::new();
    let value = block_value(body, block, scope, &mut diags);
    (value, diags)
}

/// Checks the form of a body against a schema, without evaluating anything.
#[must_use]
pub fn check_body(body: &ConfigBody, block: &Block) -> Diagnostics {
    let parts = Parts::of(body, block);
    let mut diags = parts.diags.clone();
    for (name, nested) in parts.nested(block) {
        let mut fixed = 0;
        let mut open = false;
        for b in parts.blocks_of(&name) {
            let inner = match Dynamic::of(b) {
                Some(d) => {
                    open = true;
                    let (d, more) = d;
                    diags.extend(more);
                    d.and_then(|d| d.content)
                }
                None => {
                    fixed += 1;
                    Some(b.body.clone())
                }
            };
            if let Some(inner) = inner {
                diags.extend(check_body(&inner, &nested.block));
            }
        }
        if !open {
            bounds(&name, &nested, fixed, &parts, &mut diags);
        }
    }
    diags
}

fn block_value(body: &ConfigBody, block: &Block, scope: &dyn Scope, diags: &mut Diagnostics) -> Value {
    let parts = Parts::of(body, block);
    diags.extend(parts.diags.clone());
    let mut members: BTreeMap<Str, Value> = BTreeMap::new();
    for (name, a) in &block.attributes {
        if parts.as_blocks.contains_key(name) {
            continue;
        }
        let value = match parts.content.attributes.get(name) {
            Some(found) => attribute_value(found, &a.ty, scope, diags),
            None => Value::null(a.ty.without_optional()),
        };
        members.insert(name.clone(), value);
    }
    for (name, nested) in parts.nested(block) {
        let value = nested_value(&name, &nested, &parts, scope, diags);
        members.insert(name, value);
    }
    Value::object(members)
}

fn attribute_value(found: &Attribute, ty: &Type, scope: &dyn Scope, diags: &mut Diagnostics) -> Value {
    let (value, more) = eval(&found.expr, scope);
    let failed = more.has_errors();
    diags.extend(more);
    if failed {
        return Value::unknown(ty.without_optional());
    }
    convert(&value, ty).unwrap_or_else(|e| {
        let detail =
            format!("Inappropriate value for attribute {:?}: {}{}.", found.name.as_str(), at_path(&e), e.message);
        diags.push(Diagnostic::error("Incorrect attribute value type", detail).at(found.expr.span()));
        Value::unknown(ty.without_optional())
    })
}

/// One block, possibly made by a `dynamic` one.
struct Item {
    value: Value,
    label: Option<Str>,
    /// Marks of the collection it was made from.
    marks: Marks,
}

fn nested_value(name: &Str, nested: &NestedBlock, parts: &Parts, scope: &dyn Scope, diags: &mut Diagnostics) -> Value {
    let mut items: Vec<Item> = Vec::new();
    let mut unknown = false;
    let mut marks = Marks::NONE;
    for b in parts.blocks_of(name) {
        if Dynamic::of(b).is_none() {
            let value = block_value(&b.body, &nested.block, scope, diags);
            items.push(Item { value, label: b.labels.first().map(|l| l.value.clone()), marks: Marks::NONE });
            continue;
        }
        unknown |= expand(b, nested, scope, &mut items, diags);
    }
    for i in &items {
        marks |= i.marks;
    }
    let elem = nested.block.implied_type();
    if unknown && matches!(nested.nesting, Nesting::List | Nesting::Set | Nesting::Map) {
        let ty = match nested.nesting {
            _ if elem.has_dynamic() && nested.nesting != Nesting::Set => Type::Dynamic,
            Nesting::List => Type::list(elem),
            Nesting::Set => Type::set(elem),
            _ => Type::map(elem),
        };
        return Value::unknown(ty).with_marks(marks);
    }
    bounds(name, nested, items.len(), parts, diags);
    let dynamic = elem.has_dynamic();
    match nested.nesting {
        Nesting::Single | Nesting::Group => match items.into_iter().next() {
            Some(i) => i.value.with_marks(i.marks),
            None => nested.empty_value(),
        },
        Nesting::List if dynamic => Value::tuple(items.into_iter().map(|i| i.value).collect()).with_marks(marks),
        Nesting::List => Value::list(elem, items.into_iter().map(|i| i.value).collect()).with_marks(marks),
        Nesting::Set => Value::set(elem, items.into_iter().map(|i| i.value).collect()).with_marks(marks),
        Nesting::Map => {
            let members = items.into_iter().map(|i| (i.label.unwrap_or_default(), i.value));
            if dynamic { Value::object(members) } else { Value::map(elem, members.collect()) }.with_marks(marks)
        }
    }
}

/// Expands a `dynamic` block. Returns true when the number of blocks is unknown.
fn expand(
    b: &ContentBlock,
    nested: &NestedBlock,
    scope: &dyn Scope,
    items: &mut Vec<Item>,
    diags: &mut Diagnostics,
) -> bool {
    let Some((Some(dynamic), more)) = Dynamic::of(b) else {
        diags.extend(Dynamic::of(b).map(|d| d.1).unwrap_or_default());
        return true;
    };
    diags.extend(more);
    let Some(content) = &dynamic.content else { return true };
    let Some(each) = dynamic.each(scope, diags) else { return true };
    let Some(pairs) = each.pairs else {
        // The content is looked at all the same, for what can be said already.
        let inner = IteratorScope::new(scope, &dynamic.iterator, Value::DYNAMIC, Value::DYNAMIC);
        let value = block_value(content, &nested.block, &inner, diags);
        if matches!(nested.nesting, Nesting::Single | Nesting::Group) {
            items.push(Item { value, label: None, marks: each.marks });
        } else {
            items.push(Item { value: Value::DYNAMIC, label: None, marks: each.marks });
        }
        return true;
    };
    for (key, value) in pairs {
        let inner = IteratorScope::new(scope, &dynamic.iterator, key, value);
        let value = block_value(content, &nested.block, &inner, diags);
        let label = if nested.nesting == Nesting::Map { dynamic.label(&inner, diags) } else { None };
        if nested.nesting == Nesting::Map && label.is_none() {
            return true;
        }
        items.push(Item { value, label, marks: each.marks });
    }
    false
}

/// Checks the number of blocks.
fn bounds(name: &str, nested: &NestedBlock, count: usize, parts: &Parts, diags: &mut Diagnostics) {
    let count = count as u64;
    let missing = parts.content.missing_item_span;
    match nested.nesting {
        Nesting::Single | Nesting::Group => {
            if count == 0 && nested.min > 0 {
                let detail = format!("A block of type {name:?} is required here.");
                diags.push(Diagnostic::error(format!("Missing {name} block"), detail).at(missing));
            }
            if count > 1 {
                let second = parts.blocks_of(name).nth(1).map_or(missing, |b| b.header);
                let detail = format!("Only one block of type {name:?} is possible here.");
                diags.push(Diagnostic::error(format!("Duplicate {name} block"), detail).at(second));
            }
        }
        Nesting::List | Nesting::Set => {
            if count < nested.min {
                let detail = format!("At least {} blocks of type {name:?} are required here.", nested.min);
                diags.push(Diagnostic::error(format!("Insufficient {name} blocks"), detail).at(missing));
            } else if nested.max > 0 && count > nested.max {
                let last = parts.blocks_of(name).nth(nested.max as usize);
                let at = last.or_else(|| parts.blocks_of(name).last()).map_or(missing, |b| b.header);
                let detail = format!("At most {} blocks of type {name:?} are possible here.", nested.max);
                diags.push(Diagnostic::error(format!("Too many {name} blocks"), detail).at(at));
            }
        }
        Nesting::Map => {}
    }
}
