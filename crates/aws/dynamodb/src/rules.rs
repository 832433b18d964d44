//! Rules about a table's attributes, indexes and capacity, which hold between several arguments.

use std::collections::BTreeSet;

use sdt_provider::{Name, PlanEdit, Value};

use crate::table::Table;

/// Refuses tables that DynamoDB would refuse.
pub(crate) fn check(edit: &mut PlanEdit<'_>) {
    if edit.planned(Table::STREAM_ENABLED).as_bool() == Some(true) && !edit.has(Table::STREAM_VIEW_TYPE) {
        edit.refuse(Table::STREAM_VIEW_TYPE, "stream_view_type is required when stream_enabled = true");
    }
    indexed(edit);
    for name in [Table::READ_CAPACITY, Table::WRITE_CAPACITY] {
        capacity(edit, name);
    }
    if let Some([ttl]) = edit.config(Table::TTL).as_items() {
        let on = ttl.get("enabled").and_then(Value::as_bool) == Some(true);
        let name = ttl.get("attribute_name").unwrap_or(&Value::NULL);
        if on && name.is_null() {
            edit.refuse(Table::TTL, "attribute_name must be specified when enabled is true");
        } else if on && name.as_str() == Some("") {
            edit.refuse(Table::TTL, "attribute_name cannot be empty");
        }
    }
}

/// Every attribute is a key of the table or of an index, and the other way round.
fn indexed(edit: &mut PlanEdit<'_>) {
    let blocks = [Table::ATTRIBUTE, Table::GLOBAL_SECONDARY_INDEX, Table::LOCAL_SECONDARY_INDEX];
    let keys = [Table::HASH_KEY, Table::RANGE_KEY];
    if blocks.iter().chain(&keys).any(|name| !edit.config(*name).is_wholly_known()) {
        return;
    }
    let text = |v: Option<&Value>| v.and_then(Value::as_str).map(str::to_owned);
    let given = |v: Option<&Value>| text(v).filter(|s| !s.is_empty());
    let items = |name: Name| edit.config(name).as_items().unwrap_or_default();
    let within = |name: Name, key: &'static str| items(name).iter().filter_map(move |item| text(item.get(key)));
    let defined: BTreeSet<String> = within(Table::ATTRIBUTE, "name").collect();
    let mut used: BTreeSet<String> = keys.iter().filter_map(|name| given(Some(edit.planned(*name)))).collect();
    used.extend(within(Table::GLOBAL_SECONDARY_INDEX, "hash_key"));
    used.extend(within(Table::GLOBAL_SECONDARY_INDEX, "range_key").filter(|key| !key.is_empty()));
    used.extend(within(Table::LOCAL_SECONDARY_INDEX, "range_key"));
    let (unused, missing): (Vec<_>, Vec<_>) =
        (defined.difference(&used).collect(), used.difference(&defined).collect());
    let mut said = Vec::new();
    if !unused.is_empty() {
        said.push(format!("all attributes must be indexed. Unused attributes: {unused:?}"));
    }
    if !missing.is_empty() {
        said.push(format!("all indexes must match a defined attribute. Unmatched indexes: {missing:?}"));
    }
    if !said.is_empty() {
        edit.refuse(Table::ATTRIBUTE, said.join("; "));
    }
}

/// A table that is paid for by request has no capacity, any other has. While the way of paying changes, old numbers may stay.
fn capacity(edit: &mut PlanEdit<'_>, name: Name) {
    let before = edit.prior(Table::BILLING_MODE).as_str().map(str::to_owned);
    let Some(mode) = edit.planned(Table::BILLING_MODE).as_str() else { return };
    if edit.config(name).is_unknown() {
        return;
    }
    let n = edit.planned(name).as_number().and_then(|n| n.as_i64()).unwrap_or_default();
    let by_request = mode == "PAY_PER_REQUEST";
    if by_request && n != 0 && before.as_deref() != Some("PROVISIONED") {
        edit.refuse(name, format!("{} can not be set when billing_mode is {mode:?}", name.0));
    } else if !by_request && n < 1 && before.as_deref() != Some("PAY_PER_REQUEST") {
        edit.refuse(name, format!("{} must be at least 1 when billing_mode is {mode:?}", name.0));
    }
}
