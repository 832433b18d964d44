//! JSON forms of values and types, as in state, plan and `jsonencode`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::{Kind, Number, ObjectType, Path, PathStep, Str, Type, Value, value::nfc};

/// JSON that does not fit the type.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct JsonError {
    /// Where.
    pub path: Path,
    /// What is wrong.
    pub message: String,
}

fn fail<T>(path: &Path, message: impl Into<String>) -> Result<T, JsonError> {
    Err(JsonError { path: path.clone(), message: message.into() })
}

/// Returns the JSON of a value (marks ignored, unknown as null). Where `ty` is `Dynamic` (and the value is not), the form is
/// `{"value":…,"type":…}`, as in state. Numbers keep every digit. An infinity, which JSON cannot say, is null.
#[must_use]
pub fn to_json(value: &Value, ty: &Type) -> Json {
    if *ty == Type::Dynamic {
        if value.is_null() || value.is_unknown() {
            return Json::Null;
        }
        let own = value.ty();
        let mut out = serde_json::Map::new();
        out.insert("value".into(), to_json(value, &own));
        out.insert("type".into(), type_to_json(&own));
        return Json::Object(out);
    }
    match value.kind() {
        Kind::Null(_) | Kind::Unknown(..) => Json::Null,
        Kind::Bool(b) => Json::Bool(*b),
        Kind::Number(n) => number_to_json(n),
        Kind::String(s) => Json::String(s.to_string()),
        Kind::List(t, v) | Kind::Set(t, v) => {
            let want = ty.element().unwrap_or(t);
            Json::Array(v.iter().map(|v| to_json(v, want)).collect())
        }
        Kind::Tuple(v) => Json::Array(match ty {
            Type::Tuple(ts) if ts.len() == v.len() => v.iter().zip(ts.iter()).map(|(v, t)| to_json(v, t)).collect(),
            _ => v.iter().map(|v| to_json(v, &v.ty())).collect(),
        }),
        Kind::Map(t, m) => {
            let want = ty.element().unwrap_or(t);
            Json::Object(m.iter().map(|(k, v)| (k.to_string(), to_json(v, want))).collect())
        }
        Kind::Object(m) => Json::Object(
            m.iter()
                .map(|(k, v)| {
                    let json = match ty {
                        Type::Object(o) if o.attrs.contains_key(k) => to_json(v, &o.attrs[k]),
                        _ => to_json(v, &v.ty()),
                    };
                    (k.to_string(), json)
                })
                .collect(),
        ),
    }
}

/// Returns the JSON number with every digit; null for an infinity.
#[must_use]
pub fn number_to_json(n: &Number) -> Json {
    n.to_json_text().and_then(|t| t.parse::<serde_json::Number>().ok()).map_or(Json::Null, Json::Number)
}

fn number(n: &serde_json::Number, path: &Path) -> Result<Value, JsonError> {
    match Number::parse(n.as_str()) {
        Ok(n) => Ok(Value::number(n)),
        Err(e) => fail(path, e.to_string()),
    }
}

/// Reads the JSON of a value of type `ty`, the inverse of [`to_json`].
///
/// # Errors
/// When the JSON does not fit.
pub fn from_json(json: &Json, ty: &Type) -> Result<Value, JsonError> {
    read(json, ty, &mut Path::root())
}

fn step<T>(path: &mut Path, step: PathStep, f: impl FnOnce(&mut Path) -> Result<T, JsonError>) -> Result<T, JsonError> {
    path.0.push(step);
    let out = f(path);
    path.0.pop();
    out
}

