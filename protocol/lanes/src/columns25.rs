//! The hundred products of a multiplication and the fifty-five of a square in ten limbs; the bounds stand in `field25`.
//!
//! Limb i stands at bit ceil(25.5 i): the product of two odd limbs counts twice (`fNd` is twice a limb), and what stands 255 bits
//! up counts 19 times (`gNn` is 19 times a limb).

use super::vector::{Multiply32, Word};

#[inline(always)]
fn twice<W: Word>(one: W) -> W {
    one.add(one)
}

#[inline(always)]
#[rustfmt::skip] // row by row: ten sums stay in registers, one factor is read from memory
pub(super) fn product<W: Multiply32>(one: [W; 10], other: [W; 10]) -> [W; 10] {
    let [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9] = one;
    let [g0, g1, g2, g3, g4, g5, g6, g7, g8, g9] = other;
    let n = g0.like(19);
    let (g1n, g2n, g3n, g4n, g5n) = (g1.product(n), g2.product(n), g3.product(n), g4.product(n), g5.product(n));
    let (g6n, g7n, g8n, g9n) = (g6.product(n), g7.product(n), g8.product(n), g9.product(n));
    let c0 = f0.product(g0);
    let c1 = f0.product(g1);
    let c2 = f0.product(g2);
    let c3 = f0.product(g3);
    let c4 = f0.product(g4);
    let c5 = f0.product(g5);
    let c6 = f0.product(g6);
    let c7 = f0.product(g7);
    let c8 = f0.product(g8);
    let c9 = f0.product(g9);
    let f1d = twice(f1);
    let c1 = c1.add(f1.product(g0));
    let c2 = c2.add(f1d.product(g1));
    let c3 = c3.add(f1.product(g2));
    let c4 = c4.add(f1d.product(g3));
    let c5 = c5.add(f1.product(g4));
    let c6 = c6.add(f1d.product(g5));
    let c7 = c7.add(f1.product(g6));
    let c8 = c8.add(f1d.product(g7));
    let c9 = c9.add(f1.product(g8));
    let c0 = c0.add(f1d.product(g9n));
    let c2 = c2.add(f2.product(g0));
    let c3 = c3.add(f2.product(g1));
    let c4 = c4.add(f2.product(g2));
    let c5 = c5.add(f2.product(g3));
    let c6 = c6.add(f2.product(g4));
    let c7 = c7.add(f2.product(g5));
    let c8 = c8.add(f2.product(g6));
    let c9 = c9.add(f2.product(g7));
    let c0 = c0.add(f2.product(g8n));
    let c1 = c1.add(f2.product(g9n));
    let f3d = twice(f3);
    let c3 = c3.add(f3.product(g0));
    let c4 = c4.add(f3d.product(g1));
    let c5 = c5.add(f3.product(g2));
    let c6 = c6.add(f3d.product(g3));
    let c7 = c7.add(f3.product(g4));
    let c8 = c8.add(f3d.product(g5));
    let c9 = c9.add(f3.product(g6));
    let c0 = c0.add(f3d.product(g7n));
    let c1 = c1.add(f3.product(g8n));
    let c2 = c2.add(f3d.product(g9n));
    let c4 = c4.add(f4.product(g0));
    let c5 = c5.add(f4.product(g1));
    let c6 = c6.add(f4.product(g2));
    let c7 = c7.add(f4.product(g3));
    let c8 = c8.add(f4.product(g4));
    let c9 = c9.add(f4.product(g5));
    let c0 = c0.add(f4.product(g6n));
    let c1 = c1.add(f4.product(g7n));
    let c2 = c2.add(f4.product(g8n));
    let c3 = c3.add(f4.product(g9n));
    let f5d = twice(f5);
    let c5 = c5.add(f5.product(g0));
    let c6 = c6.add(f5d.product(g1));
    let c7 = c7.add(f5.product(g2));
    let c8 = c8.add(f5d.product(g3));
    let c9 = c9.add(f5.product(g4));
    let c0 = c0.add(f5d.product(g5n));
    let c1 = c1.add(f5.product(g6n));
    let c2 = c2.add(f5d.product(g7n));
    let c3 = c3.add(f5.product(g8n));
    let c4 = c4.add(f5d.product(g9n));
    let c6 = c6.add(f6.product(g0));
    let c7 = c7.add(f6.product(g1));
    let c8 = c8.add(f6.product(g2));
    let c9 = c9.add(f6.product(g3));
    let c0 = c0.add(f6.product(g4n));
    let c1 = c1.add(f6.product(g5n));
    let c2 = c2.add(f6.product(g6n));
    let c3 = c3.add(f6.product(g7n));
    let c4 = c4.add(f6.product(g8n));
    let c5 = c5.add(f6.product(g9n));
    let f7d = twice(f7);
    let c7 = c7.add(f7.product(g0));
    let c8 = c8.add(f7d.product(g1));
    let c9 = c9.add(f7.product(g2));
    let c0 = c0.add(f7d.product(g3n));
    let c1 = c1.add(f7.product(g4n));
    let c2 = c2.add(f7d.product(g5n));
    let c3 = c3.add(f7.product(g6n));
    let c4 = c4.add(f7d.product(g7n));
    let c5 = c5.add(f7.product(g8n));
    let c6 = c6.add(f7d.product(g9n));
    let c8 = c8.add(f8.product(g0));
    let c9 = c9.add(f8.product(g1));
    let c0 = c0.add(f8.product(g2n));
    let c1 = c1.add(f8.product(g3n));
    let c2 = c2.add(f8.product(g4n));
    let c3 = c3.add(f8.product(g5n));
    let c4 = c4.add(f8.product(g6n));
    let c5 = c5.add(f8.product(g7n));
    let c6 = c6.add(f8.product(g8n));
    let c7 = c7.add(f8.product(g9n));
    let f9d = twice(f9);
    let c9 = c9.add(f9.product(g0));
    let c0 = c0.add(f9d.product(g1n));
    let c1 = c1.add(f9.product(g2n));
    let c2 = c2.add(f9d.product(g3n));
    let c3 = c3.add(f9.product(g4n));
    let c4 = c4.add(f9d.product(g5n));
    let c5 = c5.add(f9.product(g6n));
    let c6 = c6.add(f9d.product(g7n));
    let c7 = c7.add(f9.product(g8n));
    let c8 = c8.add(f9d.product(g9n));
    [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9]
}

