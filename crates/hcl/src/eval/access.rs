//! Attributes and indexes.

use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_value::{Kind, Marks, Type, Value, convert};

use crate::ast::Step;
use crate::strings::{did_you_mean, quote};

const INVALID_INDEX: &str = "Invalid index";

/// Takes several steps from a value.
pub(super) fn walk(value: &Value, steps: &[Step]) -> Result<Value, Diagnostics> {
    let mut current = value;
    let mut marks = Marks::NONE;
    for (i, step) in steps.iter().enumerate() {
        marks |= current.marks();
        match member(current, step) {
            Some(next) => current = next,
            None => {
                let next = apply_step(current, step)?;
                return walk(&next, &steps[i + 1..]).map(|v| v.with_marks(marks));
            }
        }
    }
    Ok(current.clone().with_marks(marks))
}

/// The member a step leads to, in the plain cases.
fn member<'a>(value: &'a Value, step: &Step) -> Option<&'a Value> {
    match (value.kind(), step) {
        (Kind::Object(m) | Kind::Map(_, m), Step::Attr { name, .. }) => m.get(name),
        (Kind::Object(m) | Kind::Map(_, m), Step::Index { key, .. }) if key.marks().is_empty() => m.get(key.as_str()?),
        (Kind::List(_, v) | Kind::Tuple(v), Step::Index { key, .. }) if key.marks().is_empty() => {
            v.get(key.as_number()?.as_usize()?)
        }
        _ => None,
    }
}

/// Takes one step from a value; its marks stay on the result.
///
/// # Errors
/// When it leads nowhere.
pub fn apply_step(value: &Value, step: &Step) -> Result<Value, Diagnostics> {
    match step {
        Step::Attr { name, span } => attribute(value, name, *span),
        Step::Index { key, span } => index(value, key, *span),
        Step::Splat { span } => {
            Err(Diagnostic::error("Invalid expression", "A splat is not possible here.").at(*span).into())
        }
    }
}

fn fail<T>(summary: &str, detail: impl Into<String>, at: Span) -> Result<T, Diagnostics> {
    Err(Diagnostic::error(summary, detail).at(at).into())
}

fn attribute(value: &Value, name: &str, at: Span) -> Result<Value, Diagnostics> {
    const UNSUPPORTED: &str = "Unsupported attribute";
    let marks = value.marks();
    let ty = match value.kind() {
        Kind::Null(_) => {
            let detail = "The value is null and has no attributes.";
            return fail("Attempt to get attribute from null value", detail, at);
        }
        Kind::Object(m) => {
            return match m.get(name) {
                Some(v) => Ok(v.clone().with_marks(marks)),
                None => fail(UNSUPPORTED, no_attribute(name, m.keys().map(|k| &**k)), at),
            };
        }
        Kind::Map(_, m) => {
            return match m.get(name) {
                Some(v) => Ok(v.clone().with_marks(marks)),
                None => fail("Missing map element", format!("The map has no element {}.", quote(name)), at),
            };
        }
        Kind::Unknown(ty, _) => ty.clone(),
        Kind::List(e, _) => Type::list(e.clone()),
        Kind::Set(e, _) => Type::set(e.clone()),
        _ => value.ty(),
    };
    match &ty {
        Type::Dynamic => Ok(Value::DYNAMIC.with_marks(marks)),
        Type::Map(e) => Ok(Value::unknown((**e).clone()).with_marks(marks)),
        Type::Object(o) => match o.attrs.get(name) {
            Some(t) => Ok(Value::unknown(t.clone()).with_marks(marks)),
            None => fail(UNSUPPORTED, no_attribute(name, o.attrs.keys().map(|k| &**k)), at),
        },
        Type::List(e) | Type::Set(e) if matches!(&**e, Type::Object(o) if o.attrs.contains_key(name)) => {
            let kind = if matches!(ty, Type::List(_)) { "list" } else { "set" };
            let detail =
                format!("Attributes belong to the elements of a {kind}, not to the {kind}. All of them: [*].{name}");
            fail(UNSUPPORTED, detail, at)
        }
        t if t.is_primitive() => {
            fail(UNSUPPORTED, format!("A value of type {} has no attributes.", t.friendly_name()), at)
        }
        _ => fail(UNSUPPORTED, "The value has no attributes.", at),
    }
}

fn no_attribute<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    format!("The object has no attribute {}.{}", quote(name), did_you_mean(name, names))
}

