//! The value itself.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Marks, Number, Path, PathStep, Refinement, Type};

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
        if elem.is_primitive() {
            items.sort_by(Value::set_order);
        } else {
            let rank = |v: &Value| (v.is_null(), v.is_unknown());
            items.sort_by_cached_key(|v| (rank(v), v.set_key()));
        }
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
pub(crate) fn nfc(s: &str) -> Str {
    use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
    if s.is_ascii() || is_nfc_quick(s.chars()) == IsNormalized::Yes {
        s.into()
    } else {
        s.nfc().collect::<String>().into()
    }
}

impl Value {
    /// A list of items that may be of type or may be null or unknown of any type; the element type is that of the first
    /// item that has one, `fallback` when there is none. `None` when the items' types differ.
    #[must_use]
    pub fn list_of(items: Vec<Value>, fallback: &Type) -> Option<Self> {
        let (elem, items) = homogeneous(items, fallback)?;
        Some(Self::list(elem, items))
    }

    /// As [`Value::list_of`], for sets.
    #[must_use]
    pub fn set_of(items: Vec<Value>, fallback: &Type) -> Option<Self> {
        let (elem, items) = homogeneous(items, fallback)?;
        Some(Self::set(elem, items))
    }

    /// As [`Value::list_of`], for maps.
    #[must_use]
    pub fn map_of(items: BTreeMap<Str, Value>, fallback: &Type) -> Option<Self> {
        let (keys, items): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        let (elem, items) = homogeneous(items, fallback)?;
        Some(Self::map(elem, keys.into_iter().zip(items).collect()))
    }

    /// The value's type. For an object or tuple it is computed from the members.
    #[must_use]
    pub fn ty(&self) -> Type {
        match &self.kind {
            Kind::Null(t) | Kind::Unknown(t, _) => t.clone(),
            Kind::Bool(_) => Type::Bool,
            Kind::Number(_) => Type::Number,
            Kind::String(_) => Type::String,
            Kind::List(t, _) => Type::list(t.clone()),
            Kind::Set(t, _) => Type::set(t.clone()),
            Kind::Map(t, _) => Type::map(t.clone()),
            Kind::Object(m) => Type::object(m.iter().map(|(k, v)| (k.clone(), v.ty()))),
            Kind::Tuple(v) => Type::tuple(v.iter().map(Value::ty)),
        }
    }

    /// The members of a known list, set, tuple, map or object in order, keys aside.
    fn members(&self) -> Box<dyn Iterator<Item = &Value> + '_> {
        match &self.kind {
            Kind::List(_, v) | Kind::Set(_, v) | Kind::Tuple(v) => Box::new(v.iter()),
            Kind::Map(_, m) | Kind::Object(m) => Box::new(m.values()),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn any(&self, f: &mut dyn FnMut(&Value) -> bool) -> bool {
        f(self)
            || match &self.kind {
                Kind::List(_, v) | Kind::Set(_, v) | Kind::Tuple(v) => v.iter().any(|v| v.any(f)),
                Kind::Map(_, m) | Kind::Object(m) => m.values().any(|v| v.any(f)),
                _ => false,
            }
    }

    /// Tells whether no part of the value is unknown.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        !self.any(&mut |v| v.is_unknown())
    }

    /// Marks of the value and of every part of it, united.
    #[must_use]
    pub fn deep_marks(&self) -> Marks {
        let mut marks = Marks::NONE;
        self.any(&mut |v| {
            marks |= v.marks;
            false
        });
        marks
    }

    /// Tells whether the value or any part of it has one of these marks.
    #[must_use]
    pub fn contains_mark(&self, mark: Marks) -> bool {
        self.any(&mut |v| v.marks.contains(mark))
    }

    /// Rebuilds the value with each direct member replaced; types are kept, so `f` must keep them too.
    fn map_members(self, f: &mut dyn FnMut(Value) -> Value) -> Self {
        let marks = self.marks;
        let each = |v: Arc<Vec<Value>>, f: &mut dyn FnMut(Value) -> Value| {
            Arc::new(Arc::unwrap_or_clone(v).into_iter().map(f).collect::<Vec<_>>())
        };
        let each_named = |m: Arc<BTreeMap<Str, Value>>, f: &mut dyn FnMut(Value) -> Value| {
            Arc::new(Arc::unwrap_or_clone(m).into_iter().map(|(k, v)| (k, f(v))).collect::<BTreeMap<_, _>>())
        };
        let kind = match self.kind {
            Kind::List(t, v) => Kind::List(t, each(v, f)),
            Kind::Set(t, v) => Kind::Set(t, each(v, f)),
            Kind::Tuple(v) => Kind::Tuple(each(v, f)),
            Kind::Map(t, m) => Kind::Map(t, each_named(m, f)),
            Kind::Object(m) => Kind::Object(each_named(m, f)),
            kind => kind,
        };
        Self { kind, marks }
    }

