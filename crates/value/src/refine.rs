//! What is known about an unknown value.

use crate::Str;

/// Facts about an unknown value. Source: cty's refinements.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Refinement {
    /// It will not be null.
    pub not_null: bool,
    /// A string that starts so.
    pub prefix: Option<Str>,
    /// Least length of a collection.
    pub min_len: Option<u64>,
    /// Greatest length of a collection.
    pub max_len: Option<u64>,
}
