//! When two values mean the same, and which of two equal forms goes into state.
//!
//! Types of the public provider's older SDK treat null, "", 0, false and empty collections alike. A state written by Terraform holds
//! whichever form its provider happened to write, so the form that is there stays as long as the meaning does.

use sdt_schema::Nesting;
use sdt_value::{Kind, Value};

use crate::declare::{Content, Decl, Field, Same, Ty};
use crate::equal;

/// Tells whether a value counts as "not set" for legacy types.
#[must_use]
pub fn is_zero(value: &Value) -> bool {
    match value.kind() {
        Kind::Null(_) => true,
        Kind::Unknown(..) => false,
        Kind::Bool(b) => !b,
        Kind::Number(n) => n.as_i64() == Some(0),
        Kind::String(s) => s.is_empty(),
        Kind::List(_, v) | Kind::Set(_, v) | Kind::Tuple(v) => v.is_empty(),
        Kind::Map(_, m) => m.is_empty(),
        Kind::Object(m) => m.values().all(is_zero),
    }
}

/// Tells whether two values of a field mean the same; unknown equals nothing.
#[must_use]
pub fn same(field: &Field, a: &Value, b: &Value, legacy: bool) -> bool {
    match &field.content {
        Content::Attr(ty) => same_attr(ty, field.same, a, b, legacy),
        Content::Block { nesting, decl, .. } => {
            same_blocks(*nesting, decl, a, b, legacy) || field.same.is_some_and(|f| f(a, b))
        }
    }
}

/// Tells whether two objects mean the same.
#[must_use]
pub fn same_object(decl: &Decl, a: &Value, b: &Value, legacy: bool) -> bool {
    if a.is_unknown() || b.is_unknown() {
        return false;
    }
    if a.is_null() || b.is_null() {
        return a.is_null() == b.is_null();
    }
    let null = Value::NULL;
    decl.fields.iter().all(|f| same(f, a.get(f.name).unwrap_or(&null), b.get(f.name).unwrap_or(&null), legacy))
}

fn same_attr(ty: &Ty, special: Option<Same>, a: &Value, b: &Value, legacy: bool) -> bool {
    if a.is_unknown() || b.is_unknown() {
        return false;
    }
    if a.is_null() || b.is_null() {
        let both_unset = (a.is_null() && b.is_null()) || (legacy && is_zero(a) && is_zero(b));
        return both_unset || special.is_some_and(|f| f(a, b));
    }
    match ty {
        Ty::Str | Ty::Num | Ty::Bool => a.raw_equals(b) || special.is_some_and(|f| f(a, b)),
        Ty::List(t) => pairwise(a, b, &|x, y| same_attr(t, special, x, y, legacy)),
        Ty::Set(t) => as_sets(a, b, &|x, y| same_attr(t, special, x, y, legacy)),
        Ty::Map(t) => match (a.as_members(), b.as_members()) {
            (Some(x), Some(y)) => {
                x.len() == y.len()
                    && x.iter().all(|(k, v)| y.get(k).is_some_and(|w| same_attr(t, special, v, w, legacy)))
            }
            _ => false,
        },
        Ty::Obj(decl) => same_object(decl, a, b, legacy),
    }
}

fn same_blocks(nesting: Nesting, decl: &Decl, a: &Value, b: &Value, legacy: bool) -> bool {
    if a.is_unknown() || b.is_unknown() {
        return false;
    }
    match nesting {
        Nesting::Set => as_sets(a, b, &|x, y| same_object(decl, x, y, legacy)),
        Nesting::List | Nesting::Map => pairwise(a, b, &|x, y| same_object(decl, x, y, legacy)),
        Nesting::Single | Nesting::Group => same_object(decl, a, b, legacy),
    }
}

fn pairwise(a: &Value, b: &Value, eq: &dyn Fn(&Value, &Value) -> bool) -> bool {
    let (x, y) = (a.as_items().unwrap_or_default(), b.as_items().unwrap_or_default());
    x.len() == y.len() && x.iter().zip(y).all(|(p, q)| eq(p, q))
}

fn as_sets(a: &Value, b: &Value, eq: &dyn Fn(&Value, &Value) -> bool) -> bool {
    let (x, y) = (a.as_items().unwrap_or_default(), b.as_items().unwrap_or_default());
    // Equal sets usually have equal order; only the others pay for the search.
    x.len() == y.len()
        && (x.iter().zip(y).all(|(p, q)| p.raw_equals(q)) || x.iter().all(|p| y.iter().any(|q| eq(p, q))))
}

/// The object to store after a refresh: what was read, in the form of `prior` wherever the meaning is the same.
#[must_use]
pub fn after_read(decl: &Decl, got: &Value, prior: &Value, legacy: bool) -> Value {
    let null = Value::NULL;
    Value::object(decl.fields.iter().map(|f| {
        let (new, old) = (got.get(f.name).unwrap_or(&null), prior.get(f.name).unwrap_or(&null));
        (f.name, keep_field(f, new, old, legacy))
    }))
}

