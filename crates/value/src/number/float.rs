//! Binary floating-point arithmetic on an integer mantissa, rounded half to even at a given precision.

use std::cmp::Ordering;

use dashu_int::UBig;
use dashu_int::ops::{BitTest, DivRem};

/// A finite, non-zero magnitude `mant * 2^exp`; the mantissa is odd, so that equal magnitudes are equal structs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Mag {
    pub(super) mant: UBig,
    pub(super) exp: i64,
}

impl Mag {
    /// Normalises; `None` for zero.
    pub(super) fn new(mant: UBig, exp: i64) -> Option<Self> {
        let zeros = mant.trailing_zeros()?;
        Some(if zeros == 0 { Self { mant, exp } } else { Self { mant: mant >> zeros, exp: exp + zeros as i64 } })
    }

    /// Position just above the highest bit: the magnitude is in `[2^(top-1), 2^top)`.
    pub(super) fn top(&self) -> i64 {
        self.mant.bit_len() as i64 + self.exp
    }

    /// Bits needed for the mantissa.
    pub(super) fn min_prec(&self) -> u32 {
        self.mant.bit_len() as u32
    }

    /// Rounds half to even to `prec` bits; `sticky` says that a little more than `self` is meant.
    pub(super) fn round(self, prec: u32, sticky: bool) -> Self {
        let len = self.mant.bit_len();
        let prec = prec as usize;
        if len <= prec {
            return self;
        }
        let drop = len - prec;
        let half = self.mant.bit(drop - 1);
        let rest = sticky || self.mant.trailing_zeros().is_some_and(|z| z < drop - 1);
        let mut kept = self.mant >> drop;
        if half && (rest || kept.bit(0)) {
            kept += 1u8;
        }
        Self::new(kept, self.exp + drop as i64).unwrap_or(Self { mant: UBig::ONE, exp: 0 })
    }

    /// The mantissa scaled to exponent `exp`, which must not be above the own one.
    fn at(&self, exp: i64) -> UBig {
        &self.mant << usize::try_from(self.exp - exp).unwrap_or(0)
    }

    pub(super) fn cmp(&self, other: &Self) -> Ordering {
        self.top().cmp(&other.top()).then_with(|| {
            let exp = self.exp.min(other.exp);
            self.at(exp).cmp(&other.at(exp))
        })
    }

    pub(super) fn mul(&self, other: &Self) -> Self {
        Self { mant: &self.mant * &other.mant, exp: self.exp + other.exp }
    }

    /// The quotient at `prec` bits.
    pub(super) fn div(&self, other: &Self, prec: u32) -> Self {
        // Two bits more than wanted, and the remainder as sticky bit.
        let want = prec as i64 + 2 + other.mant.bit_len() as i64 - self.mant.bit_len() as i64;
        let shift = want.max(0) as usize;
        let (q, r) = (&self.mant << shift).div_rem(&other.mant);
        let exp = self.exp - other.exp - shift as i64;
        // The sticky bit becomes a real one below the quotient: the quotient has more bits than `prec` then.
        let (q, exp) = if r.is_zero() { (q, exp) } else { ((q << 1usize) + 1u8, exp - 1) };
        Self::new(q, exp).map_or(Self { mant: UBig::ONE, exp: 0 }, |m| m.round(prec, false))
    }

    /// The integer part.
    pub(super) fn trunc(&self) -> UBig {
        if self.exp >= 0 {
            &self.mant << self.exp as usize
        } else {
            let drop = self.exp.unsigned_abs() as usize;
            if drop >= self.mant.bit_len() { UBig::ZERO } else { &self.mant >> drop }
        }
    }
}

/// Adds signed magnitudes exactly; `None` is an exact zero.
pub(super) fn add(a: (bool, &Mag), b: (bool, &Mag), prec: u32) -> Option<(bool, Mag)> {
    let (big, small) = if a.1.cmp(b.1) == Ordering::Less { (b, a) } else { (a, b) };
    // A summand far below the last bit only matters as a sticky bit: replace it by one just as far below.
    let floor = big.1.exp.min(big.1.top() - i64::from(prec) - 2) - 2;
    let tiny;
    let small = if small.1.top() < floor {
        tiny = Mag { mant: UBig::ONE, exp: floor };
        (small.0, &tiny)
    } else {
        small
    };
    let exp = big.1.exp.min(small.1.exp);
    let (x, y) = (big.1.at(exp), small.1.at(exp));
    let mant = if big.0 == small.0 { x + y } else { x - y };
    Mag::new(mant, exp).map(|m| (big.0, m.round(prec, false)))
}

/// `5^n` at `prec` bits, with the roundings of repeated squaring at the two precisions Go uses.
pub(super) fn pow5(n: u64, prec: u32) -> Option<Mag> {
    const EXACT: u64 = 27;
    let five = |k: u64| UBig::from(5u8).pow(k as usize);
    if n <= EXACT {
        return Mag::new(five(n), 0);
    }
    let mut out = Mag::new(five(EXACT), 0)?;
    let mut factor = Mag::new(UBig::from(5u8), 0)?;
    let mut n = n - EXACT;
    while n > 0 {
        if n & 1 != 0 {
            out = out.mul(&factor).round(prec, false);
        }
        factor = factor.mul(&factor).round(prec + 64, false);
        if factor.exp > 1 << 33 {
            return None;
        }
        n >>= 1;
    }
    Some(out)
}
