//! Between values and the structs of resource types.

use std::collections::BTreeMap;

use sdt_schema::Nesting;
use sdt_value::{Number, Str, Type, Value};

use crate::declare::{Content, Decl, Field, Meta, Ty};

/// The value does not fit the struct: a fault in a state written by something else, or in a declaration.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Misfit {
    path: String,
    message: String,
}

impl Misfit {
    /// What is wrong, here.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { path: String::new(), message: message.into() }
    }

    fn within(mut self, name: &str) -> Self {
        self.path = if self.path.is_empty() { name.to_owned() } else { format!("{name}.{}", self.path) };
        self
    }
}

/// A Rust type that holds an attribute or block. Null and unknown give the type's empty value: resource code never sees unknowns.
pub trait FromValue: Sized {
    /// Takes it from a value.
    ///
    /// # Errors
    /// When the value is of another type.
    fn from_value(value: &Value) -> Result<Self, Misfit>;

    /// Tells whether `Option` of it is `None` for this value.
    fn absent(value: &Value) -> bool {
        value.is_null() || value.is_unknown()
    }
}

/// The inverse of [`FromValue`], without exact types: [`fit`] gives them.
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> Value;
}

/// `Option` of a string is `None` for "" too: the public provider's older SDK stores "" for "not set".
impl FromValue for String {
    fn from_value(value: &Value) -> Result<Self, Misfit> {
        match value.as_str() {
            Some(s) => Ok(s.to_owned()),
            None if value.is_null() || value.is_unknown() => Ok(Self::new()),
            None => Err(Misfit::new("a string is required")),
        }
    }

