//! The field in five limbs of 51 bits for the 52-bit multiply-add.
//!
//! # Bounds
//!
//! A reduced element has limbs below R = 2^51 + 2^17, so every factor is below 2^52, of which the instruction reads
//! exactly 52 bits. With `a_i b_j = 2^52 high + low`, `low` counts in column i+j and `2 high` in column i+j+1.
//!
//! * **Product of two reduced elements.** low < 2^52, high < R^2 / 2^52 < 2^50 + 2^17. Column k below 5 gets at most
//!   5 low and 8 high, column k above 4 at most 4 low and 10 high: folded, `c_k + 19 c_(k+5)` is largest for k = 0 with
//!   1 low + 19 (4 low + 10 high) < (1 + 19 x 6.51) 2^52 < 2^58.97. So a product has columns below 2^59.
//! * **One factor not reduced** (a negated one, below 2^52): high < 2^51 + 2^17; 1 + 19 (4 + 5.01) = 172.2, below 2^59.5.
//! * **Sums and differences.** Up to four products stay below 4 x 2^59.5 = 2^61.5. The bias `2^10 p` that makes a
//!   difference positive has limbs of at least 2^10 (2^51 - 19) > 2^60.9, above two products (2^60.5), and below
//!   2^61: three products and the bias stay below 2^61.1 + 2^61 < 2^62.1.
//! * **Carry.** Limbs below 2^62.1 have carries below 2^11.1, and 19 of them below 2^15.4: one parallel pass leaves limbs
//!   below 2^51 + 2^15.4 < R.

use super::{
    field::{Field, Mask, Proof},
    vector::{Lanes, Multiply52, Word},
};

/// Five vectors of limbs.
#[derive(Clone, Copy)]
pub(super) struct Field51<W>(pub(super) [W; 5]);

/// Five columns of a product.
#[derive(Clone, Copy)]
pub(super) struct Wide51<W>([W; 5]);

const LOW_51: u64 = (1 << 51) - 1;
/// 2 p by limb: above R, so that a difference of reduced limbs is not negative.
const TWICE_P: [u64; 5] = [2 * (LOW_51 - 18), 2 * LOW_51, 2 * LOW_51, 2 * LOW_51, 2 * LOW_51];
/// 2^10 p by limb.
const BIAS: [u64; 5] = [(LOW_51 - 18) << 10, LOW_51 << 10, LOW_51 << 10, LOW_51 << 10, LOW_51 << 10];

/// One parallel pass of carries; limbs below 2^62.1, see the bounds above.
#[inline(always)]
fn carry<W: Multiply52>([a, b, c, d, e]: [W; 5]) -> Field51<W> {
    let low = a.like(LOW_51);
    // The top carry is below 2^12, so 19 of it fit the low product.
    let first = a.and(low).add_low(e.shr::<51>(), a.like(19));
    Field51([
        first,
        b.and(low).add(a.shr::<51>()),
        c.and(low).add(b.shr::<51>()),
        d.and(low).add(c.shr::<51>()),
        e.and(low).add(d.shr::<51>()),
    ])
}

#[inline(always)]
fn plus<W: Word>([a, b, c, d, e]: [W; 5], [f, g, h, i, j]: [W; 5]) -> [W; 5] {
    [a.add(f), b.add(g), c.add(h), d.add(i), e.add(j)]
}

/// `one + constant - other` by limb.
#[inline(always)]
fn minus<W: Word>(one: [W; 5], other: [W; 5], [p, q, r, s, t]: [u64; 5]) -> [W; 5] {
    let ([a, b, c, d, e], [f, g, h, i, j]) = (one, other);
    [
        a.add(a.like(p)).sub(f),
        b.add(b.like(q)).sub(g),
        c.add(c.like(r)).sub(h),
        d.add(d.like(s)).sub(i),
        e.add(e.like(t)).sub(j),
    ]
}

#[inline(always)]
fn twice<W: Word>(one: W) -> W {
    one.add(one)
}

/// The limbs of eight elements: the 255 low bits of each.
#[inline(always)]
pub(super) fn limbs(elements: &[[u8; 32]; 8]) -> [Lanes; 5] {
    let mut limbs = [[0; 8]; 5];
    let [l0, l1, l2, l3, l4] = &mut limbs;
    for (lane, bytes) in elements.iter().enumerate() {
        let [w0, w1, w2, w3] = words(bytes);
        let each = [
            w0 & LOW_51,
            (w0 >> 51 | w1 << 13) & LOW_51,
            (w1 >> 38 | w2 << 26) & LOW_51,
            (w2 >> 25 | w3 << 39) & LOW_51,
            (w3 >> 12) & LOW_51,
        ];
        for (limb, value) in [&mut *l0, &mut *l1, &mut *l2, &mut *l3, &mut *l4].into_iter().zip(each) {
            if let Some(limb) = limb.get_mut(lane) {
                *limb = value;
            }
        }
    }
    limbs
}