    /// Returns the value without any mark anywhere, and the union of all marks. Shares memory when there are none.
    #[must_use]
    pub fn unmark_deep(self) -> (Self, Marks) {
        let marks = self.deep_marks();
        if marks.is_empty() { (self, marks) } else { (self.without_marks(), marks) }
    }

    fn without_marks(self) -> Self {
        if self.deep_marks().is_empty() {
            return self;
        }
        self.unmark().0.map_members(&mut Value::without_marks)
    }

    /// Returns the value without any mark, and each mark with the path it was at. Paths end at sets.
    #[must_use]
    pub fn unmark_with_paths(self) -> (Self, Vec<(Path, Marks)>) {
        if self.deep_marks().is_empty() {
            return (self, Vec::new());
        }
        let mut found = Vec::new();
        self.walk(&mut |path, value| {
            let is_set = matches!(value.kind, Kind::Set(..));
            let marks = if is_set { value.deep_marks() } else { value.marks };
            if !marks.is_empty() {
                found.push((path.clone(), marks));
            }
            !is_set
        });
        (self.without_marks(), found)
    }

    /// Puts marks back at paths; a path that leads nowhere is ignored.
    #[must_use]
    pub fn mark_with_paths(self, paths: &[(Path, Marks)]) -> Self {
        paths.iter().fold(self, |value, (path, marks)| value.mark_at(&path.0, *marks))
    }

    fn mark_at(mut self, path: &[PathStep], marks: Marks) -> Self {
        let Some((step, rest)) = path.split_first() else { return self.with_marks(marks) };
        let slot = match (&mut self.kind, step) {
            (Kind::Map(_, m) | Kind::Object(m), PathStep::Attr(name)) => Arc::make_mut(m).get_mut(name),
            (Kind::Map(_, m) | Kind::Object(m), PathStep::Index(key)) => {
                key.as_str().and_then(|k| Arc::make_mut(m).get_mut(k))
            }
            (Kind::List(_, v) | Kind::Tuple(v), PathStep::Index(key)) => {
                key.as_number().and_then(Number::as_usize).and_then(|i| Arc::make_mut(v).get_mut(i))
            }
            // Members of sets have no marks of their own.
            (Kind::Set(..), PathStep::Index(_)) => return self.with_marks(marks),
            _ => None,
        };
        if let Some(slot) = slot {
            let value = std::mem::replace(slot, Value::NULL);
            *slot = value.mark_at(rest, marks);
        }
        self
    }

    /// Structural equality including types, null and unknown; marks are ignored. For the program, not the language.
    #[must_use]
    pub fn raw_equals(&self, other: &Value) -> bool {
        self.same(other, false)
    }

