//! Reading and printing numbers.

use dashu_int::UBig;
use dashu_int::ops::BitTest;

use super::float::{self, Mag};
use super::{Number, ParseNumberError, Repr};

/// Precision of parsed numbers.
pub(super) const PARSED: u32 = 512;

/// Binary exponents beyond these overflow to infinity and underflow to zero: 1.2 million decimal digits. Terraform goes on to 2^31,
/// with which a few characters of configuration would be printed for minutes.
pub(super) const MAX_EXP: i64 = 1 << 22;

pub(super) fn parse(text: &str) -> Result<Number, ParseNumberError> {
    let (neg, rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if matches!(rest, "inf" | "Inf") {
        return Ok(Number { repr: Repr::Inf(neg), prec: PARSED });
    }
    let bytes = rest.as_bytes();
    let int_len = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let mut pos = int_len;
    let mut frac = "";
    if bytes.get(pos) == Some(&b'.') {
        let len = bytes[pos + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        frac = &rest[pos + 1..pos + 1 + len];
        pos += 1 + len;
    }
    if int_len + frac.len() == 0 {
        return Err(ParseNumberError);
    }
    let mut exp10: i64 = -(frac.len() as i64);
    let mut exp2: i64 = 0;
    if let Some(mark @ (b'e' | b'E' | b'p' | b'P')) = bytes.get(pos) {
        let exp = &rest[pos + 1..];
        let digits = exp.strip_prefix(['+', '-']).unwrap_or(exp);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ParseNumberError);
        }
        let exp: i64 = exp.parse().map_err(|_| ParseNumberError)?;
        if matches!(mark, b'e' | b'E') {
            exp10 = exp10.checked_add(exp).ok_or(ParseNumberError)?;
        } else {
            exp2 = exp;
        }
    } else if pos != bytes.len() {
        return Err(ParseNumberError);
    }
    if exp10 == 0 && exp2 == 0 && int_len <= 18 {
        let value: i64 = rest[..int_len].parse().map_err(|_| ParseNumberError)?;
        return Ok(match (neg, value) {
            (true, 0) => Number { repr: Repr::NegZero, prec: PARSED },
            (true, v) => Number { repr: Repr::Int(-v), prec: PARSED },
            (false, v) => Number { repr: Repr::Int(v), prec: PARSED },
        });
    }
    let digits = format!("{}{frac}", &rest[..int_len]);
    let mant = UBig::from_str_radix(&digits, 10).map_err(|_| ParseNumberError)?;
    let Some(mag) = Mag::new(mant, 0) else {
        return Ok(Number::zero(neg, PARSED));
    };
    let scaled = scale(mag, exp10, exp2);
    Ok(match scaled {
        Ok(mag) => Number::from_mag(neg, mag, PARSED),
        Err(true) => return Err(ParseNumberError),
        Err(false) => Number::zero(neg, PARSED),
    })
}

/// `mag * 10^exp10 * 2^exp2` at 512 bits; the error tells overflow (true) from underflow.
fn scale(mut mag: Mag, exp10: i64, exp2: i64) -> Result<Mag, bool> {
    if exp10.abs() > MAX_EXP || exp2.abs() > MAX_EXP {
        return Err(exp10 > MAX_EXP || exp2 > MAX_EXP);
    }
    mag.exp += exp10 + exp2;
    if exp10 != 0 {
        let five = float::pow5(exp10.unsigned_abs(), PARSED + 64).ok_or(exp10 > 0)?;
        mag = if exp10 > 0 { mag.mul(&five) } else { mag.div(&five, PARSED) };
    }
    let mag = mag.round(PARSED, false);
    match mag.top() {
        t if t > MAX_EXP => Err(true),
        t if t < -MAX_EXP => Err(false),
        _ => Ok(mag),
    }
}

/// Binary exponents beyond this make numbers so long that only their first digits are worked out.
const FAR: i64 = 1 << 13;
/// Precision with which that is done: far more than the digits that are looked at.
const LEADING: u32 = 2048;

/// Decimal digits `0.d1d2d3… * 10^point`, without trailing zeros.
pub(super) struct Decimal {
    pub(super) digits: Vec<u8>,
    pub(super) point: i64,
}

impl Decimal {
    /// Exactly `mant * 2^exp`.
    fn new(mant: &UBig, exp: i64) -> Self {
        let text = if exp >= 0 {
            (mant << exp as usize).to_string()
        } else {
            // m / 2^k = m * 5^k / 10^k
            (mant * UBig::from(5u8).pow(exp.unsigned_abs() as usize)).to_string()
        };
        let mut digits = text.into_bytes();
        let point = digits.len() as i64 + exp.min(0);
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let point = if digits.is_empty() { 0 } else { point };
        Self { digits, point }
    }

    /// The first few hundred digits of `mant * 2^exp` for an exponent far from zero; `top` is that of the value, or of one near it, so that
    /// values near each other are cut at the same place.
    fn leading(mant: &UBig, exp: i64, top: i64) -> Option<Self> {
        let cut = (top as f64 * std::f64::consts::LOG10_2) as i64 - 300;
        let five = float::pow5(cut.unsigned_abs(), LEADING)?;
        let mag = Mag::new(mant.clone(), exp - cut)?;
        let mag = if cut > 0 { mag.div(&five, LEADING) } else { mag.mul(&five) };
        let mut digits = mag.trunc().to_string().into_bytes();
        let point = digits.len() as i64 + cut;
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        Some(Self { digits, point })
    }

    fn at(&self, i: usize) -> u8 {
        self.digits.get(i).copied().unwrap_or(b'0')
    }

