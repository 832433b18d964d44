//! The proposed new object: configuration laid over what the provider computed before.

use std::collections::BTreeMap;

use sdt_value::{Kind, Str, Value};

use crate::{Attribute, Block, NestedBlock, Nesting};

/// Returns the proposed new object. Source: plugin protocol 5, `PlanResourceChange.proposed_new_state`.
///
/// Where configuration is null and the attribute computed, the prior value stays. Lists of blocks pair by index, maps by key, sets by
/// the element whose configured attributes are equal. `prior` null means creation: computed nulls stay null here (the provider makes
/// them unknown). Write-only attributes are null.
#[must_use]
pub fn proposed_new(block: &Block, prior: &Value, config: &Value) -> Value {
    let Kind::Object(config_members) = config.kind() else { return config.clone() };
    let mut out: BTreeMap<Str, Value> = BTreeMap::new();
    for (name, attribute) in &block.attributes {
        let null = || Value::null(attribute.ty.clone());
        let configured = config_members.get(name).cloned().unwrap_or_else(null);
        let value = if attribute.write_only {
            null()
        } else if attribute.computed && configured.is_null() {
            prior.get(name).cloned().unwrap_or_else(null)
        } else {
            configured
        };
        out.insert(name.clone(), value);
    }
    for (name, nested) in &block.blocks {
        let Some(configured) = config_members.get(name) else { continue };
        out.insert(name.clone(), proposed_nested(nested, prior.get(name), configured));
    }
    Value::from(Kind::Object(out.into())).with_marks(config.marks())
}

fn proposed_nested(nested: &NestedBlock, prior: Option<&Value>, config: &Value) -> Value {
    let block = &nested.block;
    let nothing = Value::null(sdt_value::Type::Dynamic);
    match (nested.nesting, config.kind()) {
        (_, Kind::Null(_) | Kind::Unknown(..)) => config.clone(),
        (Nesting::Single | Nesting::Group, _) => proposed_new(block, prior.unwrap_or(&nothing), config),
        (Nesting::List, Kind::List(_, items) | Kind::Tuple(items)) => {
            let prior_items = prior.and_then(Value::as_items).unwrap_or_default();
            let new = items
                .iter()
                .enumerate()
                .map(|(i, item)| proposed_new(block, prior_items.get(i).unwrap_or(&nothing), item))
                .collect();
            rebuild(config, new)
        }
        (Nesting::Map, Kind::Map(_, members) | Kind::Object(members)) => {
            let new: BTreeMap<Str, Value> = members
                .iter()
                .map(|(k, v)| {
                    let before = prior.and_then(|p| p.get(k)).unwrap_or(&nothing);
                    (k.clone(), proposed_new(block, before, v))
                })
                .collect();
            match config.kind() {
                Kind::Map(elem, _) => Value::map(elem.clone(), new),
                _ => Value::object(new),
            }
            .with_marks(config.marks())
        }
        (Nesting::Set, Kind::Set(_, items)) => {
            let mut unused: Vec<&Value> = prior.and_then(Value::as_items).unwrap_or_default().iter().collect();
            let new = items
                .iter()
                .map(|item| match unused.iter().position(|p| could_come_from(block, p, item)) {
                    Some(at) => proposed_new(block, unused.swap_remove(at), item),
                    None => proposed_new(block, &nothing, item),
                })
                .collect();
            rebuild(config, new)
        }
        _ => config.clone(),
    }
}

fn rebuild(like: &Value, items: Vec<Value>) -> Value {
    match like.kind() {
        Kind::List(elem, _) => Value::list(elem.clone(), items),
        Kind::Set(elem, _) => Value::set(elem.clone(), items),
        _ => Value::tuple(items),
    }
    .with_marks(like.marks())
}

/// Tells whether `prior` may be what `config` became earlier: equal wherever configuration decides.
fn could_come_from(block: &Block, prior: &Value, config: &Value) -> bool {
    if prior.raw_equals(config) {
        return true;
    }
    let (Some(p), Some(c)) = (prior.as_members(), config.as_members()) else { return false };
    let attributes_agree = block.attributes.iter().all(|(name, a)| match (p.get(name), c.get(name)) {
        (Some(pv), Some(cv)) => attribute_agrees(a, pv, cv),
        _ => true,
    });
    attributes_agree
        && block.blocks.iter().all(|(name, nested)| match (p.get(name), c.get(name)) {
            (Some(pv), Some(cv)) => blocks_agree(nested, pv, cv),
            _ => true,
        })
}