    fn same(&self, other: &Value, with_marks: bool) -> bool {
        if with_marks && self.marks != other.marks {
            return false;
        }
        let items = |a: &Arc<Vec<Value>>, b: &Arc<Vec<Value>>| {
            (!with_marks && Arc::ptr_eq(a, b))
                || a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.same(b, with_marks))
        };
        let named = |a: &Arc<BTreeMap<Str, Value>>, b: &Arc<BTreeMap<Str, Value>>| {
            (!with_marks && Arc::ptr_eq(a, b))
                || a.len() == b.len()
                    && a.iter().zip(b.iter()).all(|((ka, va), (kb, vb))| ka == kb && va.same(vb, with_marks))
        };
        match (&self.kind, &other.kind) {
            (Kind::Null(a), Kind::Null(b)) => a == b,
            (Kind::Unknown(a, x), Kind::Unknown(b, y)) => a == b && x == y,
            (Kind::Bool(a), Kind::Bool(b)) => a == b,
            (Kind::Number(a), Kind::Number(b)) => a == b,
            (Kind::String(a), Kind::String(b)) => a == b,
            (Kind::List(t, a), Kind::List(u, b)) | (Kind::Set(t, a), Kind::Set(u, b)) => t == u && items(a, b),
            (Kind::Map(t, a), Kind::Map(u, b)) => t == u && named(a, b),
            (Kind::Object(a), Kind::Object(b)) => named(a, b),
            (Kind::Tuple(a), Kind::Tuple(b)) => items(a, b),
            _ => false,
        }
    }

    /// Tells whether the type can still change: an unknown of unknown type is somewhere inside.
    fn has_open_type(&self) -> bool {
        self.any(&mut |v| matches!(&v.kind, Kind::Unknown(t, _) if t.has_dynamic()))
    }

    /// The language's `==`: unknown where a part that matters is unknown; marks of both sides are on the answer.
    #[must_use]
    pub fn equals(&self, other: &Value) -> Value {
        let marks = self.deep_marks() | other.deep_marks();
        let answer = match self.known_equals(other) {
            Some(b) => Value::bool(b),
            None => Value::unknown_not_null(Type::Bool),
        };
        answer.with_marks(marks)
    }

    /// `None`: not known yet.
    fn known_equals(&self, other: &Value) -> Option<bool> {
        if self.is_null() && other.definitely_not_null() || other.is_null() && self.definitely_not_null() {
            return Some(false);
        }
        match (self.is_unknown(), other.is_unknown()) {
            (false, false) => {}
            (true, false) if !self.may_become(other) => return Some(false),
            (false, true) if !other.may_become(self) => return Some(false),
            _ => return None,
        }
        if self.is_null() && other.is_null() {
            return Some(true);
        }
        if let (Some(a), Some(b)) = (self.as_str(), other.as_str()) {
            return Some(a == b);
        }
        if self.has_open_type() || other.has_open_type() {
            let (a, b) = (self.ty(), other.ty());
            return if conforms(&a, &b) || conforms(&b, &a) { None } else { Some(false) };
        }
        if !same_type(self, other) {
            return Some(false);
        }
        let all = |pairs: &mut dyn Iterator<Item = (&Value, &Value)>| {
            for (a, b) in pairs {
                match a.known_equals(b) {
                    Some(true) => {}
                    answer => return answer,
                }
            }
            Some(true)
        };
        match (&self.kind, &other.kind) {
            (Kind::Bool(a), Kind::Bool(b)) => Some(a == b),
            (Kind::Number(a), Kind::Number(b)) => Some(a == b),
            (Kind::List(_, a), Kind::List(_, b)) | (Kind::Tuple(a), Kind::Tuple(b)) => {
                if a.len() != b.len() {
                    return Some(false);
                }
                all(&mut a.iter().zip(b.iter()))
            }
            (Kind::Set(_, a), Kind::Set(_, b)) => {
                if !self.is_wholly_known() || !other.is_wholly_known() {
                    return None;
                }
                Some(a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.raw_equals(b)))
            }
            (Kind::Map(_, a), Kind::Map(_, b)) | (Kind::Object(a), Kind::Object(b)) => {
                if a.len() != b.len() || !a.keys().eq(b.keys()) {
                    return Some(false);
                }
                all(&mut a.values().zip(b.values()))
            }
            _ => Some(false),
        }
    }

    /// The order of elements in a set (cty's): strings by bytes, numbers by value, false before true, others by their
    /// type and a canonical serialisation; then what is unknown, null last.
    #[must_use]
    pub fn set_order(a: &Value, b: &Value) -> Ordering {
        let rank = |v: &Value| match v.kind {
            Kind::Null(_) => 2,
            Kind::Unknown(..) => 1,
            _ => 0,
        };
        rank(a).cmp(&rank(b)).then_with(|| match (&a.kind, &b.kind) {
            (Kind::String(a), Kind::String(b)) => a.cmp(b),
            (Kind::Number(a), Kind::Number(b)) => a.cmp(b),
            (Kind::Bool(a), Kind::Bool(b)) => a.cmp(b),
            (Kind::Unknown(..) | Kind::Null(_), _) => Ordering::Equal,
            _ => a.set_key().cmp(&b.set_key()),
        })
    }

    /// The serialisation that orders compound elements of sets. Source: cty `makeSetHashBytes`.
    fn set_key(&self) -> String {
        let mut out = String::new();
        self.write_set_key(&mut out);
        out
    }

    fn write_set_key(&self, out: &mut String) {
        match &self.kind {
            Kind::Null(_) => out.push('~'),
            Kind::Unknown(..) => out.push('?'),
            Kind::Bool(b) => out.push(if *b { 'T' } else { 'F' }),
            Kind::Number(n) => out.push_str(&n.short_text()),
            Kind::String(s) => quote(s, out),
            Kind::List(_, v) | Kind::Set(_, v) => {
                out.push('[');
                v.iter().for_each(|v| {
                    v.write_set_key(out);
                    out.push(';');
                });
                out.push(']');
            }
            Kind::Map(_, m) => {
                out.push('{');
                m.iter().for_each(|(k, v)| {
                    quote(k, out);
                    out.push(':');
                    v.write_set_key(out);
                    out.push(';');
                });
                out.push('}');
            }
            Kind::Object(_) | Kind::Tuple(_) => {
                out.push('<');
                self.members().for_each(|v| {
                    v.write_set_key(out);
                    out.push(';');
                });
                out.push('>');
            }
        }
    }

    /// The value as a plan carries it: numbers lose precision that their text does not show.
    #[must_use]
    pub fn carried(self) -> Self {
        let mut changed = false;
        self.walk(&mut |_, v| {
            changed |= matches!(&v.kind, Kind::Number(n) if n.carried().is_some());
            !changed
        });
        if !changed {
            return self;
        }
        let number = |v: Value| match &v.kind {
            Kind::Number(n) => n.carried().map(|n| Self::number(n).with_marks(v.marks())).unwrap_or(v),
            _ => v,
        };
        let original = self.clone();
        self.transform(&mut |_, v| Ok::<_, std::convert::Infallible>(number(v))).unwrap_or(original)
    }

    /// Rebuilds the value from the leaves up: `f` sees each part after its members, with its path.
    ///
    /// # Errors
    /// The first error of `f`.
    pub fn transform<E>(self, f: &mut dyn FnMut(&Path, Value) -> Result<Value, E>) -> Result<Value, E> {
        self.transform_at(&mut Path::root(), f)
    }

    fn transform_at<E>(self, path: &mut Path, f: &mut dyn FnMut(&Path, Value) -> Result<Value, E>) -> Result<Value, E> {
        let marks = self.marks;
        let mut step = |key: PathStep, v: Value, path: &mut Path| {
            path.0.push(key);
            let out = v.transform_at(path, f);
            path.0.pop();
            out
        };
        let value: Value = match self.kind {
            Kind::List(t, v) => {
                let mut items = Vec::with_capacity(v.len());
                for (i, v) in Arc::unwrap_or_clone(v).into_iter().enumerate() {
                    items.push(step(PathStep::Index(Value::number(i)), v, path)?);
                }
                // Members that no longer agree make a tuple: a caller that changes types does so everywhere.
                Value::list_of(items.clone(), &t).unwrap_or_else(|| Value::tuple(items))
            }
            Kind::Set(t, v) => {
                let mut items = Vec::with_capacity(v.len());
                for v in Arc::unwrap_or_clone(v) {
                    items.push(step(PathStep::Index(v.clone()), v, path)?);
                }
                Value::set_of(items.clone(), &t).unwrap_or_else(|| Value::tuple(items))
            }
            Kind::Tuple(v) => {
                let mut items = Vec::with_capacity(v.len());
                for (i, v) in Arc::unwrap_or_clone(v).into_iter().enumerate() {
                    items.push(step(PathStep::Index(Value::number(i)), v, path)?);
                }
                Value::tuple(items)
            }
            Kind::Map(t, m) => {
                let mut items = BTreeMap::new();
                for (k, v) in Arc::unwrap_or_clone(m) {
                    let v = step(PathStep::Index(Kind::String(k.clone()).into()), v, path)?;
                    items.insert(k, v);
                }
                Value::map_of(items.clone(), &t).unwrap_or_else(|| Value::object(items))
            }
            Kind::Object(m) => {
                let mut items = BTreeMap::new();
                for (k, v) in Arc::unwrap_or_clone(m) {
                    let v = step(PathStep::Attr(k.clone()), v, path)?;
                    items.insert(k, v);
                }
                Value::object(items)
            }
            kind => kind.into(),
        };
        f(path, value.with_marks(marks))
    }

    /// Visits the value and every part with its path, outermost first; `f` returning false skips the members.
    pub fn walk(&self, f: &mut dyn FnMut(&Path, &Value) -> bool) {
        self.walk_at(&mut Path::root(), f);
    }

    fn walk_at(&self, path: &mut Path, f: &mut dyn FnMut(&Path, &Value) -> bool) {
        if !f(path, self) {
            return;
        }
        let mut step = |key: PathStep, v: &Value| {
            path.0.push(key);
            v.walk_at(path, f);
            path.0.pop();
        };
        match &self.kind {
            Kind::List(_, v) | Kind::Tuple(v) => {
                v.iter().enumerate().for_each(|(i, v)| step(PathStep::Index(Value::number(i)), v));
            }
            Kind::Set(_, v) => v.iter().for_each(|v| step(PathStep::Index(v.clone()), v)),
            Kind::Map(_, m) => m.iter().for_each(|(k, v)| step(PathStep::Index(Kind::String(k.clone()).into()), v)),
            Kind::Object(m) => m.iter().for_each(|(k, v)| step(PathStep::Attr(k.clone()), v)),
            _ => {}
        }
    }

    /// The number of elements of a known collection, tuple or object. A set with unknown elements has no known length.
    #[must_use]
    pub fn known_len(&self) -> Option<usize> {
        match &self.kind {
            Kind::Set(_, v) if v.len() > 1 && !self.is_wholly_known() => None,
            Kind::List(_, v) | Kind::Set(_, v) | Kind::Tuple(v) => Some(v.len()),
            Kind::Map(_, m) | Kind::Object(m) => Some(m.len()),
            _ => None,
        }
    }
}