fn read(json: &Json, ty: &Type, path: &mut Path) -> Result<Value, JsonError> {
    if json.is_null() {
        return Ok(Value::null(ty.without_optional()));
    }
    match ty {
        Type::Dynamic => {
            let (Some(value), Some(ty)) = (json.get("value"), json.get("type")) else {
                return fail(
                    path,
                    "missing or invalid dynamic value: an object with \"value\" and \"type\" is required",
                );
            };
            let ty = type_from_json(ty).map_err(|e| JsonError { path: path.clone(), message: e.message })?;
            read(value, &ty, path)
        }
        Type::Bool => match json {
            Json::Bool(b) => Ok(Value::bool(*b)),
            Json::String(s) if s == "true" || s == "1" => Ok(Value::TRUE),
            Json::String(s) if s == "false" || s == "0" => Ok(Value::FALSE),
            _ => fail(path, "a bool is required"),
        },
        Type::Number => match json {
            Json::Number(n) => number(n, path),
            Json::String(s) => match Number::parse(s) {
                Ok(n) => Ok(Value::number(n)),
                Err(e) => fail(path, e.to_string()),
            },
            _ => fail(path, "a number is required"),
        },
        Type::String => match json {
            Json::String(s) => Ok(Value::string(s)),
            Json::Number(n) => {
                Ok(Value::string(number(n, path)?.as_number().map(Number::to_string).unwrap_or_default()))
            }
            Json::Bool(b) => Ok(Value::string(if *b { "true" } else { "false" })),
            _ => fail(path, "a string is required"),
        },
        Type::List(e) | Type::Set(e) => {
            let is_set = matches!(ty, Type::Set(_));
            let Json::Array(items) = json else {
                return fail(path, if is_set { "a set is required" } else { "a list is required" });
            };
            let mut out = Vec::with_capacity(items.len());
            for (i, item) in items.iter().enumerate() {
                out.push(step(path, PathStep::Index(Value::number(i)), |p| read(item, e, p))?);
            }
            let made = if is_set {
                Value::set_of(out, &e.without_optional())
            } else {
                Value::list_of(out, &e.without_optional())
            };
            made.map_or_else(|| fail(path, "all elements must have the same type"), Ok)
        }
        Type::Tuple(ts) => {
            let Json::Array(items) = json else { return fail(path, "a tuple is required") };
            if items.len() != ts.len() {
                return fail(path, format!("a tuple of {} elements is required", ts.len()));
            }
            let mut out = Vec::with_capacity(items.len());
            for (i, (item, t)) in items.iter().zip(ts.iter()).enumerate() {
                out.push(step(path, PathStep::Index(Value::number(i)), |p| read(item, t, p))?);
            }
            Ok(Value::tuple(out))
        }
        Type::Map(e) => {
            let Json::Object(members) = json else { return fail(path, "a map is required") };
            let mut out = BTreeMap::new();
            for (k, v) in members {
                let key = nfc(k);
                let v = step(path, PathStep::Index(Kind::String(key.clone()).into()), |p| read(v, e, p))?;
                out.insert(key, v);
            }
            Value::map_of(out, &e.without_optional())
                .map_or_else(|| fail(path, "all elements must have the same type"), Ok)
        }
        Type::Object(o) => {
            let Json::Object(members) = json else { return fail(path, "an object is required") };
            let mut out: BTreeMap<Str, Value> = BTreeMap::new();
            for (k, v) in members {
                let key = nfc(k);
                let Some(t) = o.attrs.get(&key) else {
                    return fail(path, format!("unsupported attribute {k:?}"));
                };
                let v = step(path, PathStep::Attr(key.clone()), |p| read(v, t, p))?;
                out.insert(key, v);
            }
            for (k, t) in &o.attrs {
                if !out.contains_key(k) {
                    out.insert(k.clone(), Value::null(t.without_optional()));
                }
            }
            Ok(Kind::Object(Arc::new(out)).into())
        }
    }
}

/// Reads JSON with objects and tuples for its structure, as `jsondecode` does.
#[must_use]
pub fn from_json_implied(json: &Json) -> Value {
    match json {
        Json::Null => Value::NULL,
        Json::Bool(b) => Value::bool(*b),
        Json::Number(n) => Number::parse(n.as_str()).map_or(Value::NULL, Value::number),
        Json::String(s) => Value::string(s),
        Json::Array(items) => Value::tuple(items.iter().map(from_json_implied).collect()),
        Json::Object(members) => Value::object(members.iter().map(|(k, v)| (nfc(k), from_json_implied(v)))),
    }
}

/// The type [`from_json_implied`] gives.
#[must_use]
pub fn implied_json_type(json: &Json) -> Type {
    match json {
        Json::Null => Type::Dynamic,
        Json::Bool(_) => Type::Bool,
        Json::Number(_) => Type::Number,
        Json::String(_) => Type::String,
        Json::Array(items) => Type::tuple(items.iter().map(implied_json_type)),
        Json::Object(members) => Type::object(members.iter().map(|(k, v)| (nfc(k), implied_json_type(v)))),
    }
}

