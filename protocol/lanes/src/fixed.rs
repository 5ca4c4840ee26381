//! A fixed base: the generator, or a column key of the round, with tables for every backend that asks for one.

use std::sync::OnceLock;

use curve25519_dalek::{
    constants::RISTRETTO_BASEPOINT_POINT,
    ristretto::{RistrettoBasepointTable, RistrettoPoint},
    scalar::Scalar,
};

use super::digits::{FIXED_DIGITS, FIXED_DIGITS_OF_U32};
#[cfg(target_arch = "x86_64")]
use super::{
    field25::Field25,
    field51::Field51,
    multiply::Table,
    pass::MakeTable,
    vector::{
        Word,
        ymm::{Avx2, Ymm},
        zmm::{Avx512, Zmm},
    },
};

/// A public point that is multiplied often. About 30 KiB, and 160 KiB more when a vector backend has used it.
pub struct FixedBase {
    point: RistrettoPoint,
    /// Digits of the scalars it is multiplied by.
    digits: usize,
    portable: OnceLock<Box<RistrettoBasepointTable>>,
    #[cfg(target_arch = "x86_64")]
    avx512: OnceLock<Table<Field51<Zmm>>>,
    #[cfg(target_arch = "x86_64")]
    avx2: OnceLock<Table<Field25<Ymm>>>,
}

impl FixedBase {
    /// For scalars. Tables are made when they are first needed, about 0.3 ms each.
    pub fn new(point: RistrettoPoint) -> Self {
        Self::with_digits(point, FIXED_DIGITS)
    }

    fn with_digits(point: RistrettoPoint, digits: usize) -> Self {
        Self {
            point,
            digits,
            portable: OnceLock::new(),
            #[cfg(target_arch = "x86_64")]
            avx512: OnceLock::new(),
            #[cfg(target_arch = "x86_64")]
            avx2: OnceLock::new(),
        }
    }

    /// G.
    pub fn generator() -> &'static Self {
        static GENERATOR: OnceLock<FixedBase> = OnceLock::new();
        GENERATOR.get_or_init(|| Self::new(RISTRETTO_BASEPOINT_POINT))
    }

    /// `G/2`, for numbers below 2^32 only: `m G` for passes that encode by doubling.
    pub fn half_generator_for_numbers() -> &'static Self {
        static HALF: OnceLock<FixedBase> = OnceLock::new();
        let half = || RISTRETTO_BASEPOINT_POINT * Scalar::ONE.div_by_2();
        HALF.get_or_init(|| Self::with_digits(half(), FIXED_DIGITS_OF_U32))
    }

    /// The table of `curve25519-dalek`.
    pub(super) fn portable(&self) -> &RistrettoBasepointTable {
        self.portable.get_or_init(|| Box::new(RistrettoBasepointTable::create(&self.point)))
    }

    #[cfg(target_arch = "x86_64")]
    pub(super) fn avx512(&self, proof: Avx512) -> &Table<Field51<Zmm>> {
        self.avx512.get_or_init(|| Zmm::enter(proof, self.make()))
    }

    #[cfg(target_arch = "x86_64")]
    pub(super) fn avx2(&self, proof: Avx2) -> &Table<Field25<Ymm>> {
        self.avx2.get_or_init(|| Ymm::enter(proof, self.make()))
    }

    #[cfg(target_arch = "x86_64")]
    fn make<F>(&self) -> MakeTable<F> {
        MakeTable {
            base: self.point.compress().to_bytes(),
            digits: self.digits,
            field: core::marker::PhantomData,
        }
    }
}