    fn truncate(&mut self, n: usize) {
        self.digits.truncate(n);
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
    }

    fn round_up(&mut self, n: usize) {
        if n >= self.digits.len() {
            return;
        }
        let mut n = n;
        while n > 0 && self.digits[n - 1] == b'9' {
            n -= 1;
        }
        if n == 0 {
            self.digits = vec![b'1'];
            self.point += 1;
        } else {
            self.digits[n - 1] += 1;
            self.digits.truncate(n);
        }
    }

    /// Rounds to `n` digits, half to even.
    fn round(&mut self, n: usize) {
        if n >= self.digits.len() {
            return;
        }
        let up = if self.digits[n] == b'5' && n + 1 == self.digits.len() {
            n > 0 && (self.digits[n - 1] - b'0') & 1 != 0
        } else {
            self.digits[n] >= b'5'
        };
        if up { self.round_up(n) } else { self.truncate(n) }
    }

    /// The fewest digits that still round to `mag` at `prec` bits.
    pub(super) fn shortest(mag: &Mag, prec: u32) -> Self {
        // A number of a million digits is told from its neighbours by the first two hundred.
        let far = mag.exp.abs() > FAR && mag.mant.bit_len() <= 2 * PARSED as usize && prec <= PARSED;
        Self::told_apart(mag, prec, far)
    }

    fn told_apart(mag: &Mag, prec: u32, far: bool) -> Self {
        let of = |mant: &UBig, exp: i64| {
            let leading = if far { Self::leading(mant, exp, mag.top()) } else { None };
            leading.unwrap_or_else(|| Self::new(mant, exp))
        };
        let mut d = of(&mag.mant, mag.exp);
        // The mantissa with its last bit worth half a unit in the last place of `prec` bits.
        let shift = prec as usize + 1 - mag.mant.bit_len().min(prec as usize);
        let mant = &mag.mant << shift;
        let exp = mag.exp - shift as i64;
        let lower = of(&(&mant - 1u8), exp);
        let upper = of(&(&mant + 1u8), exp);
        // The bounds themselves round to an even mantissa only.
        let inclusive = shift > 1 || !mant.bit(1);
        for i in 0..d.digits.len() {
            let (m, l, u) = (d.digits[i], lower.at(i), upper.at(i));
            let down = l != m || inclusive && i + 1 == lower.digits.len();
            let up = m != u && (inclusive || m + 1 < u || i + 1 < upper.digits.len());
            match (down, up) {
                (true, true) => d.round(i + 1),
                (true, false) => d.truncate(i + 1),
                (false, true) => d.round_up(i + 1),
                (false, false) => continue,
            }
            break;
        }
        d
    }

    /// Rounded to so many digits.
    pub(super) fn rounded(mag: &Mag, digits: usize) -> Self {
        let mut d = Self::new(&mag.mant, mag.exp);
        d.round(digits);
        d
    }

    /// Exactly, then rounded to so many places after the point.
    pub(super) fn places(mag: &Mag, places: usize) -> Self {
        let mut d = Self::new(&mag.mant, mag.exp);
        let keep = d.point + places as i64;
        match usize::try_from(keep) {
            Ok(n) => d.round(n),
            Err(_) => d.digits.clear(),
        }
        d
    }

    /// `ddd.ddd`, with `places` digits after the point (as many as there are when `None`).
    pub(super) fn plain(&self, places: Option<usize>) -> String {
        let mut out = String::new();
        if self.point > 0 {
            for i in 0..self.point as usize {
                out.push(self.at(i) as char);
            }
        } else {
            out.push('0');
        }
        let places = places.unwrap_or_else(|| (self.digits.len() as i64 - self.point).max(0) as usize);
        if places > 0 {
            out.push('.');
            for i in 0..places {
                let index = self.point + i as i64;
                out.push(usize::try_from(index).map_or('0', |n| self.at(n) as char));
            }
        }
        out
    }

    /// `d.ddde+NN`, with `places` digits after the point.
    pub(super) fn scientific(&self, places: usize, mark: char) -> String {
        let mut out = String::from(self.at(0) as char);
        if places > 0 {
            out.push('.');
            (1..=places).for_each(|i| out.push(self.at(i) as char));
        }
        let exp = if self.digits.is_empty() { 0 } else { self.point - 1 };
        out.push(mark);
        out.push(if exp < 0 { '-' } else { '+' });
        out.push_str(&format!("{:02}", exp.abs()));
        out
    }

    /// C's `%g`: `digits` significant ones (`None`: these are the shortest already).
    pub(super) fn general(&self, digits: Option<usize>, mark: char) -> String {
        let mut threshold = match digits {
            None => 6,
            Some(n) => n as i64,
        };
        let len = self.digits.len() as i64;
        if digits.is_some() && threshold > len && len >= self.point {
            threshold = len;
        }
        let exp = self.point - 1;
        if exp < -4 || exp >= threshold {
            return self.scientific((len - 1).max(0) as usize, mark);
        }
        self.plain(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_have_the_digits_that_exact_arithmetic_gives() {
        for text in ["1e5000", "7e-5000", "3p20000", "123456789e9999", "1.7p-30000", "9.99999e4000"] {
            let number = parse(text).unwrap();
            let Repr::Big(_, mag) = &number.repr else { panic!("{text} is small") };
            let [quick, exact] = [true, false].map(|far| Decimal::told_apart(mag, PARSED, far));
            assert_eq!((quick.point, quick.digits), (exact.point, exact.digits), "{text}");
        }
    }
}
