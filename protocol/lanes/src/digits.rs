//! Scalars as signed digits: uniform in number, so that a secret scalar decides no branch. Radix 16 for points that are multiplied once,
//! radix 64 for fixed bases.

use zeroize::Zeroizing;

use super::vector::{Lanes, Word};
use crate::SecretScalar;

/// Digits of a scalar in radix 16: of it or of what the order exceeds it by, the smaller, which is below 2^251 + 2^124.
pub(super) const DIGITS: usize = 63;

/// Digits of it in radix 64.
pub(super) const FIXED_DIGITS: usize = 42;

/// Digits of a number below 2^32 in radix 64.
pub(super) const FIXED_DIGITS_OF_U32: usize = 6;

/// Bits of a digit of a public weight.
const BITS_OF_WEIGHT: u32 = 7;

/// Digits of a weight below 2^128, with room for the last carry.
pub(super) const DIGITS_OF_WEIGHT: usize = (128 / BITS_OF_WEIGHT + 1) as usize;

/// The largest magnitude of a digit of a weight.
pub(super) const LARGEST_OF_WEIGHT: usize = 1 << (BITS_OF_WEIGHT - 1);

/// Digits from -63 to 64 with `weight = sum digit_i 128^i`. The weight is public.
pub(super) fn recoded_weight(weight: u128) -> [i16; DIGITS_OF_WEIGHT] {
    let mut digits = [0; DIGITS_OF_WEIGHT];
    let (mut left, mut carry) = (weight, 0);
    for digit in &mut digits {
        *digit = i16::from((left & 127) as u8) + carry;
        carry = i16::from(*digit > 64);
        *digit -= carry << BITS_OF_WEIGHT;
        left >>= BITS_OF_WEIGHT;
    }
    digits
}

/// Digits of one scalar a lane, lowest first. Wiped when dropped.
pub(super) struct Digits {
    lanes: Zeroizing<Vec<[Lanes; 2]>>,
}

impl Digits {
    pub(super) fn zero() -> Self {
        Self { lanes: Zeroizing::new(vec![[[0; 8]; 2]; DIGITS]) }
    }

    /// One scalar for every lane.
    pub(super) fn shared(scalar: &SecretScalar) -> Self {
        let mut digits = Self::zero();
        let signed = recoded(scalar);
        for lane in 0..8 {
            digits.set(lane, signed.as_slice());
        }
        digits
    }

    /// A scalar a lane, in radix 16; a lane without one gets zero.
    pub(super) fn set_secret<'a>(&mut self, scalars: impl IntoIterator<Item = &'a SecretScalar>) {
        let mut scalars = scalars.into_iter();
        for lane in 0..8 {
            let signed = scalars.next().map(recoded);
            self.set(lane, signed.unwrap_or_else(|| Zeroizing::new([0; DIGITS])).as_slice());
        }
    }

    /// A scalar a lane, in radix 64; a lane without one gets zero.
    pub(super) fn set_for_fixed<'a>(&mut self, scalars: impl IntoIterator<Item = &'a SecretScalar>) {
        let mut scalars = scalars.into_iter();
        for lane in 0..8 {
            let signed = scalars.next().map(recoded_for_fixed);
            self.set(lane, signed.unwrap_or_else(|| Zeroizing::new([0; FIXED_DIGITS])).as_slice());
        }
    }

    /// A number a lane, in radix 64; a lane without one gets zero.
    pub(super) fn set_numbers(&mut self, numbers: &[u32]) {
        for lane in 0..8 {
            let mut scalar = Zeroizing::new([0; 32]);
            if let ([low, ..], Some(number)) = (scalar.as_chunks_mut::<4>().0, numbers.get(lane)) {
                *low = number.to_le_bytes();
            }
            self.set(lane, in_radix_64(&scalar).as_slice());
        }
    }

    fn set(&mut self, lane: usize, signed: &[i8]) {
        for ([magnitudes, signs], digit) in self.lanes.iter_mut().zip(signed) {
            if let (Some(magnitude), Some(sign)) = (magnitudes.get_mut(lane), signs.get_mut(lane)) {
                *magnitude = u64::from(digit.unsigned_abs());
                *sign = u64::from(digit.cast_unsigned() >> 7);
            }
        }
    }

    /// The digit of every lane at one place, the lowest first; zero beyond the last.
    #[inline(always)]
    pub(super) fn at<W: Word>(&self, proof: W::Proof, place: usize) -> Digit<W> {
        Digit::load(proof, self.lanes.get(place).unwrap_or(&[[0; 8]; 2]))
    }

    /// Magnitudes (0 to half the radix) and signs (1 for negative) of the lowest `count` digits.
    #[inline(always)]
    pub(super) fn lowest(&self, count: usize) -> &[[Lanes; 2]] {
        self.lanes.get(..count).unwrap_or_default()
    }
}

