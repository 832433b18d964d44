//! What a provider may answer to a plan or an apply.

use sdt_value::{Kind, Path, Value};

use crate::{Block, NestedBlock, Nesting};

/// Returns what is wrong with a planned object: it must agree with the configuration wherever that is set, or keep the prior value as
/// another spelling of it; only computed attributes may differ from a null configuration. Empty for a valid plan.
#[must_use]
pub fn check_planned(block: &Block, prior: &Value, config: &Value, planned: &Value) -> Vec<(Path, String)> {
    let mut wrong = Vec::new();
    planned_block(block, prior, config, planned, &Path::root(), &mut wrong);
    wrong
}

fn planned_block(
    block: &Block,
    prior: &Value,
    config: &Value,
    planned: &Value,
    path: &Path,
    wrong: &mut Vec<(Path, String)>,
) {
    if config.is_null() != planned.is_null() {
        let what = if planned.is_null() {
            "planned for absence but configuration wants existence"
        } else {
            "planned for existence but configuration wants absence"
        };
        wrong.push((path.clone(), what.to_owned()));
        return;
    }
    if planned.is_null() || config.is_unknown() || planned.is_unknown() {
        return;
    }
    for (name, attribute) in &block.attributes {
        let here = path.attr(name.clone());
        let (Some(configured), Some(value)) = (config.get(name), planned.get(name)) else {
            wrong.push((here, "is missing from the planned object".to_owned()));
            continue;
        };
        if attribute.write_only {
            if !value.is_null() {
                wrong.push((here, "is write-only, its planned value must be null".to_owned()));
            }
            continue;
        }
        let same = value.raw_equals(configured);
        let other_spelling =
            !configured.is_null() && prior.get(name).is_some_and(|p| !p.is_null() && value.raw_equals(p));
        if same || other_spelling || (attribute.computed && configured.is_null()) {
            continue;
        }
        wrong.push((
            here,
            if configured.is_null() {
                "is planned with a value although it is not configured and not computed".to_owned()
            } else {
                "is planned with a value that is neither the configured nor the prior one".to_owned()
            },
        ));
    }
    for (name, nested) in &block.blocks {
        if let (Some(configured), Some(value)) = (config.get(name), planned.get(name)) {
            planned_nested(nested, prior.get(name), configured, value, &path.attr(name.clone()), wrong);
        }
    }
}

fn planned_nested(
    nested: &NestedBlock,
    prior: Option<&Value>,
    config: &Value,
    planned: &Value,
    path: &Path,
    wrong: &mut Vec<(Path, String)>,
) {
    let nothing = Value::NULL;
    if config.is_unknown() || planned.is_unknown() {
        return;
    }
    match nested.nesting {
        Nesting::Single | Nesting::Group => {
            planned_block(&nested.block, prior.unwrap_or(&nothing), config, planned, path, wrong);
        }
        Nesting::List => {
            let (want, got) = (config.as_items().unwrap_or_default(), planned.as_items().unwrap_or_default());
            if want.len() != got.len() {
                wrong.push((
                    path.clone(),
                    format!("block count in plan ({}) differs from count in configuration ({})", got.len(), want.len()),
                ));
                return;
            }
            let before = prior.and_then(Value::as_items).unwrap_or_default();
            for (i, (c, p)) in want.iter().zip(got).enumerate() {
                planned_block(
                    &nested.block,
                    before.get(i).unwrap_or(&nothing),
                    c,
                    p,
                    &path.index(Value::number(i as i64)),
                    wrong,
                );
            }
        }
        Nesting::Map => {
            let (Some(want), Some(got)) = (config.as_members(), planned.as_members()) else { return };
            if !want.keys().eq(got.keys()) {
                wrong.push((path.clone(), "block keys in plan differ from those in configuration".to_owned()));
                return;
            }
            for (k, c) in want {
                let before = prior.and_then(|p| p.get(k)).unwrap_or(&nothing);
                planned_block(&nested.block, before, c, &got[k], &path.index(Value::string(k)), wrong);
            }
        }
        // Elements of a set have no identity, so only their number can be compared.
        Nesting::Set => {
            let known = config.is_wholly_known() && planned.is_wholly_known();
            let (want, got) = (config.as_items().map(<[_]>::len), planned.as_items().map(<[_]>::len));
            if known && want != got {
                wrong.push((
                    path.clone(),
                    format!(
                        "block count in plan ({}) differs from count in configuration ({})",
                        got.unwrap_or(0),
                        want.unwrap_or(0)
                    ),
                ));
            }
        }
    }
}

/// Returns what is wrong with an applied object: it must be wholly known and agree with every known part of the planned one.
#[must_use]
pub fn check_applied(block: &Block, planned: &Value, actual: &Value) -> Vec<(Path, String)> {
    let _ = block;
    let mut wrong = Vec::new();
    if !actual.is_wholly_known() {
        actual.walk(&mut |path, part| {
            if part.is_unknown() {
                wrong.push((path.clone(), "is still unknown after apply".to_owned()));
            }
            true
        });
        return wrong;
    }
    compatible(planned, actual, &Path::root(), &mut wrong);
    wrong
}

fn compatible(planned: &Value, actual: &Value, path: &Path, wrong: &mut Vec<(Path, String)>) {
    match (planned.kind(), actual.kind()) {
        (Kind::Unknown(..), _) => {}
        (Kind::Null(_), Kind::Null(_)) => {}
        (Kind::Object(p), Kind::Object(a)) => {
            for (name, value) in p.iter() {
                match a.get(name) {
                    Some(got) => compatible(value, got, &path.attr(name.clone()), wrong),
                    None => wrong.push((path.attr(name.clone()), "was planned but is absent now".to_owned())),
                }
            }
        }
        (Kind::Map(_, p), Kind::Map(_, a)) => {
            for (name, value) in p.iter() {
                match a.get(name) {
                    Some(got) => compatible(value, got, &path.index(Value::string(name)), wrong),
                    None => wrong.push((path.index(Value::string(name)), "was planned but is absent now".to_owned())),
                }
            }
            for name in a.keys().filter(|k| !p.contains_key(*k)) {
                wrong.push((path.index(Value::string(name)), "is there now but was not planned".to_owned()));
            }
        }
        (Kind::List(_, p) | Kind::Tuple(p), Kind::List(_, a) | Kind::Tuple(a)) => {
            if p.len() != a.len() {
                wrong.push((path.clone(), format!("had {} elements in the plan and has {} now", p.len(), a.len())));
                return;
            }
            for (i, (value, got)) in p.iter().zip(a.iter()).enumerate() {
                compatible(value, got, &path.index(Value::number(i as i64)), wrong);
            }
        }
        (Kind::Set(_, p), Kind::Set(_, a)) => {
            // Elements with unknown parts may have become equal to each other, so only wholly known plans fix the number.
            if planned.is_wholly_known() && p.len() != a.len() {
                wrong.push((path.clone(), format!("had {} elements in the plan and has {} now", p.len(), a.len())));
            }
            for value in p.iter() {
                let fits = |got: &Value| {
                    let mut trial = Vec::new();
                    compatible(value, got, path, &mut trial);
                    trial.is_empty()
                };
                if !a.iter().any(fits) {
                    wrong.push((path.clone(), "has no element like one that was planned".to_owned()));
                }
            }
        }
        _ if planned.raw_equals(actual) => {}
        _ => wrong.push((path.clone(), "differs from what was planned".to_owned())),
    }
}
