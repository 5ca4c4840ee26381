//! Fixed-point fractions with 126 bits after the point: enough for exp(-eps) without floating point.
//!
//! Every operation rounds down, by less than one unit of 2^-126; after the 4,400 products of the longest table
//! the error is below 2^-113.

/// Bits after the point.
const FRACTION_BITS: u32 = 126;

/// One.
pub(super) const ONE: u128 = 1 << FRACTION_BITS;

/// `exp(-milli / 1000)`.
pub(super) fn exp_minus_milli(milli: u32) -> u128 {
    let whole = exp_minus_fraction(ONE);
    let part = exp_minus_fraction(u128::from(milli % 1000) * (ONE / 1000));
    (0..milli / 1000).fold(part, |power, _| product(power, whole))
}

/// `exp(-x)` for `0 <= x <= 1` by its series, the positive and the negative terms apart.
fn exp_minus_fraction(x: u128) -> u128 {
    let (mut positive, mut negative) = (0, 0);
    let mut term = ONE;
    for k in 1_u128.. {
        if k % 2 == 1 {
            positive += term;
        } else {
            negative += term;
        }
        term = product(term, x) / k;
        if term == 0 {
            break;
        }
    }
    positive - negative
}

/// A number of parts per 10^12.
pub(super) fn per_trillion(parts: u64) -> u128 {
    u128::from(parts) * (ONE / 1_000_000_000_000)
}

/// The product of two fractions.
pub(super) fn product(left: u128, right: u128) -> u128 {
    let (high, low) = wide_product(left, right);
    high << (128 - FRACTION_BITS) | low >> FRACTION_BITS
}

/// The 256-bit product as two halves, schoolbook on 64-bit limbs.
fn wide_product(left: u128, right: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (left_high, left_low) = (left >> 64, left & LOW);
    let (right_high, right_low) = (right >> 64, right & LOW);
    let lowest = left_low * right_low;
    let middle = left_high * right_low + (lowest >> 64);
    let other_middle = left_low * right_high + (middle & LOW);
    let high = left_high * right_high + (middle >> 64) + (other_middle >> 64);
    (high, other_middle << 64 | lowest & LOW)
}

/// `floor(2^128 part / whole)` for `part < whole < 2^127`, by long division.
pub(super) fn fraction_of_2_128(part: u128, whole: u128) -> u128 {
    let (mut quotient, mut remainder) = (0_u128, part);
    for _ in 0..128 {
        quotient <<= 1;
        remainder <<= 1;
        if remainder >= whole {
            remainder -= whole;
            quotient |= 1;
        }
    }
    quotient
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_float(fraction: u128) -> f64 {
        fraction as f64 / ONE as f64
    }

    #[test]
    fn the_exponential_agrees_with_the_float() {
        for milli in [1, 10, 500, 999, 1000, 1001, 2000, 9_999, 10_000] {
            let expected = (-f64::from(milli) / 1000.0).exp();
            let error = (as_float(exp_minus_milli(milli)) - expected).abs();
            assert!(error <= 4.0 * f64::EPSILON * expected.max(1e-3), "{milli}: {error}");
        }
    }

    #[test]
    fn exp_minus_one_to_38_digits() {
        // 1/e = 0.36787944117144232159552377016146086744581113103176..., times 10^38.
        let digits = exp_minus_milli(1000);
        let mut remainder = digits;
        let text: String = (0..36)
            .map(|_| {
                let (high, low) = wide_product(remainder, 10);
                let digit = high << 2 | low >> FRACTION_BITS;
                remainder = low & (ONE - 1);
                char::from_digit(digit as u32, 10).unwrap()
            })
            .collect();
        assert_eq!(text, "367879441171442321595523770161460867");
    }

    #[test]
    fn products_and_fractions_at_the_edges() {
        assert_eq!(product(ONE, ONE), ONE);
        assert_eq!(product(ONE / 2, ONE / 2), ONE / 4);
        assert_eq!(wide_product(u128::MAX, u128::MAX), (u128::MAX - 1, 1));
        assert_eq!(fraction_of_2_128(1, 2), 1 << 127);
        assert_eq!(fraction_of_2_128(1, 3), u128::MAX / 3);
        assert_eq!(fraction_of_2_128(0, 3), 0);
    }
}
