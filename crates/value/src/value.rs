//! The value itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Marks, Number, Refinement, Type};

/// An immutable, cheaply cloned, NFC-normalised string.
pub type Str = Arc<str>;

/// A value of the language: a [`Kind`] and the marks on it. Clones are cheap (shared).
#[derive(Clone, Debug)]
pub struct Value {
    kind: Kind,
    marks: Marks,
}

/// What a value is. Collections carry their element type, so that an empty one still has a type.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Null of a type.
    Null(Type),
    /// Not known yet, of a type, with what is known about it.
    Unknown(Type, Option<Arc<Refinement>>),
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(Str),
    /// A list and its element type.
    List(Type, Arc<Vec<Value>>),
    /// A set, its elements distinct and in the language's order, and its element type.
    Set(Type, Arc<Vec<Value>>),
    /// A map and its element type.
    Map(Type, Arc<BTreeMap<Str, Value>>),
    /// An object; its type is that of its members.
    Object(Arc<BTreeMap<Str, Value>>),
    /// A tuple; its type is that of its members.
    Tuple(Arc<Vec<Value>>),
}

impl From<Kind> for Value {
    fn from(kind: Kind) -> Self {
        Self { kind, marks: Marks::NONE }
    }
}

impl Value {
    /// Null of any type.
    pub const NULL: Self = Self { kind: Kind::Null(Type::Dynamic), marks: Marks::NONE };
    /// `true`
    pub const TRUE: Self = Self { kind: Kind::Bool(true), marks: Marks::NONE };
    /// `false`
    pub const FALSE: Self = Self { kind: Kind::Bool(false), marks: Marks::NONE };
    /// Unknown of any type.
    pub const DYNAMIC: Self = Self { kind: Kind::Unknown(Type::Dynamic, None), marks: Marks::NONE };

    /// Null of a type.
    #[must_use]
    pub fn null(ty: Type) -> Self {
        Kind::Null(ty).into()
    }

    /// Unknown of a type, without refinements.
    #[must_use]
    pub fn unknown(ty: Type) -> Self {
        Kind::Unknown(ty, None).into()
    }

    /// A bool.
    #[must_use]
    pub const fn bool(b: bool) -> Self {
        if b { Self::TRUE } else { Self::FALSE }
    }

    /// A string; normalised to NFC here.
    #[must_use]
    pub fn string(s: impl AsRef<str>) -> Self {
        Kind::String(crate::value::nfc(s.as_ref())).into()
    }

    /// A number.
    #[must_use]
    pub fn number(n: impl Into<Number>) -> Self {
        Kind::Number(n.into()).into()
    }

    /// A list; every item must be of type `elem`.
    #[must_use]
    pub fn list(elem: Type, items: Vec<Value>) -> Self {
        Kind::List(elem, Arc::new(items)).into()
    }

    /// A set from items in any order; duplicates collapse. Marks of items move to the set itself, an unknown item
    /// makes the set's length unknown but keeps the set (as in the language).
    #[must_use]
    pub fn set(elem: Type, items: Vec<Value>) -> Self {
        let mut marks = Marks::NONE;
        let mut items: Vec<Value> = items
            .into_iter()
            .map(|v| {
                let (v, m) = v.unmark_deep();
                marks |= m;
                v
            })
            .collect();
        items.sort_by(Value::set_order);
        items.dedup_by(|a, b| a.is_wholly_known() && a.raw_equals(b));
        Value::from(Kind::Set(elem, Arc::new(items))).with_marks(marks)
    }

    /// A map; every item must be of type `elem`.
    #[must_use]
    pub fn map(elem: Type, items: BTreeMap<Str, Value>) -> Self {
        Kind::Map(elem, Arc::new(items)).into()
    }

    /// An object.
    #[must_use]
    pub fn object<K: Into<Str>>(attrs: impl IntoIterator<Item = (K, Value)>) -> Self {
        Kind::Object(Arc::new(attrs.into_iter().map(|(k, v)| (k.into(), v)).collect())).into()
    }

    /// A tuple.
    #[must_use]
    pub fn tuple(items: Vec<Value>) -> Self {
        Kind::Tuple(Arc::new(items)).into()
    }

    /// What the value is, marks aside.
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Takes the value apart, marks dropped: for callers that have handled the marks.
    #[must_use]
    pub fn into_kind(self) -> Kind {
        self.kind
    }

    /// The marks on this value itself (not on its members).
    #[must_use]
    pub const fn marks(&self) -> Marks {
        self.marks
    }

