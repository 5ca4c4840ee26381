//! Passes over batches of ristretto255 points, as many at a time as the processor has lanes (SPEC §6).
//!
//! A crate of its own because its vectors are the longest thing of the workspace to compile; `passage_protocol::group` is its only user.
//!
//! # What is here
//!
//! | file | holds |
//! |---|---|
//! | `vector` | vectors of 64-bit lanes; the only `unsafe` of the product |
//! | `field`, `field51`, `field25`, `columns25` | the field modulo 2^255 - 19, in five limbs (AVX-512 IFMA) and in ten (AVX2) |
//! | `curve`, `ristretto` | points of the curve; decode, encode and one-way map of RFC 9496 |
//! | `digits`, `multiply` | multiplication by secret scalars and by tables of fixed bases |
//! | `weighted` | sums of points times public weights |
//! | `fixed` | a fixed base and its tables |
//! | `scalar` | [`SecretScalar`]: non-zero, wiped, mute |
//! | `pass`, `portable` | one [`Pass`] on lanes, and with `curve25519-dalek` where there are none |
//!
//! # What it promises
//!
//! * Every backend gives the bytes that `curve25519-dalek` gives, and refuses the encodings that it refuses.
//! * No branch and no address depends on a scalar or on a point that is to be multiplied. Whether an encoding is refused
//!   is public. Digits of scalars are wiped.
//! * A build for any x86-64 processor has all backends and asks the processor which it can run.
//!
//! # What it does not promise
//!
//! Points left in freed memory, in registers or on the stack are not wiped.

use core::fmt;

mod columns25;
mod curve;
mod digits;
mod field;
mod field25;
mod field51;
mod fixed;
mod multiply;
mod pass;
mod portable;
mod ristretto;
mod scalar;
#[cfg(test)]
mod tests;
#[allow(unsafe_code, reason = "vector instructions; the module's head says why they are sound")]
mod vector;
mod weighted;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
pub use fixed::FixedBase;
pub use scalar::SecretScalar;
#[cfg(target_arch = "x86_64")]
use {
    field25::Field25,
    field51::Field51,
    vector::{
        Word,
        ymm::{Avx2, Ymm},
        zmm::{Avx512, Zmm},
    },
};

/// Bytes of an encoded element.
pub const ELEMENT_BYTES: usize = 32;

/// Points that share a weight in [`Backend::weighted_sums`], each in a sum of its own.
pub const WEIGHED_TOGETHER: usize = 8;

/// Points for which [`Backend::weighted_sums`] empties its buckets once: fewer at a time cost more each.
pub const SUMMED_TOGETHER: usize = weighted::GROUPS * WEIGHED_TOGETHER;

/// What multiplies the points of a batch.
#[derive(Clone, Copy)]
pub struct Backend(Kind);

#[derive(Clone, Copy)]
enum Kind {
    /// Eight lanes.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// Four lanes.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// One point after the other, by `curve25519-dalek`.
    Portable,
}

