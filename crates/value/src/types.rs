//! Types and type constraints.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Str;

/// A type or type constraint. `Dynamic` stands for "any type, not known yet".
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// Any type; as the type of an unknown value: not known yet.
    Dynamic,
    /// `bool`
    Bool,
    /// `number`
    Number,
    /// `string`
    String,
    /// `list(T)`
    List(Arc<Type>),
    /// `set(T)`
    Set(Arc<Type>),
    /// `map(T)`
    Map(Arc<Type>),
    /// `object({...})`
    Object(Arc<ObjectType>),
    /// `tuple([...])`
    Tuple(Arc<[Type]>),
}

/// Attributes of an object type, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ObjectType {
    /// Every attribute with its type.
    pub attrs: BTreeMap<Str, Type>,
    /// Attributes that conversion fills with null; only in type constraints.
    pub optional: BTreeSet<Str>,
}

impl Type {
    /// `list(elem)`
    #[must_use]
    pub fn list(elem: Type) -> Self {
        Self::List(Arc::new(elem))
    }

    /// `set(elem)`
    #[must_use]
    pub fn set(elem: Type) -> Self {
        Self::Set(Arc::new(elem))
    }

    /// `map(elem)`
    #[must_use]
    pub fn map(elem: Type) -> Self {
        Self::Map(Arc::new(elem))
    }

    /// `tuple([elems...])`
    #[must_use]
    pub fn tuple(elems: impl IntoIterator<Item = Type>) -> Self {
        Self::Tuple(elems.into_iter().collect())
    }

    /// `object({attrs...})` without optional attributes.
    #[must_use]
    pub fn object<K: Into<Str>>(attrs: impl IntoIterator<Item = (K, Type)>) -> Self {
        Self::Object(Arc::new(ObjectType {
            attrs: attrs.into_iter().map(|(k, t)| (k.into(), t)).collect(),
            optional: BTreeSet::new(),
        }))
    }

    /// Tells whether this is `string`, `number` or `bool`.
    #[must_use]
    pub const fn is_primitive(&self) -> bool {
        matches!(self, Self::Bool | Self::Number | Self::String)
    }

    /// Returns the element type of a list, set or map.
    #[must_use]
    pub fn element(&self) -> Option<&Type> {
        match self {
            Self::List(t) | Self::Set(t) | Self::Map(t) => Some(t),
            _ => None,
        }
    }

    /// Tells whether `Dynamic` occurs anywhere inside.
    #[must_use]
    pub fn has_dynamic(&self) -> bool {
        match self {
            Self::Dynamic => true,
            Self::Bool | Self::Number | Self::String => false,
            Self::List(t) | Self::Set(t) | Self::Map(t) => t.has_dynamic(),
            Self::Object(o) => o.attrs.values().any(Type::has_dynamic),
            Self::Tuple(ts) => ts.iter().any(Type::has_dynamic),
        }
    }

    /// Returns this type with no optional attributes: what a value of the constraint has.
    #[must_use]
    pub fn without_optional(&self) -> Type {
        match self {
            Self::Dynamic | Self::Bool | Self::Number | Self::String => self.clone(),
            Self::List(t) => Self::list(t.without_optional()),
            Self::Set(t) => Self::set(t.without_optional()),
            Self::Map(t) => Self::map(t.without_optional()),
            Self::Tuple(ts) => Self::tuple(ts.iter().map(Type::without_optional)),
            Self::Object(o) => Self::object(o.attrs.iter().map(|(k, t)| (k.clone(), t.without_optional()))),
        }
    }

    /// Returns the name used in messages: "string", "list of string", "object", "tuple", "dynamic".
    #[must_use]
    pub fn friendly_name(&self) -> String {
        match self {
            Self::Dynamic => "dynamic".into(),
            Self::Bool => "bool".into(),
            Self::Number => "number".into(),
            Self::String => "string".into(),
            Self::List(t) => format!("list of {}", t.friendly_name()),
            Self::Set(t) => format!("set of {}", t.friendly_name()),
            Self::Map(t) => format!("map of {}", t.friendly_name()),
            Self::Object(_) => "object".into(),
            Self::Tuple(_) => "tuple".into(),
        }
    }

    /// Returns the name of a type constraint used in messages: as [`Type::friendly_name`], but "any type" and "list of any
    /// single type".
    #[must_use]
    pub fn constraint_name(&self) -> String {
        let elem = |t: &Type| if *t == Type::Dynamic { "any single type".to_owned() } else { t.constraint_name() };
        match self {
            Self::Dynamic => "any type".into(),
            Self::List(t) => format!("list of {}", elem(t)),
            Self::Set(t) => format!("set of {}", elem(t)),
            Self::Map(t) => format!("map of {}", elem(t)),
            _ => self.friendly_name(),
        }
    }
}
