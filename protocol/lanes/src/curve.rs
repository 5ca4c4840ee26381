//! Points of the curve `-x^2 + y^2 = 1 + d x^2 y^2`, one a lane (Hisil, Wong, Carter, Dawson 2008, complete formulas).

use super::field::{Constants, Field, Mask, mul};

/// `(X : Y : Z : T)` with `x = X/Z`, `y = Y/Z`, `T = XY/Z`.
#[derive(Clone, Copy)]
pub(super) struct Extended<F> {
    pub(super) x: F,
    pub(super) y: F,
    pub(super) z: F,
    pub(super) t: F,
}

/// What both formulas end in: `X = EF`, `Y = GH`, `Z = FG`, `T = EH`.
#[derive(Clone, Copy)]
pub(super) struct Completed<F> {
    e: F,
    f: F,
    g: F,
    h: F,
}

/// A point to be added: `(Y + X, Y - X, 2Z, 2dT)`.
#[derive(Clone, Copy)]
pub(super) struct Cached<F> {
    pub(super) plus: F,
    pub(super) minus: F,
    pub(super) twice_z: F,
    pub(super) twice_dt: F,
}

/// A point with `Z = 1` to be added: `(y + x, y - x, 2dxy)`.
#[derive(Clone, Copy)]
pub(super) struct Affine<F> {
    pub(super) plus: F,
    pub(super) minus: F,
    pub(super) twice_dt: F,
}

impl<F: Field> Completed<F> {
    #[inline(always)]
    pub(super) fn extended(&self) -> Extended<F> {
        Extended { t: self.t(), ..self.without_t() }
    }

    #[inline(always)]
    pub(super) fn t(&self) -> F {
        mul(self.e, self.h)
    }

    /// What T is the product of.
    #[inline(always)]
    pub(super) fn factors_of_t(&self) -> (F, F) {
        (self.e, self.h)
    }

    /// For a doubling that follows, which does not read T: left as E, and not to be read.
    #[inline(always)]
    pub(super) fn without_t(&self) -> Extended<F> {
        Extended { x: mul(self.e, self.f), y: mul(self.g, self.h), z: mul(self.f, self.g), t: self.e }
    }
}

impl<F: Field> Extended<F> {
    #[inline(always)]
    pub(super) fn identity(of: &Constants<F>) -> Self {
        Self { x: of.zero, y: of.one, z: of.one, t: of.zero }
    }

    /// `2 self`: dbl-2008-hwcd with F and H negated, which negates X, Y, Z and T together and is the same point.
    #[inline(always)]
    pub(super) fn doubled(&self) -> Completed<F> {
        let xx = self.x.square_wide();
        let yy = self.y.square_wide();
        let zz = self.z.square_wide();
        let both = self.x.sum_factor(self.y).square_wide();
        let xx_yy = F::wide_sum(xx, yy);
        Completed {
            e: F::wide_difference(both, xx_yy),
            f: F::wide_difference(F::wide_sum(F::wide_sum(zz, zz), xx), yy),
            g: F::wide_difference(yy, xx),
            h: F::carried(xx_yy),
        }
    }

    #[inline(always)]
    pub(super) fn cached(&self, of: &Constants<F>) -> Cached<F> {
        Cached {
            plus: self.y.sum(self.x),
            minus: self.y.difference(self.x),
            twice_z: self.z.sum(self.z),
            twice_dt: mul(self.t, of.twice_d),
        }
    }

    /// `self + other`. `other.twice_dt` may be a negated factor.
    #[inline(always)]
    pub(super) fn add(&self, other: &Cached<F>) -> Completed<F> {
        let a = self.y.difference_factor(self.x).mul_wide(other.minus);
        let b = self.y.sum_factor(self.x).mul_wide(other.plus);
        let c = self.t.mul_wide(other.twice_dt);
        let d = self.z.mul_wide(other.twice_z);
        Completed {
            e: F::wide_difference(b, a),
            f: F::wide_difference(d, c),
            g: F::carried(F::wide_sum(d, c)),
            h: F::carried(F::wide_sum(b, a)),
        }
    }

    /// `self + other` for a point with `Z = 1`. `other.twice_dt` may be a negated factor.
    #[inline(always)]
    pub(super) fn add_affine(&self, other: &Affine<F>) -> Completed<F> {
        let a = self.y.difference_factor(self.x).mul_wide(other.minus);
        let b = self.y.sum_factor(self.x).mul_wide(other.plus);
        let c = F::carried(self.t.mul_wide(other.twice_dt));
        let d = self.z.sum(self.z);
        Completed {
            e: F::wide_difference(b, a),
            f: d.difference(c),
            g: d.sum(c),
            h: F::carried(F::wide_sum(b, a)),
        }
    }
}

impl<F: Field> Cached<F> {
    #[inline(always)]
    pub(super) fn identity(of: &Constants<F>) -> Self {
        Self { plus: of.one, minus: of.one, twice_z: of.one.sum(of.one), twice_dt: of.zero }
    }

    /// `[plus, minus, twice_z, twice_dt]`.
    #[inline(always)]
    pub(super) fn coordinates(&self) -> [F; 4] {
        [self.plus, self.minus, self.twice_z, self.twice_dt]
    }

    /// The negated point.
    #[inline(always)]
    pub(super) fn negated(&self) -> Self {
        Self { plus: self.minus, minus: self.plus, twice_dt: self.twice_dt.negated_factor(), ..*self }
    }
}

/// `(Y - X, Y + X, -2dT)` where the mask is set: the negated point.
#[inline(always)]
pub(super) fn turned<F: Field>(mask: Mask<F>, plus: F, minus: F, twice_dt: F) -> (F, F, F) {
    (
        F::select(mask, minus, plus),
        F::select(mask, plus, minus),
        F::select(mask, twice_dt.negated_factor(), twice_dt),
    )
}
