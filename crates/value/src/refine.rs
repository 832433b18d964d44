//! What is known about an unknown value.

use std::sync::Arc;

use crate::{Kind, Number, Str, Type, Value};

/// Facts about an unknown value. Source: cty's refinements.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Refinement {
    /// It will not be null.
    pub not_null: bool,
    /// A string that starts so.
    pub prefix: Option<Str>,
    /// Least length of a collection.
    pub min_len: Option<u64>,
    /// Greatest length of a collection.
    pub max_len: Option<u64>,
    /// A number not below this.
    pub min: Option<Number>,
    /// A number not above this.
    pub max: Option<Number>,
}

/// Longer lists of unknown elements are not worth their memory.
const MAX_EXACT: u64 = 4096;

impl Value {
    /// Unknown of a type, known not to be null.
    #[must_use]
    pub fn unknown_not_null(ty: Type) -> Self {
        Self::unknown(ty).refine(|r| r.not_null = true)
    }

    /// What is known about this unknown value.
    #[must_use]
    pub fn refinement(&self) -> Option<&Refinement> {
        match self.kind() {
            Kind::Unknown(_, r) => r.as_deref(),
            _ => None,
        }
    }

    /// Adds facts to an unknown value (a known one stays as it is); marks are kept. When the facts leave only one
    /// possible value, such as a list of length 0, the result is that value. An unknown of unknown type can have no facts
    /// but `not_null`.
    #[must_use]
    pub fn refine(self, f: impl FnOnce(&mut Refinement)) -> Self {
        let Kind::Unknown(ty, old) = self.kind() else { return self };
        let marks = self.marks();
        let mut r = old.as_deref().cloned().unwrap_or_default();
        f(&mut r);
        if r.prefix != old.as_deref().and_then(|o| o.prefix.clone()) {
            r.prefix = r.prefix.map(|p| Str::from(safe_prefix(&p)));
        }
        if r.prefix.as_deref() == Some("") {
            r.prefix = None;
        }
        let empty = r.not_null && r.max_len == Some(0);
        let exact = r.max_len.filter(|n| r.not_null && r.min_len == Some(*n) && *n <= MAX_EXACT);
        let value = match ty {
            Type::Dynamic => Self::unknown(Type::Dynamic),
            Type::List(e) if empty => Self::list((**e).clone(), Vec::new()),
            Type::Set(e) if empty => Self::set((**e).clone(), Vec::new()),
            Type::Map(e) if empty => Self::map((**e).clone(), Default::default()),
            // Of known length: its elements are what is unknown.
            Type::List(e) if exact.is_some() => {
                let items = (0..exact.unwrap_or_default()).map(|_| Self::unknown((**e).clone())).collect();
                Self::list((**e).clone(), items)
            }
            Type::Set(e) if exact == Some(1) => Self::set((**e).clone(), vec![Self::unknown((**e).clone())]),
            Type::Number if r.not_null && r.min.is_some() && r.min == r.max => {
                r.min.take().map_or_else(|| Self::unknown(Type::Number), |n| Kind::Number(n).into())
            }
            ty if r == Refinement::default() => Self::unknown(ty.clone()),
            ty => Kind::Unknown(ty.clone(), Some(Arc::new(r))).into(),
        };
        value.with_marks(marks)
    }

    /// As [`Value::refine`], with the one fact that it will not be null.
    #[must_use]
    pub fn refine_not_null(self) -> Self {
        self.refine(|r| r.not_null = true)
    }

    /// Tells whether the value cannot turn out to be null.
    #[must_use]
    pub fn definitely_not_null(&self) -> bool {
        match self.kind() {
            Kind::Null(_) => false,
            Kind::Unknown(_, r) => r.as_ref().is_some_and(|r| r.not_null),
            _ => true,
        }
    }

    /// Tells whether this unknown value can still become `known`; true when nothing speaks against it.
    #[must_use]
    pub(crate) fn may_become(&self, known: &Value) -> bool {
        let Kind::Unknown(ty, facts) = self.kind() else { return true };
        if known.is_null() {
            return !self.definitely_not_null();
        }
        if *ty != Type::Dynamic && !crate::value::conforms(&known.ty(), ty) {
            return false;
        }
        let Some(r) = facts else { return true };
        match known.kind() {
            Kind::String(s) => r.prefix.as_deref().is_none_or(|p| s.starts_with(p)),
            Kind::Number(n) => r.min.as_ref().is_none_or(|m| n >= m) && r.max.as_ref().is_none_or(|m| n <= m),
            Kind::List(_, v) => in_range(r, v.len()),
            Kind::Set(_, v) if known.is_wholly_known() => in_range(r, v.len()),
            Kind::Map(_, v) => in_range(r, v.len()),
            _ => true,
        }
    }
}

/// The part of a known beginning that stays whatever follows: the last character may combine with the next one, as `e` does with an
/// accent, unless it is one that separates. Source: cty `ctystrings.SafeKnownPrefix`.
fn safe_prefix(prefix: &str) -> &str {
    let separates = |c: char| c == ' ' || c.is_ascii_punctuation() && !"<>=".contains(c);
    match prefix.char_indices().next_back() {
        Some((at, last)) if !separates(last) => &prefix[..at],
        _ => prefix,
    }
}

fn in_range(r: &Refinement, len: usize) -> bool {
    let len = len as u64;
    r.min_len.is_none_or(|m| len >= m) && r.max_len.is_none_or(|m| len <= m)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert;

    #[test]
    fn facts_that_leave_one_value_are_that_value() {
        let number = |least: i64, most: i64| {
            Value::unknown_not_null(Type::Number).refine(|r| {
                r.min = Some(least.into());
                r.max = Some(most.into());
            })
        };
        assert_eq!(number(2, 2), Value::number(2));
        assert!(number(1, 2).is_unknown());
        let list = |n| {
            let unknown = Value::unknown(Type::tuple(vec![Type::String; n]));
            convert(&unknown, &Type::list(Type::String)).unwrap_or(Value::NULL)
        };
        // It may still be null; without that it has as many elements as the tuple.
        assert!(list(2).is_unknown());
        assert_eq!(list(2).refine_not_null().as_items().map(<[Value]>::len), Some(2));
        assert_eq!(list(0).refine_not_null(), Value::list(Type::String, Vec::new()));
    }
}
