//! Tag differences.

use std::collections::BTreeMap;

use sdt_provider::OPERATION_TAG;

/// What to do to get from one set of tags to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagChange {
    /// Tags to set.
    pub set: Vec<(String, String)>,
    /// Keys to remove.
    pub remove: Vec<String>,
}

/// Compares the tags that are there with those that are wanted.
#[must_use]
pub fn change(prior: &BTreeMap<String, String>, want: &BTreeMap<String, String>) -> TagChange {
    TagChange {
        set: want.iter().filter(|(k, v)| prior.get(*k) != Some(v)).map(|(k, v)| (k.clone(), v.clone())).collect(),
        remove: prior.keys().filter(|k| !want.contains_key(*k) && *k != OPERATION_TAG).cloned().collect(),
    }
}

/// The tag that recognises a creation, when it is there.
#[must_use]
pub fn operation(tags: &BTreeMap<String, String>) -> Option<&str> {
    tags.get(OPERATION_TAG).map(String::as_str)
}
