//! Small tools over schemas and objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use sdt_provider::{Complaint, Private};
use sdt_schema::{Attribute, Block, Schema};
use sdt_value::{Path, Str, Type, Value};

/// How an attribute is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    Required,
    Optional,
    Computed,
    OptionalComputed,
}

/// An attribute that is not sensitive.
pub(crate) fn attr(ty: Type, set: Set, doc: &'static str) -> Attribute {
    Attribute {
        ty,
        required: set == Set::Required,
        optional: matches!(set, Set::Optional | Set::OptionalComputed),
        computed: matches!(set, Set::Computed | Set::OptionalComputed),
        doc,
        ..Attribute::default()
    }
}

/// A schema of attributes only.
pub(crate) fn schema(
    version: u64,
    attributes: impl IntoIterator<Item = (&'static str, Attribute)>,
    doc: &'static str,
) -> Arc<Schema> {
    let attributes = attributes.into_iter().map(|(k, a)| (Str::from(k), a)).collect();
    let block = Block { attributes, doc, ..Block::default() };
    Arc::new(Schema { version, block, legacy_type_system: false })
}

/// The object's members for changing.
pub(crate) fn members(object: &Value) -> BTreeMap<Str, Value> {
    object.as_members().cloned().unwrap_or_default()
}

/// A member, or null.
pub(crate) fn get(object: &Value, name: &str) -> Value {
    object.get(name).cloned().unwrap_or(Value::NULL)
}

/// An error about one attribute.
pub(crate) fn complain(summary: &str, detail: impl Into<String>, path: Path) -> Complaint {
    Complaint { severity: sdt_diag::Severity::Error, summary: summary.into(), detail: detail.into(), path }
}

/// No bytes.
pub(crate) fn no_private() -> Private {
    Arc::from([])
}
