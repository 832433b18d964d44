//! What the data sources share: conditions, and finding exactly one.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter as Condition, Tag};
use sdt_provider::{Block, Class, Error, Map, OPERATION_TAG, Set};

use crate::{filter, tags};

/// A condition: an attribute of the service and its values.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Filter {
    /// Name, as the service's API has it.
    name: String,
    /// Any of these.
    values: Set<String>,
}

/// The conditions of a query.
#[derive(Default)]
pub(crate) struct Conditions(Vec<Condition>);

impl Conditions {
    /// Adds one when there is a value.
    pub(crate) fn with(mut self, name: &str, value: &Option<impl ToString>) -> Self {
        if let Some(value) = value.as_ref().map(ToString::to_string).filter(|v| !v.is_empty()) {
            self.0.push(filter(name, [value]));
        }
        self
    }

    /// Adds tags that the object must have.
    pub(crate) fn tagged(mut self, tags: &Option<Map<String>>) -> Self {
        self.0.extend(tags.iter().flatten().map(|(k, v)| filter(&format!("tag:{k}"), [v])));
        self
    }

    /// Adds those of `filter` blocks.
    pub(crate) fn and(mut self, filters: &[Filter]) -> Self {
        self.0.extend(filters.iter().map(|f| filter(&f.name, f.values.clone())));
        self
    }

    /// For a call; `None` when there are none.
    pub(crate) fn list(self) -> Option<Vec<Condition>> {
        (!self.0.is_empty()).then_some(self.0)
    }
}

/// The only one found.
pub(crate) fn only<T>(human: &str, mut found: Vec<T>) -> Result<T, Error> {
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => Err(Error::not_found(format!("no matching {human} found"))),
        (Some(_), false) => {
            let text =
                format!("multiple {human}s matched; use additional constraints to reduce matches to a single {human}");
            Err(Error::new(Class::Invalid, "", text))
        }
    }
}

/// Tags as people see them: neither AWS's own nor ours.
pub(crate) fn visible(found: Option<Vec<Tag>>) -> Option<Map<String>> {
    let all: BTreeMap<String, String> = tags::read(found);
    Some(all.into_iter().filter(|(k, _)| !k.starts_with("aws:") && k != OPERATION_TAG).collect())
}