    /// Adds marks.
    #[must_use]
    pub fn with_marks(mut self, marks: Marks) -> Self {
        self.marks |= marks;
        self
    }

    /// Returns the value without its own marks, and those marks.
    #[must_use]
    pub fn unmark(mut self) -> (Self, Marks) {
        let marks = std::mem::take(&mut self.marks);
        (self, marks)
    }

    /// Tells whether the value itself is marked sensitive.
    #[must_use]
    pub const fn is_sensitive(&self) -> bool {
        self.marks.contains(Marks::SENSITIVE)
    }

    /// Tells whether the value is null (of any type).
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null(_))
    }

    /// Tells whether the value itself is unknown; members may still be unknown when it is not.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self.kind, Kind::Unknown(..))
    }

    /// The string, when this is a known non-null string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(s) => Some(s),
            _ => None,
        }
    }

    /// The bool, when this is a known non-null bool.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// The number, when this is a known non-null number.
    #[must_use]
    pub const fn as_number(&self) -> Option<&Number> {
        match &self.kind {
            Kind::Number(n) => Some(n),
            _ => None,
        }
    }

    /// The items of a known list, set or tuple, in order.
    #[must_use]
    pub fn as_items(&self) -> Option<&[Value]> {
        match &self.kind {
            Kind::List(_, v) | Kind::Set(_, v) | Kind::Tuple(v) => Some(v),
            _ => None,
        }
    }

    /// The members of a known map or object, by name.
    #[must_use]
    pub fn as_members(&self) -> Option<&BTreeMap<Str, Value>> {
        match &self.kind {
            Kind::Map(_, m) | Kind::Object(m) => Some(m),
            _ => None,
        }
    }

    /// The member of that name of a known map or object; no marks are carried over.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_members().and_then(|m| m.get(name))
    }
}

/// Normalises to NFC (quick path for ASCII).
pub(crate) fn nfc(_s: &str) -> Str {
    todo!()
}

impl Value {
    /// The value's type. For an object or tuple it is computed from the members.
    #[must_use]
    pub fn ty(&self) -> Type {
        todo!()
    }

    /// Tells whether no part of the value is unknown.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        todo!()
    }

    /// Marks of the value and of every part of it, united.
    #[must_use]
    pub fn deep_marks(&self) -> Marks {
        todo!()
    }

    /// Returns the value without any mark anywhere, and the union of all marks. Shares memory when there are none.
    #[must_use]
    pub fn unmark_deep(self) -> (Self, Marks) {
        todo!()
    }

    /// Returns the value without any mark, and each mark with the path it was at. Paths end at sets.
    #[must_use]
    pub fn unmark_with_paths(self) -> (Self, Vec<(crate::Path, Marks)>) {
        todo!()
    }

    /// Puts marks back at paths; a path that leads nowhere is ignored.
    #[must_use]
    pub fn mark_with_paths(self, paths: &[(crate::Path, Marks)]) -> Self {
        let _ = paths;
        todo!()
    }

    /// Structural equality including types, null and unknown; marks are ignored. For the program, not the language.
    #[must_use]
    pub fn raw_equals(&self, other: &Value) -> bool {
        let _ = other;
        todo!()
    }

    /// The language's `==`: unknown where a part that matters is unknown; marks of both sides are on the answer.
    #[must_use]
    pub fn equals(&self, other: &Value) -> Value {
        let _ = other;
        todo!()
    }

    /// The order of elements in a set (cty's): strings by bytes, numbers by value, false before true, others by their
    /// type and a canonical serialisation; null and unknown last.
    #[must_use]
    pub fn set_order(a: &Value, b: &Value) -> std::cmp::Ordering {
        let _ = (a, b);
        todo!()
    }

    /// Rebuilds the value from the leaves up: `f` sees each part after its members, with its path.
    ///
    /// # Errors
    /// The first error of `f`.
    pub fn transform<E>(self, f: &mut dyn FnMut(&crate::Path, Value) -> Result<Value, E>) -> Result<Value, E> {
        let _ = f;
        todo!()
    }

    /// Visits the value and every part with its path, outermost first; `f` returning false skips the members.
    pub fn walk(&self, f: &mut dyn FnMut(&crate::Path, &Value) -> bool) {
        let _ = f;
        todo!()
    }
}

/// As [`Value::raw_equals`], marks compared too.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        let _ = other;
        todo!()
    }
}