/// Finds the one type of all items and gives it to those that are null or unknown of any type.
fn homogeneous(mut items: Vec<Value>, fallback: &Type) -> Option<(Type, Vec<Value>)> {
    let mut elem: Option<Type> = None;
    for item in &items {
        let ty = item.ty();
        match &elem {
            _ if ty == Type::Dynamic => {}
            None => elem = Some(ty),
            Some(t) if *t == ty => {}
            Some(_) => return None,
        }
    }
    let elem = elem.unwrap_or_else(|| if items.is_empty() { fallback.clone() } else { Type::Dynamic });
    for item in &mut items {
        match &mut item.kind {
            Kind::Null(t) | Kind::Unknown(t, _) if *t == Type::Dynamic => *t = elem.clone(),
            _ => {}
        }
    }
    Some((elem, items))
}

/// Type equality without building the types where the kinds already differ.
fn same_type(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(&a.kind) == std::mem::discriminant(&b.kind) && a.ty() == b.ty()
}

/// Tells whether a type fits a constraint: equal but where the constraint is `Dynamic`.
pub(crate) fn conforms(given: &Type, want: &Type) -> bool {
    match (given, want) {
        (_, Type::Dynamic) => true,
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => conforms(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| conforms(a, b)),
        (Type::Object(a), Type::Object(b)) => {
            a.attrs.len() == b.attrs.len()
                && a.attrs.iter().zip(&b.attrs).all(|((k, a), (l, b))| k == l && conforms(a, b))
        }
        (a, b) => a == b,
    }
}