#[inline(always)]
pub(super) fn words(bytes: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*chunk);
    }
    words
}

/// The bytes of canonical elements in 51-bit limbs.
#[inline(always)]
pub(super) fn bytes<W: Word>([a, b, c, d, e]: [W; 5]) -> [[u8; 32]; 8] {
    let (a, b, c, d, e) = (a.store(), b.store(), c.store(), d.store(), e.store());
    let mut elements = [[0; 32]; 8];
    for (((((element, a), b), c), d), e) in elements.iter_mut().zip(a).zip(b).zip(c).zip(d).zip(e) {
        let words = [a | b << 51, b >> 13 | c << 38, c >> 26 | d << 25, d >> 39 | e << 12];
        for (bytes, word) in element.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
    }
    elements
}

impl<W: Multiply52> Field for Field51<W> {
    type Word = W;
    type Wide = Wide51<W>;
    type Rows = [W::Row; 5];
    const FOUR_DOUBLINGS_FIT: bool = true;

    #[inline(always)]
    fn load(proof: Proof<Self>, elements: &[[u8; 32]; 8]) -> Self {
        let [a, b, c, d, e] = limbs(elements);
        Self([
            W::load(proof, &a),
            W::load(proof, &b),
            W::load(proof, &c),
            W::load(proof, &d),
            W::load(proof, &e),
        ])
    }

    #[inline(always)]
    fn store(self) -> [[u8; 32]; 8] {
        bytes(self.canonical().0)
    }

    #[inline(always)]
    fn canonical(self) -> Self {
        // A reduced element is below 2^255 + 2^222 < 2p. So the quotient of value + 19 by 2^255 is 0 below p and 1 from p.
        let [a, b, c, d, e] = self.0;
        let low = a.like(LOW_51);
        let carry = a.add(a.like(19)).shr::<51>();
        let carry = b.add(carry).shr::<51>();
        let carry = c.add(carry).shr::<51>();
        let carry = d.add(carry).shr::<51>();
        let quotient = e.add(carry).shr::<51>();
        let a = a.add_low(quotient, a.like(19));
        let b = b.add(a.shr::<51>());
        let c = c.add(b.shr::<51>());
        let d = d.add(c.shr::<51>());
        let e = e.add(d.shr::<51>());
        Self([a.and(low), b.and(low), c.and(low), d.and(low), e.and(low)])
    }

    #[inline(always)]
    fn limbs_are_zero(self) -> Mask<Self> {
        // Canonical limbs are below 2^51: a sum of five is zero only if each is.
        let [a, b, c, d, e] = self.0;
        a.add(b).add(c).add(d).add(e).equals(a.like(0))
    }

    #[inline(always)]
    fn lowest_bit(self) -> Mask<Self> {
        let [a, ..] = self.0;
        a.and(a.like(1)).equals(a.like(1))
    }

    #[inline(always)]
    fn mul_wide(self, other: Self) -> Wide51<W> {
        let ([a0, a1, a2, a3, a4], [b0, b1, b2, b3, b4]) = (self.0, other.0);
        let z = a0.like(0);
        let h1 = twice(z.add_high(a0, b0));
        let h2 = twice(z.add_high(a0, b1).add_high(a1, b0));
        let h3 = twice(z.add_high(a0, b2).add_high(a1, b1).add_high(a2, b0));
        let h4 = twice(z.add_high(a0, b3).add_high(a1, b2).add_high(a2, b1).add_high(a3, b0));
        let h5 =
            twice(z.add_high(a0, b4).add_high(a1, b3).add_high(a2, b2).add_high(a3, b1).add_high(a4, b0));
        let h6 = twice(z.add_high(a1, b4).add_high(a2, b3).add_high(a3, b2).add_high(a4, b1));
        let h7 = twice(z.add_high(a2, b4).add_high(a3, b3).add_high(a4, b2));
        let h8 = twice(z.add_high(a3, b4).add_high(a4, b3));
        let h9 = twice(z.add_high(a4, b4));
        let c0 = z.add_low(a0, b0);
        let c1 = h1.add_low(a0, b1).add_low(a1, b0);
        let c2 = h2.add_low(a0, b2).add_low(a1, b1).add_low(a2, b0);
        let c3 = h3.add_low(a0, b3).add_low(a1, b2).add_low(a2, b1).add_low(a3, b0);
        let c4 = h4.add_low(a0, b4).add_low(a1, b3).add_low(a2, b2).add_low(a3, b1).add_low(a4, b0);
        let c5 = h5.add_low(a1, b4).add_low(a2, b3).add_low(a3, b2).add_low(a4, b1);
        let c6 = h6.add_low(a2, b4).add_low(a3, b3).add_low(a4, b2);
        let c7 = h7.add_low(a3, b4).add_low(a4, b3);
        let c8 = h8.add_low(a4, b4);
        Wide51([
            c0.add(c5.times_19()),
            c1.add(c6.times_19()),
            c2.add(c7.times_19()),
            c3.add(c8.times_19()),
            c4.add(h9.times_19()),
        ])
    }

