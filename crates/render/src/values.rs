//! Values as the JSON of plans and states shows them: the known part, what is unknown, what is sensitive.

use sdt_value::{Kind, Marks, Type, Value};
use serde_json::{Map, Value as Json};

/// Returns the known part of a value: unknown members of objects and maps are left out, unknown elements are null, and a value
/// that is unknown as a whole gives nothing. Marks are ignored.
pub(crate) fn known(value: &Value) -> Option<Json> {
    Some(match value.kind() {
        Kind::Unknown(..) => return None,
        Kind::Null(_) => Json::Null,
        Kind::Bool(b) => (*b).into(),
        Kind::Number(n) => number(n),
        Kind::String(s) => (**s).into(),
        Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
            items.iter().map(|i| known(i).unwrap_or(Json::Null)).collect()
        }
        Kind::Map(_, members) | Kind::Object(members) => {
            members.iter().filter_map(|(k, v)| Some((k.to_string(), known(v)?))).collect::<Map<_, _>>().into()
        }
    })
}

/// A number with all its digits.
fn number(n: &sdt_value::Number) -> Json {
    serde_json::from_str(&n.to_string()).unwrap_or(Json::Null)
}

/// Returns where a value is unknown: true for a part that is, its members otherwise; members without anything unknown are left
/// out of objects.
pub(crate) fn unknown(value: &Value) -> Json {
    flags(value, &|v| v.is_unknown())
}

/// Returns where a value is sensitive, in the form of [`unknown`].
pub(crate) fn sensitive(value: &Value) -> Json {
    flags(value, &|v| v.marks().contains(Marks::SENSITIVE))
}

fn flags(value: &Value, flag: &dyn Fn(&Value) -> bool) -> Json {
    if flag(value) {
        return true.into();
    }
    match value.kind() {
        Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
            items.iter().map(|i| flags(i, flag)).collect()
        }
        Kind::Map(_, members) | Kind::Object(members) => members
            .iter()
            .map(|(k, v)| (k.to_string(), flags(v, flag)))
            .filter(|(_, f)| *f != Json::Bool(false))
            .collect::<Map<_, _>>()
            .into(),
        // What an unknown collection will hold has no marks of its own.
        Kind::Unknown(Type::List(_) | Type::Set(_) | Type::Tuple(_), _) => Json::Array(Vec::new()),
        Kind::Unknown(Type::Map(_) | Type::Object(_), _) => Json::Object(Map::new()),
        _ => false.into(),
    }
}
