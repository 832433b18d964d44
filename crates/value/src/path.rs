//! Paths into values.

use crate::{Str, Value};

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
        let _ = value;
        todo!()
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
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
