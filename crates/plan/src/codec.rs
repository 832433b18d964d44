//! Values and paths as JSON that loses nothing: types, unknowns, refinements and marks.
//!
//! A string, bool or number is itself; a tuple is an array; everything else is an object with one key that says what it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use sdt_value::{Kind, Marks, Number, Path, PathStep, Refinement, Str, Type, Value, type_from_json, type_to_json};
use serde_json::{Map, Value as Json, json};

/// JSON that is not what the plan file writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a value of a plan file: {0}")]
pub struct CodecError(pub String);

const MARKS: [(Marks, u64); 3] = [(Marks::SENSITIVE, 1), (Marks::EPHEMERAL, 2), (Marks::DEPRECATED, 4)];

/// The JSON of a value.
#[must_use]
pub fn value_to_json(value: &Value) -> Json {
    let bare = match value.kind() {
        Kind::Null(Type::Dynamic) => Json::Null,
        Kind::Null(ty) => json!({"n": type_to_json(ty)}),
        Kind::Unknown(ty, None) => json!({"u": type_to_json(ty)}),
        Kind::Unknown(ty, Some(r)) => json!({"u": type_to_json(ty), "r": refinement_to_json(r)}),
        Kind::Bool(b) => (*b).into(),
        Kind::Number(n) => match n.as_i64() {
            Some(i) => i.into(),
            None => json!({"d": n.to_string()}),
        },
        Kind::String(s) => (**s).into(),
        Kind::List(ty, items) => json!({"l": [type_to_json(ty), all(items)]}),
        Kind::Set(ty, items) => json!({"s": [type_to_json(ty), all(items)]}),
        Kind::Map(ty, m) => json!({"m": [type_to_json(ty), members(m)]}),
        Kind::Object(m) => json!({"o": members(m)}),
        Kind::Tuple(items) => all(items),
    };
    let bits: u64 = MARKS.iter().filter(|(m, _)| value.marks().contains(*m)).map(|(_, b)| b).sum();
    if bits == 0 { bare } else { json!({"k": bits, "v": bare}) }
}

fn all(items: &[Value]) -> Json {
    items.iter().map(value_to_json).collect()
}

fn members(m: &BTreeMap<Str, Value>) -> Json {
    Json::Object(m.iter().map(|(k, v)| (k.to_string(), value_to_json(v))).collect())
}

fn refinement_to_json(r: &Refinement) -> Json {
    let bound = |b: &Option<Number>| b.as_ref().map(ToString::to_string);
    json!({
        "n": r.not_null, "p": r.prefix.as_deref(), "a": r.min_len, "z": r.max_len,
        "low": bound(&r.min), "high": bound(&r.max),
    })
}

/// Reads [`value_to_json`].
///
/// # Errors
/// When the JSON is something else.
pub fn value_from_json(json: &Json) -> Result<Value, CodecError> {
    Ok(match json {
        Json::Null => Value::NULL,
        Json::Bool(b) => Value::bool(*b),
        Json::Number(n) => Value::number(parse_number(&n.to_string())?),
        Json::String(s) => Kind::String(s.as_str().into()).into(),
        Json::Array(items) => Value::tuple(list(items)?),
        Json::Object(o) => object_from_json(o)?,
    })
}

fn parse_number(text: &str) -> Result<Number, CodecError> {
    text.parse::<i64>().map(Number::from).or_else(|_| Number::parse(text).map_err(|e| CodecError(e.to_string())))
}

fn bound(json: &Json) -> Option<Number> {
    parse_number(json.as_str()?).ok()
}

fn list(items: &[Json]) -> Result<Vec<Value>, CodecError> {
    items.iter().map(value_from_json).collect()
}

fn ty(json: &Json) -> Result<Type, CodecError> {
    type_from_json(json).map_err(|e| CodecError(e.to_string()))
}