/// A digit of every lane in registers.
#[derive(Clone, Copy)]
pub(super) struct Digit<W: Word> {
    pub(super) magnitude: W,
    pub(super) is_negative: W::Mask,
}

impl<W: Word> Digit<W> {
    #[inline(always)]
    pub(super) fn load(proof: W::Proof, [magnitudes, signs]: &[Lanes; 2]) -> Self {
        let (magnitude, sign) = (W::load(proof, magnitudes), W::load(proof, signs));
        Self { magnitude, is_negative: W::hide(sign.equals(sign.like(1))) }
    }

    /// True in lanes whose magnitude is `number`.
    #[inline(always)]
    pub(super) fn is(&self, number: u64) -> W::Mask {
        W::hide(self.magnitude.equals(self.magnitude.like(number)))
    }

    /// For each multiple from 1 to 8, the lanes that want it.
    #[inline(always)]
    pub(super) fn wanted(&self) -> [W::Mask; 8] {
        let mut masks = [self.is(1); 8];
        for (mask, number) in masks.iter_mut().zip(1..9) {
            *mask = self.is(number);
        }
        masks
    }
}

/// Digits from -8 to 8 whose sum `digit_i 16^i` is the scalar modulo the order. No branch depends on it.
fn recoded(scalar: &SecretScalar) -> Zeroizing<[i8; DIGITS]> {
    let (smaller, stands) = scalar.smaller();
    let mut digits = Zeroizing::new([0_i8; DIGITS]);
    // The 64th nibble is 0.
    for (pair, byte) in digits.chunks_mut(2).zip(smaller.iter()) {
        for (digit, nibble) in pair.iter_mut().zip([byte & 15, byte >> 4]) {
            *digit = nibble.cast_signed();
        }
    }
    sign::<4>(digits.as_mut_slice());
    digits.iter_mut().for_each(|digit| *digit *= stands);
    digits
}

/// Digits from -32 to 32 whose sum `digit_i 64^i` is the scalar modulo the order. No branch depends on it.
fn recoded_for_fixed(scalar: &SecretScalar) -> Zeroizing<[i8; FIXED_DIGITS]> {
    let (smaller, stands) = scalar.smaller();
    let mut digits = in_radix_64(&smaller);
    digits.iter_mut().for_each(|digit| *digit *= stands);
    digits
}

/// Digits from -32 to 32 with `number = sum digit_i 64^i`, for a number up to 2^251 + 2^124.
fn in_radix_64(number: &[u8; 32]) -> Zeroizing<[i8; FIXED_DIGITS]> {
    let mut digits = Zeroizing::new([0_i8; FIXED_DIGITS]);
    let mut bits = Zeroizing::new([0_u8; 33]);
    for (place, byte) in bits.iter_mut().zip(number) {
        *place = *byte;
    }
    // Three bytes are four digits.
    for (four, three) in digits.chunks_mut(4).zip(bits.as_chunks::<3>().0) {
        let [low, middle, high] = three.map(u32::from);
        let bits = low | middle << 8 | high << 16;
        for (digit, shift) in four.iter_mut().zip([0, 6, 12, 18]) {
            *digit = ((bits >> shift & 63) as u8).cast_signed();
        }
    }
    sign::<6>(digits.as_mut_slice());
    digits
}

