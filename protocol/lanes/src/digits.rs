//! Scalars as signed digits: uniform in number, so that a secret scalar decides no branch. Radix 16 for points that are multiplied once,
//! radix 64 for fixed bases.

use zeroize::Zeroizing;

use super::vector::{Lanes, Word};
use crate::SecretScalar;

/// Digits of a scalar below 2^255 in radix 16.
pub(super) const DIGITS: usize = 64;

/// Digits of a scalar below 2^255 in radix 64.
pub(super) const FIXED_DIGITS: usize = 43;

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
        let signed = recoded(scalar.0.as_bytes());
        for lane in 0..8 {
            digits.set(lane, signed.as_slice());
        }
        digits
    }

    /// A scalar a lane, in radix 16; a lane without one gets zero.
    pub(super) fn set_secret<'a>(&mut self, scalars: impl IntoIterator<Item = &'a SecretScalar>) {
        let mut scalars = scalars.into_iter();
        for lane in 0..8 {
            let signed = scalars.next().map(|scalar| recoded(scalar.0.as_bytes()));
            self.set(lane, signed.unwrap_or_else(|| Zeroizing::new([0; DIGITS])).as_slice());
        }
    }

    /// A scalar a lane, in radix 64; a lane without one gets zero.
    pub(super) fn set_for_fixed<'a>(&mut self, scalars: impl IntoIterator<Item = &'a SecretScalar>) {
        let mut scalars = scalars.into_iter();
        for lane in 0..8 {
            let signed = scalars.next().map(|scalar| recoded_for_fixed(scalar.0.as_bytes()));
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
            self.set(lane, recoded_for_fixed(&scalar).as_slice());
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

type Signed = Zeroizing<[i8; DIGITS]>;

/// Digits from -8 to 8 with `scalar = sum digit_i 16^i`, for a scalar below 2^255. No branch depends on it.
fn recoded(scalar: &[u8; 32]) -> Signed {
    let mut digits = Zeroizing::new([0_i8; DIGITS]);
    for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(scalar) {
        *pair = [(byte & 15).cast_signed(), (byte >> 4).cast_signed()];
    }
    let mut carry = 0;
    for digit in digits.iter_mut() {
        *digit += carry;
        // 8 and above becomes negative and carries: (digit + 8) / 16 is 0 or 1.
        carry = (*digit + 8) >> 4;
        *digit -= carry << 4;
    }
    // A scalar below 2^255 has a top nibble below 8: with the carry at most 8, it may have lost one carry of its own.
    if let Some(last) = digits.last_mut() {
        *last += carry << 4;
    }
    digits
}

/// Digits from -32 to 32 with `scalar = sum digit_i 64^i`, for a scalar below 2^255. No branch depends on it.
fn recoded_for_fixed(scalar: &[u8; 32]) -> Zeroizing<[i8; FIXED_DIGITS]> {
    let mut digits = Zeroizing::new([0_i8; FIXED_DIGITS]);
    let mut bits = Zeroizing::new([0_u8; 33]);
    for (place, byte) in bits.iter_mut().zip(scalar) {
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
    let mut carry = 0;
    for digit in digits.iter_mut() {
        *digit += carry;
        // 32 and above becomes negative and carries: (digit + 32) / 64 is 0 or 1. The highest digit is below 8.
        carry = (*digit + 32) >> 6;
        *digit -= carry << 6;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the digits weigh, in both radices.
    fn weighed(scalar: &[u8; 32]) -> [u8; 32] {
        let value = weighed_in(16, recoded(scalar).as_slice());
        assert_eq!(weighed_in(64, recoded_for_fixed(scalar).as_slice()), value);
        value
    }

    fn weighed_in(radix: i32, digits: &[i8]) -> [u8; 32] {
        // Horner from the top in 256-bit two's complement.
        let mut value = [0_u8; 32];
        for digit in digits.iter().rev() {
            assert!((-radix / 2..=radix / 2).contains(&i32::from(*digit)), "{digit}");
            let mut carry = i32::from(*digit);
            for byte in &mut value {
                carry += i32::from(*byte) * radix;
                *byte = (carry & 255) as u8;
                carry >>= 8;
            }
        }
        value
    }

    #[test]
    fn edges_recode() {
        let mut top = [0xFF; 32];
        top[31] = 0x7F;
        for scalar in [[0; 32], [0x88; 32].map(|byte: u8| byte & 0x7F), [0x77; 32], top] {
            assert_eq!(weighed(&scalar), scalar);
        }
    }

    #[test]
    fn six_digits_hold_any_u32() {
        let mut scalar = [0; 32];
        scalar[..4].fill(0xFF);
        assert!(recoded_for_fixed(&scalar)[FIXED_DIGITS_OF_U32..].iter().all(|digit| *digit == 0));
    }

    #[test]
    fn digits_of_weights_weigh_what_the_weight_is() {
        for weight in [0, 1, 63, 64, 65, 127, 128, u128::MAX, u128::MAX >> 1, 1 << 127, 0x8888 << 112] {
            let digits = recoded_weight(weight);
            assert!(digits.iter().all(|digit| (-63..=64).contains(digit)), "{weight}");
            let mut value = [0; 32];
            value[..16].copy_from_slice(&weight.to_le_bytes());
            assert_eq!(weighed_in(128, &digits.map(|digit| digit as i8)), value, "{weight}");
        }
    }

    proptest! {
        #[test]
        fn digits_weigh_what_the_scalar_is(mut scalar in any::<[u8; 32]>()) {
            scalar[31] &= 0x7F;
            prop_assert_eq!(weighed(&scalar), scalar);
        }
    }
}
