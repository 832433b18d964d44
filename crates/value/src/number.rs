//! The language's numbers: binary floats with a precision per value, and an `i64` fast path.
//!
//! Source: `DEPENDENCIES.md` B.1 in the design notes; Go's `math/big.Float` is the model (round half to even, shortest
//! printing at the value's own precision).

/// A number. Infinity exists (`1/0`); NaN does not.
#[derive(Clone, Debug)]
pub struct Number {
    // the implementation's own representation
    todo: i64,
}

/// The text is not a number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number is required")]
pub struct ParseNumberError;

impl Number {
    /// Parses a literal or the argument of `tonumber` at 512 bits; accepts what Terraform accepts (`"+1"`, `"1."`, `"1p3"`).
    ///
    /// # Errors
    /// When the text is no number.
    pub fn parse(text: &str) -> Result<Self, ParseNumberError> {
        let _ = text;
        todo!()
    }

    /// The exact i64, when it is one.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        todo!()
    }

    /// The nearest f64.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        todo!()
    }

    /// From an f64, at 53 bits.
    #[must_use]
    pub fn from_f64(f: f64) -> Self {
        let _ = f;
        todo!()
    }

    /// Tells whether it is a whole number.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        todo!()
    }

    /// Tells whether it is an infinity.
    #[must_use]
    pub fn is_infinite(&self) -> bool {
        todo!()
    }
    // add, sub, mul, div, rem, neg, floor, ceil, abs, pow ... by value or reference, `Ord`, `Eq`, `Hash`, `Display`
}

impl From<i64> for Number {
    fn from(_: i64) -> Self {
        todo!()
    }
}