impl Backend {
    /// Every backend that this processor can run, fastest first. The last one runs everywhere.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut kinds = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            kinds.extend(Avx512::detect().map(Kind::Avx512));
            kinds.extend(Avx2::detect().map(Kind::Avx2));
        }
        kinds.push(Kind::Portable);
        kinds.into_iter().map(Self).collect()
    }

    /// The fastest backend that this processor can run.
    #[must_use]
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(proof) = Avx512::detect() {
                return Self(Kind::Avx512(proof));
            }
            if let Some(proof) = Avx2::detect() {
                return Self(Kind::Avx2(proof));
            }
        }
        Self(Kind::Portable)
    }

    /// `avx512-ifma`, `avx2` or `portable`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(_) => "avx512-ifma",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(_) => "avx2",
            Kind::Portable => "portable",
        }
    }

    /// `factor` times every encoded point, encoded: decode and encode of RFC 9496 §4.3.1 and §4.3.2 around one multiplication.
    ///
    /// # Errors
    ///
    /// [`BadPoint`] for the first encoding that is not canonical or is the identity. No output on error.
    ///
    /// # Cost
    ///
    /// One scalar multiplication a point; `protocol/docs/performance.md` has the figures of each backend. Constant-time in `factor`.
    pub fn raise(
        self,
        points: &[[u8; ELEMENT_BYTES]],
        factor: &SecretScalar,
    ) -> Result<Vec<[u8; ELEMENT_BYTES]>, BadPoint> {
        let (input, half) = (Input::Encoded(points), factor.half());
        self.run(&Pass {
            input,
            factor: Factor::Shared(&half),
            more: None,
            addends: &[],
            output: Output::Double,
        })
    }

    /// `factor` times the point that every 64 uniform bytes name, encoded: the one-way map of RFC 9496 §4.3.4 and one multiplication each.
    /// Constant-time in `factor` and in the points. A point that is the identity (chance 2^-252) is encoded as such, and the
    /// next party refuses it.
    #[must_use]
    pub fn map_and_raise(self, uniform: &[[u8; 64]], factor: &SecretScalar) -> Vec<[u8; ELEMENT_BYTES]> {
        let half = factor.half();
        let (input, factor) = (Input::Uniform(uniform), Factor::Shared(&half));
        // Nothing is decoded, so nothing is refused.
        self.run(&Pass { input, factor, more: None, addends: &[], output: Output::Double })
            .unwrap_or_default()
    }

    /// Checks that every encoding is canonical and not the identity; about 0.5 µs a point on lanes, 5 µs without.
    pub fn check(self, points: &[[u8; ELEMENT_BYTES]]) -> Result<(), BadPoint> {
        let (input, factor) = (Input::Encoded(points), Factor::One);
        self.run(&Pass { input, factor, more: None, addends: &[], output: Output::Nothing }).map(|_| ())
    }

    /// Eight sums: in the `n`-th, `weights[(first + i) / 8] * points[i]` for every `i` with `(first + i) % 8 = n`, for as many points as
    /// there are weights. The weights are public; `first` is below eight.
    ///
    /// # Errors
    ///
    /// [`BadPoint`] for the first encoding that is not canonical or is the identity.
    ///
    /// # Cost
    ///
    /// About a fifth of a scalar multiplication a point on lanes where there are some thousand; beside it three thousand additions for each
    /// 1024 weights or fewer.
    pub fn weighted_sums(
        self,
        points: &[[u8; ELEMENT_BYTES]],
        first: usize,
        weights: &[u128],
    ) -> Result<[RistrettoPoint; WEIGHED_TOGETHER], BadPoint> {
        let lanes = match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(proof) => {
                Zmm::enter(proof, weighted::LaneSums::<Field51<Zmm>>::of(points, first, weights))?
            }
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(proof) => {
                Ymm::enter(proof, weighted::LaneSums::<Field25<Ymm>>::of(points, first, weights))?
            }
            Kind::Portable => return portable::weighted_sums(points, first, weights),
        };
        // Encodings just made: each is one.
        Ok(lanes.map(|code| CompressedRistretto(code).decompress().unwrap_or_default()))
    }

    /// Runs one pass over all its points.
    pub fn run(self, pass: &Pass<'_>) -> Result<Vec<[u8; ELEMENT_BYTES]>, BadPoint> {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(proof) => {
                let tables = pass.addends.iter().map(|addend| addend.base.avx512(proof)).collect();
                Zmm::enter(proof, pass::Run::<Field51<Zmm>> { pass, tables })
            }
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(proof) => {
                let tables = pass.addends.iter().map(|addend| addend.base.avx2(proof)).collect();
                Ymm::enter(proof, pass::Run::<Field25<Ymm>> { pass, tables })
            }
            Kind::Portable => portable::run(pass),
        }
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// One pass: `encode(factor * input + more + sum of addends)` for every item, or the encoding of its double.
///
/// All slices have the same length, or the longer ones are cut to the shortest.
pub struct Pass<'a> {
    /// The points that go in.
    pub input: Input<'a>,
    /// What multiplies them.
    pub factor: Factor<'a>,
    /// More points that are added to them, multiplied themselves. Two shared factors share their doublings.
    pub more: Option<More<'a>>,
    /// Multiples of fixed bases that are added to them.
    pub addends: &'a [Addend<'a>],
    /// What comes out.
    pub output: Output,
}

