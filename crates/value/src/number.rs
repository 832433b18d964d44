//! The language's numbers: binary floats with a precision per value, and an `i64` fast path.
//!
//! Go's `math/big.Float` is the model: round half to even, shortest printing at the value's own precision. Integers
//! that the program makes carry 64 bits, `f64` 53, parsed numbers 512; an operation has the larger precision of both
//! operands, which is why `1/3` has 155 digits and `length([1])/length([1,2,3])` has 20.

mod elementary;
mod float;
mod text;

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use dashu_int::UBig;

use float::Mag;
use text::Decimal;

/// A number. Infinity exists (`1/0`); NaN does not.
#[derive(Clone, Debug)]
pub struct Number {
    repr: Repr,
    prec: u32,
}

#[derive(Clone, Debug)]
enum Repr {
    /// Any value that fits (and fits `prec`), except negative zero.
    Int(i64),
    NegZero,
    /// Anything else that is finite. Never fits `Int`.
    Big(bool, Arc<Mag>),
    Inf(bool),
}

/// The text is not a number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number is required")]
pub struct ParseNumberError;

/// A finite number taken apart for arithmetic.
enum Parts {
    Zero(bool),
    Finite(bool, Arc<Mag>),
    Inf(bool),
}

impl Number {
    /// Zero.
    pub const ZERO: Self = Self { repr: Repr::Int(0), prec: 64 };

    fn zero(neg: bool, prec: u32) -> Self {
        Self { repr: if neg { Repr::NegZero } else { Repr::Int(0) }, prec }
    }

    /// From a magnitude that is rounded already.
    fn from_mag(neg: bool, mag: Mag, prec: u32) -> Self {
        if mag.exp >= 0
            && mag.top() <= 63
            && let Ok(v) = i64::try_from(mag.trunc())
        {
            return Self { repr: Repr::Int(if neg { -v } else { v }), prec };
        }
        if mag.top() > text::MAX_EXP {
            return Self { repr: Repr::Inf(neg), prec };
        }
        if mag.top() < -text::MAX_EXP {
            return Self::zero(neg, prec);
        }
        Self { repr: Repr::Big(neg, Arc::new(mag)), prec }
    }

    fn parts(&self) -> Parts {
        match &self.repr {
            Repr::Int(v) => match Mag::new(UBig::from(v.unsigned_abs()), 0) {
                Some(mag) => Parts::Finite(*v < 0, Arc::new(mag)),
                None => Parts::Zero(false),
            },
            Repr::NegZero => Parts::Zero(true),
            Repr::Big(neg, mag) => Parts::Finite(*neg, mag.clone()),
            Repr::Inf(neg) => Parts::Inf(*neg),
        }
    }

    fn with_prec(&self, prec: u32) -> Self {
        match &self.repr {
            Repr::Int(v) if prec >= 64 || v.unsigned_abs() < 1 << 53 => Self { repr: self.repr.clone(), prec },
            Repr::NegZero | Repr::Inf(_) => Self { repr: self.repr.clone(), prec },
            _ => match self.parts() {
                Parts::Finite(neg, mag) => Self::from_mag(neg, Arc::unwrap_or_clone(mag).round(prec, false), prec),
                _ => Self { repr: self.repr.clone(), prec },
            },
        }
    }

    /// Parses a literal or the argument of `tonumber` at 512 bits; accepts what Terraform accepts (`"+1"`, `"1."`, `"1p3"`).
    ///
    /// # Errors
    /// When the text is no number.
    pub fn parse(text: &str) -> Result<Self, ParseNumberError> {
        text::parse(text)
    }

