//! The field in ten limbs of 26 and 25 bits in turn, for 32-bit products.
//!
//! # Bounds
//!
//! A reduced element has even limbs below 2^26 + 2^8 and odd limbs below 2^25 + 2^17. Limb i stands at bit ceil(25.5 i): the
//! product of two odd limbs counts twice, and what stands 255 bits up counts 19 times.
//!
//! * **Factors.** Of 32 bits that the instruction reads, 19 times a reduced limb needs 30.3, of a negated right factor (below 2^27)
//!   or a squared sum (twice reduced) 31.3; twice an odd limb of a left factor (at most three times reduced) needs 27.6.
//! * **Products.** Column 0 is largest: `a_0 b_0`, four even pairs 19-fold and five odd pairs 38-fold, below
//!   (1 + 4 x 19 + 5 x 19 / 2) 2^52 (1 + 2^-7) < 2^59; odd columns are below (1 + 4 x 19) 2^52 (1 + 2^-7) < 2^58.3. A negated factor
//!   or a sum doubles both, a difference makes them three times as large, the square of a sum four times: below 2^61 and 2^60.3.
//! * **Sums and differences.** What is taken away is two products, of which one may have a negated factor, or one product of a
//!   difference: below 2^60.6 in even and 2^59.9 in odd columns. The bias `2^36 p` has limbs above 2^61.9 and 2^60.9. What is taken
//!   from is below 2^61.6 (four products, or one of a difference and one of a sum): with the bias below 2^63.
//! * **Carry.** From 2^63 a carry is below 2^38, and 19 of the top one below 2^42.3. The chain ends with a carry below 2^17 into
//!   limb 1 and below 2^13 into limb 5, and every other limb cut to its bits.

use super::{
    columns25,
    field::{Field, Mask, Proof},
    field51,
    vector::{Lanes, Multiply32, Word},
};

/// Ten vectors of limbs.
#[derive(Clone, Copy)]
pub(super) struct Field25<W>(pub(super) [W; 10]);

/// Ten columns of a product.
#[derive(Clone, Copy)]
pub(super) struct Wide25<W>([W; 10]);

const LOW_26: u64 = (1 << 26) - 1;
const LOW_25: u64 = (1 << 25) - 1;

/// `factor * p` by limb.
const fn multiple_of_p(factor: u64) -> [u64; 10] {
    let (even, odd) = (factor * LOW_26, factor * LOW_25);
    [even - 18 * factor, odd, even, odd, even, odd, even, odd, even, odd]
}

const TWICE_P: [u64; 10] = multiple_of_p(2);
const BIAS: [u64; 10] = multiple_of_p(1 << 36);

/// The chain of carries for columns below 2^63: two strands, so that one does not wait for the other.
#[inline(always)]
fn carry<W: Multiply32>([a, b, c, d, e, f, g, h, i, j]: [W; 10]) -> Field25<W> {
    let (even, odd) = (a.like(LOW_26), a.like(LOW_25));
    let (b, a) = (b.add(a.shr::<26>()), a.and(even));
    let (f, e) = (f.add(e.shr::<26>()), e.and(even));
    let (c, b) = (c.add(b.shr::<25>()), b.and(odd));
    let (g, f) = (g.add(f.shr::<25>()), f.and(odd));
    let (d, c) = (d.add(c.shr::<26>()), c.and(even));
    let (h, g) = (h.add(g.shr::<26>()), g.and(even));
    let (e, d) = (e.add(d.shr::<25>()), d.and(odd));
    let (i, h) = (i.add(h.shr::<25>()), h.and(odd));
    let (f, e) = (f.add(e.shr::<26>()), e.and(even));
    let (j, i) = (j.add(i.shr::<26>()), i.and(even));
    let (a, j) = (a.add(times_19(j.shr::<25>())), j.and(odd));
    let (b, a) = (b.add(a.shr::<26>()), a.and(even));
    Field25([a, b, c, d, e, f, g, h, i, j])
}

/// `19 one` below 2^59.
#[inline(always)]
fn times_19<W: Word>(one: W) -> W {
    one.shl::<4>().add(one.shl::<1>()).add(one)
}

