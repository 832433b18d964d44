//! Small tools over schemas and objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use sdt_provider::{Complaint, PlanAnswer, PlanRequest, Private};
use sdt_schema::{Attribute, Block, Schema};
use sdt_value::{Path, Str, Type, Value};

/// How an attribute is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    Required,
    Optional,
    Computed,
    OptionalComputed,
}

/// An attribute that is not sensitive.
pub(crate) fn attr(ty: Type, set: Set, doc: &'static str) -> Attribute {
    Attribute {
        ty,
        required: set == Set::Required,
        optional: matches!(set, Set::Optional | Set::OptionalComputed),
        computed: matches!(set, Set::Computed | Set::OptionalComputed),
        doc,
        ..Attribute::default()
    }
}

/// A schema of attributes only.
pub(crate) fn schema(
    version: u64,
    attributes: impl IntoIterator<Item = (&'static str, Attribute)>,
    doc: &'static str,
) -> Arc<Schema> {
    let attributes = attributes.into_iter().map(|(k, a)| (Str::from(k), a)).collect();
    let block = Block { attributes, doc, ..Block::default() };
    Arc::new(Schema { version, block, legacy_type_system: false })
}

/// The object's members for changing.
pub(crate) fn members(object: &Value) -> BTreeMap<Str, Value> {
    object.as_members().cloned().unwrap_or_default()
}

/// A member, or null.
pub(crate) fn get(object: &Value, name: &str) -> Value {
    object.get(name).cloned().unwrap_or(Value::NULL)
}

/// An error about one attribute.
pub(crate) fn complain(summary: &str, detail: impl Into<String>, path: Path) -> Complaint {
    Complaint { severity: sdt_diag::Severity::Error, summary: summary.into(), detail: detail.into(), path }
}

/// No bytes.
pub(crate) fn no_private() -> Private {
    Arc::from([])
}

/// Plans an object that cannot be changed: whatever is set and changes replaces it, and what is computed is then unknown.
pub(crate) fn plan_by_replacement(request: &PlanRequest, set: &[&str], computed: &[(&str, Type)]) -> PlanAnswer {
    let mut planned = members(&request.proposed);
    let requires_replace = changed(request, set);
    if request.prior.is_null() || !requires_replace.is_empty() {
        for (name, ty) in computed {
            planned.insert((*name).into(), Value::unknown(ty.clone()));
        }
    }
    PlanAnswer { planned: Some(Value::object(planned)), requires_replace, ..PlanAnswer::default() }
}

/// Those of the attributes that differ between what is there and what is proposed; none for a creation.
pub(crate) fn changed(request: &PlanRequest, names: &[&str]) -> Vec<Path> {
    let differs = |name: &&&str| !get(&request.prior, name).raw_equals(&get(&request.proposed, name));
    let of_update = names.iter().filter(|_| !request.prior.is_null());
    of_update.filter(differs).map(|name| Path::root().attr(*name)).collect()
}

/// Whether something is given: neither null nor an empty collection of blocks. Unknown is given.
fn given(config: &Value, name: &str) -> bool {
    config.get(name).is_some_and(|v| !v.is_null() && v.known_len() != Some(0))
}

/// Complains when none of these is given.
pub(crate) fn at_least_one(config: &Value, names: &[&str]) -> Vec<Complaint> {
    if names.iter().any(|n| given(config, n)) {
        return Vec::new();
    }
    let detail = format!("At least one of these attributes must be configured: [{}]", names.join(","));
    vec![complain("Missing Attribute Configuration", detail, Path::root())]
}

/// Complains unless exactly one of these is given; what is unknown may turn out to be null.
pub(crate) fn exactly_one(config: &Value, names: &[&str]) -> Vec<Complaint> {
    let unknown = names.iter().any(|n| get(config, n).is_unknown());
    let count = names.iter().filter(|n| given(config, n) && !get(config, n).is_unknown()).count();
    let all = names.join(",");
    match count {
        0 if !unknown => {
            let detail = format!("Exactly one of these attributes must be configured: [{all}]");
            vec![complain("Missing Attribute Configuration", detail, Path::root())]
        }
        0 | 1 => Vec::new(),
        _ => {
            let detail = format!("Exactly one of these attributes must be configured: [{all}]");
            vec![complain("Invalid Attribute Combination", detail, Path::root())]
        }
    }
}

/// Complains about each of `others` that is given together with `name`.
pub(crate) fn conflicts(config: &Value, name: &str, others: &[&str]) -> Vec<Complaint> {
    let known = |n: &str| given(config, n) && !get(config, n).is_unknown();
    let both = others.iter().filter(|other| known(name) && known(other));
    both.map(|other| {
        let detail = format!("Attribute {other:?} cannot be specified when {name:?} is specified");
        complain("Invalid Attribute Combination", detail, Path::root().attr(name))
    })
    .collect()
}

/// Complains when `name` is given and one of `others` is not.
pub(crate) fn requires(config: &Value, name: &str, others: &[&str]) -> Vec<Complaint> {
    let missing = others.iter().filter(|other| given(config, name) && !given(config, other));
    missing
        .map(|other| {
            let detail = format!("Attribute {other:?} must be specified when {name:?} is specified");
            complain("Invalid Attribute Combination", detail, Path::root().attr(name))
        })
        .collect()
}

/// Complains about a number below `least`.
pub(crate) fn at_least(config: &Value, name: &str, least: i64) -> Option<Complaint> {
    let n = config.get(name)?.as_number()?.as_i64()?;
    (n < least).then(|| {
        let detail = format!("Attribute {name} value must be at least {least}, got: {n}");
        complain("Invalid Attribute Value", detail, Path::root().attr(name))
    })
}

/// Complains about a string that is none of `values`.
pub(crate) fn one_of(config: &Value, name: &str, values: &[&str]) -> Option<Complaint> {
    let text = config.get(name)?.as_str()?;
    (!values.contains(&text)).then(|| {
        let detail = format!("Attribute {name} value must be one of: {values:?}, got: {text:?}");
        complain("Invalid Attribute Value Match", detail, Path::root().attr(name))
    })
}

/// A whole number of an object.
pub(crate) fn int(object: &Value, name: &str) -> Option<i64> {
    object.get(name)?.as_number()?.as_i64()
}

/// A string of an object, empty if there is none.
pub(crate) fn text(object: &Value, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