    /// Parses an integer in a base from 2 to 62 exactly; digits are `0-9a-zA-Z`, case-insensitive up to base 36.
    #[must_use]
    pub fn parse_radix(text: &str, base: u32) -> Option<Self> {
        let (neg, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        if digits.is_empty() || !(2..=62).contains(&base) {
            return None;
        }
        let mut value = UBig::ZERO;
        for c in digits.bytes() {
            let digit = match c {
                b'0'..=b'9' => c - b'0',
                b'a'..=b'z' => c - b'a' + 10,
                b'A'..=b'Z' if base <= 36 => c - b'A' + 10,
                b'A'..=b'Z' => c - b'A' + 36,
                _ => return None,
            };
            if u32::from(digit) >= base {
                return None;
            }
            value = value * base + digit;
        }
        let prec = (dashu_int::ops::BitTest::bit_len(&value) as u32).max(64);
        Some(Mag::new(value, 0).map_or(Self::zero(false, prec), |m| Self::from_mag(neg, m, prec)))
    }

    /// The exact i64, when it is one.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match &self.repr {
            Repr::Int(v) => Some(*v),
            Repr::NegZero => Some(0),
            Repr::Big(true, m) if m.exp == 63 && m.min_prec() == 1 => Some(i64::MIN),
            _ => None,
        }
    }

    /// The exact u64, when it is one.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match &self.repr {
            Repr::Int(v) => u64::try_from(*v).ok(),
            Repr::NegZero => Some(0),
            Repr::Big(false, m) if m.exp >= 0 && m.top() <= 64 => u64::try_from(m.trunc()).ok(),
            _ => None,
        }
    }

    /// The exact usize, when it is one.
    #[must_use]
    pub fn as_usize(&self) -> Option<usize> {
        self.as_u64().and_then(|v| usize::try_from(v).ok())
    }

    /// The nearest f64.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        let (neg, abs) = match self.parts() {
            Parts::Zero(neg) => (neg, 0.0),
            Parts::Inf(neg) => (neg, f64::INFINITY),
            Parts::Finite(neg, mag) => {
                // Subnormals have fewer bits.
                let bits = (mag.top() + 1074).clamp(0, 53) as u32;
                let abs = if bits == 0 {
                    // Half the least subnormal rounds to even, which is zero; anything above rounds up.
                    if mag.top() == -1074 && mag.min_prec() > 1 { f64::from_bits(1) } else { 0.0 }
                } else {
                    let m = Arc::unwrap_or_clone(mag).round(bits, false);
                    if m.top() > 1024 {
                        f64::INFINITY
                    } else {
                        let mant = u64::try_from(&m.mant).unwrap_or(0) as f64;
                        // In two steps, since 2^exp itself may be out of range.
                        let half = (m.exp / 2) as i32;
                        mant * 2f64.powi(half) * 2f64.powi(m.exp as i32 - half)
                    }
                };
                (neg, abs)
            }
        };
        if neg { -abs } else { abs }
    }

    /// From an f64, at 53 bits; NaN, which does not exist here, becomes zero (see [`Number::try_from_f64`]).
    #[must_use]
    pub fn from_f64(f: f64) -> Self {
        Self::try_from_f64(f).unwrap_or(Self { repr: Repr::Int(0), prec: 53 })
    }

    /// From an f64, at 53 bits; `None` for NaN.
    #[must_use]
    pub fn try_from_f64(f: f64) -> Option<Self> {
        if f.is_nan() {
            return None;
        }
        if f.is_infinite() {
            return Some(Self { repr: Repr::Inf(f < 0.0), prec: 53 });
        }
        let bits = f.to_bits();
        let raw_exp = (bits >> 52 & 0x7ff) as i64;
        let frac = bits & ((1 << 52) - 1);
        let (mant, exp) = if raw_exp == 0 { (frac, -1074) } else { (frac | 1 << 52, raw_exp - 1075) };
        let neg = f.is_sign_negative();
        Some(Mag::new(UBig::from(mant), exp).map_or(Self::zero(neg, 53), |m| Self::from_mag(neg, m, 53)))
    }

    /// The number as a plan carries it: what fits 64 bits as an integer, then what an `f64` holds exactly with the precision of one,
    /// anything else by its digits. `None` when it is written the same.
    #[must_use]
    pub fn carried(&self) -> Option<Self> {
        match &self.repr {
            Repr::Int(i) => (self.prec < 64).then_some(Self { repr: Repr::Int(*i), prec: 64 }),
            Repr::NegZero | Repr::Inf(_) => None,
            Repr::Big(..) => match Self::try_from_f64(self.to_f64()) {
                Some(f) if f == *self => Some(f),
                _ => Self::parse(&self.to_string()).ok(),
            },
        }
    }

    /// Tells whether it is a whole number.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        match &self.repr {
            Repr::Int(_) | Repr::NegZero => true,
            Repr::Big(_, m) => m.exp >= 0,
            Repr::Inf(_) => false,
        }
    }

    /// Tells whether it is an infinity.
    #[must_use]
    pub fn is_infinite(&self) -> bool {
        matches!(self.repr, Repr::Inf(_))
    }

    /// Tells whether it is zero, of either sign.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        matches!(self.repr, Repr::Int(0) | Repr::NegZero)
    }

    /// -1, 0 or 1.
    #[must_use]
    pub fn signum(&self) -> i64 {
        match &self.repr {
            Repr::Int(v) => v.signum(),
            Repr::NegZero => 0,
            Repr::Big(neg, _) | Repr::Inf(neg) => 1 - 2 * i64::from(*neg),
        }
    }

    fn is_neg(&self) -> bool {
        match &self.repr {
            Repr::Int(v) => *v < 0,
            Repr::NegZero => true,
            Repr::Big(neg, _) | Repr::Inf(neg) => *neg,
        }
    }

    /// The sum; `None` for `inf - inf`.
    #[must_use]
    pub fn add(&self, other: &Self) -> Option<Self> {
        let prec = self.prec.max(other.prec);
        if let (Repr::Int(a), Repr::Int(b)) = (&self.repr, &other.repr)
            && let (Some(sum), true) = (a.checked_add(*b), prec >= 64)
            && sum != i64::MIN
        {
            return Some(Self { repr: Repr::Int(sum), prec });
        }
        Some(match (self.parts(), other.parts()) {
            (Parts::Inf(a), Parts::Inf(b)) if a != b => return None,
            (Parts::Inf(neg), _) | (_, Parts::Inf(neg)) => Self { repr: Repr::Inf(neg), prec },
            (Parts::Zero(a), Parts::Zero(b)) => Self::zero(a && b, prec),
            (Parts::Zero(_), _) => other.with_prec(prec),
            (_, Parts::Zero(_)) => self.with_prec(prec),
            (Parts::Finite(an, a), Parts::Finite(bn, b)) => match float::add((an, &a), (bn, &b), prec) {
                Some((neg, mag)) => Self::from_mag(neg, mag, prec),
                None => Self::zero(false, prec),
            },
        })
    }

    /// The difference; `None` for `inf - inf`.
    #[must_use]
    pub fn sub(&self, other: &Self) -> Option<Self> {
        if self.is_zero() && other.is_zero() {
            // 0 - 0 is 0, -0 - 0 is -0.
            let prec = self.prec.max(other.prec);
            return Some(Self::zero(self.is_neg() && !other.is_neg(), prec));
        }
        self.add(&other.neg())
    }

    /// The product; `None` for `0 * inf`. It is exact up to 512 bits.
    #[must_use]
    pub fn mul(&self, other: &Self) -> Option<Self> {
        let prec = self.prec.max(other.prec);
        if let (Repr::Int(a), Repr::Int(b)) = (&self.repr, &other.repr)
            && let (Some(product), true) = (a.checked_mul(*b), prec >= 64)
            && product != i64::MIN
            && (product != 0 || (*a >= 0 && *b >= 0))
        {
            return Some(Self { repr: Repr::Int(product), prec });
        }
        let neg = self.is_neg() != other.is_neg();
        Some(match (self.parts(), other.parts()) {
            (Parts::Inf(_), Parts::Zero(_)) | (Parts::Zero(_), Parts::Inf(_)) => return None,
            (Parts::Inf(_), _) | (_, Parts::Inf(_)) => Self { repr: Repr::Inf(neg), prec },
            (Parts::Zero(_), _) | (_, Parts::Zero(_)) => Self::zero(neg, prec),
            (Parts::Finite(_, a), Parts::Finite(_, b)) => {
                let mag = a.mul(&b).round(512, false);
                let prec = prec.max(mag.min_prec());
                Self::from_mag(neg, mag, prec)
            }
        })
    }

    /// The quotient; `None` for `0 / 0` and `inf / inf`. `x / 0` is an infinity.
    #[must_use]
    pub fn div(&self, other: &Self) -> Option<Self> {
        let prec = self.prec.max(other.prec);
        if let (Repr::Int(a), Repr::Int(b)) = (&self.repr, &other.repr)
            && *b != 0
            && *a != 0
            && prec >= 64
            && a % b == 0
        {
            return Some(Self { repr: Repr::Int(a / b), prec });
        }
        let neg = self.is_neg() != other.is_neg();
        Some(match (self.parts(), other.parts()) {
            (Parts::Zero(_), Parts::Zero(_)) | (Parts::Inf(_), Parts::Inf(_)) => return None,
            (Parts::Zero(_), _) | (_, Parts::Inf(_)) => Self::zero(neg, prec),
            (Parts::Inf(_), _) | (_, Parts::Zero(_)) => Self { repr: Repr::Inf(neg), prec },
            (Parts::Finite(_, a), Parts::Finite(_, b)) => Self::from_mag(neg, a.div(&b, prec), prec),
        })
    }

    /// The remainder, with the dividend's sign; a zero divisor gives the dividend. `None` where an infinity is
    /// involved.
    #[must_use]
    pub fn rem(&self, other: &Self) -> Option<Self> {
        if self.is_infinite() || other.is_infinite() {
            return None;
        }
        if other.is_zero() {
            return Some(self.clone());
        }
        if let (Repr::Int(a), Repr::Int(b)) = (&self.repr, &other.repr) {
            // The quotient of such values is exact enough at 64 bits and more for its integer part to be right.
            if self.prec.max(other.prec) >= 512 && self.prec >= 64 {
                return Some(Self { repr: Repr::Int(a.wrapping_rem(*b)), prec: self.prec });
            }
        }
        let quotient = self.div(other)?;
        let prec = self.prec;
        let whole = quotient.trunc().with_prec(prec);
        let (Parts::Finite(an, a), Parts::Finite(bn, b)) = (whole.parts(), other.parts()) else {
            return Some(self.clone());
        };
        let product = Self::from_mag(an != bn, a.mul(&b).round(prec, false), prec);
        self.sub(&product).map(|n| n.with_prec(prec))
    }

    /// The integer part.
    #[must_use]
    pub fn trunc(&self) -> Self {
        match &self.repr {
            Repr::Big(neg, m) if m.exp < 0 => Self::from_ubig(*neg, m.trunc(), self.prec),
            _ => self.clone(),
        }
    }

    fn from_ubig(neg: bool, value: UBig, prec: u32) -> Self {
        match Mag::new(value, 0) {
            Some(m) => Self::from_mag(neg, m.round(prec, false), prec),
            None => Self::zero(false, prec),
        }
    }

    /// The greatest whole number not above.
    #[must_use]
    pub fn floor(&self) -> Self {
        match &self.repr {
            Repr::Big(neg, m) if m.exp < 0 => Self::from_ubig(*neg, m.trunc() + u8::from(*neg), self.prec),
            Repr::NegZero => Self::zero(false, self.prec),
            _ => self.clone(),
        }
    }

    /// The least whole number not below.
    #[must_use]
    pub fn ceil(&self) -> Self {
        match &self.repr {
            Repr::Big(neg, m) if m.exp < 0 => Self::from_ubig(*neg, m.trunc() + u8::from(!*neg), self.prec),
            Repr::NegZero => Self::zero(false, self.prec),
            _ => self.clone(),
        }
    }

    /// The absolute value.
    #[must_use]
    pub fn abs(&self) -> Self {
        if self.is_neg() { self.neg() } else { self.clone() }
    }

    /// The negation; zero has a sign.
    #[must_use]
    pub fn neg(&self) -> Self {
        let repr = match &self.repr {
            Repr::Int(0) => Repr::NegZero,
            Repr::NegZero => Repr::Int(0),
            Repr::Int(v) => Repr::Int(-v),
            Repr::Big(neg, m) => Repr::Big(!neg, m.clone()),
            Repr::Inf(neg) => Repr::Inf(!neg),
        };
        Self { repr, prec: self.prec }
    }

    /// `self` to the power of `other`, through f64 as in Terraform; `None` when that is not a number.
    #[must_use]
    pub fn pow(&self, other: &Self) -> Option<Self> {
        Self::try_from_f64(elementary::pow(self.to_f64(), other.to_f64()))
    }

    /// The logarithm to a base, through f64 as in Terraform; `None` when that is not a number.
    #[must_use]
    pub fn log(&self, base: &Self) -> Option<Self> {
        Self::try_from_f64(elementary::log(self.to_f64()) / elementary::log(base.to_f64()))
    }

    /// Ten significant digits in C's `%g`: what the order of compound set elements goes by.
    #[must_use]
    pub fn short_text(&self) -> String {
        self.with_sign(|mag, _| Decimal::rounded(mag, 10).general(Some(10), 'e'))
    }

    fn with_sign(&self, f: impl Fn(&Mag, u32) -> String) -> String {
        match self.parts() {
            Parts::Zero(neg) => if neg { "-0" } else { "0" }.to_owned(),
            Parts::Inf(neg) => if neg { "-Inf" } else { "+Inf" }.to_owned(),
            Parts::Finite(neg, mag) => format!("{}{}", if neg { "-" } else { "" }, f(&mag, self.prec)),
        }
    }

    /// With so many places after the point: `%.3f`. Infinities are `+Inf` and `-Inf`.
    #[must_use]
    pub fn to_fixed(&self, places: usize) -> String {
        match self.parts() {
            Parts::Zero(neg) => {
                let zero = Decimal { digits: Vec::new(), point: 0 }.plain(Some(places));
                if neg { format!("-{zero}") } else { zero }
            }
            _ => self.with_sign(|mag, _| Decimal::places(mag, places).plain(Some(places))),
        }
    }

    /// In scientific form with so many places after the point: `%.3e`; `None` is the shortest.
    #[must_use]
    pub fn to_scientific(&self, places: Option<usize>, mark: char) -> String {
        match self.parts() {
            Parts::Zero(neg) => {
                let zero = Decimal { digits: Vec::new(), point: 0 }.scientific(places.unwrap_or(0), mark);
                if neg { format!("-{zero}") } else { zero }
            }
            _ => self.with_sign(|mag, prec| match places {
                Some(n) => Decimal::rounded(mag, n + 1).scientific(n, mark),
                None => {
                    let d = Decimal::shortest(mag, prec);
                    d.scientific(d.digits.len().saturating_sub(1), mark)
                }
            }),
        }
    }

    /// C's `%g` with so many significant digits; `None` is the shortest.
    #[must_use]
    pub fn to_general(&self, digits: Option<usize>, mark: char) -> String {
        self.with_sign(|mag, prec| match digits {
            Some(n) => Decimal::rounded(mag, n.max(1)).general(Some(n.max(1)), mark),
            None => Decimal::shortest(mag, prec).general(None, mark),
        })
    }

    /// The whole part in a base from 2 to 36, lower case.
    #[must_use]
    pub fn to_radix(&self, base: u32) -> Option<String> {
        if !(2..=36).contains(&base) {
            return None;
        }
        Some(match self.parts() {
            Parts::Inf(_) => return None,
            Parts::Zero(_) => "0".to_owned(),
            Parts::Finite(neg, m) => {
                let whole = m.trunc();
                let sign = if neg && !whole.is_zero() { "-" } else { "" };
                format!("{sign}{}", whole.in_radix(base as u8))
            }
        })
    }

    /// Text for a JSON document; `None` for an infinity.
    #[must_use]
    pub fn to_json_text(&self) -> Option<String> {
        (!self.is_infinite()).then(|| self.to_string())
    }

    fn order(&self, other: &Self) -> Ordering {
        if let (Repr::Int(a), Repr::Int(b)) = (&self.repr, &other.repr) {
            return a.cmp(b);
        }
        self.signum().cmp(&other.signum()).then_with(|| match (self.parts(), other.parts()) {
            (Parts::Inf(n), Parts::Inf(_)) | (Parts::Zero(n), Parts::Zero(_)) => {
                let _ = n;
                Ordering::Equal
            }
            (Parts::Inf(neg), _) => {
                if neg {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (_, Parts::Inf(neg)) => {
                if neg {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (Parts::Finite(neg, a), Parts::Finite(_, b)) => {
                let order = a.cmp(&b);
                if neg { order.reverse() } else { order }
            }
            _ => Ordering::Equal,
        })
    }
}

/// The shortest decimal that identifies the value at its own precision, never with an exponent.
impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.repr {
            Repr::Int(v) if self.prec >= 64 || v.unsigned_abs() < 1 << 53 => write!(f, "{v}"),
            _ => f.write_str(&self.with_sign(|mag, prec| Decimal::shortest(mag, prec).plain(None))),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.order(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order(other)
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.repr {
            Repr::Int(v) => v.hash(state),
            Repr::NegZero => 0i64.hash(state),
            // Equal values have equal magnitudes, since mantissas are odd; precision does not count.
            Repr::Big(neg, m) => (neg, m).hash(state),
            Repr::Inf(neg) => (neg, "inf").hash(state),
        }
    }
}

impl std::str::FromStr for Number {
    type Err = ParseNumberError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::parse(s)
    }
}

impl From<i64> for Number {
    fn from(v: i64) -> Self {
        if v == i64::MIN {
            // Kept out of the fast path, so that negation cannot overflow.
            return Self { repr: Repr::Big(true, Arc::new(Mag { mant: UBig::ONE, exp: 63 })), prec: 64 };
        }
        Self { repr: Repr::Int(v), prec: 64 }
    }
}

impl From<u64> for Number {
    fn from(v: u64) -> Self {
        match i64::try_from(v) {
            Ok(v) => v.into(),
            Err(_) => Self::from_ubig(false, UBig::from(v), 64),
        }
    }
}

impl From<i32> for Number {
    fn from(v: i32) -> Self {
        i64::from(v).into()
    }
}

impl From<u32> for Number {
    fn from(v: u32) -> Self {
        i64::from(v).into()
    }
}

impl From<usize> for Number {
    fn from(v: usize) -> Self {
        (v as u64).into()
    }
}

impl From<f64> for Number {
    fn from(v: f64) -> Self {
        Self::from_f64(v)
    }
}

macro_rules! ops {
    ($($op:ident $method:ident),*) => {$(
        impl std::ops::$op for &Number {
            type Output = Option<Number>;
            fn $method(self, other: &Number) -> Option<Number> {
                Number::$method(self, other)
            }
        }
    )*};
}
ops!(Add add, Sub sub, Mul mul, Div div, Rem rem);

impl std::ops::Neg for &Number {
    type Output = Number;
    fn neg(self) -> Number {
        Number::neg(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(s: &str) -> Number {
        s.parse().unwrap()
    }

    #[test]
    fn parse_and_print() {
        let cases = [
            ("1", "1"),
            ("-0", "-0"),
            ("+1", "1"),
            ("1.", "1"),
            (".5", "0.5"),
            ("1p3", "8"),
            ("1e21", "1000000000000000000000"),
            ("007", "7"),
            ("0.1", "0.1"),
            ("-12.50", "-12.5"),
            ("1e-7", "0.0000001"),
            ("18446744073709551616", "18446744073709551616"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("inf", "+Inf"),
            ("-Inf", "-Inf"),
        ];
        for (text, expected) in cases {
            assert_eq!(n(text).to_string(), expected, "{text}");
        }
        for text in ["", ".", "0x1F", " 1", "1_0", "1e", "e1", "nan", "+-1", "1 ", "--1", "1e+", "infinity"] {
            assert!(Number::parse(text).is_err(), "{text}");
        }
        assert_eq!(n(&format!("1e{}", "100")).to_string().len(), 101);
        assert_eq!(Number::from_f64(2f64.powf(0.5)).to_string(), "1.4142135623730951");
        assert!(Number::from(2).pow(&Number::from(1000)).unwrap().to_string().starts_with("10715086071862673000"));
    }

    #[test]
    fn arithmetic() {
        let third = n("1").div(&n("3")).unwrap();
        assert_eq!(third.to_string().len(), 157);
        assert!(third.to_string().ends_with("33335"));
        assert_eq!(third.mul(&n("3")).unwrap(), n("1"));
        assert_eq!(Number::from(1).div(&Number::from(3)).unwrap().to_string(), "0.33333333333333333334");
        assert_eq!(n("0.1").add(&n("0.2")).unwrap().to_string(), "0.3");
        assert!(n("0.1").add(&n("0.2")).unwrap() == n("0.3"));
        assert_eq!(n("1").div(&n("7")).unwrap().mul(&n("7")).unwrap().to_string(), "1");
        let rem = n("10").rem(&n("3.3")).unwrap().to_string();
        assert!(rem.starts_with("0.1000") && rem.ends_with("00048"), "{rem}");
        assert_eq!(n("-7").rem(&n("3")).unwrap().to_string(), "-1");
        assert_eq!(n("5").rem(&n("0")).unwrap().to_string(), "5");
        assert_eq!(n("5").div(&n("0")).unwrap().to_string(), "+Inf");
        assert!(n("0").div(&n("0")).is_none());
        assert!(n("inf").sub(&n("inf")).is_none());
        assert_eq!(n("-1.5").floor().to_string(), "-2");
        assert_eq!(n("-1.5").ceil().to_string(), "-1");
        assert_eq!(n("-0.5").ceil().to_string(), "0");
        assert_eq!(n("9223372036854775807").add(&n("1")).unwrap().to_string(), "9223372036854775808");
        assert_eq!(n("1e30").add(&n("1e-30")).unwrap().to_string(), format!("1{}.{}1", "0".repeat(30), "0".repeat(29)));
        assert!(n("1e1000").add(&n("1")).unwrap() == n("1e1000"));
        assert!(n("2") > n("1.5") && n("-2") < n("-1.5") && n("inf") > n("1e100") && n("0") == n("-0"));
        assert_eq!(Number::from_f64(1e300).to_f64(), 1e300);
        assert_eq!(n("5e-324").to_f64(), 5e-324);
        assert_eq!(n("1e400").to_f64(), f64::INFINITY);
        assert_eq!(n("0.1").to_f64(), 0.1);
        assert_eq!(Number::parse_radix("ff", 16).unwrap().to_string(), "255");
        assert_eq!(Number::parse_radix(&"f".repeat(200), 16).unwrap().to_string().len(), 241);
        assert_eq!(n("123456.789").to_fixed(2), "123456.79");
        assert_eq!(n("123456.789").to_scientific(Some(3), 'e'), "1.235e+05");
        assert_eq!(n("12345678901").short_text(), "1.23456789e+10");
        assert_eq!(n("100").short_text(), "100");
    }
}