/// One parallel pass for limbs below 2^29: carries below 2^4.
#[inline(always)]
fn settle<W: Multiply32>([a, b, c, d, e, f, g, h, i, j]: [W; 10]) -> Field25<W> {
    let (even, odd) = (a.like(LOW_26), a.like(LOW_25));
    Field25([
        a.and(even).add(times_19(j.shr::<25>())),
        b.and(odd).add(a.shr::<26>()),
        c.and(even).add(b.shr::<25>()),
        d.and(odd).add(c.shr::<26>()),
        e.and(even).add(d.shr::<25>()),
        f.and(odd).add(e.shr::<26>()),
        g.and(even).add(f.shr::<25>()),
        h.and(odd).add(g.shr::<26>()),
        i.and(even).add(h.shr::<25>()),
        j.and(odd).add(i.shr::<26>()),
    ])
}

#[inline(always)]
fn plus<W: Word>(mut one: [W; 10], other: [W; 10]) -> [W; 10] {
    for (one, other) in one.iter_mut().zip(other) {
        *one = one.add(other);
    }
    one
}

/// `one + constant - other` by limb.
#[inline(always)]
fn minus<W: Word>(mut one: [W; 10], other: [W; 10], constant: [u64; 10]) -> [W; 10] {
    for ((one, other), constant) in one.iter_mut().zip(other).zip(constant) {
        *one = one.add(other.like(constant)).sub(other);
    }
    one
}

/// The limbs of eight elements: 51 bits are an even limb and the odd one above it.
#[inline(always)]
fn limbs(elements: &[[u8; 32]; 8]) -> [Lanes; 10] {
    let mut limbs = [[0; 8]; 10];
    for (pair, both) in limbs.as_chunks_mut::<2>().0.iter_mut().zip(field51::limbs(elements)) {
        let [even, odd] = pair;
        for ((even, odd), both) in even.iter_mut().zip(odd).zip(both) {
            (*even, *odd) = (both & LOW_26, both >> 26);
        }
    }
    limbs
}

impl<W: Multiply32> Field for Field25<W> {
    type Word = W;
    type Wide = Wide25<W>;
    type Rows = [W::Row; 10];
    const FOUR_DOUBLINGS_FIT: bool = false;

