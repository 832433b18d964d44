//! What a provider may answer to a plan or an apply.

use sdt_value::{Path, Value};

use crate::Block;

/// Returns what is wrong with a planned object: it must agree with the configuration wherever that is set, and with the prior
/// object wherever the attribute is not computed. Empty for a valid plan.
#[must_use]
pub fn check_planned(_block: &Block, _prior: &Value, _config: &Value, _planned: &Value) -> Vec<(Path, String)> {
    todo!()
}

/// Returns what is wrong with an applied object: it must be wholly known and agree with every known part of the planned one.
#[must_use]
pub fn check_applied(_block: &Block, _planned: &Value, _actual: &Value) -> Vec<(Path, String)> {
    todo!()
}
