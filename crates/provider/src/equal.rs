//! Values that mean the same although they differ, for `same = …` in declarations.

use sdt_value::Value;

/// JSON texts with the same meaning.
#[must_use]
pub fn json(a: &Value, b: &Value) -> bool {
    let parse = |v: &Value| v.as_str().and_then(|s| serde_json::from_str::<serde_json::Value>(s).ok());
    matches!((parse(a), parse(b)), (Some(x), Some(y)) if x == y)
}

/// Texts that differ only in upper and lower case.
#[must_use]
pub fn ignore_case(a: &Value, b: &Value) -> bool {
    matches!((a.as_str(), b.as_str()), (Some(x), Some(y)) if x.eq_ignore_ascii_case(y))
}
