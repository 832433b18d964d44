//! Objects and modules that a test stands in for: nothing is asked of their providers, and what would be found out is given or made up.

use std::collections::BTreeMap;

use sdt_addr::{ModuleInstance, ResourceInstance, Subject};
use sdt_diag::Severity;
use sdt_plan::Override;
use sdt_provider::{Complaint, PlanAnswer};
use sdt_schema::Block;
use sdt_value::{Kind, Type, Value};
use sha2::{Digest as _, Sha256};

/// The values that a test gives for an object; the last word counts.
pub(crate) fn of<'a>(all: &'a [Override], addr: &ResourceInstance) -> Option<&'a Override> {
    let hit = |o: &&Override| matches!(o.target.subject, Subject::Resource(..)) && o.target.contains(addr);
    all.iter().rev().find(hit)
}

/// The outputs that a test gives for a module instance.
pub(crate) fn of_module<'a>(all: &'a [Override], module: &ModuleInstance) -> Option<&'a Value> {
    let hit = |o: &&Override| {
        let steps = o.target.module.steps();
        o.target.subject == Subject::Module
            && steps.len() == module.steps().len()
            && steps.iter().zip(module.steps()).all(|(a, b)| a.name == b.name && (a.key.is_none() || a.key == b.key))
    };
    all.iter().rev().find(hit).map(|o| &o.values)
}

/// What a provider would plan: what it computes is unknown, or, where the test wants it, what will be.
pub(crate) fn planned(block: &Block, proposed: &Value, create: bool, given: &Override, seed: &str) -> PlanAnswer {
    let mut complaints = Vec::new();
    let mut planned = if create { crate::plan::unknown_computed(block, proposed) } else { proposed.clone() };
    if create && given.during_plan {
        match complete(block, &planned, Some(&given.values), false, seed) {
            Ok(all) => planned = all,
            Err(complaint) => complaints.push(complaint),
        }
    }
    PlanAnswer { planned: Some(planned), complaints, ..PlanAnswer::default() }
}

/// The object with everything that is unknown given or made up, and with `nulls` also what is computed and null. `seed` names the
/// object: the same name makes up the same values.
///
/// # Errors
///
/// A value that is given does not fit its attribute.
pub fn complete(
    block: &Block,
    object: &Value,
    given: Option<&Value>,
    nulls: bool,
    seed: &str,
) -> Result<Value, Complaint> {
    let Some(members) = object.as_members() else { return Ok(object.clone()) };
    let mut out = members.clone();
    for (name, attribute) in &block.attributes {
        let Some(value) = out.get(name) else { continue };
        if !(value.is_unknown() || nulls && attribute.computed && value.is_null()) {
            continue;
        }
        let ty = attribute.ty.without_optional();
        let wanted = given.and_then(|g| g.get(name)).map(|v| sdt_value::convert(v, &ty)).transpose().map_err(|e| {
            let detail =
                format!("The value that the test gives for the attribute {name:?} does not fit its type: {e}.");
            let summary = "Failed to compute attribute".to_owned();
            Complaint { severity: Severity::Error, summary, detail, path: sdt_value::Path::default() }
        })?;
        out.insert(name.clone(), wanted.unwrap_or_else(|| made_up(&ty, &format!("{seed}.{name}"))));
    }
    for (name, nested) in &block.blocks {
        let given = given.and_then(|g| g.get(name));
        let seed = format!("{seed}.{name}");
        let each = |items: &[Value]| -> Result<Vec<Value>, Complaint> {
            items.iter().map(|v| complete(&nested.block, v, given, nulls, &seed)).collect()
        };
        let Some(value) = out.get(name) else { continue };
        let filled = match value.kind() {
            Kind::Object(_) => complete(&nested.block, value, given, nulls, &seed)?,
            Kind::List(t, items) => Value::list(t.clone(), each(items)?),
            Kind::Set(t, items) => Value::set(t.clone(), each(items)?),
            Kind::Unknown(t, _) => made_up(t, &seed),
            _ => continue,
        };
        out.insert(name.clone(), filled);
    }
    Ok(Value::object(out))
}

fn made_up(ty: &Type, seed: &str) -> Value {
    match ty {
        Type::String => {
            const SIGNS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
            let hash = Sha256::digest(seed.as_bytes());
            Value::string(hash.iter().take(8).map(|b| char::from(SIGNS[usize::from(*b) % 36])).collect::<String>())
        }
        Type::Number => Value::number(0),
        Type::Bool => Value::FALSE,
        Type::List(t) => Value::list((**t).clone(), Vec::new()),
        Type::Set(t) => Value::set((**t).clone(), Vec::new()),
        Type::Map(t) => Value::map((**t).clone(), BTreeMap::new()),
        Type::Object(o) => Value::object(o.attrs.iter().map(|(k, t)| (k.clone(), made_up(t, &format!("{seed}.{k}"))))),
        Type::Tuple(items) => Value::tuple(items.iter().map(|t| made_up(t, seed)).collect()),
        Type::Dynamic => Value::NULL,
    }
}