fn object_from_json(o: &Map<String, Json>) -> Result<Value, CodecError> {
    if let (Some(bits), Some(v)) = (o.get("k"), o.get("v")) {
        let bits = bits.as_u64().unwrap_or_default();
        let marks = MARKS.iter().filter(|(_, b)| bits & b != 0).fold(Marks::NONE, |all, (m, _)| all | *m);
        return Ok(value_from_json(v)?.with_marks(marks));
    }
    if let Some(t) = o.get("u") {
        let refinement = o.get("r").map(|r| {
            Arc::new(Refinement {
                not_null: r["n"].as_bool().unwrap_or_default(),
                prefix: r["p"].as_str().map(Str::from),
                min_len: r["a"].as_u64(),
                max_len: r["z"].as_u64(),
                min: bound(&r["low"]),
                max: bound(&r["high"]),
            })
        });
        return Ok(Kind::Unknown(ty(t)?, refinement).into());
    }
    let (key, content) = o.iter().next().ok_or_else(|| CodecError("an empty object".into()))?;
    let typed = || -> Result<(Type, &Json), CodecError> {
        match content.as_array().map(Vec::as_slice) {
            Some([t, items]) => Ok((ty(t)?, items)),
            _ => Err(CodecError(format!("a collection under {key:?} without its type"))),
        }
    };
    let items = |json: &Json| list(json.as_array().map(Vec::as_slice).unwrap_or_default());
    Ok(match key.as_str() {
        "n" => Value::null(ty(content)?),
        "d" => Value::number(parse_number(content.as_str().unwrap_or_default())?),
        "l" => {
            let (t, v) = typed()?;
            Value::list(t, items(v)?)
        }
        "s" => {
            let (t, v) = typed()?;
            Value::set(t, items(v)?)
        }
        "m" => {
            let (t, v) = typed()?;
            Value::map(t, member_values(v)?)
        }
        "o" => Value::object(member_values(content)?),
        other => return Err(CodecError(format!("an object with the key {other:?}"))),
    })
}

fn member_values(json: &Json) -> Result<BTreeMap<Str, Value>, CodecError> {
    json.as_object()
        .ok_or_else(|| CodecError("members that are no object".into()))?
        .iter()
        .map(|(k, v)| Ok((Str::from(k.as_str()), value_from_json(v)?)))
        .collect()
}

/// The JSON of a path: attribute names as strings, indexes in an array of one.
#[must_use]
pub fn path_to_json(path: &Path) -> Json {
    path.0
        .iter()
        .map(|s| match s {
            PathStep::Attr(name) => Json::from(&**name),
            PathStep::Index(key) => json!([value_to_json(key)]),
        })
        .collect()
}

/// Reads [`path_to_json`].
///
/// # Errors
/// When the JSON is something else.
pub fn path_from_json(json: &Json) -> Result<Path, CodecError> {
    let steps = json.as_array().ok_or_else(|| CodecError("a path that is no array".into()))?;
    let step = |s: &Json| match s {
        Json::String(name) => Ok(PathStep::Attr(name.as_str().into())),
        Json::Array(a) if a.len() == 1 => Ok(PathStep::Index(value_from_json(&a[0])?)),
        _ => Err(CodecError("a path step of another kind".into())),
    };
    steps.iter().map(step).collect::<Result<_, _>>().map(Path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive() {
        let secret = Value::string("x").with_marks(Marks::SENSITIVE);
        let prefix = Refinement { not_null: true, prefix: Some("a-".into()), ..Refinement::default() };
        let check = |v: Value| {
            let json = value_to_json(&v);
            let text = serde_json::to_string(&json).expect("JSON prints");
            let back = value_from_json(&serde_json::from_str(&text).expect("JSON parses")).expect("own output");
            assert!(back == v, "{v:?} became {back:?} by {text}");
        };
        check(Value::NULL);
        check(Value::null(Type::list(Type::String)));
        check(Value::number(12));
        check(Value::number(Number::parse("0.1").expect("a number")));
        check(Value::tuple(vec![Value::TRUE, secret.clone()]));
        check(Value::list(Type::String, vec![secret.clone(), Value::unknown(Type::String)]));
        check(Value::set(Type::Number, vec![Value::number(2), Value::number(1)]).with_marks(Marks::SENSITIVE));
        check(Value::map(Type::Bool, BTreeMap::from([(Str::from("k"), Value::FALSE)])));
        check(Value::object([("l", Value::list(Type::Dynamic, Vec::new())), ("k", secret), ("v", Value::NULL)]));
        check(Kind::Unknown(Type::String, Some(Arc::new(prefix))).into());
    }
}
