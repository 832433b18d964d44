//! Conversion between types, by the language's rules.
//!
//! Whether a conversion exists is decided on types alone ([`convertible`]); it may still fail on the value (`"x"` to
//! number). Both kinds of failure have Terraform's words. Source: cty `convert`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::unify::unify_with;
use crate::{Kind, Number, ObjectType, Path, PathStep, Str, Type, Value, unify};

/// Why a value is not convertible: the message as Terraform words it ("a number is required"), and where.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ConvertError {
    /// Where inside the value.
    pub path: Path,
    /// What is required.
    pub message: String,
}

/// Converts to a type constraint; optional attributes are filled with null, `Dynamic` inside collections is unified.
/// Marks are kept; unknown values become unknown of the new type.
///
/// # Errors
/// When there is no conversion.
pub fn convert(value: &Value, ty: &Type) -> Result<Value, ConvertError> {
    if *ty == Type::Dynamic || fits_already(value, ty) {
        return Ok(value.clone());
    }
    let from = value.ty();
    if !has_optional(ty) && from == *ty || from == ty.without_optional() {
        return Ok(value.clone());
    }
    if !convertible(&from, ty) {
        return Err(ConvertError { path: Path::root(), message: mismatch(&from, ty) });
    }
    apply(value, &from, ty, &mut Path::root())
}

/// The cheap cases of a value that is of the type already.
fn fits_already(value: &Value, ty: &Type) -> bool {
    match (value.kind(), ty) {
        (Kind::String(_), Type::String) | (Kind::Number(_), Type::Number) | (Kind::Bool(_), Type::Bool) => true,
        (Kind::List(t, _), Type::List(u)) | (Kind::Set(t, _), Type::Set(u)) | (Kind::Map(t, _), Type::Map(u)) => {
            *t == **u && !has_optional(t)
        }
        _ => false,
    }
}

fn has_optional(ty: &Type) -> bool {
    match ty {
        Type::Dynamic | Type::Bool | Type::Number | Type::String => false,
        Type::List(t) | Type::Set(t) | Type::Map(t) => has_optional(t),
        Type::Tuple(ts) => ts.iter().any(has_optional),
        Type::Object(o) => !o.optional.is_empty() || o.attrs.values().any(has_optional),
    }
}

/// Tells whether a conversion exists; the value may still make it fail.
#[must_use]
pub fn convertible(from: &Type, to: &Type) -> bool {
    exists(from, to, true)
}

/// Tells whether a conversion exists that cannot fail or lose anything.
#[must_use]
pub fn convertible_safely(from: &Type, to: &Type) -> bool {
    exists(from, to, false)
}