    #[inline(always)]
    fn square_wide(self) -> Wide51<W> {
        // Column k is 2 (2 high of the pairs + high of the square at k-1, + low of the pairs) + low of the square at k.
        let [a, b, c, d, e] = self.0;
        let z = a.like(0);
        let c0 = z.add_low(a, a);
        let c1 = twice(z.add_high(a, a).add_low(a, b));
        let c2 = twice(twice(z.add_high(a, b)).add_low(a, c)).add_low(b, b);
        let c3 = twice(twice(z.add_high(a, c)).add_high(b, b).add_low(a, d).add_low(b, c));
        let c4 = twice(twice(z.add_high(a, d).add_high(b, c)).add_low(a, e).add_low(b, d)).add_low(c, c);
        let c5 = twice(twice(z.add_high(a, e).add_high(b, d)).add_high(c, c).add_low(b, e).add_low(c, d));
        let c6 = twice(twice(z.add_high(b, e).add_high(c, d)).add_low(c, e)).add_low(d, d);
        let c7 = twice(twice(z.add_high(c, e)).add_high(d, d).add_low(d, e));
        let c8 = twice(twice(z.add_high(d, e))).add_low(e, e);
        let c9 = twice(z.add_high(e, e));
        Wide51([
            c0.add(c5.times_19()),
            c1.add(c6.times_19()),
            c2.add(c7.times_19()),
            c3.add(c8.times_19()),
            c4.add(c9.times_19()),
        ])
    }

    #[inline(always)]
    fn wide_sum(one: Wide51<W>, other: Wide51<W>) -> Wide51<W> {
        Wide51(plus(one.0, other.0))
    }

    #[inline(always)]
    fn wide_difference(one: Wide51<W>, other: Wide51<W>) -> Self {
        carry(minus(one.0, other.0, BIAS))
    }

    #[inline(always)]
    fn carried(wide: Wide51<W>) -> Self {
        carry(wide.0)
    }

    #[inline(always)]
    fn sum(self, other: Self) -> Self {
        // Below 2 R, which exceeds 2^52 by 2^18: it must be carried before it is multiplied.
        carry(plus(self.0, other.0))
    }

    #[inline(always)]
    fn difference(self, other: Self) -> Self {
        carry(minus(self.0, other.0, TWICE_P))
    }

    #[inline(always)]
    fn sum_factor(self, other: Self) -> Self {
        self.sum(other)
    }

    #[inline(always)]
    fn difference_factor(self, other: Self) -> Self {
        self.difference(other)
    }

    #[inline(always)]
    fn negated_factor(self) -> Self {
        // Limbs at most those of 2 p, below 2^52.
        let [a, b, c, d, e] = self.0;
        let [p, q, r, s, t] = TWICE_P;
        Self([a.like(p).sub(a), b.like(q).sub(b), c.like(r).sub(c), d.like(s).sub(d), e.like(t).sub(e)])
    }

    #[inline(always)]
    fn select(mask: Mask<Self>, yes: Self, no: Self) -> Self {
        let ([a, b, c, d, e], [f, g, h, i, j]) = (yes.0, no.0);
        Self([
            W::select(mask, a, f),
            W::select(mask, b, g),
            W::select(mask, c, h),
            W::select(mask, d, i),
            W::select(mask, e, j),
        ])
    }

    #[inline(always)]
    fn rows(proof: Proof<Self>, elements: &[[u8; 32]; 8]) -> Self::Rows {
        let [a, b, c, d, e] = limbs(elements);
        [W::row(proof, &a), W::row(proof, &b), W::row(proof, &c), W::row(proof, &d), W::row(proof, &e)]
    }

    #[inline(always)]
    fn pick(
        [a, b, c, d, e]: &Self::Rows,
        [f, g, h, i, j]: &Self::Rows,
        index: W,
        is_high: Mask<Self>,
    ) -> Self {
        Self([
            W::pick(a, f, index, is_high),
            W::pick(b, g, index, is_high),
            W::pick(c, h, index, is_high),
            W::pick(d, i, index, is_high),
            W::pick(e, j, index, is_high),
        ])
    }
}
