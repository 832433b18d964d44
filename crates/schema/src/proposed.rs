//! The proposed new object: configuration laid over what the provider computed before.

use sdt_value::Value;

use crate::Block;

/// Returns the proposed new object. Source: plugin protocol, `PlanResourceChange.proposed_new_state`; PLUGIN notes §9.
///
/// Where configuration is null and the attribute computed, the prior value stays. Lists of blocks pair by index, maps by key, sets by
/// the element whose configured attributes are equal. `prior` null means creation: computed nulls stay null here (the provider makes
/// them unknown).
#[must_use]
pub fn proposed_new(_block: &Block, _prior: &Value, _config: &Value) -> Value {
    todo!()
}
