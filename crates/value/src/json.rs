//! JSON forms of values and types, as in state, plan and `jsonencode`.

use crate::{Path, Type, Value};

/// JSON that does not fit the type.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct JsonError {
    /// Where.
    pub path: Path,
    /// What is wrong.
    pub message: String,
}

/// Returns the JSON of a value (marks ignored, unknown as null). Where `ty` is `Dynamic` (and the value is not), the form is
/// `{"value":…,"type":…}`, as in state. Numbers keep every digit.
#[must_use]
pub fn to_json(value: &Value, ty: &Type) -> serde_json::Value {
    let _ = (value, ty);
    todo!()
}

/// Reads the JSON of a value of type `ty`, the inverse of [`to_json`].
///
/// # Errors
/// When the JSON does not fit.
pub fn from_json(json: &serde_json::Value, ty: &Type) -> Result<Value, JsonError> {
    let _ = (json, ty);
    todo!()
}

/// Reads JSON with objects and tuples for its structure, as `jsondecode` does.
#[must_use]
pub fn from_json_implied(json: &serde_json::Value) -> Value {
    let _ = json;
    todo!()
}

/// The type [`from_json_implied`] gives.
#[must_use]
pub fn implied_json_type(json: &serde_json::Value) -> Type {
    let _ = json;
    todo!()
}

/// The JSON form of a type: `"string"`, `["list","string"]`, `["object",{…}]` (with optional names as third element).
#[must_use]
pub fn type_to_json(ty: &Type) -> serde_json::Value {
    let _ = ty;
    todo!()
}

/// Reads the JSON form of a type.
///
/// # Errors
/// When it is none.
pub fn type_from_json(json: &serde_json::Value) -> Result<Type, JsonError> {
    let _ = json;
    todo!()
}