#[inline(always)]
#[rustfmt::skip] // a line a column: twice the pairs, and the squares
pub(super) fn square<W: Multiply32>(one: [W; 10]) -> [W; 10] {
    let [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9] = one;
    let n = f0.like(19);
    let (f5n, f6n, f7n, f8n, f9n) = (f5.product(n), f6.product(n), f7.product(n), f8.product(n), f9.product(n));
    let (f1d, f3d, f5d, f7d, f9d) = (twice(f1), twice(f3), twice(f5), twice(f7), twice(f9));
    [
        twice(f1d.product(f9n).add(f2.product(f8n)).add(f3d.product(f7n)).add(f4.product(f6n))).add(f0.product(f0)).add(f5d.product(f5n)),
        twice(f0.product(f1).add(f2.product(f9n)).add(f3.product(f8n)).add(f4.product(f7n)).add(f5.product(f6n))),
        twice(f0.product(f2).add(f3d.product(f9n)).add(f4.product(f8n)).add(f5d.product(f7n))).add(f1d.product(f1)).add(f6.product(f6n)),
        twice(f0.product(f3).add(f1.product(f2)).add(f4.product(f9n)).add(f5.product(f8n)).add(f6.product(f7n))),
        twice(f0.product(f4).add(f1d.product(f3)).add(f5d.product(f9n)).add(f6.product(f8n))).add(f2.product(f2)).add(f7d.product(f7n)),
        twice(f0.product(f5).add(f1.product(f4)).add(f2.product(f3)).add(f6.product(f9n)).add(f7.product(f8n))),
        twice(f0.product(f6).add(f1d.product(f5)).add(f2.product(f4)).add(f7d.product(f9n))).add(f3d.product(f3)).add(f8.product(f8n)),
        twice(f0.product(f7).add(f1.product(f6)).add(f2.product(f5)).add(f3.product(f4)).add(f8.product(f9n))),
        twice(f0.product(f8).add(f1d.product(f7)).add(f2.product(f6)).add(f3d.product(f5))).add(f4.product(f4)).add(f9d.product(f9n)),
        twice(f0.product(f9).add(f1.product(f8)).add(f2.product(f7)).add(f3.product(f6)).add(f4.product(f5))),
    ]
}