impl Pass<'_> {
    /// Points of the pass: those for which there is everything, so that none leaves without its factor or an addend.
    fn len(&self) -> usize {
        let points = self.input.len().min(self.factor.len());
        let more = self.more.as_ref().map_or(usize::MAX, |more| more.input.len().min(more.factor.len()));
        let least = self.addends.iter().map(|addend| addend.scalars.len()).fold(points.min(more), usize::min);
        // Neither an input nor an addend: nothing to do.
        if least == usize::MAX { 0 } else { least }
    }
}

/// The points that go in.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    /// Differences: each of the first less all that stand at its place in the others. Every encoding is canonical, or the pass is
    /// refused; the identity is not refused.
    Difference {
        /** What is subtracted from. */
        of: &'a [[u8; ELEMENT_BYTES]],
        /** What is subtracted. */
        less: &'a [&'a [[u8; ELEMENT_BYTES]]],
    },
    /// Encodings that a peer sent: canonical and not the identity, or the pass is refused.
    Encoded(&'a [[u8; ELEMENT_BYTES]]),
    /// None: the addends alone.
    None,
    /// Encodings that this party made, the identity among them.
    Own(&'a [[u8; ELEMENT_BYTES]]),
    /// Uniform bytes to be mapped (RFC 9496 §4.3.4).
    Uniform(&'a [[u8; 64]]),
}

impl Input<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Encoded(points) | Self::Own(points) => points.len(),
            Self::Difference { of, less } => less.iter().map(|less| less.len()).fold(of.len(), usize::min),
            Self::Uniform(points) => points.len(),
            Self::None => usize::MAX,
        }
    }
}

/// Points beside those that go in.
#[derive(Clone, Copy)]
pub struct More<'a> {
    /// The points.
    pub input: Input<'a>,
    /// What multiplies them.
    pub factor: Factor<'a>,
}

/// What multiplies each point that goes in.
#[derive(Clone, Copy)]
pub enum Factor<'a> {
    /// A scalar for each point.
    Each(&'a [SecretScalar]),
    /// Nothing.
    One,
    /// One scalar for all.
    Shared(&'a SecretScalar),
}

impl Factor<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Each(scalars) => scalars.len(),
            Self::One | Self::Shared(_) => usize::MAX,
        }
    }
}

/// A multiple of a fixed base that is added to each point.
#[derive(Clone, Copy)]
pub struct Addend<'a> {
    /// The base.
    pub base: &'a FixedBase,
    /// What multiplies it for each point.
    pub scalars: Scalars<'a>,
}

/// Scalars of an addend, one a point.
#[derive(Clone, Copy)]
pub enum Scalars<'a> {
    /// Small numbers, for [`FixedBase::half_generator_for_numbers`].
    Numbers(&'a [u32]),
    /// Scalars.
    Secret(&'a [&'a SecretScalar]),
}

impl Scalars<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Secret(scalars) => scalars.len(),
        }
    }
}

/// What comes out.
#[derive(Clone, Copy)]
pub enum Output {
    /// The encoding of each result's double: one inversion for many, instead of an inverse square root each. Scalars are halved
    /// for it before ([`SecretScalar::half`]).
    Double,
    /// Nothing: the points that go in are decoded and checked.
    Nothing,
    /// The encoding of each result.
    Plain,
}

/// The first encoding of a batch that was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadPoint {
    /// Its index in the batch.
    pub index: usize,
    /// Why.
    pub kind: BadPointKind,
}

/// Why an encoding was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadPointKind {
    /// The identity element, which no blinding can hide.
    Identity,
    /// Not the canonical encoding of an element.
    NotCanonical,
}

impl BadPointKind {
    /// What can be seen from the bytes to be wrong with an encoding. Public data.
    fn of_bytes(bytes: &[u8; ELEMENT_BYTES]) -> Option<Self> {
        /// p, little-endian: a canonical encoding is below it, and not negative (RFC 9496 §4.3.1, step 1).
        const P: [u8; ELEMENT_BYTES] = {
            let mut p = [0xFF; ELEMENT_BYTES];
            (p[0], p[ELEMENT_BYTES - 1]) = (0xED, 0x7F);
            p
        };
        let below_p = bytes.iter().rev().lt(P.iter().rev());
        let [lowest, ..] = bytes;
        if !below_p || lowest & 1 == 1 {
            Some(Self::NotCanonical)
        } else if *bytes == [0; ELEMENT_BYTES] {
            Some(Self::Identity)
        } else {
            None
        }
    }
}
