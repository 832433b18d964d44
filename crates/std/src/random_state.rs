//! How random objects come into a state otherwise than by being drawn: imports, and states of older versions.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_schema::Schema;
use sdt_value::{Str, Value};
use serde_json::{Map, Value as Json};

use crate::Random;
use crate::digests::hex;
use crate::helpers::members;
use crate::random::id_forms;

/// The longest password that bcrypt reads; longer ones are hashed by their beginning, as the public provider does.
const BCRYPT_BYTES: usize = 72;
// Tests need not wait.
const BCRYPT_COST: u32 = if cfg!(test) { 4 } else { 10 };

/// A bcrypt hash of a password.
pub(crate) fn bcrypt_hash(password: &str, random: &Random) -> Result<String, String> {
    let mut salt = [0; 16];
    random.fill(&mut salt);
    let hash = bcrypt::hash_with_salt(head(password), BCRYPT_COST, salt).map_err(|e| e.to_string())?;
    Ok(hash.format_for_version(bcrypt::Version::TwoA))
}

fn head(password: &str) -> &[u8] {
    &password.as_bytes()[..password.len().min(BCRYPT_BYTES)]
}

/// An object with these members; the others are null.
pub(crate) fn object<const N: usize>(schema: &Schema, set: [(&str, Value); N]) -> Value {
    let mut object = members(&schema.block.empty_value());
    for (name, value) in set {
        object.insert(Str::from(name), value);
    }
    Value::object(object)
}

pub(crate) fn malformed(what: &str, form: &str) -> Diagnostics {
    Diagnostic::error(format!("Import {what} Error"), format!("The import id must have the form {form}.")).into()
}

/// A password (with its hash) or string.
pub(crate) fn import_text(schema: &Schema, text: &str, hash: Option<String>) -> Value {
    let flags = ["lower", "upper", "numeric", "number", "special"].map(|n| (n, Value::TRUE));
    let least = ["min_lower", "min_upper", "min_numeric", "min_special"].map(|n| (n, Value::number(0)));
    let id = if hash.is_some() { "none" } else { text };
    let mut out = members(&object(schema, flags));
    out.extend(least.map(|(n, v)| (Str::from(n), v)));
    for (name, value) in [("id", id), ("result", text)] {
        out.insert(name.into(), Value::string(value));
    }
    out.insert("length".into(), Value::number(text.len() as i64));
    if let Some(hash) = hash {
        out.insert("bcrypt_hash".into(), Value::string(hash));
    }
    Value::object(out)
}

/// `prefix,id`, or the id alone, in URL-safe base64.
pub(crate) fn import_id(schema: &Schema, id: &str) -> Result<Value, Diagnostics> {
    let (prefix, id) = id.rsplit_once(',').unwrap_or(("", id));
    let bytes = URL_SAFE_NO_PAD.decode(id).map_err(|_| malformed("Random ID", "ID or PREFIX,ID in URL-safe base64"))?;
    let mut out =
        members(&object(schema, [("byte_length", Value::number(bytes.len() as i64)), ("id", Value::string(id))]));
    for (name, form) in id_forms(&bytes) {
        out.insert(name.into(), Value::string(format!("{prefix}{form}")));
    }
    if !prefix.is_empty() {
        out.insert("prefix".into(), Value::string(prefix));
    }
    Ok(Value::object(out))
}

/// `result,min,max` or `result,min,max,seed`.
pub(crate) fn import_integer(schema: &Schema, id: &str) -> Result<Value, Diagnostics> {
    let wrong = || malformed("Random Integer", "RESULT,MIN,MAX or RESULT,MIN,MAX,SEED");
    let parts: Vec<&str> = id.split(',').collect();
    let ([result, min, max], seed) = match parts[..] {
        [result, min, max] => ([result, min, max], None),
        [result, min, max, seed] => ([result, min, max], Some(seed)),
        _ => return Err(wrong()),
    };
    let number = |text: &str| text.parse::<i64>().map(Value::number).map_err(|_| wrong());
    let mut out = members(&object(
        schema,
        [("id", Value::string(result)), ("result", number(result)?), ("min", number(min)?), ("max", number(max)?)],
    ));
    if let Some(seed) = seed {
        out.insert("seed".into(), Value::string(seed));
    }
    Ok(Value::object(out))
}

pub(crate) fn import_uuid(schema: &Schema, id: &str) -> Result<Value, Diagnostics> {
    let groups: Vec<&str> = id.split('-').collect();
    let fits = groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|g| g.chars().all(|c| c.is_ascii_hexdigit()));
    if !fits {
        return Err(malformed("Random UUID", "of a UUID"));
    }
    let id = id.to_ascii_lowercase();
    Ok(object(schema, [("id", Value::string(&id)), ("result", Value::string(&id))]))
}

