//! What was added to the counts, in the numbers a reader needs to judge them (SPEC §10).
//!
//! A statement, not a mechanism: [`crate::noise`] samples; this file only carries the parameters and turns the
//! variance into interval half-widths by integer arithmetic.

use crate::{
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
};

/// Whether noise was added, and how much.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoiseStatement {
    /// Truncated discrete Laplace noise from every dealer.
    Laplace(NoiseTerms),
    /// No noise, by the words of the agreement (SPEC §10.5).
    Nil,
}

/// Parameters of the noise of one table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoiseTerms {
    /// Epsilon per table, in thousandths.
    pub eps_milli: u32,
    /// Delta per table, in parts per trillion (10^-12).
    pub delta_ppt: u64,
    /// Committee members that each added a full sample.
    pub dealers: u16,
    /// Variance of one cell after all dealers, in millionths of a student squared.
    pub variance_micro: u64,
}
codec_struct!(NoiseTerms { eps_milli, delta_ppt, dealers, variance_micro });

impl NoiseStatement {
    /// Half the width of a 95 % interval for a sum of `cells_summed` noisy cells, in students, rounded up.
    ///
    /// `ceil(1.96 sqrt(variance x cells))`; zero without noise. The normal approximation is stated on the report.
    #[must_use]
    pub fn half_width_95(&self, cells_summed: u32) -> u64 {
        match self {
            Self::Nil => 0,
            Self::Laplace(terms) => {
                // 1.96^2 = 3.8416; the variance is in millionths: h^2 >= 38416 v n / 10^10.
                let scaled = 38_416_u128
                    .saturating_mul(terms.variance_micro.into())
                    .saturating_mul(cells_summed.into());
                let square = scaled.div_ceil(10_000_000_000);
                let root = square.isqrt();
                let rounded_up = if root * root < square { root + 1 } else { root };
                u64::try_from(rounded_up).unwrap_or(u64::MAX)
            }
        }
    }
}

impl Encode for NoiseStatement {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Nil => out.push(0),
            Self::Laplace(terms) => {
                out.push(1);
                terms.encode(out);
            }
        }
    }
}

impl Decode for NoiseStatement {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Ok(Self::Nil),
            1 => NoiseTerms::decode(reader).map(Self::Laplace),
            _ => Err(CodecError::Invalid { position, expected: "a noise statement" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_widths_round_up() {
        let noise = NoiseStatement::Laplace(NoiseTerms {
            eps_milli: 2_000,
            delta_ppt: 1_000_000,
            dealers: 2,
            variance_micro: 724_000,
        });
        assert_eq!(noise.half_width_95(1), 2); // 1.96 x 0.851 = 1.67
        assert_eq!(noise.half_width_95(7), 5); // 4.41
        assert_eq!(noise.half_width_95(0), 0);
        assert_eq!(NoiseStatement::Nil.half_width_95(100), 0);
        let unit = NoiseStatement::Laplace(NoiseTerms {
            eps_milli: 1,
            delta_ppt: 1,
            dealers: 1,
            variance_micro: u64::MAX,
        });
        assert!(unit.half_width_95(u32::MAX) > 0);
    }
}
