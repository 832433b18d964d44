//! Conversion between types, by the language's rules.

use crate::{Path, Type, Value};

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
    let _ = (value, ty);
    todo!()
}