pub(crate) fn import_bytes(schema: &Schema, id: &str) -> Result<Value, Diagnostics> {
    let bytes = STANDARD.decode(id).map_err(|_| malformed("Random bytes", "of base64"))?;
    let length = Value::number(bytes.len() as i64);
    Ok(object(schema, [("base64", Value::string(id)), ("hex", Value::string(hex(&bytes))), ("length", length)]))
}

/// Brings a stored password (up to version 2) or string (up to version 1) to the current version. Older versions lack `numeric`
/// and `bcrypt_hash`, left settings null after an import, and hashed some passwords wrongly.
pub(crate) fn upgrade_text(version: u64, object: &mut Map<String, Json>, is_password: bool, random: &Random) {
    let result = object.get("result").and_then(Json::as_str).unwrap_or_default().to_owned();
    let number = object.get("number").cloned().filter(|v| !v.is_null()).unwrap_or(Json::Bool(true));
    let mut set = |name: &str, value: Json| {
        let slot = object.entry(name.to_owned()).or_insert(Json::Null);
        if slot.is_null() {
            *slot = value;
        }
    };
    set("length", result.len().into());
    for name in ["min_lower", "min_upper", "min_numeric", "min_special"] {
        set(name, 0.into());
    }
    for name in ["lower", "upper", "special", "number"] {
        set(name, Json::Bool(true));
    }
    set("numeric", number);
    if is_password {
        let stored = object.get("bcrypt_hash").and_then(Json::as_str).unwrap_or_default();
        let right = !stored.is_empty() && (version != 2 || bcrypt::verify(head(&result), stored).unwrap_or(false));
        if !right && let Ok(hash) = bcrypt_hash(&result, random) {
            object.insert("bcrypt_hash".into(), hash.into());
        }
    }
}

/// Keepers that are null count for nothing: an older library left them out of states.
pub(crate) fn keepers_changed(prior: &Value, planned: &Value) -> bool {
    let plain = |v: &Value| -> Option<Vec<(Str, Value)>> {
        if v.is_unknown() {
            return None;
        }
        let all = v.as_members().into_iter().flatten();
        Some(all.filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect())
    };
    match (plain(prior), plain(planned)) {
        (Some(a), Some(b)) => a.len() != b.len() || a.iter().zip(&b).any(|((k, v), (l, w))| k != l || !v.raw_equals(w)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn older_states_come_up_to_date() {
        let random = Random::fixed(5);
        let right = bcrypt_hash("secret", &random).expect("a hash");
        let check = |version, mut stored: Json, keeps: bool| {
            let before = stored["bcrypt_hash"].clone();
            upgrade_text(version, stored.as_object_mut().expect("an object"), true, &random);
            let hash = stored["bcrypt_hash"].as_str().expect("a hash");
            assert!(bcrypt::verify("secret", hash).expect("a readable hash"), "{version}");
            assert_eq!(before == stored["bcrypt_hash"], keeps, "{version}");
            assert_eq!(
                (&stored["numeric"], &stored["length"], &stored["min_upper"]),
                (&json!(false), &json!(6), &json!(0))
            );
        };
        check(0, json!({"result": "secret", "number": false}), false);
        check(1, json!({"result": "secret", "number": false, "length": null, "bcrypt_hash": right}), true);
        check(2, json!({"result": "secret", "number": false, "numeric": false, "bcrypt_hash": right}), true);
        let wrong = bcrypt_hash("other", &random).expect("a hash");
        check(2, json!({"result": "secret", "number": false, "bcrypt_hash": wrong}), false);
    }

    #[test]
    fn keepers_of_null_do_not_count() {
        let map = |pairs: &[(&str, Option<&str>)]| {
            let one = |v: &Option<&str>| v.map_or(Value::null(sdt_value::Type::String), Value::string);
            Value::map(sdt_value::Type::String, pairs.iter().map(|(k, v)| (Str::from(*k), one(v))).collect())
        };
        assert!(!keepers_changed(&Value::NULL, &map(&[("a", None)])));
        assert!(!keepers_changed(&map(&[]), &Value::NULL));
        assert!(keepers_changed(&map(&[("a", Some("1"))]), &map(&[("a", Some("2"))])));
        assert!(keepers_changed(&map(&[("a", Some("1"))]), &Value::NULL));
        assert!(keepers_changed(&Value::NULL, &Value::DYNAMIC));
    }
}
