//! Making an arbitrary object fit a schema.

use sdt_value::{ConvertError, Value};

use crate::Block;

/// Converts `value` to the block's implied type, filling absent attributes with null and absent blocks with their empty value.
///
/// # Errors
/// On an attribute that the schema does not have, or a value that does not convert.
pub fn coerce(_block: &Block, _value: &Value) -> Result<Value, ConvertError> {
    todo!()
}
