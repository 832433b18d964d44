//! The most specific type that several types convert to.

use crate::{Type, Value};

/// Returns the type all `types` convert to, or `None`. Source: cty `convert.UnifyUnsafe`.
#[must_use]
pub fn unify(types: &[Type]) -> Option<Type> {
    let _ = types;
    todo!()
}

/// Converts all values to their unified type.
#[must_use]
pub fn unify_values(values: &[Value]) -> Option<(Type, Vec<Value>)> {
    let _ = values;
    todo!()
}
