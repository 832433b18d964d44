//! Powers and logarithms of f64 that round as Go's do on amd64.
//!
//! The last digit of such results shows in plans and states, so it must not depend on the platform's library. Sources:
//! FreeBSD `e_log.c` for the logarithm, N. Shibata's method for the exponential, repeated squaring for whole powers: what
//! Go's `math` uses.

/// Splits a positive finite number into a fraction in [0.5, 1) and a power of two.
fn frexp(x: f64) -> (f64, i32) {
    const EXP_MASK: u64 = 0x7ff << 52;
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let (x, shift) = if x.abs() < f64::MIN_POSITIVE { (x * (1u64 << 52) as f64, -52) } else { (x, 0) };
    let bits = x.to_bits();
    let exp = (bits >> 52 & 0x7ff) as i32 - 1022;
    (f64::from_bits(bits & !EXP_MASK | 1022 << 52), exp + shift)
}

/// `x * 2^exp`.
fn ldexp(x: f64, exp: i32) -> f64 {
    // In steps, since a power of two alone may be out of range; only the last one can round.
    let mut x = x;
    let mut exp = exp.clamp(-3000, 3000);
    while exp > 1000 {
        x *= 2f64.powi(1000);
        exp -= 1000;
    }
    let (fraction, own) = frexp(x);
    if own + exp < -1021 {
        // Keep the value normal until the one step that makes it subnormal.
        return fraction * 2f64.powi((own + exp + 1000).max(-1000)) * 2f64.powi(-1000);
    }
    while exp < -1000 {
        x *= 2f64.powi(-1000);
        exp += 1000;
    }
    x * 2f64.powi(exp)
}

pub(super) fn log(x: f64) -> f64 {
    const LN2_HI: f64 = 6.931_471_803_691_238e-1;
    const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;
    const L: [f64; 7] = [
        6.666_666_666_666_735e-1,
        3.999_999_999_940_942e-1,
        2.857_142_874_366_239e-1,
        2.222_219_843_214_978_4e-1,
        1.818_357_216_161_805e-1,
        1.531_383_769_920_937_3e-1,
        1.479_819_860_511_658_6e-1,
    ];
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    if x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    let (mut f, mut exp) = frexp(x);
    if f < std::f64::consts::FRAC_1_SQRT_2 {
        f *= 2.0;
        exp -= 1;
    }
    let f = f - 1.0;
    let k = f64::from(exp);
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2 * (L[0] + s4 * (L[2] + s4 * (L[4] + s4 * L[6])));
    let even = s4 * (L[1] + s4 * (L[3] + s4 * L[5]));
    let r = odd + even;
    let half = 0.5 * f * f;
    k * LN2_HI - ((half - (s * (half + r) + k * LN2_LO)) - f)
}

fn exp(x: f64) -> f64 {
    const LN2_U: f64 = 0.693_147_180_559_662_956_511_601_805_686_950_683_593_75;
    const LN2_L: f64 = 0.282_352_905_630_315_771_225_884_481_750_134_360_255_254_120_68e-12;
    const OVERFLOW: f64 = 7.097_827_128_933_84e2;
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    if x > OVERFLOW {
        return f64::INFINITY;
    }
    if x < -750.0 {
        return 0.0;
    }
    let k = (x * std::f64::consts::LOG2_E).round_ties_even();
    let r = (-k).mul_add(LN2_U, x);
    let r = (-k).mul_add(LN2_L, r) * 0.0625;
    // The Taylor series of (e^r - 1) / r.
    let series = [
        1.984_126_984_126_984e-4,
        0.001_388_888_888_888_889,
        0.008_333_333_333_333_333,
        0.041_666_666_666_666_664,
        0.166_666_666_666_666_66,
        0.5,
        1.0,
    ];
    let mut p = 2.480_158_730_158_73e-5f64;
    for c in series {
        p = p.mul_add(r, c);
    }
    // From e^r - 1 to e^16r - 1.
    let mut e = r * p;
    for _ in 0..4 {
        e *= e + 2.0;
    }
    ldexp(e + 1.0, k as i32)
}

pub(super) fn pow(x: f64, y: f64) -> f64 {
    // Whatever is special is the same everywhere.
    if y == 0.0 || x == 1.0 || y == 1.0 || x == 0.0 || x.is_nan() || y.is_nan() || x.is_infinite() || y.is_infinite() {
        return x.powf(y);
    }
    if y == 0.5 {
        return x.sqrt();
    }
    if y == -0.5 {
        return 1.0 / x.sqrt();
    }
    let (mut whole, mut fraction) = (y.abs().trunc(), y.abs().fract());
    if fraction != 0.0 && x < 0.0 {
        return f64::NAN;
    }
    if whole >= 2f64.powi(63) {
        return match x {
            -1.0 => 1.0,
            x if (x.abs() < 1.0) == (y > 0.0) => 0.0,
            _ => f64::INFINITY,
        };
    }
    let mut result = 1.0;
    let mut result_exp = 0i64;
    if fraction != 0.0 {
        if fraction > 0.5 {
            fraction -= 1.0;
            whole += 1.0;
        }
        result = exp(fraction * log(x));
    }
    let (mut base, base_exp) = frexp(x);
    let mut base_exp = i64::from(base_exp);
    let mut n = whole as i64;
    while n != 0 {
        if base_exp.abs() > 1 << 12 {
            // Overflow or underflow for certain.
            result_exp += base_exp;
            break;
        }
        if n & 1 == 1 {
            result *= base;
            result_exp += base_exp;
        }
        base *= base;
        base_exp <<= 1;
        if base < 0.5 {
            base += base;
            base_exp -= 1;
        }
        n >>= 1;
    }
    if y < 0.0 {
        result = 1.0 / result;
        result_exp = -result_exp;
    }
    ldexp(result, result_exp.clamp(-5000, 5000) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_digits() {
        assert_eq!(log(1000.0) / log(10.0), 2.9999999999999996);
        assert_eq!(log(7.0) / log(3.0), 1.7712437491614224);
        let powers = [
            (2.0, 1.5, 2.82842712474619),
            (7.0, 0.4, 2.1779064244827797),
            (1.0 / 3.0, 3.0, 0.037037037037037035),
            (1e100, 1.0 / 3.0, 2154434690031891600000000000000000.0),
            (2.0, 1000.0, 2f64.powi(1000)),
            (2.0, -1074.0, 5e-324),
            (2.0, -1100.0, 0.0),
            (10.0, 400.0, f64::INFINITY),
            (-2.0, 3.0, -8.0),
            (2.0, 0.5, std::f64::consts::SQRT_2),
        ];
        for (x, y, expected) in powers {
            assert_eq!(pow(x, y), expected, "{x}^{y}");
        }
        assert!(pow(-2.0, 1.5).is_nan());
    }
}