/// Indexes a value; marks of both are on the result.
///
/// # Errors
/// When there is no such element.
pub fn index(collection: &Value, key: &Value, at: Span) -> Result<Value, Diagnostics> {
    let marks = collection.marks() | key.marks();
    if collection.is_null() {
        return fail("Attempt to index null value", "The value is null and has no elements.", at);
    }
    if key.is_null() {
        return fail(INVALID_INDEX, "An index must not be null.", at);
    }
    if let (Kind::Object(m) | Kind::Map(_, m), Some(name)) = (collection.kind(), key.as_str())
        && let Some(v) = m.get(name)
    {
        return Ok(v.clone().with_marks(marks));
    }
    // Types are computed only where the value does not say enough by itself: that of a tuple or object can be large.
    let shape = match collection.kind() {
        Kind::Tuple(_) => Type::tuple([]),
        Kind::Object(_) => Type::object::<&str>([]),
        Kind::List(e, _) => Type::list(e.clone()),
        Kind::Map(e, _) => Type::map(e.clone()),
        Kind::Unknown(ty, _) => ty.clone(),
        _ => collection.ty(),
    };
    let untyped = key.is_unknown() && key.ty() == Type::Dynamic;
    match &shape {
        Type::Dynamic => Ok(Value::DYNAMIC.with_marks(marks)),
        _ if untyped => Ok(Value::DYNAMIC.with_marks(marks)),
        Type::List(e) => sequence(collection, key, Some(e), at).map(|v| v.with_marks(marks)),
        Type::Tuple(_) => sequence(collection, key, None, at).map(|v| v.with_marks(marks)),
        Type::Map(e) => {
            let key = key_as(key, &Type::String, at)?;
            match (collection.kind(), key.as_str()) {
                (Kind::Map(_, m), Some(name)) => match m.get(name) {
                    Some(v) => Ok(v.clone().with_marks(marks)),
                    None => fail(INVALID_INDEX, not_found("no element has this key"), at),
                },
                _ => Ok(Value::unknown((**e).clone()).with_marks(marks)),
            }
        }
        Type::Object(_) => {
            let numeric = key.as_number().is_some();
            let key = key_as(key, &Type::String, at)?;
            let missing = || {
                let hint =
                    if numeric { "an object is indexed by names, not numbers" } else { "there is no such attribute" };
                fail(INVALID_INDEX, not_found(hint), at)
            };
            match (collection.kind(), key.as_str()) {
                (Kind::Object(m), Some(name)) => match m.get(name) {
                    Some(v) => Ok(v.clone().with_marks(marks)),
                    None => missing(),
                },
                // Terraform does not look at the type here, unlike in .name.
                _ => Ok(Value::DYNAMIC.with_marks(marks)),
            }
        }
        Type::Set(_) => {
            fail(INVALID_INDEX, "The elements of a set have no index. A for expression goes through all of them.", at)
        }
        _ => fail(INVALID_INDEX, "The value has no elements to select by index.", at),
    }
}

fn not_found(why: &str) -> String {
    format!("The index does not identify an element of this value: {why}.")
}

fn key_as(key: &Value, ty: &Type, at: Span) -> Result<Value, Diagnostics> {
    convert(key, ty).or_else(|e| fail(INVALID_INDEX, not_found(&e.message), at))
}

fn sequence(collection: &Value, key: &Value, elem: Option<&Type>, at: Span) -> Result<Value, Diagnostics> {
    let key = key_as(key, &Type::Number, at)?;
    let Some(n) = key.as_number() else {
        return Ok(elem.map_or(Value::DYNAMIC, |t| Value::unknown(t.clone())));
    };
    if let (Kind::Unknown(..), Some(elem)) = (collection.kind(), elem) {
        // How long the list will be is not known, so any number may still do.
        return Ok(Value::unknown(elem.clone()));
    }
    if !n.is_integer() {
        return fail(INVALID_INDEX, not_found("it must be a whole number"), at);
    }
    if n.signum() < 0 {
        return fail(INVALID_INDEX, not_found("it must not be negative"), at);
    }
    let position = n.as_usize();
    match collection.kind() {
        Kind::List(_, v) | Kind::Tuple(v) => match position.and_then(|i| v.get(i)) {
            Some(v) => Ok(v.clone()),
            None if v.is_empty() => fail(INVALID_INDEX, not_found("there are no elements"), at),
            None => fail(INVALID_INDEX, not_found("there are not so many elements"), at),
        },
        Kind::Unknown(Type::Tuple(types), _) => match position.and_then(|i| types.get(i)) {
            Some(t) => Ok(Value::unknown(t.clone())),
            None => fail(INVALID_INDEX, not_found("there are not so many elements"), at),
        },
        _ => Ok(Value::DYNAMIC),
    }
}