/// Go's `%q`.
fn quote(s: &str, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// As [`Value::raw_equals`], marks compared too.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.same(other, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_order_and_collapse() {
        let set = Value::set(Type::String, ["b", "10", "9", "a", "A", "_", "a"].map(Value::string).to_vec());
        let items: Vec<_> = set.as_items().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        assert_eq!(items, ["10", "9", "A", "_", "a", "b"]);
        let o = |n: i64| Value::object([("n", Value::number(n))]);
        let set = Value::set(o(1).ty(), vec![o(9), o(10), o(9)]);
        assert_eq!(set.as_items().unwrap(), [o(10), o(9)]);
        let set = Value::set(Type::String, vec![Value::string("a").with_marks(Marks::SENSITIVE)]);
        assert!(set.is_sensitive() && !set.as_items().unwrap()[0].is_sensitive());
    }

    #[test]
    fn language_equality() {
        let unknown = Value::unknown(Type::String);
        let t = |a: &Value, b: &Value| a.equals(b).as_bool();
        assert_eq!(t(&Value::number(1), &Value::string("1")), Some(false));
        assert_eq!(t(&unknown, &Value::string("1")), None);
        assert_eq!(t(&unknown, &Value::NULL), None);
        assert_eq!(t(&unknown.clone().refine_not_null(), &Value::NULL), Some(false));
        assert_eq!(t(&unknown.refine(|r| r.prefix = Some("arn:".into())), &Value::string("x")), Some(false));
        assert_eq!(t(&Value::NULL, &Value::null(Type::Bool)), Some(true));
        assert_eq!(
            t(&Value::tuple(vec![Value::number(1)]), &Value::list(Type::Number, vec![Value::number(1)])),
            Some(false)
        );
        let marked = Value::list(Type::Number, vec![Value::number(1).with_marks(Marks::SENSITIVE)]);
        assert!(marked.equals(&marked).is_sensitive());
    }

    #[test]
    fn marks_go_and_come_back() {
        let v = Value::object([
            ("a", Value::string("x").with_marks(Marks::SENSITIVE)),
            ("b", Value::tuple(vec![Value::TRUE, Value::FALSE.with_marks(Marks::EPHEMERAL)])),
        ]);
        let (plain, paths) = v.clone().unmark_with_paths();
        assert!(plain.deep_marks().is_empty());
        let shown: Vec<_> = paths.iter().map(|(p, _)| p.to_string()).collect();
        assert_eq!(shown, [".a", ".b[1]"]);
        assert_eq!(plain.mark_with_paths(&paths), v);
    }
}