/// The object to store after an import: what was read.
pub(crate) fn after_import(decl: &Decl, got: &Value) -> Value {
    let null = Value::NULL;
    Value::object(decl.fields.iter().map(|f| (f.name, stored_form(f, got.get(f.name).unwrap_or(&null)))))
}

fn keep_field(f: &Field, new: &Value, old: &Value, legacy: bool) -> Value {
    if old.is_unknown() {
        return stored_form(f, new);
    }
    if f.moving && !is_zero(old) {
        return old.clone();
    }
    if (f.carry && new.is_null() || same(f, new, old, legacy)) && !old.ty().has_dynamic() {
        return old.clone();
    }
    let Content::Block { nesting, decl, .. } = &f.content else { return stored_form(f, new) };
    let (Some(items), Some(before)) = (new.as_items(), old.as_items()) else { return new.clone() };
    let kept = items.iter().enumerate().map(|(i, item)| {
        let pair = match nesting {
            Nesting::Set => before.iter().find(|b| same_but_carried(decl, item, b, legacy)),
            _ => before.get(i),
        };
        pair.map_or_else(|| item.clone(), |b| after_read(decl, item, b, legacy))
    });
    match nesting {
        Nesting::Set => Value::set(decl.object_type(), kept.collect()),
        _ => Value::list(decl.object_type(), kept.collect()),
    }
}

fn same_but_carried(decl: &Decl, a: &Value, b: &Value, legacy: bool) -> bool {
    let null = Value::NULL;
    decl.fields.iter().all(|f| {
        let (x, y) = (a.get(f.name).unwrap_or(&null), b.get(f.name).unwrap_or(&null));
        f.carry && x.is_null() || same(f, x, y, legacy)
    })
}

/// The object to store after an apply: what was read, in the planned form where the service left it open. A set that was planned
/// wholly stays as planned, empty and null collections too; a planned null of a primitive type becomes what was read.
#[must_use]
pub fn after_apply(decl: &Decl, got: &Value, planned: &Value) -> Value {
    let null = Value::NULL;
    Value::object(decl.fields.iter().map(|f| {
        let new = got.get(f.name).unwrap_or(&null);
        let plan = planned.get(f.name).unwrap_or(&null);
        (f.name, applied_field(f, new, plan))
    }))
}

fn applied_field(f: &Field, got: &Value, planned: &Value) -> Value {
    if planned.is_unknown() {
        return stored_form(f, got);
    }
    match &f.content {
        Content::Attr(_) if f.as_read && !got.is_null() => got.clone(),
        Content::Attr(ty) => match applied_attr(ty, f.same, got, planned) {
            value if value.raw_equals(planned) => value,
            value => stored_form(f, &value),
        },
        Content::Block { nesting, decl, .. } => {
            if *nesting == Nesting::Set
                && planned.is_wholly_known()
                && planned.as_items().is_some_and(|i| !i.is_empty())
            {
                return planned.clone();
            }
            match (nesting, got.as_items(), planned.as_items()) {
                (Nesting::List, Some(g), Some(p)) if g.len() == p.len() => {
                    Value::list(decl.object_type(), g.iter().zip(p).map(|(x, y)| after_apply(decl, x, y)).collect())
                }
                _ => got.clone(),
            }
        }
    }
}

/// What the service says, as it is stored.
fn stored_form(f: &Field, got: &Value) -> Value {
    match got.as_str() {
        Some(text) if f.json => Value::string(f.form.unwrap_or(equal::json_form)(text)),
        _ => got.clone(),
    }
}

fn applied_attr(ty: &Ty, special: Option<Same>, got: &Value, planned: &Value) -> Value {
    if planned.is_unknown() {
        return got.clone();
    }
    let collection = matches!(ty, Ty::List(_) | Ty::Set(_) | Ty::Map(_));
    if collection && is_zero(got) && is_zero(planned) {
        return planned.clone();
    }
    if planned.is_null() {
        return got.clone();
    }
    if got.is_null() {
        return if planned.is_wholly_known() { planned.clone() } else { got.clone() };
    }
    match ty {
        Ty::Str | Ty::Num | Ty::Bool if special.is_some_and(|f| f(got, planned)) => planned.clone(),
        Ty::Set(_) if planned.is_wholly_known() => planned.clone(),
        Ty::List(t) => match (got.as_items(), planned.as_items()) {
            (Some(g), Some(p)) if g.len() == p.len() => {
                Value::list(t.ty(), g.iter().zip(p).map(|(x, y)| applied_attr(t, special, x, y)).collect())
            }
            _ => got.clone(),
        },
        Ty::Obj(decl) => after_apply(decl, got, planned),
        _ => got.clone(),
    }
}