    #[inline(always)]
    fn load(proof: Proof<Self>, elements: &[[u8; 32]; 8]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j] = limbs(elements);
        let load = [
            W::load(proof, &a),
            W::load(proof, &b),
            W::load(proof, &c),
            W::load(proof, &d),
            W::load(proof, &e),
            W::load(proof, &f),
            W::load(proof, &g),
            W::load(proof, &h),
            W::load(proof, &i),
            W::load(proof, &j),
        ];
        Self(load)
    }

    #[inline(always)]
    fn store(self) -> [[u8; 32]; 8] {
        let [a, b, c, d, e, f, g, h, i, j] = self.canonical().0;
        // An even limb and the odd one above it are 51 bits.
        let both = [a.add(up(b)), c.add(up(d)), e.add(up(f)), g.add(up(h)), i.add(up(j))];
        field51::bytes(both)
    }

    #[inline(always)]
    fn canonical(self) -> Self {
        // A reduced element is below 2^255 + 2^248 < 2p. So the quotient of value + 19 by 2^255 is 0 below p and 1 from p.
        let [a, b, c, d, e, f, g, h, i, j] = self.0;
        let (even, odd) = (a.like(LOW_26), a.like(LOW_25));
        let carry = a.add(a.like(19)).shr::<26>();
        let carry = b.add(carry).shr::<25>();
        let carry = c.add(carry).shr::<26>();
        let carry = d.add(carry).shr::<25>();
        let carry = e.add(carry).shr::<26>();
        let carry = f.add(carry).shr::<25>();
        let carry = g.add(carry).shr::<26>();
        let carry = h.add(carry).shr::<25>();
        let carry = i.add(carry).shr::<26>();
        let quotient = j.add(carry).shr::<25>();
        let a = a.add(times_19(quotient));
        let b = b.add(a.shr::<26>());
        let c = c.add(b.shr::<25>());
        let d = d.add(c.shr::<26>());
        let e = e.add(d.shr::<25>());
        let f = f.add(e.shr::<26>());
        let g = g.add(f.shr::<25>());
        let h = h.add(g.shr::<26>());
        let i = i.add(h.shr::<25>());
        let j = j.add(i.shr::<26>());
        Self([
            a.and(even),
            b.and(odd),
            c.and(even),
            d.and(odd),
            e.and(even),
            f.and(odd),
            g.and(even),
            h.and(odd),
            i.and(even),
            j.and(odd),
        ])
    }

    #[inline(always)]
    fn limbs_are_zero(self) -> Mask<Self> {
        // Canonical limbs are below 2^26: a sum of ten is zero only if each is.
        let [a, b, c, d, e, f, g, h, i, j] = self.0;
        let sum = a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j);
        sum.equals(a.like(0))
    }

    #[inline(always)]
    fn lowest_bit(self) -> Mask<Self> {
        let [a, ..] = self.0;
        a.and(a.like(1)).equals(a.like(1))
    }

    #[inline(always)]
    fn mul_wide(self, other: Self) -> Wide25<W> {
        Wide25(columns25::product(self.0, other.0))
    }

    #[inline(always)]
    fn square_wide(self) -> Wide25<W> {
        Wide25(columns25::square(self.0))
    }

    #[inline(always)]
    fn wide_sum(one: Wide25<W>, other: Wide25<W>) -> Wide25<W> {
        Wide25(plus(one.0, other.0))
    }

    #[inline(always)]
    fn wide_difference(one: Wide25<W>, other: Wide25<W>) -> Self {
        carry(minus(one.0, other.0, BIAS))
    }

    #[inline(always)]
    fn carried(wide: Wide25<W>) -> Self {
        carry(wide.0)
    }

    #[inline(always)]
    fn sum(self, other: Self) -> Self {
        settle(plus(self.0, other.0))
    }

    #[inline(always)]
    fn difference(self, other: Self) -> Self {
        settle(minus(self.0, other.0, TWICE_P))
    }

    #[inline(always)]
    fn sum_factor(self, other: Self) -> Self {
        Self(plus(self.0, other.0))
    }

    #[inline(always)]
    fn difference_factor(self, other: Self) -> Self {
        Self(minus(self.0, other.0, TWICE_P))
    }

    #[inline(always)]
    fn negated_factor(self) -> Self {
        let [a, ..] = self.0;
        let zero = a.like(0);
        Self(minus([zero; 10], self.0, TWICE_P))
    }

    #[inline(always)]
    fn select(mask: Mask<Self>, yes: Self, mut no: Self) -> Self {
        for (no, yes) in no.0.iter_mut().zip(yes.0) {
            *no = W::select(mask, yes, *no);
        }
        no
    }

    #[inline(always)]
    fn rows(proof: Proof<Self>, elements: &[[u8; 32]; 8]) -> Self::Rows {
        let [a, b, c, d, e, f, g, h, i, j] = limbs(elements);
        [
            W::row(proof, &a),
            W::row(proof, &b),
            W::row(proof, &c),
            W::row(proof, &d),
            W::row(proof, &e),
            W::row(proof, &f),
            W::row(proof, &g),
            W::row(proof, &h),
            W::row(proof, &i),
            W::row(proof, &j),
        ]
    }

    #[inline(always)]
    fn pick(low: &Self::Rows, high: &Self::Rows, index: W, is_high: Mask<Self>) -> Self {
        let [a, b, c, d, e, f, g, h, i, j] = low;
        let [k, l, m, n, o, p, q, r, s, t] = high;
        Self([
            W::pick(a, k, index, is_high),
            W::pick(b, l, index, is_high),
            W::pick(c, m, index, is_high),
            W::pick(d, n, index, is_high),
            W::pick(e, o, index, is_high),
            W::pick(f, p, index, is_high),
            W::pick(g, q, index, is_high),
            W::pick(h, r, index, is_high),
            W::pick(i, s, index, is_high),
            W::pick(j, t, index, is_high),
        ])
    }
}

/// `2^26 one` for a number below 2^25.
#[inline(always)]
fn up<W: Multiply32>(one: W) -> W {
    one.product(one.like(1 << 26))
}
