//! The configuration that an imported object would have been made from.
//!
//! What was read has more in it than anybody writes: zeros that the service never heard of, what AWS chose by itself, and two
//! ways of saying one thing, of which a configuration may have only one. What remains here passes validation.

use sdt_diag::Severity;
use sdt_schema::Nesting;
use sdt_value::{PathStep, Value};

use crate::api::Complaint;
use crate::convert::with;
use crate::declare::{Content, Decl, Field, Meta};
use crate::same::is_zero;
use crate::validate::{check_all, validate};

/// How often something may be left out because validation refuses it.
const TRIES: usize = 32;

/// Returns the object with null for everything that need not or must not be written. `more` is what else the type checks.
#[must_use]
pub fn as_written(meta: &Meta, object: &Value, more: &dyn Fn(&Value) -> Vec<Complaint>) -> Value {
    let mut written = trim(meta.decl, object, meta.legacy);
    if meta.tagged {
        written = with(&written, [("tags_all", null_of(meta.decl, "tags_all"))]);
    }
    for _ in 0..TRIES {
        let mut complaints = validate(meta, &written);
        complaints.extend(more(&written));
        let refused = complaints.iter().filter(|c| c.severity == Severity::Error).find_map(|c| {
            let name = match c.path.0.first() {
                Some(PathStep::Attr(name)) => &**name,
                _ => return None,
            };
            let field = meta.decl.field(name).filter(|f| !f.required)?;
            is_set(written.get(name)?).then_some(field)
        });
        let Some(field) = refused else { break };
        written = with(&written, [(field.name, nothing(field))]);
    }
    written
}

fn trim(decl: &Decl, object: &Value, legacy: bool) -> Value {
    let null = Value::NULL;
    let members = decl.fields.iter().map(|f| {
        let value = object.get(f.name).unwrap_or(&null);
        (f.name, trim_field(f, value, legacy))
    });
    let mut out = with(object, members.collect::<Vec<_>>());
    for f in decl.fields {
        for name in left_out_for(f, decl, &out) {
            if let Some(other) = decl.field(name) {
                out = with(&out, [(other.name, nothing(other))]);
            }
        }
    }
    out
}

fn trim_field(f: &Field, value: &Value, legacy: bool) -> Value {
    let Content::Block { nesting, decl, .. } = &f.content else {
        return if f.required || is_written(f, value, legacy) { value.clone() } else { Value::null(f.ty()) };
    };
    let Some(items) = value.as_items() else { return value.clone() };
    let complete =
        |item: &Value| decl.fields.iter().all(|f| !f.required || item.get(f.name).is_some_and(|v| !is_empty(v)));
    let items = items.iter().map(|i| trim(decl, i, legacy)).filter(complete).collect();
    match nesting {
        Nesting::Set => Value::set(decl.object_type(), items),
        _ => Value::list(decl.object_type(), items),
    }
}

fn is_written(f: &Field, value: &Value, legacy: bool) -> bool {
    if !f.optional || f.name == "id" || f.deprecated.is_some() || value.is_null() || is_empty(value) {
        return false;
    }
    match f.default {
        Some(lit) if lit.value().raw_equals(value) => return false,
        None if legacy && is_zero(value) => return false,
        _ => {}
    }
    let mut complaints = Vec::new();
    check_all(f, value, &sdt_value::Path::root(), &mut complaints);
    complaints.is_empty()
}

/// Empty text and collections; numbers and truth values never are.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("") || value.as_items().is_some_and(<[Value]>::is_empty)
}

fn is_set(value: &Value) -> bool {
    !value.is_null() && value.as_items().is_none_or(|i| !i.is_empty())
}

/// What cannot stand beside or without this field. Of two ways of saying the same, the one that AWS fills in goes, then the longer
/// name: `name_prefix` before `name`, `availability_zone_id` before `availability_zone`.
fn left_out_for(f: &Field, decl: &Decl, object: &Value) -> Vec<&'static str> {
    let set = |name: &str| object.get(name).is_some_and(is_set);
    if !set(f.name) {
        return Vec::new();
    }
    let rank =
        |name: &str| (decl.field(name).is_some_and(|f| !f.computed && !is_block(f)), std::cmp::Reverse(name.len()));
    let rivals = f.conflicts_with.iter().chain(f.exactly_one_of).filter(|o| **o != f.name && set(o));
    let mut out: Vec<&'static str> = rivals
        .map(|o| if rank(o) < rank(f.name) { *o } else { f.name })
        .filter(|n| decl.field(n).is_some_and(|f| !f.required))
        .collect();
    if !f.required && f.required_with.iter().any(|o| !set(o)) {
        out.push(f.name);
    }
    out
}

fn is_block(f: &Field) -> bool {
    matches!(f.content, Content::Block { .. })
}

fn nothing(f: &Field) -> Value {
    match &f.content {
        Content::Block { nesting: Nesting::Set, decl, .. } => Value::set(decl.object_type(), Vec::new()),
        Content::Block { decl, .. } => Value::list(decl.object_type(), Vec::new()),
        Content::Attr(_) => Value::null(f.ty()),
    }
}

fn null_of(decl: &Decl, name: &str) -> Value {
    decl.field(name).map_or(Value::NULL, |f| Value::null(f.ty()))
}