/// The JSON form of a type: `"string"`, `["list","string"]`, `["object",{…}]` (with optional names as third element).
#[must_use]
pub fn type_to_json(ty: &Type) -> Json {
    let pair = |kind: &str, inner: Json| Json::Array(vec![kind.into(), inner]);
    match ty {
        Type::Dynamic => "dynamic".into(),
        Type::Bool => "bool".into(),
        Type::Number => "number".into(),
        Type::String => "string".into(),
        Type::List(t) => pair("list", type_to_json(t)),
        Type::Set(t) => pair("set", type_to_json(t)),
        Type::Map(t) => pair("map", type_to_json(t)),
        Type::Tuple(ts) => pair("tuple", Json::Array(ts.iter().map(type_to_json).collect())),
        Type::Object(o) => {
            let attrs = Json::Object(o.attrs.iter().map(|(k, t)| (k.to_string(), type_to_json(t))).collect());
            let mut out = vec!["object".into(), attrs];
            if !o.optional.is_empty() {
                out.push(Json::Array(o.optional.iter().map(|k| k.to_string().into()).collect()));
            }
            Json::Array(out)
        }
    }
}

/// Reads the JSON form of a type.
///
/// # Errors
/// When it is none.
pub fn type_from_json(json: &Json) -> Result<Type, JsonError> {
    let bad = || fail(&Path::root(), format!("{json} is not a type"));
    match json {
        Json::String(s) => match s.as_str() {
            "dynamic" => Ok(Type::Dynamic),
            "bool" => Ok(Type::Bool),
            "number" => Ok(Type::Number),
            "string" => Ok(Type::String),
            _ => bad(),
        },
        Json::Array(parts) => match (parts.first().and_then(Json::as_str), parts.get(1..).unwrap_or_default()) {
            (Some("list"), [t]) => Ok(Type::list(type_from_json(t)?)),
            (Some("set"), [t]) => Ok(Type::set(type_from_json(t)?)),
            (Some("map"), [t]) => Ok(Type::map(type_from_json(t)?)),
            (Some("tuple"), [Json::Array(ts)]) => {
                Ok(Type::tuple(ts.iter().map(type_from_json).collect::<Result<Vec<_>, _>>()?))
            }
            (Some("object"), [Json::Object(attrs), rest @ ..]) => {
                let mut o = ObjectType::default();
                for (k, t) in attrs {
                    o.attrs.insert(nfc(k), type_from_json(t)?);
                }
                match rest {
                    [] => {}
                    [Json::Array(names)] => o.optional.extend(names.iter().filter_map(Json::as_str).map(nfc)),
                    _ => return bad(),
                }
                Ok(Type::Object(Arc::new(o)))
            }
            _ => bad(),
        },
        _ => bad(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        let cases = [
            (
                r#"["object",{"a":"number","b":["list","dynamic"]},["a"]]"#,
                r#"{"a":1.50,"b":[{"type":"string","value":"x"}]}"#,
            ),
            (r#"["tuple",["string",["set","string"]]]"#, r#"["é",["b","a"]]"#),
            (r#"["map","number"]"#, r#"{"x":123456789012345678901234567890.5,"y":null}"#),
        ];
        let expected = [
            r#"{"a":1.5,"b":[{"type":"string","value":"x"}]}"#,
            r#"["é",["a","b"]]"#,
            r#"{"x":123456789012345678901234567890.5,"y":null}"#,
        ];
        for ((ty, json), expected) in cases.iter().zip(expected) {
            let ty = type_from_json(&serde_json::from_str(ty).unwrap()).unwrap();
            let value = from_json(&serde_json::from_str(json).unwrap(), &ty).unwrap();
            assert_eq!(to_json(&value, &ty).to_string(), expected);
            assert_eq!(type_from_json(&type_to_json(&ty)).unwrap(), ty);
        }
        assert!(type_from_json(&serde_json::json!([])).is_err());
        let e = from_json(&serde_json::json!({"a": [true, "x"]}), &Type::map(Type::list(Type::Bool))).unwrap_err();
        assert_eq!(format!("{}: {e}", e.path), "[\"a\"][1]: a bool is required");
    }
}