fn attribute_agrees(attribute: &Attribute, prior: &Value, config: &Value) -> bool {
    prior.raw_equals(config) || (attribute.computed && config.is_null())
}

fn blocks_agree(nested: &NestedBlock, prior: &Value, config: &Value) -> bool {
    if prior.raw_equals(config) {
        return true;
    }
    match (prior.as_items(), config.as_items()) {
        (Some(ps), Some(cs)) if nested.nesting == Nesting::Set => {
            ps.len() == cs.len() && cs.iter().all(|c| ps.iter().any(|p| could_come_from(&nested.block, p, c)))
        }
        (Some(ps), Some(cs)) => {
            ps.len() == cs.len() && ps.iter().zip(cs).all(|(p, c)| could_come_from(&nested.block, p, c))
        }
        _ if nested.nesting == Nesting::Map => match (prior.as_members(), config.as_members()) {
            (Some(ps), Some(cs)) => {
                ps.len() == cs.len()
                    && cs.iter().all(|(k, c)| ps.get(k).is_some_and(|p| could_come_from(&nested.block, p, c)))
            }
            _ => false,
        },
        _ => could_come_from(&nested.block, prior, config),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sdt_value::Type;

    use super::*;

    fn attribute(required: bool, optional: bool, computed: bool) -> Attribute {
        Attribute { ty: Type::String, required, optional, computed, ..Attribute::default() }
    }

    fn block() -> Block {
        let rule = Block {
            attributes: [("from".into(), attribute(true, false, false)), ("id".into(), attribute(false, false, true))]
                .into(),
            ..Block::default()
        };
        let nested = |nesting| NestedBlock { nesting, block: Arc::new(rule.clone()), min: 0, max: 0 };
        Block {
            attributes: [
                ("name".into(), attribute(true, false, false)),
                ("arn".into(), attribute(false, false, true)),
                ("zone".into(), attribute(false, true, true)),
            ]
            .into(),
            blocks: [("ordered".into(), nested(Nesting::List)), ("rule".into(), nested(Nesting::Set))].into(),
            ..Block::default()
        }
    }

    fn rules(pairs: &[(&str, Option<&str>)]) -> (Vec<Value>, Type) {
        let ty = Type::object([("from", Type::String), ("id", Type::String)]);
        let items = pairs.iter().map(|(from, id)| {
            Value::object([("from", Value::string(from)), ("id", id.map_or(Value::null(Type::String), Value::string))])
        });
        (items.collect(), ty)
    }

    fn object(name: &str, arn: Option<&str>, zone: Option<&str>, pairs: &[(&str, Option<&str>)]) -> Value {
        let text = |s: Option<&str>| s.map_or(Value::null(Type::String), Value::string);
        let (items, ty) = rules(pairs);
        Value::object([
            ("name", Value::string(name)),
            ("arn", text(arn)),
            ("zone", text(zone)),
            ("ordered", Value::list(ty.clone(), items.clone())),
            ("rule", Value::set(ty, items)),
        ])
    }

    fn check(prior: Value, config: Value, want: Value) {
        let got = proposed_new(&block(), &prior, &config);
        assert!(got.raw_equals(&want), "got {got:?}\nwant {want:?}");
    }

    #[test]
    fn configuration_is_laid_over_what_was_computed() {
        check(Value::NULL, object("a", None, None, &[]), object("a", None, None, &[]));
        check(
            object("a", Some("x"), Some("z"), &[]),
            object("b", None, None, &[]),
            object("b", Some("x"), Some("z"), &[]),
        );
        check(object("a", None, Some("z"), &[]), object("a", None, Some("y"), &[]), object("a", None, Some("y"), &[]));
        check(
            object("a", None, None, &[("1", Some("i1")), ("2", Some("i2"))]),
            object("a", None, None, &[("1", None), ("2", None)]),
            object("a", None, None, &[("1", Some("i1")), ("2", Some("i2"))]),
        );
    }
}
