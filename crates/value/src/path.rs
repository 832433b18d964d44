//! Paths into values.

use crate::{Kind, Number, Str, Type, Value};

/// Steps from a value to a part of it.
#[derive(Clone, Debug, Default)]
pub struct Path(pub Vec<PathStep>);

/// One step of a [`Path`].
#[derive(Clone, Debug)]
pub enum PathStep {
    /// An attribute of an object.
    Attr(Str),
    /// An element: a number for lists and tuples, a string for maps, the element itself for sets.
    Index(Value),
}

impl Path {
    /// The empty path: the value itself.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// Returns this path with an attribute step added.
    #[must_use]
    pub fn attr(&self, name: impl Into<Str>) -> Self {
        let mut steps = self.0.clone();
        steps.push(PathStep::Attr(name.into()));
        Self(steps)
    }

    /// Returns this path with an index step added.
    #[must_use]
    pub fn index(&self, key: Value) -> Self {
        let mut steps = self.0.clone();
        steps.push(PathStep::Index(key));
        Self(steps)
    }

    /// Returns the part of `value` at this path, or `None` where it leads nowhere. Null and unknown on the way give
    /// `None` and an unknown of the part's type respectively; marks on the way are added to the result.
    #[must_use]
    pub fn apply(&self, value: &Value) -> Option<Value> {
        let mut marks = value.marks();
        let mut at = value;
        for (i, step) in self.0.iter().enumerate() {
            let next = match (at.kind(), step) {
                (Kind::Unknown(ty, _), _) => {
                    let ty = type_at(ty, &self.0[i..])?;
                    return Some(Value::unknown(ty).with_marks(marks));
                }
                (Kind::Object(m) | Kind::Map(_, m), PathStep::Attr(name)) => m.get(name),
                (Kind::Object(m) | Kind::Map(_, m), PathStep::Index(key)) => key.as_str().and_then(|k| m.get(k)),
                (Kind::List(_, v) | Kind::Tuple(v), PathStep::Index(key)) => {
                    key.as_number().and_then(Number::as_usize).and_then(|i| v.get(i))
                }
                (Kind::Set(_, v), PathStep::Index(key)) => v.iter().find(|v| v.raw_equals(key)),
                _ => None,
            };
            at = next?;
            marks |= at.marks();
        }
        Some(at.clone().with_marks(marks))
    }
}

/// The type that steps lead to from a type.
fn type_at(ty: &Type, steps: &[PathStep]) -> Option<Type> {
    let Some((step, rest)) = steps.split_first() else { return Some(ty.clone()) };
    match (ty, step) {
        (Type::Dynamic, _) => Some(Type::Dynamic),
        (Type::List(t) | Type::Set(t) | Type::Map(t), _) => type_at(t, rest),
        (Type::Object(o), PathStep::Attr(name)) => type_at(o.attrs.get(name)?, rest),
        (Type::Object(o), PathStep::Index(key)) => type_at(o.attrs.get(key.as_str()?)?, rest),
        (Type::Tuple(ts), PathStep::Index(key)) => type_at(ts.get(key.as_number()?.as_usize()?)?, rest),
        _ => None,
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl PartialEq for PathStep {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Attr(a), Self::Attr(b)) => a == b,
            (Self::Index(a), Self::Index(b)) => a.raw_equals(b),
            _ => false,
        }
    }
}

/// Prints as in diagnostics: `.a[0].b["k"]`.
impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for step in &self.0 {
            match step {
                PathStep::Attr(name) => write!(f, ".{name}")?,
                PathStep::Index(key) => match key.kind() {
                    Kind::Number(n) => write!(f, "[{n}]")?,
                    Kind::String(s) => write!(f, "[{s:?}]")?,
                    _ => write!(f, "[...]")?,
                },
            }
        }
        Ok(())
    }
}