fn exists(from: &Type, to: &Type, lossy: bool) -> bool {
    let each = |from: &Type, to: &Type| from == to || exists(from, to, lossy);
    match (from, to) {
        (_, Type::Dynamic) => true,
        (Type::Dynamic, _) => lossy,
        (Type::Number | Type::Bool, Type::String) => true,
        (Type::String, Type::Number | Type::Bool) => lossy,
        (a, b) if a.is_primitive() && b.is_primitive() => a == b,
        (Type::Object(a), Type::Object(b)) => b.attrs.iter().all(|(name, want)| match a.attrs.get(name) {
            Some(given) => each(given, want),
            None => b.optional.contains(name),
        }),
        (Type::Tuple(a), Type::Tuple(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| each(a, b)),
        (Type::List(a) | Type::Set(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => {
            each(a, b)
        }
        (Type::List(a), Type::Set(b)) => lossy && each(a, b),
        (Type::Tuple(ts), Type::List(e) | Type::Set(e)) => {
            if ts.is_empty() {
                return true;
            }
            match element_target(ts, e, lossy) {
                // An unknown type beside a structural one: no single element type can be promised.
                Some(Type::Dynamic) => ts.iter().all(|t| *t == Type::Dynamic),
                Some(e) => ts.iter().all(|t| each(t, &e)),
                None => false,
            }
        }
        (Type::Object(o), Type::Map(e)) => {
            if o.attrs.is_empty() {
                return true;
            }
            let types: Vec<Type> = o.attrs.values().cloned().collect();
            element_target(&types, e, lossy).is_some_and(|e| types.iter().all(|t| each(t, &e)))
        }
        (Type::Map(e), Type::Object(o)) => {
            lossy && o.attrs.iter().all(|(name, want)| each(e, want) || o.optional.contains(name))
        }
        _ => false,
    }
}

/// The element type to convert members to: the wanted one, or what the members unify to where any is wanted.
fn element_target(members: &[Type], want: &Type, lossy: bool) -> Option<Type> {
    if *want == Type::Dynamic { unify_with(members, lossy) } else { Some(want.clone()) }
}

fn fail<T>(path: &Path, message: impl Into<String>) -> Result<T, ConvertError> {
    Err(ConvertError { path: path.clone(), message: message.into() })
}

/// Converts a value whose conversion exists. `from` is its type.
fn apply(value: &Value, from: &Type, to: &Type, path: &mut Path) -> Result<Value, ConvertError> {
    if *to == Type::Dynamic {
        return Ok(value.clone());
    }
    let marks = value.marks();
    let done = match value.kind() {
        Kind::Unknown(_, _) => unknown_result(value, from, &resolve(from, &to.without_optional())),
        Kind::Null(_) => Value::null(resolve(from, &to.without_optional())),
        Kind::String(s) => match to {
            Type::Number => match Number::parse(s) {
                Ok(n) => Value::number(n),
                Err(e) => return fail(path, e.to_string()),
            },
            Type::Bool => Value::bool(parse_bool(s, path)?),
            _ => value.clone().unmark().0,
        },
        Kind::Number(n) if *to == Type::String => Value::string(n.to_string()),
        Kind::Bool(b) if *to == Type::String => Value::string(if *b { "true" } else { "false" }),
        Kind::Number(_) | Kind::Bool(_) => value.clone().unmark().0,
        Kind::List(e, items) => match to {
            Type::List(want) => list(each(items, e, want, path)?, want, e, path)?,
            Type::Set(want) => set(each(items, e, want, path)?, want, e, path)?,
            _ => return fail(path, mismatch(from, to)),
        },
        Kind::Set(e, items) => match to {
            Type::List(want) if value.known_len().is_none() => Value::unknown_not_null(Type::list(resolve(e, want))),
            Type::List(want) => list(each(items, e, want, path)?, want, e, path)?,
            Type::Set(want) => set(each(items, e, want, path)?, want, e, path)?,
            _ => return fail(path, mismatch(from, to)),
        },
        Kind::Tuple(items) => tuple(items, from, to, path)?,
        Kind::Map(e, members) => match to {
            Type::Map(want) => {
                let mut out = BTreeMap::new();
                for (k, v) in members.iter() {
                    out.insert(k.clone(), member(v, e, want, index(k), path)?);
                }
                map(out, want, e, false, path)?
            }
            Type::Object(o) => map_to_object(members, e, o, path)?,
            _ => return fail(path, mismatch(from, to)),
        },
        Kind::Object(members) => object(members, from, to, path)?,
    };
    Ok(done.with_marks(marks))
}

fn parse_bool(s: &str, path: &Path) -> Result<bool, ConvertError> {
    match s {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => {
            let lower = s.to_lowercase();
            let hint = if lower == "true" || lower == "false" {
                format!("; to convert from string, use lowercase \"{lower}\"")
            } else {
                String::new()
            };
            fail(path, format!("a bool is required{hint}"))
        }
    }
}

fn index(key: &Str) -> PathStep {
    PathStep::Index(Kind::String(key.clone()).into())
}

fn member(value: &Value, from: &Type, to: &Type, step: PathStep, path: &mut Path) -> Result<Value, ConvertError> {
    if from == to && !has_optional(to) {
        return Ok(value.clone());
    }
    // Members of a collection of `Dynamic` (and values typed late) have a type of their own, known only here.
    let own;
    let from = if *from == Type::Dynamic {
        own = value.ty();
        &own
    } else {
        from
    };
    path.0.push(step);
    let out = if *from == Type::Dynamic || convertible(from, to) {
        apply(value, from, to, path)
    } else {
        fail(path, mismatch(from, to))
    };
    path.0.pop();
    out
}

fn each(items: &[Value], from: &Type, to: &Type, path: &mut Path) -> Result<Vec<Value>, ConvertError> {
    if from == to && !has_optional(to) {
        return Ok(items.to_vec());
    }
    items.iter().enumerate().map(|(i, v)| member(v, from, to, PathStep::Index(Value::number(i)), path)).collect()
}

/// The element type of an empty result: a concrete one if there is any.
fn empty_elem(want: &Type, had: &Type) -> Type {
    if *want == Type::Dynamic { had.clone() } else { want.without_optional() }
}

fn list(items: Vec<Value>, want: &Type, had: &Type, path: &Path) -> Result<Value, ConvertError> {
    match Value::list_of(items, &empty_elem(want, had)) {
        Some(v) => Ok(v),
        None => fail(path, "element types must all match for conversion to list"),
    }
}

fn set(items: Vec<Value>, want: &Type, had: &Type, path: &Path) -> Result<Value, ConvertError> {
    match Value::set_of(items, &empty_elem(want, had)) {
        Some(v) => Ok(v),
        None => fail(path, "element types must all match for conversion to set"),
    }
}

fn map(
    mut members: BTreeMap<Str, Value>,
    want: &Type,
    had: &Type,
    lossy: bool,
    path: &Path,
) -> Result<Value, ConvertError> {
    let compound = want.element().is_some() || matches!(want, Type::Object(_));
    if compound && !members.is_empty() {
        let types: Vec<Type> = members.values().map(Value::ty).collect();
        match unify_with(&types, lossy) {
            Some(ty) => {
                for v in members.values_mut() {
                    *v = convert(v, &ty)?;
                }
            }
            None => return fail(path, "collection elements cannot be unified"),
        }
    }
    let first = members.values().next().map(Value::ty);
    match Value::map_of(members, &empty_elem(want, had)) {
        Some(v) => Ok(v),
        None => fail(path, format!("{} is required", first.unwrap_or(Type::Dynamic).friendly_name())),
    }
}

fn tuple(items: &[Value], from: &Type, to: &Type, path: &mut Path) -> Result<Value, ConvertError> {
    let Type::Tuple(types) = from else { return fail(path, mismatch(from, to)) };
    match to {
        Type::Tuple(wants) if wants.len() == items.len() => {
            let mut out = Vec::with_capacity(items.len());
            for (i, ((v, t), want)) in items.iter().zip(types.iter()).zip(wants.iter()).enumerate() {
                out.push(member(v, t, want, PathStep::Index(Value::number(i)), path)?);
            }
            Ok(Value::tuple(out))
        }
        Type::List(want) | Type::Set(want) => {
            let is_set = matches!(to, Type::Set(_));
            if items.is_empty() {
                let elem = want.without_optional();
                return Ok(if is_set { Value::set(elem, Vec::new()) } else { Value::list(elem, Vec::new()) });
            }
            let Some(elem) = element_target(types, want, true) else { return fail(path, mismatch(from, to)) };
            let mut out = Vec::with_capacity(items.len());
            for (i, (v, t)) in items.iter().zip(types.iter()).enumerate() {
                out.push(member(v, t, &elem, PathStep::Index(Value::number(i)), path)?);
            }
            if is_set {
                return set(out, &elem, &elem, path);
            }
            // Nested `any` may have given the elements different types, which unify once more.
            if elem.has_dynamic() {
                let types: Vec<Type> = out.iter().map(Value::ty).collect();
                match unify(&types) {
                    Some(ty) => {
                        out = out.iter().map(|v| convert(v, &ty)).collect::<Result<_, _>>()?;
                    }
                    None => return fail(path, "cannot find a common base type for all elements"),
                }
            }
            list(out, &elem, &elem, path)
        }
        _ => fail(path, mismatch(from, to)),
    }
}

fn object(members: &BTreeMap<Str, Value>, from: &Type, to: &Type, path: &mut Path) -> Result<Value, ConvertError> {
    let Type::Object(have) = from else { return fail(path, mismatch(from, to)) };
    match to {
        Type::Object(o) => {
            let mut out = BTreeMap::new();
            for (name, want) in &o.attrs {
                let value = match (members.get(name), have.attrs.get(name)) {
                    (Some(v), Some(t)) => member(v, t, want, PathStep::Attr(name.clone()), path)?,
                    _ => Value::null(want.without_optional()),
                };
                out.insert(name.clone(), value);
            }
            Ok(Kind::Object(Arc::new(out)).into())
        }
        Type::Map(want) => {
            if members.is_empty() {
                return Ok(Value::map(want.without_optional(), BTreeMap::new()));
            }
            let types: Vec<Type> = have.attrs.values().cloned().collect();
            let Some(elem) = element_target(&types, want, true) else { return fail(path, mismatch(from, to)) };
            let mut out = BTreeMap::new();
            for (name, v) in members {
                let t = have.attrs.get(name).unwrap_or(&Type::Dynamic);
                out.insert(name.clone(), member(v, t, &elem, index(name), path)?);
            }
            map(out, &elem, &elem, true, path)
        }
        _ => fail(path, mismatch(from, to)),
    }
}

fn map_to_object(
    members: &BTreeMap<Str, Value>,
    elem: &Type,
    o: &ObjectType,
    path: &mut Path,
) -> Result<Value, ConvertError> {
    let mut out = BTreeMap::new();
    for (name, want) in &o.attrs {
        let value = match members.get(name) {
            Some(v) if elem == want || convertible(elem, want) => member(v, elem, want, index(name), path)?,
            Some(v) => {
                let why = mismatch(&v.ty(), want);
                return fail(path, format!("map element type is incompatible with attribute {name:?}: {why}"));
            }
            None if o.optional.contains(name) => Value::null(want.without_optional()),
            None => return fail(path, format!("map has no element for required attribute {name:?}")),
        };
        out.insert(name.clone(), value);
    }
    Ok(Kind::Object(Arc::new(out)).into())
}

/// Replaces `Dynamic` in `to` by what `from` says about it.
fn resolve(from: &Type, to: &Type) -> Type {
    use Type::{Dynamic, List, Map, Object, Set, Tuple};
    let unified = |types: Vec<Type>| if types.is_empty() { Dynamic } else { unify(&types).unwrap_or(Dynamic) };
    match (from, to) {
        (Dynamic, _) => to.clone(),
        (_, Dynamic) => from.clone(),
        (_, to) if !to.has_dynamic() => to.clone(),
        (List(a) | Set(a), List(b)) => Type::list(resolve(a, b)),
        (List(a) | Set(a), Set(b)) => Type::set(resolve(a, b)),
        (Tuple(a), List(b)) => Type::list(resolve(&unified(a.to_vec()), b)),
        (Tuple(a), Set(b)) => Type::set(resolve(&unified(a.to_vec()), b)),
        (Map(a), Map(b)) => Type::map(resolve(a, b)),
        (Object(a), Map(b)) => Type::map(resolve(&unified(a.attrs.values().cloned().collect()), b)),
        (Map(a), Object(b)) => Type::object(b.attrs.iter().map(|(k, t)| (k.clone(), resolve(a, t)))),
        (Object(a), Object(b)) => Type::object(
            b.attrs
                .iter()
                .map(|(k, t)| (k.clone(), a.attrs.get(k).map_or_else(|| t.clone(), |given| resolve(given, t)))),
        ),
        (Tuple(a), Tuple(b)) if a.len() == b.len() => Type::tuple(a.iter().zip(b.iter()).map(|(a, b)| resolve(a, b))),
        _ => to.clone(),
    }
}

/// Unknown of the new type, with the facts that survive the conversion.
fn unknown_result(value: &Value, from: &Type, to: &Type) -> Value {
    let old = value.refinement().cloned().unwrap_or_default();
    Value::unknown(to.clone()).refine(|r| {
        r.not_null = old.not_null;
        match (from, to) {
            (Type::Object(o), Type::Map(_)) => {
                r.min_len = Some(o.attrs.len() as u64);
                r.max_len = r.min_len;
            }
            (Type::Tuple(ts), Type::List(_)) => {
                r.min_len = Some(ts.len() as u64);
                r.max_len = r.min_len;
            }
            (Type::Tuple(ts), Type::Set(_)) => {
                r.min_len = Some(u64::from(!ts.is_empty()));
                r.max_len = Some(ts.len() as u64);
            }
            (a, b) if a.element().is_some() && b.element().is_some() => {
                let shrinks = matches!((a, b), (Type::List(_), Type::Set(_)));
                r.min_len = if shrinks { old.min_len.map(|n| n.min(1)) } else { old.min_len };
                r.max_len = old.max_len;
            }
            _ => {}
        }
    })
}

/// Says why there is no conversion between two types. Source: cty `convert.MismatchMessage`.
#[must_use]
pub fn mismatch(given: &Type, want: &Type) -> String {
    let required = || format!("{} required", want.constraint_name());
    match (given, want) {
        (Type::Object(a), Type::Object(b)) => mismatch_objects(a, b),
        (Type::Tuple(_), Type::List(e)) if **e == Type::Dynamic => "all list elements must have the same type".into(),
        (Type::Tuple(_), Type::Set(e)) if **e == Type::Dynamic => "all set elements must have the same type".into(),
        (Type::Object(_), Type::Map(e)) if **e == Type::Dynamic => "all map elements must have the same type".into(),
        (Type::Tuple(ts), Type::List(e) | Type::Set(e)) => {
            ts.iter().enumerate().find(|(_, t)| *t != &**e && !convertible(t, e)).map_or_else(
                || format!("all elements must be {}", e.constraint_name()),
                |(i, t)| format!("element {i}: {}", mismatch(t, e)),
            )
        }
        (Type::Object(o), Type::Map(e)) => o.attrs.iter().find(|(_, t)| *t != &**e && !convertible(t, e)).map_or_else(
            || format!("all elements must be {}", e.constraint_name()),
            |(k, t)| format!("element {k:?}: {}", mismatch(t, e)),
        ),
        (Type::List(a) | Type::Set(a), Type::List(b)) => format!("incorrect list elements: {}", mismatch(a, b)),
        (Type::List(a) | Type::Set(a), Type::Set(b)) => format!("incorrect set elements: {}", mismatch(a, b)),
        (Type::Map(a), Type::Map(b)) => format!("incorrect map elements: {}", mismatch(a, b)),
        _ => required(),
    }
}

fn mismatch_objects(given: &ObjectType, want: &ObjectType) -> String {
    let missing: Vec<String> = want
        .attrs
        .keys()
        .filter(|k| !given.attrs.contains_key(*k) && !want.optional.contains(*k))
        .map(|k| format!("{k:?}"))
        .collect();
    match missing.as_slice() {
        [] => {}
        [a] => return format!("attribute {a} is required"),
        [a, b] => return format!("attributes {a} and {b} are required"),
        [init @ .., last] => return format!("attributes {}, and {last} are required", init.join(", ")),
    }
    want.attrs
        .iter()
        .find_map(|(k, w)| {
            let g = given.attrs.get(k)?;
            (g != w && !convertible(g, w)).then(|| format!("attribute {k:?}: {}", mismatch(g, w)))
        })
        .unwrap_or_else(|| "incorrect object attributes".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::from_json_implied;

    fn json(text: &str) -> Value {
        from_json_implied(&serde_json::from_str(text).unwrap())
    }

    fn ty(text: &str) -> Type {
        crate::type_from_json(&serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn conversions() {
        let cases = [
            ("1", r#""string""#, Ok(r#""1""#)),
            (r#""1""#, r#""bool""#, Ok("true")),
            (r#""x""#, r#""number""#, Err(": a number is required")),
            (r#""True""#, r#""bool""#, Err(": a bool is required; to convert from string, use lowercase \"true\"")),
            ("[1,true]", r#"["list","string"]"#, Ok(r#"["1","true"]"#)),
            (r#"[1,"1",2]"#, r#"["set","dynamic"]"#, Ok(r#"["1","2"]"#)),
            (r#"[{"a":1},{"b":2}]"#, r#"["list","dynamic"]"#, Ok(r#"[{"a":1},{"b":2}]"#)),
            (r#"[null,{"a":1}]"#, r#"["list","dynamic"]"#, Err(": all list elements must have the same type")),
            ("[null,1]", r#"["list","dynamic"]"#, Ok("[null,1]")),
            (r#"{"a":null,"b":[1]}"#, r#"["map","dynamic"]"#, Ok(r#"{"a":null,"b":[1]}"#)),
            (r#"["a",["b"]]"#, r#"["list",["list","string"]]"#, Err(": element 0: list of string required")),
            (
                r#"{"a":"x","b":{}}"#,
                r#"["object",{"a":"number","b":["object",{"c":"string","d":"string"}]}]"#,
                Err(": attribute \"b\": attributes \"c\" and \"d\" are required"),
            ),
            (r#"{"a":"x"}"#, r#"["object",{"a":"number"}]"#, Err(".a: a number is required")),
            (r#"[{"a":"x"}]"#, r#"["list",["object",{"a":"number"}]]"#, Err("[0].a: a number is required")),
            (r#"["x"]"#, r#"["tuple",["string","number"]]"#, Err(": tuple required")),
            (r#"["x"]"#, r#"["map","string"]"#, Err(": map of string required")),
            (r#"{"a":"x"}"#, r#"["map","number"]"#, Err("[\"a\"]: a number is required")),
            (
                "{}",
                r#"["object",{"a":"number","b":"string","c":"string"}]"#,
                Err(": attributes \"a\", \"b\", and \"c\" are required"),
            ),
            (r#"{"z":1}"#, r#"["object",{"a":"number","z":"string"},["a"]]"#, Ok(r#"{"a":null,"z":"1"}"#)),
            ("[]", r#"["map","string"]"#, Err(": map of string required")),
            ("5", r#"["list","dynamic"]"#, Err(": list of any single type required")),
        ];
        for (value, want, expected) in cases {
            let got = convert(&json(value), &ty(want));
            match (got, expected) {
                (Ok(v), Ok(e)) => assert_eq!(crate::to_json(&v, &v.ty()).to_string(), e, "{value} to {want}"),
                (Err(e), Err(m)) => assert_eq!(format!("{}: {}", e.path, e.message), m, "{value} to {want}"),
                (got, _) => panic!("{value} to {want}: {got:?}"),
            }
        }
        let map = convert(&json(r#"{"a":1,"b":"x"}"#), &ty(r#"["map","string"]"#)).unwrap();
        let back = convert(&map, &ty(r#"["object",{"a":"number","c":"bool"},["c"]]"#)).unwrap();
        assert_eq!(crate::to_json(&back, &back.ty()).to_string(), r#"{"a":1,"c":null}"#);
    }
}