    fn absent(value: &Value) -> bool {
        value.as_str().is_none_or(str::is_empty)
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, Misfit> {
        match value.as_bool() {
            Some(b) => Ok(b),
            None if value.is_null() || value.is_unknown() => Ok(false),
            None => Err(Misfit::new("a bool is required")),
        }
    }
}

impl FromValue for f64 {
    fn from_value(value: &Value) -> Result<Self, Misfit> {
        match value.as_number() {
            Some(n) => Ok(n.to_f64()),
            None if value.is_null() || value.is_unknown() => Ok(0.0),
            None => Err(Misfit::new("a number is required")),
        }
    }
}

macro_rules! integers {
    ($($t:ty),*) => {$(
        impl FromValue for $t {
            fn from_value(value: &Value) -> Result<Self, Misfit> {
                match value.as_number() {
                    Some(n) => n
                        .as_i64()
                        .and_then(|i| Self::try_from(i).ok())
                        .ok_or_else(|| Misfit::new("a whole number is required")),
                    None if value.is_null() || value.is_unknown() => Ok(0),
                    None => Err(Misfit::new("a number is required")),
                }
            }
        }
        impl ToValue for $t {
            fn to_value(&self) -> Value {
                Value::number(i64::from(*self))
            }
        }
    )*};
}

integers!(i32, i64);

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Self, Misfit> {
        if T::absent(value) { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: &Value) -> Result<Self, Misfit> {
        let items = value.as_items().unwrap_or_default();
        items.iter().enumerate().map(|(i, v)| T::from_value(v).map_err(|e| e.within(&i.to_string()))).collect()
    }
}

impl<T: FromValue> FromValue for BTreeMap<String, T> {
    fn from_value(value: &Value) -> Result<Self, Misfit> {
        let Some(members) = value.as_members() else { return Ok(Self::new()) };
        members.iter().map(|(k, v)| Ok((k.to_string(), T::from_value(v).map_err(|e| e.within(k))?))).collect()
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::string(self)
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::bool(*self)
    }
}

impl ToValue for f64 {
    fn to_value(&self) -> Value {
        Value::number(Number::from_f64(*self))
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::NULL, ToValue::to_value)
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    fn to_value(&self) -> Value {
        Value::tuple(self.iter().map(ToValue::to_value).collect())
    }
}

impl<T: ToValue> ToValue for BTreeMap<String, T> {
    fn to_value(&self) -> Value {
        Value::object(self.iter().map(|(k, v)| (k.as_str(), v.to_value())))
    }
}

/// The object of a nested block: itself, or the only item of the list or set that blocks become. For derived code.
#[must_use]
pub fn only(value: &Value) -> &Value {
    match value.as_items() {
        Some([item, ..]) => item,
        _ => value,
    }
}

/// Tells whether there is no such block. For derived code.
#[must_use]
pub fn no_block(value: &Value) -> bool {
    value.is_null() || value.is_unknown() || value.as_items().is_some_and(<[Value]>::is_empty)
}

/// Reads one field of an object. For derived code.
///
/// # Errors
/// When the value is of another type.
pub fn field<T: FromValue>(object: &Value, name: &str) -> Result<T, Misfit> {
    T::from_value(object.get(name).unwrap_or(&Value::NULL)).map_err(|e| e.within(name))
}

/// Gives the values that resource code returned their exact types: sets their order, nulls their type; for legacy types the zero
/// value in place of null.
#[must_use]
pub fn fit_object(meta: &Meta, value: &Value) -> Value {
    fit_decl(meta.decl, value, meta.legacy)
}

/// As [`fit_object`], with nulls as they are, for data sources that take over what a resource type has read.
#[must_use]
pub fn fit_as_read(meta: &Meta, value: &Value) -> Value {
    fit_decl(meta.decl, value, false)
}

fn fit_decl(decl: &Decl, value: &Value, legacy: bool) -> Value {
    let null = Value::NULL;
    Value::object(decl.fields.iter().map(|f| (f.name, fit_field(f, value.get(f.name).unwrap_or(&null), legacy))))
}

fn fit_field(f: &Field, value: &Value, legacy: bool) -> Value {
    match &f.content {
        Content::Attr(_) if f.write_only => Value::null(f.ty()),
        Content::Attr(ty) => fit_attr(ty, value, legacy && !f.keep_null && !f.carry),
        Content::Block { nesting, decl, .. } => {
            let elem = || decl.object_type();
            let items: Vec<Value> = match value.as_items() {
                Some(items) => items.iter().map(|v| fit_decl(decl, v, legacy)).collect(),
                None if value.is_null() || value.is_unknown() => Vec::new(),
                None => vec![fit_decl(decl, value, legacy)],
            };
            match nesting {
                Nesting::Set => Value::set(elem(), items),
                Nesting::Single | Nesting::Group => items.into_iter().next().unwrap_or_else(|| Value::null(elem())),
                Nesting::List | Nesting::Map => Value::list(elem(), items),
            }
        }
    }
}

fn fit_attr(ty: &Ty, value: &Value, zero: bool) -> Value {
    if value.is_unknown() {
        return Value::unknown(ty.ty());
    }
    if value.is_null() {
        return if zero { zero_of(ty) } else { Value::null(ty.ty()) };
    }
    let items = |t: &Ty| -> Vec<Value> {
        let one = [value.clone()];
        value.as_items().unwrap_or(&one).iter().map(|v| fit_attr(t, v, zero)).collect()
    };
    match ty {
        Ty::Str | Ty::Num | Ty::Bool => value.clone(),
        Ty::List(t) => Value::list(t.ty(), items(t)),
        Ty::Set(t) => Value::set(t.ty(), items(t)),
        Ty::Map(t) => {
            let members: BTreeMap<Str, Value> =
                value.as_members().into_iter().flatten().map(|(k, v)| (k.clone(), fit_attr(t, v, zero))).collect();
            Value::map(t.ty(), members)
        }
        Ty::Obj(decl) => fit_decl(decl, value, zero),
    }
}

/// The value that the public provider's older SDK stores for "not set".
#[must_use]
pub fn zero_of(ty: &Ty) -> Value {
    match ty {
        Ty::Str => Value::string(""),
        Ty::Num => Value::number(0),
        Ty::Bool => Value::FALSE,
        Ty::List(t) => Value::list(t.ty(), Vec::new()),
        Ty::Set(t) => Value::set(t.ty(), Vec::new()),
        Ty::Map(t) => Value::map(t.ty(), BTreeMap::new()),
        Ty::Obj(decl) => Value::null(decl.object_type()),
    }
}

/// Returns an object with members set.
#[must_use]
pub fn with<K: Into<Str>>(object: &Value, members: impl IntoIterator<Item = (K, Value)>) -> Value {
    let mut out = object.as_members().cloned().unwrap_or_default();
    out.extend(members.into_iter().map(|(k, v)| (k.into(), v)));
    Value::object(out)
}

/// The tag map of an object, empty when null.
#[must_use]
pub fn tag_map(value: Option<&Value>) -> BTreeMap<String, String> {
    value
        .and_then(Value::as_members)
        .into_iter()
        .flatten()
        .map(|(k, v)| (k.to_string(), v.as_str().unwrap_or_default().to_owned()))
        .collect()
}

/// A tag map as value.
#[must_use]
pub fn tags_value(tags: &BTreeMap<String, String>) -> Value {
    Value::map(Type::String, tags.iter().map(|(k, v)| (Str::from(k.as_str()), Value::string(v))).collect())
}
