//! Instance keys.

use std::fmt;

use sdt_value::{Kind, Str, Value};

/// Tells the instances of a `count` or `for_each` apart. Numbers sort before strings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InstanceKey {
    /// Index of `count`.
    Int(i64),
    /// Key of `for_each`.
    String(Str),
}

impl InstanceKey {
    /// The key as a value: what `count.index` or `each.key` is.
    #[must_use]
    pub fn value(&self) -> Value {
        match self {
            Self::Int(i) => Value::number(*i),
            Self::String(s) => Value::string(s),
        }
    }

    /// The key that a known string or whole number stands for.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Self> {
        match value.kind() {
            Kind::String(s) => Some(Self::String(s.clone())),
            Kind::Number(n) => n.as_i64().map(Self::Int),
            _ => None,
        }
    }
}

impl From<i64> for InstanceKey {
    fn from(i: i64) -> Self {
        Self::Int(i)
    }
}

impl From<&str> for InstanceKey {
    fn from(s: &str) -> Self {
        Self::String(s.into())
    }
}

/// Prints as an index: `[0]`, `["a"]`.
impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(i) => write!(f, "[{i}]"),
            Self::String(s) => write!(f, "[{}]", quote(s)),
        }
    }
}

/// Prints a key where there is one.
pub(crate) struct Opt<'a>(pub(crate) Option<&'a InstanceKey>);

impl fmt::Display for Opt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |k| k.fmt(f))
    }
}

/// Returns the quoted literal of a string: escapes for quotes, control characters and template introducers.
#[must_use]
pub fn quote(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    out.push('"');
    let mut chars = s.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '$' | '%' => {
                out.push(c);
                if chars.peek() == Some(&'{') {
                    out.push(c);
                }
            }
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