/// Digits of half the radix `2^BITS` and above become negative and carry into the next.
fn sign<const BITS: u32>(digits: &mut [i8]) {
    let mut carry = 0;
    for digit in digits.iter_mut() {
        *digit += carry;
        carry = (*digit + (1 << (BITS - 1))) >> BITS;
        *digit -= carry << BITS;
    }
    // The highest is at most half the radix, and has no next one: it keeps what it would carry.
    if let Some(last) = digits.last_mut() {
        *last += carry << BITS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use curve25519_dalek::scalar::Scalar;

    /// What the digits weigh modulo the order.
    fn weighed(radix: i8, digits: &[i8]) -> Scalar {
        let one = |digit: i8| {
            assert!((-radix / 2..=radix / 2).contains(&digit), "{digit}");
            let magnitude = Scalar::from(digit.unsigned_abs());
            if digit < 0 { -magnitude } else { magnitude }
        };
        let radix = Scalar::from(radix.unsigned_abs());
        digits.iter().rev().fold(Scalar::ZERO, |value, digit| value * radix + one(*digit))
    }

    fn weighs_itself(scalar: Scalar) {
        let secret = SecretScalar::computed(scalar);
        assert_eq!(weighed(16, recoded(&secret).as_slice()), scalar);
        assert_eq!(weighed(64, recoded_for_fixed(&secret).as_slice()), scalar);
    }

    #[test]
    fn edges_recode() {
        let half = -Scalar::from(2_u8).invert();
        for near in [Scalar::ZERO, half, Scalar::from(1_u128 << 124)] {
            for step in [0_u8, 1, 2, 7, 8, 9, 31, 32, 33, 64, 255] {
                weighs_itself(near + Scalar::from(step));
                weighs_itself(near - Scalar::from(step));
            }
        }
        for nibble in 0..=255_u8 {
            weighs_itself(Scalar::from_bytes_mod_order([nibble; 32]));
        }
        // 2^248 to 2^252, one less and one more: the highest digit and what is carried into it.
        for bit in 244..253 {
            let power = (0..bit).fold(Scalar::ONE, |power, _| power + power);
            for near in [power, power - Scalar::ONE, power + Scalar::ONE, power - Scalar::from(1_u128 << 123)]
            {
                weighs_itself(near);
                weighs_itself(-near);
            }
        }
    }

    #[test]
    fn six_digits_hold_any_u32() {
        let mut scalar = [0; 32];
        scalar[..4].fill(0xFF);
        assert!(in_radix_64(&scalar)[FIXED_DIGITS_OF_U32..].iter().all(|digit| *digit == 0));
    }

    #[test]
    fn digits_of_weights_weigh_what_the_weight_is() {
        for weight in [0, 1, 63, 64, 65, 127, 128, u128::MAX, u128::MAX >> 1, 1 << 127, 0x8888 << 112] {
            let digits = recoded_weight(weight);
            assert!(digits.iter().all(|digit| (-63..=64).contains(digit)), "{weight}");
            let mut value = Scalar::ZERO;
            for digit in digits.iter().rev() {
                let magnitude = Scalar::from(digit.unsigned_abs());
                value = value * Scalar::from(128_u8) + if *digit < 0 { -magnitude } else { magnitude };
            }
            assert_eq!(value, Scalar::from(weight), "{weight}");
        }
    }

    proptest! {
        #[test]
        fn digits_weigh_what_the_scalar_is(bytes in any::<[u8; 32]>()) {
            weighs_itself(Scalar::from_bytes_mod_order(bytes));
        }
    }
}
